"""Every kind of bad body gets a named problem that says which field, what value, what expected."""

import msgspec
import pytest

from router.wire.agents import AgentBody, NoBody, PresenceBody
from router.wire.codec import decode, decode_batch, decode_query, encode
from router.wire.negotiation import JSON, MSGPACK
from router.wire.problems import ERRORS_MAX, Problem
from router.wire.registry import CalendarBody, ChannelBody, QueueBody
from router.wire.tickets import (
    Batch,
    BatchTicket,
    RefusedTicket,
    SuspendBody,
    TicketBody,
    TicketPatch,
    TicketsQuery,
)

NAN, INF = float("nan"), float("inf")
TICKET = {"queue": "support", "channel": "chat"}


def refusal(data: bytes, media: str | None = JSON, kind: type = TicketBody) -> Problem:
    problem = decode(data, media, kind)
    assert isinstance(problem, Problem)
    return problem


def faults(value: object, kind: type = TicketBody) -> dict[str, object]:
    """Return value by pointer; the same for both formats."""
    problem = refusal(msgspec.msgpack.encode(value), MSGPACK, kind)
    assert problem.code == "validation_failed"
    assert all(
        error.detail.startswith(("Expected", "Missing", "Unknown")) for error in problem.errors
    )
    return {error.pointer: error.value for error in problem.errors}


@pytest.mark.parametrize(
    ("data", "media", "code"),
    [
        (b"", JSON, "validation_failed"),
        (b'{"queue": "a"', JSON, "malformed_body"),
        (b'{"queue": "a"} x', JSON, "malformed_body"),
        (b'{"queue": NaN}', JSON, "malformed_body"),
        (b"{queue: 1}", JSON, "malformed_body"),
        (b'{"queue": "\\ud800", "channel": "b"}', JSON, "malformed_body"),
        (b'\xef\xbb\xbf{"queue": "a"}', JSON, "malformed_body"),
        (b'{"queue": "\xff"}', JSON, "not_utf8"),
        ('{"queue": "a"}'.encode("utf-16"), JSON, "not_utf8"),
        (b'{"x": ' + b"[" * 100_000, JSON, "nesting_too_deep"),
        (b'{"x": ' * 100_000, JSON, "nesting_too_deep"),
        (b"\x82\xa5queue", MSGPACK, "malformed_body"),
        (b"\x80\x80", MSGPACK, "malformed_body"),
        (b"\xc1", MSGPACK, "malformed_body"),
        (b"\x81\x80\x01", MSGPACK, "malformed_body"),
        (b"\x81\xa1x\xdd\xff\xff\xff\xff", MSGPACK, "malformed_body"),
        (b"\x81\xa5queue\xa1\xff", MSGPACK, "not_utf8"),
        (b"\x81\xa1x" + b"\x91" * 100_000, MSGPACK, "nesting_too_deep"),
        (b"{}", "text/plain", "unsupported_media_type"),
        (b"{}", "application/json; charset=latin-1", "unsupported_media_type"),
        (b"{}", None, "unsupported_media_type"),
        (b"queue=a", "application/x-www-form-urlencoded", "unsupported_media_type"),
        (b"[]", JSON, "validation_failed"),
        (b"null", JSON, "validation_failed"),
        (b"\xc0", MSGPACK, "validation_failed"),
        (b"\xc7\x0c\xff" + b"\xff" * 12, MSGPACK, "validation_failed"),
    ],
)
def test_what_is_no_body_is_named(data: bytes, media: str | None, code: str) -> None:
    """Bytes that are no body at all are told apart: syntax, encoding, depth, type, shape."""
    problem = refusal(data, media)
    assert problem.code == code
    assert problem.detail
    assert encode(problem)[1] == "application/problem+json"


