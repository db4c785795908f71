"""Keys, scopes, tenants and rates: who may, and how much."""

import dataclasses

import pytest

from router.client import ClientProblem
from router.clock import Clock
from router.http.gate import Gate
from router.keys import KeyRing
from router.settings import ServerSettings, Settings
from router.wire.problems import Problem
from router.wire.route import SCOPES, Route
from router.wire.routes import BY_NAME, ROUTES
from tests.router.http.running import (
    ADMIN_KEPT,
    QUICK,
    TICKET,
    ask,
    key_of,
    running,
    serving,
    wired,
)

READER, READER_KEPT = key_of("reader", scopes=("tickets:read",))
GONE, GONE_KEPT = key_of("gone", revoked=True)
OTHER, OTHER_KEPT = key_of("other", tenant="other")
STRANGER, _ = key_of("stranger")
GUARDED = [route for route in ROUTES if route.scope]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (None, "Send a key"),
        ("nonsense", "A key reads"),
        (STRANGER, "No such key"),
        (READER[:-1] + "2", "No such key"),
        (GONE, "revoked"),
    ],
    ids=["none", "malformed", "unknown", "wrong secret", "revoked"],
)
async def test_only_live_keys_open(key: str | None, said: str) -> None:
    """401 says what is wrong with the key and how to send one, and nothing reaches the engine."""
    async with running(READER_KEPT, GONE_KEPT) as at:
        found = await ask(at.server, "GET", "/v1/tickets/x", key=key)
        assert (found.code, found.status) == ("unauthorized", 401)
        assert found.headers["www-authenticate"].startswith("Bearer")
        assert said.encode() in found.body
        assert at.engine.calls == []


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: route.name)
def test_each_route_needs_its_scope(route: Route) -> None:
    """A key with every other scope is refused, one with the scope alone passes."""
    assert route.scope is not None
    others = [scope for scope in SCOPES if scope not in (route.scope, "admin")]
    poor, poor_kept = key_of("poor", scopes=others)
    rich, rich_kept = key_of("rich", scopes=(route.scope,))
    gate = Gate(KeyRing((poor_kept, rich_kept)), ServerSettings(), Clock())
    refused = gate.admit(route, {"Authorization": f"Bearer {poor}"})
    assert isinstance(refused, Problem)
    assert refused.code == "forbidden_scope"
    assert not isinstance(gate.admit(route, {"Authorization": f"Bearer {rich}"}), Problem)


async def test_a_missing_scope_is_403_over_the_wire() -> None:
    """The scope that is missing is named."""
    async with running(READER_KEPT) as at:
        found = await ask(at.server, "PUT", "/v1/tickets/t", b"{}", key=READER)
        assert found.code == "forbidden_scope"
        assert b"tickets:write" in found.body


async def test_another_tenant_s_ids_do_not_exist() -> None:
    """The tenant comes from the key: what one has put the other cannot read, change or hear."""
    async with running(OTHER_KEPT) as at, at.other(OTHER) as other:
        await at.client.call("tickets.put", "t-1", TICKET)
        for name in ("tickets.get", "tickets.cancel", "tickets.patch", "tickets.position"):
            with pytest.raises(ClientProblem) as refusal:
                await other.call(name, "t-1")
            assert refusal.value.status == 404
        assert (await other.call("events.list"))["events"] == []
        assert (await other.call("tickets.put", "t-1", TICKET))["version"] == 1
        assert (await at.client.call("tickets.get", "t-1"))["version"] == 1


async def test_a_key_that_asks_for_too_much_is_told_to_wait() -> None:
    """429 with Retry-After once the bucket is empty; another key of the tenant is not affected."""
    async with running(READER_KEPT, rate_per_s=1, rate_burst=2) as at:
        codes = [await ask(at.server, "GET", "/v1/tickets/x", key=READER) for _ in range(3)]
        assert [each.status for each in codes] == [404, 404, 429]
        assert codes[0].headers["ratelimit"] == '"key";r=1'
        assert codes[0].headers["ratelimit-policy"] == '"key";q=2;w=2'
        assert codes[2].code == "rate_limited"
        assert int(codes[2].headers["retry-after"]) >= 1
        assert (await ask(at.server, "GET", "/v1/tickets/x")).status == 404


async def test_a_batch_weighs_what_it_carries() -> None:
    """Ten tickets take ten tokens more than an empty request, so the next batch has to wait."""
    async with running(rate_per_s=1, rate_burst=12) as at:
        tickets = [{"id": f"t-{n}", **TICKET} for n in range(10)]
        await at.client.call("tickets.batch", body={"tickets": tickets})
        with pytest.raises(ClientProblem) as refusal:
            await at.client.call("tickets.batch", body={"tickets": tickets})
        assert refusal.value.code == "rate_limited"
        assert len(at.engine.calls) == 1


async def test_all_keys_of_a_tenant_share_its_rate() -> None:
    """A tenant's limit holds over all its keys, and not for others."""
    async with running(READER_KEPT, OTHER_KEPT, tenant_rate_per_s=1, tenant_rate_burst=2) as at:
        path = "/v1/tickets/x"
        assert (await ask(at.server, "GET", path, key=READER)).status == 404
        assert (await ask(at.server, "GET", path)).status == 404
        assert (await ask(at.server, "GET", path, key=READER)).code == "rate_limited"
        assert (await ask(at.server, "GET", path, key=OTHER)).status == 404


async def test_the_client_waits_as_it_is_told() -> None:
    """A call that is refused for the moment is repeated after Retry-After, not before."""
    async with running(rate_per_s=20, rate_burst=1) as at, at.other(None) as patient:
        patient._attempts_max, patient._key = 4, at.client._key
        await patient.call("tickets.put", "a", TICKET)
        assert (await patient.call("tickets.put", "b", TICKET))["version"] == 1


def open_settings(**server: object) -> Settings:
    return Settings(server=ServerSettings(**{**QUICK, **server}))


async def test_without_keys_everybody_on_this_machine_is_the_tenant_default() -> None:
    """No key is needed, and /readyz says so."""
    async with serving(open_settings()) as at:
        assert (await ask(at.server, "PUT", "/v1/groups/g", b"{}", key=None)).status == 201
        assert at.engine.calls[0][0] == "default"
        assert b"none configured" in (await ask(at.server, "GET", "/readyz", key=None)).body


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"host": "evil.example"}, {"origin": "null"}]
)
async def test_without_keys_web_pages_elsewhere_are_refused(headers: dict[str, str]) -> None:
    """A page in this machine's browser cannot use the open server, by its name or another."""
    async with serving(open_settings()) as at:
        data = "\r\n".join(
            ["POST /v1/tickets/t:cancel HTTP/1.1"]
            + [f"{name}: {value}" for name, value in {"host": "127.0.0.1", **headers}.items()]
        )
        async with wired(at.server) as wire:
            await wire.send(data.encode() + b"\r\nContent-Length: 0\r\n\r\n")
            assert (await wire.receive()).code == "unauthorized"
        assert at.engine.calls == []


def test_health_and_the_document_need_no_key() -> None:
    """Balancers and developers have none."""
    free = {route.name for route in ROUTES if route.scope is None}
    assert free == {"livez.get", "readyz.get", "openapi.get"}
    gate = Gate(
        KeyRing((ADMIN_KEPT,)), dataclasses.replace(ServerSettings(), rate_burst=1), Clock()
    )
    for _ in range(5):
        assert not isinstance(gate.admit(BY_NAME["livez.get"], {}), Problem)
