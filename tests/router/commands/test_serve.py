"""`cordboard serve` says where it serves, stops without dropping anything, and says why it cannot."""

import argparse
import asyncio
import dataclasses
import socket
import sqlite3
from pathlib import Path

import pytest

from router.client import Client
from router.clock import Clock
from router.commands import serve
from router.commands.numbers import above_zero
from router.commands.serve import CLOCK_SPEED_MAX, instant_of, journal_of, serve_until_told
from router.config import load
from router.engine.engine import Engine
from router.main import run
from router.settings import Settings, StoreSettings
from router.stores.errors import StoreBusy, StoreFull
from router.stores.sqlite import SqliteStore
from simulator.served import ServedProcess, ServerFailedError


def settings_at(path: Path, **more: str) -> Settings:
    """Return settings with a journal at this path and a free port."""
    environ = {"CORDBOARD__STORE__PATH": str(path), "CORDBOARD__SERVER__PORT": "0"}
    return load("", environ | {f"CORDBOARD__{key}": value for key, value in more.items()})


def served(settings: Settings) -> int:
    """Serve in this process, which must end by itself."""
    return asyncio.run(serve_until_told(settings, Clock()))


async def started(tmp_path: Path, *options: str, **settings: str) -> ServedProcess:
    """Start a server of its own."""
    given = {"server.port": "0", "store.path": str(tmp_path / "journal.sqlite"), **settings}
    return await ServedProcess.start(options, given, tmp_path / "server.log")


@pytest.mark.slow
def test_a_server_announces_itself_stops_on_sigterm_and_keeps_what_it_was_told(tmp_path) -> None:
    """What was acknowledged before SIGTERM is there after the next start; both end with 0."""

    async def twice() -> tuple[list[int], dict]:
        codes = []
        server = await started(tmp_path)
        async with Client(server.url) as client:
            await client.call("skills.put", "billing", {"label": "Invoices"})
        codes.append(await server.stop())
        server = await started(tmp_path)
        async with Client(server.url) as client:
            found = await client.call("skills.get", "billing")
        codes.append(await server.stop())
        return codes, found

    codes, found = asyncio.run(twice())
    assert codes == [0, 0]
    assert found["label"] == "Invoices"


@pytest.mark.slow
def test_the_clock_of_a_replay_runs_as_told(tmp_path) -> None:
    """Started at an instant of 2016 at speed 1,000 the server's time is there and goes on fast."""

    async def read_clock() -> tuple[str, str]:
        options = ("--clock-speed", "1000", "--clock-start", "2016-03-07T08:00:00+00:00")
        server = await started(tmp_path, *options)
        try:
            async with Client(server.url) as client:
                first = (await client.call("statistics.get"))["at"]
                await asyncio.sleep(0.05)
                second = (await client.call("statistics.get"))["at"]
        finally:
            await server.stop()
        return first, second

    first, second = asyncio.run(read_clock())
    assert first.startswith("2016-03-07T")
    assert first < second


@pytest.mark.slow
def test_a_server_that_cannot_start_shows_why(tmp_path) -> None:
    """Whoever starts it as a process gets its last words."""
    (tmp_path / "journal.sqlite").write_bytes(b"a letter to a friend" * 100)
    with pytest.raises(
        ServerFailedError, match=r"journal\.sqlite' cannot be opened: .* not a database"
    ):
        asyncio.run(started(tmp_path))


