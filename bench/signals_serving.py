"""Signals in the product: what reading adds to putting a ticket, and what a change of model costs the others.

The messages are BANKING77's (CC BY 4.0); the model that serves has its 77 intents and is trained on half
of its training messages, the other half is read. Without the data a few messages of our own are used, and
said to be.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter_ns, thread_time_ns
from typing import NamedTuple

import msgspec
import uvloop

from bench.http_load import Load, Result, open_loop, put_request
from bench.report import Peer, Row, Suite, quantile
from bench.signals_data import folder as data_folder
from bench.signals_sets import banking77
from router.client import Client
from router.commands.serve import tune_interpreter
from router.desk.registry import bootstrap
from router.desk.signals import asked, heard
from router.engine.analyzers import make_analyzer
from router.engine.messages import Messages
from router.engine.models import ModelFolder
from router.engine.reader import Reader
from router.shard import Shard
from router.signals.model import Model
from router.signals.rows import Row as Message
from router.signals.training import Options, train
from router.wire import registry
from router.wire.calls import Call
from router.wire.tickets import TicketBody

SUITE = "signals"
LANGUAGES = ("en", "de", "fr", "es", "pt")
OWN = (
    ("refund", "Where is my refund? I have been waiting for two weeks!"),
    ("refund", "I want my money back, please."),
    ("login", "I cannot log in, the password does not work."),
    ("login", "Please reset my password, I am locked out."),
)


class Effort(NamedTuple):
    """How many messages are read, how often, and how long and how hard the server is loaded."""

    messages: int
    rounds: int
    seconds: float
    per_s: int
    changes: int


FULL = Effort(3_000, 5, 6.0, 1_000, 40)
QUICK = Effort(20, 1, 0.5, 100, 2)


def run(effort: Effort = FULL) -> list[Row]:
    """Return the rows of signals in the product."""
    learn, read = messages(effort)
    models = [train(learn, Options(seed=seed)) for seed in (1, 2)]
    return [*in_put_ticket(effort, models[0], read), *hot_swap(effort, models, read)]


def messages(effort: Effort) -> tuple[list[Message], list[str]]:
    """Return what a model is trained on, and the messages that are read."""
    path = data_folder("banking77")
    if path is None:
        rows = [Message(text, label) for label, text in OWN] * 5
        return rows, [text for _, text in OWN] * (effort.messages // len(OWN) + 1)
    rows = banking77(path).train
    if effort is QUICK:
        rows = rows[:600]
    return rows[::2], [row.text for row in rows[1::2]][: effort.messages]


def floor() -> Shard:
    """Return a shard with a queue, and with signals put to use."""
    shard = Shard()
    bootstrap(shard, 1)
    calls = (
        Call("skills.put", id="billing", body=registry.SkillBody()),
        Call("queues.put", id="support", body=registry.QueueBody()),
        Call("signals.put", body=use_of_signals()),
    )
    for call in calls:
        shard.admit(call, 1)
        shard.settle(1)
    return shard


def use_of_signals() -> "msgspec.Struct":
    """Return a configuration in which every signal asks for something."""
    from router.wire.signals import SignalsBody

    plain = {
        "languages": list(LANGUAGES),
        "language": {"default": "en"},
        "intents": {"card_arrival": {"requirements": [{"skill": "billing"}]}},
        "urgency": {"urgent": 2, "soon": 1},
    }
    return msgspec.convert(plain, SignalsBody)


def in_put_ticket(effort: Effort, model: Model, texts: Sequence[str]) -> list[Row]:
    """
    Measure what a message adds to a decoded call: all signals, who is believed, what it asks for.

    ``cpu_`` counts processor time only: on a busy machine the others are in the wall clock's tail.
    """
    shard = floor()
    reader = Reader(
        lambda models: make_analyzer(LANGUAGES, models), perf_counter_ns, Messages(20_000)
    )
    reader.serve({"intent": model})
    bodies = [TicketBody(queue="support", channel="chat", text=text) for text in texts]
    calls = [Call("tickets.put", id=f"t{n}", body=body) for n, body in enumerate(bodies)]

    def turn(now_ns: Callable[[], int]) -> list[float]:
        times = []
        for call, body in zip(calls, bodies, strict=True):
            begun = now_ns()
            found = reader.read(call).found
            known = heard(shard, body, found[call.id], (), None)  # type: ignore[index]
            asked(shard, body, known)
            times.append((now_ns() - begun) / 1e3)
        return times

    turn(perf_counter_ns)  # warms up
    tune_interpreter()
    clocks = {"": perf_counter_ns, "cpu_": thread_time_ns}
    taken = {name: [turn(clock) for _ in range(effort.rounds)] for name, clock in clocks.items()}
    suite = Suite(SUITE, "in_put_ticket")
    n = len(calls) * effort.rounds
    return [
        suite.row(f"{name}{metric}", [quantile(times, share) for times in rounds], "us", n=n)
        for name, rounds in taken.items()
        for metric, share in (("p50_us", 0.5), ("p99_us", 0.99))
    ]


# -- a change of model under load ----------------------------------------------------------------------------------


def hot_swap(effort: Effort, models: Sequence[Model], texts: Sequence[str]) -> list[Row]:
    """Measure what a server under load is kept by when its model is changed, and count failed tickets."""
    with tempfile.TemporaryDirectory(prefix=".bench-signals-", dir=Path.cwd()) as name:
        folder = Path(name)
        ids = [ModelFolder(folder).write(model) for model in models]
        with serving(folder) as port:
            result, served = uvloop.run(swapped(effort, port, ids, texts))
        lateness = json.loads((folder / "lateness.json").read_text())
    suite = Suite(SUITE, "hot_swap")
    quiet = max(lateness["quiet"], default=0.0)
    late = Peer("the same loop under the same load, no change", quiet)
    return [
        suite.row("max_wait_ms", [max(lateness["kept"])], "ms", n=len(lateness["kept"])),
        suite.row("loop_late_ms", [max(lateness["changing"])], "ms", peer=late),
        suite.row("failed", [float(result.refusals)], "1", n=result.answers),
        suite.row("models_seen", [float(served)], "1", n=result.answers),
        suite.row("p99_ms", [quantile(result.latencies_ms, 0.99)], "ms", n=result.answers),
    ]


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[int]:
    """Run the watched server on the first core while the block lasts; yields its port."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[0]})
    try:
        command = (sys.executable, "-m", "bench.signals_server", str(folder))
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    finally:
        os.sched_setaffinity(0, cores)
    assert process.stdout is not None
    try:
        yield next(int(line) for line in process.stdout if line.strip().isdigit())
    finally:
        process.terminate()
        process.wait(timeout=60)


