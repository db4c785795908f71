"""The file of solved tickets beside the work: damaged, foreign, busy or slow, it costs no ticket."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest
import structlog
from structlog.testing import capture_logs

from router.engine.messages import Seen
from router.engine.shelf import Change, Shelf
from router.stores.assist import ASIDE, FILE_NAME, AssistStore
from router.wire.offers import CompleteBody
from tests.router.engine.models import opened, warm
from tests.router.engine.test_similar import begun, message, similar, solve


@contextlib.contextmanager
def all_logs() -> Iterator[list[Any]]:
    """Yield the lines that are logged, whatever level a server before this test was told to log at."""
    structlog.reset_defaults()
    with capture_logs() as lines:
        yield lines


@pytest.fixture(scope="module", autouse=True)
def warmed() -> None:
    """Compile outside of the tests, whose time is bounded."""
    warm()


async def test_a_damaged_file_is_set_aside_and_another_takes_its_place(tmp_path: Path) -> None:
    """One line says which file went where; what is solved from then on is known after a restart."""
    damaged = b"not a database, though long enough to be read" * 40
    (tmp_path / FILE_NAME).write_bytes(damaged)
    with all_logs() as lines:
        bench, read = await begun(tmp_path)
    (said,) = [line for line in lines if line["event"].startswith("assist")]
    assert said["event"] == "assist_set_aside"
    assert FILE_NAME in said["why"]
    aside = tmp_path / f"{FILE_NAME}{ASIDE}"
    assert said["moved_to"] == str(aside)
    assert aside.read_bytes() == damaged
    await solve(read, "t1", "the money of my refund is still missing")
    assert read.desk.shelf.fault is None
    await read.close()
    again = await opened(bench, tmp_path)
    await again.put("t2", "refund money missing")
    assert set(await similar(again, "t2")) == {"t1", "a-1"}
    await again.submit("tickets.erase", "t1")
    assert not aside.exists(), "erasing leaves no copy that nobody can look into"
    await again.close()


async def test_a_file_of_somebody_else_costs_memory_of_the_past_only(tmp_path: Path) -> None:
    """It is said and left alone; tickets are taken, solved and found all the same."""
    foreign = apsw.Connection(str(tmp_path / FILE_NAME))
    foreign.execute("CREATE TABLE notes (text)")
    foreign.close()
    before = (tmp_path / FILE_NAME).read_bytes()
    with all_logs() as lines:
        _, read = await begun(tmp_path)
    assert [line["event"] for line in lines] == ["assist_refused"]
    await solve(read, "t1", "the money of my refund is still missing")
    await read.put("t2", "refund money missing")
    await read.desk.settle()
    assert set(await similar(read, "t2")) == {"t1", "a-1"}
    assert FILE_NAME in str(read.desk.shelf.fault)
    await read.close()
    assert (tmp_path / FILE_NAME).read_bytes() == before


async def test_a_completed_ticket_has_its_message_kept(tmp_path: Path) -> None:
    """The answer comes once another reader of the file finds the row, however long writing it takes."""
    _, read = await begun(tmp_path)
    put = await read.put("t1", "the money of my refund is still missing")
    await read.do("offers.accept", put.offers[0])
    held, apply = threading.Event(), read.desk.shelf._apply

    def slowly(changes: list[Change]) -> Any:
        held.wait(10)
        return apply(changes)

    read.desk.shelf._apply = slowly
    read.desk.assist.saw(read.line.shard, "t1", Seen("money of my refund", "en"))
    completing = asyncio.ensure_future(
        read.do("assignments.complete", f"a-{put.offers[0][2:]}", CompleteBody())
    )
    await asyncio.wait({completing}, timeout=0.05)
    assert not completing.done()
    held.set()
    await completing
    store = AssistStore(tmp_path)
    store.open()
    (kept,) = store.get(["t1"], "")
    store.close()
    assert kept.length == 4
    await read.close()


async def test_another_reader_of_the_log_delays_an_erasure(tmp_path: Path) -> None:
    """Bytes would be left in the log, so it is refused, and done once the reader has gone."""
    _, read = await begun(tmp_path)
    await solve(read, "t1", "the money of my refund is still missing")
    await read.desk.settle()
    reader = apsw.Connection(str(tmp_path / FILE_NAME))
    reader.execute("BEGIN; SELECT count(*) FROM tickets")
    store = read.desk.shelf._store
    store._db.set_busy_timeout(0)
    problem = (await read.submit("tickets.erase", "t1")).problem
    assert problem is not None
    assert (problem.code, problem.retry_after_s) == ("not_ready", 5)
    reader.execute("COMMIT")
    reader.close()
    assert (await read.submit("tickets.erase", "t1")).status == 204
    await read.close()


async def test_a_change_that_is_not_kept_is_said_until_one_is(tmp_path: Path) -> None:
    """A write that fails is logged and shown; the next one that does not takes the alarm back."""
    shelf = Shelf(tmp_path)
    shelf.note(message("t1", "a refund"))
    await shelf.tidy()
    with shelf._store._db, all_logs() as lines:  # what it has written is not committed yet
        shelf.note(message("t2", "a refund"))
        await shelf.tidy()
    assert [line["event"] for line in lines] == ["assist_failed"]
    assert FILE_NAME in str(shelf.fault)
    shelf.note(message("t3", "a refund"))
    await shelf.tidy()
    assert shelf.fault is None
    await shelf.close()
