"""Bad requests to a whole server: each is refused by name, at once, and leaves no trace in any journal."""

import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.hostile.standing import ACME, CHAT, LATE, STRANGER, ZOO, Standing, standing, told
from tests.router.http.running import request, wired

PACKED = "application/msgpack"
TICKET = "/v1/tickets/t-1"


def pointers(problem: dict[str, Any]) -> list[str]:
    """Return where a problem says the faults are."""
    return [error["pointer"] for error in problem["errors"]]


async def refused(at: Standing, *request: Any, **more: Any) -> dict[str, Any]:
    """Make a request that must be refused with a full problem and change nothing."""
    before = at.traces()
    problem = told(await at.ask(*request, **more))
    assert problem["detail"], problem
    assert problem["advice"], problem
    assert at.traces() == before, problem
    return problem


FIELDS = [
    ({"colour": "red"}, "/colour", "red"),
    ({"priority": "high"}, "/priority", "high"),
    ({"priority": -1}, "/priority", -1),
    ({"priority": 10**30}, "/priority", str(10**30)),
    ({"ttl_s": 1e308}, "/ttl_s", 1e308),
    ({"queue": "nowhere"}, "/queue", "nowhere"),
    ({"channel": "fax"}, "/channel", "fax"),
    ({"language": {"tag": "xx"}}, "/language/tag", "xx"),
    ({"virtual_start": "2099-01-01T00:00:00Z"}, "/virtual_start", "2099-01-01T00:00:00+00:00"),
    ({"preferred_agents": [{"agent": "ghost"}]}, "/preferred_agents/0/agent", "ghost"),
    ({"requirements": [{"skill": "law", "min_level": 2}]}, "/requirements/0/skill", "law"),
    ({"requirements": [{"skill": "billing", "min_level": 6}]}, "/requirements/0/min_level", 6),
    ({"requirements": [{"skill": "billing", "min_level": 0}]}, "/requirements/0/min_level", 0),
]


async def test_every_bad_field_is_named_with_what_was_expected(tmp_path: Path) -> None:
    """Whether a type, a range or a name is wrong: one pointer, the value, what fits, and how many there are."""
    async with standing(tmp_path) as at:
        for wrong, pointer, value in FIELDS:
            problem = await refused(at, "PUT", TICKET, {**CHAT, **wrong})
            assert problem["status"] == 422, problem
            assert problem["detail"] == "1 field is not valid."
            (error,) = problem["errors"]
            assert (error["pointer"], error["value"]) == (pointer, value)
            assert "xpected" in error["detail"]
        assert (await at.ask("GET", TICKET)).status == 404


BODIES = [
    (b'{"queue":"support","channel":"chat","priority":NaN}', "application/json", "malformed_body"),
    (b'{"queue":"support","channel":"chat","ttl_s":1e999}', "application/json", "validation_failed"),
    (msgspec.msgpack.encode({**CHAT, "ttl_s": float("nan")}), PACKED, "validation_failed"),
    (msgspec.msgpack.encode({**CHAT, "ttl_s": float("inf")}), PACKED, "validation_failed"),
    (msgspec.msgpack.encode({**CHAT, "priority": 2**64 - 1}), PACKED, "validation_failed"),
    (b'{"queue":"supp\xff"}', "application/json", "not_utf8"),
    (b"\x81\xa5queue\xa2\xff\xfe", PACKED, "not_utf8"),
    (msgspec.msgpack.encode(CHAT)[:-3], PACKED, "malformed_body"),
    (msgspec.msgpack.encode(CHAT) + b"\x01", PACKED, "malformed_body"),
    (b"\xdd\xff\xff\xff\xff", PACKED, "malformed_body"),
    (b"\x91" * 60_000 + b"\xc0", PACKED, "nesting_too_deep"),
    (b"[" * 60_000, "application/json", "nesting_too_deep"),
    (msgspec.msgpack.encode(CHAT), "application/json", "not_utf8"),
    (msgspec.json.encode(CHAT), "text/plain", "unsupported_media_type"),
    (b'{"queue":"' + b"a" * 4_200_000 + b'"}', "application/json", "body_too_large"),
]  # fmt: skip


async def test_every_bad_body_has_its_code(tmp_path: Path) -> None:
    """NaN, cut, nested, too large, of another type: refused by code, and the server goes on."""
    async with standing(tmp_path) as at:
        for body, media, code in BODIES:
            problem = await refused(at, "PUT", TICKET, body, content_type=media)
            assert problem["code"] == code, (body[:60], problem)
        bomb = gzip.compress(b" " * 30_000_000)
        assert len(bomb) < 65_536
        problem = await refused(at, "PUT", TICKET, bomb, content_encoding="gzip")
        assert problem["code"] == "body_too_large"
        assert (await at.ask("PUT", TICKET, CHAT)).status == 201


