"""How long a durable append takes, beside a bare fdatasync of the same bytes on the same disk.

The disk is that of the working directory, since a temporary folder may be memory. Each case runs
in rounds that alternate with the peer's, so that both meet the same neighbours; a value is the
median of the rounds and its spread their range. Events are 80 bytes, a packed assignment.
"""

import asyncio
import os
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, perf_counter_ns
from typing import NamedTuple

from router.stores import store_at
from router.stores.frames import Frame, Store
from router.stores.writer import GroupCommit

Row = dict[str, object]
EVENT_BYTES = 80
BATCHES = (1, 16, 256)
ROUNDS = 5
ROUND_S = 0.4
FRAMES_READ = 2_000
SNAPSHOT_BYTES = 8 << 20  # a hundred thousand open tickets
BUSY_FRAMES = 400
BUSY_US = 200  # what a busy loop computes between two looks at its sockets
PEER = "write and fdatasync of the same bytes"


class Round(NamedTuple):
    """Hold what one round measured: the times of single calls, and the events of all."""

    p50_us: float
    p99_us: float
    events_per_s: float
    calls: int


def run() -> list[Row]:
    """Return the rows of the suite ``stores``."""
    with tempfile.TemporaryDirectory(prefix=".bench-stores-", dir=Path.cwd()) as name:
        folder = Path(name)
        rows: list[Row] = []
        for events in BATCHES:
            rows += _appends(folder, events)
        rows += _beside_busy_loop(folder)
        return rows + _reading(folder)


def _appends(folder: Path, events: int) -> list[Row]:
    """Measure one frame of so many events a commit, in SQLite and in memory, and the bare disk."""
    body = os.urandom(EVENT_BYTES * events)
    case = f"batch_{events}"
    stores = {
        "sqlite": store_at(f"sqlite:{folder / case}.sqlite"),
        "memory": store_at("memory:"),
    }
    rounds: dict[str, list[Round]] = {"sqlite": [], "memory": [], "disk": []}
    for store in stores.values():
        store.open()
    with (folder / f"{case}.raw").open("wb", buffering=0) as raw:
        for _ in range(ROUNDS):
            for name, store in stores.items():
                rounds[name].append(_round(_appender(store, events, body), events))
                store.tidy(idle=True)
            rounds["disk"].append(_round(_syncer(raw.fileno(), body), events))
    for store in stores.values():
        store.close()
    rows = []
    for name in stores:
        for metric, unit in (("p50_us", "us"), ("p99_us", "us"), ("events_per_s", "1/s")):
            values = [getattr(each, metric) for each in rounds[name]]
            bare = statistics.median(getattr(each, metric) for each in rounds["disk"])
            calls = sum(each.calls for each in rounds[name])
            row = _result(case, f"{name}_{metric}", values, unit, calls)
            rows.append({**row, "peer": PEER, "peer_value": bare})
    return rows


def _appender(store: Store, events: int, body: bytes) -> Callable[[], None]:
    def append() -> None:
        number, next_seq, _chain, _epoch = store.tail
        store.append([Frame(number + 1, next_seq, events, number, body)], number)

    return append


def _syncer(handle: int, body: bytes) -> Callable[[], None]:
    def sync() -> None:
        os.write(handle, body)
        os.fdatasync(handle)

    return sync


def _round(call: Callable[[], None], events: int) -> Round:
    """Call for a while; each call is timed by itself."""
    times: list[float] = []
    begun = now = perf_counter()
    while now < begun + ROUND_S:
        call()
        before, now = now, perf_counter()
        times.append((now - before) * 1e6)
    return _summary(times, events / (now - begun))


def _summary(times_us: list[float], events_per_call_s: float) -> Round:
    times_us.sort()
    calls = len(times_us)
    p50, p99 = times_us[calls // 2], times_us[calls * 99 // 100]
    return Round(p50, p99, calls * events_per_call_s, calls)


def _beside_busy_loop(folder: Path) -> list[Row]:
    """Measure from handing over to hearing of it in a loop that never rests."""
    store = store_at(f"sqlite:{folder / 'busy'}.sqlite")
    store.open()
    rounds = [asyncio.run(_busy_round(store)) for _ in range(ROUNDS)]
    store.close()
    calls = sum(each.calls for each in rounds)
    return [
        _result("busy_loop", "ack_p50_us", [each.p50_us for each in rounds], "us", calls),
        _result("busy_loop", "ack_p99_us", [each.p99_us for each in rounds], "us", calls),
    ]


async def _busy_round(store: Store) -> Round:
    handed: dict[int, float] = {}
    times: list[float] = []
    heard = store.tail.number

    def hear(number: int) -> None:
        nonlocal heard
        now = perf_counter()
        times.extend((now - handed.pop(each)) * 1e6 for each in range(heard + 1, number + 1))
        heard = number

    writer = GroupCommit(store, store.tail, perf_counter_ns, hear)
    number, begun = heard, perf_counter()
    body = bytes(16 * EVENT_BYTES)
    while len(times) < BUSY_FRAMES:
        number += 1
        handed[number] = perf_counter()
        writer.append_nowait(Frame(number, 1 + 16 * (number - 1), 16, number, body))
        until = perf_counter() + BUSY_US / 1e6
        while perf_counter() < until:
            pass
        await asyncio.sleep(0)
    await writer.close()
    return _summary(times, 16 / (perf_counter() - begun))


def _reading(folder: Path) -> list[Row]:
    """Measure what a restart needs of the store: open, load a snapshot, read frames behind it."""
    store = store_at(f"sqlite:{folder / 'read'}.sqlite")
    store.open()
    append = _appender(store, 50, os.urandom(50 * EVENT_BYTES))
    for _ in range(FRAMES_READ):
        append()
    blob = os.urandom(SNAPSHOT_BYTES)
    saves = [_seconds(lambda: store.save_snapshot(*store.tail[:2], blob)) for _ in range(3)]
    store.close()
    opens, loads, reads = [], [], []
    for _ in range(3):
        opens.append(_seconds(store.open))
        loads.append(_seconds(store.load_snapshot))
        reads.append(_seconds(lambda: sum(1 for _ in store.read())))
        store.close()
    measured = {
        ("snapshot_8_mib", "save_ms", "ms"): [each * 1e3 for each in saves],
        ("snapshot_8_mib", "load_ms", "ms"): [each * 1e3 for each in loads],
        ("restart", "open_ms", "ms"): [each * 1e3 for each in opens],
        ("restart", "read_events_per_s", "1/s"): [50 * FRAMES_READ / each for each in reads],
    }
    return [
        _result(case, metric, values, unit, len(values))
        for (case, metric, unit), values in measured.items()
    ]


def _seconds(call: Callable[[], object]) -> float:
    begun = perf_counter()
    call()
    return perf_counter() - begun


def _result(case: str, metric: str, values: list[float], unit: str, n: int) -> Row:
    return {
        "suite": "stores",
        "case": case,
        "metric": metric,
        "value": statistics.median(values),
        "unit": unit,
        "n": n,
        "spread": max(values) - min(values),
        "peer": None,
        "peer_value": None,
    }
