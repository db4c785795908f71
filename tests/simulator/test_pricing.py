"""A world's own prices: from rates and shifts alone, the same for every replication, and played as commands."""

import numpy as np
import pytest

from router.core import codes as core
from router.core import layout as core_layout
from router.journal import decode, encode
from simulator.kernel import codes as c
from simulator.kernel.running import Options, Prepared
from simulator.kernel.stepping import steps
from simulator.many import Task, play_all
from simulator.recorded import Tape
from simulator.worlds.compiling import compile_world
from simulator.worlds.means import mean_of
from simulator.worlds.planning import plan_replication
from simulator.worlds.pricing import (
    arrivals_by_slot,
    edges,
    expected_work_s,
    presence_by_slot,
    price_rows,
    visits,
    with_prices,
)
from simulator.worlds.reading import parse_world
from simulator.worlds.schema import Law

WORLD = """
format = 1
name = "priced"
time = { days = 0.5, clear_s = 3600 }
skills = { a = {}, b = {} }
queues.line = {}
[calendars.day]
time_zone = "UTC"
weekly = [{ days = ["mon"], open = "02:00", close = "10:00" }]
[tickets.one]
queue = "line"
channel = "voice"
requirements = [{ skill = "a" }]
arrivals = { by_hour = [10, 60, 60, 120, 120, 120, 120, 120, 120, 60, 60, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] }
work = { kind = "exponential", mean_s = 180 }
wrap_up = { kind = "fixed", value_s = 20 }
patience = { kind = "exponential", mean_s = 300 }
transfers = [{ to = "two", share = 0.25 }]
[tickets.two]
queue = "line"
channel = "voice"
requirements = [{ skill = "b" }]
arrivals = { per_hour = 30 }
work = { kind = "exponential", mean_s = 200 }
patience = { kind = "exponential", mean_s = 300 }
reopen = { share = 0.2, delay = { kind = "fixed", value_s = 60 } }
[agents.only_a]
count = 5
skills = { a = 5 }
[agents.both]
count = 4
skills = { a = 5, b = 5 }
shift = "day"
breaks = [{ at = "04:00", lasts_s = 1800 }]
sick = 0.1
speed = 2
"""
COMPILED = compile_world(parse_world(WORLD))
LAWS = [
    (Law(kind="fixed", value_s=30.0, zero=0.5), 15.0),
    (Law(kind="exponential", mean_s=40.0), 40.0),
    (Law(kind="erlang", mean_s=40.0, phases=3), 40.0),
    (Law(kind="uniform", low_s=10.0, high_s=30.0), 20.0),
    (Law(kind="lognormal", mean_s=50.0, log_sd=0.8), 50.0),
    (Law(kind="lognormal", median_s=60.0, log_sd=1.0), 60.0 * np.exp(0.5)),
    (Law(kind="empirical", values_s=(0.0, 10.0, 40.0)), 15.0),
    (Law(kind="hazard", from_s=(0.0,), per_minute=(2.0,)), 30.0),
    (Law(kind="hazard", from_s=(0.0, 60.0), per_minute=(0.0, 1.0)), 120.0),
    (Law(kind="exponential", mean_s=40.0, by_hour=(0.5,) * 12 + (1.5,) * 12), 40.0),
]


@pytest.mark.parametrize(("law", "mean_s"), LAWS)
def test_means_of_laws(law: Law, mean_s: float) -> None:
    """Each by its formula: half of nothing halves it, the tail of a hazard is exponential."""
    assert mean_of(law) == pytest.approx(mean_s)


def test_arrivals_count_what_follows_them() -> None:
    """At three o'clock 120 calls an hour bring 30 transfers; a fifth of the 30 others come again, up to ten times."""
    rates = arrivals_by_slot(COMPILED, edges(COMPILED, 1_800.0))
    assert rates.shape == (24, 2)
    np.testing.assert_allclose(rates[6] * 3_600, [120.0, 30.0 + 30.0 * (1 - 0.2**11) / 0.8])