async def test_a_value_that_has_no_text_is_named_by_its_kind(tmp_path: Path) -> None:
    """An extension of MessagePack is repeated as its type, not as a place in the server's memory."""
    async with standing(tmp_path) as at:
        body = msgspec.msgpack.encode({**CHAT, "customer": msgspec.msgpack.Ext(5, b"x")})
        problem = await refused(at, "PUT", TICKET, body, content_type=PACKED)
        assert problem["errors"][0]["value"] == "an extension of type 5"


async def test_a_slow_body_is_given_up_and_nothing_becomes_of_it(tmp_path: Path) -> None:
    """Half a ticket that never gets its other half is no ticket."""
    async with standing(tmp_path, body_timeout_s=0.2) as at, wired(at.server) as wire:
        before = at.traces()
        whole = request("PUT", TICKET, msgspec.json.encode(CHAT), key=ACME)
        await wire.send(whole[:-5])
        assert (await wire.receive()).code == "body_too_slow"
        assert at.traces() == before


async def test_a_batch_is_done_item_by_item(tmp_path: Path) -> None:
    """A repeated id, a bad level and an unknown queue are refused each for itself; the good one is done."""
    items = [
        {"id": "b-1", **CHAT},
        {"id": "b-1", **CHAT, "priority": 9},
        {"id": "b-2", **CHAT, "priority": 99},
        {"id": "b-3", **CHAT, "queue": "nowhere"},
        None,
    ]
    async with standing(tmp_path) as at:
        found = await at.ask("POST", "/v1/tickets:batch", {"tickets": items})
        results = msgspec.json.decode(found.body)["results"]
        assert [each["status"] for each in results] == [201, 422, 422, 422, 422]
        for each, pointer in zip(results[1:], ["/id", "/priority", "/queue", ""], strict=True):
            assert pointers(each["problem"]) == [pointer]
            assert each["problem"]["detail"] == "1 field is not valid."
        assert (await at.read("/v1/tickets/b-1"))["priority"] == 5
        assert (await at.ask("GET", "/v1/tickets/b-3")).status == 404


@pytest.mark.parametrize("key", [None, STRANGER, LATE, ACME[:-1] + "7"])
async def test_a_key_that_does_not_open_changes_nothing(tmp_path: Path, key: str | None) -> None:
    """No key, one never given, one revoked and one misspelt: 401, and only a revoked one is told so."""
    async with standing(tmp_path) as at:
        problem = await refused(at, "PUT", TICKET, CHAT, key=key)
        assert problem["code"] == "unauthorized"
        assert ("revoked" in problem["detail"]) == (key == LATE)


async def test_another_tenant_finds_and_changes_nothing(tmp_path: Path) -> None:
    """Every way to name a ticket, an offer, an agent or a decision of ACME's ends in 404 or 422 for ZOO."""
    async with standing(tmp_path) as at:
        assert (await at.ask("PUT", TICKET, CHAT)).status == 201
        ticket = await at.read(TICKET)
        (offer,) = ticket["offers"]
        decision = (await at.read(f"{TICKET}/decisions"))["items"][0]["id"]
        await at.ask("PUT", "/v1/agents/bo", {})
        for method, path, body in [
            ("GET", TICKET, b""),
            ("PATCH", TICKET, {"priority": 0}),
            ("GET", f"{TICKET}/position", b""),
            ("GET", f"{TICKET}/decisions", b""),
            ("POST", f"{TICKET}:cancel", {}),
            ("POST", f"{TICKET}:assign", {"agent": "ana"}),
            ("GET", f"/v1/offers/{offer}", b""),
            ("POST", f"/v1/offers/{offer}:accept", {}),
            ("POST", f"/v1/assignments/{offer.replace('o', 'a')}:complete", {}),
            ("GET", f"/v1/decisions/{decision}", b""),
            ("POST", "/v1/decisions:explain", {"ticket": "t-1"}),
            ("GET", "/v1/agents/bo", b""),
            ("PUT", "/v1/agents/bo/presence", {"presence": "available"}),
            ("DELETE", "/v1/agents/bo", b""),
        ]:
            problem = await refused(at, method, path, body, key=ZOO)
            assert problem["code"] in ("unknown_resource", "validation_failed"), (path, problem)
        assert (await at.read("/v1/tickets", ZOO))["items"] == []
        assert {each["id"] for each in (await at.read("/v1/agents", ZOO))["items"]} == {"ana"}
        events = (await at.read("/v1/events?after=0&limit=1000", ZOO))["events"]
        assert not any("ticket" in event for event in events)
        assert await at.read(TICKET) == ticket