async def swapped(
    effort: Effort, port: int, ids: Sequence[str], texts: Sequence[str]
) -> tuple[Result, int]:
    """Put tickets at a steady rate while the model is changed again and again."""
    async with Client(f"http://127.0.0.1:{port}", None) as client:
        await client.call("skills.put", "billing")
        await client.call("queues.put", "support")
        await client.call("signals.put", body=msgspec.to_builtins(use_of_signals()))
        for id_ in ids:
            await client.call("models.put", id_)
        await client.call("models.activate", ids[0])
        head, _ = put_request("/v1/tickets/", b"", "")

        def make(number: int) -> bytes:
            plain = {"queue": "support", "channel": "email", "text": texts[number % len(texts)]}
            body = msgspec.json.encode(plain)
            tail = put_request("", body, "none")[1].replace(b"Authorization: Bearer none\r\n", b"")
            return b"%bs-%d%b" % (head, number, tail)

        async def change() -> None:
            for n in range(effort.changes):
                await client.call("models.activate", ids[(n + 1) % 2])
                await asyncio.sleep(effort.seconds / effort.changes / 2)

        async with asyncio.TaskGroup() as tasks:
            changing = tasks.create_task(change())
            load = Load(port, 64, make)
            result = await open_loop(load, effort.per_s, effort.seconds)
            await changing
        seen = set()
        for number in range(0, result.answers, max(1, result.answers // 200)):
            ticket = await client.call("tickets.get", f"s-{number}")
            seen |= {each["model"] for each in ticket["found"] if each["name"] == "intent"}
        return result, len(seen & set(ids))