def test_visits_are_those_that_are_played() -> None:
    """Two kinds that always go on, one of which always comes back twice: as many are served as were expected."""
    world = WORLD.replace(
        "share = 0.25 }]", "share = 1.0 }]\nreopen = { share = 1, delay = AT_ONCE, most = 2 }"
    )
    compiled = compile_world(
        parse_world(world.replace("AT_ONCE", "{ kind = 'fixed', value_s = 1 }"))
    )
    np.testing.assert_allclose(visits(compiled), [[3, 3], [0, (1 - 0.2**11) / 0.8]])


def test_presence_knows_shifts_breaks_and_how_many_are_ill() -> None:
    """The shift is from 2 to 10 with half an hour off at 4; a tenth of the team is ill; others are always there."""
    presence = presence_by_slot(COMPILED, edges(COMPILED, 1_800.0))
    assert (presence[:, :5] == 1.0).all()
    np.testing.assert_allclose(presence[[3, 4, 7, 8, 9, 19, 20], 5], [0, 0.9, 0.9, 0, 0.9, 0.9, 0])
    hourly = presence_by_slot(COMPILED, edges(COMPILED, 3_600.0))
    assert hourly[4, 8] == pytest.approx(0.45)


def test_work_is_that_of_the_agent() -> None:
    """Wrap-up counts, and who is twice as fast needs half of the time."""
    np.testing.assert_allclose(expected_work_s(COMPILED)[:, [0, 8]], [[200, 100], [200, 100]])


def test_prices_follow_the_hours_and_only_changes_are_said() -> None:
    """Who can do both is dear by day, costs nothing when away, and no row repeats a price."""
    rows = price_rows(Prepared(COMPILED, COMPILED.world.policy))
    assert (rows["kind"] == c.PLAN_PRICE).all()
    assert set(rows["row"].tolist()) == {5, 6, 7, 8}
    first = rows[rows["row"] == 5]
    assert first["value"][0] > 0
    assert first["value"][-1] == 0
    assert (np.diff(first["value"]) != 0).all()
    assert first["at_us"][0] == COMPILED.span.opens_us + 2 * 3_600_000_000


@pytest.mark.slow
def test_prices_enter_the_core_in_one_command_an_instant() -> None:
    """The kernel tells the core each planned price, those of one instant together."""
    prepared = Prepared(COMPILED, COMPILED.world.policy)
    rows = price_rows(prepared)
    plan = with_prices(plan_replication(COMPILED, 1, 0), rows)
    told = []
    for step in steps(prepared, plan, Options(1, 0)):
        if step.command:
            command = np.frombuffer(step.command, core_layout.COMMAND)[0]
            if command["kind"] == core.SET_PRICES:
                words = np.frombuffer(step.command_words, np.int64)
                told.append((int(command["at_us"]), words.tolist()))
    expected: dict[int, list[int]] = {}
    for row in rows:
        expected.setdefault(int(row["at_us"]), []).extend((int(row["row"]), int(row["value"])))
    assert told == list(expected.items())


@pytest.mark.slow
def test_priced_policies_are_played_beside_the_others() -> None:
    """The same customers come; who serves them differs, and twice the same is the same."""

    def task(policy: str | None, text: str = WORLD) -> Task:
        return Task(text, "w", None, policy, 1, 0, (("tickets", "all"),))

    own = WORLD.replace("queues.line", "prices = { every_s = 1800 }\nqueues.line", 1)
    tasks = [task("ours"), task("ours+prices"), task("ours+prices"), task(None, own), task(None)]
    played = list(play_all(tasks, "here", 1))
    plain, priced, again, by_world, unpriced = (each.facts for each in played)
    assert plain.digest != priced.digest
    assert priced == again == by_world
    assert plain == unpriced


def test_a_replay_keeps_the_prices_that_were_recorded() -> None:
    """SET_PRICES of a journal becomes prices planned for the same instant, whatever is played then."""
    shard = Prepared(COMPILED, COMPILED.world.policy).shard
    at_us = COMPILED.span.opens_us + 5_000_000
    shard.set_prices([5, 700, 8, 90], at_us)
    sealed, _ = shard.settle(at_us)
    tape = Tape()
    tape.add(decode(encode(sealed)))
    assert tape.plan == [(at_us, c.PLAN_PRICE, 5, 700, 0), (at_us, c.PLAN_PRICE, 8, 90, 0)]
