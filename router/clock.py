"""The one place that reads the clock; everybody else is told what time it is."""

import time

__all__ = ["Clock"]

NS_PER_US = 1_000


class Clock:
    """Wall time in microseconds and a stopwatch in nanoseconds.

    Parameters
    ----------
    speed
        Wall microseconds that pass in a real one. A replayed day runs at 600; the stopwatch, by
        which limits and latencies are measured, always runs in real time.
    starts_at_us
        Wall time to begin with, microseconds since 1970; None: the time it is.
    """

    __slots__ = ("_real_start_ns", "_speed", "_wall_start_us")

    def __init__(self, speed: float = 1.0, starts_at_us: int | None = None) -> None:
        if speed <= 0:
            raise ValueError(f"speed is {speed}; expected more than 0")
        self._speed = speed
        self._real_start_ns = time.monotonic_ns()
        now_us = time.time_ns() // NS_PER_US
        self._wall_start_us = starts_at_us if starts_at_us is not None else now_us
        if speed == 1.0 and starts_at_us is None:
            self._wall_start_us = -1

    @property
    def speed(self) -> float:
        """Return how many wall seconds pass in a real one."""
        return self._speed

    def now_us(self) -> int:
        """Return wall time in microseconds since 1970; it may step back when it is corrected."""
        if self._wall_start_us < 0:
            return time.time_ns() // NS_PER_US
        passed_ns = time.monotonic_ns() - self._real_start_ns
        return self._wall_start_us + int(passed_ns * self._speed) // NS_PER_US

    def monotonic_ns(self) -> int:
        """Return nanoseconds of a stopwatch that never steps back."""
        return time.monotonic_ns()
