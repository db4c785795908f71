"""The stream is the log's day: when what arrived, what was known then, and who was there."""

from collections import Counter
from datetime import UTC, date, datetime
from statistics import median

import msgspec
import pytest

from router.incidents import assumptions as assumed
from router.incidents.assumptions import Choices
from router.incidents.floor import build_floor
from router.incidents.history import gather
from router.incidents.read import read_log
from router.incidents.stream import (
    HANDLE_ATTRIBUTE,
    US_PER_SECOND,
    build_stream,
    busiest_weekday,
    opened_on,
)
from router.wire.agents import PresenceBody
from router.wire.checks import check
from router.wire.tickets import TicketBody
from tests.router.incidents.carried import excerpt
from tests.router.incidents.sample import busy_week, log_lines

DAY_US = 86_400 * US_PER_SECOND


def carried():
    """Build the stream of the carried day."""
    return build_stream(excerpt().incidents, excerpt().history)


def tickets(stream):
    """Return the tickets of a stream by id."""
    return {each.id: each for each in stream.calls if each.call == "tickets.put"}


def test_a_server_takes_every_body() -> None:
    """Tickets and presences decode as the API's types and pass their checks."""
    bodies = {"tickets.put": TicketBody, "agents.presence": PresenceBody}
    for each in carried().calls:
        assert check(msgspec.convert(each.body, bodies[each.call])) == []


def test_tickets_name_what_the_floor_has() -> None:
    """Queue, channel, skill, group, region and preferred agent of every ticket are on the floor."""
    floor = build_floor(excerpt().history)
    ids = {call: {each.id for each in floor.of(call)} for call in {r.call for r in floor.resources}}
    built_in = {"chat", "email", "voice", "messaging", "task", "callback"}
    for each in tickets(carried()).values():
        body = each.body
        assert body["queue"] in ids["queues.put"]
        assert body["channel"] in ids["channels.put"] | built_in
        assert {asked["skill"] for asked in body["requirements"]} <= ids["skills.put"]
        assert set(body.get("groups", ())) <= ids["groups.put"]
        assert body.get("region") in ids["regions.put"] | {None}
        preferred = {each["agent"] for each in body.get("preferred_agents", ())}
        assert preferred <= ids["agents.put"]


def test_tickets_arrive_in_the_minute_they_were_opened() -> None:
    """607 of them, in order of time, each within the minute the log says."""
    stream = carried()
    assert stream.starts_at == datetime(2016, 3, 7, tzinfo=UTC)
    assert [each.at_us for each in stream.calls] == sorted(each.at_us for each in stream.calls)
    by_id = tickets(stream)
    assert len(by_id) == 607
    for incident in excerpt().incidents:
        minute = by_id[f"inc-{incident.number}"].at_us // (60 * US_PER_SECOND)
        assert minute == incident.opened.hour * 60 + incident.opened.minute


