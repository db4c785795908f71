"""The table of calls."""

import pytest

from router.desk.calls import CALLS, ENGINE_CALLS, joined
from router.shard import Shard
from router.wire.calls import Call
from router.wire.routes import BY_NAME


def test_every_route_is_answered_by_the_desk_or_by_the_engine():
    """No route is left without an answer, none has two."""
    assert CALLS.keys() | ENGINE_CALLS.keys() == BY_NAME.keys()
    assert CALLS.keys().isdisjoint(ENGINE_CALLS)


def test_what_the_engine_answers_says_why():
    """A route is left to the engine for a reason, and only if it changes nothing that the journal has."""
    for name, reason in ENGINE_CALLS.items():
        assert reason
        assert BY_NAME[name].is_query or name == "tickets.erase"


def test_two_handlers_of_one_call_are_a_bug():
    """Tables that both have a name are not joined silently."""
    with pytest.raises(AssertionError, match="twice"):
        joined({"a": 1}, {"a": 2})


@pytest.mark.parametrize("name", [*ENGINE_CALLS, "tickets.steal"])
def test_a_shard_refuses_what_is_not_its_own(name):
    """A call that is no shard's is refused, not an error of the server."""
    shard = Shard()
    for reply in (shard.admit(Call(name), 1), shard.query(Call(name), 1)):
        assert reply.problem.code == "unknown_route"
