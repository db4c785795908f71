"""Explanations in a few lines of plain words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from router.core.codes import KEY_VALUE
from router.core.limits import SECOND_US, TIME_US_MAX
from router.explain.case import Candidate, Case, outcome_of
from router.explain.exclusions import Reason
from router.explain.joint import Slot
from router.wire.fields import instant_text

SHOWN_MAX = 3
"""Better candidates that a text names."""
SLOTS: Final = {"language": "with {}", "skill": "with {}", "queue": "in {}"}
"""How a text names slots of a kind."""


def points(thousandths: int) -> str:
    """Write thousandths of a point as points."""
    return f"{thousandths / 1000:.3f}".replace("-", "−")


def counted(count: int, noun: str) -> str:
    """Write a number of things."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def signed(terms: Mapping[str, int]) -> str:
    """Write terms as a sum, those that are 0 left out."""
    shown = [(name.replace(":", " "), worth) for name, worth in terms.items() if worth]
    if not shown:
        return "0"
    (name, worth), *rest = shown
    text = f"{name} {points(worth)}"
    return text + "".join(f" {'+' if w > 0 else '−'} {n} {points(abs(w))}" for n, w in rest)


def render(case: Case) -> str:
    """Return the case of a ticket as a few sentences, one a line."""
    return "\n".join(
        [
            _outcome(case),
            *_chosen(case),
            *_better(case),
            *_barred(case),
            *_whole(case),
            *_more(case, case.slots),
        ]
    )


def _outcome(case: Case) -> str:
    ticket, profile = case.sight.row, case.sight.profile
    target_us = int(ticket["target_us"])
    wait_s = max(0, case.sight.at_us - int(ticket["start_us"])) / SECOND_US
    promise = f" of {target_us / SECOND_US:g} s promised" if 0 < target_us < TIME_US_MAX else ""
    stage = f", relaxation step {int(profile['stage'])}" if profile["stage"] else ""
    channel, queue = (
        case.names.channel(int(profile["channel"])),
        case.names.queue(int(profile["queue"])),
    )
    about = f"{case.ticket} ({channel}, {queue}{stage}) at {instant_text(case.sight.at_us)}"
    if case.sight.is_closed:
        by = f" by {case.decided.ended_by}" if case.decided.ended_by else ""
        return f"{about}: {case.sight.ending}{by}; nobody is asked any more."
    about += f", waited {wait_s:.1f} s{promise}"
    if case.chosen:
        whom = " and ".join(
            f"{case.names.agent(a)} (o-{offer.serial})" for a, offer in case.chosen.items()
        )
        verb = "assigned" if outcome_of(case) == "assigned" else "offered"
        return f"{about}: {verb} to {whom}."
    if not case.candidates(1):
        return f"{about}: waits, as nobody can take it now."
    winner = case.winner()
    if winner and case.sight.policy["key"] == KEY_VALUE and winner.value <= 0:
        return f"{about}: waits, as no agent who could take it is worth the price of the time now."
    return f"{about}: not given to anybody yet; first choice {winner.agent if winner else None}."


def _chosen(case: Case) -> list[str]:
    winner = case.winner()
    if winner is None:
        return []
    lines = [f"{winner.agent}: {points(winner.value)} = {signed(winner.terms)}."]
    if winner.rank:
        by = f" ({winner.key})" if winner.key else ""
        lines.append(
            f"Rank {winner.rank} of {counted(len(case.rows), 'candidate')} under {case.policy},"
            f" revision {case.revision}{by}."
        )
    else:
        lines.append(f"No candidate any more: {_told(case.reasons(winner.row))}.")
    return lines


def _better(case: Case) -> list[str]:
    """Say why those ranked before the chosen one did not get the ticket."""
    winner = case.winner()
    if winner is None or winner.rank <= 1 or not case.chosen:
        return []
    ahead = case.candidates(winner.rank - 1)[: winner.rank - 1]
    lines = [_instead(each, winner) for each in ahead[:SHOWN_MAX]]
    if len(ahead) > SHOWN_MAX:
        lines.append(f"{winner.rank - 1 - SHOWN_MAX} more were ahead.")
    if not any(each.went_to for each in ahead):
        lines.append(f"{winner.agent} had just gained room, and this ticket came first for it.")
    return lines


