"""A queue so plain that it needs no events: what control variates are taken from."""

import math

import numpy as np
from numpy.typing import NDArray

from router.core.jit import entry
from simulator.kernel.draws import uniform

Ints = NDArray[np.int64]


@entry
def pooled_waits(arrived_us: Ints, work_us: Ints, patience_us: Ints, servers: int) -> Ints:
    """
    Return how long each customer waits in one queue for servers who are all alike, first come first served.

    The recursion of Kiefer and Wolfowitz [1]_ on the instants at which servers become free, with customers who leave
    when the wait they are offered is longer than their patience: a wait that equals the patience and is not the wait
    offered is that of one who left. Fixed patience of 0 makes it a system where all who would wait are lost.

    Parameters
    ----------
    arrived_us
        int64 (n,), rising.
    work_us
        int64 (n,), time with a server.
    patience_us
        int64 (n,), longest wait.
    servers
        int, how many there are; 1 or more.

    Returns
    -------
    waits
        int64 (n,), microseconds; negative, less one, for those who left: -1 - patience.

    References
    ----------
    .. [1] Kiefer, Wolfowitz (1955). On the theory of queues with many servers. doi:10.1090/S0002-9947-1955-0067169-5
    """
    waits = np.empty(len(arrived_us), np.int64)
    free_us = np.full(servers, -(1 << 62), np.int64)  # rising
    for n in range(len(arrived_us)):
        at_us = arrived_us[n]
        wait_us = max(np.int64(0), free_us[0] - at_us)
        if wait_us > patience_us[n]:
            waits[n] = -1 - patience_us[n]
            continue
        waits[n] = wait_us
        ends_us = at_us + wait_us + work_us[n]
        place = 0
        while place + 1 < servers and free_us[place + 1] < ends_us:
            free_us[place] = free_us[place + 1]
            place += 1
        free_us[place] = ends_us
    return waits


@entry
def drawn_exponentials(stream: np.uint64, kinds: Ints, orders: Ints) -> NDArray[np.float64]:
    """
    Return the exponentials with mean 1 that the kernel draws for tickets on their first visit, float64 (n,).

    Parameters
    ----------
    stream
        uint64 scalar, the key of the purpose.
    kinds
        int64 (n,), kind of each ticket.
    orders
        int64 (n,), how many of its kind arrived before it.
    """
    found = np.empty(len(kinds))
    for n in range(len(kinds)):
        found[n] = -math.log(uniform(stream, (kinds[n] << 36) | orders[n], 0))
    return found


def naive_waits(
    arrived_us: list[int], work_us: list[int], patience_us: list[int], servers: int
) -> list[int]:
    """Return the same as `pooled_waits`, from who is busy until when; to be read, not to be fast."""
    busy_until = [-(1 << 62)] * servers
    waits = []
    for at_us, work, patience in zip(arrived_us, work_us, patience_us, strict=True):
        first = min(busy_until)
        wait = max(0, first - at_us)
        if wait > patience:
            waits.append(-1 - patience)
        else:
            waits.append(wait)
            busy_until[busy_until.index(first)] = at_us + wait + work
    return waits
