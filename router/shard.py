"""
A shard: one core with its names, for one tenant. Pure: clocks, stores and sockets are its driver's.

Calls are admitted one after the other, then settled together: the core runs once over all their commands,
decides jointly, and each call gets its reply. What a settlement changed is sealed into one frame for the
journal. Two calls about the same thing do not fit into one settlement; the second is asked to come again.
"""

from collections.abc import Callable, Iterable
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from router.core import codes as c
from router.core.limits import (
    COMMANDS_PER_CALL_MAX,
    COMMANDS_PER_RUN_MAX,
    WORDS_PER_COMMAND_MAX,
)
from router.core.machine import Batch, FullError, Machine
from router.desk.calls import CALLS
from router.desk.heartbeats import Heartbeats
from router.desk.later import Later
from router.desk.outcome import COME_AGAIN, ComeAgain, Outcome
from router.desk.promises import Promises
from router.desk.schedule import Schedule
from router.directory import Directory
from router.explain.rewind import Loader
from router.history import History
from router.profiles import Profiles
from router.wire.calls import Call, Reply, refused
from router.wire.tickets import Batch as TicketsBatch

__all__ = ["COME_AGAIN", "ComeAgain", "Finish", "Sealed", "Shard"]

Finish = Callable[[Outcome], Reply]
Claim = tuple[str, str]

COMMANDS_ROOM: Final = COMMANDS_PER_RUN_MAX - COMMANDS_PER_CALL_MAX
SPAN_US: Final = 500_000
"""How far time may go on within a settlement that has calls: less than the least retention, so that
what a call made or ended is still there when the call is answered."""
FAMILIES: Final = {"revisions": "policies"}
"""Families whose calls are about things of another."""
UNCLAIMED: Final = frozenset({"agents.heartbeat"})
"""Calls that get along with any other about the same thing."""
FAMILY_OF: Final = MappingProxyType(
    {
        name: FAMILIES.get(family, family)
        for name, family in ((name, name.partition(".")[0]) for name in CALLS)
        if name not in UNCLAIMED
    }
)
"""What kind of thing the id of a call names, for calls that claim it."""


class Sealed(NamedTuple):
    """What one settlement wrote: the core's batch and what the directory learned."""

    at_us: int
    batch: Batch
    names: list[Any]
    documents: list[Any]
    tickets: list[tuple[int, str]]  # row and id of every ticket that the events are about
    answers: list[
        tuple[str, bytes, int, bytes]
    ]  # Idempotency-Key, fingerprint, status, encoded reply


class Shard:
    """One tenant's router: admit calls, settle them, ask questions."""

    def __init__(self, machine: Machine | None = None) -> None:
        self.machine = machine or Machine()
        self.directory = Directory()
        self.profiles = Profiles(self.directory, self.machine)
        self.promises = Promises()
        self.schedule = Schedule()
        self.heartbeats = Heartbeats()
        self.history = History()
        self.rewinder: Loader | None = None
        """Reads the journal back, for explanations of the past; None where there is no journal."""
        self.at_us = 0
        self._began_us = 0
        self._claims: set[Claim] = set()
        self._pending: list[tuple[Finish, Call]] = []

    # -- changes -------------------------------------------------------------------------------------------------------

    def admit(self, call: Call, at_us: int) -> Reply | ComeAgain | None:
        """
        Take a call into the present settlement.

        None: it is pending, ``settle`` has its reply. A reply: that is all, nothing is to come of it.
        """
        claims = claims_of(call)
        if not self._claims.isdisjoint(claims) or self.machine.pending > COMMANDS_ROOM:
            return COME_AGAIN
        self._go_on(at_us)
        if call.idempotency_key is not None:
            done = self.history.answer(call)
            if done is not None:
                return done
        handler = CALLS.get(call.name)
        if handler is None:
            return refused("unknown_route", f"There is no call {call.name!r}.")
        try:
            finish = handler(self, call)
        except FullError as full:
            return refused("limit_reached", f"{full}")
        if isinstance(finish, ComeAgain):
            return finish
        if isinstance(finish, Reply):
            if call.idempotency_key is None:
                return finish
            finish = _said(finish)  # journalled too, so that its repetition gets the same
        if not self._pending:
            self._began_us = self.at_us
        self._claims.update(claims)
        self._pending.append((finish, call))
        return None

    def settle(self, at_us: int) -> tuple[Sealed, list[Reply]]:
        """Run the core over everything admitted; return what to journal, and the replies in the order of admission."""
        self._go_on(at_us)
        self.schedule.push_due(self)
        if self.at_us >= self.heartbeats.next_us:
            self.heartbeats.push_due(self)
        self.machine.push(c.TICK, self.at_us)
        batch = self.machine.run()
        outcome = Outcome(batch)
        rows = self.history.note(self, outcome)
        replies = []
        for finish, call in self._pending:
            reply = finish(outcome)
            if call.idempotency_key is not None:
                self.history.keep_answer(call, reply, self.at_us)
            replies.append(reply)
        self._pending.clear()
        self._claims.clear()
        tickets = self.history.name_rows(self, rows)
        names, documents = self.directory.take_fresh(outcome.last_seq)
        answers = self.history.take_answers()
        return Sealed(self.at_us, batch, names, documents, tickets, answers), replies

    def set_prices(self, words: list[int], at_us: int) -> None:
        """Tell the core prices of agents' time with the next settlement: rows and thousandths of a point in turn."""
        self._go_on(at_us)
        for start in range(0, len(words), WORDS_PER_COMMAND_MAX):
            self.machine.push(
                c.SET_PRICES, self.at_us, words[start : start + WORDS_PER_COMMAND_MAX]
            )

    def _go_on(self, at_us: int) -> None:
        """Let time go on, never back, and only so far while calls are pending."""
        if self._pending:
            at_us = min(at_us, self._began_us + SPAN_US)
        self.at_us = max(self.at_us, at_us)

    @property
    def is_pending(self) -> bool:
        """Whether something was admitted that is not settled yet."""
        return bool(self._pending)

    # -- questions -----------------------------------------------------------------------------------------------------

    def query(self, call: Call, at_us: int) -> Reply:
        """Answer a call that only reads, as things are now."""
        answer = self.ask(call, at_us)
        return answer.work() if isinstance(answer, Later) else answer

    def ask(self, call: Call, at_us: int) -> Reply | Later:
        """Answer a call that only reads, or say how to answer it beside the shard when that takes long."""
        self._go_on(at_us)
        handler = CALLS.get(call.name)
        if handler is None:
            return refused("unknown_route", f"There is no call {call.name!r}.")
        answer = handler(self, call)
        assert isinstance(answer, Reply | Later), f"{call.name} is not a question"
        return answer

    def next_due_us(self) -> int:
        """Return when the core, a calendar or a silent desk next wants to be seen to, ``NEVER_US`` if never."""
        return min(self.machine.next_due_us(), self.schedule.next_us, self.heartbeats.next_us)


def _said(reply: Reply) -> "Finish":
    """Return what finishes a call that is answered already."""
    return lambda _: reply


def claims_of(call: Call) -> Iterable[Claim]:
    """Return what a call is about, so that no other call of the settlement may be."""
    claims: list[Claim] = []
    family = FAMILY_OF.get(call.name)
    if call.id:
        claims = [(family, call.id)] if family else []
    elif isinstance(call.body, TicketsBatch):
        claims = [("tickets", item.id) for item in call.body.items]
    if call.idempotency_key is not None:
        claims.append(("", call.idempotency_key))
    return claims