def test_everybody_who_comes_goes() -> None:
    """Presence alternates, per agent, and nobody is sent home before the day begins."""
    seen: dict[str, list[str]] = {}
    for each in carried().calls:
        if each.call == "agents.presence":
            seen.setdefault(each.id, []).append(each.body["presence"])
    assert len(seen) == 109
    assert all(said == ["available", "draining"] * (len(said) // 2) for said in seen.values()), seen


def test_relaxation_ends_with_any_agent_of_the_queue() -> None:
    """Steps come later and later, and after the last nothing but the queue is asked for."""
    for each in tickets(carried()).values():
        steps = each.body["relax"]
        times = [step["after_s"] for step in steps]
        assert times == sorted(set(times))
        dropped = {skill for step in steps for skill in step.get("drop", ())}
        assert dropped == {asked["skill"] for asked in each.body["requirements"]}
        assert any(step.get("language_drop") for step in steps)
        assert ("groups" in each.body) == any(step.get("groups_any") for step in steps)
        assert ("region" in each.body) == any(step.get("region_any") for step in steps)


def test_the_front_desk_is_tight_in_the_morning() -> None:
    """From 8 to 12 its tickets bring nearly as many hours of work as it has hours of people."""
    floor = build_floor(excerpt().history)
    desk = {each.id for each in floor.of("agents.put") if "desk" in each.body["queues"]}
    morning = (8 * 3600 * US_PER_SECOND, 12 * 3600 * US_PER_SECOND)
    people_us = work_us = 0.0
    for each in carried().calls:
        clipped = min(max(each.at_us, morning[0]), morning[1])
        if each.call == "agents.presence" and each.id in desk:
            people_us += clipped if each.body["presence"] == "draining" else -clipped
        elif each.body.get("queue") == "desk" and clipped == each.at_us:
            work_us += float(each.body["attributes"][HANDLE_ATTRIBUTE]) * US_PER_SECOND
    assert work_us / people_us == pytest.approx(0.98, abs=0.005)


def test_places_with_other_hours_are_other_regions() -> None:
    """A location opened at night is in the night region, a known one else in the core."""
    rows = [
        {"number": str(n), "opened_at": f"7/3/2016 {23 if n < 30 else 14}:00", "resolved_at": "?",
         "closed_at": "?", "location": "Location 1" if n < 30 else "Location 2"}
        for n in range(60)
    ]  # fmt: skip
    rows.append(rows[0] | {"number": "60", "location": "?"})
    log = read_log(log_lines(rows))
    found = tickets(build_stream(log.incidents, gather(log.incidents)))
    regions = {ticket: each.body.get("region") for ticket, each in found.items()}
    assert (regions["inc-0"], regions["inc-59"], regions["inc-60"]) == ("night", "core", None)


def test_what_is_routed_on_was_known_at_opening() -> None:
    """Queue and skill come from the first group and category, not from those that resolved it."""
    rows = [
        {"assignment_group": "Group 70", "category": "Category 5"},
        {"assignment_group": "Group 24", "category": "Category 9", "resolved_by": "Resolved by 13"},
    ]
    log = read_log(
        [*log_lines(busy_week()), *log_lines([row | {"number": "99"} for row in rows])[1:]]
    )
    body = tickets(build_stream(log.incidents, gather(log.incidents)))["inc-99"].body
    assert body["queue"] == "desk"
    assert [asked["skill"] for asked in body["requirements"]] == ["category-5"]
    assert body["attributes"]["resolved_by"] == "13"
    assert body["attributes"]["resolved_category"] == "9"


def test_handle_times_are_the_assumed_ones() -> None:
    """Their median is near the stated one, they keep their bounds, and only they depend on it."""
    seconds = [
        float(each.body["attributes"][HANDLE_ATTRIBUTE]) for each in tickets(carried()).values()
    ]
    assert median(seconds) == pytest.approx(assumed.HANDLE_MEDIAN_S, rel=0.15)
    assert min(seconds) >= assumed.HANDLE_MIN_S
    assert max(seconds) <= assumed.HANDLE_MAX_S
    shorter = build_stream(excerpt().incidents, excerpt().history, Choices(handle_median_s=300.0))
    for ticket, each in tickets(shorter).items():
        attributes = {**each.body["attributes"], HANDLE_ATTRIBUTE: None}
        ours = tickets_once()[ticket]
        assert attributes == {**ours.body["attributes"], HANDLE_ATTRIBUTE: None}
        assert each.at_us == ours.at_us


def tickets_once():
    """Return the tickets of the carried day, built once."""
    if not _ONCE:
        _ONCE.update(tickets(carried()))
    return _ONCE


_ONCE: dict = {}


def test_languages_have_their_stated_shares() -> None:
    """Callers keep one language each, and languages come about as often as assumed."""
    spoken = Counter(each.body["language"]["tag"] for each in tickets_once().values())
    for tag, share in assumed.LANGUAGES:
        assert spoken[tag] / 607 == pytest.approx(share, abs=0.06)
    by_caller: dict[str, set[str]] = {}
    for each in tickets_once().values():
        customer = each.body.get("customer", each.id)
        by_caller.setdefault(customer, set()).add(each.body["language"]["tag"])
    assert all(len(tags) == 1 for tags in by_caller.values())


def test_a_stream_of_many_days_has_them_all() -> None:
    """Without choosing a day, the stream runs over all of them from the first midnight."""
    log = read_log(log_lines(busy_week()))
    stream = build_stream(log.incidents, gather(log.incidents))
    assert {each.at_us // DAY_US for each in tickets(stream).values()} == set(range(5))
    monday = opened_on(log.incidents, date(2016, 3, 7))
    one = tickets(build_stream(monday, gather(log.incidents)))
    assert one.items() <= tickets(stream).items()


def test_the_busiest_weekday_is_a_weekday() -> None:
    """Weekends do not count, the earliest of equals wins, and no weekday at all is refused."""
    days = ["5/3/2016", "5/3/2016", "8/3/2016", "7/3/2016"]
    rows = [
        {"number": str(n), "opened_at": f"{day} 08:00", "resolved_at": "?", "closed_at": "?"}
        for n, day in enumerate(days)
    ]
    assert busiest_weekday(read_log(log_lines(rows)).incidents) == date(2016, 3, 7)
    with pytest.raises(ValueError, match="none opened on a weekday"):
        busiest_weekday(read_log(log_lines(rows[:2])).incidents)


def test_no_incident_is_no_stream() -> None:
    """An empty day is refused with words, not with an index error."""
    with pytest.raises(ValueError, match="incidents: got none"):
        build_stream([], excerpt().history)
