"""The auditor finds nothing in what the router does, and every lie that is told about it."""

import copy
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import cast

import msgspec
import pytest

from router.wire.events import Event
from simulator.auditor import rules as heard
from simulator.auditor.auditor import Auditor
from simulator.auditor.fitting import unmet
from tests.simulator.auditor_days import Story

DAYS = (0, 2, 3, 4, 5, 6)
"""Seeds of days on which offers are revoked, too: that is rare."""
STEPS = 400


@pytest.mark.parametrize("seed", DAYS)
def test_nothing_is_found_in_a_day_of_the_real_router(seed: int) -> None:
    """Hundreds of arrivals, answers, ends and absences break none of the rules."""
    story = Story(seed)
    story.begin()
    for _ in range(STEPS):
        story.step()
    assert story.auditor.close() == []
    heard = story.auditor.heard
    wanted = ("offer.accepted", "offer.declined", "offer.expired", "offer.revoked",
              "assignment.completed", "assignment.released", "ticket.relaxed")  # fmt: skip
    assert [each for each in wanted if not heard[each]] == []


Lie = Callable[[list[Event]], list[Event]]


def _first(events: list[Event], type_: str) -> int:
    return next(i for i, event in enumerate(events) if event.type == type_)


def _numbered(events: list[Event]) -> list[Event]:
    return [msgspec.structs.replace(event, seq=n) for n, event in enumerate(events, 1)]


def _repeat(type_: str) -> Lie:
    """Tell an event twice."""

    def lie(events: list[Event]) -> list[Event]:
        at = _first(events, type_)
        return _numbered([*events[: at + 1], *events[at:]])

    return lie


def _leave_out(type_: str) -> Lie:
    """Leave an event out and number the rest anew."""

    def lie(events: list[Event]) -> list[Event]:
        at = _first(events, type_)
        return _numbered([*events[:at], *events[at + 1 :]])

    return lie


def _change(type_: str, **fields: object) -> Lie:
    """Tell an event with other particulars."""

    def lie(events: list[Event]) -> list[Event]:
        at = _first(events, type_)
        data = {**events[at].data, **fields.pop("data", {})}
        changed = msgspec.structs.replace(events[at], data=data, **fields)
        return [*events[:at], changed, *events[at + 1 :]]

    return lie


def _hurry(events: list[Event]) -> list[Event]:
    """Let the offer that was accepted next by hand have been over a second before."""
    accepted = next(e for e in events if e.type == "offer.accepted" and "reason" in e.data
                    and e.data["reason"] == "asked")  # fmt: skip
    over = datetime.fromisoformat(accepted.at) - timedelta(milliseconds=1)
    at = next(
        i for i, e in enumerate(events) if e.type == "offer.issued" and e.offer == accepted.offer
    )
    data = {**events[at].data, "expires_at": over.isoformat()}
    return [*events[:at], msgspec.structs.replace(events[at], data=data), *events[at + 1 :]]


def _drop_one(events: list[Event]) -> list[Event]:
    return [*events[:50], *events[51:]]


LIES: dict[str, tuple[Lie, str]] = {
    "an event is left out": (_drop_one, "none may be left out"),
    "a ticket comes twice": (_repeat("ticket.added"), "expected absent"),
    "a ticket never came": (_leave_out("ticket.added"), "is absent"),
    "an offer is issued twice": (_repeat("offer.issued"), "was issued before"),
    "an offer is accepted twice": (_repeat("offer.accepted"), "was accepted; it is accepted"),
    "somebody else accepts": (_change("offer.accepted", offer="o-99999"), "it is unknown"),
    "an unknown agent is asked": (_change("offer.issued", agent="nobody"), "was not configured"),
    "an offer ends too early": (
        _change("offer.expired", at="2026-11-23T08:59:00Z"),
        "too early",
    ),
    "an offer comes after its time": (
        _change("offer.issued", data={"expires_at": "2026-11-23T08:00:00Z"}),
        "its time is over",
    ),
    "an offer is accepted after its time": (_hurry, "too late"),
    "work ends twice": (_repeat("assignment.completed"), "nobody holds the ticket"),
    "work never ends": (_leave_out("assignment.completed"), "acknowledged as completed"),
    "an absence is kept quiet": (_leave_out("agent.presence_changed"), "who is offline"),
    "time goes back": (_change("assignment.completed", at="2026-11-23T08:00:00Z"), "went back"),
}
"""What may be wrong with a router, and how the auditor says it."""


class Deaf(Auditor):
    """Is told everything, and keeps for later what it should hear."""

    def __init__(self) -> None:
        super().__init__()
        self.missed: list[Event] = []

    def hear(self, events: Iterable[heard.Event]) -> None:
        """Keep the events."""
        self.missed += cast("Iterable[Event]", events)

    def listen(self, lie: Lie) -> None:
        """Hear the events at last, with a lie in them."""
        super().hear(lie(self.missed))


@pytest.fixture(scope="module")
def deaf() -> Deaf:
    """Return an auditor that was told a day and heard nothing of it."""
    story = Story(1, Deaf())
    story.begin()
    for _ in range(STEPS):
        story.step()
    assert isinstance(story.auditor, Deaf)
    return story.auditor


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_found(name: str, deaf: Deaf) -> None:
    """One wrong event in a true day is enough."""
    lie, said = LIES[name]
    suspicious = copy.deepcopy(deaf)
    suspicious.listen(lie)
    found = suspicious.close()
    assert any(said in finding.what for finding in found), found[:5]


def test_too_much_for_an_agent_is_found() -> None:
    """Units and a channel's maximum are counted from the bodies, whatever the router thinks."""
    for fault, units, most in (("of 2 units", 2, None), ("at most 1 may be", 9, 1)):
        auditor = Auditor()
        auditor.configured("channels", "chat", {"cost": 1, "max_per_agent": most})
        auditor.configured("agents", "ana", {"units": units})
        auditor.books.agents["ana"].presence = "available"
        for n in range(3):
            at, place = "2026-11-23T09:00:00Z", {"channel": "chat", "queue": "q", "relax_step": 0}
            added = Event(seq=2 * n + 1, type="ticket.added", at=at, ticket=f"t{n}", data=place)
            issued = Event(
                seq=2 * n + 2,
                type="offer.issued",
                at=at,
                ticket=f"t{n}",
                agent="ana",
                offer=f"o{n}",
            )
            auditor.hear([added, issued])
        assert any(fault in finding.what for finding in auditor.findings), auditor.findings


def test_what_an_agent_lacks_is_named() -> None:
    """Skills, languages with their wider forms, groups and queues are compared by level."""
    agent = {"skills": {"a": 2}, "languages": {"pt": 3}, "groups": ["x"], "queues": ["q"]}
    fits = {
        "queue": "q",
        "requirements": [{"skill": "a", "min_level": 2}, {"skill": "b", "mode": "preferred"}],
        "language": {"tag": "pt-BR", "min_level": 3},
        "groups": ["x", "y"],
    }
    assert list(unmet(fits, agent)) == []
    lacking = {
        "queue": "r",
        "requirements": [{"skill": "a", "min_level": 3}],
        "language": {"tag": "de"},
        "groups": ["y"],
    }
    assert list(unmet(lacking, agent)) == [
        "speaks no de at level 1",
        "has not a at level 3",
        "is in none of the groups y",
        "does not serve queue r",
    ]
