"""The fields of requests, replies and messages, read from their types."""

import ast
import functools
import inspect as source
import itertools
from typing import Any, Final, get_args

import msgspec
from msgspec import inspect

from router.http import messages as m
from router.wire import (
    agents,
    decisions,
    events,
    fields,
    found,
    offers,
    policies,
    problems,
    registry,
    signals,
    similar,
    statistics,
    tickets,
)
from router.wire.wording import expected
from tests.docs.tables import table

REQUESTS: Final = (
    tickets.TicketBody, tickets.Requirement, tickets.Language, tickets.RelaxStep, tickets.PreferredAgent, tickets.Sla,
    tickets.TicketsBatch, tickets.CancelBody, tickets.TransferBody, tickets.EscalateBody, tickets.SuspendBody,
    tickets.AssignBody, tickets.ReplyBody, agents.AgentBody, agents.AgentChannel, agents.PresenceBody,
    offers.DeclineBody, offers.DeferBody, offers.CompleteBody, offers.ReleaseBody, registry.SkillBody,
    registry.GroupBody, registry.ChannelBody, registry.CalendarBody, registry.OpenSpan, registry.DayException,
    registry.RegionBody, registry.QueueBody, registry.QueueSla, registry.ServiceLevel, registry.Overflow,
    policies.PolicyBody, decisions.ExplainBody, tickets.TicketsQuery, agents.AgentsQuery, registry.PageQuery,
    events.EventsQuery, signals.SignalsBody, signals.LanguageUse, signals.IntentUse,
    signals.GateUse, signals.LearningUse, signals.AnalyzeBody, signals.Message,
    signals.CorrectBody, signals.InformBody, signals.SaidSignal, signals.ModelBody,
    similar.SimilarQuery, similar.SimilarBody, similar.ArticlesBody,
)  # fmt: skip
"""What clients send, patches aside: a patch has the fields of the whole."""
REPLIES: Final = (
    tickets.Ticket, tickets.Warned, fields.Estimate, tickets.Position, tickets.BatchResult, agents.Agent, offers.Offer,
    offers.Assignment, decisions.Explanation, decisions.Candidate, decisions.Exclusion,
    decisions.ExcludedAgent, decisions.WhyNot,
    decisions.Decision, policies.Policy, policies.PolicyRevision, policies.Validation, statistics.QueueStatistics,
    statistics.Statistics, events.Event, events.EventsPage, problems.Problem, problems.FieldError,
    found.FoundSignal, signals.SignalsView, signals.Analysis, signals.ReadMessage, signals.ReadSignal, signals.Reason,
    signals.Model, signals.TrialView, signals.SliceView, similar.Similar, similar.Hit, similar.SharedWord,
    similar.Articles,
)  # fmt: skip


def requests() -> str:
    """List the fields of everything that clients send."""
    return "\n\n".join(_section(each) for each in REQUESTS)


def replies() -> str:
    """List the fields of what they get."""
    return "\n\n".join(_section(each, is_request=False) for each in REPLIES)


def messages() -> str:
    """List the messages of the socket, the client's first."""
    sides = (("client", (*get_args(m.FromClient), m.Shortcut)), ("server", get_args(m.FromServer)))
    found = "\n\n".join(_message(kind, who) for who, kinds in sides for kind in kinds)
    return found.replace("](#", "](bodies.md#")


def _message(kind: type[msgspec.Struct], who: str) -> str:
    tag = kind.__struct_config__.tag
    named = f"`{tag}`" if tag else "Shortcut"
    said = " ".join((kind.__doc__ or "").split())
    return f"### {named}, from the {who}\n\n{said}\n\n{_fields(kind, is_request=who == 'client')}"


def _section(kind: type[msgspec.Struct], *, is_request: bool = True) -> str:
    said = " ".join((kind.__doc__ or "").split())
    return f"### {kind.__name__}\n\n{said}\n\n{_fields(kind, is_request=is_request)}"


def _fields(kind: type[msgspec.Struct], *, is_request: bool) -> str:
    info: Any = inspect.type_info(kind)
    rows = []
    for field in info.fields:
        said = _description(field.type) or remarks(kind).get(field.name, "")
        name, what = f"`{field.encode_name}`", worded(field.type)
        if is_request:
            rows.append([name, _default(field), what, said])
        else:
            rows.append([name, what + ("; may be absent" if _may_be_absent(field) else ""), said])
    heads = (
        ["field", "default", "expected", "meaning"] if is_request else ["field", "what", "meaning"]
    )
    return table(heads, rows)


def _may_be_absent(field: inspect.Field) -> bool:
    defaults = (field.default, field.default_factory)
    return not field.required and all(each is msgspec.NODEFAULT for each in defaults)


@functools.cache
def remarks(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Return what the text below a field of a struct says about it."""
    body = ast.parse(source.cleandoc("\n" + source.getsource(kind))).body[0].body
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }


def _default(field: inspect.Field) -> str:
    if field.required:
        return "must be given"
    if field.default_factory is not msgspec.NODEFAULT:
        made = field.default_factory()
        return f"`{made!r}`" if made in ({}, (), []) else "its own defaults"
    if field.default is msgspec.NODEFAULT:  # UNSET, that is
        return "as it was"
    encoded = msgspec.json.encode(field.default).decode()
    return f"`{encoded}`" if encoded else "`{}`"


def worded(node: Any) -> str:
    """Say what fits a type, naming structs and what collections hold."""
    match node:
        case inspect.Metadata():
            return worded(node.type)
        case inspect.IntType() if node.le == EXACT_MAX:
            return "an integer, at most 2^53" if node.ge == 0 else expected(node)
        case inspect.StructType():
            return (
                f"[{node.cls.__name__}](#{node.cls.__name__.lower()})"
                if node.cls in LISTED
                else node.cls.__name__
            )
        case inspect.UnionType():
            return " or ".join(worded(each) for each in node.types)
        case inspect.VarTupleType():
            return f"{expected(node)}: {worded(node.item_type)}"
        case inspect.ListType():
            return f"a list: {worded(node.item_type)}"
        case inspect.DictType():
            return f"{expected(node)}: {worded(node.value_type)} by name"
        case inspect.AnyType() | inspect.RawType():
            return "anything"
        case _:
            return expected(node)


EXACT_MAX: Final = problems.EXACT_MAX
LISTED: Final = frozenset((*REQUESTS, *REPLIES))


def _description(node: Any) -> str:
    """Return what a type's annotations say about a field."""
    while isinstance(node, inspect.Metadata | inspect.UnionType):
        if isinstance(node, inspect.UnionType):
            found = [_description(each) for each in node.types]
            return next((each for each in found if each), "")
        schema = node.extra_json_schema or {}
        if "description" in schema:
            return str(schema["description"])
        node = node.type
    return ""
