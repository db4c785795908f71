"""Replay by folding events, and what tickets take of memory."""

import gc
from time import perf_counter
from typing import Final

import numpy as np

from bench.day import Day
from bench.floors import Floor, Shape
from bench.report import Row, Suite
from router.core import layout
from router.core.machine import Batch, Machine
from router.core.recovery import used
from router.core.state import CANONICAL
from router.recover import FOLD_EVENTS

ROUNDS: Final = 5
Part = tuple[
    "np.ndarray[tuple[int, ...], np.dtype[np.void]]",
    "np.ndarray[tuple[int, ...], np.dtype[np.int64]]",
]


def parts_of(batches: list[Batch]) -> list[Part]:
    """Join batches into pieces as recovery folds them, each with its words behind each other."""
    parts, waiting, count = [], [], 0
    for batch in batches:
        waiting.append(batch)
        count += batch.count
        if count >= FOLD_EVENTS or batch is batches[-1]:
            starts = np.cumsum([0] + [len(each.words) for each in waiting[:-1]])
            counts = [each.count for each in waiting]
            events = np.frombuffer(
                bytearray().join(each.event_bytes for each in waiting), layout.EVENT
            )
            events["words_from"] += np.repeat(starts, counts).astype(np.int32)
            words = np.frombuffer(b"".join(each.word_bytes for each in waiting), np.int64)
            parts.append((events, words))
            waiting, count = [], 0
    return parts


def fold(events: int) -> list[Row]:
    """Measure folding a day of so many events of every kind into an empty machine."""
    day = Day()
    parts = parts_of(day.record(events))
    total = sum(len(part[0]) for part in parts)
    digest = day.machine.digest()
    rates, settles = [], []
    for _ in range(ROUNDS):
        machine = Machine()
        gc.collect()
        begun = perf_counter()
        for part in parts:
            machine.fold(*part)
        folded = perf_counter()
        machine.settle_fold()
        settles.append((perf_counter() - folded) * 1e3)
        rates.append(total / (folded - begun))
        assert machine.digest() == digest, "folding gave another state"
    case = Suite("core", "fold")
    kinds = len(np.unique(np.concatenate([part[0]["kind"] for part in parts])))
    return [
        case.row("events_per_s", rates, "1/s", n=total * ROUNDS),
        case.row("settle_ms", settles, "ms"),
        case.row("kinds", [kinds], "1"),
    ]


def memory(tickets: int) -> list[Row]:
    """Measure what waiting tickets take in the core: canonical, as a snapshot holds it, and all arrays."""
    floor = Floor(Shape(64, 12, (3, 8), 4, (1, 3), profiles=200))
    for agent in range(floor.shape.agents):
        floor.leave(agent)
    floor.run()
    before = _bytes(floor.machine)
    for start in range(0, tickets, 1_000):
        for profile in floor.stream(min(1_000, tickets - start)):
            floor.push_ticket(profile)
        floor.run()
    after = _bytes(floor.machine)
    case = Suite("core", f"memory_{tickets // 1000}k_tickets")
    names = ("snapshot_mib", "arrays_mib")
    return [
        case.row(name, [(new - old) / 2**20], "MiB")
        for name, old, new in zip(names, before, after, strict=True)
    ]


def _bytes(machine: Machine) -> tuple[int, int]:
    """Return the bytes of what is used of the canonical arrays, and of all arrays."""
    arrays = machine.arrays
    canonical = sum(used(arrays, name).nbytes for name in CANONICAL)
    return canonical, sum(a.nbytes for a in arrays if isinstance(a, np.ndarray))
