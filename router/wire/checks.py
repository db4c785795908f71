"""What types cannot say: relations between fields, duplicates, patterns that are dear in a decoder.

Each check takes a decoded body and returns every error it finds. A body whose types were wrong is
checked too, as far as it was readable: a required field that was not is None then.
"""

import re
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType

from msgspec import UNSET, UnsetType

from router.wire.agents import AgentBody, AgentPatch, PresenceBody
from router.wire.fields import ID_PATTERN, LANGUAGE_TAG_PATTERN, TIME_US_MAX, microseconds
from router.wire.problems import FieldError, wrong
from router.wire.registry import CalendarBody, ChannelBody, QueueBody
from router.wire.signals import AnalyzeBody, CorrectBody, InformBody, SignalsBody
from router.wire.similar import SimilarBody
from router.wire.tickets import (
    BatchTicket,
    EscalateBody,
    RelaxStep,
    SuspendBody,
    TicketBody,
    TicketPatch,
    TransferBody,
)

__all__ = ["CHECKS", "all_well", "check", "is_id", "is_language_tag", "pointer_part"]

_id = re.compile(ID_PATTERN).fullmatch
_language_tag = re.compile(LANGUAGE_TAG_PATTERN).fullmatch
_ID_EXPECTED = "Expected a letter or digit, then letters, digits and . _ : @ + - only."

Checker = Callable[..., list[FieldError]]
Asking = TicketBody | TicketPatch | TransferBody


def is_id(text: str) -> bool:
    """Tell whether a text can be an id: 1 to 128 characters of the pattern."""
    return len(text) <= 128 and _id(text) is not None


@lru_cache(maxsize=1024)
def is_language_tag(text: str) -> bool:
    """Tell whether a text has the form of a BCP 47 tag."""
    return _language_tag(text) is not None


def pointer_part(key: object) -> str:
    """Escape one step of a JSON pointer (RFC 6901), slash included."""
    return "/" + str(key).replace("~", "~0").replace("/", "~1")


def check(body: object) -> list[FieldError]:
    """Return everything wrong with a body that its types do not say; empty when nothing is."""
    checker = CHECKS.get(type(body))
    return checker(body) if checker else []


def _repeated(values: Collection[str] | UnsetType | None, at: str) -> list[FieldError]:
    if not values or len(values) < 2 or len(set(values)) == len(values):
        return []
    seen: set[str] = set()
    errors = []
    for index, value in enumerate(values):
        if value in seen:
            errors.append(wrong(f"{at}/{index}", "Expected each only once.", value))
        seen.add(value)
    return errors


def _instant(instant: datetime | UnsetType | None, at: str) -> list[FieldError]:
    if not instant or 0 <= microseconds(instant) <= TIME_US_MAX:
        return []
    return [wrong(at, "Expected an instant from 1970 to 2255.", instant.isoformat())]


def _tag(tag: str, at: str) -> list[FieldError]:
    if is_language_tag(tag):
        return []
    return [wrong(at, "Expected a BCP 47 language tag such as pt-BR.", tag)]


def _relax(steps: Iterable[RelaxStep], at: str) -> list[FieldError]:
    errors = []
    last_s = -1.0
    for index, step in enumerate(steps):
        if step.after_s <= last_s:
            detail = f"Expected more than the step before, {last_s:g} s."
            errors.append(wrong(f"{at}/{index}/after_s", detail, step.after_s))
        last_s = step.after_s
        if len(step.drop) > 1:
            errors += _repeated(step.drop, f"{at}/{index}/drop")
        if len(step.groups_add) > 1:
            errors += _repeated(step.groups_add, f"{at}/{index}/groups_add")
    return errors


def _repeated_in(values: list[str], at: str, field: str) -> list[FieldError]:
    errors = _repeated(values, at)
    return [wrong(f"{error.pointer}/{field}", error.detail, error.value) for error in errors]


def _asking(body: Asking) -> list[FieldError]:
    # Every ticket comes through here: what cannot be wrong is not called for.
    errors = []
    if body.language and body.language.tag:
        errors += _tag(body.language.tag, "/language/tag")
    if body.requirements and len(body.requirements) > 1:
        skills = [requirement.skill for requirement in body.requirements]
        errors += _repeated_in(skills, "/requirements", "skill")
    if body.relax:
        errors += _relax(body.relax, "/relax")
    if body.preferred_agents and len(body.preferred_agents) > 1:
        agents = [preferred.agent for preferred in body.preferred_agents]
        errors += _repeated_in(agents, "/preferred_agents", "agent")
    if body.groups and len(body.groups) > 1:
        errors += _repeated(body.groups, "/groups")
    return errors


