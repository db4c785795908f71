"""
Labels spread from a few messages to many: along a graph of nearest neighbours, and by a softmax head.

The graph joins each message with those nearest in meaning; labels flow along it from the labelled ones
until they settle (Zhou, Bousquet, Lal, Weston and Schölkopf 2004, Learning with local and global
consistency, NIPS 16). The head is multinomial logistic regression, descended with Nesterov's
acceleration (Beck and Teboulle 2009, doi:10.1137/080716542), which copes with a handful of examples
and with labels that are shares. Both are computed in the order given, without chance.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from router.search.nearest import COMPONENT_MAX, SPREAD, best_meanings, rounded

Float32s = NDArray[np.float32]
Floats = NDArray[np.float64]

#: Chosen on CLINC150: its ten-shot split and its own training messages, scored on its validation set.
NEIGHBOURS: Final = 20
COSINE_WIDTH: Final = 0.1
STAY: Final = 0.9  # of what flows; the rest comes back from the labelled messages
STEPS: Final = 30
RIDGE: Final = 1e-4
DESCENTS: Final = 150


class Graph(NamedTuple):
    """
    Who is near whom.

    ``other`` int32 (n, k) and ``weight`` float32 (n, k), 0 where there are fewer; edges count both ways.
    """

    other: NDArray[np.int32]
    weight: Float32s


def graph_of(vectors: Float32s) -> Graph:
    """Return the graph of unit vectors (n, d): the nearest others of each, by exact search in int8."""
    small = rounded(vectors)
    n, k = len(vectors), min(NEIGHBOURS, len(vectors) - 1)
    other, weight = np.zeros((n, max(k, 1)), np.int32), np.zeros((n, max(k, 1)), np.float32)
    flags = np.ones(n, np.uint8)
    rows, best = np.zeros(k + 1, np.int32), np.zeros(k + 1, np.int32)
    scale = (COMPONENT_MAX * np.sqrt(vectors.shape[1]) / SPREAD) ** 2
    for row in range(n):
        count = best_meanings(small, small[row], flags, 1, rows, best)
        mine = rows[:count] != row
        found = rows[:count][mine][:k]
        other[row, : found.size] = found
        cosine = best[:count][mine][:k] / scale
        weight[row, : found.size] = np.exp((cosine - 1.0) / COSINE_WIDTH)
    return Graph(other, weight)


@njit(cache=True, nogil=True)
def flow(
    other: NDArray[np.int32],
    weight: NDArray[np.float32],
    damping: NDArray[np.float64],
    shares: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """
    Let labels flow once along every edge, both ways.

    Parameters
    ----------
    other, weight
        int32 (n, k), float32 (n, k): the graph. Read only.
    damping
        float64 (n,), one over the root of each message's summed weights. Read only.
    shares
        float64 (n, labels), what each message has. Read only.
    out
        float64 (n, labels), what it gets. Overwritten.
    """
    labels = shares.shape[1]
    out[:] = 0.0
    for i in range(other.shape[0]):
        for e in range(other.shape[1]):
            j = other[i, e]
            through = float(weight[i, e]) * damping[i] * damping[j]
            if through == 0.0:
                continue
            for c in range(labels):
                out[i, c] += through * shares[j, c]
                out[j, c] += through * shares[i, c]


def spread_labels(graph: Graph, seeds: Floats) -> Floats:
    """
    Return the share of each label (n, labels) in every message.

    ``seeds`` (n, labels) has a 1 where a message's label is known. Each label gets the same mass in the
    end, so that one with a loose neighbourhood does not swallow the others.
    """
    total = np.zeros(len(seeds))
    np.add.at(total, graph.other.ravel(), graph.weight.ravel().astype(np.float64))
    total += graph.weight.sum(axis=1, dtype=np.float64)
    damping = 1.0 / np.sqrt(np.maximum(total, 1e-12))
    shares, moved = seeds.copy(), np.zeros_like(seeds)
    for _ in range(STEPS):
        flow(graph.other, graph.weight, damping, shares, moved)
        shares = STAY * moved + (1.0 - STAY) * seeds
    shares /= shares.sum(axis=0, keepdims=True) + 1e-12
    return np.asarray(shares / (shares.sum(axis=1, keepdims=True) + 1e-12))


def softmax_head(vectors: Float32s, shares: Float32s, weight: Float32s) -> Float32s:
    """
    Return the weights (d + 1, labels) of a softmax head, its last row the offsets.

    Parameters
    ----------
    vectors
        float32 (n, d), unit vectors.
    shares
        float32 (n, labels), what each message is; rows add up to 1.
    weight
        float32 (n,), how much each counts.
    """
    ones = np.ones((len(vectors), 1), np.float32)
    given = np.hstack([vectors, ones])
    importance = (weight / weight.sum())[:, None]
    # The softmax bends at most half as much as the squares of what goes in.
    bend = 0.5 * float(np.linalg.eigvalsh((given * importance).T @ given)[-1]) + RIDGE
    weights = np.zeros((given.shape[1], shares.shape[1]), np.float32)
    ahead, momentum = weights.copy(), 1.0
    for _ in range(DESCENTS):
        slope = given.T @ ((shares_of(given, ahead) - shares) * importance) + RIDGE * ahead
        newer = (ahead - slope / bend).astype(np.float32)
        faster = (1.0 + (1.0 + 4.0 * momentum * momentum) ** 0.5) / 2.0
        ahead = (newer + (momentum - 1.0) / faster * (newer - weights)).astype(np.float32)
        weights, momentum = newer, faster
    return weights


def shares_of(given: Float32s, weights: Float32s) -> Float32s:
    """Return the softmax (n, labels) of rows that end with a 1."""
    scores = given @ weights
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    made: Float32s = (raised / raised.sum(axis=1, keepdims=True)).astype(np.float32)
    return made
