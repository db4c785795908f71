"""
How long from the command to a server that is ready, the interpreter and all imports included.

``cordboard serve`` is started as a user starts it, on the SQLite store, and waited for until it says
where it serves. Cold means an empty kernel cache, so that everything is compiled; what it says
meanwhile is passed on.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Final

from bench.report import Row, Suite
from bench.restart import Journal
from router.stores import store_at

SERVE: Final = (sys.executable, "-m", "router", "serve")
READY: Final = "Cordboard serves "
STOP_S: Final = 30


def until_ready(folder: Path, more: dict[str, str] | None = None) -> tuple[float, int]:
    """Start a server on a journal in ``folder``, stop it; return the seconds and how often it told of kernels."""
    environ = {
        **os.environ,
        "CORDBOARD__SERVER__PORT": "0",
        "CORDBOARD__STORE__PATH": str(folder / "journal.sqlite"),
        **(more or {}),
    }
    log = folder / "server.log"
    begun = perf_counter()
    with log.open("wb") as errors:
        process = subprocess.Popen(
            SERVE, env=environ, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    assert process.stdout is not None
    with process.stdout:
        line = process.stdout.readline()
        took = perf_counter() - begun
        process.terminate()
        process.wait(STOP_S)
    said = log.read_text("utf-8")
    if not line.startswith(READY):
        raise RuntimeError(f"the server did not start: {line}{said[-2000:]}")
    return took, said.count("Kernels ")


def warm(repeats: int, events: int) -> list[Row]:
    """Measure starts with kernels in the cache: on no journal yet, and on one of so many events."""
    case = Suite("core", "start_warm")
    with tempfile.TemporaryDirectory(prefix=".bench-start-", dir=Path.cwd()) as name:
        empty, full = Path(name) / "empty", Path(name) / "full"
        empty.mkdir()
        full.mkdir()
        until_ready(empty)  # settles the cache, and the files of the interpreter in memory
        times = []
        for number in range(repeats):
            fresh = empty / str(number)
            fresh.mkdir()
            times.append(until_ready(fresh)[0])
        store = store_at(f"sqlite:{full / 'journal.sqlite'}")
        store.open()
        journal = Journal(store)
        journal.furnish()
        journal.arrive(events // 20)
        journal.work(max(0, events - journal.events))
        journal.write()
        store.close()
        late = [until_ready(full)[0] for _ in range(repeats)]
    return [
        case.row("seconds", times, "s"),
        case.row(f"seconds_{events // 1000}k_events", late, "s"),
    ]


def cold() -> list[Row]:
    """Measure the first start ever: nothing compiled, in a cache of its own."""
    case = Suite("core", "start_cold")
    with tempfile.TemporaryDirectory(prefix=".bench-start-", dir=Path.cwd()) as name:
        folder = Path(name)
        took, told = until_ready(folder, {"NUMBA_CACHE_DIR": str(folder / "kernels")})
    return [
        case.row("seconds", [took], "s"),
        case.row("progress_lines", [told], "1"),
    ]
