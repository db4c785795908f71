"""
Counter-based chance: a draw is a hash of seed, replication, purpose, entity and count.

No draw depends on any other, so the same ticket has the same work and patience whatever the policy does, in every
driver and on any number of processes (common random numbers). The hash is the finalizer of SplitMix64 [1]_ in its
13th variant by Stafford [2]_, applied to a key that entity and count are mixed into in turn, as Philox [3]_ counts.

References
----------
.. [1] Steele, Lea, Flood (2014). Fast splittable pseudorandom number generators. doi:10.1145/2660193.2660195
.. [2] Stafford (2011). Better bit mixing: improving on MurmurHash3's 64-bit finalizer.
.. [3] Salmon et al. (2011). Parallel random numbers: as easy as 1, 2, 3. doi:10.1145/2063384.2063405
.. [4] Wichura (1988). Algorithm AS 241: the percentage points of the normal distribution. doi:10.2307/2347330
"""

import math

import numpy as np
from numpy.typing import NDArray

from router.core.jit import entry, rule
from simulator.kernel.codes import PURPOSES

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
SILVER = np.uint64(0xD1B54A32D192ED03)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)
TO_UNIT = 2.0**-53


@rule
def mix(x: np.uint64) -> np.uint64:
    """
    Return a hash of 64 bits that has no fixed pattern (SplitMix64's finalizer).

    Parameters
    ----------
    x : uint64 scalar
        What to hash.
    """
    x = (x ^ (x >> np.uint64(30))) * FIRST
    x = (x ^ (x >> np.uint64(27))) * SECOND
    return x ^ (x >> np.uint64(31))


@rule
def bits(stream: np.uint64, entity: int, count: int) -> np.uint64:
    """Return 64 uniform bits: the ``count``-th draw of ``entity`` in a stream."""
    x = mix(stream ^ (np.uint64(entity) * GOLDEN))
    return mix(x + np.uint64(count) * SILVER)


@rule
def uniform(stream: np.uint64, entity: int, count: int) -> float:
    """Return a float64 from the open interval (0, 1)."""
    return (float(bits(stream, entity, count) >> np.uint64(11)) + 0.5) * TO_UNIT


@rule
def exponential(stream: np.uint64, entity: int, count: int) -> float:
    """Return a float64 from the exponential law with mean 1."""
    return -math.log(uniform(stream, entity, count))


@rule
def normal_quantile(p: float) -> float:
    """
    Return the float64 below which a standard normal falls with probability ``p``, to 16 digits (AS 241).

    Parameters
    ----------
    p : float
        Probability, from the open interval (0, 1).
    """
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = ((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r
              + 45921.953931549871457) * r + 13731.693765509461125) * r + 1971.5909503065514427) * r
              + 133.14166789178437745) * r + 3.387132872796366608  # fmt: skip
        low = ((((((5226.495278852545925 * r + 28729.085735721942674) * r + 39307.89580009271061) * r
              + 21213.794301586595867) * r + 5394.1960214247511077) * r + 687.1870074920579083) * r
              + 42.313330701600911252) * r + 1.0  # fmt: skip
        return q * top / low
    r = math.sqrt(-math.log(min(p, 1.0 - p)))
    if r <= 5.0:
        r -= 1.6
        top = ((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r
              + 1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.7694972214606914055) * r
              + 4.6303378461565452959) * r + 1.42343711074968357734  # fmt: skip
        low = ((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r
              + 0.14810397642748007459) * r + 0.68976733498510000455) * r + 1.6763848301838038494) * r
              + 2.05319162663775882187) * r + 1.0  # fmt: skip
    else:
        r -= 5.0
        top = ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r
              + 0.026532189526576123093) * r + 0.29656057182850489123) * r + 1.7848265399172913358) * r
              + 5.4637849111641143699) * r + 6.6579046435011037772  # fmt: skip
        low = ((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r
              + 7.868691311456132591e-4) * r + 0.0148753612908506148525) * r + 0.13692988092273580531) * r
              + 0.59983220655588793769) * r + 1.0  # fmt: skip
    return top / low if q > 0 else -top / low


@rule
def stream_of(seed: int, replication: int, purpose: int) -> np.uint64:
    """
    Return the key of a stream.

    Parameters
    ----------
    seed, replication : int
        Which family of streams, and which of its independent copies.
    """
    x = mix(np.uint64(seed) + GOLDEN)
    x = mix(x ^ (np.uint64(replication) * SILVER))
    return mix(x + np.uint64(purpose) * GOLDEN)


@entry
def streams(seed: int, replication: int) -> NDArray[np.uint64]:
    """
    Return the keys of all streams, uint64 (purposes,).

    Parameters
    ----------
    seed, replication : int
        Which family of streams, and which of its independent copies; both from 0.
    """
    found = np.empty(PURPOSES, np.uint64)
    for purpose in range(PURPOSES):
        found[purpose] = stream_of(seed, replication, purpose)
    return found


@entry
def draw_uniform(stream: np.uint64, entity: int, count: int) -> float:
    """Return what the kernel draws, for drivers that are Python: a float64 from the open interval (0, 1)."""
    return uniform(stream, entity, count)


@entry
def draw_uniforms(stream: np.uint64, entity: int, count: int) -> NDArray[np.float64]:
    """Return the first ``count`` draws of an entity, float64 (count,), each from the open interval (0, 1)."""
    found = np.empty(count)
    for n in range(count):
        found[n] = uniform(stream, entity, n)
    return found
