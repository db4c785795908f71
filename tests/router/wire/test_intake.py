"""From a request's parts to a call: ids, versions, keys, query, body."""

import pytest

from router.wire.calls import Call, Reply, refused
from router.wire.headers import etag, idempotency_key, is_unchanged, must_be_new, wanted_version
from router.wire.intake import Target, read_call
from router.wire.problems import FieldError, Problem
from router.wire.routes import BY_NAME
from router.wire.tickets import TicketBody

JSON = {"Content-Type": "application/json"}
BODY = b'{"queue": "a", "channel": "chat"}'


def call(
    name: str, target: Target, headers: dict[str, str] | None = None, data: bytes = b""
) -> Call:
    found = read_call(BY_NAME[name], target, headers or {}, data)
    assert isinstance(found, Call), found
    return found


def refusal(
    name: str, target: Target, headers: dict[str, str] | None = None, data: bytes = b""
) -> Problem:
    found = read_call(BY_NAME[name], target, headers or {}, data)
    assert isinstance(found, Problem), found
    return found


def test_a_put_becomes_a_call() -> None:
    """Id, typed body and conditions arrive where the engine looks for them."""
    found = call("tickets.put", Target("zd-1"), {**JSON, "If-Match": '"7"'}, BODY)
    assert found == Call(
        "tickets.put", id="zd-1", body=TicketBody(queue="a", channel="chat"), if_match=7
    )
    assert call("tickets.put", Target("zd-1"), {**JSON, "If-None-Match": "*"}, BODY).if_none_match


def test_revisions_have_two_ids() -> None:
    """The revision is a number."""
    assert call("revisions.get", Target("main", "12")).sub == 12
    for sub in ("0", "-1", "01", "x", "1000001", "9" * 40, "١"):
        assert refusal("revisions.get", Target("main", sub)).code == "unknown_resource"
        assert refusal("revisions.put", Target("main", sub)).code == "validation_failed"


@pytest.mark.parametrize("name", ["a b", "", "-a", "a" * 129, "a/b", "ä", "a\n", "a\x00"])
def test_a_bad_id_cannot_be_made_nor_found(name: str) -> None:
    """An id nobody can have is invalid when new and unknown otherwise, whatever else is wrong."""
    assert refusal("tickets.put", Target(name), JSON, b"{").code == "validation_failed"
    found = refusal("tickets.get", Target(name))
    assert found.code == "unknown_resource"
    assert found.errors[0].pointer == "{id}"


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("offers.get", "o-17", "a-17"),
        ("assignments.get", "a-17", "17"),
        ("decisions.get", "d-1", "d-0"),
        ("agents.get", "ana@example.org", "o 17"),
    ],
)
def test_numbered_ids_have_their_form(name: str, good: str, bad: str) -> None:
    """Ids that the server gives are told by their letter."""
    assert call(name, Target(good)).id == good
    assert refusal(name, Target(bad)).code == "unknown_resource"


@pytest.mark.parametrize("header", ["7", 'W/"7"', '"a"', '"7", "8"', "*", "", '"' + "9" * 30 + '"'])
def test_if_match_names_one_version(header: str) -> None:
    """Anything but one strong version is misread rather than ignored."""
    found = wanted_version(header)
    assert isinstance(found, Problem)
    assert found.code == "malformed_request"
    assert found.errors[0].pointer == "If-Match"


def test_versions_are_etags() -> None:
    """What is sent as ETag can be sent back."""
    assert wanted_version(etag(7)) == 7
    assert wanted_version(None) is None
    assert must_be_new("*") is True
    assert must_be_new(None) is False
    assert isinstance(must_be_new('"7"'), Problem)
    assert is_unchanged('W/"6", "7"', 7)
    assert is_unchanged("*", 7)
    assert not is_unchanged('"70"', 7)
    assert not is_unchanged('"7"', None)
    assert not is_unchanged(None, 7)


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ('"8e03-978e"', "8e03-978e"),
        ("8e03-978e", "8e03-978e"),
        (r'"a \"b\" \\"', r'a "b" \ '[:-1]),
        ("k" * 255, "k" * 255),
        (None, None),
    ],
)
def test_a_key_is_a_quoted_string_or_bare(header: str | None, key: str | None) -> None:
    """The draft's quotes are taken off; older clients send none."""
    assert idempotency_key(header) == key


