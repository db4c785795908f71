"""
Kill -9 while tickets are solved and erased: what was acknowledged as solved is found, what was erased is not.

The server is killed at the very moment of an acknowledgement, so that nothing has time to be written behind it.
What was acknowledged is remembered here, outside, and looked for by every later life.
"""

import asyncio
import os
import random
from pathlib import Path

import aiohttp
import pytest

from router.client import Client
from router.commands.warm import compile_all
from router.engine.analyzers import shipped
from router.stores.assist import FILE_NAME
from tests.reliability.life import Life, begin

POINTS = int(os.environ.get("CORDBOARD_ASSIST_KILLS", "20"))
CLIENTS = 4
LETTERS = "bcdfghjklm"


class Memory:
    """What servers acknowledged about messages, kept by somebody who does not die with them."""

    def __init__(self) -> None:
        self.solved: set[str] = set()
        self.asked: set[str] = set()
        """Tickets whose message somebody asked to erase."""
        self.erased: set[str] = set()
        self.left = 0
        """Acknowledgements after which the server is killed."""

    def count(self, life: Life) -> None:
        """Take in an acknowledgement; the last one kills."""
        self.left -= 1
        if self.left == 0:
            os.kill(life.pid, 9)


def word_of(ticket: str) -> str:
    """Return the word that only this ticket's message has, with nothing that a stemmer would take off."""
    return "".join("zo" if each == "-" else LETTERS[int(each)] + "o" for each in ticket[2:]) + "x"


async def furnish(client: Client) -> None:
    """Configure agents who take e-mails at once, and have room for what killed servers leave to them."""
    await client.call("queues.put", "support")
    for n in range(CLIENTS):
        await client.call("agents.put", f"agent-{n}", {"units": 10_000})
        await client.call("agents.presence", f"agent-{n}", {"presence": "available"})


async def work(client: Client, memory: Memory, life: Life, name: str) -> None:
    """Put tickets with messages, solve them, and erase some that are solved, until the server is gone."""
    chance = random.Random(name)
    mine: list[str] = []
    for n in range(10_000):
        ticket = f"t-{name}-{n}"
        text = f"the refund of {word_of(ticket)} is missing"
        body = {"queue": "support", "channel": "email", "text": text}
        reply = await client.call("tickets.put", ticket, body)
        assert reply["state"] == "assigned", reply
        await client.call("assignments.complete", reply["assignment"])
        memory.solved.add(ticket)
        mine.append(ticket)
        memory.count(life)
        if chance.random() < 0.3:
            other = mine.pop(chance.randrange(len(mine)))
            memory.asked.add(other)
            await client.call("tickets.erase", other)
            memory.erased.add(other)
            memory.count(life)


async def live(life: Life, memory: Memory, number: int) -> None:
    """Have clients work until the server is killed."""
    async with Client(life.url, attempts_max=1) as client:
        if number == 0:
            await furnish(client)
        working = (work(client, memory, life, f"{number}{n}") for n in range(CLIENTS))
        for error in await asyncio.gather(*working, return_exceptions=True):
            assert isinstance(error, aiohttp.ClientError | OSError), repr(error)


async def found(life: Life, tickets: set[str]) -> set[str]:
    """Return which tickets are found by the word of theirs."""
    async with Client(life.url) as client:
        there = set()
        for ticket in tickets:
            page = await client.call("signals.similar", "", {"text": word_of(ticket), "most": 1})
            there |= {hit["id"] for hit in page["hits"]}
        return there


@pytest.fixture(scope="module", autouse=True)
def warmed() -> None:
    """Compile once; the forks inherit it."""
    compile_all(lambda _: None)
    shipped()


@pytest.mark.slow
def test_what_was_solved_is_found_and_what_was_erased_is_not(tmp_path: Path) -> None:
    """Twenty lives on one journal, each killed by an acknowledgement: later ones find the first kind only."""
    journal, memory, chance = tmp_path / "journal.sqlite", Memory(), random.Random(20261123)
    for number in range(POINTS):
        life = begin(journal, tmp_path)
        memory.left = chance.randint(1, 12)
        asyncio.run(live(life, memory, number))
        os.waitpid(life.pid, 0)
    last = begin(journal, tmp_path)
    there = asyncio.run(found(last, memory.solved))
    last.kill()
    assert len(memory.solved) > 2 * POINTS
    assert memory.erased
    assert memory.solved - memory.asked <= there, "acknowledged as solved, and found no more"
    assert not memory.erased & there, "acknowledged as erased, and found"


@pytest.mark.slow
def test_a_damaged_file_costs_no_start(tmp_path: Path) -> None:
    """A page of noise written between two lives: the next one serves, and the one after knows what that solved."""
    journal, memory = tmp_path / "journal.sqlite", Memory()
    solved_by: list[set[str]] = []
    for number in range(2):
        life = begin(journal, tmp_path)
        memory.left = 20
        before = set(memory.solved)
        asyncio.run(live(life, memory, number))
        os.waitpid(life.pid, 0)
        solved_by.append(memory.solved - before - memory.asked)
        if number == 0:
            file = tmp_path / FILE_NAME
            begin(journal, tmp_path).kill()  # its start copies the log into the file
            noise = bytearray(file.read_bytes())
            noise[4_096:] = os.urandom(len(noise) - 4_096)
            file.write_bytes(noise)
    last = begin(journal, tmp_path)
    there = asyncio.run(found(last, memory.solved))
    last.kill()
    assert solved_by[1] <= there
    assert not solved_by[0] & there
