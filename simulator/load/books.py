"""What a load test measures of a server: latencies by operation and region, errors, throughput, its own lateness."""

from collections import Counter
from collections.abc import Mapping
from typing import Final, NamedTuple

from simulator.load.histogram import Histogram

HEARD: Final = "offer heard"
"""From the moment a ticket was due at the router until its agent's desk hears the offer, of those offered at once."""
RACES: Final = frozenset({"offer_not_open", "state_conflict"})
"""Refusals that come of two people acting at the same moment: an answer to an offer that has just ended."""
LAG_MAX_S: Final = 0.1
"""A generator that is later than this with a hundredth of its calls measures itself."""
LAG_SHARE: Final = 0.02
"""The same as a share of the mean work of a ticket, where the world runs faster than life."""
LAG_PERCENTILE: Final = 99.0

Place = tuple[str, int]
"""An operation and the region it was said in, -1 where the world names none."""


class Second(NamedTuple):
    """What happened in one real second."""

    sent: int
    answered: int
    errors: int
    p50_us: int
    p99_us: int
    most_us: int


class Books:
    """Counts what was sent and answered. Instants are real seconds since the run began."""

    def __init__(self) -> None:
        self.latencies: dict[Place, Histogram] = {}
        """From the instant a call was due at the router to its last answer."""
        self.felt: dict[int, Histogram] = {}
        """The same with the world's network both ways, by region: as its clients feel it."""
        self.lag = Histogram()
        """How much later than due calls were sent: the generator's own lateness."""
        self.errors: Counter[tuple[str, str]] = Counter()
        """By operation and what went wrong: a status and code, or what happened to the connection."""
        self.races: Counter[tuple[str, str]] = Counter()
        self.sent = self.answered = self.reconnects = self.events = 0
        self.away: list[tuple[float, float]] = []
        """When the server could not be reached: from, until."""
        self._seconds: dict[int, list[int]] = {}
        self._sent: Counter[int] = Counter()
        self._failed: Counter[int] = Counter()

    def sending(self, due_s: float, now_s: float) -> None:
        """Note that a call goes out that was due at an instant."""
        self.sent += 1
        self.lag.add(round((now_s - due_s) * 1e6))
        self._sent[int(now_s)] += 1

    def answer(self, place: Place, due_s: float, now_s: float, network_us: int = 0) -> None:
        """Note that a call was answered, whatever the answer; ``network_us`` is the world's, both ways."""
        took_us = round((now_s - due_s) * 1e6)
        self.answered += 1
        self._of(place).add(took_us)
        self.felt.setdefault(place[1], Histogram()).add(took_us + network_us)
        self._seconds.setdefault(int(now_s), []).append(took_us)

    def heard(self, region: int, due_s: float, now_s: float) -> None:
        """Note that a desk heard of an offer that was made at once."""
        self._of((HEARD, region)).add(round((now_s - due_s) * 1e6))

    def _of(self, place: Place) -> Histogram:
        found = self.latencies.get(place)
        if found is None:
            found = self.latencies[place] = Histogram()
        return found

    def fail(self, operation: str, what: str, now_s: float) -> None:
        """Note that an attempt failed."""
        self.errors[operation, what] += 1
        self._failed[int(now_s)] += 1

    def refuse(self, operation: str, what: str, code: str, now_s: float) -> None:
        """Note a refusal: a race that was lost, or an error."""
        if code in RACES:
            self.races[operation, what] += 1
        else:
            self.fail(operation, what, now_s)

    # -- sums ------------------------------------------------------------------------------------

    def operations(self) -> dict[str, Histogram]:
        """Return the latencies of each operation over all regions, by name."""
        found: dict[str, Histogram] = {}
        for (operation, _), each in sorted(self.latencies.items()):
            found.setdefault(operation, Histogram()).include(each)
        return found

    def whole(self) -> Histogram:
        """Return the latencies of all calls together."""
        made = Histogram()
        for (operation, _), each in self.latencies.items():
            if operation != HEARD:
                made.include(each)
        return made

    def seconds(self) -> list[Second]:
        """Return what happened in each real second, from the first."""
        last = max([*self._sent, *self._seconds, *self._failed], default=-1)
        found = []
        for n in range(last + 1):
            took = sorted(self._seconds.get(n, ()))
            ends = (
                (took[len(took) // 2], took[(99 * len(took)) // 100], took[-1])
                if took
                else (0, 0, 0)
            )
            found.append(Second(self._sent[n], len(took), self._failed[n], *ends))
        return found


def lag_limit_s(mean_work_s: float, speed: float) -> float:
    """Return how late the generator may be: what people do must not be moved by more than a trifle of their work."""
    return min(LAG_MAX_S, max(0.002, LAG_SHARE * mean_work_s / speed))


def statuses(errors: Mapping[tuple[str, str], int]) -> Counter[str]:
    """Return how often each thing went wrong, whatever the operation."""
    found: Counter[str] = Counter()
    for (_, what), count in errors.items():
        found[what] += count
    return found
