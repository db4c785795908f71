"""World files: what is refused and why, what the shipped ones hold, and what becomes of a world's words."""

from datetime import UTC, datetime

import numpy as np
import pytest

from router.core.codes import AVAILABLE, AWAY, DRAINING
from router.desk.languages import look_up
from simulator.kernel import codes as c
from simulator.worlds.compiling import compile_world
from simulator.worlds.floor import open_floor
from simulator.worlds.planning import plan_replication
from simulator.worlds.reading import WorldError, parse_world, read_world
from simulator.worlds.shipped import find_world, shipped

GOOD = """\
format = 1
name = "good"
[time]
days = 2
[calendars.day]
time_zone = "UTC"
weekly = [{ days = ["mon", "tue"], open = "09:00", close = "17:00" }]
[skills.talking]
[regions.north]
time_zone = "Europe/Oslo"
[queues.line]
[tickets.call]
queue = "line"
channel = "voice"
requirements = [{ skill = "talking" }]
language = { tag = "no" }
work = { kind = "exponential", mean_s = 60 }
patience = { kind = "hazard", from_s = [0, 30], per_minute = [0.5, 0.1] }
[tickets.call.arrivals]
per_hour = 20
[tickets.second]
queue = "line"
channel = "voice"
work = { kind = "fixed", value_s = 5 }
[agents.team]
count = 3
skills = { talking = 3 }
languages = { no = 5 }
shift = "day"
"""

REFUSED = [
    ("per_hour = 20", "per_hour = -1", 20, "tickets.call.arrivals.per_hour", "from 0"),
    ("per_hour = 20", "per_hour = nan", 20, "tickets.call.arrivals.per_hour", "a number"),
    ("per_hour = 20", "per_hour = inf", 20, "tickets.call.arrivals.per_hour", "a number"),
    ("per_hour = 20", 'per_hour = "many"', 20, "tickets.call.arrivals.per_hour", "a number"),
    ("per_hour = 20", "per_hours = 20", 20, "tickets.call.arrivals.per_hours", "Unknown field"),
    ("per_hour = 20", "by_hour = [1, 2]", 20, "tickets.call.arrivals.by_hour", "24, 48 or 96"),
    ("per_hour = 20", "busyness = 'x'\nper_hour = 1", 20, "tickets.call.arrivals.busyness", "no busyness"),
    ("count = 3", "count = 0", 26, "agents.team.count", "from 1"),
    ('open = "09:00"', 'open = "25:00"', 7, "calendars.day.weekly[0].open", "matches"),
    ('{ tag = "no" }', '{ tag = "sv" }', 16, "tickets.call.language", "No agent speaks 'sv'"),
    ('skill = "talking"', 'skill = "singing"', 15, "tickets.call.requirements[0].skill", "no skill 'singing'"),
    ('queue = "line"\nchannel = "voice"\nreq', 'queue = "lane"\nchannel = "voice"\nreq', 13,
     "tickets.call.queue", "no queue 'lane'"),
    ("mean_s = 60", "mean_s = 0", 17, "tickets.call.work.mean_s", "above 0"),
    ("mean_s = 60", "median_s = 60", 17, "tickets.call.work.median_s", "exponential does not take it"),
    ('"exponential", mean_s = 60', '"lognormal", mean_s = 60', 17, "tickets.call.work.log_sd", "Missing"),
    ("from_s = [0, 30]", "from_s = [0, 0]", 18, "tickets.call.patience.from_s", "rising"),
    ("from_s = [0, 30]", "from_s = [0, 30, 60]", 18, "tickets.call.patience.per_minute", "as many rates"),
    ('"Europe/Oslo"', '"Europe/Atlantis"', 10, "regions.north.time_zone", "time zone"),
    ('shift = "day"', 'shift = "night"', 29, "agents.team.shift", "no calendar 'night'"),
    ("days = 2", "days = 0", 4, "time.days", "above 0"),
    ('skill = "talking"', 'skill = "talking", min_level = 4', 15, "tickets.call.requirements[0].skill",
     "No agent has 'talking' at level 4 or above; the best has 3"),
    ('{ tag = "no" }', '{ tag = "no", min_level = 5 }\npriority = 10', 17, "tickets.call.priority", "from 0"),
    ("per_hour = 20", "per_hour = 1e9", 19, "tickets.call.arrivals", "Expected at most 20,000,000 tickets in a run"),
    ("days = 2", "days = 2000\nslot_s = 1", 5, "time.slot_s", "take longer slots or fewer days"),
    ('{ tag = "no" }', '{ tag = "no" }\nmessages = { kind = "fixed", value_s = 0 }', 17, "tickets.call.messages",
     "between messages on average"),
    ("days = 2", "days = 2\nwarm_up_s = 172800", 5, "time.warm_up_s", "nothing is left"),
    ("[queues.line]\n", "[queues.line]\n[[bursts]]\nat = '0 09:00'\nfactor = 1e6\nlasts_s = 86400\n", 23,
     "tickets.call.arrivals", "Expected at most 20,000,000 tickets"),
    ("[queues.line]\n", "[queues.line]\n[[bursts]]\nper_week = 8\nfactor = 2\nlasts_s = 86400\n", 12,
     "bursts[0]", "fill more than the week"),
    ("count = 3", "count = 3\nstaffing_s = 1e-9", 27, "agents.team.staffing_s", "from 1"),
    ('time_zone = "UTC"\n', "", 5, "calendars.day.time_zone", "Missing; expected text"),
    ("count = 3", "count = 3\nspeed = 1e-300", 27, "agents.team.speed", "0.001"),
    ("count = 3", "count = 3\nunits = 1", 14, "tickets.call.channel", "'voice': it takes 4 units, agents have 1"),
    ("languages = { no = 5 }", "languages = { no = 5 }\nqueues = []", 13, "tickets.call.queue",
     "No agent serves 'line'"),
    ('shift = "day"', "staffing = [1]\nsick = 0.1", 30, "agents.team.sick", "Staffing already says"),
    ('name = "good"', "name = ", 2, "", "Invalid value"),
    ("[queues.line]\n", "", 0, "queues", "Missing"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "field", "reason"), REFUSED)
