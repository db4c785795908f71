"""A world fitted to a log: what made the log is found again, and bad logs are named."""

import csv
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from router.core.limits import NEVER_US
from router.main import run as cordboard
from simulator.fitting.fit import fit, fit_patience
from simulator.fitting.log import LogError, Row, read_log
from simulator.fitting.page import survival_share
from simulator.fitting.text import world_text
from simulator.kernel.running import Options, run
from simulator.worlds.compiling import compile_world
from simulator.worlds.means import mean_of
from simulator.worlds.reading import parse_world

SOURCE = """
format = 1
name = "source"
time = { days = 28, clear_s = 7200 }
busyness.day = { shape = 30 }
channels.call = { auto_accept = true }
queues.line = {}
skills = { a = {}, b = {} }
[tickets.alpha]
queue = "line"
channel = "call"
requirements = [{ skill = "a" }]
arrivals = { busyness = "day", by_weekday = [1.4, 1, 1, 1, 1, 0.8, 0.8], by_hour = [BY_HOUR] }
work = { kind = "lognormal", median_s = 200, log_sd = 0.8 }
patience = { kind = "exponential", mean_s = 120 }
[tickets.beta]
queue = "line"
channel = "call"
requirements = [{ skill = "b" }]
arrivals = { per_hour = 6 }
work = { kind = "uniform", low_s = 60, high_s = 90 }
patience = { kind = "exponential", mean_s = 120 }
[agents.both]
count = 3
units = 1
skills = { a = 3, b = 3 }
[agents.alone]
count = 1
units = 1
skills = { a = 3 }
""".replace("BY_HOUR", ", ".join(["4"] * 8 + ["60"] * 10 + ["10"] * 6))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of the source's tickets."""
    records = run(compile_world(parse_world(SOURCE)), parse_world(SOURCE).policy, Options(5))
    path = tmp_path_factory.mktemp("log") / "log.csv"

    def text(at_us: int) -> str:
        return datetime.fromtimestamp(at_us / 1e6, UTC).isoformat()

    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["came", "answered", "ended", "type", "agent"])
        for t in records.tickets:
            answered = text(t["answered_us"]) if t["answered_us"] < NEVER_US else ""
            kind, who = (
                records.names.types[t["type"]],
                records.names.agents[t["agent"]] if answered else "",
            )
            rows.writerow([text(t["arrived_us"]), answered, text(t["left_us"]), kind, who])
    return path


@pytest.mark.slow
def test_what_made_a_log_is_found_again(log: Path) -> None:
    """Rates, weekdays, busyness, laws of work, patience and teams are near those of the source."""
    with log.open(encoding="utf-8") as lines:
        rows = read_log(lines, {"arrived": "came"}, ZoneInfo("UTC"))
    fitted = fit(rows, "UTC", "again")
    world = parse_world(world_text(fitted.world))
    alpha, beta = world.tickets["alpha"], world.tickets["beta"]
    assert alpha.arrivals
    assert alpha.arrivals.by_hour
    assert alpha.arrivals.by_weekday
    assert sum(alpha.arrivals.by_hour) == pytest.approx(692, rel=0.1)
    assert alpha.arrivals.by_weekday[0] > 1.15
    assert 8 < world.busyness["day"].shape < 200
    assert alpha.work.kind == "lognormal"
    assert alpha.work.median_s == pytest.approx(200, rel=0.05)
    assert alpha.work.log_sd == pytest.approx(0.8, rel=0.05)
    assert beta.work.kind == "empirical"
    assert np.median(beta.work.values_s) == pytest.approx(75, rel=0.03)
    assert alpha.patience is not None
    assert survival_share(alpha.patience, 60) == pytest.approx(math.exp(-0.5), abs=0.05)
    assert sorted((len(team.skills), team.count) for team in world.agents.values()) == [
        (1, 1),
        (2, 3),
    ]


