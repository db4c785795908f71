"""
The terms of the affinity score, in thousandths of a point, all integers.

Integers make a score the same on every machine and comparable with OR-Tools to the last unit. Each term is
bounded, so that the weighted sum of all of them stays under ``VALUE_MAX`` (2**20). Slow twins in exact
fractions: ``tests/naive.py``.
"""

from numba import njit

LEVELS = 5
URGENCY_MAX = 100_000
IDLE_HALF_US = 300_000_000  # five minutes: half of the idle term
MINUTE_US = 60_000_000


@njit(cache=True, nogil=True)
def fit(level: int, weight: int) -> int:
    """
    Return what a level adds to the match: its share of the highest level, times the weight.

    Parameters
    ----------
    level
        int, 0 (none) to 5 (expert).
    weight
        int, thousandths of a point that a level of 5 is worth.

    Notes
    -----
    level * weight // 5. Ours.
    """
    return level * weight // LEVELS


@njit(cache=True, nogil=True)
def urgency(wait_us: int, target_us: int, priority: int) -> int:
    """
    Return how pressing a ticket is: rising to the promise, faster beyond it, more so by priority.

    Parameters
    ----------
    wait_us
        int, microseconds waited so far, >= 0.
    target_us
        int, microseconds promised until the first response, > 0.
    priority
        int, 0 (lowest) to 9 (highest).

    Notes
    -----
    With r = wait / target (capped at 20): (1 + priority) * (r**2 / 2 for r < 1, else r - 1/2) * 1000, at most
    ``URGENCY_MAX``. The convex part is the generalised c-mu rule's marginal delay cost, linear beyond the target so
    that an old ticket does not drown all others. Never negative, never falling in ``wait_us``.

    References
    ----------
    .. [1] van Mieghem (1995). Dynamic scheduling with convex delay costs. doi:10.1214/aoap/1177004706
    """
    permille = 20_000 if wait_us // target_us >= 20 else wait_us * 1000 // target_us
    curve = permille * permille // 2000 if permille < 1000 else permille - 500
    return min(URGENCY_MAX, (1 + priority) * curve)


@njit(cache=True, nogil=True)
def idle(idle_us: int) -> int:
    """
    Return how rested an agent is: 0 just busy, 500 after five minutes, towards 1000.

    Parameters
    ----------
    idle_us
        int, microseconds since the agent last got or finished work, >= 0.

    Notes
    -----
    1000 * idle / (idle + 5 min), concave: the first minutes matter most. Ours.
    """
    return 1000 * (idle_us // 1000) // (idle_us // 1000 + IDLE_HALF_US // 1000)


@njit(cache=True, nogil=True)
def load(used: int, cost: int, units: int) -> int:
    """
    Return how loaded an agent would be with one more ticket, convex: 1000 when full.

    Parameters
    ----------
    used
        int, capacity units taken, >= 0.
    cost
        int, capacity units the ticket takes, > 0.
    units
        int, capacity units in all, > 0.

    Notes
    -----
    1000 * ((used + cost) / units)**2, at most 4000. Convex, so that tickets spread before anybody is full. Ours.
    """
    permille = min(2000, (used + cost) * 1000 // units)
    return permille * permille // 1000