def test_what_is_wrong_is_named_with_line_field_and_reason(
    old: str, new: str, line: int, field: str, reason: str
) -> None:
    """Each mistake is refused, and the message says where it stands and what was expected."""
    assert GOOD.count(old) == 1
    with pytest.raises(WorldError) as caught:
        parse_world(GOOD.replace(old, new), "a.toml")
    faults = caught.value.faults
    assert (line, field) in [(fault.line, fault.field) for fault in faults]
    assert any(reason in fault.reason for fault in faults if fault.field == field)
    assert f"a.toml:{line}" in str(caught.value) or line == 0
    assert "UNSET" not in str(caught.value)


def test_a_circle_of_transfers_is_refused() -> None:
    """A ticket must not be passed round for ever."""
    circle = GOOD.replace(
        'work = { kind = "fixed", value_s = 5 }',
        'work = { kind = "fixed", value_s = 5 }\ntransfers = [{ to = "call", share = 0.5 }]',
    ).replace(
        "[tickets.call.arrivals]",
        'transfers = [{ to = "second", share = 1 }]\n[tickets.call.arrivals]',
    )
    with pytest.raises(WorldError, match="in a circle: call -> second -> call"):
        parse_world(circle)


def test_every_mistake_is_named_at_once() -> None:
    """Three mistakes make three lines."""
    bad = GOOD.replace("count = 3", "count = 0").replace("per_hour = 20", "per_hour = -1")
    with pytest.raises(WorldError) as caught:
        parse_world(bad.replace("days = 2", "days = 0"))
    assert len(caught.value.faults) == 3


@pytest.mark.parametrize("name", shipped())
def test_shipped_worlds_can_be_read_and_planned(name: str) -> None:
    """Each world that comes along is right, says what it assumes, and somebody works in it."""
    world = read_world(find_world(name))
    assert world.name == name
    assert world.about
    assert world.assumptions
    plan = plan_replication(compile_world(world), 1, 0)
    assert plan.rates.sum() > 0
    assert (np.diff(plan.changes["at_us"]) >= 0).all()


def test_an_unknown_world_is_refused_with_those_there_are() -> None:
    """A typo in the name shows what there is."""
    with pytest.raises(WorldError, match="bank_phone"):
        find_world("bank_fone")


