"""Every row of ``POLICIES`` passes the same checks over random floors, against a naive chooser."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from router.core import codes as c
from router.core.limits import NEVER_US, SECOND_US
from router.core.machine import Machine
from router.policies import POLICIES
from router.policies.compiling import compile_policy
from router.policies.terms import TERMS
from router.wire.policies import PolicyBody
from tests.naive import naive_may_take, naive_pair

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.core.machine import Batch

AGENTS, SKILLS, PROFILES, STEPS = 6, 2, 4, 60
SEEDS = range(6)


class Floor:
    """A machine under one policy and a shadow of it that stops wherever one wants to look."""

    def __init__(self, name: str, seed: int) -> None:
        self.rng, self.policy = Random(seed), POLICIES[name]
        self.machine, self.shadow = Machine(), Machine()
        self.at_us = 0
        words = compile_policy(PolicyBody(base=self.policy.name, retention_s=1e6), 1)
        self.tell(c.SET_CHANNEL, aux=0, words=[1, -1, 0, 0, 0, 0, 0, 0])
        self.tell(c.SET_POLICY, words=words)
        self.tell(c.SET_QUEUE, aux=0, words=[20 * SECOND_US, 1, 800, 0])
        for p in range(PROFILES):
            skills = [w for s in range(SKILLS) if self.rng.randrange(2)
                      for w in (s, self.rng.randrange(4), 1000)]  # fmt: skip
            head = [0, 0, 0, -1, -1, 0, 0, len(skills) // 3, 0, 0, -1, -1, 0, 0]
            self.tell(c.SET_PROFILE, profile=p, words=head + skills)
        for a in range(AGENTS):
            levels = [w for s in range(SKILLS) for w in (s, 1 + self.rng.randrange(5))]
            units = 1 + self.rng.randrange(3)
            words = [0, -1, 1, units, SKILLS, 0, 0, 0, 1, *levels, 0, 1, -1]
            self.tell(c.SET_AGENT, agent=a, words=words)
            # One after the other, so that no two have been idle equally long.
            self.at_us += self.rng.randrange(1, 90) * SECOND_US
            self.tell(c.SET_PRESENCE, agent=a, aux=c.AVAILABLE)
        self.shadow_runs(self.machine.run())

    def tell(self, kind: int, **fields: Any) -> None:
        """Queue a command for now."""
        self.machine.push(kind, self.at_us, **fields)

    def add(self) -> None:
        """Queue a ticket of some profile, age and priority."""
        start_us = self.at_us - self.rng.randrange(0, 50) * SECOND_US
        words = [start_us, 0, NEVER_US, 60 * SECOND_US, NEVER_US, 0, NEVER_US]
        words += [self.rng.randrange(10), 0]
        self.tell(c.ADD_TICKET, profile=self.rng.randrange(PROFILES), words=words)

    def works(self, state: int) -> list[tuple[int, int]]:
        """Return serial and row of every work in a state."""
        rows = self.machine.arrays.works[: int(self.machine.arrays.head["work_top"][0])]
        return [(int(w["serial"]), row) for row, w in enumerate(rows) if w["state"] == state]

    def answer(self) -> None:
        """Accept every open offer, which decides nothing."""
        for serial, row in self.works(c.PENDING):
            self.tell(c.ACCEPT_OFFER, serial=serial, aux=row)
        self.shadow_runs(self.machine.run())

    def shadow_runs(self, batch: Batch) -> None:
        """Let the shadow live through a batch."""
        self.shadow.fold(batch.events, batch.words)

    def offers(self, batch: Batch) -> Iterator[tuple[int, int]]:
        """Yield ticket and agent of each offer, the shadow standing just before its decision."""
        done = 0
        for i in range(batch.count):
            event = batch.events[i]
            if event["kind"] == c.E_OFFERED:
                yield int(event["ticket"]), int(event["agent"])
                self.shadow.fold(batch.events[done : i + 1], batch.words)
                done = i + 1
            elif event["kind"] != c.E_DECIDED:
                self.shadow.fold(batch.events[done : i + 1], batch.words)
                done = i + 1
        self.shadow.fold(batch.events[done:], batch.words)


def takes(s: Any, t: int, a: int) -> bool:
    """Return whether an agent may be offered a ticket: requirements, presence and room."""
    p, agent = int(s.tickets[t]["profile"]), s.agents[a]
    if not naive_may_take(s, p, a) or agent["presence"] != c.AVAILABLE:
        return False
    return bool(agent["used"] + s.agent_cost[a, s.profiles[p]["channel"]] <= agent["units"])


def waiting(s: Any) -> list[int]:
    """Return the tickets that wait."""
    top = int(s.head["ticket_top"][0])
    return [t for t in range(top) if s.tickets[t]["state"] == c.QUEUED]


def first_agents(floor: Floor, t: int) -> set[int]:
    """Return the agents the policy may choose for a ticket, those of the best key."""
    s, at_us = floor.shadow.arrays, floor.at_us
    able = [a for a in range(AGENTS) if takes(s, t, a)]
    key = {
        c.KEY_IDLE: lambda a: -s.agents[a]["idle_since_us"],
        c.KEY_RECENT: lambda a: -s.agents[a]["last_serial"],
        c.KEY_LOAD: lambda a: -s.agents[a]["used"] / s.agents[a]["units"],
        c.KEY_VALUE: lambda a: naive_pair(s, t, a, at_us),
    }[floor.policy.key]
    best = max(map(key, able), default=None)
    return {a for a in able if key(a) == best}


def first_tickets(floor: Floor, a: int) -> set[int]:
    """Return the tickets the policy may choose for an agent who gained room."""
    s, at_us = floor.shadow.arrays, floor.at_us
    able = [t for t in waiting(s) if takes(s, t, a)]

    def age(t: int) -> tuple[int, int]:
        return -int(s.tickets[t]["start_us"]), -int(s.tickets[t]["serial"])

    key = {
        c.ORDER_AGE: age,
        c.ORDER_PRIORITY_AGE: lambda t: (int(s.tickets[t]["priority"]), *age(t)),
        c.ORDER_VALUE: lambda t: naive_pair(s, t, a, at_us),
    }[floor.policy.order]
    best = max(map(key, able), default=None)
    return {t for t in able if key(t) == best}


def check_nobody_is_left(floor: Floor) -> None:
    """No agent with room faces a ticket it may take; at no price nothing is held back."""
    s = floor.machine.arrays
    left = [(t, a) for t in waiting(s) for a in range(AGENTS) if takes(s, t, a)]
    assert left == []


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("seed", SEEDS)
def test_one_at_a_time_the_policy_chooses_as_said(name: str, seed: int) -> None:
    """A ticket gets the first agent, an agent the first ticket, by the policy's own measure."""
    floor = Floor(name, seed)
    chosen = {"ticket": 0, "agent": 0}
    for _ in range(STEPS):
        floor.at_us += floor.rng.randrange(1, 30) * SECOND_US
        active = floor.works(c.ACTIVE)
        frees = bool(active) and len(waiting(floor.machine.arrays)) > floor.rng.randrange(5)
        if frees:
            serial, row = active[floor.rng.randrange(len(active))]
            floor.tell(c.COMPLETE, serial=serial, aux=row)
        else:
            floor.add()
        for t, a in floor.offers(floor.machine.run()):
            assert takes(floor.shadow.arrays, t, a)
            if frees:
                assert t in first_tickets(floor, a)
            else:
                assert a in first_agents(floor, t)
            chosen["agent" if frees else "ticket"] += 1
        check_nobody_is_left(floor)
        floor.answer()
    assert min(chosen.values()) > 5


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("seed", SEEDS)
def test_many_at_once_nobody_is_wronged(name: str, seed: int) -> None:
    """Whatever comes together: only who may takes, within capacity, and nobody waits in vain."""
    floor = Floor(name, seed)
    offered = 0
    for _ in range(STEPS // 3):
        floor.at_us += floor.rng.randrange(1, 30) * SECOND_US
        for _ in range(floor.rng.randrange(8)):
            floor.add()
        for serial, row in floor.works(c.ACTIVE):
            if floor.rng.randrange(2):
                floor.tell(c.COMPLETE, serial=serial, aux=row)
        for t, a in floor.offers(floor.machine.run()):
            assert takes(floor.shadow.arrays, t, a)
            offered += 1
        check_nobody_is_left(floor)
        floor.answer()
    assert offered > STEPS // 3


@pytest.mark.parametrize("name", [n for n, p in POLICIES.items() if p.engine == c.ENGINE_GREEDY])
def test_tickets_that_come_together_are_served_in_order(name: str) -> None:
    """Agents who are free get several tickets of one instant in the policy's order, each its first."""
    checked = 0
    for seed in SEEDS:
        floor = Floor(name, seed)
        for _ in range(AGENTS):
            floor.add()
        for t, a in floor.offers(floor.machine.run()):
            s = floor.shadow.arrays
            able = [w for w in waiting(s) if any(takes(s, w, b) for b in range(AGENTS))]
            prior = [
                (int(s.tickets[w]["priority"]) if floor.policy.order == c.ORDER_PRIORITY_AGE else 0,
                 -int(s.tickets[w]["start_us"]), -int(s.tickets[w]["serial"]), w)
                for w in able
            ]  # fmt: skip
            assert max(prior)[-1] == t
            assert a in first_agents(floor, t)
            checked += 1
    assert checked > AGENTS


def test_ours_is_worth_no_less_than_any_other() -> None:
    """Over tickets and agents of one instant, each agent taking one, no policy does better."""
    for seed in range(12):
        worths = {}
        for name in POLICIES:
            floor = Floor(name, seed)
            for machine in (floor.machine, floor.shadow):
                machine.arrays.agents["units"][:AGENTS] = 1
            for _ in range(AGENTS + 2):
                floor.add()
            worths[name] = sum(
                naive_pair_of_ours(floor, t, a) for t, a in floor.offers(floor.machine.run())
            )
        assert worths["ours"] == max(worths.values()), (seed, worths)


def naive_pair_of_ours(floor: Floor, t: int, a: int) -> int:
    """Return what a pair is worth by the weights of ours, whatever the floor's policy weighs."""
    policy = floor.shadow.arrays.policy
    kept = policy.copy()
    for term, weight in POLICIES["ours"].thousandths().items():
        policy[0][TERMS[term].word] = weight
    worth = naive_pair(floor.shadow.arrays, t, a, floor.at_us)
    policy[:] = kept
    return worth
