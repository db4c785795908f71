"""An incident log becomes a floor and a stream, or the reason why not is said."""

import zipfile
from pathlib import Path

import pytest

from router.incidents.stream_text import read_floor, read_stream
from router.main import run
from tests.router.incidents.sample import busy_week, log_lines


def log_at(folder: Path, rows: list[dict[str, str]] | None = None) -> Path:
    """Write a small log and return where it lies."""
    path = folder / "log.csv"
    path.write_text("".join(log_lines(busy_week() if rows is None else rows)), "utf-8")
    return path


def imported(path: Path, out: Path, *options: str) -> int:
    """Run the command."""
    return run(["import", "incidents", str(path), "--out", str(out), *options])


def streams(out: Path) -> tuple[str, str]:
    """Return the text of both files."""
    return (out / "floor.jsonl").read_text("utf-8"), (out / "stream.jsonl").read_text("utf-8")


def test_the_whole_log_becomes_a_floor_and_a_stream(tmp_path, capsys) -> None:
    """All forty incidents are there, the files read back, and it says what was made."""
    out = tmp_path / "made" / "here"
    assert imported(log_at(tmp_path), out) == 0
    floor, stream = streams(out)
    assert len(read_floor(floor.splitlines()).of("agents.put")) == 4
    calls = read_stream(stream.splitlines()).calls
    assert sum(each.call == "tickets.put" for each in calls) == 40
    said = capsys.readouterr()
    assert "40 tickets" in said.out
    assert "80 rows, 40 incidents." in said.err
    assert sorted(path.name for path in out.iterdir()) == ["floor.jsonl", "stream.jsonl"]


def test_a_zip_gives_the_same_as_what_is_in_it(tmp_path) -> None:
    """The published file comes packed; it is read without being unpacked first."""
    plain = log_at(tmp_path)
    packed = tmp_path / "log.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(plain, "log.csv")
        archive.writestr("readme.txt", "none of this")
    assert imported(plain, tmp_path / "a") == imported(packed, tmp_path / "b") == 0
    left, right = streams(tmp_path / "a"), streams(tmp_path / "b")
    assert [text.replace("log.zip", "log.csv") for text in right] == list(left)


def test_one_day_and_other_assumptions(tmp_path) -> None:
    """A day holds only its own tickets; seed and effort change the draws and nothing else."""
    path = log_at(tmp_path)
    assert imported(path, tmp_path / "a", "--day", "2016-03-08") == 0
    own = read_stream(streams(tmp_path / "a")[1].splitlines())
    assert f"{own.starts_at:%Y-%m-%d}" == "2016-03-08"
    assert sum(each.call == "tickets.put" for each in own.calls) == 8
    options = ("--day", "2016-03-08", "--seed", "7", "--handle-median-s", "60", "--no-shifts")
    assert imported(path, tmp_path / "b", *options) == 0
    other = read_stream(streams(tmp_path / "b")[1].splitlines())
    assert {each.id for each in other.calls} == {each.id for each in own.calls}
    assert own.calls != other.calls
    assert '"shift"' not in streams(tmp_path / "b")[0]


def test_bad_rows_are_named_and_set_aside(tmp_path, capsys) -> None:
    """Line, field, value and expectation of a bad row are on standard error; the rest is used."""
    rows = [*busy_week(), {"number": "INC0000099", "priority": "urgent"}]
    assert imported(log_at(tmp_path, rows), tmp_path / "out") == 0
    said = capsys.readouterr().err
    assert "line 82: priority is 'urgent', expected a rank 1 .. 4" in said
    assert "81 rows, 1 of them set aside, 40 incidents." in said


def packed_twice(folder: Path) -> Path:
    """Make a ZIP with two logs in it."""
    path = folder / "two.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "x")
        archive.writestr("b.csv", "y")
    return path


def written(folder: Path, name: str, content: bytes) -> Path:
    """Write a file and return where it lies."""
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: folder / "absent.csv", "absent.csv"),
        (lambda folder: written(folder, "a.csv", b""), "expected a column number"),
        (lambda folder: written(folder, "a.csv", b"\xff\xfe\x00"), "expected UTF-8"),
        (lambda folder: written(folder, "a.zip", b"no zip"), "expected a ZIP that can be read"),
        (packed_twice, "a.csv, b.csv; expected exactly one"),
        (lambda folder: log_at(folder, []), "no incident can be used"),
        (lambda folder: log_at(folder, [{"priority": "9"}]), "no incident can be used"),
    ],
)
def test_nothing_usable_ends_with_one_and_the_reason(tmp_path, capsys, make, said) -> None:
    """What cannot be read leaves no file behind, and the message names the cause."""
    assert imported(make(tmp_path), tmp_path / "out") == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_day_without_incidents_names_the_days_there_are(tmp_path, capsys) -> None:
    """Asking for a day outside of the log says from when to when it is."""
    assert imported(log_at(tmp_path), tmp_path / "out", "--day", "2017-01-01") == 1
    assert "2016-03-07 to 2016-03-11" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--day", "7/3/2016"), "expected a day written YYYY-MM-DD"),
        (("--handle-median-s", "nan"), "expected a number from 1 to 86400"),
        (("--handle-log-sd", "-1"), "expected a number from 0 to 3"),
        (("--day", "2016-03-07", "--all"), "not allowed with"),
    ],
)
def test_wrong_options_are_named(tmp_path, capsys, options, said) -> None:
    """An option that cannot be says which, what it was and what was expected."""
    with pytest.raises(SystemExit) as end:
        imported(log_at(tmp_path), tmp_path / "out", *options)
    assert end.value.code == 2
    assert said in capsys.readouterr().err


def test_what_cannot_be_written_leaves_what_was_there(tmp_path, capsys) -> None:
    """Both files are replaced whole or not at all, and nothing half written stays."""
    path, out = log_at(tmp_path), tmp_path / "out"
    assert imported(path, out) == 0
    before = streams(out)
    (out / "stream.jsonl.part").mkdir()
    assert imported(path, out, "--seed", "9") == 1
    assert "stream.jsonl.part" in capsys.readouterr().err
    assert streams(out) == before
    assert not (out / "floor.jsonl.part").exists()
