"""The floor is what the history suggests, and a server can take it as it is."""

from collections.abc import Mapping

import msgspec
import pytest

from router.incidents import assumptions as assumed
from router.incidents.assumptions import Choices
from router.incidents.excerpt import Excerpt
from router.incidents.floor import CALL_ORDER, build_floor, families, level_of
from router.incidents.history import Group, History, gather
from router.incidents.read import read_log
from router.wire.agents import AgentBody
from router.wire.checks import check, is_id
from router.wire.registry import (
    CalendarBody,
    ChannelBody,
    GroupBody,
    QueueBody,
    RegionBody,
    SkillBody,
)
from tests.router.incidents.carried import excerpt
from tests.router.incidents.sample import busy_week, log_lines

BODIES = {
    "skills.put": SkillBody,
    "groups.put": GroupBody,
    "channels.put": ChannelBody,
    "calendars.put": CalendarBody,
    "regions.put": RegionBody,
    "queues.put": QueueBody,
    "agents.put": AgentBody,
}


def small() -> History:
    """Gather the sample log."""
    return gather(read_log(log_lines(busy_week())).incidents)


@pytest.mark.parametrize("source", [small, lambda: excerpt().history], ids=["sample", "carried"])
def test_a_server_takes_every_body(source) -> None:
    """Each body decodes as the API's type, passes its checks, and stands under an id."""
    for each in build_floor(source()).resources:
        body = msgspec.convert(each.body, BODIES[each.call])
        assert check(body) == []
        assert is_id(each.id)


@pytest.mark.parametrize("source", [small, lambda: excerpt().history], ids=["sample", "carried"])
def test_nothing_names_what_does_not_exist_yet(source) -> None:
    """Read in order, every reference of a region, queue or agent is to something put before."""
    known: dict[str, set[str]] = {call: set() for call in CALL_ORDER}
    order = [CALL_ORDER.index(each.call) for each in build_floor(source()).resources]
    assert order == sorted(order)
    for each in build_floor(source()).resources:
        body = each.body
        if each.call == "agents.put":
            assert set(body["groups"]) <= known["groups.put"]
            assert set(body["queues"]) <= known["queues.put"]
            assert set(body["skills"]) <= known["skills.put"]
            assert body["region"] in known["regions.put"]
            assert body["shift"] in known["calendars.put"]
        if each.call == "regions.put":
            assert set(body["distance"]) <= known["regions.put"]
        if isinstance(body.get("overflow"), Mapping):
            assert body["overflow"]["queue"] in known["queues.put"]
        assert each.id not in known[each.call]
        known[each.call].add(each.id)


def test_the_carried_floor_is_the_log_s() -> None:
    """216 resolvers of 24,918 incidents, 12 queues, no agent without queue or language."""
    floor = build_floor(excerpt().history)
    agents = floor.of("agents.put")
    assert excerpt().history.incidents == 24_918
    assert len(agents) == 216
    assert len(floor.of("queues.put")) == 12
    assert floor.of("queues.put")[0].id == assumed.FRONT_DESK
    assert all(each.body["queues"] and each.body["languages"] for each in agents)
    levels = {level for each in agents for level in each.body["skills"].values()}
    assert levels == {1, 2, 3, 4, 5}


def test_without_shifts_there_are_no_calendars() -> None:
    """A server on another clock than the log's must not send its agents home."""
    floor = build_floor(small(), Choices(shifts=False))
    assert not floor.of("calendars.put")
    assert all("shift" not in each.body for each in floor.of("agents.put"))


def test_the_seed_moves_languages_only() -> None:
    """Everything else on the floor comes from the log."""
    one, two = (build_floor(small(), Choices(seed=seed)).resources for seed in (1, 2))
    strip = [{**each.body, "languages": None} for each in one]
    assert strip == [{**each.body, "languages": None} for each in two]
    assert one != two


def test_families_are_the_front_desk_the_large_ones_and_the_rest() -> None:
    """A quarter of the first assignments makes a front desk; small families share one queue."""
    groups = (
        Group("1", first=30, categories={"7": 10}),
        Group("2", first=20, categories={"9": 700, "8": 2}),
        Group("3", first=20, categories={"9": 5}),
        Group("4", first=20, categories={"4": 3}),
        Group("5", first=10, categories={}),
    )
    queue_of = families(History(720, (), groups, (), ()))
    found = {label: queue_of.queue(label) for label in ("1", "2", "3", "4", "5", "6", None)}
    assert found == {
        "1": "desk", "2": "team-9", "3": "team-9", "4": "other", "5": "other",
        "6": "desk", None: "desk",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("count", "total", "level"),
    [(1, 1, 1), (2, 900, 1), (3, 900, 2), (3, 12, 3), (10, 900, 3), (30, 900, 4), (30, 120, 5),
     (100, 900, 5), (400, 400, 5)],
)  # fmt: skip
def test_levels_follow_volume_and_share(count, total, level) -> None:
    """More of a category is a higher level; a quarter of one's work is one more, up to five."""
    assert level_of(count, total) == level


def test_the_excerpt_is_a_value() -> None:
    """The carried day and history are one frozen value that tests may share."""
    assert isinstance(excerpt(), Excerpt)
    with pytest.raises(AttributeError):
        excerpt().history = None