@pytest.mark.parametrize(
    ("more", "pointer", "value"),
    [
        ({"colour": "red"}, "/colour", "red"),
        ({"queue": 7}, "/queue", 7),
        ({"queue": ""}, "/queue", ""),
        ({"queue": "q" * 129}, "/queue", "q" * 79 + "…"),
        ({"queue": None}, "/queue", None),
        ({"priority": 10}, "/priority", 10),
        ({"priority": -1}, "/priority", -1),
        ({"priority": True}, "/priority", True),
        ({"priority": 2.5}, "/priority", 2.5),
        ({"priority": 2**63}, "/priority", str(2**63)),
        ({"priority": NAN}, "/priority", "nan"),
        ({"ttl_s": NAN}, "/ttl_s", "nan"),
        ({"ttl_s": INF}, "/ttl_s", "inf"),
        ({"ttl_s": -1}, "/ttl_s", -1),
        ({"ttl_s": 0}, "/ttl_s", 0),
        ({"ttl_s": 1e12}, "/ttl_s", 1e12),
        ({"ttl_s": "60"}, "/ttl_s", "60"),
        ({"ttl_s": [60]}, "/ttl_s", "an array of 1"),
        ({"ttl_s": b"60"}, "/ttl_s", "2 bytes"),
        ({"requirements": [{"skill": "a", "min_level": 6}]}, "/requirements/0/min_level", 6),
        ({"requirements": [{"skill": "a", "mode": "must"}]}, "/requirements/0/mode", "must"),
        ({"requirements": [{"skill": "a", "weight": NAN}]}, "/requirements/0/weight", "nan"),
        ({"requirements": [{"skill": "a"}] * 2}, "/requirements/1/skill", "a"),
        ({"requirements": [{"skill": "a"}] * 9}, "/requirements", "an array of 9"),
        ({"requirements": {"skill": "a"}}, "/requirements", "an object of 1"),
        ({"relax": [{"after_s": 9}, {"after_s": 9}]}, "/relax/1/after_s", 9.0),
        ({"relax": [{"after_s": 9}, {"after_s": 3}]}, "/relax/1/after_s", 3.0),
        ({"relax": [{"after_s": 9, "drop": ["a", "a"]}]}, "/relax/0/drop/1", "a"),
        ({"relax": [{"after_s": 9, "groups_add": ["a", "a"]}]}, "/relax/0/groups_add/1", "a"),
        ({"relax": [{"after_s": 9, "min_level": {"a/b~": 0}}]}, "/relax/0/min_level/a~1b~0", 0),
        ({"groups": ["a", "b", "a"]}, "/groups/2", "a"),
        ({"preferred_agents": [{"agent": "a"}] * 2}, "/preferred_agents/1/agent", "a"),
        ({"preferred_agents": [{"agent": "a", "weight": -2}]}, "/preferred_agents/0/weight", -2),
        ({"language": {"tag": "pt_BR"}}, "/language/tag", "pt_BR"),
        ({"language": {"tag": "pt-BR\n"}}, "/language/tag", "pt-BR\n"),
        ({"start_at": "tomorrow"}, "/start_at", "tomorrow"),
        ({"start_at": "2026-01-01T00:00:00"}, "/start_at", "2026-01-01T00:00:00"),
        ({"start_at": "1969-12-31T00:00:00Z"}, "/start_at", "1969-12-31T00:00:00+00:00"),
        ({"virtual_start": "3000-01-01T00:00:00Z"}, "/virtual_start", "3000-01-01T00:00:00+00:00"),
        ({"signals": {"mood": NAN}}, "/signals/mood", "nan"),
        ({"signals": {"mood": None}}, "/signals/mood", None),
        ({"attributes": {"a": 1}}, "/attributes/a", 1),
        ({"attributes": {str(n): "" for n in range(33)}}, "/attributes", "an object of 33"),
        ({1: 2}, "/1", 2),
    ],
)
def test_a_bad_field_is_named_with_its_value(
    more: dict[str, object], pointer: str, value: object
) -> None:
    """One bad field gives one error that points at it and repeats what was sent, cut short."""
    assert faults({**TICKET, **more}) == {pointer: value}


