"""
What a shard remembers beyond the core's present.

Which offers there were, which decisions, and what repeated calls were answered.

All of it follows from the journal's events, so it is the same after recovery; all of it is bounded.
"""

from collections import OrderedDict
from copy import copy
from typing import TYPE_CHECKING, Any, Final

import msgspec

from router.core import codes as c
from router.core import layout
from router.core.limits import SECOND_US
from router.directory import AGENT, ByRow
from router.wire.calls import Call, Reply, refused

if TYPE_CHECKING:
    from router.desk.outcome import Outcome
    from router.shard import Shard

_I: Final = {name: i for i, name in enumerate(layout.EVENT.names or ())}
AT, SERIAL, UNTIL, VALUE, KIND, REASON = (
    _I[n] for n in ("at_us", "serial", "until_us", "value", "kind", "reason")
)
TICKET, AGENT_ROW, WORK, WORDS_FROM, AUX = (
    _I[n] for n in ("ticket", "agent", "work", "words_from", "aux")
)

OFFERS_KEPT_MAX: Final = 200_000
DECISIONS_KEPT_MAX: Final = 100
"""Decisions remembered per ticket."""
ANSWERS_KEPT_MAX: Final = 100_000
ANSWERS_TTL_US: Final = 24 * 3600 * SECOND_US


class _Versioned(msgspec.Struct):
    """What of a kept answer's body is said in a header too."""

    version: int | None = None


_versioned: Final = msgspec.json.Decoder(_Versioned).decode
REFUSALS_FROM: Final = 400


class Work(msgspec.Struct, array_like=True, gc=False):
    """An offer and what became of it."""

    serial: int
    row: int
    ticket: str
    agent: str
    state: str  # pending, accepted, declined, expired, revoked; then active, wrapping, completed, released
    offered_us: int
    expires_us: int
    decision: int
    accepted_us: int = 0
    ended_us: int = 0
    wrap_up_ends_us: int = 0
    because: str = ""
    disposition: str | None = None
    seq: int = 0


_BECOMES: Final = {
    c.E_ACCEPTED: "active",
    c.E_DECLINED: "declined",
    c.E_OFFER_EXPIRED: "expired",
    c.E_REVOKED: "revoked",
    c.E_WRAPPING: "wrapping",
    c.E_COMPLETED: "completed",
    c.E_RELEASED: "released",
}


ENDINGS: Final = frozenset({c.E_CLOSED, c.E_COMPLETED})
"""After these a ticket is final."""
JOINT_WORDS: Final = (*layout.DECISION_WORDS, *layout.JOINT_WORDS)
EFFORT: Final = ("decisions", "tickets", "pairs", "scans", "looks", "scored")
"""What joint decisions take, added up: tickets and pairs assigned, scans, looks for others, pairs looked at."""


class Gap(msgspec.Struct, frozen=True):
    """What the last joint decision was worth, and the bound that no decision can exceed."""

    seq: int
    tickets: int
    agents: int
    pairs: int
    primal: int
    dual: int

    @property
    def share(self) -> float:
        """Return the gap as a share of the bound; 0 is optimal."""
        return (self.dual - self.primal) / self.dual if self.dual > 0 else 0.0


class Remembered(msgspec.Struct, array_like=True):
    """A history as a snapshot holds it."""

    works: list[Work]
    decisions: dict[str, list[int]]
    decision_count: int
    last_gap: Gap | None
    decision: int
    ticket_seq: dict[int, int]
    agent_seq: dict[int, int]
    answers: list[tuple[str, bytes, int, bytes, int]]
    closed_us: dict[int, int] = msgspec.field(default_factory=dict)  # snapshots of old have none