@pytest.mark.slow
def test_the_command_writes_a_world_and_a_page(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`cordboard simulate fit` leaves a world that can be read and a page that needs no network."""
    out, page = tmp_path / "mine.toml", tmp_path / "page"
    told = [
        "simulate",
        "fit",
        str(log),
        "--out",
        str(out),
        "--report",
        str(page),
        "--column",
        "arrived=came",
    ]
    assert cordboard(told) == 0
    assert "2 kinds of ticket" in capsys.readouterr().out
    assert parse_world(out.read_text("utf-8")).name == "mine"
    html = (page / "index.html").read_text("utf-8")
    assert "Kaplan-Meier" in html
    assert "http://" not in html.replace("http://www.w3.org", "")


def lines_of_week(separator: str = ",") -> list[str]:
    """Return the lines of three weeks: eight agents on working days, two at weekends, and a mail nobody answers."""
    found = [separator.join(("arrived", "answered", "ended", "type", "agent"))]
    for day in range(21):
        who = 8 if day % 7 < 5 else 2
        for n in range(10 * who):
            at = datetime(2026, 3, 2, 9 + n // who % 8) + timedelta(days=day, seconds=n)
            ends, kind = (
                at + timedelta(seconds=100 + n),
                "rare" if n == 0 and day % 7 < 5 else "call",
            )
            row = (at.isoformat(), at.isoformat(), ends.isoformat(), kind, f"a{n % who}")
            found.append(separator.join(row))
        for minute in range(3):
            at = datetime(2026, 3, 2, 10, minute) + timedelta(days=day)
            row = (at.isoformat(), "", (at + timedelta(hours=1)).isoformat(), "mail", "")
            found.append(separator.join(row))
    return found


def test_a_weekend_is_staffed_as_it_was_and_no_type_waits_for_ever() -> None:
    """Eight on Monday, two on Sunday; who served a rare type may, and a type nobody answered goes to all."""
    rows = read_log(lines_of_week(), {}, ZoneInfo("UTC"))
    fitted = fit(rows, "UTC", "week")
    teams = fitted.world.agents
    staffing = np.sum([team.staffing for team in teams.values()], axis=0)
    assert len(staffing) == 168
    assert (staffing[10], staffing[6 * 24 + 10], staffing[20]) == (8, 2, 0)
    for kind in ("call", "mail"):
        assert any(kind in team.skills for team in teams.values())
    assert any("Nobody answered any mail" in each for each in fitted.notes)
    assert any("gave up: hold the simulation against it" in each for each in fitted.notes)
    assert parse_world(world_text(fitted.world)).agents == teams


@pytest.mark.parametrize("losses", [1, 4, 40])
def test_few_who_gave_up_are_not_forgotten(losses: int) -> None:
    """Of people who leave after a minute on average, however few, the mean patience fitted is a minute."""
    at = datetime(2026, 3, 2, 10)
    waits = [60 + 2 * (n - (losses - 1) / 2) for n in range(losses)]
    rows = [Row(at, wait_s, None, "call", "") for wait_s in waits]
    law = fit_patience(rows)
    assert law is not None
    assert mean_of(law) == pytest.approx(60, rel=0.35)
    assert survival_share(law, 600) < 0.001


def test_who_leaves_at_once_leaves_at_once() -> None:
    """People who all hang up in the second they call have no patience, not all of it."""
    rows = [Row(datetime(2026, 3, 2, 10), 0.0, None, "call", "")] * 3
    law = fit_patience(rows)
    assert law is not None
    assert survival_share(law, 1.0) < 0.001


def test_logs_as_spreadsheets_write_them_are_read() -> None:
    """A byte order mark, semicolons and tabs make no difference."""
    plain = read_log(lines_of_week(), {}, ZoneInfo("UTC"))
    for separator in (";", "\t"):
        lines = lines_of_week(separator)
        assert read_log(["\ufeff" + lines[0], *lines[1:]], {}, ZoneInfo("UTC")) == plain


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('arrived,ended\n2026-01-01,"' + "x" * 200_000 + '"\n', "line 2: no CSV: field larger"),
        ("arrived,answered\n", "line 1: no column 'ended'"),
        ("arrived,ended\n2026-01-01,soon\n", "line 2: column 'ended' is 'soon'"),
        (
            "arrived,ended\n2026-01-02,2026-01-01\n",
            "line 2: expected arrived, answered and ended in this order",
        ),
        ("arrived,ended\n,2026-01-01\n", "line 2: column 'arrived' is empty"),
        ("arrived,ended\n2026-01-01,2026-01-01\n", "1 rows, expected at least 20"),
        ("", "there is nothing"),
    ],
)
def test_a_bad_log_is_named(text: str, said: str) -> None:
    """Line, column, value and what was expected."""
    with pytest.raises(LogError, match=said):
        read_log(text.splitlines(), {}, ZoneInfo("UTC"))
