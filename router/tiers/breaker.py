"""
A circuit breaker: who keeps failing is left in peace for a while (Nygard 2007, Release It!).

Arithmetic only; whoever holds it says what time it is.
"""

from typing import Literal, NamedTuple

State = Literal["closed", "open", "half_open"]
NS_PER_S = 1_000_000_000


class BreakerLimits(NamedTuple):
    """Failures in a row that open it, and seconds until one call may try again."""

    failures: int = 5
    open_s: float = 30.0


DEFAULT_LIMITS = BreakerLimits()


class Breaker:
    """Count failures in a row; when open, let one call through after a pause, and close if it succeeds."""

    def __init__(self, limits: BreakerLimits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._failures = 0
        self._open_until_ns: int | None = None
        self._trying = False
        self.opened = 0

    def state(self, now_ns: int) -> State:
        """Return whether calls go through, are refused, or one may try."""
        if self._open_until_ns is None:
            return "closed"
        return "open" if now_ns < self._open_until_ns else "half_open"

    def allows(self, now_ns: int) -> bool:
        """Return whether a call may go ahead; one that does must be followed by its outcome."""
        state = self.state(now_ns)
        if state == "half_open" and not self._trying:
            self._trying = True
            return True
        return state == "closed"

    def succeeded(self) -> None:
        """Note a success: close."""
        self._failures = 0
        self._open_until_ns = None
        self._trying = False

    def failed(self, now_ns: int) -> None:
        """Note a failure: open after too many in a row, and at once if it was the one that tried."""
        self._failures += 1
        if self._trying or self._failures >= self._limits.failures:
            if self._open_until_ns is None or self._trying:
                self.opened += 1
            self._open_until_ns = now_ns + int(self._limits.open_s * NS_PER_S)
        self._trying = False

    def abandoned(self) -> None:
        """Note that a call ended without an outcome, as when its caller went away."""
        self._trying = False
