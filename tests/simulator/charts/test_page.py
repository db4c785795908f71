"""The report is one well-formed page without anything from elsewhere, and says what was measured."""

import math
import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.charts.forest import Change, forest
from simulator.charts.heat import Rows, thinned
from simulator.charts.hours import Line, Panel, over_hours
from simulator.charts.page import WANTED, Account, Story, page
from simulator.charts.ribbons import Flows, gathered, ribbons
from simulator.charts.style import STYLE, series_rules
from simulator.charts.svg import Scale, axis_label, rounded, tag, ticks, with_error
from simulator.measures.compare import BETTER, UNCLEAR, WORSE, compared, summed_up
from simulator.measures.summary import Series

HOSTILE = 'a<b>&"c'
CUT_KEYS: Mapping[str, Sequence[str]] = {
    "queue": ("phone", HOSTILE), "language": ("en", "de"), "region": ("r",), "channel": ("voice",),
    "type": ("billing", HOSTILE), "hour": ("08:00", "09:00", "10:00"), "agent": ("ann-1", "ann-2"),
}  # fmt: skip
SIZES = {"all": 1, **{cut: len(keys) for cut, keys in CUT_KEYS.items()}}


def account(policy: str, gained: float, empty: Sequence[str] = ()) -> Account:
    """Return a policy whose measures are all around 0.5, more by `gained`, over six replications."""
    chance = np.random.default_rng(3).normal(0.5, 0.05, 6)
    series = {}
    for name, cut in WANTED:
        many = math.prod(SIZES[part] for part in cut.split("_"))
        below = np.full((6, many), 0.0 if name in empty else 10.0)
        series[name, cut] = Series((chance[:, None] + gained) * below, below)
    return Account(policy, series)


def story(*accounts: Account, about: str = HOSTILE) -> Story:
    """Return a story of these policies."""
    facts = [("days", "6")]
    return Story(
        "w",
        about,
        facts,
        "cordboard simulate w",
        accounts,
        CUT_KEYS,
        ["ann", "ann"],
        1.0,
        [HOSTILE],
    )


def parsed(text: str) -> ET.Element:
    """Parse a page as XML, without its head; a slip of quoting or nesting fails."""
    return ET.fromstring(text[text.index("<main>") : text.index("</body>")])


def test_a_page_is_whole_and_needs_nothing() -> None:
    """Every tag is closed, hostile names are text, and no address is loaded from anywhere."""
    made = page(story(account("base", 0.0), account("ours", 0.1)))
    root = parsed(made)
    said = "".join(root.itertext())
    assert HOSTILE in said
    assert not re.search(r"(?:src|href)=|url\(|@import|<script|https?:", made)
    assert len(root.findall(".//svg")) == 6
    assert "Partial" not in said
    assert "Partial: a hole" in page(story(account("base", 0.0))._replace(partial="a hole"))


def test_a_page_of_nothing_is_still_a_page() -> None:
    """A world where nobody is answered has no tiles of it, and no ribbons, and no error."""
    bare = account("base", 0.0, empty=("service_level_offered", "asa_s", "wait_p90_s", "answered"))
    root = parsed(page(story(bare, bare)))
    assert "Who is busy when" in "".join(root.itertext())
    assert "Who served what" not in "".join(root.itertext())


def test_verdicts_are_plain() -> None:
    """More of a good thing is better, more of a bad one worse, and noise is no difference."""
    base, ours = account("base", 0.0), account("ours", 0.1)
    rows = {row.measure: row for row in compared(ours.series, base.series)}
    assert rows["service_level_offered"].verdict == BETTER
    assert rows["service_level_offered"].words == "better by 10.0 to 10.0 points"
    assert rows["asa_s"].verdict == WORSE
    assert rows["occupancy"].words == "higher by 10.0 to 10.0 points"
    said = summed_up("ours", "base", list(rows.values()))
    assert said.startswith("ours against base: better in service level, match quality and fairness")
    noisy = dict(base.series)
    values = noisy["asa_s", "all"].above + np.array([[3.0], [-3], [2], [-2], [1], [-1]])
    noisy["asa_s", "all"] = Series(values, noisy["asa_s", "all"].below)
    (row,) = compared(noisy, base.series, ["asa_s"])
    assert row.verdict == UNCLEAR
    assert row.words == "no difference shown: -0.2 to +0.2 s"
    (same,) = compared(base.series, base.series, ["asa_s"])
    assert same.words == "the same"


