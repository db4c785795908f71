"""``cordboard serve``: open the journals, serve the API, and stop without dropping anything."""

import argparse
import asyncio
import errno
import gc
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from router.clock import Clock
from router.commands.config import add_config, settings_of
from router.commands.numbers import above_zero
from router.settings import Settings, StoreSettings

if TYPE_CHECKING:
    from router.engine.engine import EngineSettings
    from router.wire.policies import Base

Result = TypeVar("Result")
FAILED: Final = 1
CLOCK_SPEED_MAX: Final = 100_000.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments; those of the clock are for replays (docs/incidents.md)."""
    add_config(parser)
    parser.add_argument(
        "--clock-speed", type=above_zero(CLOCK_SPEED_MAX), default=1.0, help=argparse.SUPPRESS
    )
    parser.add_argument("--clock-start", type=instant_of, help=argparse.SUPPRESS)


def instant_of(text: str) -> int:
    """Read an instant as microseconds since 1970, as argparse likes it."""
    instant = None
    with suppress(ValueError):
        instant = datetime.fromisoformat(text)
    if instant is None or instant.tzinfo is None or instant.year < 1970:
        expected = "an instant with its zone, as in 2016-03-07T00:00:00Z"
        raise argparse.ArgumentTypeError(f"is {text!r}, expected {expected}")
    return round(instant.astimezone(UTC).timestamp()) * 1_000_000


def journal_of(store: StoreSettings, tenant: str) -> str:
    """
    Return where a tenant's journal lies, as ``STORES`` reads it.

    The default tenant has the configured file, any other one beside it with the tenant in its name.
    """
    from router.engine.engine import DEFAULT_TENANT

    if store.kind == "memory":
        return "memory:"
    if tenant == DEFAULT_TENANT:
        return f"{store.kind}:{store.path}"
    path = PurePath(store.path)
    return f"{store.kind}:{path.with_name(f'{path.stem}.{tenant}{path.suffix}')}"


def models_of(settings: Settings, tenant: str) -> Path | None:
    """
    Return the folder of a tenant's models, None where there are to be none.

    Beside a journal ``acme.sqlite`` that is ``acme.models``; in a configured folder each tenant has one of its name.
    """
    configured = settings.signals.models
    if configured == "none":
        return None
    if configured != "beside":
        return Path(configured) / tenant
    where = journal_of(settings.store, tenant)
    if where.startswith("memory:"):
        return None
    return Path(where.partition(":")[2]).with_suffix(".models")


def engine_settings(settings: Settings) -> "EngineSettings":
    """Return what the engine needs of the settings."""
    from router.engine.engine import EngineSettings
    from router.engine.escalation import TierSettings
    from router.engine.shelf import ShelfLimits
    from router.keys import KeyRing
    from router.wire.policies import PolicyBody

    store, routing = settings.store, settings.routing
    return EngineSettings(
        location=lambda tenant: journal_of(store, tenant),
        tenants=KeyRing(settings.auth.keys).tenants(),
        snapshot_every=store.snapshot_every_events,
        tickets_max=routing.tickets_max,
        agents_max=routing.agents_max,
        policy=PolicyBody(
            base=cast("Base", routing.policy), retention_s=routing.ticket_retention_s
        ),
        price_every_s=routing.price_every_s,
        answers_max=settings.server.idempotency_keys_max,
        answers_ttl_us=round(settings.server.idempotency_ttl_s * 1_000_000),
        models=lambda tenant: models_of(settings, tenant),
        messages_max=settings.signals.messages_max,
        tiers=TierSettings(
            settings.signals.encoder,
            settings.signals.tokenizer,
            settings.signals.encoder_deadline_s,
            settings.signals.hook_url,
            settings.signals.hook_deadline_s,
        ),
        shelf=ShelfLimits(
            settings.signals.solved_max,
            settings.signals.solved_retention_s,
            in_file=settings.signals.solved == "beside",
        ),
    )


async def serve_until_told(settings: Settings, clock: Clock) -> int:
    """Open the engine, serve until SIGTERM or SIGINT, drain; return the exit code."""
    from router.engine.engine import Engine
    from router.http.serve import serve
    from router.journal import FormatError
    from router.stores.errors import StoreError

    try:
        engine = await Engine.open(engine_settings(settings), clock)
    except (StoreError, FormatError, OSError) as error:
        return failed(f"store.path {settings.store.path!r} cannot be opened: {error}")
    try:
        await serve(engine, settings, clock, announce)
    except OSError as error:
        return failed(why_not_listening(settings, error))
    except StoreError as error:
        return failed(f"The journal stopped: {error}")
    return 0


def announce(url: str) -> None:
    """Say on standard output where the server is reached; programs wait for this line."""
    print(f"Cordboard serves {url}", flush=True)


def why_not_listening(settings: Settings, error: OSError) -> str:
    """Return why the address cannot be had, and what to try."""
    server = settings.server
    where = f"server.host {server.host!r} and server.port {server.port}"
    if error.errno == errno.EADDRINUSE:
        hint = "Maybe another server runs there; 0 takes a free port."
        return f"{where}: the port is in use already. {hint}"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{where}: this user may not listen there. Ports from 1024 on are free to all."
    return f"{where}: {error}; expected an address of this machine and a free port."


def failed(why: str) -> int:
    """Say why on standard error; return the exit code."""
    print(why, file=sys.stderr, flush=True)
    return FAILED


def warm(say: Callable[..., object]) -> None:
    """Compile the kernels that are not in the cache, saying which."""
    from router.commands.warm import compile_all

    compile_all(lambda line: say("warming", step=line))


def run(given: argparse.Namespace) -> int:
    """Serve until told to stop."""
    settings = settings_of(given)
    if settings is None:
        return FAILED
    import structlog

    from router.http.logs import configure_logs

    clock = Clock()
    configure_logs(settings.log, clock)
    log = structlog.get_logger("cordboard")
    warm(log.info)
    if given.clock_speed != 1.0 or given.clock_start is not None:
        clock = Clock(given.clock_speed, given.clock_start)
        configure_logs(settings.log, clock)
        log.warning("replay_clock", speed=given.clock_speed, now=clock.now_us())
    tune_interpreter()
    return in_loop(serve_until_told(settings, clock))


def tune_interpreter() -> None:
    """
    Make Python fit for serving.

    The garbage collector looks at what is young and never at what has survived: tickets live long and have no cycles,
    and to walk over all of them took up to 100 ms at the 99th percentile of answers. It looks often, as one look at
    20,000 young objects took 8 ms. The journal's writer waits at most 0.2 ms for the interpreter instead of 5.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 1_000_000, 1_000_000)
    sys.setswitchinterval(0.0002)


def in_loop(main: Coroutine[Any, Any, Result]) -> Result:
    """Run in uvloop where there is one."""
    try:
        import uvloop
    except ImportError:  # not made for every system
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
