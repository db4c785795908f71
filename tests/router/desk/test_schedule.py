"""Opening hours at work: doors and shifts."""

from tests.router.desk.floors import Desk

CHAT = {"queue": "help", "channel": "chat"}
DAYS = ["mon", "tue", "wed", "thu", "fri"]
HOUR_S = 3600


def hours(opens="09:00", closes="17:00"):
    return {"time_zone": "UTC", "weekly": [{"days": DAYS, "open": opens, "close": closes}]}


def door(desk, number=0):
    return bool(desk.shard.machine.arrays.queues[number]["open"])


def test_a_queue_opens_and_closes_by_its_calendar():
    """It is Monday, nine o'clock: open until five, closed until nine the next day."""
    desk = Desk().furnish()
    desk.do("calendars.put", "day", hours())
    desk.do("queues.put", "help", {"calendar": "day"})
    assert desk.do("queues.get", "help").open_now
    desk.wait(8 * HOUR_S)
    assert not door(desk)
    desk.wait(16 * HOUR_S)
    assert door(desk)
    told = [(e.at, e.data["open"]) for e in desk.events if e.type == "queue.opened"]
    assert told == [("2026-11-23T17:00:00.000000Z", False), ("2026-11-24T09:00:00.000000Z", True)]


def test_who_comes_to_a_closed_queue_waits_for_its_opening():
    """The ticket is offered the moment the door opens."""
    desk = Desk().furnish()
    desk.do("calendars.put", "late", hours("10:00"))
    desk.do("queues.put", "help", {"calendar": "late"})
    desk.staff("ann")
    assert desk.do("tickets.put", "t1", CHAT).state == "queued"
    desk.wait(HOUR_S - 1)
    assert desk.do("tickets.get", "t1").state == "queued"
    desk.wait(1)
    assert desk.do("tickets.get", "t1").state == "offered"


def test_changed_hours_take_effect_at_once():
    """A calendar that is changed, or taken off a queue, moves the door in the same settlement."""
    desk = Desk().furnish()
    desk.do("calendars.put", "day", hours())
    desk.do("queues.put", "help", {"calendar": "day"})
    desk.do("calendars.put", "day", hours("10:00"))
    assert not door(desk)
    assert not desk.do("queues.get", "help").open_now
    desk.do("queues.put", "help", {})
    assert door(desk)


def test_a_calendar_made_anew_is_not_taken_for_the_old_one():
    """What was compiled goes with its calendar, even if the version starts over."""
    desk = Desk().furnish()
    desk.do("calendars.put", "day", hours())
    assert desk.do("calendars.get", "day").open_now
    desk.do("calendars.delete", "day")
    assert not desk.do("calendars.put", "day", hours("10:00")).open_now


def presence(desk, agent):
    return desk.do("agents.get", agent).presence


def test_agents_drain_when_their_shift_ends():
    """Who holds nothing goes offline; who works finishes first; who has no shift stays."""
    desk = Desk().furnish()
    desk.do("calendars.put", "day", hours())
    desk.staff("ann", shift="day").staff("bo", shift="day", queues=["sales"]).staff("cy", units=1)
    desk.do("tickets.put", "t1", {**CHAT, "queue": "sales"})
    desk.do("tickets.assign", "t1", {"agent": "bo"})
    desk.wait(8 * HOUR_S - 1)
    assert [presence(desk, agent) for agent in ("ann", "bo", "cy")] == ["available"] * 3
    desk.wait(1)
    found = [presence(desk, agent) for agent in ("ann", "bo", "cy")]
    assert found == ["offline", "draining", "available"]


def test_who_is_away_at_the_end_of_a_shift_goes_offline():
    """Nobody comes back from lunch into the night."""
    desk = Desk().furnish()
    desk.do("calendars.put", "day", hours())
    desk.staff("ann", shift="day")
    desk.wait(7.5 * HOUR_S)
    desk.do("agents.presence", "ann", {"presence": "away", "until": desk.at(HOUR_S)})
    desk.wait(2 * HOUR_S)
    assert presence(desk, "ann") == "offline"


def test_agents_without_a_shift_work_by_their_regions_hours():
    """A region's calendar is the shift of who has none; an own shift goes before it."""
    desk = Desk().furnish()
    desk.do("calendars.put", "day", hours())
    desk.do("calendars.put", "long", hours(closes="20:00"))
    desk.do("regions.put", "eu", {"calendar": "day"})
    desk.staff("ann", region="eu").staff("bo", region="eu", shift="long")
    desk.wait(9 * HOUR_S)
    assert [presence(desk, agent) for agent in ("ann", "bo")] == ["offline", "available"]


def test_a_shift_begins_when_its_agent_says_so():
    """Nothing happens at the start; who comes early or stays late is told, and gets tickets."""
    desk = Desk().furnish()
    desk.do("calendars.put", "late", hours("10:00"))
    desk.do("agents.put", "ann", {"shift": "late"})
    early = desk.do("agents.presence", "ann", {"presence": "available"})
    assert [warned.code for warned in early.warnings] == ["out_of_shift"]
    assert desk.do("tickets.put", "t1", CHAT).state == "offered"
    desk.do("tickets.cancel", "t1", {})
    desk.do("agents.put", "bo", {"shift": "late"})
    desk.wait(HOUR_S)
    assert [presence(desk, agent) for agent in ("ann", "bo")] == ["available", "offline"]
    assert desk.do("agents.get", "ann").warnings == []


def test_after_a_restart_doors_and_shifts_are_as_if_there_had_been_none():
    """What was missed is done at the first settlement, once, and overtime is left alone."""
    desk = Desk().furnish()
    desk.do("calendars.put", "day", hours())
    desk.do("queues.put", "help", {"calendar": "day"})
    desk.staff("ann", shift="day").staff("bo", shift="day")
    shard = desk.recovered()
    evening_us = desk.at_us + 9 * HOUR_S * 1_000_000
    shard.settle(evening_us)
    assert not bool(shard.machine.arrays.queues[0]["open"])
    assert shard.machine.arrays.agents["presence"][:2].tolist() == [0, 0]
    desk.wait(9 * HOUR_S)
    desk.do("agents.presence", "bo", {"presence": "available"})
    again = desk.recovered()
    again.settle(desk.at_us + 1_000_000)
    assert again.machine.arrays.agents["presence"][:2].tolist() == [0, 1]


def test_without_calendars_nothing_is_ever_due():
    """The schedule costs nothing where there are no hours."""
    desk = Desk().furnish().staff("ann")
    desk.settle()
    assert desk.shard.next_due_us() == 2**62
