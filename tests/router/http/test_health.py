"""Health, metrics, the document and the log: what operators see."""

import asyncio
import io
import re

import msgspec
import pytest
import structlog
from openapi_spec_validator import validate
from prometheus_client.parser import text_string_to_metric_families

from router.clock import Clock
from router.http.logs import configure_logs
from router.metrics import METRICS, Metrics
from router.settings import LogSettings, MetricsSettings, ServerSettings, Settings
from tests.router.http.running import QUICK, TICKET, ask, running, serving, until


async def test_alive_and_ready() -> None:
    """Both say yes without a key, in either format."""
    async with running() as at:
        assert msgspec.json.decode((await ask(at.server, "GET", "/livez", key=None)).body) == {
            "live": True
        }
        found = await ask(at.server, "GET", "/readyz", key=None, accept="application/msgpack")
        checks = {"journal": "ok", "loop": "ok", "keys": "ok"}
        assert msgspec.msgpack.decode(found.body) == {"ready": True, "checks": checks}


async def test_not_ready_says_why() -> None:
    """Every reason is named, and a balancer is told when to ask again."""
    async with running() as at:
        at.engine.ready = (False, {"journal": "disk full"})
        at.server.service.lag_s = 2.5
        found = await ask(at.server, "GET", "/readyz")
        assert (found.code, found.headers["retry-after"]) == ("not_ready", "1")
        assert b"journal: disk full; loop: 2.5 s late." in found.body
        assert (await ask(at.server, "GET", "/livez")).status == 200


async def test_the_document_is_served_and_valid() -> None:
    """/openapi.json is the interface of this very server."""
    async with running() as at:
        validate(msgspec.json.decode((await ask(at.server, "GET", "/openapi.json", key=None)).body))


async def test_metrics_are_prometheus_text_of_the_table() -> None:
    """Every family of ours is in `METRICS`, and what happened has been counted."""
    async with running() as at:
        await at.client.call("tickets.put", "t-1", TICKET)
        await ask(at.server, "GET", "/v1/tickets/none")
        await ask(at.server, "GET", "/none")
        found = await ask(at.server, "GET", "/metrics")
        assert found.headers["content-type"].startswith("text/plain")
        families = {each.name: each for each in text_string_to_metric_families(found.body.decode())}
        ours = {name.removesuffix("_total") for name in METRICS}
        assert ours <= set(families)
        assert {name for name in families if name.startswith("cordboard_")} == ours
        requests = {
            (each.labels["route"], each.labels["status"]): each.value
            for each in families["cordboard_requests"].samples
            if each.name.endswith("_total")
        }
        assert requests == {
            ("tickets.put", "201"): 1,
            ("tickets.get", "404"): 1,
            ("none", "404"): 1,
        }
        count = [
            s for s in families["cordboard_request_seconds"].samples if s.name.endswith("_count")
        ]
        assert sum(each.value for each in count) == 3
        assert "process_resident_memory_bytes" in families


async def test_metrics_need_admin_and_can_be_turned_off() -> None:
    """Figures are not for everybody."""
    async with running() as at:
        assert (await ask(at.server, "GET", "/metrics", key=None)).code == "unauthorized"
    settings = Settings(server=ServerSettings(**QUICK), metrics=MetricsSettings(enabled=False))
    async with serving(settings) as at:
        assert (await ask(at.server, "GET", "/metrics", key=None)).code == "unknown_route"


def test_queues_beyond_the_limit_are_counted_together() -> None:
    """The largest keep their label, so series stay few however many queues there are."""
    waiting = {("acme", f"q{n:03}"): float(n) for n in range(500)}
    text = Metrics(queues_max=3).snapshot({"cordboard_waiting": waiting}).text().decode()
    found = dict(re.findall(r'cordboard_waiting\{queue="(\w+)",tenant="acme"\} (\S+)', text))
    found |= dict(re.findall(r'cordboard_waiting\{tenant="acme",queue="(\w+)"\} (\S+)', text))
    assert found == {"q499": "499.0", "q498": "498.0", "q497": "497.0", "other": "123256.0"}


def test_a_figure_that_is_not_in_the_table_is_refused() -> None:
    """A metric without a row would not be documented."""
    with pytest.raises(KeyError):
        Metrics(1).snapshot({"cordboard_surprise": 1.0})
    with pytest.raises(KeyError, match="counted by the server"):
        Metrics(1).snapshot({"cordboard_ready": 1.0})


def test_a_snapshot_does_not_change() -> None:
    """Rendering happens elsewhere while counting goes on."""
    metrics = Metrics(1)
    meter = metrics.meter("tickets.put")
    meter.observe(200, 1_000_000)
    snapshot = metrics.snapshot({})
    meter.observe(200, 1)
    metrics.count("cordboard_problems_total", "internal")
    assert snapshot.values["cordboard_requests_total"] == {("tickets.put", "200"): 1}
    assert snapshot.histograms["tickets.put"].cumulative[:3] == (0, 1, 1)
    assert "cordboard_problems_total" not in snapshot.values


async def test_the_log_is_json_and_holds_no_bodies() -> None:
    """Each line has its time and what happened; bodies, keys and ids of tickets are nowhere."""
    stream = io.StringIO()
    configure_logs(LogSettings(level="info", format="json", access=True), Clock(), stream)
    try:
        settings = Settings(server=ServerSettings(**QUICK), log=LogSettings(access=True))
        async with serving(settings) as at:
            body = {**TICKET, "customer": "canary-customer", "attributes": {"a": "canary-value"}}
            await at.client.call("tickets.put", "canary-id", body)
            at.engine.fault = RuntimeError("boom")
            await ask(at.server, "GET", "/v1/tickets/canary-id")
    finally:
        structlog.reset_defaults()
    lines = [msgspec.json.decode(line) for line in stream.getvalue().splitlines()]
    assert {"listening", "no_keys", "request", "request_failed", "stopped"} <= {
        each["event"] for each in lines
    }
    assert all(re.fullmatch(r"[0-9T:.-]+Z", each["at"]) for each in lines)
    (done,) = [each for each in lines if each["event"] == "request" and each["status"] == 201]
    assert done["route"] == "tickets.put"
    (failed,) = [each for each in lines if each["event"] == "request_failed"]
    assert "RuntimeError: boom" in failed["exception"]
    assert "canary" not in stream.getvalue()


async def test_the_loop_s_lag_is_noticed() -> None:
    """A loop that was blocked is known to have been late."""
    async with running() as at:
        at.server._tick(asyncio.get_running_loop().time() - 3.0)
        assert at.server.service.lag_s >= 3.0
        await until(lambda: at.server.service.lag_s < 0.5)


def test_the_clock_can_run_faster() -> None:
    """A replayed day passes at its own speed, from its own start; the stopwatch does not."""
    clock = Clock(speed=1_000_000.0, starts_at_us=5)
    first = clock.now_us()
    began_ns = clock.monotonic_ns()
    while clock.monotonic_ns() - began_ns < 100_000:
        pass
    assert first >= 5
    assert clock.now_us() - first >= 100_000_000
    assert abs(Clock().now_us() - Clock().now_us()) < 1_000_000
    with pytest.raises(ValueError, match="speed is 0"):
        Clock(speed=0)
