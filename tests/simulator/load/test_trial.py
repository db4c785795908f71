"""Load tests over real sockets: what a lie, an error and a slow server come to."""

import asyncio
import itertools

import numpy as np
import pytest

from router.settings import AuthSettings, ServerSettings, Settings
from router.wire.calls import Call, Reply, refused
from simulator.kernel.running import Options
from simulator.load.ground import GroundError
from simulator.load.playing import Pace, Playing
from simulator.load.text import BROKEN, DONE, NOT_VALID, PARTIAL, Account, lines, plain
from simulator.load.trial import Outcome, Target, Trial
from tests.router.http.running import key_of
from tests.simulator.load.liar import From, Hole, LostTicket, SecondHolder, ShortOffer, lying
from tests.simulator.load.worlds import QUICK, prepared_of

pytestmark = pytest.mark.slow
PREFIXES = itertools.count(1)
PREPARED = None


def trial_of(url: str, pace: Pace | None = None, **target: object) -> Trial:
    """Return a short load test: some 40 tickets in a second or two."""
    where = Target(url, prefix=f"l{next(PREFIXES)}-", **{"patience_s": 0.5, **target})
    return Trial(prepared_of(QUICK), Options(3), pace or Pace(1.0), where)


def account_of(trial: Trial, outcome: Outcome) -> Account:
    """Return all there is to tell."""
    return Account(trial.prepared, outcome, None, trial.target.url, 3, "cordboard loadtest quick")


async def tried(*lies: object, **target: object) -> tuple[Account, str]:
    """Play before a server with lies; return the account and its lines."""
    async with lying(*lies) as url:
        trial = trial_of(url, **target)
        outcome = await trial.play(lambda _: None)
    account = account_of(trial, outcome)
    return account, "\n".join(lines(account))


def test_an_honest_server_keeps_its_promises() -> None:
    """Everything is answered and heard, the auditor finds nothing, and all of it is told."""
    account, text = asyncio.run(tried())
    outcome = account.outcome
    assert (outcome.findings, outcome.partial) == ([], "")
    assert account.exit_code in (DONE, NOT_VALID)  # a busy machine may be late
    assert outcome.books.sent == outcome.books.answered > 100
    assert outcome.records is not None
    assert len(outcome.records.tickets) > 30
    operations = outcome.books.operations()
    assert {"tickets.put", "offers.accept", "assignments.complete", "agents.presence"} <= set(
        operations
    )
    assert "The auditor found nothing" in text
    told = plain(account)
    assert told["calls"]["sent"] == sum(each["sent"] for each in told["seconds"])
    assert {each["region"] for each in told["felt"]} == {"far", None}


def test_a_generator_that_was_late_leaves_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was due while the loop stood still is said afterwards, counted from when it was due."""
    began = Playing.begin

    def stand_still(playing: Playing) -> None:
        began(playing)
        playing._began_s -= 10.0

    monkeypatch.setattr(Playing, "begin", stand_still)
    account, _ = asyncio.run(tried())
    outcome = account.outcome
    assert (outcome.findings, outcome.partial) == ([], "")
    assert outcome.books.operations()["tickets.put"].count > 30
    assert outcome.books.operations()["tickets.put"].least > 6_000_000
    assert account.exit_code == NOT_VALID


def test_regions_feel_their_network_and_the_server_does_not() -> None:
    """A region 60 ms away adds 120 ms to what its clients feel, and nothing to the server's latency."""
    account, _ = asyncio.run(tried())
    books = account.outcome.books
    far = 0  # the world's only region
    served = [each for (_, region), each in books.latencies.items() if region == far]
    assert books.felt[far].least >= 120_000
    assert min(each.least for each in served) < 60_000