@pytest.mark.parametrize("header", ["", '""', "k" * 256, "é", "a b", "a\x00", '"a', '"a\\"'])
def test_a_key_that_cannot_be_kept_is_refused(header: str) -> None:
    """Empty, overlong and unprintable keys are named as such."""
    found = idempotency_key(header)
    assert isinstance(found, Problem)
    assert found.code == "idempotency_key_invalid"


def test_a_repeat_is_known_by_its_meaning() -> None:
    """The fingerprint is the same for the same request in other words, and differs for another."""
    key = {"Idempotency-Key": '"k"'}
    target = Target("zd-1")
    json = {**JSON, **key}
    msgpack = {"Content-Type": "application/msgpack", **key}
    first = call("tickets.cancel", target, json, b'{"reason": "x"}').fingerprint
    assert len(first) == 32
    assert call("tickets.cancel", target, msgpack, b"\x81\xa6reason\xa1x").fingerprint == first
    assert call("tickets.cancel", target, json, b'{"reason": "y"}').fingerprint != first
    assert call("tickets.cancel", Target("zd-2"), json, b'{"reason": "x"}').fingerprint != first
    assert call("tickets.abandon", target, key).fingerprint != first
    assert call("tickets.cancel", target, JSON, b'{"reason": "x"}').fingerprint == b""


def test_members_in_another_order_are_the_same_request() -> None:
    """Clients whose dictionaries have no order may still repeat themselves."""
    route, headers = "decisions.explain", {**JSON, "Idempotency-Key": "k"}
    assert call(route, Target(), headers, b'{"ticket": "a"}').idempotency_key is None
    bodies = (
        b'{"tickets":[{"id":"a","queue":"q","channel":"c","attributes":{"x":"1","y":"2"}}]}',
        b'{"tickets":[{"attributes":{"y":"2","x":"1"},"channel":"c","queue":"q","id":"a"}]}',
    )
    prints = {call("tickets.batch", Target(), headers, body).fingerprint for body in bodies}
    assert len(prints) == 1


def test_what_is_wrong_is_said_in_order() -> None:
    """Ids come before headers, headers before the query, the query before the body."""
    bad = {**JSON, "If-Match": "x", "Idempotency-Key": ""}
    assert refusal("tickets.cancel", Target("a b"), bad, b"{").code == "unknown_resource"
    assert refusal("tickets.cancel", Target("a"), bad, b"{").code == "malformed_request"
    bad["If-Match"] = '"1"'
    assert refusal("tickets.cancel", Target("a"), bad, b"{").code == "idempotency_key_invalid"
    found = refusal("tickets.cancel", Target("a", query=[("x", "1")]), JSON, b"{")
    assert found.errors[0].pointer == "?x"
    assert refusal("tickets.cancel", Target("a"), JSON, b"{").code == "malformed_body"
    assert refusal("tickets.put", Target("a"), {**JSON, "If-None-Match": "1"}, BODY).status == 400


def test_queries_are_typed_and_complete() -> None:
    """A list without parameters has its defaults."""
    found = call("events.list", Target(query=[("after", "17")]))
    assert found.query == {"after": 17, "limit": 1_000}
    assert call("tickets.get", Target("a")).query == {}


def test_a_refused_reply_carries_its_problem() -> None:
    """A problem is a value: status, code and extras travel in the reply."""
    error = FieldError(pointer="/queue", detail="Expected a queue there is.", value="x")
    reply = refused("validation_failed", "No such queue.", errors=[error], seq=5)
    assert (reply.status, reply.problem and reply.problem.code) == (422, "validation_failed")
    assert reply.problem is reply.body
    assert refused("rate_limited", retry_after_s=3).retry_after_s == 3
    assert Reply(200, {"a": 1}).problem is None
    with pytest.raises(KeyError):
        refused("no_such_code")
    with pytest.raises(TypeError):
        refused("overloaded", colour="red")
