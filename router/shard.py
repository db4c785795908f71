"""
A shard: one core with its names, for one tenant. Pure: clocks, stores and sockets are its driver's.

Calls are admitted one after the other, then settled together: the core runs once over all their commands,
decides jointly, and each call gets its reply. What a settlement changed is sealed into one frame for the
journal. Two calls about the same thing do not fit into one settlement; the second is asked to come again.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from router.core import codes as c
from router.core.machine import Batch, Machine
from router.desk.calls import CALLS
from router.desk.outcome import Outcome
from router.desk.schedule import Schedule
from router.directory import Directory
from router.history import History
from router.profiles import Profiles
from router.wire.calls import Call, Reply, refused

Finish = Callable[[Outcome], Reply]


class ComeAgain(NamedTuple):
    """The call is about something that the present settlement already changes."""


COME_AGAIN: Final = ComeAgain()


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
        self.schedule = Schedule()
        self.history = History()
        self.at_us = 0
        self._claims: set[tuple[str, str]] = set()
        self._pending: list[tuple[Finish, Call]] = []

    # -- changes -------------------------------------------------------------------------------------------------------

    def admit(self, call: Call, at_us: int) -> Reply | ComeAgain | None:
        """Take a call into the present settlement; a reply means that nothing came of it, None that it is pending."""
        if call.id:
            claim = (call.name.partition(".")[0], call.id)
            if claim in self._claims:
                return COME_AGAIN
            self._claims.add(claim)
        self.at_us = max(self.at_us, at_us)
        done = self.history.answer(call)
        if done is not None:
            return done
        handler = CALLS.get(call.name)
        if handler is None:
            return refused("unknown_route", f"There is no call {call.name!r}.")
        finish = handler(self, call)
        if isinstance(finish, Reply):
            return finish
        self._pending.append((finish, call))
        return None

    def settle(self, at_us: int) -> tuple[Sealed, list[Reply]]:
        """Run the core over everything admitted; return what to journal, and the replies in the order of admission."""
        self.at_us = max(self.at_us, at_us)
        self.schedule.push_due(self)
        self.machine.push(c.TICK, self.at_us)
        batch = self.machine.run()
        outcome = Outcome(batch)
        rows = self.history.note(self, outcome)
        replies = []
        for finish, call in self._pending:
            reply = finish(outcome)
            self.history.keep_answer(call, reply, self.at_us)
            replies.append(reply)
        self._pending.clear()
        self._claims.clear()
        tickets = self.history.name_rows(self, rows)
        names, documents = self.directory.take_fresh(batch.first_seq + batch.count - 1)
        return Sealed(
            self.at_us, batch, names, documents, tickets, self.history.take_answers()
        ), replies

    @property
    def is_pending(self) -> bool:
        """Whether something was admitted that is not settled yet."""
        return bool(self._pending)

    # -- questions -----------------------------------------------------------------------------------------------------

    def query(self, call: Call, at_us: int) -> Reply:
        """Answer a call that only reads, as things are now."""
        self.at_us = max(self.at_us, at_us)
        handler = CALLS.get(call.name)
        if handler is None:
            return refused("unknown_route", f"There is no call {call.name!r}.")
        answer = handler(self, call)
        assert isinstance(answer, Reply), f"{call.name} is not a question"
        return answer

    def next_due_us(self) -> int:
        """Return when the core or a calendar next wants to run, ``NEVER_US`` if never."""
        return min(self.machine.next_due_us(), self.schedule.next_us)