LIES = {
    "double": ((SecondHolder("far-1"),), "holds it"),
    "late": ((ShortOffer(),), "too late"),
    "hole": ((Hole(),), "none may be left out"),
    "lost": ((lambda event: event, LostTicket()), "acknowledged, and never came"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_broken_promise_is_found(name: str) -> None:
    """A ticket with two agents, an offer accepted after its time, a hole in the events, a lost ticket."""
    lies, said = LIES[name]
    if name == "double":
        lies = (SecondHolder("near-1"),)
    account, text = asyncio.run(tried(*lies))
    assert account.exit_code == BROKEN
    assert said in text
    assert f"found {account.outcome.found:,} broken" in text


ERRORS = {
    "errors": (refused("internal", "on purpose"), "500 internal"),
    "429": (refused("rate_limited", "on purpose", retry_after_s=1), "429 rate_limited"),
    "denied": (refused("unauthorized", "revoked"), "the key is refused"),
    "slow": (30.0, "no answer in time"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_server_that_goes_bad_makes_a_partial_report(name: str) -> None:
    """Errors, limits, a revoked key and silence each end the run with what there was, and say why."""
    answer, said = ERRORS[name]
    account, text = asyncio.run(tried(lambda event: event, From(10, answer), timeout_s=0.3))
    assert account.exit_code == PARTIAL
    assert text.startswith("PARTIAL: ")
    assert said in account.outcome.partial
    assert "tickets.put" in text
    assert plain(account)["partial"]


def test_too_many_calls_without_an_answer_end_the_run() -> None:
    """A server that falls behind for good is called too slow, with the age of the oldest call."""

    async def play() -> Outcome:
        async with lying(lambda event: event, From(5, 30.0)) as url:
            return await trial_of(url, Pace(1.0, unanswered_max=10)).play(lambda _: None)

    outcome = asyncio.run(play())
    assert "too slow: 11 calls wait" in outcome.partial


def test_whoever_interrupts_gets_the_partial_report() -> None:
    """Ctrl-C ends the run at once, with what was measured until then."""

    async def play() -> tuple[Trial, Outcome]:
        async with lying() as url:
            trial = trial_of(url)
            outcome = await trial.play(
                lambda playing: trial.interrupt() if playing.books.answered > 30 else None
            )
            return trial, outcome

    trial, outcome = asyncio.run(play())
    assert outcome.partial == "interrupted"
    assert account_of(trial, outcome).exit_code == PARTIAL
    assert 30 < outcome.books.answered < 200


def test_whoever_interrupts_before_it_begins_waits_for_nothing() -> None:
    """Ctrl-C while the server is looked at or the floor is laid ends there, without a report."""

    async def play() -> str:
        async with lying(lambda event: event, slow_floor) as url:
            trial = trial_of(url)
            asyncio.get_running_loop().call_later(0.2, trial.interrupt)
            with pytest.raises(GroundError) as found:
                await trial.play(lambda _: None)
            return str(found.value)

    assert asyncio.run(play()) == "interrupted before the world began"


def slow_floor(call: Call) -> float | None:
    """Let the policy of a floor take half a minute."""
    return 30.0 if call.name == "revisions.put" else None


def test_an_agents_presences_come_in_order_however_often_one_is_repeated() -> None:
    """Who comes, is refused for longer than it takes until its break, and then pauses, pauses."""
    came: list[tuple[str | None, str]] = []

    def busy_at_first(call: Call) -> Reply | None:
        if call.name != "agents.presence" or call.body.presence == "offline":
            return None
        came.append((call.id, call.body.presence))
        return refused("overloaded", "on purpose", retry_after_s=1) if len(came) <= TIMES else None

    async def play() -> Outcome:
        async with lying(lambda event: event, busy_at_first) as url:
            target = Target(url, prefix=f"l{next(PREFIXES)}-")
            return await Trial(prepared_of(FICKLE), Options(1), Pace(60.0), target).play(
                lambda _: None
            )

    outcome = asyncio.run(play())
    assert (outcome.findings, outcome.partial) == ([], "")
    assert [presence for _, presence in came] == ["available"] * (TIMES + 1) + ["away", "available"]


TIMES = 2
"""So often the first is refused, until more than the second that the break is away."""
FICKLE = """
format = 1
name = "fickle"
time = { days = 0.0014, clear_s = 10 }
policy = { base = "longest_idle", retention_s = 60 }
channels.call = { offer_ttl_s = 30 }
queues.line = {}
[tickets.call]
queue = "line"
channel = "call"
arrivals = { per_hour = 600 }
work = { kind = "exponential", mean_s = 1 }
[calendars.short]
time_zone = "UTC"
weekly = [{ days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], open = "00:00", close = "12:00" }]
[agents.all]
count = 1
units = 1
shift = "short"
breaks = [{ at = "00:01", lasts_s = 15 }]
"""
"""Two minutes, of which the agent pauses a quarter."""


def test_a_generator_that_cannot_keep_up_says_so() -> None:
    """A loop that is held up makes calls late; the run is marked as not valid."""

    async def play() -> tuple[Trial, Outcome]:
        async with lying() as url:
            trial = trial_of(url)

            def busy(_: object) -> None:
                total = 0
                for n in range(400_000):
                    total += n

            return trial, await trial.play(busy)

    trial, outcome = asyncio.run(play())
    account = account_of(trial, outcome)
    assert not outcome.is_valid
    assert account.exit_code == NOT_VALID
    assert "NOT VALID: The generator sent" in "\n".join(lines(account))


def test_another_floor_is_refused_unless_told() -> None:
    """A tenant with a stranger's queue is left alone; --onto plays there; open tickets are refused as well."""

    async def play() -> tuple[str, str, str]:
        from router.client import Client

        async with lying() as url, Client(url) as client:
            await client.call("queues.put", "theirs", {})
            with pytest.raises(GroundError) as first:
                await trial_of(url).play(lambda _: None)
            onto = await trial_of(url, is_onto=True).play(lambda _: None)
            await client.call("queues.delete", "theirs")
            await client.call("tickets.put", "open", {"queue": "line", "channel": "call"})
            with pytest.raises(GroundError) as second:
                await trial_of(url).play(lambda _: None)
            return str(first.value), onto.partial, str(second.value)

    floor, onto, tickets = asyncio.run(play())
    assert "another floor: queues theirs" in floor
    assert onto == ""
    assert "open tickets: 1 queued" in tickets


def test_a_key_that_is_refused_and_a_server_that_is_not_there() -> None:
    """Neither begins: the message names the address or the key, and what to try."""
    _, kept = key_of("admin")
    settings = Settings(server=ServerSettings(port=0), auth=AuthSettings((kept,)))

    async def play() -> tuple[str, str, str]:
        async with lying(settings=settings) as url:
            with pytest.raises(GroundError) as denied:
                await trial_of(url, key="cb_wrong_key").play(lambda _: None)
        with pytest.raises(GroundError) as absent:
            await trial_of(url).play(lambda _: None)
        with pytest.raises(GroundError) as nonsense:
            await trial_of("no address").play(lambda _: None)
        return str(denied.value), str(absent.value), str(nonsense.value)

    denied, absent, nonsense = asyncio.run(play())
    assert "does not take the key" in denied
    assert "there is no server at http://127.0.0.1:" in absent
    assert "no address" in nonsense


QUIET = """
format = 1
name = "quiet"
time = { days = 0.005, clear_s = 20 }
policy = { base = "longest_idle", retention_s = 60 }
channels.call = { offer_ttl_s = 30 }
queues.line = {}
[tickets.call]
queue = "line"
channel = "call"
arrivals = { per_hour = 40 }
work = { kind = "exponential", mean_s = 1 }
[agents.all]
count = 2
units = 1
"""
"""Seven minutes with a call every minute and a half."""


@pytest.mark.parametrize("is_skipping", [True, False])
def test_hours_without_customers_are_left_out_unless_told(*, is_skipping: bool) -> None:
    """What is left out is told and moves no wait; the world is as long as ever, and every call is made."""

    async def play() -> tuple[Trial, Outcome]:
        speed = 8.0 if is_skipping else 60.0
        pace = Pace(speed, is_skipping=is_skipping)
        async with lying() as url:
            target = Target(url, prefix=f"l{next(PREFIXES)}-")
            trial = Trial(prepared_of(QUIET), Options(2), pace, target)
            return trial, await trial.play(lambda _: None)

    trial, outcome = asyncio.run(play())
    assert (outcome.findings, outcome.partial) == ([], "")
    assert outcome.world_s > 432
    assert outcome.records is not None
    tickets = outcome.records.tickets
    assert len(tickets) > 2
    if is_skipping:  # what is left out would be minutes
        assert (tickets["answered_us"] - tickets["arrived_us"]).max() < 60_000_000
    assert outcome.books.sent == outcome.books.answered
    text = "\n".join(lines(account_of(trial, outcome)))
    assert ("left out, as nobody was there" in text) == is_skipping
    assert (outcome.skipped_s > 200) == is_skipping


DARK = """
format = 1
name = "dark"
time = { days = 0.003125, clear_s = 120 }
policy = { base = "longest_idle", retention_s = 60 }
channels.call = { offer_ttl_s = 30 }
queues.line = {}
regions = { near = {}, far = {} }
[tickets.call]
queue = "line"
channel = "call"
arrivals = { per_hour = 600 }
work = { kind = "exponential", mean_s = 12 }
patience = { kind = "exponential", mean_s = 60 }
[agents.near]
count = 2
units = 1
region = "near"
[agents.far]
count = 3
units = 1
region = "far"
[[outages]]
region = "far"
at = "0 00:01"
lasts_s = 90
"""


def test_desks_that_an_outage_silenced_speak_again() -> None:
    """What agents had to say while their line was cut comes when it is back, and the run is whole."""

    async def play() -> Outcome:
        async with lying() as url:
            trial = Trial(
                prepared_of(DARK), Options(1), Pace(60.0), Target(url, prefix=f"l{next(PREFIXES)}-")
            )
            return await trial.play(lambda _: None)

    outcome = asyncio.run(play())
    assert (outcome.findings, outcome.partial) == ([], "")
    assert outcome.books.sent == outcome.books.answered
    assert outcome.records is not None
    work = outcome.records.tickets
    assert set(np.unique(work["agent"])) > {2, 3, 4}, "the far desks had work"
