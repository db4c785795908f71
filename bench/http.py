"""The server over HTTP: durable tickets a second, beside a bare echo of the same body.

`cordboard serve` runs as a user runs it, with a key, the SQLite store and a floor of agents, on
one core; the load runs on another. Rounds of the server alternate with rounds of the echo, so both
meet the same neighbours, and the ratio is the median over the rounds.
"""

import asyncio
import contextlib
import hashlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import aiohttp
import msgspec
import uvloop

from bench.http_load import Load, Result, closed_loop, open_loop, put_request
from router.client import Client
from router.keys import mint

Row = dict[str, object]
ROUNDS = 5
ROUND_S = 2.0
# As many as a busy platform holds open. With a disk that syncs in 4 ms, 64 closed-loop clients wait for it
# most of the time and the figure tells the disk's speed rather than the server's.
CONNECTIONS = 256
OPEN_CONNECTIONS = 256
OPEN_S = 6.0
BATCH = 100
BATCHES = 1_500
BATCH_CONNECTIONS = 16
AGENTS = 200
FSYNCS = 300
START_S = 120.0
PEER = "aiohttp on uvloop, echo"
SERVE = (sys.executable, "-m", "router.main", "serve")
KEY, KEPT = mint("bench", hashlib.sha256(b"bench").digest()[:20])
TICKET = {
    "queue": "support",
    "channel": "chat",
    "priority": 3,
    "language": {"tag": "pt-BR", "min_level": 3},
    "requirements": [
        {"skill": "billing", "min_level": 2},
        {"skill": "enterprise", "mode": "preferred", "weight": 0.4},
    ],
    "preferred_agents": [{"agent": "a-7", "weight": 1.0, "ttl_s": 45}],
    "customer": "c-77",
    "attributes": {"order": "A-19", "source": "chat-widget"},
}
BODY = msgspec.json.encode(TICKET)
PLAIN = {
    "queue": "support",
    "channel": "chat",
    "priority": 3,
    "language": {"tag": "pt-BR"},
    "requirements": [{"skill": "billing", "min_level": 2}],
}


class Times(NamedTuple):
    """What the rounds gave, in requests a second, and how late answers were at half of that."""

    echo: list[float]
    single: list[float]
    batch: Result
    rich_batch: Result
    half: Result


def run(command: Sequence[str] = SERVE) -> list[Row]:
    """Return the rows of the suite ``http``; ``command`` starts the server to be measured."""
    with tempfile.TemporaryDirectory(prefix=".bench-http-", dir=Path.cwd()) as name:
        folder = Path(name)
        fsyncs = _fsyncs(folder / "bare")
        cores = sorted(os.sched_getaffinity(0))
        times = uvloop.run(_measure(command, folder, cores))
    return _rows(times, fsyncs)


async def _measure(command: Sequence[str], folder: Path, cores: Sequence[int]) -> Times:
    port, echo_port = _free_port(), _free_port()
    echo_command = (sys.executable, "-m", "bench.http_echo", str(echo_port))
    with _process(echo_command, {}, cores), _process(command, _settings(port, folder), cores):
        os.sched_setaffinity(0, {cores[-1]})
        try:
            await _ready(f"http://127.0.0.1:{port}/readyz")
            await _ready(f"http://127.0.0.1:{echo_port}/none")
            await _make_floor(f"http://127.0.0.1:{port}")
            return await _rounds(port, echo_port)
        finally:
            os.sched_setaffinity(0, cores)


async def _rounds(port: int, echo_port: int) -> Times:
    head, tail = put_request("/v1/tickets/", BODY, KEY)
    made = 0

    def single(number: int) -> bytes:
        return b"%bs-%d%b" % (head, made + number, tail)

    echo, durable = [], []
    for _ in range(ROUNDS):
        echo.append(
            _checked(await closed_loop(Load(echo_port, CONNECTIONS, single), ROUND_S)).per_s
        )
        found = _checked(await closed_loop(Load(port, CONNECTIONS, single), ROUND_S))
        durable.append(found.per_s)
        made += found.answers
    rate = statistics.median(durable) / 2
    half = _checked(await open_loop(Load(port, OPEN_CONNECTIONS, single), rate, OPEN_S))
    load = Load(port, BATCH_CONNECTIONS, _batch_request)
    batch = _checked(await closed_loop(load, 60.0, most=BATCHES))
    rich = _checked(
        await closed_loop(Load(port, BATCH_CONNECTIONS, _rich_batch_request), 60.0, most=BATCHES)
    )
    return Times(echo, durable, batch, rich, half)