def test_both_looks_define_every_name() -> None:
    """Light and dark give a value to each variable that the rules use."""
    light, dark = STYLE.split("@media (prefers-color-scheme: dark)")[:2]
    used = set(re.findall(r"var\((--\w+)\)", STYLE + series_rules()))
    for look in (light, dark.split("* {")[0]):
        assert used <= set(re.findall(r"(--\w+):", look))


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_cover_and_are_round(low: float, width: float) -> None:
    """Few ticks, evenly apart, around the range, each a multiple of the step."""
    high = low + width
    found = ticks(low, high)
    step = found[1] - found[0]
    assert found[0] <= low + 1e-6 * step
    assert found[-1] >= high - 1e-6 * step
    assert 2 <= len(found) <= 9
    mantissa = step / 10 ** math.floor(math.log10(step) + 1e-9)
    assert min(abs(mantissa - n) for n in (1, 2, 5, 10)) < 1e-3


@pytest.mark.parametrize(
    ("value", "half", "unit", "said"),
    [
        (0.79234, 0.0487, "share", ("79.2 %", "4.9")),
        (27.31, 8.36, "s", ("27.3 s", "8.4")),
        (222.0, 2.2, "s", ("3.70 min", "0.04")),
        (1312.4, 118.0, "tickets", ("1,312", "118")),
        (0.5, 0.0, "number", ("0.50", "0.00")),
    ],
)
def test_digits_follow_the_error(
    value: float, half: float, unit: str, said: tuple[str, str]
) -> None:
    """Two digits of the half-width, and no more of the value."""
    assert with_error(value, half, unit) == said


def test_numbers_are_written_as_people_do() -> None:
    """Shares as per cent, long times as minutes or hours, nothing as a dash."""
    assert [rounded(v, "s") for v in (0.5, 12, 600, 9_000)] == [
        "0.50 s",
        "12.0 s",
        "10.0 min",
        "2.5 h",
    ]
    assert rounded(0.793, "share") == "79.3 %"
    assert rounded(math.nan, "share") == "–"
    assert [axis_label(v, "s") for v in (0, 20, 300, 14_400)] == ["0", "20 s", "5 min", "4 h"]
    assert tag("a", class_='"<') == '<a class="&quot;&lt;"/>'


def test_lines_break_at_holes_and_bands_stay_inside() -> None:
    """An hour without a value splits the line; nothing is drawn outside of its panel."""
    nan = math.nan
    line = Line("x", [1.0, nan, 2.0, 3.0], [0.5, nan, -9, 2], [2.0, nan, 3, 99])
    root = ET.fromstring(over_hours(["a", "b", "c", "d"], [Panel("t", "number", [line])], "l"))
    strokes = [e for e in root.iter("path") if "line" in str(e.get("class"))]
    assert len(strokes) == 2
    band = next(e for e in root.iter("path") if "band" in str(e.get("class")))
    ys = [float(pair.split(",")[1]) for pair in re.findall(r"[\d.]+,[\d.]+", str(band.get("d")))]
    assert min(ys) >= 28.0
    assert max(ys) <= 28.0 + 150.0
    assert Scale(0.0, 10.0, 100.0, 0.0).held(20.0) == 0.0


def test_many_agents_share_rows() -> None:
    """1,000 agents of two teams become rows that average neighbours and lose nobody's hours."""
    rng = np.random.default_rng(1)
    values = np.where(rng.random((1_000, 24)) < 0.3, np.nan, rng.random((1_000, 24)))
    rows = Rows([f"a-{n}" for n in range(1_000)], ["late"] * 500 + ["early"] * 500, values)
    few = thinned(rows)
    assert len(few.names) <= 100
    assert few.values.shape == (len(few.names), 24)
    assert np.isfinite(few.values).all()
    alone = thinned(Rows(["x", "y"], ["t", "t"], np.array([[0.2, 0.2], [0.8, np.nan]])))
    assert list(alone.names) == ["y", "x"]


def test_small_flows_are_summed_up() -> None:
    """The largest sources stay, the rest are one; no ticket is lost on the way."""
    counts = np.diag(np.arange(1.0, 21.0))
    few = gathered(Flows([f"s{n}" for n in range(20)], [f"t{n}" for n in range(20)], counts))
    assert (few.sources[0], few.sources[-1], len(few.sources)) == ("s19", "9 others", 12)
    assert few.counts.sum() == counts.sum()
    assert ribbons(Flows(["a"], ["b"], np.zeros((1, 1))), "l") == ""


def test_differences_beyond_the_edge_are_held() -> None:
    """A change of a thousand per cent is drawn at the edge, and told in full."""
    root = ET.fromstring(forest([Change("x", 10.0, 5.0, 15.0, BETTER, "better")], "l"))
    circle = next(iter(root.iter("circle")))
    assert float(str(circle.get("cx"))) <= 920.0
    assert "+1000.0 %" in "".join(root.itertext())
