"""A run in virtual time repeats to the bit, loses nothing, and keeps time to the microsecond."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from router.core.machine import Machine
from router.incidents.cutting import between
from router.incidents.floor import Floor, Resource, build_floor
from router.incidents.stream import Stream, Timed, build_stream
from router.journal import decode, encode
from router.published import publish_sealed
from router.recover import verify
from router.shard import Shard
from router.stores.frames import Frame
from simulator.desks import Habits
from simulator.in_process import Watch, heard_event, run_day
from simulator.over_http import Day
from tests.router.incidents.carried import excerpt

START = datetime(2016, 3, 7, tzinfo=UTC)
SECOND = 1_000_000
FLOOR = Floor(
    (
        Resource("groups.put", "team", {}),
        Resource("queues.put", "q", {"service_level": {"target_s": 60, "share": 0.8}}),
        Resource("agents.put", "ann", {"units": 1, "queues": ["q"]}),
        Resource("agents.put", "bo", {"units": 1, "queues": ["q"]}),
    )
)
COME = tuple(
    Timed(0, "agents.presence", agent, {"presence": "available"}) for agent in ("ann", "bo")
)


def put(at_s: float, ticket: str, **more: object) -> Timed:
    """Make a ticket that is half a minute of work."""
    body = {"queue": "q", "channel": "chat", "attributes": {"assumed_handle_s": "30"}, **more}
    return Timed(round(at_s * SECOND), "tickets.put", ticket, body)


def day_of(*calls: Timed, seed: int = 1, decline_share: float = 0.0) -> Day:
    """Make a day on the small floor."""
    return Day(FLOOR, Stream(START, calls), seed, Habits(decline_share=decline_share))


def morning(seed: int = 1) -> Day:
    """Return two hours of the carried day."""
    whole = build_stream(excerpt().incidents, excerpt().history)
    return Day(build_floor(excerpt().history), between(whole, 8, 10), seed)


class Tape:
    """Runs a day and keeps what was published and written."""

    def __init__(self, day: Day, policy: str = "ours") -> None:
        self.events: list[dict] = []
        self.frames: list[Frame] = []
        self.most_over = -1
        self.shard = Shard(Machine())
        self.result = run_day(self.shard, day, policy, Watch(self.keep))

    def keep(self, sealed) -> None:
        batch = sealed.batch
        number = len(self.frames) + 1
        self.frames.append(
            Frame(number, batch.first_seq, batch.count, sealed.at_us, encode(sealed))
        )
        for event in publish_sealed(self.shard.directory, sealed):
            fact = heard_event(event)
            at = datetime.fromisoformat(event.at)
            self.events.append({"at": at, "fact": fact, "type": event.type, "data": event.data})
        arrays = self.shard.machine.arrays
        agents = arrays.agents[: int(arrays.head["agents"][0])]
        if len(agents):
            self.most_over = max(self.most_over, int((agents["used"] - agents["units"]).max()))

    def of(self, kind: str) -> list[dict]:
        return [event for event in self.events if event["type"] == kind]


@pytest.fixture(scope="module")
def tape() -> Tape:
    """Run the morning once for the tests that only look at it."""
    return Tape(morning())


def test_the_same_seed_gives_the_same_bytes(tape) -> None:
    """Every frame of a second run is the first run's; another seed has other agents and differs."""
    again = Tape(morning())
    assert again.frames == tape.frames
    assert again.result == tape.result
    assert Tape(morning(seed=2)).result.digest != tape.result.digest


def test_nothing_is_lost(tape) -> None:
    """Every ticket of the morning is completed exactly once, by the agent who accepted it last."""
    tickets = {each.id for each in morning().stream.calls if each.call == "tickets.put"}
    whole = tape.result.whole
    assert (whole.tickets, whole.completed, whole.waiting) == (len(tickets), len(tickets), 0)
    done = Counter(event["fact"].ticket for event in tape.of("assignment.completed"))
    assert done == Counter(tickets)
    assert not tape.result.refused
    assert sum(each.tickets for each in tape.result.queues.values()) == len(tickets)


def test_no_agent_holds_more_than_it_can_and_no_ticket_has_two(tape) -> None:
    """Units taken never exceed an agent's units; between two acceptances lies an end."""
    assert tape.most_over == 0
    holders: dict[str, str] = {}
    for event in tape.events:
        fact = event["fact"]
        if event["type"] == "offer.accepted":
            assert fact.ticket not in holders
            holders[fact.ticket] = fact.agent
        elif event["type"] in ("assignment.completed", "assignment.released"):
            assert holders.pop(fact.ticket) == fact.agent
    assert holders == {}


def test_every_offer_ends_once_and_in_time(tape) -> None:
    """Each offer is accepted, declined, expired or revoked, not later than it said."""
    ends = defaultdict(list)
    for kind in ("accepted", "declined", "expired", "revoked"):
        for event in tape.of(f"offer.{kind}"):
            ends[event["fact"].offer].append(event["at"])
    issued = tape.of("offer.issued")
    assert {event["fact"].offer for event in issued} == ends.keys()
    for event in issued:
        (ended,) = ends[event["fact"].offer]
        expires = event["data"]["expires_at"]
        assert expires is None or ended <= datetime.fromisoformat(expires)