def test_hours_are_local_and_daylight_saving_counts() -> None:
    """A rate at nine o'clock lies an hour earlier in UTC once the clocks have gone forward."""
    text = GOOD.replace(
        "[time]\ndays = 2", "[time]\nstart = 2026-03-28\ndays = 2\ntime_zone = 'Europe/Oslo'"
    )
    hours = ", ".join("7" if hour == 9 else "0" for hour in range(24))
    world = parse_world(text.replace("per_hour = 20", f"by_hour = [{hours}]"))
    compiled = compile_world(world)
    rates = plan_replication(compiled, 1, 0).rates[:-1]
    starts = [compiled.span.opens_us + n * compiled.rate_us for n in np.nonzero(rates)[0]]
    found = [datetime.fromtimestamp(at / 1e6, UTC).strftime("%d %H:%M") for at in starts]
    assert found == ["28 08:00", "29 07:00"]


def test_shifts_breaks_and_illness_make_the_plan() -> None:
    """Agents come at nine and go at five; somebody ill never comes; a break is a time away."""
    more = 'breaks = [{ at = "12:00", lasts_s = 600, spread_s = 120 }]'
    world = parse_world(GOOD.replace('shift = "day"', f'shift = "day"\n{more}'))
    compiled = compile_world(world)
    rows = plan_replication(compiled, 1, 0).changes
    rows = rows[rows["kind"] == c.PLAN_PRESENCE]
    per_agent = [rows[rows["row"] == a] for a in range(3)]
    assert [len(mine) for mine in per_agent] == [8, 8, 8]  # two days of: come, break, back, go
    hours = (per_agent[1]["at_us"] - compiled.span.opens_us) / 3.6e9
    assert hours[:4].tolist() == pytest.approx([9, 12 + 1 / 60, 12 + 11 / 60, 17])
    ill = parse_world(GOOD.replace('shift = "day"', 'shift = "day"\nsick = 1'))
    assert len(plan_replication(compile_world(ill), 1, 0).changes) == 0


def test_a_shift_round_the_clock_has_its_break_every_day_and_is_missed_by_the_day() -> None:
    """Who is always on shift pauses on each day of a week, and is ill on some days, not for the whole run."""
    always = (
        GOOD.replace("days = 2", "days = 28")
        .replace('"mon", "tue"]', '"mon", "tue", "wed", "thu", "fri", "sat", "sun"]')
        .replace('open = "09:00", close = "17:00"', 'open = "00:00", close = "24:00"')
    )
    pause = 'shift = "day"\nbreaks = [{ at = "12:00", lasts_s = 600 }]'
    rows = plan_replication(
        compile_world(parse_world(always.replace('shift = "day"', pause))), 1, 0
    ).changes
    assert [int((rows["value"][rows["row"] == a] == AWAY).sum()) for a in range(3)] == [28] * 3
    ill = compile_world(parse_world(always.replace('shift = "day"', 'shift = "day"\nsick = 0.5')))
    rows = plan_replication(ill, 1, 0).changes
    for a in range(3):
        mine = rows[rows["row"] == a]
        goes_us = mine["at_us"][mine["value"] == DRAINING]
        here_us = goes_us - mine["at_us"][mine["value"] == AVAILABLE][: len(goes_us)]
        days = here_us / 86_400e6
        assert (days == np.round(days)).all()
        assert 5 <= days.sum() <= 23


def test_rates_change_on_the_hour_whenever_a_run_begins() -> None:
    """A run that begins at ten past eight has the rate of nine o'clock from nine on, to the minute."""
    hours = ", ".join("6" if hour == 9 else "0" for hour in range(24))
    text = GOOD.replace("days = 2", 'days = 1\nbegin = "08:10"').replace(
        "per_hour = 20", f"by_hour = [{hours}]"
    )
    text = text.replace('"Europe/Oslo"', '"UTC"')
    compiled = compile_world(parse_world(text))
    rates = plan_replication(compiled, 1, 0).rates[:-1]
    at_us = compiled.span.opens_us + np.flatnonzero(rates) * compiled.rate_us
    clock = [
        datetime.fromtimestamp(at / 1e6, UTC).strftime("%H:%M") for at in (at_us[0], at_us[-1])
    ]
    assert clock == ["09:00", "09:59"]
    assert rates.sum() * compiled.rate_us / 1e6 == pytest.approx(6)


