"""Parts of the documents that follow from routes, problems, events, stores, metrics and commands."""

from collections.abc import Callable
from itertools import groupby
from typing import Final

from router import published
from router.core import codes
from router.http.messages import SHORTCUTS
from router.main import COMMANDS
from router.metrics import METRICS
from router.stores import STORES
from router.stores import errors as errors_of_stores
from router.wire.events import EVENT_TYPES
from router.wire.problems import PROBLEMS
from router.wire.route import Route
from router.wire.routes import BY_NAME, ROUTES
from tests.docs.tables import code, first_sentence, table

OPERATORS: Final = "for operators"


def routes() -> str:
    """List every route, a table for each family."""
    found = []
    for family, rows in groupby(ROUTES, lambda r: r.resource if r.is_versioned else OPERATORS):
        found.append(f"### {family[0].upper()}{family[1:]}")
        found.append(
            table(["route", "call", "what it does", "scope", "refused as"], map(_row, rows))
        )
    return "\n\n".join(found)


def _row(route: Route) -> list[str]:
    own = [*route.refusals]
    if route.is_conditional and not route.is_query:
        own += [each for each in ("etag_mismatch", "already_exists") if each in route.problems]
    scope = f"`{route.scope}`" if route.scope else "none"
    return [f"`{route.method}` `{route.path}`", f"`{route.name}`", route.summary, scope, code(own)]


def problems() -> str:
    """List every problem with where it can come from and what to do."""
    rows = []
    for name, kind in PROBLEMS.items():
        rows.append([f"`{name}`", str(kind.status), kind.title, _origin(name), kind.advice])
    return table(["code", "status", "when", "of which calls", "what to do"], rows)


def _origin(name: str) -> str:
    can = {route.name for route in ROUTES if name in route.problems}
    if not can:
        return "what is not in the table" if name in PATHLESS else "reserved for several servers"
    for said, rule in ORIGINS.items():
        if can == {route.name for route in ROUTES if rule(route)}:
            return said
    return (
        code(route.name for route in ROUTES if route.name in can)
        if len(can) <= LISTED_MAX
        else "most"
    )


PATHLESS: Final = frozenset({"unknown_route", "method_not_allowed"})
LISTED_MAX: Final = 12
ORIGINS: Final[dict[str, Callable[[Route], bool]]] = {
    "all": lambda route: True,
    "with a key": lambda route: route.scope is not None,
    "with a body": lambda route: route.body is not None,
    "about one thing": lambda route: "{id}" in route.path,
    "changes": lambda route: not route.is_query,
    "POSTs that change something": lambda route: route.takes_idempotency_key,
    "changes of what has a version": lambda route: route.is_conditional and not route.is_query,
}
"""Groups of calls that share problems."""


def events() -> str:
    """List every type of event that is published, and its particulars."""
    ends = dict.fromkeys(published.CLOSED_AS.values(), published.DATA[codes.E_CLOSED])
    data = {name: published.DATA[kind] for kind, name in codes.EVENTS.items()} | ends
    rows = (
        [
            f"`{name}`",
            said,
            "" if data[name] is published.nothing else _fact(data[name].__doc__ or ""),
        ]
        for name, said in EVENT_TYPES.items()
        if name in published.TYPES
    )
    return table(["type", "what it says", "what `data` holds"], rows)


def shortcuts() -> str:
    """List what a desk may say for short over the socket."""
    rows = ([f"`{short}`", f"`{name}`", BY_NAME[name].summary] for short, name in SHORTCUTS.items())
    return table(["type", "stands for the call", "what it does"], rows)


def commands() -> str:
    """List the commands of the command line."""
    rows = ([f"`cordboard {name}`", command.about] for name, command in COMMANDS.items())
    return table(["command", "what it does"], rows)


def metrics() -> str:
    """List the metrics."""
    rows = ([f"`{name}`", row.kind, code(row.labels), row.about] for name, row in METRICS.items())
    return table(["metric", "kind", "labels", "what it says"], rows)


def stores() -> str:
    """List the stores."""
    rows = ([f"`{name}`", first_sentence(made.__doc__)] for name, made in STORES.items())
    return table(["store", "what it does"], rows)


def store_errors() -> str:
    """List how a store says no."""
    found = [
        each
        for each in vars(errors_of_stores).values()
        if isinstance(each, type)
        and issubclass(each, errors_of_stores.StoreError)
        and each is not errors_of_stores.StoreError
    ]
    rows = ([f"`{each.__name__}`", _fact(first_sentence(each.__doc__))] for each in found)
    return table(["error", "meaning"], rows)


def _fact(sentence: str) -> str:
    """Turn "Say that something is so." into the fact itself."""
    plain = sentence.removeprefix("Say that ").removeprefix("Say ")
    return plain[:1].upper() + plain[1:]
