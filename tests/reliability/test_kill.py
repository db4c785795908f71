"""
Kill -9 under load, at many points: nothing acknowledged is lost, nobody gets a ticket twice.

A server with the SQLite store is killed while clients put tickets, accept offers, finish work and cancel; the next life
goes on with the same journal. What was acknowledged in any life is remembered here, outside, and looked for at the end.
"""

import asyncio
import os
import random
from collections import Counter
from pathlib import Path

import aiohttp
import pytest

from router.client import Client, ClientProblem
from router.commands.warm import compile_all
from router.core import codes as c
from router.core.check import check
from router.core.machine import Machine
from router.engine.archive import shard_at
from router.journal import decode
from router.recover import verify
from router.stores import store_at
from tests.reliability.life import begin

POINTS = int(os.environ.get("CORDBOARD_KILLS", "200"))
AGENTS = 12


class Promises:
    """What servers said they did, kept by somebody who does not die with them."""

    def __init__(self) -> None:
        self.tickets: dict[str, set[str]] = {}
        self.accepted: dict[str, str] = {}
        self.completed: set[str] = set()

    def admit(self, ticket: str, state: str) -> None:
        """Remember that a ticket was acknowledged in a state."""
        self.tickets.setdefault(ticket, set()).add(state)


async def floor(client: Client) -> None:
    """Configure a small floor; agents accept chats by hand and e-mails at once."""
    await client.call("skills.put", "billing", {})
    await client.call("queues.put", "support", {"sla": {"first_response_s": 60}})
    for n in range(AGENTS):
        body = {"skills": {"billing": 1 + n % 5}, "units": 3, "channels": {"chat": {"max": 2}}}
        await client.call("agents.put", f"agent-{n}", body)
        await client.call("agents.presence", f"agent-{n}", {"presence": "available"})


async def load(url: str, promises: Promises, life: int, seed: int) -> None:
    """Put tickets and work on them until the server is gone."""
    chance = random.Random(seed)
    async with Client(url, attempts_max=1) as client:
        clients = (work(client, promises, f"{life}-{n}", chance) for n in range(6))
        for error in await asyncio.gather(*clients, return_exceptions=True):
            assert isinstance(error, aiohttp.ClientError | OSError), repr(error)


async def work(client: Client, promises: Promises, name: str, chance: random.Random) -> None:
    """One client: put a ticket, then perhaps accept, complete or cancel; over and over."""
    for n in range(10_000):
        ticket = f"t-{name}-{n}"
        body = {
            "queue": "support",
            "channel": chance.choice(["chat", "email"]),
            "priority": chance.randrange(10),
        }
        body["requirements"] = [{"skill": "billing", "min_level": chance.randint(1, 5)}]
        reply = await client.call("tickets.put", ticket, body)
        promises.admit(ticket, reply["state"])
        try:
            for offer in reply["offers"]:
                await client.call("offers.accept", offer)
                promises.accepted[offer] = ticket
                if chance.random() < 0.7:
                    await client.call("assignments.complete", offer.replace("o-", "a-"))
                    promises.completed.add(ticket)
            if reply["state"] == "assigned" and chance.random() < 0.7:
                await client.call("assignments.complete", reply["assignment"])
                promises.completed.add(ticket)
            elif not reply["offers"] and chance.random() < 0.5:
                await client.call("tickets.cancel", ticket)
                promises.admit(ticket, "canceled")
        except ClientProblem as problem:
            assert problem.code in ("offer_not_open", "state_conflict"), problem


def audit_events(path: Path) -> Counter[str]:
    """Walk the journal's events without the core: one holder a ticket, and no more units than an agent has."""
    store = store_at(f"sqlite:{path}")
    store.open_to_read()
    holder: dict[int, int] = {}
    load_of: Counter[int] = Counter()
    seen: Counter[str] = Counter()
    expected = 1
    for frame in store.read():
        recorded = decode(frame.body)
        assert recorded.first_seq == expected, "sequence numbers are dense"
        expected += len(recorded.events)
        for e in recorded.events:
            kind, ticket, agent = int(e["kind"]), int(e["ticket"]), int(e["agent"])
            seen[c.EVENTS[kind]] += 1
            if kind == c.E_OFFERED:
                load_of[agent] += 1
                assert load_of[agent] <= 3, f"agent {agent} holds {load_of[agent]} of 3 units"
            elif kind == c.E_ACCEPTED:
                assert ticket not in holder, f"ticket {ticket} was assigned twice"
                holder[ticket] = agent
            elif kind in (c.E_COMPLETED, c.E_RELEASED):
                assert holder.pop(ticket) == agent
                load_of[agent] -= 1
            elif kind in (c.E_DECLINED, c.E_OFFER_EXPIRED, c.E_REVOKED):
                load_of[agent] -= 1
    store.close()
    return seen


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_at_any_kill(tmp_path: Path) -> None:
    """Two hundred lives on one journal, each ended by kill -9 at a random moment under load."""
    journal, promises = tmp_path / "journal.sqlite", Promises()
    chance = random.Random(20261123)
    compile_all(lambda _: None)  # the forks inherit the kernels
    for life in range(POINTS):
        server = begin(journal)

        async def bounded(url: str = server.url, pid: int = server.pid, number: int = life) -> None:
            if number == 0:
                async with Client(url) as client:
                    await floor(client)
            loading = asyncio.ensure_future(load(url, promises, number, seed=number))
            await asyncio.sleep(chance.uniform(0.005, 0.12))
            os.kill(pid, 9)
            await loading

        asyncio.run(bounded())
        os.waitpid(server.pid, 0)

    store = store_at(f"sqlite:{journal}")
    tail = store.open()
    recovered = shard_at(store, tail.number, Machine())
    check(recovered.machine.arrays)
    whole = Machine()
    verdict = verify(((frame.number, frame.body) for frame in store.read()), whole)
    assert verdict.difference is None, str(verdict.difference)
    assert verdict.digest == recovered.machine.digest()
    store.close()
    tickets = recovered.machine.arrays.tickets
    assert len(promises.tickets) > POINTS, "the load was real"
    for ticket, states in promises.tickets.items():
        row = recovered.directory.rows.get(ticket)
        assert row is not None, f"ticket {ticket} was acknowledged ({states}) and is lost"
        state = c.TICKET_STATES[int(tickets[row]["state"])]
        if ticket in promises.completed:
            assert state == "completed", f"{ticket} was completed and is {state}"
        if "canceled" in states:
            assert state == "canceled", f"{ticket} was canceled and is {state}"
    for offer, ticket in promises.accepted.items():
        known = recovered.history.works[int(offer[2:])]
        assert known.ticket == ticket
        assert known.accepted_us > 0, f"{offer} was accepted and is {known.state}"
    seen = audit_events(journal)
    assert seen["offer.accepted"] > 0
    assert seen["assignment.completed"] > 0
