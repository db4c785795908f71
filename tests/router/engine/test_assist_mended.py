"""A store of solved tickets that fails for a while: nothing is lost, nothing erased stays, and it is tried again."""

import asyncio
from pathlib import Path
from typing import Any

import apsw
import pytest

from router.engine.shelf import Change, Shelf, ShelfLimits
from router.stores.assist import ASIDE, FILE_NAME, AssistStore, AssistStoreError
from router.wire.calls import Call
from router.wire.similar import SimilarBody
from router.wire.tickets import CancelBody
from tests.router.engine.models import Read, opened, warm
from tests.router.engine.test_assist_file import all_logs
from tests.router.engine.test_similar import begun, message, solve

WORD = "refund money missing"


@pytest.fixture(scope="module", autouse=True)
def warmed() -> None:
    """Compile outside of the tests, whose time is bounded."""
    warm()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no lock."""
    monkeypatch.setattr("router.engine.solved_file.PATIENCE_MS", 0)


class Holder:
    """Another process that has locked the whole file."""

    def __init__(self, folder: Path) -> None:
        self._connection = apsw.Connection(str(folder / FILE_NAME))
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._connection.execute("BEGIN EXCLUSIVE; SELECT count(*) FROM tickets")

    def let_go(self) -> None:
        """Give the lock back."""
        self._connection.execute("COMMIT")
        self._connection.close()


def in_file(folder: Path) -> set[str]:
    """Return the tickets that the file has."""
    store = AssistStore(folder)
    store.open()
    rows = {row[0] for row in store.rows("tickets")}
    store.close()
    return rows


def refuse() -> Any:
    """Fail as a disk does."""
    raise AssistStoreError("disk I/O error")


async def found(read: Read) -> set[str]:
    """Return the solved tickets that are found."""
    reply = await read.do("signals.similar", "", SimilarBody(text=WORD))
    return {hit.id for hit in reply.hits if hit.kind == "ticket"}


async def held(folder: Path) -> tuple[Read, Holder]:
    """Return a life that began while somebody held the file of the life before; t1 is solved, t2 was open."""
    bench, read = await begun(folder)
    await solve(read, "t1", "the money of my refund is still missing")
    await read.put("t2", "another refund is missing")
    await read.close()
    holder = Holder(folder)
    again = await opened(bench, folder)
    assert FILE_NAME in str(again.desk.shelf.fault)
    return again, holder


@pytest.mark.usefixtures("impatient")
async def test_what_memory_stands_in_for_is_erased_too(tmp_path: Path) -> None:
    """While the file is held erasing is refused, though nothing is found; then no row of the ticket is left."""
    read, holder = await held(tmp_path)
    problem = (await read.submit("tickets.erase", "t1")).problem
    assert problem is not None
    assert (problem.code, problem.retry_after_s) == ("not_ready", 5)
    holder.let_go()
    assert (await read.submit("tickets.erase", "t1")).status == 204
    assert in_file(tmp_path) == {"t2"}
    await read.close()


async def test_tickets_in_memory_are_erased_from_the_file_of_another_time(tmp_path: Path) -> None:
    """After the setting was changed, also where only a damaged file that was set aside is left."""
    shelf = Shelf(tmp_path)
    shelf.note(message("t1", "a refund"))
    await shelf.tidy()
    await shelf.close()
    aside = tmp_path / f"{FILE_NAME}{ASIDE}"
    aside.write_bytes(b"a refund")
    shelf = Shelf(tmp_path, ShelfLimits(in_file=False))
    assert await shelf.erase("t1")
    assert in_file(tmp_path) == set()
    assert not aside.exists()
    (tmp_path / FILE_NAME).unlink()
    aside.write_bytes(b"a refund")
    assert not await shelf.erase("t1")
    assert not aside.exists()
    await shelf.close()


async def test_in_a_database_of_somebody_else_there_is_nothing_to_erase(tmp_path: Path) -> None:
    """It is left as it is and erasing is no failure; a folder that cannot be looked into is one."""
    foreign = apsw.Connection(str(tmp_path / FILE_NAME))
    foreign.execute("CREATE TABLE notes (text)")
    foreign.close()
    before = (tmp_path / FILE_NAME).read_bytes()
    shelf = Shelf(tmp_path)
    shelf.note(message("t1", "a refund"))
    assert await shelf.erase("t1")
    assert (tmp_path / FILE_NAME).read_bytes() == before
    await shelf.close()
    (tmp_path / "file").touch()
    shelf = Shelf(tmp_path, ShelfLimits(in_file=False))
    (tmp_path / FILE_NAME).unlink()
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(AssistStoreError, match=FILE_NAME):
        await shelf.erase("t1")
    await shelf.close()


@pytest.mark.usefixtures("impatient")
async def test_a_file_that_was_held_at_the_start_is_used_once_it_is_free(tmp_path: Path) -> None:
    """What was solved before is found again, what was solved or ended meanwhile is in the file as it ended."""
    read, holder = await held(tmp_path)
    await solve(read, "t3", "this refund is missing too")
    await read.do("tickets.cancel", "t2", CancelBody())
    await read.desk.settle()
    assert await found(read) == {"t3"}
    holder.let_go()
    assert read.desk.assist._alarm is not None, "it is tried again after a while"
    read.desk.assist._alarm.cancel()
    read.desk.assist._mend_now()
    await read.desk.settle()
    assert (read.desk.shelf.needs_mending, read.desk.assist._alarm) == (False, None)
    assert await found(read) == {"t1", "t3"}
    assert in_file(tmp_path) == {"t1", "t3"}
    await solve(read, "t4", "one more refund")
    await read.desk.settle()
    assert in_file(tmp_path) == {"t1", "t3", "t4"}
    await read.close()


async def test_what_could_not_be_kept_is_kept_with_the_next(tmp_path: Path) -> None:
    """In the order it came, so that an end follows its message; one line says it fails, one that it works again."""
    shelf = Shelf(tmp_path)
    shelf.note(message("t1", "a refund"))
    await shelf.tidy()
    with shelf._store._db:  # what it has written is not committed yet
        shelf.note(message("t2", "a refund"))
        with all_logs() as lines:
            await shelf.tidy()
            shelf.note(Change("t2", end="solved"))
            shelf.note(Change("t1", end="ended"))
            await shelf.tidy()
        assert [line["event"] for line in lines] == ["assist_failed"]
        assert shelf.needs_mending
    with all_logs() as lines:
        await shelf.tidy()
    assert [line["event"] for line in lines] == ["assist_works_again"]
    assert (shelf.fault, shelf.solved, shelf.documents) == (None, 1, 1)
    assert in_file(tmp_path) == {"t2"}
    await shelf.close()


async def test_of_too_many_that_cannot_be_kept_the_oldest_are_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What waits is bounded; how much was lost is said. What is erased meanwhile does not come back."""
    monkeypatch.setattr("router.engine.shelf.WAITING_MAX", 3)
    shelf = Shelf(None)
    await shelf.tidy()
    with shelf._store._db:
        for n in range(5):
            shelf.note(message(f"t{n}", "a refund"))
            await shelf.tidy()
        shelf._erase = lambda _: refuse()
        with pytest.raises(AssistStoreError):
            await shelf.erase("t3")
    with all_logs() as lines:
        await shelf.tidy()
    assert lines[0]["lost"] == 2
    assert sorted(shelf._store.open_ids()) == ["t2", "t4"]
    assert not shelf._unkept
    await shelf.close()