def _instead(other: Candidate, winner: Candidate) -> str:
    """Say what another candidate would have been worth, and where it went."""
    text = f"{other.agent} was worth {points(other.value)} here"
    if other.went_to and other.worth_there is not None:
        text += f", {_more_than(other.worth_there, other.value)} to {other.went_to}, and went there"
    elif other.went_to:
        text += f" and went to {other.went_to}"
    if other.price is None or winner.price is None:
        return f"{text}."
    return (
        f"{text}. Less its price to other tickets that leaves"
        f" {points(other.value - other.price)} ({points(other.value)} − {points(other.price)});"
        f" {winner.agent} leaves {points(winner.value - winner.price)}"
        f" ({points(winner.value)} − {points(winner.price)})."
    )


def _barred(case: Case) -> list[str]:
    total = sum(case.counts.values())
    if not total or case.sight.is_closed:
        return []
    listed = ", ".join(f"{count} by {_plain(name)}" for name, count in case.counts.items())
    return [f"{counted(total, 'agent')} excluded: {listed}."]


def _whole(case: Case) -> list[str]:
    verdict = case.decided.verdict
    if verdict is None:
        return []
    proof = "no better one exists" if verdict.gap == 0 else f"at most {points(verdict.gap)} better"
    return [
        f"Decision d-{verdict.seq}: {counted(verdict.tickets, 'ticket')},"
        f" {counted(verdict.pairs, 'pair')}, worth {points(verdict.primal)}; {proof}."
    ]


def _more_than(worth: int, than: int) -> str:
    if worth == than:
        return "as much"
    return f"{points(abs(worth - than))} {'more' if worth > than else 'less'}"


def _more(case: Case, slots: Iterable[Slot]) -> list[str]:
    """Say what one more slot would have brought the decision."""
    return [
        f"One more slot {SLOTS[slot.kind].format(slot.id)} would have been worth {points(slot.value)}"
        f" ({case.names.agent(slot.agent)})."
        for slot in slots
    ]


def render_decision(cases: Sequence[Case]) -> str:
    """Return a decision as a few sentences, one a line: what it is worth, who got what, what was short."""
    first = cases[0]
    joint = first.decided.joint
    slots = joint.market.slots if joint and joint.market else ()
    given = [f"{case.ticket}: {_given(case)}." for case in cases if case.chosen]
    return "\n".join([*_whole(first), *given, *_more(first, slots)])


def _given(case: Case) -> str:
    return " and ".join(
        f"{case.names.agent(a)} (o-{offer.serial}), worth {points(offer.value)}"
        for a, offer in case.chosen.items()
    )


def compare(case: Case, agent: str, other: Candidate | None, reasons: list[Reason]) -> str:
    """Answer "why not this agent" in a sentence or two."""
    if other is None:
        return f"{agent} cannot take {case.ticket}: {_told(reasons)}."
    winner = case.winner()
    if winner is None or winner.row == other.row:
        verb = "got" if case.chosen else "is the first choice for"
        return f"{agent} {verb} {case.ticket}."
    if other.row in case.chosen:
        return f"{agent} was offered {case.ticket} too."
    lines = [_difference(other, winner)]
    if other.key and winner.key:
        lines.append(f"{case.policy} compares: {other.key} against {winner.key} of {winner.agent}.")
    if other.went_to or (other.price and winner.price is not None):
        lines.append(_instead(other, winner))
    return "\n".join(lines)


def _told(reasons: list[Reason]) -> str:
    return "; ".join(f"{_plain(each.code)} ({each.detail})" for each in reasons)


def _plain(name: str) -> str:
    """Write the name of a constraint, with the skill meant, in words."""
    code, _, subject = name.partition(":")
    words = code.replace("_", " ")
    return f"{words} in {subject}" if subject else words


def difference(other: Candidate, winner: Candidate) -> dict[str, int]:
    """Return, term by term, by how much another candidate is worth more (or less) than the winner."""
    names = [*winner.terms, *(name for name in other.terms if name not in winner.terms)]
    every = {name: other.terms.get(name, 0) - winner.terms.get(name, 0) for name in names}
    return {name: gap for name, gap in every.items() if gap}


def _difference(other: Candidate, winner: Candidate) -> str:
    terms, gap = difference(other, winner), other.value - winner.value
    if not terms:
        return f"{other.agent} and {winner.agent} are worth the same, {points(winner.value)}."
    text = f"{other.agent} {points(other.value)}, {winner.agent} {points(winner.value)}"
    return f"{text}; the difference {points(gap)} = {signed(terms)}."