def _batch_request(number: int) -> bytes:
    """Return a batch of plain tickets as MessagePack, the way to bring in many."""
    tickets = [PLAIN | {"id": f"b-{number}-{each}"} for each in range(BATCH)]
    body = msgspec.msgpack.encode({"tickets": tickets})
    return b"".join(put_request("/v1/tickets:batch", body, KEY, "POST", "application/msgpack"))


def _rich_batch_request(number: int) -> bytes:
    """Return a batch of the tickets that are sent one by one elsewhere here, as JSON."""
    tickets = b",".join(b'{"id":"r-%d-%d",%b' % (number, each, BODY[1:]) for each in range(BATCH))
    return b"".join(put_request("/v1/tickets:batch", b'{"tickets":[%b]}' % tickets, KEY, "POST"))


def _checked(result: Result) -> Result:
    if result.refusals:
        raise AssertionError(f"{result.refusals} of {result.answers} requests were refused")
    return result


async def _make_floor(url: str) -> None:
    """Put what the tickets name, and agents that take as many as they can hold."""
    async with Client(url, KEY) as client:
        for skill in ("billing", "enterprise"):
            await client.call("skills.put", skill)
        await client.call("queues.put", "support")
        for number in range(AGENTS):
            agent = {
                "skills": {"billing": 2 + number % 4, "enterprise": 1 + number % 5},
                "languages": {"pt-BR": 3 + number % 3},
            }
            await client.call("agents.put", f"a-{number}", agent)
            await client.call("agents.presence", f"a-{number}", {"presence": "available"})


def _settings(port: int, folder: Path) -> dict[str, str]:
    key = f'[{{id = "{KEPT.id}", sha256 = "{KEPT.sha256}", scopes = ["admin"]}}]'
    return {
        "CORDBOARD__SERVER__PORT": str(port),
        "CORDBOARD__STORE__PATH": str(folder / "journal.sqlite"),
        "CORDBOARD__ROUTING__TICKETS_MAX": "1000000",
        "CORDBOARD__LOG__LEVEL": "error",
        "CORDBOARD__AUTH__KEYS": key,
    }


@contextlib.contextmanager
def _process(
    command: Sequence[str], more: Mapping[str, str], cores: Sequence[int]
) -> Iterator[None]:
    """Run a server on the first core while the block lasts, threads of its own included."""
    os.sched_setaffinity(0, {cores[0]})
    try:
        process = subprocess.Popen(command, env={**os.environ, **more}, stdout=subprocess.DEVNULL)
    finally:
        os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


async def _ready(url: str) -> None:
    """Wait until a server answers, and not with "not yet"."""
    async with asyncio.timeout(START_S), aiohttp.ClientSession() as http:
        while True:
            with contextlib.suppress(aiohttp.ClientConnectionError):
                async with http.get(url) as response:
                    if response.status != 503:
                        return
            await asyncio.sleep(0.05)


def _fsyncs(path: Path) -> list[float]:
    """Return how long writing and syncing 4 KiB takes here, in milliseconds, each time."""
    times = []
    with path.open("wb", buffering=0) as file:
        for _ in range(FSYNCS):
            begun = perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            times.append((perf_counter() - begun) * 1e3)
    return times


def _rows(times: Times, fsyncs: list[float]) -> list[Row]:
    echo = statistics.median(times.echo)
    ratios = [own / peer for own, peer in zip(times.single, times.echo, strict=True)]
    p99 = _share(times.half.latencies_ms, 0.99)
    fsync_p99 = _share(fsyncs, 0.99)
    return [
        _row("echo", "requests_per_s", times.echo, "1/s"),
        _row("single_durable", "requests_per_s", times.single, "1/s", (PEER, echo)),
        _row("single_durable", "ratio", ratios, "x"),
        _row("batch_100_durable", "tickets_per_s", [times.batch.per_s * BATCH], "1/s"),
        _row("batch_100_rich", "tickets_per_s", [times.rich_batch.per_s * BATCH], "1/s"),
        _row("ack_half_load", "p50_ms", [_share(times.half.latencies_ms, 0.5)], "ms"),
        _row("ack_half_load", "p99_ms", [p99], "ms", ("fdatasync of 4 KiB, p99", fsync_p99)),
    ]


def _share(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _row(
    case: str,
    metric: str,
    values: list[float],
    unit: str,
    peer: tuple[str, float] | None = None,
) -> Row:
    return {
        "suite": "http",
        "case": case,
        "metric": metric,
        "value": statistics.median(values),
        "unit": unit,
        "n": len(values),
        "spread": max(values) - min(values),
        "peer": peer[0] if peer else None,
        "peer_value": peer[1] if peer else None,
    }