async def test_who_asks_while_the_store_fails_is_told_to_come_again(tmp_path: Path) -> None:
    """Looking up what is kept of a message is refused like erasing it, not answered with a failure of ours."""
    _, read = await begun(tmp_path)
    await read.put("t1", WORD)
    await read.desk.settle()
    read.desk.reader.messages.drop("t1")
    read.desk.shelf._find = lambda _: refuse()
    call = Call("tickets.similar", id="t1", query={"most": 5, "kind": None})
    problem = (await read.desk.submit(call)).problem
    assert problem is not None
    assert (problem.code, problem.retry_after_s) == ("not_ready", 5)
    await read.close()


async def test_a_restoring_that_fails_is_done_later(tmp_path: Path) -> None:
    """The next change has somebody tidy, nothing gathers, and what was kept is found once the store works."""
    shelf = Shelf(tmp_path)
    for n in range(2):
        shelf.note(message(f"t{n}", "a refund"))
    shelf.note(Change("t0", end="solved"))
    await shelf.tidy()
    await shelf.close()
    again = Shelf(tmp_path)
    real, again._all_solved = again._all_solved, refuse
    await again.restore(lambda _: "solved")
    assert (again.fault, again.documents) == ("disk I/O error", 0)
    assert again.note(message("t2", "a refund"))
    assert not again.note(Change("t2", end="solved"))
    await again.tidy()
    assert (again._waiting, again.documents, again.needs_mending) == ([], 1, True)
    again._all_solved = real
    await again.mend()
    assert (again.documents, again.solved, again.needs_mending) == (3, 3, False)
    await again.close()


async def test_changes_gather_while_others_are_written(tmp_path: Path) -> None:
    """Of many changes in one breath one calls for tidying, and what came first is kept first."""
    shelf = Shelf(tmp_path)
    called = [shelf.note(message(f"t{n}", "a refund")) for n in range(5)]
    assert called == [True, False, False, False, False]
    first = asyncio.ensure_future(shelf.tidy())
    await asyncio.sleep(0)
    assert shelf.note(Change("t1", end="solved")), "the one that is at work has taken what it keeps"
    assert not shelf.note(Change("t2", end="ended"))
    await asyncio.gather(shelf.tidy(), first)
    assert in_file(tmp_path) == {"t0", "t1", "t3", "t4"}
    assert shelf.solved == 1
    await shelf.close()
