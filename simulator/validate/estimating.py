"""Simulate an anchor: replications in, estimates with and without controls out."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from simulator.kernel.running import Options, Prepared, play
from simulator.measures.cuts import WHOLE, Parts, key_names, measured
from simulator.measures.day import Day, Floats, Setting
from simulator.measures.recorded import day_of, setting_of
from simulator.measures.table import MEASURES
from simulator.stats.controls import controlled_ratio
from simulator.stats.intervals import Interval, ratio
from simulator.validate.anchors import Anchor, Expect
from simulator.validate.controls import CONTROLS, Seen
from simulator.validate.extras import EXTRAS, Asked, extra_parts
from simulator.worlds.compiling import compile_world
from simulator.worlds.planning import plan_replication

Taken = Mapping[tuple[str, str], Parts]


class Piece(NamedTuple):
    """What one replication of an anchor yields."""

    above: Floats
    """(expectations,)."""
    below: Floats
    """(expectations,)."""
    controls: dict[str, list[float]]
    """By name of the control."""
    model_events: int


class Estimate(NamedTuple):
    """An expectation, simulated; intervals at the confidence asked for."""

    plain: Interval
    controlled: Interval


def pieces(anchor: Anchor, replications: Iterable[int]) -> list[Piece]:
    """Simulate these replications of an anchor."""
    prepared = Prepared(compile_world(anchor.world), anchor.world.policy)
    return [_piece(anchor, prepared, number) for number in replications]


def _piece(anchor: Anchor, prepared: Prepared, number: int) -> Piece:
    options, compiled = Options(seed=anchor.run.seed, replication=number), prepared.compiled
    records = play(prepared, plan_replication(compiled, options.seed, number), options)
    day, setting = day_of(records), setting_of(compiled, records)
    ordered = records.tickets.take(np.argsort(records.tickets["arrived_us"], kind="stable"))
    speeds = np.array([anchor.world.agents[each.team].speed for each in compiled.members])
    seen = Seen(ordered, setting, anchor.world, speeds, anchor.pool, (anchor.run.seed, number))
    taken = measured(day, setting, {_wanted(e) for e in anchor.expect if e.measure not in EXTRAS})
    above, below = zip(
        *(_taken(anchor, expect, (day, setting), taken) for expect in anchor.expect), strict=True
    )
    controls = {name: CONTROLS[name](seen) for name in anchor.run.controls}
    return Piece(
        np.array(above, np.float64),
        np.array(below, np.float64),
        controls,
        records.model_events,
    )


def _wanted(expect: Expect) -> tuple[str, str]:
    """Return which measure is expected, by which cut."""
    return expect.measure, "agent_hour" if expect.agents or expect.until_s else expect.cut


def _taken(
    anchor: Anchor, expect: Expect, seen: tuple[Day, Setting], taken: Taken
) -> tuple[float, float]:
    """Return numerator and denominator of an expectation in one replication."""
    day, setting = seen
    cycle_us = round(anchor.run.cycle_s * 1e6)
    if expect.measure in EXTRAS:
        moment_us = round((expect.at_s or 0.0) * 1e6)
        centre = _centre(anchor) if expect.measure == "variance" else 0.0
        asked = Asked(day, setting, anchor.world, cycle_us, moment_us, expect.agents, centre)
        parts = extra_parts(expect.measure, asked)
        return float(parts.above[0]), float(parts.below[0])
    measure, cut = _wanted(expect)
    slots = day.agent_hours.shape[1]
    if cut == "agent_hour":
        keys = _agent_keys(expect, setting, slots, cycle_us)
    else:
        names = key_names(cut, setting, slots)
        keys = [n for n, name in enumerate(names) if name == (expect.key or WHOLE)]
    if not keys:
        sought = expect.agents or expect.key
        raise ValueError(f"{anchor.name}: {expect.measure} by {cut} has no {sought!r}")
    parts = taken[measure, cut]
    return float(parts.above[keys].sum()), float(parts.below[keys].sum())


def _centre(anchor: Anchor) -> float:
    place = next(n for n, each in enumerate(anchor.expect) if each.measure == "tickets_of_day")
    return anchor.expected[place]


def _agent_keys(expect: Expect, setting: Setting, slots: int, cycle_us: int) -> list[int]:
    """Return the places of agents, by name or by team, in the slots of the cycle that count."""
    agents = setting.names["agent"]
    chosen = [
        n
        for n, name in enumerate(agents)
        if not expect.agents or name in expect.agents or name.rpartition("-")[0] in expect.agents
    ]
    until_us = cycle_us if expect.until_s is None else round(expect.until_s * 1e6)
    counted = [n for n in range(slots) if n * setting.slot_us % cycle_us < until_us]
    return [agent * slots + slot for agent in chosen for slot in counted]


def estimated(
    done: Sequence[Piece], place: int, confidence: float, only: Sequence[str] = ()
) -> Estimate:
    """Return the estimate of an expectation from all replications of its anchor.

    `only` names the controls to use instead of all there are.
    """
    above = np.array([piece.above[place] for piece in done])
    below = np.array([piece.below[place] for piece in done])
    names = only or tuple(done[0].controls)
    rows = [[value for name in names for value in piece.controls[name]] for piece in done]
    controls = np.array(rows, np.float64).reshape(len(done), -1)
    if not controls.shape[1]:
        plain = ratio(above, below, confidence)
        return Estimate(plain, plain)
    known = np.zeros(controls.shape[1])
    found = controlled_ratio((above, below), controls, known, confidence)
    return Estimate(found.plain, found.interval)


assert not set(MEASURES) & set(EXTRAS), "a name means one measure"
