"""Random floors for explanations: tapes of the core, names for its numbers, and a way back."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from router.core import codes as c
from router.core.decide.values import FORBIDDEN, pair_value, ticket_urgency
from router.core.machine import Batch, Machine
from router.core.recovery import used
from router.core.state import CANONICAL, handle
from tests import naive, tapes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Numbered:
    """Names for the numbers of the core: a letter and the number."""

    def __getattr__(self, kind: str) -> Callable[[int], str]:
        """Return what names numbers of one kind."""
        return lambda number: f"{kind}-{number}"


NAMES: Any = Numbered()


def recorded(seed: int, commands: int = 120) -> list[Batch]:
    """Return the batches of a tape."""
    return tapes.record(random.Random(seed), Machine(), commands)


def loader(batches: list[Batch], snapshot_at: int = 0) -> Callable[[int], tuple[Any, list[Batch]]]:
    """Return a loader over batches, with a snapshot taken after the first ``snapshot_at`` of them."""
    if not snapshot_at:
        return lambda _: (None, batches)
    machine = Machine()
    for batch in batches[:snapshot_at]:
        machine.fold(batch.events, batch.words)
    snapshot = {name: as_kept(used(machine.arrays, name)) for name in CANONICAL}
    taken = int(machine.arrays.head[0]["seq"])
    return lambda seq: (snapshot, batches[snapshot_at:]) if seq > taken else (None, batches)


def as_kept(array: np.ndarray) -> np.ndarray:
    """Return an array as a snapshot keeps it: its bytes, padding included."""
    return np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape)


def decisions(batches: list[Batch], tickets_min: int = 0) -> Iterator[int]:
    """Yield the sequence number of every decision that looked at so many tickets."""
    for batch in batches:
        for i in np.flatnonzero(batch.events["kind"] == c.E_DECIDED):
            if batch.words[batch.events[i]["words_from"]] >= tickets_min:
                yield batch.first_seq + int(i)


def core_worth(machine: Machine, t: int, a: int) -> int | None:
    """Return what the core holds a pair to be worth, urgency included; None while cooling down.

    With the JIT on a rule can't be called from here; the slow twin answers for tickets that
    have no ties, None for others.
    """
    s = machine.arrays
    if numba.config.DISABLE_JIT:
        plain = handle(s)
        value = pair_value(plain, t, a)
        return None if value == FORBIDDEN else int(value + ticket_urgency(plain, t))
    if s.tickets[t]["tie"] >= 0:
        return None
    return naive.naive_pair(s, t, a, int(s.scratch["now_us"][0]))


def core_candidates(machine: Machine, t: int) -> set[int]:
    """Return the agents that the core's bitmaps hold able and ready for a ticket, cool-downs aside."""
    s = machine.arrays
    p = int(s.tickets[t]["profile"])
    if not s.queues[s.profiles[p]["queue"]]["open"]:
        return set()
    words = s.eligible[p] & s.ready[s.profiles[p]["channel"]]
    return {64 * w + bit for w, word in enumerate(words) for bit in naive.naive_bits([int(word)])}


def cooling(machine: Machine, t: int) -> set[int]:
    """Return the agents that the ticket cools down from."""
    s, found = machine.arrays, set()
    r = int(s.tickets[t]["tie"])
    while r >= 0:
        tie = s.ties[r]
        if tie["cooling"] and tie["until_us"] > s.scratch["now_us"][0]:
            found.add(int(tie["agent"]))
        r = int(tie["next"])
    return found
