"""``cordboard warm``: compile the kernels, saying how far it is."""

import argparse
import sys
from collections.abc import Callable
from time import perf_counter


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--quiet", action="store_true", help="Say nothing unless something is compiled."
    )
    parser.add_argument(
        "--simulator",
        action="store_true",
        help="Also what `cordboard simulate` and `loadtest` need.",
    )


def steps() -> list[tuple[str, Callable[[], object]]]:
    """Return what there is to compile: a name, and a call that makes it happen on an empty floor."""
    from router.core.apply.dispatch import fold
    from router.core.estimate import place_of
    from router.core.machine import Machine
    from router.core.recovery import derive, mark_everything, rebuild_timers
    from router.core.run import run as run_loop
    from router.engine.analyzers import make_analyzer
    from router.signals.language import Prior
    from router.signals.rows import Row
    from router.signals.training import Options, train
    from router.signals.urgency import Context

    machine = Machine()
    messages = [Row("one", "a"), Row("two", "b")]
    return [
        ("the fold of recorded events", lambda: fold(machine.handle, 0)),
        ("the rules and decisions", lambda: run_loop(machine.handle, 0)),
        ("recovery", lambda: derive(machine.handle)),
        ("timers", lambda: rebuild_timers(machine.handle)),
        ("reconsidering", lambda: mark_everything(machine.handle)),
        ("positions", lambda: place_of(machine.handle, 0)),
        ("reading messages", lambda: train(messages, Options(bits=8)).predict("one")),
        ("telling signals", lambda: make_analyzer((), {}).analyze("one", Prior(), Context())),
        ("similar ones", find_something),
    ]


def find_something() -> None:
    """Put documents into a collection, one more beside them, look for it by words and meaning, take one away."""
    import numpy as np

    from router.search.collection import Collection
    from router.search.documents import Document
    from router.search.snapshot import Query

    collection, vectors = Collection(), np.eye(9, dtype=np.float32)
    collection.put([Document(str(n), "a password") for n in range(8)], vectors[:8])
    collection.put([Document("8", "a refund")], vectors[8:])
    collection.snapshot.search(Query("refund", vectors[0], explain=True))
    collection.remove(["8"])


def compile_all(say: Callable[[str], object]) -> float:
    """Compile what is not in the cache yet; ``say`` hears of each step that takes a while. Return the seconds spent."""
    began_s = perf_counter()
    todo = steps()
    for number, (name, step) in enumerate(todo, 1):
        step_began_s = perf_counter()
        say(f"Kernels {number}/{len(todo)}: {name} ...")
        step()
        took_s = perf_counter() - step_began_s
        if took_s > 1:
            say(f"Kernels {number}/{len(todo)}: {name}, compiled in {took_s:.0f} s.")
    return perf_counter() - began_s


def run(given: argparse.Namespace) -> int:
    """Compile everything."""

    def say(line: str) -> None:
        if not given.quiet or "compiled" in line:
            print(line, file=sys.stderr, flush=True)

    took_s = compile_all(say)
    if given.simulator:
        from simulator.kernel.warming import compile_simulator
        from simulator.load.warming import compile_crowd

        began_s = perf_counter()
        compile_simulator(say)
        compile_crowd(say)
        took_s += perf_counter() - began_s
    if not given.quiet:
        print(f"All kernels are ready ({took_s:.1f} s).", file=sys.stderr)
    return 0
