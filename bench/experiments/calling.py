"""
What a call from Python costs by how the state is handed over: ``python -m bench.experiments.calling``.

Decided: the core's arrays travel as one compiled structure. As a named tuple each array is unpacked anew at every call.
"""

import statistics
from collections.abc import Callable
from time import perf_counter_ns

from numba import njit

from router.core.state import Sizes, empty, handle

CALLS = 20_000
ROUNDS = 7


@njit
def look(state):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Read one number of the state: as good as nothing."""
    return state.head[0].seq


@njit
def look_at(head):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Read the same number of its array alone."""
    return head[0].seq


def call_us(call: Callable[[], object]) -> float:
    """Return the median time of a call over some rounds, in microseconds."""
    call()  # compiles
    rounds = []
    for _ in range(ROUNDS):
        began_ns = perf_counter_ns()
        for _ in range(CALLS):
            call()
        rounds.append((perf_counter_ns() - began_ns) / CALLS / 1e3)
    return statistics.median(rounds)


def main() -> None:
    """Print the three costs."""
    arrays = empty(Sizes())
    state = handle(arrays)
    for name, call in {
        "one array": lambda: look_at(arrays.head),
        f"a structref of {len(arrays)} arrays": lambda: look(state),
        f"a named tuple of {len(arrays)} arrays": lambda: look(arrays),
    }.items():
        print(f"{name:32} {call_us(call):6.2f} us")


if __name__ == "__main__":
    main()
