"""What decisions say of agents and slots that were short, by hand and against OR-Tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from router.core import codes as c
from router.core.recovery import used
from router.core.state import CANONICAL
from router.explain.answer import answer_decision
from router.explain.joint import wants_of
from router.explain.rewind import explain_decision, rewind
from router.explain.sight import look
from router.explain.text import render
from solver.backends import BACKENDS
from solver.problem import Problem
from tests import naive
from tests.router.core.test_joint_rounds import NOW_US, SHAPE, Crowd
from tests.router.explain.floors import NAMES, as_kept, decisions
from tests.router.explain.told import StoryNames, ToldStory

if TYPE_CHECKING:
    from router.core.machine import Batch
    from router.explain.rewind import Moment

Pairs = list[tuple[int, int]]


def test_a_slot_is_worth_what_the_tickets_that_wait_for_it_would_gain() -> None:
    """Worked out by hand: Ann alone speaks Portuguese and serves t2 or t3; Bo leaves t1 to nobody else.

    Serve 2, billing 1 x 5/5 with Ann and 3/5 with Bo, rest 0.003 after 10 s. The load costs Ann
    (1/4)^2 x 0.3 and Bo (1/2)^2 x 0.3. Portuguese is worth 3/5 with Ann. So t1 is worth 2.985 with Ann
    and 2.528 with Bo, and t2 and t3 are worth 3.585 with Ann and nothing with anybody else.
    """
    story = ToldStory(
        "policy engine=exact order=value key=value",
        "agent ann billing:5 pt:3 units=4",
        "agent bo billing:3 units=2",
        "agent cy billing:5 pt:5 away",
    )
    story.tell_at(10, "ticket t1 billing:2", "ticket t2 billing:2 pt:2", "ticket t3 billing:2 pt:2")
    batch = story.batches[-1]
    seq = next(iter(decisions([batch])))
    cases = explain_decision(lambda _: (story.start, story.batches), seq, StoryNames(story))
    told = answer_decision(cases)
    assert [(s.kind, s.id, s.agent, s.value) for s in told.slots] == [
        ("language", "pt", "ann", 3.585),
        ("queue", "main", "ann", 3.585),
        ("skill", "billing", "ann", 3.585),
    ]
    first = next(case for case in cases if case.ticket == "t1")
    assert "ann was worth 2.985 here, 0.600 more to t2, and went there." in render(first)
    assert "One more slot with billing would have been worth 3.585 (ann)." in render(first)
    assert "with pt" not in render(first)
    assert told.text.splitlines() == [
        f"Decision d-{seq}: 3 tickets, 4 pairs, worth 6.113; no better one exists.",
        "t1: bo (o-1), worth 2.528.",
        "t2: ann (o-2), worth 3.585.",
        "One more slot with pt would have been worth 3.585 (ann).",
        "One more slot in main would have been worth 3.585 (ann).",
        "One more slot with billing would have been worth 3.585 (ann).",
    ]


class Recorded(Crowd):
    """A crowd whose runs are kept from the floor on."""

    def keep(self) -> None:
        """Begin to keep them."""
        arrays = self.machine.arrays
        self.start = {name: as_kept(used(arrays, name)) for name in CANONICAL}
        self.batches: list[Batch] = []

    def run(self) -> None:
        """Run, and keep it."""
        self.batches.append(self.machine.run())

    def then(self, seq: int) -> Moment:
        """Return the moment just before an event."""
        return rewind(lambda _: (self.start, self.batches), seq)


def pairs_of(moment: Moment, t: int, *, has_room: bool = True) -> Pairs:
    """Return which agents may take a ticket, with or without room, and what that is worth."""
    s = moment.machine.arrays
    here = np.flatnonzero(s.agents["presence"] == c.AVAILABLE)
    able = [int(a) for a in here if naive.naive_may_take(s, int(s.tickets[t]["profile"]), a)]
    free = [a for a in able if not has_room or s.agents[a]["used"] < s.agents[a]["units"]]
    worth = ((a, naive.naive_pair(s, t, a, NOW_US)) for a in free)
    return [(a, value) for a, value in worth if value > 0]


def best_with(rows: list[Pairs], agents: int, more: Pairs = ()) -> int:
    """Return what OR-Tools finds, with one slot more that the named rows may have for so much."""
    rows = [[*row, *((agents, v) for i, v in more if i == at)] for at, row in enumerate(rows)]
    problem = Problem(
        row_ptr=np.cumsum([0, *map(len, rows)]),
        col=np.array([a for row in rows for a, _ in row], dtype=np.int64),
        value=np.array([value for row in rows for _, value in row], dtype=np.int64),
        capacity=np.ones(agents + 1, dtype=np.int64),
    )
    return BACKENDS["min_cost_flow"].solve(problem).primal


@given(**SHAPE, units=st.integers(1, 2))
@settings(max_examples=15, deadline=None)
def test_marginals_are_what_one_more_slot_changes_the_optimum_by(
    seed: int, tickets: int, agents: int, profiles: int, units: int
) -> None:
    """Each price and each slot's worth is the difference between two optima of OR-Tools; no slot brings more."""
    crowd = Recorded(seed, agents, profiles, units)
    crowd.let_in(range(agents))
    crowd.keep()
    crowd.run()
    crowd.tell_tickets(tickets)
    crowd.run()
    for seq in decisions(crowd.batches, tickets_min=2):
        moment = crowd.then(seq)
        cases = explain_decision(lambda _: (crowd.start, crowd.batches), seq, NAMES)
        market = cases[0].decided.joint.market if cases[0].decided.joint else None
        assert market is not None
        s = moment.machine.arrays
        waiting = [int(t) for t in np.flatnonzero(s.tickets["state"] == c.QUEUED)]
        rows = [pairs_of(moment, t) for t in waiting]
        able = [dict(pairs_of(moment, t, has_room=False)) for t in waiting]
        best = best_with(rows, agents)
        for a, price in market.prices.items():
            same = [(i, dict(row)[a]) for i, row in enumerate(rows) if a in dict(row)]
            assert best_with(rows, agents, same) - best == price
        wants = [set(wants_of(look(s, t, NOW_US), NAMES)) for t in waiting]
        said = {(slot.kind, slot.id): slot for slot in market.slots}
        for want in set().union(*wants):
            gains = {}
            for a in range(agents):
                more = [(i, row[a]) for i, row in enumerate(able) if want in wants[i] and a in row]
                gains[a] = best_with(rows, agents, more) - best
            slot = said.get(want)
            assert max(gains.values()) == (slot.value if slot else 0)
            assert slot is None or gains[slot.agent] == slot.value
