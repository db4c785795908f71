"""Joint rounds on floors of all kinds: each is the best there is, and nothing that is wanted is left."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from router.core import codes as c
from router.core.check import check
from router.core.layout import DECISION_WORDS, JOINT_WORDS
from router.core.limits import DECIDE_SCANS_MAX, NEVER_US, SECOND_US
from router.core.machine import Machine
from solver.backends import BACKENDS
from solver.problem import Problem
from tests import naive

WEIGHTS = [1000, 1000, 300, 1000, 1000, 100, 300, 1000]
NOW_US = 400 * SECOND_US
SKILLS = 3


class Crowd:
    """A floor whose tickets wait and whose agents are away, so that what is decided can be foreseen."""

    def __init__(self, seed: int, agents: int, profiles: int, units: int = 1) -> None:
        self.rng = random.Random(seed)
        self.machine, self.agents, self.profiles = Machine(), agents, profiles
        push = self.machine.push
        push(c.SET_CHANNEL, 0, aux=0, words=[1, -1, 0, 0, 0, 0, 0, 0])
        push(c.SET_QUEUE, 0, aux=0, words=[SECOND_US, 1, 800, 0])
        head = [each * SECOND_US for each in (300, 60, 30, 5, 3600)]
        policy = [1, 1, c.ORDER_VALUE, c.KEY_VALUE, 3, self.rng.choice([0, 500, 2000])]
        push(c.SET_POLICY, 0, words=[*head, *policy, *WEIGHTS])
        for a in range(agents):
            levels = [n for skill in range(SKILLS) for n in (skill, self.rng.randrange(6))]
            words = [0, -1, 1, units, SKILLS, 0, 0, 0, 1, *levels, 0, 1, -1]
            push(c.SET_AGENT, 0, agent=a, words=words)
        prices = [n for a in range(agents) for n in (a, self.rng.choice([0, 0, 300, 1500]))]
        push(c.SET_PRICES, 0, words=prices)
        for p in range(profiles):
            asked = [skill for skill in range(SKILLS) if self.rng.randrange(2)]
            needs = [n for skill in asked for n in (skill, self.rng.randrange(4), 1000)]
            words = [0, 0, 0, -1, -1, 0, 0, len(asked), 0, 0, -1, -1, 0, 100 * p]
            push(c.SET_PROFILE, 0, profile=p, words=words + needs)
        self.machine.run()

    def tell_tickets(self, count: int) -> None:
        """Tell of tickets that ask for few different things, some of them long ago."""
        for _ in range(count):
            start_us = NOW_US - self.rng.choice([0, 0, 10, 30, 300]) * SECOND_US
            until = [NEVER_US, 60 * SECOND_US, NEVER_US, 0, NEVER_US]
            words = [start_us, 0, *until, self.rng.choice([3, 3, 9]), 0]
            profile = self.rng.randrange(self.profiles)
            self.machine.push(c.ADD_TICKET, NOW_US, profile=profile, words=words)

    def let_in(self, agents: range) -> None:
        """Let agents come on duty."""
        for a in agents:
            self.machine.push(c.SET_PRESENCE, NOW_US, agent=a, aux=c.AVAILABLE)

    def worth(self, t: int, a: int) -> int:
        """Return what a pair is worth now, 0 if it is not possible."""
        s = self.machine.arrays
        if s.agents[a]["presence"] != c.AVAILABLE:
            return 0
        if s.agents[a]["used"] >= s.agents[a]["units"]:
            return 0
        if not naive.naive_may_take(s, int(s.tickets[t]["profile"]), a):
            return 0
        return max(0, naive.naive_pair(s, t, a, NOW_US))

    def waiting(self) -> list[int]:
        """Return the rows of the tickets that wait."""
        states = self.machine.arrays.tickets["state"][
            : int(self.machine.arrays.head[0]["ticket_top"])
        ]
        return [int(t) for t in np.flatnonzero(states == c.QUEUED)]

    def best(self, tickets: list[int]) -> int:
        """Return what OR-Tools finds: all these tickets, all agents with room, one ticket for each."""
        rows = [[(a, self.worth(t, a)) for a in range(self.agents)] for t in tickets]
        kept = [[pair for pair in row if pair[1] > 0] for row in rows]
        problem = Problem(
            row_ptr=np.cumsum([0, *map(len, kept)]),
            col=np.array([a for row in kept for a, _ in row], dtype=np.int64),
            value=np.array([value for row in kept for _, value in row], dtype=np.int64),
            capacity=np.ones(self.agents, dtype=np.int64),
        )
        return BACKENDS["min_cost_flow"].solve(problem).primal

    def first_decision(self, foreseen: Crowd) -> tuple[dict[str, int], int, int]:
        """Run; return the words of the first decision, what it gave is worth, and what could be had."""
        batch = self.machine.run()
        best = foreseen.best(foreseen.waiting())
        at = batch.events["kind"].tolist().index(c.E_DECIDED)
        event = batch.events[at]
        words = batch.words[event["words_from"] : event["words_from"] + event["words"]].tolist()
        said = dict(zip(DECISION_WORDS + JOINT_WORDS, words, strict=False))
        sent = batch.events[at + 1 : at + 1 + said["offered"]]
        assert set(sent["kind"].tolist()) == {c.E_OFFERED}
        return said, sum(foreseen.worth(int(e["ticket"]), int(e["agent"])) for e in sent), best

    def left_wanted(self) -> list[tuple[int, int]]:
        """Return the pairs of a waiting ticket and an agent with room that are worth something."""
        return [(t, a) for t in self.waiting() for a in range(self.agents) if self.worth(t, a) > 0]


SHAPE = {
    "seed": st.integers(0, 2**32),
    "tickets": st.integers(2, 14),
    "agents": st.integers(2, 9),
    "profiles": st.integers(1, 5),
}


def as_if_undecided(made: Crowd, agents: range) -> Crowd:
    """Let agents in who get nothing, because the queue is shut: the state that is decided about."""
    made.machine.push(c.OPEN_QUEUE, NOW_US, aux=0, value=0)
    made.let_in(agents)
    made.machine.run()
    return made


@given(**SHAPE)
@settings(max_examples=30, deadline=None)
def test_agents_who_come_get_the_best_of_all_who_wait(
    seed: int, tickets: int, agents: int, profiles: int
) -> None:
    """Heads of lanes suffice: the decision is worth what OR-Tools finds over all tickets that wait."""
    pair = [Crowd(seed, agents, profiles) for _ in range(2)]
    for crowd in pair:
        crowd.tell_tickets(tickets)
        crowd.machine.run()
    one, other = pair
    foreseen = as_if_undecided(other, range(agents))
    one.let_in(range(agents))
    first_is_best(one, foreseen)


@given(**SHAPE, units=st.integers(1, 3))
@settings(max_examples=30, deadline=None)
def test_tickets_that_come_get_the_best_and_nothing_wanted_is_left(
    seed: int, tickets: int, agents: int, profiles: int, units: int
) -> None:
    """Many tickets of few profiles at once: the first round is the best there is, later ones use what is left."""
    one = Crowd(seed, agents, profiles, units)
    one.let_in(range(agents))
    one.machine.run()
    one.tell_tickets(tickets)
    first_is_best(one, shut(seed, agents, profiles, units, tickets))


def first_is_best(one: Crowd, foreseen: Crowd) -> None:
    """Let a crowd be decided: the first decision is the best there is, and nothing wanted is left."""
    if foreseen.best(foreseen.waiting()) == 0:
        assert c.E_DECIDED not in one.machine.run().events["kind"].tolist()
        return
    said, worth, best = one.first_decision(foreseen)
    assert worth == said["primal"] == best == said["dual"]
    assert one.left_wanted() == []
    check(one.machine.arrays)


def shut(seed: int, agents: int, profiles: int, units: int, tickets: int) -> Crowd:
    """Return the same floor with the queue shut before the tickets come."""
    crowd = Crowd(seed, agents, profiles, units)
    crowd.let_in(range(agents))
    crowd.machine.run()
    crowd.machine.push(c.OPEN_QUEUE, NOW_US, aux=0, value=0)
    crowd.tell_tickets(tickets)
    crowd.machine.run()
    return crowd


@given(seed=st.integers(0, 2**32))
@example(119)  # in these a ticket waited behind one that was held back, and then taken
@example(347)
@example(822)
@example(894)
@example(1423)
@settings(max_examples=25, deadline=None)
def test_after_any_sequence_no_pair_is_left_that_is_wanted(seed: int) -> None:
    """Tickets come, agents come, go and finish, in batches: after each no free agent faces a ticket worth its time."""
    crowd = Crowd(seed, 6, 4, units=2)
    rng, machine = crowd.rng, crowd.machine
    for _ in range(6):
        crowd.tell_tickets(rng.randrange(5))
        for a in range(6):
            if rng.randrange(3) == 0:
                aux = rng.choice([c.AVAILABLE, c.AVAILABLE, c.OFFLINE])
                machine.push(c.SET_PRESENCE, NOW_US, agent=a, aux=aux)
        works = machine.arrays.works
        for w in np.flatnonzero(works["state"] == c.PENDING).tolist():
            if rng.randrange(2):
                serial = int(works[w]["serial"])
                machine.push(c.ACCEPT_OFFER, NOW_US, serial=serial, aux=w)
        for w in np.flatnonzero(works["state"] == c.ACTIVE).tolist():
            if rng.randrange(3) == 0:
                machine.push(c.COMPLETE, NOW_US, serial=int(works[w]["serial"]), aux=w)
        machine.run()
        assert crowd.left_wanted() == []
        check(machine.arrays)


def test_a_crowd_of_the_same_kind_leaves_the_hopeless_aside() -> None:
    """Three hundred tickets alike for five agents: the most urgent five go, and the gap is 0."""
    crowd, foreseen = Crowd(7, 5, 1), Crowd(7, 5, 1)
    for each in (crowd, foreseen, crowd, foreseen):
        each.tell_tickets(150)  # no more at once than there are rows for
        each.machine.run()
    as_if_undecided(foreseen, range(5))
    crowd.let_in(range(5))
    said, worth, best = crowd.first_decision(foreseen)
    assert worth == said["primal"] == best == said["dual"]
    assert said["pairs"] < 5 * 12
    assert crowd.machine.sizes.rows == Machine().sizes.rows


def test_more_tickets_at_once_than_there_is_room_for_are_decided_at_once_all_the_same() -> None:
    """Room is made before anything is decided, so a crowd is one decision."""
    crowd = Crowd(3, 320, 3)
    crowd.let_in(range(320))
    crowd.machine.run()
    crowd.tell_tickets(300)
    batch = crowd.machine.run()
    decided = batch.events[batch.events["kind"] == c.E_DECIDED]
    words = batch.words[int(decided[0]["words_from"]) :].tolist()
    assert words[0] == 300
    assert crowd.machine.sizes.rows >= 300
    assert words[3] == words[4]
    check(crowd.machine.arrays)


@given(**SHAPE)
@settings(max_examples=20, deadline=None)
def test_when_the_effort_of_an_instant_is_spent_the_rest_goes_by_turns(
    seed: int, tickets: int, agents: int, profiles: int
) -> None:
    """No joint decision is made any more, and still nothing is left that is wanted; the next instant has its own."""
    crowd = Crowd(seed, agents, profiles)
    crowd.let_in(range(agents))
    crowd.machine.run()
    spend(crowd.machine, DECIDE_SCANS_MAX)
    crowd.tell_tickets(tickets)
    events = crowd.machine.run().events
    assert not events["aux"][events["kind"] == c.E_DECIDED].any()
    assert crowd.left_wanted() == []
    check(crowd.machine.arrays)
    assert crowd.machine.arrays.scratch["spent"][0] == DECIDE_SCANS_MAX
    crowd.machine.push(c.TICK, NOW_US + 1)
    for _ in range(2):
        words = [NOW_US, 0, NEVER_US, 60 * SECOND_US, NEVER_US, 0, NEVER_US, 3, 0]
        crowd.machine.push(c.ADD_TICKET, NOW_US + 1, profile=0, words=words)
    crowd.machine.run()
    assert crowd.machine.arrays.scratch["spent"][0] < DECIDE_SCANS_MAX


def spend(machine: Machine, scans: int) -> None:
    """Have so many scans taken by what was decided at the instant of these tests before."""
    machine.arrays.scratch["spent_us"] = NOW_US
    machine.arrays.scratch["spent"] = scans


@given(seed=st.integers(0, 2**32))
@settings(max_examples=5, deadline=None)
def test_what_an_instant_short_of_effort_leaves_out_is_in_the_bound(seed: int) -> None:
    """Without effort for a second look the decision may be worse than the best; its bound never is."""
    pair = [Crowd(seed, 90, 12) for _ in range(2)]
    for crowd in pair:
        crowd.tell_tickets(40)
        crowd.machine.run()
    one, other = pair
    foreseen = as_if_undecided(other, range(90))
    one.let_in(range(90))
    spend(one.machine, DECIDE_SCANS_MAX - 1)
    said, worth, best = one.first_decision(foreseen)
    assert worth == said["primal"] <= best <= said["dual"]
    assert said["looks"] == 1
    assert one.left_wanted() == []
    check(one.machine.arrays)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_a_timer_and_a_command_of_one_instant_are_decided_alike_whoever_wakes_the_core(
    seed: int,
) -> None:
    """Held tickets are looked at again just when others come: an alarm before the command changes nothing."""
    pair = [Crowd(seed, 5, 3) for _ in range(2)]
    for crowd in pair:
        crowd.let_in(range(3))
        crowd.tell_tickets(12)
        crowd.machine.run()
    rng, first = random.Random(seed), pair[0].machine
    for _ in range(12):
        at_us = first.next_due_us()
        if at_us == NEVER_US:
            return
        told = [
            (
                c.SET_PRESENCE,
                {"agent": rng.randrange(5), "aux": rng.choice([c.AVAILABLE, c.OFFLINE])},
            )
        ]
        words = [at_us, 0, NEVER_US, 60 * SECOND_US, NEVER_US, 0, NEVER_US, rng.choice([3, 9]), 0]
        for _ in range(rng.randrange(3)):
            told.append((c.ADD_TICKET, {"profile": rng.randrange(3), "words": words}))
        heard = []
        for crowd in pair:
            batches = []
            if crowd is not pair[0]:
                crowd.machine.push(c.TICK, at_us)
                batches.append(crowd.machine.run())
            for kind, fields in told:
                crowd.machine.push(kind, at_us, **fields)
            batches.append(crowd.machine.run())
            fields = ["at_us", "kind", "cause", "ticket", "agent", "value", "words"]
            heard.append([row for b in batches for row in b.events[fields].tolist()])
        assert heard[0] == heard[1]
        assert first.digest() == pair[1].machine.digest()
