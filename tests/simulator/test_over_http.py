"""A replay plays every call, answers every offer, and stops."""

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

from router.incidents.floor import Floor, Resource, build_floor
from router.incidents.stream import Stream, Timed, build_stream
from router.wire.routes import ROUTES
from simulator.desks import Habits
from simulator.over_http import Day, Pace, Server, replay
from tests.router.incidents.carried import excerpt
from tests.simulator.fake_server import FakeServer, SaidNoError

QUEUE = Resource("queues.put", "q", {"service_level": {"target_s": 60, "share": 0.8}})
START = datetime(2016, 3, 7, tzinfo=UTC)
SECOND = 1_000_000


def small_day(tickets: int = 20, agents: int = 3, *, decline_share: float = 0.0) -> Day:
    """Make a day of tickets ten seconds apart, each half a minute of work."""
    come = [Timed(0, "agents.presence", f"a{n}", {"presence": "available"}) for n in range(agents)]
    attributes = {"assumed_handle_s": "30"}
    puts = [
        Timed(
            n * 10 * SECOND,
            "tickets.put",
            f"t{n}",
            {"queue": "q", "channel": "task", "attributes": attributes},
        )
        for n in range(tickets)
    ]
    stream = Stream(START, (*come, *puts))
    return Day(Floor((QUEUE,)), stream, 1, Habits(decline_share=decline_share))


def play(server: FakeServer, day: Day, pace: Pace):
    """Replay against the fake and return every snapshot."""
    shown: list = []
    asyncio.run(replay(Server(server, SaidNoError), day, pace, shown.append))
    return shown


@pytest.mark.parametrize("speed", [None, 2_000.0])
def test_every_ticket_is_completed(speed) -> None:
    """As fast as it goes or at a speed, with some offers declined, all the work gets done."""
    server = FakeServer()
    last = play(server, small_day(decline_share=0.2), Pace(speed=speed))[-1]
    assert (last.tickets_sent, last.tickets_total) == (20, 20)
    assert (last.calls_done, last.calls_total) == (23, 23)
    assert last.accepted == last.completed == 20
    assert last.offers == last.accepted + last.declined
    assert last.declined > 0
    assert last.waiting == {}
    assert server.calls[0] == ("queues.put", "q")
    assert sum(name == "tickets.reply" for name, _ in server.calls) == 20


def test_the_fast_replay_is_the_same_every_time() -> None:
    """Without a speed nothing depends on real time: the server hears the same calls in order."""
    runs = []
    for _ in range(2):
        server = FakeServer()
        play(server, small_day(decline_share=0.3), Pace())
        runs.append(server.calls)
    assert runs[0] == runs[1]


def test_the_fast_replay_keeps_the_log_s_time() -> None:
    """With enough agents all are served within seconds of the log; with one, tickets wait."""
    assert play(FakeServer(), small_day(agents=8), Pace())[-1].service_level == 1.0
    alone = play(FakeServer(), small_day(agents=1), Pace())[-1]
    assert alone.completed == 20
    assert alone.service_level < 0.5


def test_nobody_to_work_ends_all_the_same() -> None:
    """Tickets that nobody takes are left waiting when nothing more can happen."""
    last = play(FakeServer(), small_day(agents=0), Pace())[-1]
    assert last.waiting == {"q": 20}
    assert last.completed == 0


def test_a_speed_stops_after_the_drain() -> None:
    """At a speed, open tickets are waited for no longer than the drain."""
    pace = Pace(speed=10_000.0, drain_s=1_000.0)
    last = play(FakeServer(), small_day(agents=0), pace)[-1]
    assert last.waiting == {"q": 20}
    assert last.service_level == 0.0


def test_calls_in_flight_are_bounded() -> None:
    """However many tickets arrive at once, no more calls wait for an answer than allowed."""
    puts = tuple(Timed(0, "tickets.put", f"t{n}", {"queue": "q"}) for n in range(100))
    server = FakeServer()
    play(server, Day(Floor(()), Stream(START, puts), 1), Pace(in_flight_max=7))
    assert server.most_in_flight == 7


def test_a_refused_ticket_is_counted_and_the_rest_goes_on() -> None:
    """A refusal has its code in the snapshot, and nobody waits for the ticket."""
    last = play(FakeServer(refuse="t3"), small_day(), Pace())[-1]
    assert last.refused == {"validation_failed": 1}
    assert (last.tickets_sent, last.completed, last.calls_done) == (19, 19, 23)


def test_a_refused_floor_stops_the_replay() -> None:
    """Without its queues a day means nothing."""
    with pytest.raises(SaidNoError):
        play(FakeServer(refuse="q"), small_day(), Pace())


def test_an_event_stream_that_ends_is_an_error() -> None:
    """A replay that hears nothing any more does not pretend to go on."""
    server = FakeServer()
    server.ends_after = 10
    with pytest.raises(ExceptionGroup) as failure:
        play(server, small_day(), Pace())
    assert failure.group_contains(ConnectionError, match="ended after event 10")


def test_every_call_is_a_route_and_every_body_fits_it() -> None:
    """What a replay says is in the route table, and encodes to what the route decodes."""
    bodies = {route.name: route.body for route in ROUTES}
    server = FakeServer()
    play(server, small_day(decline_share=0.3), Pace())
    assert len({name for name, _, _ in server.bodies}) == 8
    for name, _, body in server.bodies:
        if bodies[name] is not None:
            msgspec.json.decode(msgspec.json.encode(body), type=bodies[name])


def test_the_carried_day_runs_through() -> None:
    """607 tickets of a real day, 109 agents who come and go, all work done or left waiting."""
    day = Day(
        build_floor(excerpt().history), build_stream(excerpt().incidents, excerpt().history), 1
    )
    shown = play(FakeServer(), day, Pace(step_s=60.0))
    last = shown[-1]
    assert last.tickets_sent == last.tickets_total == 607
    assert last.completed + sum(last.waiting.values()) == 607
    assert last.completed > 500
    assert not last.refused
