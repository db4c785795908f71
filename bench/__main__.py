"""
The command line of ``cordboard bench``.

Without a suite it runs the canonical workload: one floor, two numbers. ``--quick`` is for the tests.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from router.kernel_cache import settle

SUITES: Final = MappingProxyType(
    {
        "core": ("bench.core",),
        "http": ("bench.http",),
        "stores": ("bench.stores", "bench.restart"),
        "solver": (
            "bench.solver",
            "bench.solver_standing",
            "bench.solver_peers",
            "bench.solver_columns",
            "bench.solver_weighted",
        ),
        "scoring": ("bench.scoring",),
        "simulator": ("bench.simulator",),
        "prices": ("bench.pricing",),
        "signals": (
            "bench.signals_language",
            "bench.signals_intent",
            "bench.signals_cascade",
            "bench.signals_serving",
            "bench.signals_search",
        ),
    }
)
"""Suites by name, each with the modules whose ``run`` returns its rows."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="cordboard bench",
        description="Measure this machine; docs/bench.md says what each number means.",
    )
    made.add_argument(
        "suite", nargs="*", metavar="SUITE",
        help=f"{', '.join(SUITES)} or all; without one: two numbers of the canonical workload",
    )  # fmt: skip
    made.add_argument("--json", type=Path, metavar="FILE", help="also write machine and rows there")
    made.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw solve times by size there (suite solver)"
    )
    made.add_argument(
        "--quick", action="store_true", help="every row of core once, for a smoke test"
    )
    return made


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for, print it, and return the exit code."""
    made = parser()
    given = made.parse_args(arguments)
    unknown = [name for name in given.suite if name not in (*SUITES, "all")]
    if unknown:
        made.error(f"no suite {unknown[0]!r}; expected {', '.join(SUITES)} or all")
    settle()
    from bench.machine import fingerprint, sentence
    from bench.report import Row, table, write_json

    machine = fingerprint(Path.cwd())
    rows: list[Row] = []
    if given.suite:
        for name in dict.fromkeys(SUITES if "all" in given.suite else given.suite):
            for run in runs_of(name, quick=given.quick):
                found = run()
                print(table(found), end="\n\n", flush=True)
                rows += found
    else:
        rows = canonical(quick=given.quick)
    machine["load_after"] = round(os.getloadavg()[0], 2)
    print(sentence(machine))
    if given.json is not None:
        write_json(given.json, machine, rows)
    if given.plot is not None:
        from bench.solver_plot import draw

        draw(given.plot, rows, sentence(machine).partition("\n")[0])
    return 0


def runs_of(suite: str, *, quick: bool) -> list[Callable[[], list[dict[str, object]]]]:
    """Return what measures a suite."""
    runs: list[Callable[[], list[dict[str, object]]]] = []
    for name in SUITES[suite]:
        module = importlib.import_module(name)
        small = getattr(module, "QUICK", None)
        runs.append(partial(module.run, small) if quick and small is not None else module.run)
    return runs


def canonical(*, quick: bool) -> list[dict[str, object]]:
    """Measure the canonical workload, print its two numbers, and return them as rows."""
    from bench.routing import Effort
    from bench.routing import canonical as measure

    rate, p99_ms, rows = measure(Effort(100, 2) if quick else Effort(5_000, 5))
    print(
        f"{rate:,.0f} decisions per second; one decision takes {p99_ms:.3f} ms at the 99th percentile"
    )
    ranges = " and ".join(f"{row['spread']:.3g}" for row in rows)
    print(f"1,000 agents at 70 % load; medians of rounds whose ranges are {ranges}")
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
