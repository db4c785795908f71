"""The kernel on small worlds: nothing is lost, nobody is overloaded, and the same seed gives the same day."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.core.check import check
from router.core.limits import NEVER_US
from router.policies import POLICIES
from router.wire.policies import Base
from simulator.kernel import codes as c
from simulator.kernel import running
from simulator.kernel.running import Options, Prepared, Records, play
from simulator.worlds.compiling import compile_world
from simulator.worlds.floor import policy_body
from simulator.worlds.planning import plan_replication
from simulator.worlds.reading import parse_world

pytestmark = pytest.mark.slow

MIXED = """
format = 1
name = "mixed"
time = { days = 0.4, clear_s = 7200 }
busyness.day = { shape = 20 }
channels.call = { cost = 2, offer_ttl_s = 20 }
channels.talk = { cost = 1, max_per_agent = 2, auto_accept = true }
regions = { near = {}, far = {} }
network = { far = { latency_s = 0.2, jitter_s = 0.1 } }
skills = { a = {}, b = {} }
queues.calls = { sla = { first_response_s = 60 } }
queues.talks = {}
lines.calls = { waiting_max = 6 }
outages = [{ region = "far", at = "0 04:00", lasts_s = 1200, arrivals = 0.3, after = 2 }]
[tickets.call]
queue = "calls"
channel = "call"
region = "near"
requirements = [{ skill = "a" }]
arrivals = { busyness = "day", per_hour = 60 }
work = { kind = "lognormal", mean_s = 180, log_sd = 0.8 }
wrap_up = { kind = "exponential", mean_s = 20 }
patience = { kind = "hazard", from_s = [0, 60], per_minute = [0.6, 0.3] }
redial = { share = 0.5, delay = { kind = "exponential", mean_s = 300 }, most = 3 }
transfers = [{ to = "expert", share = 0.2 }]
[tickets.expert]
queue = "calls"
channel = "call"
requirements = [{ skill = "b" }]
work = { kind = "exponential", mean_s = 200 }
patience = { kind = "exponential", mean_s = 300 }
[tickets.talk]
queue = "talks"
channel = "talk"
region = "far"
arrivals = { per_hour = 40 }
work = { kind = "lognormal", mean_s = 240, log_sd = 0.6 }
messages = { kind = "exponential", mean_s = 60 }
patience = { kind = "exponential", mean_s = 200 }
reopen = { share = 0.1, delay = { kind = "fixed", value_s = 600 }, most = 2 }
[agents.near]
count = 4
units = 2
region = "near"
skills = { a = 3 }
speed_log_sd = 0.3
speed_at_once = [1, 0.8]
acceptance.delay = { kind = "exponential", mean_s = 4 }
acceptance.back = { kind = "fixed", value_s = 60 }
acceptance.decline = 0.1
acceptance.miss = 0.1
learning = { first = 1.5, tickets = 20 }
[agents.far]
count = 4
units = 2
region = "far"
skills = { a = 2, b = 4 }
absence = { share = 0.1, lasts_s = 300 }
acceptance = { delay = { kind = "exponential", mean_s = 4 }, decline = 0.05 }
"""


def played(text: str, policy: Base | None = None, options: Options | None = None) -> Records:
    """Play one replication."""
    world = parse_world(text)
    options = options or Options()
    compiled = compile_world(world)
    plan = plan_replication(compiled, options.seed, options.replication)
    return play(Prepared(compiled, policy_body(world, policy)), plan, options)


def conserved(records: Records) -> None:
    """Check that visits add up, in records and in sums, and that times are in order."""
    t = records.tickets
    assert (t["left_us"] >= t["arrived_us"]).all()
    answered = t["answered_us"] < NEVER_US
    assert (t["answered_us"][answered] >= t["arrived_us"][answered]).all()
    assert records.happenings["arrival"] == len(t)
    assert records.happenings["blocked"] == (t["outcome"] == c.BLOCKED).sum()
    assert records.happenings["abandonment"] == (t["outcome"] == c.ABANDONED).sum()
    folds = {name: records.folds[name].sum() for name in records.folds.dtype.names}
    closed = t["outcome"] != c.OPEN
    assert folds["arrived"] == closed.sum()
    assert folds["served"] == (t["outcome"] == c.SERVED).sum()
    assert (
        folds["arrived"]
        == folds["served"] + folds["abandoned"] + folds["blocked"] + folds["expired"]
    )
    assert sum(records.happenings.values()) == records.model_events


@pytest.mark.parametrize("policy", POLICIES)
def test_nothing_is_lost_and_the_same_seed_gives_the_same_day(policy: Base) -> None:
    """Under every policy visits add up and the digest repeats; another seed gives another day."""
    first, again = played(MIXED, policy), played(MIXED, policy)
    conserved(first)
    assert first.digest == again.digest
    assert (first.tickets == again.tickets).all()
    assert played(MIXED, policy, Options(seed=2)).digest != first.digest
    for happening in c.HAPPENINGS:
        assert first.happenings[happening] > 0, happening


def test_a_ticket_is_the_same_whatever_the_policy() -> None:
    """Arrivals, first patience and work of a ticket served by the same agent do not depend on who routes."""
    days = [played(MIXED, policy).tickets for policy in ("ours", "round_robin")]
    firsts = [day[(day["attempt"] == 0) & (day["reopens"] == 0)] for day in days]
    one, other = (np.sort(day, order=["arrived_us", "type"]) for day in firsts)
    assert (one["arrived_us"] == other["arrived_us"]).all()
    assert (one["type"] == other["type"]).all()
    talk = 2
    gone = [day["outcome"] == c.ABANDONED for day in (one, other)]
    both = gone[0] & gone[1] & (one["type"] == talk)
    assert both.sum() > 3
    waits = [day["left_us"][both] - day["arrived_us"][both] for day in (one, other)]
    assert (waits[0] == waits[1]).all()


def test_records_or_not_the_sums_are_the_same() -> None:
    """A run that keeps no records plays the same day."""
    kept, folded = played(MIXED), played(MIXED, None, Options(keeps_records=False))
    assert kept.digest == folded.digest
    assert len(folded.tickets) == 0
    for name in kept.folds.dtype.names:
        assert kept.folds[name].sum() == pytest.approx(folded.folds[name].sum())


def test_littles_law_holds_in_each_queue() -> None:
    """What the waits of a queue add up to is the integral of its length (Little 1961), to the microsecond."""
    text = MIXED.replace('transfers = [{ to = "expert", share = 0.2 }]', "").replace(
        "network", "#network"
    )
    text = text.replace("outages", "#outages").replace(
        "cost = 2, offer_ttl_s = 20", "cost = 2, auto_accept = true"
    )
    records = played(text)
    t = records.tickets
    ended = np.where(t["answered_us"] < NEVER_US, t["answered_us"], t["left_us"])
    for q in range(2):
        mine = t["queue"] == q
        waited = int((ended - t["arrived_us"])[mine].sum())
        assert int(records.queue_hours["waiting_us"][q].sum()) == waited
        assert waited > 0


def test_every_wait_is_counted_where_it_was_after_transfers_too() -> None:
    """A second line that gets nothing but transfers has its waits: their sum is its length's integral (Little 1961)."""
    text = MIXED.replace("network", "#network").replace("outages", "#outages")
    text = text.replace("cost = 2, offer_ttl_s = 20", "cost = 2, auto_accept = true")
    text = text.replace("queues.talks = {}", "queues.talks = {}\nqueues.experts = {}")
    expert = text.index("[tickets.expert]")
    second = text[expert:].replace('queue = "calls"', 'queue = "experts"', 1)
    second = second.replace('patience = { kind = "exponential", mean_s = 300 }\n', "", 1)
    records = played(text[:expert] + second)
    t, hours = records.tickets, records.queue_hours
    sums = {name: hours[name].sum(axis=1).tolist() for name in hours.dtype.names}
    assert sums["taken"][2] > 30
    assert sums["lost"][2] == 0
    assert sums["waiting_us"][2] == sums["taken_us"][2] > 0
    assert sum(sums["taken"]) == records.happenings["answer"]
    assert sum(sums["lost"]) == records.happenings["abandonment"]
    answered = (t["queue"] == 0) & (t["answered_us"] < NEVER_US)
    assert sums["taken"][0] == answered.sum()
    assert sums["taken_us"][0] == (t["answered_us"] - t["arrived_us"])[answered].sum()
    within = (t["answered_us"] - t["arrived_us"])[answered] <= 20_000_000
    late = (t["left_us"] - t["arrived_us"])[
        (t["queue"] == 0) & (t["outcome"] == c.ABANDONED)
    ] > 20_000_000
    assert (sums["taken_within"][0], sums["lost_late"][0]) == (within.sum(), late.sum())


