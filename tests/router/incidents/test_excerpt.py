"""The carried excerpt can be made again, and what it leaves out does not matter to its day."""

import os
from pathlib import Path

import pytest

from router.incidents.excerpt import (
    DAY_FILE,
    HISTORY_FILE,
    ExcerptError,
    make_excerpt,
    read_excerpt,
    write_excerpt,
)
from router.incidents.floor import build_floor
from router.incidents.history import gather
from router.incidents.read import read_log
from router.incidents.stream import build_stream
from tests.router.incidents.carried import FOLDER, excerpt
from tests.router.incidents.sample import busy_week, log_lines

FULL_LOG = os.environ.get("CORDBOARD_INCIDENT_LOG", "")
BYTES_MAX = 200_000


def written() -> dict[str, list[str]]:
    """Cut an excerpt out of the sample log."""
    files = write_excerpt(make_excerpt(read_log(log_lines(busy_week()))))
    return {name: text.splitlines(keepends=True) for name, text in files.items()}


@pytest.mark.parametrize("name", [DAY_FILE, HISTORY_FILE])
def test_a_new_excerpt_has_the_shape_of_the_carried_one(name) -> None:
    """Same file names, same header, same number of fields in every row."""
    carried = (FOLDER / name).read_text("utf-8").splitlines(keepends=True)
    made = written()[name]
    assert made[0] == carried[0]
    assert {line.count(",") for line in made} == {line.count(",") for line in carried}


def test_the_excerpt_routes_its_day_as_the_whole_log_would() -> None:
    """Floor and stream of the day are the same from the excerpt and from the full history."""
    log = read_log(log_lines(busy_week()))
    cut = make_excerpt(log)
    again = read_excerpt(*(written()[name] for name in (DAY_FILE, HISTORY_FILE)))
    assert again == cut
    assert len({each.opened.date() for each in cut.incidents}) == 1
    whole = gather(log.incidents)
    assert build_floor(cut.history) == build_floor(whole)
    assert build_stream(cut.incidents, cut.history) == build_stream(cut.incidents, whole)


def test_the_carried_excerpt_is_compact_and_says_whose_it_is() -> None:
    """It comes back as it was written, is small, and names authors, licence and changes."""
    files = write_excerpt(excerpt())
    assert {name: (FOLDER / name).read_text("utf-8") for name in files} == files
    assert sum((FOLDER / name).stat().st_size for name in files) < BYTES_MAX
    said = (FOLDER / "ATTRIBUTION.md").read_text("utf-8")
    for fact in (
        "Amaral",
        "Fantinato",
        "Peres",
        "CC BY 4.0",
        "10.24432/C57S4H",
        "What was changed",
    ):
        assert fact in said


@pytest.mark.skipif(not FULL_LOG, reason="CORDBOARD_INCIDENT_LOG does not name the full log")
def test_the_carried_excerpt_is_the_full_log_s() -> None:
    """Cut anew out of the full log, both files are the carried ones to the byte."""
    with Path(FULL_LOG).open(encoding="utf-8-sig", newline="") as lines:
        log = read_log(lines)
    assert (log.rows, len(log.incidents), log.bad_rows) == (141_712, 24_918, ())
    assert write_excerpt(make_excerpt(log)) == write_excerpt(excerpt())


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (DAY_FILE, ",Phone,", ",", "line 2: row is '21 fields', expected 22 fields"),
        (DAY_FILE, "T08:", "T28:", "line 2: opened is '2016-03-07T28:"),
        (DAY_FILE, ",true,", ",maybe,", "line 2: made_sla is 'maybe', expected true or false"),
        (HISTORY_FILE, "group,", "gruppe,", "kind is 'gruppe', expected one of log, category"),
        (HISTORY_FILE, "log,,40", "log,,many", "count is 'many', expected an integer"),
        (HISTORY_FILE, "5:10", "5=10", "categories is '5=10', expected label:count"),
        (HISTORY_FILE, "2016-03-07", "2016-13-07", "expected days YYYY-MM-DD"),
    ],
)
def test_a_damaged_excerpt_is_named(name, old, new, said) -> None:
    """Line, field, value and expectation are in the message."""
    files = written()
    text = "".join(files[name])
    assert old in text
    files[name] = text.replace(old, new).splitlines(keepends=True)
    with pytest.raises(ExcerptError) as failure:
        read_excerpt(files[DAY_FILE], files[HISTORY_FILE])
    assert said in str(failure.value)


def test_another_header_is_refused() -> None:
    """A file with other columns is not taken for an excerpt."""
    with pytest.raises(ExcerptError, match="line 1: header is 'a,b', expected number,opened"):
        read_excerpt(["a,b\n"], written()[HISTORY_FILE])
