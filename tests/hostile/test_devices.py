"""A clock that jumps back, a disk that is full, a second server on the same journal: nothing acknowledged is lost."""

from pathlib import Path
from typing import Any

import msgspec

from router.main import run
from router.stores.errors import Fenced, StoreFull
from tests.hostile.standing import ACME, CHAT, START_US, ZOO, Movable, Standing, standing, told

HOUR_US = 3_600_000_000


async def seqs(at: Standing) -> list[tuple[int, str]]:
    """Return number and instant of every event."""
    events: list[dict[str, Any]] = (await at.read("/v1/events?after=0&limit=1000"))["events"]
    return [(event["seq"], event["at"]) for event in events]


async def test_a_clock_that_jumps_back_undoes_nothing(tmp_path: Path) -> None:
    """The core's time stands still until the clock has caught up, over a restart too; the journal verifies."""
    clock = Movable()
    async with standing(tmp_path, clock) as at:
        await at.ask("PUT", "/v1/tickets/t-1", CHAT)
        clock.us -= HOUR_US
        assert (await at.ask("PUT", "/v1/tickets/t-2", CHAT)).status == 201
        assert (await at.ask("POST", "/v1/offers/o-1:accept")).status == 200
    clock = Movable(START_US - 24 * HOUR_US)
    async with standing(tmp_path, clock) as at:
        assert (await at.ask("PUT", "/v1/tickets/t-3", CHAT)).status == 201
        assert (await at.read("/v1/tickets/t-1"))["state"] == "assigned"
        told_of = await seqs(at)
        assert [seq for seq, _ in told_of] == list(range(1, len(told_of) + 1))
        assert sorted(at_ for _, at_ in told_of) == [at_ for _, at_ in told_of]
        found = await at.ask("POST", "/v1/decisions:explain", {"ticket": "t-3"})
        assert msgspec.json.decode(found.body)["at"] >= told_of[-1][1], "nothing is older than it"
        clock.us = (
            START_US + 31_000_000
        )  # the offer of t-2 ends 30 s after it was made, by any clock
        assert (await at.ask("PUT", "/v1/tickets/t-4", CHAT)).status == 201
        assert (await at.read("/v1/offers/o-2"))["state"] == "expired"
    assert run(["verify", str(tmp_path / "acme.sqlite")]) == 0


async def test_a_full_disk_refuses_by_name_and_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    """503 `store_full` with what to do, /readyz says which journal; the other tenant goes on; a restart has all."""
    body = {**CHAT, "attributes": {"note": "x" * 500}}
    acknowledged = []
    async with standing(tmp_path, ends_with=StoreFull) as at:
        connection = at.engine.line("acme")._store._connection
        assert connection is not None
        connection.pragma("max_page_count", connection.pragma("page_count") + 8)
        for n in range(500):
            found = await at.ask("PUT", f"/v1/tickets/t-{n}", body)
            if found.status != 201:
                break
            acknowledged.append(f"t-{n}")
        problem = told(found)
        assert problem["code"] == "store_full"
        assert "start the server anew" in problem["advice"]
        assert acknowledged, "some found room"
        for method, path, more in [("PUT", "/v1/tickets/x", CHAT), ("GET", "/v1/tickets", b"")]:
            assert told(await at.ask(method, path, more))["code"] == "store_full"
        ready = told(await at.ask("GET", "/readyz"))
        assert "journal acme: No room left" in ready["detail"]
        assert not ready["detail"].endswith("..")
        assert (await at.ask("PUT", "/v1/tickets/z-1", CHAT, key=ZOO)).status == 201
    async with standing(tmp_path) as at:
        for ticket in acknowledged:
            assert (await at.ask("GET", f"/v1/tickets/{ticket}")).status == 200, ticket
        assert (await at.ask("GET", "/v1/tickets/x")).status == 404
        assert (await at.ask("GET", "/v1/tickets/z-1", key=ZOO)).status == 200


async def test_of_two_servers_on_one_journal_the_newer_one_goes_on(tmp_path: Path) -> None:
    """The older one refuses by name from its next write on, is not ready, and what it acknowledged is served."""
    async with standing(tmp_path, ends_with=Fenced) as old:
        assert (await old.ask("PUT", "/v1/tickets/t-1", CHAT)).status == 201
        async with standing(tmp_path) as new:
            problem = told(await old.ask("PUT", "/v1/tickets/t-2", CHAT))
            assert problem["code"] == "not_ready"
            assert "has claimed the journal" in problem["detail"]
            assert told(await old.ask("GET", "/readyz"))["code"] == "not_ready"
            assert (await new.ask("GET", "/v1/tickets/t-1")).status == 200
            assert (await new.ask("GET", "/v1/tickets/t-2")).status == 404
            assert (await new.ask("PUT", "/v1/tickets/t-2", CHAT, key=ACME)).status == 201