def test_every_promise_is_kept_or_reported_at_its_instant(tape) -> None:
    """Whoever got no first reply by the promised instant is reported broken then; nobody else."""
    promised_s = {
        each.id: each.body["sla"]["first_response_s"]
        for each in morning().stream.calls
        if each.call == "tickets.put"
    }
    added = {event["fact"].ticket: event["at"] for event in tape.of("ticket.added")}
    replied: dict[str, datetime] = {}
    for event in tape.of("ticket.replied"):
        replied.setdefault(event["fact"].ticket, event["at"])
    late = {
        ticket: added[ticket] + timedelta(seconds=promised_s[ticket])
        for ticket in added
        if replied[ticket] > added[ticket] + timedelta(seconds=promised_s[ticket])
    }
    broken = {
        event["fact"].ticket: event["at"]
        for event in tape.of("ticket.sla_breached")
        if event["data"]["promise"] == "first_response"
    }
    assert broken == late


def test_deciding_again_gives_the_same(tape) -> None:
    """The frames hold all that was decided: told the same, another core does the same."""
    verdict = verify(((each.number, each.body) for each in tape.frames), Machine())
    assert verdict.difference is None
    assert verdict.digest == tape.result.digest
    assert (
        verdict.events
        == tape.result.events
        == decode(tape.frames[-1].body).first_seq + (tape.frames[-1].events - 1)
    )


def test_a_timer_fires_at_its_own_instant() -> None:
    """A ticket for a team with nobody in it is relaxed 120 s after it came, to the microsecond."""
    relax = [{"after_s": 120, "groups_any": True}]
    run = Tape(day_of(*COME, put(1.5, "t", groups=["team"], relax=relax)))
    (relaxed,) = run.of("ticket.relaxed")
    assert relaxed["at"] == START + timedelta(seconds=121.5)
    (issued,) = run.of("offer.issued")
    assert issued["at"] == relaxed["at"]
    assert run.result.whole.completed == 1


def test_calls_of_one_instant_are_settled_together_and_in_order() -> None:
    """Two tickets at once are one joint decision; a second call about one of them comes after."""
    run = Tape(day_of(*COME, put(1, "t1"), put(1, "t2"), put(1, "t2", priority=9)))
    assert run.of("solver.batch")[0]["data"]["tickets"] == 2
    assert [event["fact"].ticket for event in run.of("ticket.updated")] == ["t2"]
    assert run.result.whole.completed == 2


def test_waits_are_measured_in_the_log_s_time() -> None:
    """Three tickets at once for two agents: two answered within seconds, one after their work."""
    result = Tape(day_of(*COME, *(put(1, f"t{n}") for n in range(3)))).result
    assert result.whole.answered == 3
    assert result.whole.wait_p50_s < 15
    assert 30 < result.whole.wait_p99_s < 180
    assert 0.0 < result.occupancy_busy <= 1.0
    assert result.occupancy_units == pytest.approx(result.occupancy_busy)


def test_tickets_that_nobody_takes_are_left_waiting() -> None:
    """Without agents the run ends, and says who still waits and that the target was missed."""
    result = Tape(day_of(put(1, "t1"), put(2, "t2"))).result
    assert (result.whole.answered, result.whole.waiting) == (0, 2)
    assert result.whole.service_level == 0.0
    assert result.occupancy_busy is None


def test_declined_tickets_go_to_somebody_else() -> None:
    """Agents who decline a third of all offers still get all the work done."""
    run = Tape(day_of(*COME, *(put(10 * n, f"t{n}") for n in range(30)), decline_share=0.3))
    assert run.of("offer.declined")
    assert run.result.whole.completed == 30


def test_a_refused_ticket_is_counted_and_the_rest_goes_on() -> None:
    """A ticket that names what is not there, or is no ticket at all, waits for nobody."""
    bad = (put(1, "bad", queue="nowhere"), put(2, "worse", priority=99), put(3, "good"))
    result = Tape(day_of(*COME, *bad)).result
    assert result.refused == {"validation_failed": 2}
    assert (result.whole.tickets, result.whole.completed) == (1, 1)


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        (Resource("agents.put", "cy", {"groups": ["nobody"]}), r"agents.put 'cy'.*groups/0"),
        (Resource("queues.put", "r", {"colour": "red"}), r"queues.put 'r'.*colour"),
    ],
)
def test_a_refused_floor_is_named(resource, said) -> None:
    """Without its floor a day means nothing: the resource and the reason are named."""
    day = Day(Floor((*FLOOR.resources, resource)), Stream(START, ()), 1)
    with pytest.raises(ValueError, match=said):
        run_day(Shard(Machine()), day)


@pytest.mark.parametrize("policy", ["longest_idle", "best_match", "priority_then_age"])
def test_policies_decide_differently_and_lose_nothing(policy, tape) -> None:
    """Another policy routes the same morning another way, and completes it too."""
    other = Tape(morning(), policy).result
    assert other.whole.completed == tape.result.whole.completed
    assert other.digest != tape.result.digest