class History:
    """Offers, decisions and answers, newest kept."""

    def __init__(self) -> None:
        self.works: OrderedDict[int, Work] = OrderedDict()
        self.decisions: dict[str, list[int]] = {}
        self.decision_count = 0
        self.last_gap: Gap | None = None
        self.effort = dict.fromkeys(EFFORT, 0)
        self.ticket_seq: ByRow[int] = ByRow()
        self.closed_us: ByRow[int] = ByRow()
        """When tickets ended; what the core keeps of it is when they are forgotten."""
        self.agent_seq: dict[int, int] = {}
        self._decision = 0
        self._forgotten: list[tuple[int, str]] = []
        self._unnamed: list[tuple[Work, int]] = []
        self._answers_max, self._answers_ttl_us = ANSWERS_KEPT_MAX, ANSWERS_TTL_US
        self._answers: OrderedDict[str, tuple[bytes, int, bytes, int]] = OrderedDict()
        self._fresh_answers: list[tuple[str, bytes, int, bytes]] = []

    # -- events --------------------------------------------------------------------------------------------------------

    def note(self, shard: "Shard", outcome: "Outcome") -> set[int]:
        """Take in a batch's events; return the ticket rows they are about. New tickets get their names after this."""
        rows: set[int] = set()
        note_seq = self.ticket_seq.put
        seq = outcome.first_seq
        decided: tuple[Any, ...] | None = None
        for event in outcome.events:
            kind = event[KIND]
            if kind == c.E_DECIDED:
                decided, self._decision = event, seq
                self.decision_count += 1
                if event[AUX]:
                    self._note_effort(outcome.words[event[WORDS_FROM] :])
                seq += 1
                continue
            row = event[TICKET]
            if row >= 0:
                rows.add(row)
                note_seq(row, seq)
                if kind in ENDINGS:
                    self.closed_us.put(row, event[AT])
            if kind >= c.E_OFFERED:
                self._note_work(shard, event, kind, seq)
            elif kind == c.E_FORGOTTEN:
                self._forget(shard, row)
                rows.discard(row)
            if event[AGENT_ROW] >= 0:
                self.agent_seq[event[AGENT_ROW]] = seq
            seq += 1
        if decided is not None:
            at = decided[WORDS_FROM]
            self.last_gap = Gap(self._decision, *outcome.words[at : at + 5].tolist())
        return rows

    def _note_effort(self, words: Any) -> None:
        """Add up what a joint decision took; counted anew in each process, so no snapshot has it."""
        effort, numbers = self.effort, words[: len(JOINT_WORDS)].tolist()
        effort["decisions"] += 1
        for name, number in zip(JOINT_WORDS, numbers, strict=True):
            if name in effort:
                effort[name] += number

    def _note_work(self, shard: "Shard", event: tuple[Any, ...], kind: int, seq: int) -> None:
        """Take in an event about an offer or an assignment."""
        serial = event[SERIAL]
        if kind == c.E_OFFERED:
            decision = 0 if event[REASON] == c.BECAUSE_MANUAL else self._decision
            agent = shard.directory.id_of(AGENT, event[AGENT_ROW])
            work = Work(
                serial,
                event[WORK],
                "",
                agent,
                "pending",
                event[AT],
                event[UNTIL],
                decision,
                seq=seq,
            )
            named = shard.directory.tickets.find(event[TICKET])
            if named is None:  # a new ticket gets its name after this
                self._unnamed.append((work, event[TICKET]))
            else:
                self._name(work, named)
            self.works[serial] = work
            if len(self.works) > OFFERS_KEPT_MAX:
                self._drop_oldest()
            return
        known = self.works.get(serial)
        if known is None:
            return
        known.state, known.seq = _BECOMES[kind], seq
        known.because = c.REASONS[event[REASON]]
        if kind == c.E_ACCEPTED:
            known.accepted_us = event[AT]
        elif kind == c.E_WRAPPING:
            known.wrap_up_ends_us = event[UNTIL]
        else:
            known.ended_us = event[AT]

    def _drop_oldest(self) -> None:
        """Forget the oldest ended offer; open ones are kept, as the core still has them."""
        for serial, work in self.works.items():
            if work.ended_us:
                del self.works[serial]
                return

    def _forget(self, shard: "Shard", row: int) -> None:
        """Forget a ticket whose row was given back."""
        id_ = shard.directory.forget_ticket(row)
        self.ticket_seq.take(row)
        self.closed_us.take(row)
        if id_ is not None:
            self.decisions.pop(id_, None)
            self._forgotten.append((~row, id_))

    def name_rows(self, shard: "Shard", rows: set[int]) -> list[tuple[int, str]]:
        """Return row and id of the tickets that the batch's events are about; forgotten ones come with ``~row``."""
        tickets = shard.directory.tickets
        for work, row in self._unnamed:
            self._name(work, tickets.at(row))
        self._unnamed.clear()
        named = [(row, id_) for row in sorted(rows) if (id_ := tickets.find(row)) is not None]
        named += self._forgotten
        self._forgotten = []
        return named

    def _name(self, work: Work, ticket: str) -> None:
        """Note whose offer it is, and that its decision was about that ticket."""
        work.ticket = ticket
        if work.decision:
            decisions = self.decisions.setdefault(ticket, [])
            if not decisions or decisions[-1] != work.decision:
                decisions.append(work.decision)
                del decisions[:-DECISIONS_KEPT_MAX]

    # -- answers -------------------------------------------------------------------------------------------------------

    def answer(self, call: Call) -> Reply | None:
        """Return the answer to an earlier call with the same key, or a refusal when the key was used for another."""
        key = call.idempotency_key
        if key is None:
            return None
        kept = self._answers.get(key)
        if kept is None:
            return None
        if kept[0] != call.fingerprint:
            return refused("idempotency_mismatch", f"The key {key!r} was used for another request.")
        if not kept[2]:
            return Reply(kept[1], replayed=True)
        version = _versioned(kept[2]).version if kept[1] < REFUSALS_FROM else None
        return Reply(kept[1], msgspec.Raw(kept[2]), version, replayed=True)

    def keep_answer(self, call: Call, reply: Reply, at_us: int) -> None:
        """Keep what a call with a key was answered, so that its repetition gets the same."""
        if call.idempotency_key is None or reply.status >= 500:
            return
        body = msgspec.json.encode(reply.body) if reply.body is not None else b""
        self.learn_answer(call.idempotency_key, call.fingerprint, reply.status, body, at_us)
        self._fresh_answers.append((call.idempotency_key, call.fingerprint, reply.status, body))

    def learn_answer(
        self, key: str, fingerprint: bytes, status: int, body: bytes, at_us: int
    ) -> None:
        """Keep an answer, dropping those that are too old or too many."""
        self._answers[key] = (fingerprint, status, body, at_us)
        while self._answers:
            oldest = next(iter(self._answers))
            if (
                len(self._answers) <= self._answers_max
                and self._answers[oldest][3] > at_us - self._answers_ttl_us
            ):
                return
            del self._answers[oldest]

    def bound_answers(self, most: int, ttl_us: int) -> None:
        """Keep at most so many answers from now on, none for longer."""
        self._answers_max, self._answers_ttl_us = most, ttl_us

    def take_answers(self) -> list[tuple[str, bytes, int, bytes]]:
        """Return the answers that the journal does not have yet."""
        fresh, self._fresh_answers = self._fresh_answers, []
        return fresh

    # -- snapshots -----------------------------------------------------------------------------------------------------

    def dump(self) -> Remembered:
        """Return everything worth keeping in a snapshot, copied: the shard goes on while it is encoded."""
        answers = [(key, *kept) for key, kept in self._answers.items()]
        decisions = {ticket: made.copy() for ticket, made in self.decisions.items()}
        return Remembered(
            list(map(copy, self.works.values())), decisions, self.decision_count, self.last_gap, self._decision,
            dict(self.ticket_seq.filled()), self.agent_seq.copy(), answers,
            dict(self.closed_us.filled()),
        )  # fmt: skip

    def load(self, remembered: Remembered) -> None:
        """Take over what ``dump`` returned."""
        self.works = OrderedDict((work.serial, work) for work in remembered.works)
        self.decisions, self.decision_count = remembered.decisions, remembered.decision_count
        self.last_gap, self._decision = remembered.last_gap, remembered.decision
        self.agent_seq = remembered.agent_seq
        for row, seq in remembered.ticket_seq.items():
            self.ticket_seq.put(row, seq)
        for row, at_us in remembered.closed_us.items():
            self.closed_us.put(row, at_us)
        for key, fingerprint, status, body, at_us in remembered.answers:
            self.learn_answer(key, fingerprint, status, body, at_us)
