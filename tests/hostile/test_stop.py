"""SIGTERM to a whole process in the middle of its work."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from router.client import Client, ClientProblem
from simulator.served import ServedProcess
from tests.hostile.standing import CHAT, furnish

CLIENTS = 8


async def started(folder: Path) -> ServedProcess:
    """Start a server on the journal in a folder."""
    wanted: dict[str, Any] = {"server.port": "0", "store.path": str(folder / "journal.sqlite")}
    return await ServedProcess.start((), wanted, folder / "server.log")


@pytest.mark.slow
async def test_sigterm_under_load_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """It ends with 0 in time; who came too late was told `not_ready` or found nobody; the next life has the rest."""
    server = await started(tmp_path)
    await furnish(server.url, None)
    acknowledged: list[str] = []
    enough = asyncio.Event()

    async def put(client: int) -> None:
        async with Client(server.url, attempts_max=1) as at:
            for n in range(100_000):
                try:
                    await at.call("tickets.put", f"t-{client}-{n}", CHAT)
                except ClientProblem as problem:
                    assert problem.code == "not_ready", problem
                    return
                except OSError:
                    return
                acknowledged.append(f"t-{client}-{n}")
                if len(acknowledged) > 200:
                    enough.set()

    load = asyncio.gather(*(put(client) for client in range(CLIENTS)))
    await enough.wait()
    assert await server.stop() == 0
    await load
    server = await started(tmp_path)
    async with Client(server.url) as at:
        for ticket in acknowledged:
            await at.call("tickets.get", ticket)
    assert await server.stop() == 0
