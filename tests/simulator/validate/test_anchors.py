"""Anchor files say what is wrong with them; verdicts say what a number's intervals say."""

from pathlib import Path

import numpy as np
import pytest

from simulator.theory.erlang import erlang_c
from simulator.validate.anchors import Anchor, found_in, parse_anchor, read_anchor, shipped
from simulator.validate.estimating import Piece, estimated, pieces
from simulator.validate.running import parts, simulate
from simulator.validate.verdicts import (
    DIFFERS,
    IMPRECISE,
    INSIDE,
    OUTSIDE,
    SAME,
    judged,
    lines,
    plain_values,
    summary,
)
from simulator.worlds.reading import WorldError

TEXT = """
format = 1
name = "small"
source = "Erlang 1917"

[run]
replications = 16
controls = ["arrivals", "work", "pooled"]

[pool]
servers = 3
rate = 0.0333333333333
work_s = 60.0

[formula]
name = "erlang_c"
unit_s = 60.0
[formula.given]
servers = 3
rate = 2.0
service_rate = 1.0

[[expect]]
measure = "wait_s"
formula = "wait_s"

[[expect]]
measure = "occupancy"
agents = ["desk"]
value = 0.6666666666

[world]
format = 1
name = "small"

[world.time]
days = 0.25
warm_up_s = 3600.0

[world.policy]
base = "longest_idle"

[world.channels.voice]
auto_accept = true

[world.queues.line]

[world.tickets.call]
queue = "line"
channel = "voice"
arrivals = { per_hour = 120 }
work = { kind = "exponential", mean_s = 60 }

[world.agents.desk]
count = 3
units = 1
"""


