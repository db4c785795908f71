"""Who answers which call: every route of the table is here or, with a reason, in ``ENGINE_CALLS``."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from router.desk.agents import AGENTS
from router.desk.articles import ARTICLE_CALLS
from router.desk.batches import BATCHES
from router.desk.models import MODELS
from router.desk.policies import POLICIES
from router.desk.presence import PRESENCE
from router.desk.reading import READING
from router.desk.registry import FAMILIES, conducted
from router.desk.signal_calls import SIGNAL_CALLS
from router.desk.tickets import TICKETS
from router.desk.works import WORKS

if TYPE_CHECKING:
    from router.desk.outcome import ComeAgain
    from router.shard import Finish, Shard
    from router.wire.calls import Call, Reply

    Handler = Callable[[Shard, Call], Reply | Finish | ComeAgain]

ENGINE_CALLS: Final = MappingProxyType(
    {
        "events.list": "events are read from the journal and its feed",
        "signals.analyze": "models lie with the engine; the shard knows what they said",
        "signals.similar": "texts lie with the engine; the shard has none",
        "tickets.similar": "texts lie with the engine; the shard has none",
        "tickets.erase": "texts lie with the engine; the shard has none",
        "stream.open": "a connection is the transport's",
        "livez.get": "whether the process lives is not a tenant's business",
        "readyz.get": "whether journals are open is the engine's knowledge",
        "metrics.get": "metrics are of the process",
        "openapi.get": "the document follows from the table of routes alone",
    }
)
"""Routes that no shard answers, and why."""


def joined(*tables: Mapping[str, Any]) -> dict[str, Any]:
    """Join tables that have no name in common."""
    found: dict[str, Any] = {}
    for table in tables:
        assert found.keys().isdisjoint(table), f"twice: {found.keys() & table.keys()}"
        found.update(table)
    return found


CALLS: Final[Mapping[str, "Handler"]] = MappingProxyType(
    joined(
        TICKETS,
        BATCHES,
        WORKS,
        AGENTS,
        PRESENCE,
        *(conducted(name) for name in FAMILIES),
        POLICIES,
        SIGNAL_CALLS,
        MODELS,
        ARTICLE_CALLS,
        READING,
    )
)
"""The handler of every call, by its name."""
