"""What is kept of a document: by what it is found, and no text."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.search.documents import Document
from router.search.nearest import VectorError, rounded
from router.search.tokens import Cutter


class Kept(NamedTuple):
    """
    A document without its text, as it may be stored and put into a collection again.

    ``terms`` uint64 (n,) are hashes of its words, ``counts`` uint16 (n,) how often each stands there,
    ``length`` how many words there are; ``vector`` int8 (padded d,) is its meaning, None where it was
    not encoded, and ``dimensions`` its d, 0 without one.
    """

    id: str
    title: str
    kind: str
    terms: NDArray[np.uint64]
    counts: NDArray[np.uint16]
    length: int
    vector: NDArray[np.int8] | None = None
    dimensions: int = 0

    def with_vector(self, vector: NDArray[np.float32] | None) -> "Kept":
        """Return the document with a meaning (d,), or without one."""
        if vector is None:
            return self._replace(vector=None, dimensions=0)
        return self._replace(vector=rounded(vector[None])[0], dimensions=vector.size)


def reduced(
    cutter: Cutter,
    documents: Sequence[Document],
    vectors: NDArray[np.float32] | None = None,
    default: str = "",
) -> list[Kept]:
    """
    Return what is kept of some documents; ``default`` is the language of those that do not say theirs.

    ``vectors`` float32 (n, d) are the encoder's, in the same order. Raises ``VectorError`` for others.
    """
    if vectors is not None and (vectors.ndim != 2 or vectors.shape[0] != len(documents)):
        raise VectorError(f"vectors have shape {vectors.shape}; expected ({len(documents)}, d)")
    meanings = None if vectors is None else rounded(vectors)
    dimensions = 0 if vectors is None else vectors.shape[1]
    made = []
    for n, each in enumerate(documents):
        text = f"{each.title}\n{each.text}" if each.title else each.text
        terms, counts, _, length = cutter.cut(text, each.language, default)
        meaning = None if meanings is None else meanings[n]
        made.append(
            Kept(
                each.id, each.title, each.kind, terms.copy(), counts.copy(), length, meaning,
                dimensions,
            )
        )  # fmt: skip
    return made