def test_an_anchor_knows_what_it_expects() -> None:
    """A formula's wait comes in seconds whatever the unit of its rates; a value is taken as it is."""
    anchor = parse_anchor(TEXT, "small.toml")
    assert anchor.expected == pytest.approx((60 * erlang_c(3, 2.0).wait, 2 / 3))
    assert anchor.world.agents["desk"].count == 3


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[world.time]", "[world.prices]\n[world.time]", "world.prices: expected none"),
        ('name = "erlang_c"', 'name = "erlang_d"', "small.toml:15: formula: formula is 'erlang_d'"),
        ("servers = 3\nrate = 2.0", "rate = 2.0", "servers is missing"),
        ("servers = 3\nrate = 2.0", "servers = 2.5\nrate = 2.0", "servers is 2.5, expected whole numbers"),
        ("rate = 2.0", "rate = 9.0", "rate is 9.0, expected below 3.0"),
        ('measure = "wait_s"', 'measure = "speed"', "'speed' is no measure; expected one of tickets"),
        ('formula = "wait_s"', 'formula = "speed"', "no value, and the formula's values are waited"),
        ('"pooled"]', '"luck"]', "small.toml:8: run.controls: 'luck' is no control"),
        ("[pool]\nservers = 3\nrate = 0.0333333333333\nwork_s = 60.0\n", "", "needs the table [pool]"),
        ("replications = 16", "replications = 1", "small.toml:7: run.replications"),
        ('queue = "line"', 'queue = "lane"', "world.tickets.call.queue"),
        ("per_hour = 120", "per_hour = -1", "world.tickets.call.arrivals.per_hour: Expected a number from 0"),
        ("units = 1", "unitz = 1", "world.agents.desk.unitz"),
        ("format = 1\nname", "format = 2\nname", "format"),
        ("[world]", "[world", "small.toml"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(old: str, new: str, said: str) -> None:
    """File, line, field and reason, for the anchor's own fields and for those of its world."""
    seeded = TEXT.replace(old, new, 1)
    assert seeded != TEXT
    with pytest.raises(WorldError) as raised:
        parse_anchor(seeded, "small.toml")
    assert said in str(raised.value)


def test_places_without_anchors_are_named(tmp_path: Path) -> None:
    """An empty folder and a file that is not there are said, not skipped."""
    with pytest.raises(WorldError, match=r"has no file that ends in \.toml"):
        found_in([tmp_path])
    with pytest.raises(WorldError, match="No such file"):
        read_anchor(found_in([tmp_path / "none.toml"])[0])


def test_every_shipped_anchor_can_be_read() -> None:
    """More than sixty exact numbers and every published table are there, with their sources."""
    anchors = [read_anchor(path) for path in shipped()]
    held = [each for a in anchors for each in a.expect if each.half is None and not each.is_wide]
    published = {a.name for a in anchors if any(each.half is not None for each in a.expect)}
    assert len(held) >= 60
    assert published >= {"mmc", "mmc_abandonment", "mmc_blocked", "simple_msk", "call_cc"}
    assert len({a.name for a in anchors}) == len(anchors)


def piece(wait_s: float, control: float = 0.0, tickets: float = 100.0) -> Piece:
    """Return a replication with this mean wait, and occupancy 2/3."""
    above = np.array([wait_s * tickets, 2.0])
    return Piece(above, np.array([tickets, 3.0]), {"arrivals": [control]}, 10)


def held(value: float, *, half: float | None = None, differs: bool = False) -> str:
    """Return the verdict on a wait around 26.7 s that should come to `value`."""
    anchor = parse_anchor(TEXT, "small.toml")
    first = anchor.expect[0]
    wait = anchor.expected[0]
    new = type(first)(measure="wait_s", value=value * wait, half=half, differs=differs)
    seeded = anchor._replace(expect=(new, anchor.expect[1]), expected=(value * wait, 2 / 3))
    rng = np.random.default_rng(1)
    done = {0: [piece(wait * (1 + 0.001 * e)) for e in rng.normal(0, 1, 32)]}
    return judged([seeded], done)[0].verdict


def test_verdicts() -> None:
    """Inside, outside by two per cent, and outside but published as loosely as that."""
    assert held(1.0) == INSIDE
    assert held(1.02) == OUTSIDE
    assert held(1.02, half=1.0) == INSIDE
    assert held(1.02, half=0.01) == OUTSIDE
    assert held(1.02, half=0.01, differs=True) == DIFFERS
    assert held(1.0, half=0.01, differs=True) == SAME


def test_a_band_too_wide_is_not_called_narrow() -> None:
    """An exact number inside a band of several per cent is inside, and said to be wide."""
    anchor = parse_anchor(TEXT, "small.toml")
    rng = np.random.default_rng(2)
    wait = anchor.expected[0]
    done = {0: [piece(wait * (1 + 0.1 * e)) for e in rng.normal(0, 1, 32)]}
    found = judged([anchor], done)
    assert found[0].verdict == IMPRECISE
    told = summary(found, done, 1.0)
    assert (told.exact, told.exact_inside, told.precise, told.passes) == (2, 2, 1, True)
    assert plain_values(found[0])["verdict"] == IMPRECISE
    assert "inside, wide" in lines(found)[1]


def test_controls_narrow_an_estimate() -> None:
    """Where the control explains the wait, the interval is a fraction of the plain one."""
    rng = np.random.default_rng(3)
    strayed = rng.normal(0, 1, 32)
    done = [piece(20 + e, control=100 * e + rng.normal()) for e in strayed]
    found = estimated(done, 0, 0.99)
    assert found.controlled.half_width < found.plain.half_width / 10
    assert found.controlled.holds(20.0)


def test_parts_cover_all_replications() -> None:
    """Every replication is in one part, in order."""
    assert [n for part in parts(37) for n in part] == list(range(37))


@pytest.mark.slow
def test_an_anchor_is_simulated(tmp_path: Path) -> None:
    """The small queue passes path by path; with one agent less, or twice the wait said, it does not."""
    path = tmp_path / "small.toml"
    path.write_text(TEXT)
    done = simulate([path], 1)
    anchor = read_anchor(path)
    found = judged([anchor], done)
    assert [each.is_inside for each in found] == [True, True]
    # The pooled queue is this queue, so nothing is left to chance but whole microseconds.
    assert found[0].ours.half_width < 1e-4 * found[0].wanted
    assert found[0].plain.half_width > 1e-2 * found[0].wanted
    slow = TEXT.replace("mean_s = 60 }", "mean_s = 63 }")
    assert not _inside(parse_anchor(slow, "slow.toml"))


def _inside(anchor: Anchor) -> bool:
    done = {0: pieces(anchor, range(anchor.run.replications))}
    return all(each.is_inside for each in judged([anchor], done))
