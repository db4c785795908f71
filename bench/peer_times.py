"""What one run of a peer gives."""

from typing import NamedTuple


class Timed(NamedTuple):
    """What a run took and found; times are the processor's, so neighbours are nobody's merit.

    Parameters
    ----------
    build_ms
        Milliseconds to turn the problem's arrays into what the peer solves.
    solve_ms
        Milliseconds of the peer's own call.
    value
        Points: what its answer is worth. For a linear program, of the relaxation.
    bound
        Points: no plan is worth more, says the peer; ``value`` where it proved its answer.
    """

    build_ms: float
    solve_ms: float
    value: int
    bound: int

    @classmethod
    def of(
        cls, begun_s: float, built_s: float, ended_s: float, value: int, bound: int | None = None
    ) -> "Timed":
        """Return a run from the clock's readings; without ``bound`` the answer is proved."""
        build_ms, solve_ms = (built_s - begun_s) * 1e3, (ended_s - built_s) * 1e3
        return cls(build_ms, solve_ms, value, value if bound is None else bound)
