"""Questions about decisions: why this agent, why not that one; now and then."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from numpy.typing import NDArray

from router.core import codes as c
from router.core.machine import Batch
from router.desk.conditions import unknown, validation_failed
from router.desk.later import Later
from router.desk.paging import cursor_of, limit_of, start_of
from router.desk.references import missing
from router.desk.signals import as_of, config_of
from router.desk.views import found_view
from router.directory import (
    AGENT,
    CHANNEL,
    GROUP,
    LANGUAGE,
    QUEUE,
    REGION,
    SKILL,
    TICKET,
    Directory,
)
from router.explain import explain
from router.explain.answer import answer, answer_decision
from router.explain.case import Case
from router.explain.rewind import Loader, UnknownDecisionError, explain_decision
from router.wire import decisions as wire
from router.wire.calls import Call, Reply, refused
from router.wire.problems import wrong

if TYPE_CHECKING:
    from router.shard import Shard

Snapshot = Mapping[str, NDArray[Any]]
PAGE_MAX: Final = 10
"""Past decisions explained in one answer; each is looked up in the journal."""


class Names:
    """What the numbers of the core are called now; see ``router.explain.names``."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def _of(self, kind: int, index: int) -> str:
        if index < 0:
            raise LookupError(f"number {index} is nobody's")
        return self._directory.id_of(kind, index)

    def agent(self, row: int) -> str:
        """Return the id of the agent in a row."""
        return self._of(AGENT, row)

    def ticket(self, row: int) -> str:
        """Return the id of the ticket in a row."""
        return self._directory.tickets.at(row)

    def skill(self, index: int) -> str:
        """Return the id of a skill."""
        return self._of(SKILL, index)

    def language(self, index: int) -> str:
        """Return the tag of a language."""
        return self._of(LANGUAGE, index)

    def group(self, index: int) -> str:
        """Return the id of a group."""
        return self._of(GROUP, index)

    def region(self, index: int) -> str:
        """Return the id of a region."""
        return self._of(REGION, index)

    def queue(self, index: int) -> str:
        """Return the id of a queue."""
        return self._of(QUEUE, index)

    def channel(self, index: int) -> str:
        """Return the id of a channel."""
        return self._of(CHANNEL, index)


class PastNames(Names):
    """What the numbers were called: all names stay but those of tickets, whose rows are used again."""

    def __init__(self, shard: "Shard", load: Loader) -> None:
        super().__init__(shard.directory)
        self._works = shard.history.works
        self._load = load
        self._batches: list[Batch] = []
        self._tickets: dict[int, str] = {}

    def load(self, seq: int) -> tuple[Snapshot | None, Iterable[Batch]]:
        """Load as the shard's rewinder does, and keep the last batch, which holds the decision's offers."""
        snapshot, batches = self._load(seq)
        return snapshot, self._kept(batches)

    def _kept(self, batches: Iterable[Batch]) -> Iterable[Batch]:
        for batch in batches:
            self._batches = [batch]
            self._tickets.clear()
            yield batch

    def ticket(self, row: int) -> str:
        """Return the id of a ticket that was in a row: by its offers, or else as it is now."""
        if not self._tickets:
            for batch in self._batches:
                for event in batch.events[batch.events["kind"] == c.E_OFFERED]:
                    work = self._works.get(int(event["serial"]))
                    if work is not None:
                        self._tickets[int(event["ticket"])] = work.ticket
        return self._tickets.get(row) or super().ticket(row)


def unreadable() -> Reply:
    """Refuse a question about the past where no journal is kept."""
    return refused("not_ready", "Decisions of the past cannot be read here: no journal is kept.")


def cases_of(shard: "Shard", seq: int, ticket: int | None = None) -> list[Case] | None:
    """Return what a past decision did, for all its tickets or the one in a row; None when it cannot be read."""
    assert shard.rewinder is not None
    names = PastNames(shard, shard.rewinder)
    try:
        return explain_decision(names.load, seq, names, ticket)
    except UnknownDecisionError:
        return None


def add_signals(shard: "Shard", explanation: wire.Explanation) -> wire.Explanation:
    """
    Add what was known of a ticket's message at the instant of an explanation, and say it in a line.

    Another thread may call it: documents are looked at, not kept.
    """
    document = shard.directory.documents[TICKET].peek(explanation.ticket)
    if document is None or not document.found:
        return explanation
    margin = config_of(shard.directory).margin
    found = as_of(document.found, explanation.at, margin)
    explanation.signals = [found_view(statement) for statement in found]
    shown = [
        f"{s.name} {s.value} ({s.probability:.2f}, {s.source}{f', {s.model}' if s.model else ''})"
        for s in found
        if s.applied
    ]
    if shown:
        explanation.text += f"\nIts message: {'; '.join(shown)}."
    return explanation


def get_decision(shard: "Shard", call: Call) -> Reply | Later:
    """Read a decision, explained."""
    if shard.rewinder is None:
        return unreadable()
    number = call.id.partition("-")[2]
    if not number.isdecimal():
        return unknown("decision", call.id)

    def work() -> Reply:
        cases = cases_of(shard, int(number))
        if not cases:
            return unknown("decision", call.id)
        decision = answer_decision(cases)
        for explanation in decision.explanations:
            add_signals(shard, explanation)
        return Reply(200, decision)

    return Later(work)


def list_decisions(shard: "Shard", call: Call) -> Reply | Later:
    """List the decisions about a ticket, latest first, each explained."""
    row = shard.directory.rows.get(call.id, -1)
    if row < 0:
        return unknown("ticket", call.id)
    if shard.rewinder is None:
        return unreadable()
    start = start_of(call)
    if isinstance(start, Reply):
        return start
    before = int(start) if start.isdecimal() else None
    seqs = reversed(shard.history.decisions.get(call.id, []))
    found = [seq for seq in seqs if before is None or seq < before]
    page = found[: limit_of(call, PAGE_MAX)]
    following = cursor_of(str(page[-1])) if len(found) > len(page) else None

    def work() -> Reply:
        cases = [case for seq in page for case in cases_of(shard, seq, row) or ()]
        items = [add_signals(shard, answer(case)) for case in cases]
        return Reply(200, wire.DecisionsPage(items=items, next=following))

    return Later(work)


def completed_by(shard: "Shard", ticket: str, row: int) -> str:
    """Return who completed a ticket, and as which assignment; nothing when nobody did or that is forgotten."""
    if shard.machine.arrays.tickets[row]["state"] != c.COMPLETED:
        return ""
    for work in reversed(shard.history.works.values()):  # a ticket that was closed is a late one
        if work.state == "completed" and work.ticket == ticket:
            return f"{work.agent} (a-{work.serial})"
    return ""


def explain_now(shard: "Shard", call: Call) -> Reply:
    """Explain a ticket as things are now, and why not the agent asked for."""
    body = cast("wire.ExplainBody", call.body)
    row = shard.directory.rows.get(body.ticket, -1)
    errors = missing(shard.directory, AGENT, [("/agent", body.agent)])
    if row < 0:
        errors.insert(0, wrong("/ticket", "Expected a ticket that exists.", body.ticket))
    if errors:
        return validation_failed(errors)
    agent = None if body.agent is None else shard.directory.index(AGENT, body.agent)
    by = completed_by(shard, body.ticket, row)
    case = explain(shard.machine, row, Names(shard.directory), shard.at_us, by)
    return Reply(200, add_signals(shard, answer(case, agent)))


WHY: Final[dict[str, Callable[["Shard", Call], Reply | Later]]] = {
    "tickets.decisions": list_decisions,
    "decisions.get": get_decision,
    "decisions.explain": explain_now,
}
