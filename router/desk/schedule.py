"""
Opening hours at work: doors that open and close, and shifts that end.

Follows from the documents, the core and the time alone, so it is the same after a restart: a queue's door is set
right whenever it differs from its calendar; an agent who is still there when the shift ends is asked to drain.
A shift that begins changes nothing: agents say themselves that they are there, early if they like.
"""

from typing import TYPE_CHECKING, Final, cast

import msgspec

from router.calendars import Calendar, compile_calendar
from router.core import codes as c
from router.core.limits import NEVER_US
from router.directory import AGENT, CALENDAR, QUEUE, REGION, Document
from router.wire.agents import AgentBody
from router.wire.registry import CalendarBody

if TYPE_CHECKING:
    from router.shard import Shard

AT_WORK: Final = (c.AVAILABLE, c.AWAY)


def plain_calendar(body: CalendarBody) -> dict[str, object]:
    """Return a calendar's body as ``compile_calendar`` reads it."""
    return cast("dict[str, object]", msgspec.to_builtins(body))


class Schedule:
    """The calendars of one shard, compiled, and when one of them next opens or closes."""

    def __init__(self) -> None:
        self._compiled: dict[str, tuple[Document, Calendar]] = {}
        self._seen_us = -1
        self.next_us = 0

    def calendar(self, shard: "Shard", id_: str) -> Calendar:
        """Return a calendar, compiled from what was last said of it."""
        document = shard.directory.document(CALENDAR, id_)
        assert document is not None, f"calendar {id_!r} was checked before"
        known = self._compiled.get(id_)
        if known is None or known[0] is not document:
            known = (document, compile_calendar(plain_calendar(document.body)))
            self._compiled[id_] = known
        return known[1]

    def look_again(self) -> None:
        """Look at every door in the present settlement, as something of the hours changed."""
        self.next_us = 0

    def shift_of(self, shard: "Shard", body: AgentBody) -> Calendar | None:
        """Return when an agent works: its own shift, or else its region's hours; None: no hours are set."""
        shift = body.shift
        if shift is None and body.region is not None:
            region = shard.directory.document(REGION, body.region)
            shift = None if region is None else region.body.calendar
        return None if shift is None else self.calendar(shard, shift)

    def is_on_shift(self, shard: "Shard", body: AgentBody) -> bool:
        """Tell whether an agent is within its hours now, as who has none always is."""
        shift = self.shift_of(shard, body)
        return shift is None or shift.is_open(shard.at_us)

    def push_due(self, shard: "Shard") -> None:
        """Tell the core what opened, closed or ended until now."""
        if shard.at_us < self.next_us:
            return
        documents = shard.directory.documents
        self._set_doors(shard)
        if documents[CALENDAR]:
            self._end_shifts(shard)
        self._seen_us = shard.at_us
        transitions = (
            self.calendar(shard, id_).next_transition(shard.at_us) for id_ in documents[CALENDAR]
        )
        self.next_us = min((at_us for at_us in transitions if at_us is not None), default=NEVER_US)

    def _set_doors(self, shard: "Shard") -> None:
        """Open and close queues whose door is not as their calendar has it."""
        arrays = shard.machine.arrays
        for id_, document in shard.directory.documents[QUEUE].items():
            number = shard.directory.index(QUEUE, id_)
            is_known = number < int(arrays.head[0]["queues"])
            was_open = bool(arrays.queues[number]["open"]) if is_known else True
            calendar = document.body.calendar
            is_open = calendar is None or self.calendar(shard, calendar).is_open(shard.at_us)
            if is_open != was_open:
                shard.machine.push(c.OPEN_QUEUE, shard.at_us, aux=number, value=int(is_open))

    def _end_shifts(self, shard: "Shard") -> None:
        """Let agents drain whose shift ended since the last look."""
        agents = shard.machine.arrays.agents
        # Before a restart, everything up to the core's last event was seen: who came to be there
        # after a shift had ended did so by a later event.
        since_us = (
            self._seen_us if self._seen_us >= 0 else int(shard.machine.arrays.head[0]["now_us"])
        )
        for id_, document in shard.directory.documents[AGENT].items():
            number = shard.directory.index(AGENT, id_)
            if int(agents[number]["presence"]) not in AT_WORK:
                continue
            shift = self.shift_of(shard, document.body)
            if shift is not None and has_ended(shift, since_us, shard.at_us):
                shard.machine.push(c.SET_PRESENCE, shard.at_us, agent=number, aux=c.DRAINING)


def has_ended(shift: Calendar, since_us: int, at_us: int) -> bool:
    """Tell whether a shift is over that was not at ``since_us``, both in microseconds."""
    if since_us >= at_us or shift.is_open(at_us):
        return False
    return shift.is_open(since_us) or bool(shift.open_spans(since_us, at_us))