@pytest.mark.parametrize(
    ("kind", "value", "pointer"),
    [
        (AgentBody, {"units": 0}, "/units"),
        (AgentBody, {"skills": {"billing": 6}}, "/skills/billing"),
        (AgentBody, {"languages": {"pt_BR": 3}}, "/languages/pt_BR"),
        (AgentBody, {"groups": ["a", "a"]}, "/groups/1"),
        (AgentBody, {"queues": ["a", "a"]}, "/queues/1"),
        (AgentBody, {"channels": {"chat": {"max": -1}}}, "/channels/chat/max"),
        (PresenceBody, {"presence": "busy"}, "/presence"),
        (PresenceBody, {"presence": "away", "then": "available"}, "/then"),
        (PresenceBody, {"presence": "away", "until": "1900-01-01T00:00:00Z"}, "/until"),
        (SuspendBody, {"until": "2999-01-01T00:00:00Z"}, "/until"),
        (ChannelBody, {"cost": 0}, "/cost"),
        (ChannelBody, {"offer_ttl_s": 0}, "/offer_ttl_s"),
        (QueueBody, {"overflow": {"queue": "b"}}, "/overflow"),
        (QueueBody, {"relax": [{"after_s": 1}, {"after_s": 0}]}, "/relax/1/after_s"),
        (QueueBody, {"offers_parallel": 6}, "/offers_parallel"),
        (CalendarBody, {}, "/time_zone"),
        (CalendarBody, {"time_zone": "../etc/passwd"}, "/time_zone"),
        (TicketPatch, {"queue": None}, "/queue"),
        (TicketPatch, {"relax": [{"after_s": 2}, {"after_s": 1}]}, "/relax/1/after_s"),
        (BatchTicket, {**TICKET, "id": "a b"}, "/id"),
        (BatchTicket, {**TICKET, "id": "a\n"}, "/id"),
    ],
)
def test_other_bodies_name_their_fields_too(
    kind: type, value: dict[str, object], pointer: str
) -> None:
    """The checks of every family point at the field that is wrong."""
    assert list(faults(value, kind)) == [pointer]


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ({"date": "2026-02-30"}, "/exceptions/0/date"),
        ({"date": "25.12.2026"}, "/exceptions/0/date"),
        ({"date": "2026-12-25", "open": "24:00", "close": "24:00"}, "/exceptions/0/open"),
        ({"date": "2026-12-25", "open": "9:00", "close": "17:00"}, "/exceptions/0/open"),
        ({"date": "2026-12-25", "open": "09:00\n", "close": "17:00"}, "/exceptions/0/open"),
        ({"date": "2026-12-25", "close": "17:00"}, "/exceptions/0/open"),
    ],
)
def test_a_calendar_day_must_exist(value: dict[str, str], pointer: str) -> None:
    """Days that no calendar has and hours that no clock shows are refused."""
    assert list(faults({"time_zone": "UTC", "exceptions": [value]}, CalendarBody)) == [pointer]


def test_all_errors_are_listed_at_once() -> None:
    """Missing, unknown, ill-typed and ill-related fields come in one answer."""
    found = faults(
        {
            "queue": 7,
            "colour": "red",
            "priority": 11,
            "requirements": [{"skill": "a"}, {"skill": "a"}],
            "relax": [{"after_s": 30, "drop": [1]}, {"min_level": {"a": 9}}],
            "language": {"tag": "pt_BR"},
        }
    )
    assert set(found) == {
        "/queue",
        "/colour",
        "/priority",
        "/channel",
        "/requirements/1/skill",
        "/relax/0/drop/0",
        "/relax/1/after_s",
        "/relax/1/min_level/a",
        "/language/tag",
    }


def test_a_flood_of_errors_is_cut() -> None:
    """A body with very many errors is answered with the first hundred, and quickly."""
    problem = refusal(msgspec.json.encode({str(n): n for n in range(5_000)}))
    assert len(problem.errors) == ERRORS_MAX
    assert "the first 100" in (problem.detail or "")
    assert len(encode(problem)[0]) < 64_000


@pytest.mark.parametrize("number", [b"1e999", b"-1e400", b"9" * 400, b"9" * 5_000])
def test_a_huge_number_is_a_bad_value_not_a_bad_body(number: bytes) -> None:
    """Numbers that no float or integer holds are refused by name, beside other errors."""
    problem = refusal(b'{"queue": "a", "channel": "b", "ttl_s": ' + number + b"}")
    assert problem.code == "validation_failed"
    assert "ttl_s" in problem.errors[0].pointer + problem.errors[0].detail
    assert msgspec.json.encode(problem)
    assert msgspec.msgpack.encode(problem)


def test_a_whole_number_may_be_written_with_a_point() -> None:
    """JSON Schema counts 3.0 as an integer, so it is taken as one, in both formats."""
    value = {**TICKET, "priority": 3.0, "requirements": [{"skill": "a", "min_level": 2.0}]}
    for media, module in ((JSON, msgspec.json), (MSGPACK, msgspec.msgpack)):
        body = decode(module.encode(value), media, TicketBody)
        assert isinstance(body, TicketBody)
        assert (body.priority, body.requirements[0].min_level) == (3, 2)
        assert isinstance(body.priority, int)


