"""One core, proven: the same commands give the same decisions in process, in the simulator and over HTTP."""

import asyncio
import os
from pathlib import Path

import msgspec
import pytest

from router.client import Client
from router.commands.warm import compile_all
from router.core import codes as c
from router.wire.events import Event
from tests.agreement import tape_server
from tests.agreement.taped import (
    Decisions,
    Request,
    Speaker,
    kind_of,
    prepared,
    simulated,
    told,
)

SOME, ALL = 200_000, 1_000_000
"""Commands of the tape in every run of the tests, and in `make soak`; a tenth of them goes over HTTP as well."""


def folder(tmp_path: Path) -> Path:
    """Return where a journal is quick: this test is about decisions, the disk has tests of its own."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and os.access(memory, os.W_OK) else tmp_path


async def over_http(port: int, tape: list[Request], agents: dict[str, int]) -> Decisions:
    """Say a tape to a server and fold the decisions that it publishes."""
    assert (await tape_server.play(port, tape))[:3] == []
    found, after = Decisions(), 0
    async with Client(f"http://127.0.0.1:{port}") as client:
        while True:
            page = await client.call("events.list", query={"after": after, "limit": 10_000})
            for event in page["events"]:
                found.published(Event(**event), agents)
            if page["next"] == after:
                return found
            after = page["next"]


@pytest.mark.parametrize(
    "commands",
    [pytest.param(SOME, marks=pytest.mark.slow), pytest.param(ALL, marks=pytest.mark.soak)],
)
def test_a_tape_of_commands_is_decided_alike_by_all_three_drivers(
    tmp_path: Path, commands: int
) -> None:
    """The simulator's kernel and a plain machine agree on all, an HTTP server on the first tenth."""
    over_http_max = commands // 10
    compile_all(lambda _: None)
    stage = prepared()
    machine, speaker = stage.machine(), Speaker(stage)
    theirs, ours = Decisions(), Decisions()
    tape: list[Request] = []
    said, first = 0, ""
    for step in simulated(stage, commands):
        theirs.core(step.events, step.words)
        if not step.command:  # the machine's own timers fire when it hears of the next command
            if said < over_http_max and step.events:
                tape.append(speaker.passing(step))
            continue
        ours.core(*told(machine, step))
        if said < over_http_max:
            said += 1
            tape.append(speaker.request(step))
            speaker.came(step)
            if said == over_http_max:
                first = ours.digest()
                assert theirs.digest() == first
    assert theirs.digest() == ours.digest()
    assert ours.count > commands // 4
    path = folder(tmp_path) / f"cordboard-tape-{os.getpid()}.sqlite"
    server = tape_server.begin(path, stage, tape)
    try:
        agents = {name: n for n, name in enumerate(stage.names.agents)}
        assert asyncio.run(over_http(server.port, tape, agents)).digest() == first
    finally:
        server.end()
        for each in path.parent.glob(f"{path.name}*"):
            each.unlink()


@pytest.mark.slow
def test_a_driver_that_misses_one_command_is_found() -> None:
    """One end of work left out of five hundred commands gives another digest: the comparison can fail."""
    stage = prepared()
    machine, theirs, ours = stage.machine(), Decisions(), Decisions()
    is_left_out = False
    for step in simulated(stage, 500):
        theirs.core(step.events, step.words)
        if step.command:
            if not is_left_out and kind_of(step) == c.COMPLETE:
                is_left_out = True
                continue
            ours.core(*told(machine, step))
    assert is_left_out
    assert ours.digest() != theirs.digest()


@pytest.mark.slow
def test_a_decision_published_otherwise_is_found() -> None:
    """An offer to another agent, at another instant or of another worth is another digest."""
    agents = {"ann": 0, "bo": 1}
    data = {"value": 1.5, "expires_at": None}
    at = "2026-03-02T08:00:00.000001Z"
    offer = Event(
        seq=1, type="offer.issued", at=at, ticket="t-1", agent="ann", offer="o-1", data=data
    )
    other = [
        {"agent": "bo"}, {"at": "2026-03-02T08:00:00.000002Z"}, {"offer": "o-2"}, {"ticket": "t-2"},
        {"data": {**data, "value": 1.501}}, {"data": {**data, "expires_at": at}},
    ]  # fmt: skip
    digests = set()
    for change in [{}, *other]:
        found = Decisions()
        found.published(msgspec.structs.replace(offer, **change), agents)
        digests.add(found.digest())
    assert len(digests) == 1 + len(other)