async def test_a_stale_version_changes_nothing(tmp_path: Path) -> None:
    """A PUT, a PATCH, a verb and a DELETE with an old ETag are refused with the version there is."""
    async with standing(tmp_path) as at:
        await at.ask("PUT", TICKET, CHAT)
        version = (await at.read(TICKET))["version"]
        for method, path, body in [
            ("PUT", TICKET, {**CHAT, "priority": 1}),
            ("PATCH", TICKET, {"priority": 1}),
            ("POST", f"{TICKET}:escalate", {}),
            ("PUT", "/v1/agents/ana", {}),
            ("PUT", "/v1/queues/support", {}),
            ("DELETE", "/v1/skills/billing", b""),
        ]:
            problem = await refused(at, method, path, body, if_match='"99"')
            assert problem["code"] == "etag_mismatch", (path, problem)
            assert problem["current_version"] > 0
        assert (await at.read(TICKET))["version"] == version


async def test_a_key_used_for_another_request_does_nothing_also_after_a_restart(
    tmp_path: Path,
) -> None:
    """The same Idempotency-Key with another body or path is refused; with the same, answered as before."""
    escalate = {"idempotency_key": "k-1"}
    async with standing(tmp_path) as at:
        await at.ask("PUT", TICKET, CHAT)
        first = await at.ask("POST", f"{TICKET}:escalate", {"priority": 7}, **escalate)
        assert first.status == 200
    async with standing(tmp_path) as at:
        for path, body in [(f"{TICKET}:escalate", {"priority": 8}), (f"{TICKET}:cancel", {})]:
            problem = await refused(at, "POST", path, body, **escalate)
            assert problem["code"] == "idempotency_mismatch"
        again = await at.ask("POST", f"{TICKET}:escalate", {"priority": 7}, **escalate)
        assert (again.status, again.body) == (200, first.body)
        assert again.headers["idempotency-replayed"] == "true"
        assert (await at.read(TICKET))["priority"] == 7


async def test_an_offer_that_is_gone_is_told_with_what_became_of_it(tmp_path: Path) -> None:
    """An offer that was taken back, one already accepted and one that never was: three answers."""
    async with standing(tmp_path) as at:
        for n, verb in (("1", "cancel"), ("2", "")):
            await at.ask("PUT", f"/v1/tickets/t-{n}", CHAT)
            if verb:
                await at.ask("POST", f"/v1/tickets/t-{n}:{verb}", {})
        problem = await refused(at, "POST", "/v1/offers/o-1:accept")
        assert problem["code"] == "offer_not_open"
        assert "revoked (canceled)" in problem["detail"]
        assert (await at.ask("POST", "/v1/offers/o-2:accept")).status == 200
        problem = await refused(at, "POST", "/v1/offers/o-2:decline", {})
        assert "accepted" in problem["detail"]
        problem = await refused(at, "POST", "/v1/offers/o-999:accept")
        assert problem["code"] == "unknown_resource"


async def test_a_channel_may_not_interrupt_what_is_like_itself(tmp_path: Path) -> None:
    """Its own load would never keep it away, so an agent could be given any number of its tickets."""
    async with standing(tmp_path) as at:
        both = {"interruptible": True, "interrupts": True}
        problem = await refused(at, "PUT", "/v1/channels/paging", both)
        assert pointers(problem) == ["/interrupts"]
        assert (await at.ask("PUT", "/v1/channels/paging", {"interrupts": True})).status == 201
        problem = await refused(at, "PUT", "/v1/channels/paging", both)
        assert pointers(problem) == ["/interrupts"]


async def test_a_line_too_long_is_told_without_repeating_it(tmp_path: Path) -> None:
    """What is refused for its length is not sent back, as it may hold a key."""
    async with standing(tmp_path) as at, wired(at.server) as wire:
        await wire.send(
            b"GET /livez HTTP/1.1\r\nHost: x\r\nAuthorization: " + b"s" * 9_000 + b"\r\n\r\n"
        )
        found = await wire.receive()
        assert b"ssss" not in found.body
        assert "longer than 8190 bytes" in told(found)["detail"]


async def test_a_closed_ticket_is_explained_by_its_end(tmp_path: Path) -> None:
    """Who completed it and as which assignment, or that it was canceled: not that it still waits."""
    async with standing(tmp_path) as at:
        await at.ask("PUT", TICKET, CHAT)
        await at.ask("POST", "/v1/offers/o-1:accept")
        await at.ask("POST", "/v1/assignments/a-1:complete", {})
        await at.ask("PUT", "/v1/tickets/t-2", CHAT)
        await at.ask("POST", "/v1/tickets/t-2:cancel", {})
        for id_, end in (("t-1", "completed at .* by ana (a-1)"), ("t-2", "canceled at")):
            found = await at.ask("POST", "/v1/decisions:explain", {"ticket": id_, "agent": "ana"})
            told_now = msgspec.json.decode(found.body)
            assert told_now["outcome"] == "closed"
            assert all(part in told_now["text"] for part in end.split(".*")), told_now["text"]
            assert "ticket closed" in told_now["why_not"]["text"]