def _ticket(body: TicketBody | TicketPatch) -> list[FieldError]:
    errors = _asking(body)
    if body.virtual_start:
        errors += _instant(body.virtual_start, "/virtual_start")
    if body.start_at:
        errors += _instant(body.start_at, "/start_at")
    return errors


def _batch_ticket(body: BatchTicket) -> list[FieldError]:
    errors = _ticket(body)
    if body.id and not is_id(body.id):
        errors.append(wrong("/id", _ID_EXPECTED, body.id))
    return errors


def all_well(tickets: Collection[BatchTicket]) -> bool:
    """Tell whether no ticket of a batch has an error and no id repeats, without saying which."""
    ids = [ticket.id for ticket in tickets]
    if len(set(ids)) < len(ids) or not all(map(_id, ids)):
        return False
    return not any(map(_ticket, tickets))


def _suspend(body: SuspendBody) -> list[FieldError]:
    return _instant(body.until, "/until")


def _presence(body: PresenceBody) -> list[FieldError]:
    errors = _instant(body.until, "/until")
    if body.then is not None and body.until is None:
        errors.append(wrong("/then", "Expected until beside it: when is then?", body.then))
    return errors


def _agent(body: AgentBody | AgentPatch) -> list[FieldError]:
    errors = _repeated(body.groups, "/groups") + _repeated(body.queues, "/queues")
    for tag in body.languages or ():
        errors += _tag(tag, "/languages" + pointer_part(tag))
    return errors


def _channel(body: ChannelBody) -> list[FieldError]:
    if not (body.interruptible and body.interrupts):
        return []
    # Its own load would never keep it away, so an agent could be given any number.
    return [wrong("/interrupts", "Expected false beside interruptible, or the reverse.", True)]


def _calendar(body: CalendarBody) -> list[FieldError]:
    errors = []
    for index, span in enumerate(body.weekly):
        errors += _repeated(span.days, f"/weekly/{index}/days")
    days = set()
    for index, day in enumerate(body.exceptions):
        at = f"/exceptions/{index}"
        if day.date in days:
            errors.append(wrong(f"{at}/date", "Expected each day only once.", str(day.date)))
        days.add(day.date)
        if (day.open is None) != (day.close is None):
            missing = "open" if day.open is None else "close"
            errors.append(wrong(f"{at}/{missing}", "Expected both open and close, or neither."))
    return errors


def _signals(body: SignalsBody) -> list[FieldError]:
    errors = _repeated(body.languages, "/languages") + _repeated(body.intake, "/intake")
    for index, tag in enumerate(body.languages):
        errors += _tag(tag, f"/languages/{index}")
    if body.language is not None and body.language.default is not None:
        errors += _tag(body.language.default, "/language/default")
    for intent, use in body.intents.items():
        skills = [requirement.skill for requirement in use.requirements]
        errors += _repeated_in(skills, f"/intents{pointer_part(intent)}/requirements", "skill")
    return errors


def _correct(body: CorrectBody) -> list[FieldError]:
    return _tag(body.language, "/language") if body.language else []


def _inform(body: InformBody) -> list[FieldError]:
    return _tag(body.language.value, "/language/value") if body.language else []


def _similar(body: SimilarBody) -> list[FieldError]:
    return _tag(body.language, "/language") if body.language else []


def _analyze(body: AnalyzeBody) -> list[FieldError]:
    errors = []
    for index, message in enumerate(body.messages or ()):
        if message.locale is not None:
            errors += _tag(message.locale, f"/messages/{index}/locale")
    return errors


def _queue(body: QueueBody) -> list[FieldError]:
    errors = _relax(body.relax, "/relax")
    overflow = body.overflow
    if overflow is not None and overflow.after_s is None and overflow.waiting_max is None:
        errors.append(wrong("/overflow", "Expected after_s or waiting_max: when does it overflow?"))
    return errors


CHECKS: MappingProxyType[type, Checker] = MappingProxyType(
    {
        TicketBody: _ticket,
        TicketPatch: _ticket,
        BatchTicket: _batch_ticket,
        TransferBody: _asking,
        EscalateBody: _asking,
        SuspendBody: _suspend,
        PresenceBody: _presence,
        AgentBody: _agent,
        AgentPatch: _agent,
        ChannelBody: _channel,
        CalendarBody: _calendar,
        QueueBody: _queue,
        SignalsBody: _signals,
        CorrectBody: _correct,
        InformBody: _inform,
        AnalyzeBody: _analyze,
        SimilarBody: _similar,
    }
)
"""What is checked beyond types, by kind of body."""
assert not UNSET  # an absent field of a patch is skipped like an empty one
