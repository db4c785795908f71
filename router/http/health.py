"""What operators ask: does it live, does it serve, what are its figures, what is its interface."""

import asyncio
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from router.http.service import Service
from router.wire import openapi
from router.wire.calls import Reply, refused
from router.wire.health import Liveness, Readiness

__all__ = ["LAG_S_MAX", "live", "metrics_text", "ready", "software_version"]

LAG_S_MAX = 1.0
"""A loop that wakes up so late is not ready for more."""
OPEN_NOTE = "none configured: whoever reaches this server may do everything"
METRICS_MEDIA = "text/plain; version=1.0.0; charset=utf-8"


@cache
def software_version() -> str:
    """Return the version that is installed."""
    try:
        return version("cordboard")
    except PackageNotFoundError:
        return "0+unknown"


@cache
def document() -> dict[str, object]:
    """Return the OpenAPI document of this server, built when first asked for."""
    return openapi.build(version=software_version())


def live() -> Reply:
    """Answer /livez: that there is an answer is the answer."""
    return Reply(200, Liveness())


def ready(service: Service) -> Reply:
    """Answer /readyz: 200 when requests are taken, else 503 and every reason why not."""
    is_ready, found = service.engine.is_ready()
    checks = dict(found)
    checks["loop"] = "ok" if service.lag_s <= LAG_S_MAX else f"{service.lag_s:.1f} s late"
    checks["keys"] = OPEN_NOTE if service.gate.is_open else "ok"
    if service.is_draining:
        checks["server"] = "stopping"
    serves = is_ready and not service.is_draining and service.lag_s <= LAG_S_MAX
    service.metrics.put("cordboard_ready", float(serves))
    if serves:
        return Reply(200, Readiness(checks=checks))
    reasons = "; ".join(
        f"{name}: {state}" for name, state in checks.items() if state not in ("ok", OPEN_NOTE)
    )
    return refused("not_ready", f"{(reasons or 'not ready').rstrip('.')}.", retry_after_s=1)


async def metrics_text(service: Service) -> bytes:
    """Return the metrics as text, made outside the event loop from a copy."""
    service.streams.publish()
    service.metrics.put("cordboard_requests_in_flight", service.in_flight)
    service.metrics.put("cordboard_loop_lag_seconds", service.lag_s)
    ready(service)
    snapshot = service.metrics.snapshot(service.engine.statistics())
    return await asyncio.to_thread(snapshot.text)