def test_staffing_of_whole_days_begins_anew_and_other_staffing_holds() -> None:
    """The second day is staffed as the first; four hours' staffing ends with its last number."""
    hours = ", ".join("2" if 8 <= hour < 17 else "0" for hour in range(24))
    for text, second in ((f"staffing = [{hours}]", [2, 0]), ("staffing = [0, 1, 2, 3]", [])):
        compiled = compile_world(parse_world(GOOD.replace('shift = "day"', text)))
        rows = plan_replication(compiled, 1, 0).changes
        rows = rows[rows["kind"] == c.PLAN_STAFF]
        later = rows[rows["at_us"] >= compiled.span.opens_us + 86_400_000_000]
        assert (
            [int(value) for value in later["value"][[8, 17]]] == second
            if second
            else not len(later)
        )


def test_what_changed_before_the_run_begins_holds_when_it_begins() -> None:
    """A change and an outage at eight do not turn back the clock of a run that begins at ten."""
    early = '[[changes]]\nat = "0 08:00"\nteam = "team"\npresence = "offline"\n'
    dark = '[[outages]]\nat = "0 08:30"\nregion = "north"\nlasts_s = 7200\n'
    text = GOOD.replace("days = 2", 'days = 2\nbegin = "10:00"').replace(
        'shift = "day"', 'shift = "day"\nregion = "north"'
    )
    compiled = compile_world(parse_world(text + early + dark))
    rows = plan_replication(compiled, 1, 0).changes
    assert rows["at_us"].min() == compiled.span.opens_us
    assert sorted(rows["kind"][rows["at_us"] == compiled.span.opens_us].tolist()) == sorted(
        [c.PLAN_PRESENCE] * 6 + [c.PLAN_LOST] * 3
    )


@pytest.mark.parametrize(
    ("asked", "spoken", "is_right"),
    [("pt-BR", "pt", True), ("pt", "pt-BR", True), ("PT", "pt", True), ("pt-BR", "pt-PT", True), ("sv", "pt", False)],
)  # fmt: skip
def test_languages_are_understood_as_the_router_does(
    asked: str, spoken: str, is_right: bool
) -> None:
    """A tag is refused only where the router, too, would find nobody: case and varieties as it takes them."""
    text = GOOD.replace('{ tag = "no" }', f'{{ tag = "{asked}" }}').replace(
        "no = 5", f"{spoken} = 5"
    )
    if is_right:
        floor = open_floor(parse_world(text), parse_world(text).policy, 0)
        assert look_up(floor.directory, asked) >= 0
    else:
        with pytest.raises(WorldError, match="No agent speaks 'sv'"):
            parse_world(text)


def test_a_ticket_that_nobody_can_ever_serve_is_refused_but_not_one_that_relaxes() -> None:
    """Two teams that each lack something serve nobody; a step that drops the skill lets them."""
    split = GOOD + "[agents.silent]\ncount = 1\nlanguages = { sv = 5 }\n"
    split = split.replace('{ tag = "no" }', '{ tag = "sv" }')
    with pytest.raises(WorldError, match="tickets.call: No team has all"):
        parse_world(split)
    eased = 'requirements = [{ skill = "talking" }]'
    parse_world(split.replace(eased, eased + '\nrelax = [{ after_s = 60, drop = ["talking"] }]'))


def test_a_moment_after_the_end_is_refused() -> None:
    """The run ends two days after it begins, to the minute."""
    for begin, at, is_right in (
        ("00:00", "1 23:59", True),
        ("00:00", "2 00:00", False),
        ("10:00", "2 09:59", True),
    ):
        text = GOOD.replace("days = 2", f'days = 2\nbegin = "{begin}"')
        text += f'[[changes]]\nat = "{at}"\nteam = "team"\npresence = "away"\n'
        if is_right:
            parse_world(text)
        else:
            with pytest.raises(WorldError, match="before the end of 2 days"):
                parse_world(text)


def test_busy_days_have_mean_one_and_the_variance_of_their_shape() -> None:
    """Gamma factors over many replications; a stratum confines the first day's."""
    world = parse_world(
        GOOD.replace("per_hour = 20", "per_hour = 20\nbusyness = 'day'")
        + "[busyness.day]\nshape = 4\n"
    )
    compiled = compile_world(world, 1)
    days = np.array([plan_replication(compiled, 3, n).days[0] for n in range(800)])
    assert days.mean() == pytest.approx(1.0, abs=0.08)
    assert days.var() == pytest.approx(0.25, rel=0.25)
    low = [plan_replication(compiled, 3, n, (0, 4)).days[0] for n in range(50)]
    high = [plan_replication(compiled, 3, n, (3, 4)).days[0] for n in range(50)]
    assert max(low) < min(high)