def test_time_goes_forward_however_slow_an_agent_is() -> None:
    """The slowest agents a world may have, learning from a hundredfold, take decades and no negative time."""
    slow = "speed_log_sd = 5\nspeed = 0.001\nspeed_by_ticket = { call = 0.001 }"
    text = MIXED.replace("speed_log_sd = 0.3", slow).replace("first = 1.5", "first = 100")
    assert text != MIXED
    records = played(text)
    for name in ("work_us", "wrap_us", "left_us"):
        assert (records.tickets[name] >= 0).all()
    assert (records.agent_hours["busy_us"] >= 0).all()


def test_nobody_works_more_than_there_is_room_for() -> None:
    """Units taken never exceed the units on duty, and everybody's time adds up to the run."""
    records = played(MIXED)
    hours = records.agent_hours
    assert (hours["units_us"] <= hours["room_us"]).all()
    assert (hours["busy_us"] <= hours["on_duty_us"]).all()
    assert (hours["on_duty_us"] <= records.slot_us).all()
    assert hours["busy_us"].sum() > 0


class Kept(Prepared):
    """Keeps the core that was played on, to look at it afterwards."""

    def machine(self) -> Any:
        """Return a core of its own."""
        self.played = super().machine()
        return self.played


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.builds(
        dict,
        seed=st.integers(0, 2**40),
        rate=st.sampled_from([5, 60, 200]),
        agents=st.integers(1, 6),
        units=st.integers(1, 3),
        auto=st.booleans(),
        decline=st.sampled_from([0.0, 0.3]),
        miss=st.sampled_from([0.0, 0.3]),
        share=st.sampled_from([0.0, 0.5]),
        lines=st.sampled_from(["", "lines.q = { lines_max = 4 }"]),
        law=st.sampled_from(["exponential", "fixed"]),
        policy=st.sampled_from(sorted(POLICIES)),
    )
)
def test_the_core_is_sound_after_any_small_world(drawn: dict[str, Any]) -> None:
    """Whatever is simulated, the core's invariants hold at the end and visits add up."""
    law = (
        '{ kind = "fixed", value_s = 90 }'
        if drawn["law"] == "fixed"
        else '{ kind = "exponential", mean_s = 90 }'
    )
    world = parse_world(f"""
format = 1
name = "small"
time = {{ days = 0.1, clear_s = 600 }}
channels.ch = {{ auto_accept = {str(drawn["auto"]).lower()}, offer_ttl_s = 15, wrap_up_s = 30 }}
queues.q = {{ sla = {{ first_response_s = 30 }} }}
{drawn["lines"]}
[tickets.one]
queue = "q"
channel = "ch"
arrivals = {{ per_hour = {drawn["rate"]} }}
work = {law}
wrap_up = {{ kind = "uniform", low_s = 0, high_s = 20, zero = 0.3 }}
patience = {{ kind = "exponential", mean_s = 60 }}
transfers = [{{ to = "two", share = {drawn["share"]} }}]
redial = {{ share = 0.3, delay = {law} }}
[tickets.two]
queue = "q"
channel = "ch"
priority = 8
work = {law}
[agents.team]
count = {drawn["agents"]}
units = {drawn["units"]}
absence = {{ share = 0.2, lasts_s = 120 }}
acceptance = {{ delay = {{ kind = "exponential", mean_s = 5 }}, decline = {drawn["decline"]}, miss = {drawn["miss"]} }}
""")
    compiled = compile_world(world)
    kept = Kept(compiled, policy_body(world, drawn["policy"]))
    options = Options(seed=drawn["seed"])
    conserved(play(kept, plan_replication(compiled, options.seed, 0), options))
    check(kept.played.arrays)


def test_tables_that_are_short_grow_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that begins with tiny tables plays the same day as one with room from the start."""
    usual = played(MIXED)
    monkeypatch.setattr(running, "FIRST_TICKETS", 2)
    assert played(MIXED).digest == usual.digest
