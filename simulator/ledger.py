"""What became of the tickets of a run in virtual time: who waited how long, and who still does."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from router.incidents.stream import US_PER_SECOND
from simulator.desks import Heard
from simulator.tally import DONE, STATES, TARGET_US, WAITING, WORKING


@dataclass(frozen=True, slots=True)
class Service:
    """How a set of tickets was served. Waits are of those that were answered, log's seconds."""

    tickets: int
    answered: int
    """Accepted by an agent at least once."""
    completed: int
    waiting: int
    """Without an agent at the end."""
    abandoned: int
    service_level: float | None
    """Share accepted within the queue's target, of all accepted or waiting longer."""
    asa_s: float | None
    """Average speed of answer."""
    wait_p50_s: float | None
    wait_p90_s: float | None
    wait_p99_s: float | None


@dataclass(slots=True)
class _Story:
    queue: str
    put_us: int
    state: str = WAITING
    answered_us: int | None = None
    answers: int = 0
    is_completed: bool = False
    is_abandoned: bool = False


class Ledger:
    """Follows every ticket by its events. Times are microseconds of one clock, whichever it is."""

    def __init__(self, targets_us: Mapping[str, int]) -> None:
        self._targets_us = targets_us
        self._stories: dict[str, _Story] = {}
        self.open = 0
        """Tickets that were put and are not done."""
        self.breached = 0
        self.offers = 0
        self.gaps: list[float] = []

    def put(self, ticket: str, queue: str, at_us: int) -> None:
        """Note that a ticket was put into a queue, by whose target it is judged for ever."""
        self._stories[ticket] = _Story(queue, at_us)
        self.open += 1

    def refuse(self, ticket: str) -> None:
        """Forget a ticket that was refused."""
        if self._stories.pop(ticket, None):
            self.open -= 1

    def hear(self, event: Heard, at_us: int) -> None:
        """Take in an event."""
        if event.gap is not None:
            self.gaps.append(event.gap)
        self.breached += event.type == "ticket.sla_breached"
        self.offers += event.type == "offer.issued"
        story = self._stories.get(event.ticket)
        state = STATES.get(event.type)
        if story is None or state is None or story.state == DONE:
            return
        if event.type == "offer.accepted":
            story.answers += 1
            if story.answered_us is None:
                story.answered_us = at_us
        elif story.state == WORKING and event.type.startswith("offer."):
            return  # a rival offer that is taken back puts nobody back to waiting
        story.state = state
        story.is_completed = event.type == "assignment.completed"
        story.is_abandoned = event.type == "ticket.abandoned"
        self.open -= state == DONE

    @property
    def tickets(self) -> int:
        """Return how many tickets were put and not refused."""
        return len(self._stories)

    @property
    def reassignments(self) -> int:
        """Return how often a ticket was accepted by one more agent after its first."""
        return sum(max(0, each.answers - 1) for each in self._stories.values())

    @property
    def mean_gap(self) -> float | None:
        """Return the mean gap to the bound of the joint decisions, a share; None without any."""
        return sum(self.gaps) / len(self.gaps) if self.gaps else None

    def whole(self, now_us: int) -> Service:
        """Return how all tickets were served until now."""
        return self._service(self._stories.values(), now_us)

    def by_queue(self, now_us: int) -> dict[str, Service]:
        """Return how the tickets of each queue were served, by the queue they were put into."""
        parts: dict[str, list[_Story]] = {}
        for story in self._stories.values():
            parts.setdefault(story.queue, []).append(story)
        return {queue: self._service(parts[queue], now_us) for queue in sorted(parts)}

    def _service(self, stories: Iterable[_Story], now_us: int) -> Service:
        known = tuple(stories)
        met = missed = 0
        waits_s: list[float] = []
        for each in known:
            limit_us = each.put_us + self._targets_us.get(each.queue, TARGET_US)
            if each.answered_us is not None:
                waits_s.append((each.answered_us - each.put_us) / US_PER_SECOND)
                met += each.answered_us <= limit_us
                missed += each.answered_us > limit_us
            else:
                missed += each.state != DONE and now_us > limit_us
        waits_s.sort()
        return Service(
            tickets=len(known),
            answered=len(waits_s),
            completed=sum(each.is_completed for each in known),
            waiting=sum(each.state not in _WITH_AGENT for each in known),
            abandoned=sum(each.is_abandoned for each in known),
            service_level=met / (met + missed) if met + missed else None,
            asa_s=sum(waits_s) / len(waits_s) if waits_s else None,
            wait_p50_s=quantile(waits_s, 0.50),
            wait_p90_s=quantile(waits_s, 0.90),
            wait_p99_s=quantile(waits_s, 0.99),
        )


_WITH_AGENT: Final = frozenset({WORKING, DONE})


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """Return the quantile (nearest rank) of values in order; None when there are none."""
    return ordered[round(share * (len(ordered) - 1))] if ordered else None
