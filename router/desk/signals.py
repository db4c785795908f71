"""
Signals of tickets: who is believed, what changes a decision, and what a signal asks of agents.

A statement says what one source found. Whoever stands first in ``PRECEDENCE`` is shown first; what a ticket is
routed by changes only when a person or the client says so, or when what was found later is surer by a margin, so
that two models of about the same opinion do not send a ticket to and fro.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, cast

import msgspec

from router.core.limits import PRIORITY_MAX
from router.desk.languages import look_up
from router.directory import LANGUAGE, QUEUE, SIGNALS, SKILL
from router.signals.kinship import kinship
from router.wire.fields import REQUIREMENTS_MAX, instant_text
from router.wire.found import NAMES, Statement
from router.wire.signals import IntentUse, LanguageUse, SignalsBody
from router.wire.tickets import Language, TicketBody

if TYPE_CHECKING:
    from router.directory import Directory
    from router.shard import Shard

CONFIG: Final = "signals"
"""The id of the one document that says what signals do."""
PRECEDENCE: Final = MappingProxyType(
    {"correction": 0, "upstream": 1, "tier1": 2, "tier0": 3, "default": 4}
)
"""Who is believed first."""
SAID: Final = frozenset({"correction", "upstream"})
"""Sources that say rather than guess: no margin is asked of them."""
ORDER: Final = MappingProxyType({name: at for at, name in enumerate(NAMES)})
UNDETERMINED: Final = "und"
"""The language of a text in none (ISO 639-2)."""
NEARNESS_MIN: Final = 0.5
"""How far a language must be understood by who speaks another, for that one to be asked for instead."""
NO_USE: Final = SignalsBody()

Statements = tuple[Statement, ...]


# -- who is believed -----------------------------------------------------------------------------------------------


def upstream_of(body: TicketBody) -> list[Statement]:
    """Return what the client's own signals say of ours, by the same names."""
    found = []
    for name in NAMES:
        value = body.signals.get(name)
        if isinstance(value, str) and value:
            sure = body.signals.get(f"{name}_probability", 1.0)
            probability = min(1.0, max(0.0, sure)) if isinstance(sure, float | int) else 1.0
            found.append(Statement(name, value, probability, level_of(probability), "upstream"))
    return found


def level_of(probability: float) -> str:
    """Return how sure a client's probability is; models bring levels of their own."""
    return "high" if probability >= 0.9 else "medium" if probability >= 0.6 else "low"


def combined(
    old: Statements, fresh: Iterable[Statement], margin: float, at_us: int, *, anew: bool = False
) -> Statements:
    """
    Return what is known of a ticket after ``fresh`` statements, and by which of them it is routed.

    A fresh statement replaces the one of its source; ``anew`` says that they are about another text, so what models
    found in the one before is forgotten, except what the ticket is routed by as long as it is.
    """
    kept = {(s.name, s.source): s for s in old if not (anew and s.source not in SAID)}
    for statement in fresh:
        now = msgspec.structs.replace(statement, at_us=statement.at_us or at_us)
        kept[now.name, now.source] = now
    by_name: dict[str, list[Statement]] = {}
    for statement in kept.values():
        by_name.setdefault(statement.name, []).append(statement)
    routed_by = {s.name: s for s in old if s.applied}
    found: list[Statement] = []
    for name in sorted(by_name, key=lambda name: ORDER.get(name, len(ORDER))):
        found += ranked(by_name[name], routed_by.get(name), margin)
    return tuple(found)


def ranked(known: list[Statement], before: Statement | None, margin: float) -> list[Statement]:
    """Return the statements about one signal, first believed first, the one to route by marked."""
    known.sort(key=rank_of)
    first = known[0]
    chosen = first
    if first.source not in SAID and before is not None and before.source not in SAID:
        is_surer = first.probability >= before.probability + margin
        if first.value != before.value and before.source != "default" and not is_surer:
            chosen = next((s for s in known if s.value == before.value), before)
            if chosen is before and before not in known:
                known.append(before)
                known.sort(key=rank_of)
    return [msgspec.structs.replace(statement, applied=statement is chosen) for statement in known]


def heard(
    shard: "Shard",
    body: TicketBody,
    fresh: Statements | None,
    old: Statements,
    was: TicketBody | None,
) -> Statements:
    """
    Return what is known of a ticket as a client describes it now.

    ``fresh`` is what was found in its message, None when no message came; ``was`` the description before.
    """
    if not (fresh or old or body.signals):
        return ()
    said = upstream_of(body) if body.signals else []
    if fresh and not (old or said):  # a new ticket: nobody else to be believed
        at_us = shard.at_us
        return tuple(
            [
                Statement(s.name, s.value, s.probability, s.level, s.source, s.model, at_us, True)
                for s in fresh
            ]
        )
    if was is not None and was.signals != body.signals:
        named = {statement.name for statement in upstream_of(was)}
        old = tuple(s for s in old if not (s.source == "upstream" and s.name in named))
    elif old:
        said = [
            s for s in said if not any(o.source == "upstream" and o.name == s.name for o in old)
        ]
    margin = config_of(shard.directory).margin
    return combined(old, (*said, *(fresh or ())), margin, shard.at_us, anew=fresh is not None)