def test_nothing_is_an_empty_object() -> None:
    """A verb without particulars may be sent without a body or content type."""
    assert decode(b"", None, NoBody) == NoBody()
    assert decode(b"", MSGPACK, NoBody) == NoBody()
    assert decode(b"{}", JSON, NoBody) == NoBody()
    assert refusal(b"", None).errors[0].pointer == "/queue"


def test_the_last_of_repeated_keys_counts() -> None:
    """As documented, and the same on the fast path and on the slow one."""
    fast = decode(b'{"queue": "a", "channel": "b", "queue": "c"}', JSON, TicketBody)
    slow = decode(
        b'{"queue": "a", "channel": "b", "priority": 1.0, "queue": "c"}', JSON, TicketBody
    )
    assert isinstance(fast, TicketBody)
    assert isinstance(slow, TicketBody)
    assert fast.queue == slow.queue == "c"


def test_a_bad_item_spoils_no_other() -> None:
    """Each ticket of a batch is taken or refused by itself, in order, and ids are unique."""
    tickets = [
        {"id": "t1", **TICKET},
        {"id": "t2", **TICKET, "priority": 12, "colour": 1},
        {"id": "t1", **TICKET},
        {**TICKET},
        7,
        {"id": 5, **TICKET},
        {"id": "t3", **TICKET, "priority": 3.0},
        {"id": "t 4", **TICKET},
        {"id": "t5", **TICKET, "ttl_s": NAN},
    ]
    batch = decode_batch(msgspec.msgpack.encode({"tickets": tickets}), MSGPACK)
    assert isinstance(batch, Batch)
    seen = [
        (item.id, [error.pointer for error in item.problem.errors])
        if isinstance(item, RefusedTicket)
        else (item.id, item.priority)
        for item in batch.items
    ]
    assert seen == [
        ("t1", None),
        ("t2", ["/priority", "/colour"]),
        ("t1", ["/id"]),
        ("", ["/id"]),
        ("", [""]),
        ("", ["/id"]),
        ("t3", 3),
        ("t 4", ["/id"]),
        ("t5", ["/ttl_s"]),
    ]


@pytest.mark.parametrize(
    "data",
    [b"{}", b"[]", b'{"tickets": []}', b'{"tickets": {}}', b'{"tickets": [1], "atomic": true}'],
)
def test_what_is_no_batch_is_refused_whole(data: bytes) -> None:
    """Without a list of 1 to 1,000 tickets and nothing else there is nothing to do item by item."""
    problem = decode_batch(data, JSON)
    assert isinstance(problem, Problem)
    assert problem.code == "validation_failed"
    assert problem.errors


def test_a_batch_has_a_thousand_tickets_at_most() -> None:
    """One more than the limit refuses the whole batch before any work."""
    tickets = [{"id": f"t{n}", **TICKET} for n in range(1_001)]
    problem = decode_batch(msgspec.json.encode({"tickets": tickets}), JSON)
    assert isinstance(problem, Problem)
    assert problem.errors[0].pointer == "/tickets"
    batch = decode_batch(msgspec.json.encode({"tickets": tickets[1:]}), JSON)
    assert isinstance(batch, Batch)
    assert len(batch.items) == 1_000


@pytest.mark.parametrize(
    ("pairs", "pointers"),
    [
        ([("limit", "0")], ["?limit"]),
        ([("limit", "many")], ["?limit"]),
        ([("limit", "1_0")], ["?limit"]),
        ([("limit", "9" * 30)], ["?limit"]),
        ([("state", "lost"), ("sort", "age")], ["?state", "?sort"]),
        ([("limit", "1"), ("limit", "2")], ["?limit"]),
        ([("cursor", "a b")], ["?cursor"]),
        ([("queue", "")], ["?queue"]),
    ],
)
def test_query_parameters_are_typed(pairs: list[tuple[str, str]], pointers: list[str]) -> None:
    """Unknown, repeated and ill-formed parameters are all named."""
    problem = decode_query(pairs, TicketsQuery)
    assert isinstance(problem, Problem)
    assert [error.pointer for error in problem.errors] == pointers


def test_query_parameters_have_defaults() -> None:
    """What is not said in a query is filled in, and numbers are numbers."""
    found = decode_query([("limit", "7"), ("queue", "123")], TicketsQuery)
    assert found == {"queue": "123", "state": None, "agent": None, "limit": 7, "cursor": None}
    assert decode_query([], None) == {}
    assert isinstance(decode_query([("a", "b")], None), Problem)
