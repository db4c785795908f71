"""A journal that a server wrote, then cut or with a bit flipped: `verify` and `serve` say so by name or read it all."""

import asyncio
import random
import shutil
from pathlib import Path

import pytest

from router.main import run
from router.stores.errors import JournalDamaged
from tests.hostile.standing import CHAT, standing

PLACES = 24


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the journal of a server that took tickets and stopped; nobody changes it."""
    folder = tmp_path_factory.mktemp("written")

    async def work() -> None:
        async with standing(folder) as at:
            for n in range(30):
                await at.ask("PUT", f"/v1/tickets/t-{n}", CHAT)

    asyncio.run(work())
    return folder / "acme.sqlite"


def verified(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Return the exit code of `cordboard verify` and what it said."""
    code = run(["verify", str(path)])
    said = capsys.readouterr()
    return code, said.out + said.err


def spoilt(path: Path, whole: bytes, kind: str, chance: random.Random) -> None:
    """Write the journal cut at some byte, or with some bit flipped."""
    at = chance.randrange(len(whole))
    if kind == "cut":
        path.write_bytes(whole[:at])
    else:
        path.write_bytes(
            whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :]
        )


@pytest.mark.parametrize("kind", ["cut", "flipped"])
def test_a_spoilt_journal_is_named_or_whole(
    written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """Wherever it is cut or flipped, verify names the damage, or every frame is there and decides the same."""
    whole = written.read_bytes()
    code, healthy = verified(written, capsys)
    assert code == 0
    chance, found = random.Random(kind), []
    for _ in range(PLACES):
        path = tmp_path / "journal.sqlite"
        spoilt(path, whole, kind, chance)
        code, said = verified(path, capsys)
        found.append(code)
        if code:
            assert any(word in said for word in ("amaged", "not a Cordboard", "schema version")), (
                said
            )
        else:
            assert said == healthy
        assert "Traceback" not in said
    assert 1 in found
    assert kind == "flipped" or set(found) == {1}


def test_what_is_no_journal_is_told_as_that(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No file, a folder, an empty file, a letter, a folder that is not there: each in its own words."""
    (tmp_path / "empty").touch()
    (tmp_path / "letter").write_bytes(b"a letter to a friend" * 300)
    for name, words in [
        ("nothing.sqlite", "nothing.sqlite: no such file."),
        ("no/folder.sqlite", "folder.sqlite: no such file."),
        (".", "no regular file"),
        ("empty", "0 bytes long"),
        ("letter", "file is not a database"),
    ]:
        for command in ("verify", "journal"):
            assert run([command, str(tmp_path / name)]) == 1
            said = capsys.readouterr().err
            assert words in said, (command, name, said)
    assert {path.name for path in tmp_path.iterdir()} == {"empty", "letter"}


@pytest.mark.parametrize("option", [["--from", "0"], ["--from", "x"], ["--frames", "-3"]])
def test_frames_are_counted_from_one(
    written: Path, capsys: pytest.CaptureFixture[str], option: list[str]
) -> None:
    """A number that no frame has is refused with what was expected."""
    with pytest.raises(SystemExit, match="2"):
        run(["journal", str(written), *option])
    assert "expected a whole number from" in capsys.readouterr().err


def test_a_server_does_not_serve_from_a_spoilt_journal(written: Path, tmp_path: Path) -> None:
    """Cut in the middle, the journal is refused by name at the start."""
    shutil.copy(written.parent / "zoo.sqlite", tmp_path / "zoo.sqlite")
    whole = written.read_bytes()
    (tmp_path / "acme.sqlite").write_bytes(whole[: len(whole) // 2])

    async def begin() -> None:
        async with standing(tmp_path):
            pass

    with pytest.raises(JournalDamaged, match="damaged"):
        asyncio.run(begin())
