"""The solver's measurements report what the issue asks for, and stop when an answer is wrong."""

import sys
from itertools import pairwise
from pathlib import Path

import pytest

from bench import solver_peers, solver_plot, solver_standing, solver_weighted
from bench.__main__ import SUITES
from bench.instances import SHAPES, WEIGHTED, Shape, unit_problem
from bench.peer_times import Timed
from bench.peers import PEERS, Peer
from bench.report import FIELDS, Row, Suite


def metrics(rows: list[Row], case: str) -> set[object]:
    """Return the metrics of a case."""
    return {row["metric"] for row in rows if row["case"] == case}


def test_the_weighted_rows_of_the_issue_are_there() -> None:
    """The smallest case has every promised row, and the row says how long CP-SAT had."""
    rows = solver_weighted.run(solver_weighted.QUICK)
    assert all(tuple(row) == FIELDS and row["suite"] == "solver" for row in rows)
    assert metrics(rows, "weighted_100_load15") >= {"ms", "over_cpsat", "gap", "cp_sat_gap"}
    named = next(row for row in rows if row["metric"] == "over_cpsat")
    assert str(named["peer"]).endswith("at most 2 s")
    assert -0.05 < float(str(named["value"])) < 0.015
    assert {"weighted_1k_load15", "weighted_1k_load10"} <= set(solver_weighted.FULL.cases)
    assert solver_weighted.FULL.cp_sat_s == 60


def test_peers_are_timed_by_parts_beside_ours() -> None:
    """OR-Tools at least stands beside ours with build and solve apart; a case is named by its size."""
    rows = solver_peers.run(solver_peers.QUICK)
    assert all(tuple(row) == FIELDS for row in rows)
    found = metrics(rows, "size_100")
    assert found >= {"ours_ms", "mcf_ms", "mcf_build_ms", "ratio_mcf", "ratio_lsa", "ratio_cp_sat"}
    assert {f"size_{size}" for size in solver_peers.SIZES} >= {"size_100", "size_10000"}
    assert set(solver_peers.FULL.shapes) <= set(SHAPES)
    assert set(solver_peers.SWEPT) <= set(PEERS)
    assert {"bench.solver_peers", "bench.solver_weighted"} <= set(SUITES["solver"])


def test_the_standing_rows_of_the_issue_are_there() -> None:
    """Cold, warm and event cases have the promised rows, on the promised floors."""
    rows = solver_standing.run(solver_standing.QUICK)
    assert all(tuple(row) == FIELDS and row["suite"] == "solver" for row in rows)
    assert metrics(rows, "cold_100x1k_critical") >= {"ours_ms", "mcf_ms", "ratio_mcf"}
    assert metrics(rows, "warm_100x1k_1pct") == metrics(rows, "warm_100x1k_5pct")
    assert metrics(rows, "warm_100x1k_1pct") == {"ours_ms", "mcf_ms", "ratio_mcf"}
    assert metrics(rows, "event_100x1k") == {"p50_us", "p99_us", "wall_p99_us", "scans"}
    assert metrics(rows, "event_100x1k_other") == metrics(rows, "event_100x1k")
    promised = {"1k_critical", "1kx10k_light", "10k_critical"}
    assert promised <= set(solver_standing.FULL.cold)
    assert solver_standing.FULL.standing == "10k_critical"
    assert "bench.solver_standing" in SUITES["solver"]


def test_a_wrong_answer_stops_the_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer whose value differs by one point is not quietly compared."""
    peer = Peer("OR-Tools SimpleMinCostFlow", lambda problem: Timed(0.0, 1.0, 1, 1), lambda: None)
    monkeypatch.setattr(solver_peers, "PEERS", {"mcf": peer})
    problem = unit_problem(Shape(10, 10, skilled=1.0))
    with pytest.raises(AssertionError, match="SimpleMinCostFlow says 1, standing"):
        solver_peers.compare("case", problem, ("mcf",), 1)


def plotted() -> list[Row]:
    """Return rows of three solvers that all end close to each other."""
    rows = []
    for size, factor in ((100, 1.0), (1_000, 11.0)):
        suite = Suite("solver", f"size_{size}")
        rows += [
            suite.row("ours_ms", [0.2 * factor], "ms"),
            suite.row("mcf_ms", [0.21 * factor], "ms"),
            suite.row("pot_ms", [0.22 * factor], "ms"),
            suite.row("mcf_build_ms", [9.0], "ms"),
        ]
    return [*rows, Suite("solver", "10x1k").row("ours_ms", [5.0], "ms")]


def test_lines_come_from_the_sizes_only() -> None:
    """A line has a point for each size; builds and other cases are no points."""
    found = solver_plot.lines(plotted())
    assert set(found) == {"Cordboard", "OR-Tools SimpleMinCostFlow", "POT emd, sparse"}
    assert found["Cordboard"] == [(100, 0.2), (1_000, 2.2)]


def test_labels_keep_their_order_and_their_distance() -> None:
    """Ends that nearly touch get labels that do not."""
    ends = {"a": 1.0, "b": 1.01, "c": 1.02, "d": 3.0}
    placed = solver_plot.labels(ends)
    heights = [placed[title] for title in "abcd"]
    assert heights == sorted(heights)
    apart = [high - low for low, high in pairwise(heights)]
    assert min(apart) >= solver_plot.APART - 1e-9
    assert solver_plot.labels({}) == {}


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    """Where matplotlib is installed a PNG is written."""
    pytest.importorskip("matplotlib")
    solver_plot.draw(tmp_path / "times.png", plotted(), "some machine")
    assert (tmp_path / "times.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_a_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plot is optional: its absence ends in a sentence, not in a traceback."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(SystemExit, match="No picture without matplotlib"):
        solver_plot.draw(tmp_path / "times.png", plotted(), "some machine")


def test_named_cases_are_shapes() -> None:
    """Weighted cases are named after their load."""
    assert [WEIGHTED[f"weighted_1k_load{load}"].load for load in (10, 15)] == [1.0, 1.5]