def test_a_taken_port_is_named(tmp_path, capsys) -> None:
    """Host, port and what to try are said, the exit code is 1, and the journal is let go of."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        path = tmp_path / "journal.sqlite"
        assert served(settings_at(path, SERVER__PORT=str(port))) == 1
    said = capsys.readouterr().err
    assert f"server.port {port}: the port is in use already" in said
    store = SqliteStore(path, exclusive=True)
    store.open()
    store.close()


def test_an_address_of_another_machine_is_named(tmp_path, capsys) -> None:
    """An address that cannot be had is said as it was given."""
    more = {"SERVER__HOST": "192.0.2.1", "SERVER__INSECURE_OPEN": "true"}
    assert served(settings_at(tmp_path / "journal.sqlite", **more)) == 1
    assert "server.host '192.0.2.1'" in capsys.readouterr().err


def damaged(path: Path) -> None:
    """Flip the body of a frame."""
    with sqlite3.connect(path) as file:
        file.execute("UPDATE frames SET body = zeroblob(length(body)) WHERE number = 1")
    file.close()


def newer(path: Path) -> None:
    """Say that a later version wrote the journal."""
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA user_version = 99")
    file.close()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (damaged, "Frame 1 is damaged"),
        (newer, "has schema version 99"),
        (lambda path: path.write_bytes(b"x" * 4096), "file is not a database"),
    ],
)
def test_a_journal_that_cannot_be_used_is_named(tmp_path, capsys, spoil, said) -> None:
    """The journal is not served from, the reason is said, and the exit code is 1."""
    path = tmp_path / "journal.sqlite"
    settings = settings_at(path)

    async def make() -> None:
        await (await Engine.open(serve.engine_settings(settings), Clock())).close()

    asyncio.run(make())
    with sqlite3.connect(path) as file:
        file.execute("DELETE FROM snapshots")
    file.close()
    spoil(path)
    assert served(settings) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "failure", [StoreFull("j.sqlite", "disk full"), StoreBusy("j.sqlite", "locked")]
)
def test_a_disk_or_a_rival_in_the_way_is_named(tmp_path, capsys, monkeypatch, failure) -> None:
    """No room and a lock held by somebody else end the start with the reason."""

    async def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(Engine, "open", fail)
    assert served(settings_at(tmp_path / "journal.sqlite")) == 1
    assert str(failure) in capsys.readouterr().err


def test_bad_settings_end_before_anything_is_opened(tmp_path, capsys) -> None:
    """Every mistake in the file is said, and no journal is made."""
    config = tmp_path / "cordboard.toml"
    config.write_text('[server]\nport = "http"\nhots = "x"\n', "utf-8")
    assert run(["serve", "--config", str(config)]) == 1
    said = capsys.readouterr().err
    assert "server.port" in said
    assert "did you mean server.host" in said
    assert [path.name for path in tmp_path.iterdir()] == ["cordboard.toml"]


def test_each_tenant_has_a_journal_of_its_own() -> None:
    """The default tenant has the file as configured; others have their name in it."""
    store = StoreSettings(path="data/cordboard.sqlite")
    assert journal_of(store, "default") == "sqlite:data/cordboard.sqlite"
    assert journal_of(store, "acme") == "sqlite:data/cordboard.acme.sqlite"
    assert journal_of(dataclasses.replace(store, kind="memory"), "acme") == "memory:"


def test_tenants_are_those_that_have_a_key() -> None:
    """Without keys there is one tenant; with keys each key's tenant is served, and no other."""
    assert list(serve.engine_settings(load("", {})).tenants) == ["default"]
    keys = "".join(
        f'[[auth.keys]]\nid = "{name}"\nsha256 = "{digit * 64}"\ntenant = "{tenant}"\n'
        'scopes = ["admin"]\n'
        for name, digit, tenant in (("a", "1", "acme"), ("b", "2", "acme"), ("c", "3", "zoo"))
    )
    assert list(serve.engine_settings(load(keys, {})).tenants) == ["acme", "zoo"]


@pytest.mark.parametrize("text", ["0", "-1", "fast", "nan", "inf"])
def test_a_speed_that_is_none_is_refused(text) -> None:
    """The clock runs forwards, at a speed that can be counted."""
    with pytest.raises(argparse.ArgumentTypeError, match="expected a number above 0"):
        above_zero(CLOCK_SPEED_MAX)(text)


@pytest.mark.parametrize("text", ["", "noon", "2016-03-07T08:00:00", "1969-01-01T00:00:00Z"])
def test_an_instant_without_zone_or_before_1970_is_refused(text) -> None:
    """A clock starts at an instant that everybody understands the same."""
    with pytest.raises(argparse.ArgumentTypeError, match="expected an instant with its zone"):
        instant_of(text)


def test_instants_are_read_in_any_zone() -> None:
    """Offsets count."""
    assert instant_of("2016-03-07T08:00:00Z") == instant_of("2016-03-07T10:00:00+02:00")
    assert instant_of("1970-01-01T00:00:01Z") == 1_000_000