def as_of(found: Statements, at: str, margin: float) -> Statements:
    """
    Return what was known of a ticket at an instant, and by which of it it was routed then.

    Statements are told anew in the order in which they came. One that its own source replaced since is not kept, so
    it is missing here.
    """
    known: Statements = ()
    for statement in sorted(found, key=lambda each: each.at_us):
        if instant_text(statement.at_us) <= at:
            known = combined(known, (statement,), margin, statement.at_us)
    return known


def rank_of(statement: Statement) -> tuple[bool, int, float]:
    """Return who is believed before whom; who could not tell gives way to any that could."""
    return (
        statement.value == UNDETERMINED,
        PRECEDENCE[statement.source],
        -statement.probability,
    )


def withdrawn(old: Statements, names: Iterable[str]) -> Statements:
    """Return statements without the corrections of some signals; nothing is routed by those any more."""
    gone = frozenset(names)
    return tuple(s for s in old if not (s.source == "correction" and s.name in gone))


# -- what it asks of agents ----------------------------------------------------------------------------------------


def config_of(directory: "Directory") -> SignalsBody:
    """Return what signals do in this workspace."""
    document = directory.document(SIGNALS, CONFIG)
    return NO_USE if document is None else cast("SignalsBody", document.body)


def asked(shard: "Shard", body: TicketBody, found: Statements) -> TicketBody:
    """
    Return what a ticket asks for, its signals included: the client's description where it says something itself.

    What the configuration names and nobody configured any more is left out; signals refuse no ticket.
    """
    directory = shard.directory
    use = config_of(directory)
    if use is NO_USE:
        return body
    by_name = {statement.name: statement for statement in found if statement.applied}
    changes: dict[str, object] = {}
    if body.language is None and use.language is not None:
        language = language_asked(directory, use.language, by_name.get("language"))
        if language is not None:
            changes["language"] = language
    intent = counted(by_name.get("intent"), use.intent_least)
    if intent is not None and intent.value in use.intents:
        changes |= intent_asked(directory, body, use, use.intents[intent.value])
    urgency = counted(by_name.get("urgency"), use.urgency_least)
    steps = 0 if urgency is None else use.urgency.get(urgency.value, 0)
    if steps and body.priority is None:
        queue = directory.document(QUEUE, str(changes.get("queue", body.queue)))
        if queue is not None:
            priority = queue.body.default_priority + steps
            changes["priority"] = min(PRIORITY_MAX, max(0, priority))
    return msgspec.structs.replace(body, **changes) if changes else body


def counted(statement: Statement | None, least: float) -> Statement | None:
    """Return a statement that is said, or sure enough to count; else None."""
    if statement is None or statement.source in SAID or statement.probability >= least:
        return statement
    return None


def language_asked(
    directory: "Directory", use: LanguageUse, statement: Statement | None
) -> Language | None:
    """Return the language to ask for; one that nobody speaks cannot be asked for."""
    known = counted(statement, use.least)
    if known is not None and known.value != UNDETERMINED:
        tag, nearness = understood_as(directory, known.value)
        is_sure = known.source in SAID or known.level == "high"
        if nearness >= NEARNESS_MIN:
            mode = use.mode if is_sure and nearness == 1.0 else "preferred"
            return Language(tag=tag, min_level=use.min_level, mode=mode)
    if use.default is not None and look_up(directory, use.default) >= 0:
        return Language(tag=use.default, min_level=use.min_level, mode="preferred")
    return None


def understood_as(directory: "Directory", tag: str) -> tuple[str, float]:
    """Return the language in which a message is understood best by those who are here, and how well, 0 to 1."""
    if look_up(directory, tag) >= 0:
        return tag, 1.0
    spoken = directory.names[LANGUAGE].ids
    return max(((each, kinship(tag, each)) for each in spoken), key=nearest, default=(tag, 0.0))


def nearest(found: tuple[str, float]) -> tuple[float, int]:
    """Return how near a language is; of equals the plainest tag, ``es`` before ``es-MX``."""
    return found[1], -len(found[0])


def intent_asked(
    directory: "Directory", body: TicketBody, use: SignalsBody, intent: IntentUse
) -> Mapping[str, object]:
    """Return the queue and the skills that an intent adds to a description."""
    changes: dict[str, object] = {}
    queue = intent.queue
    if queue is not None and body.queue in use.intake and directory.document(QUEUE, queue):
        changes["queue"] = queue
    named = {requirement.skill for requirement in body.requirements}
    more = tuple(
        requirement
        for requirement in intent.requirements
        if requirement.skill not in named and directory.document(SKILL, requirement.skill)
    )
    if more:
        changes["requirements"] = (body.requirements + more)[:REQUIREMENTS_MAX]
    return changes


def same_say(found: Statements, other: Statements) -> bool:
    """Tell whether two lists of statements say the same; when they were made does not matter."""
    return [plain(s) for s in found] == [plain(s) for s in other]


def plain(statement: Statement) -> Statement:
    """Return a statement without its instant."""
    return msgspec.structs.replace(statement, at_us=0)


def without_text(body: TicketBody) -> TicketBody:
    """Return a description without the message: it is read, not kept."""
    if body.text is msgspec.UNSET and body.subject is msgspec.UNSET:
        return body
    return msgspec.structs.replace(body, text=msgspec.UNSET, subject=msgspec.UNSET)
