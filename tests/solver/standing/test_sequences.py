"""Whatever happens in whatever order: the standing assignment is worth what a cold solve is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from solver.backends import solve
from solver.problem import Problem
from solver.standing.assignment import StandingAssignment
from solver.standing.state import CLASSES
from solver.verify import verify
from tests.solver_problems import VALUE_RANGES, floor

ROWS = 9


class Twin:
    """An assignment, and beside it what it was told: enough to solve it anew."""

    def __init__(self, slots: list[int], class_limit: list[list[int]] | None) -> None:
        self.slots, self.class_limit = list(slots), class_limit
        limit = None if class_limit is None else np.array(class_limit)
        self.standing = StandingAssignment.empty(np.array(slots, dtype=np.int32), limit, rows=1)
        self.rows: dict[int, tuple[dict[int, int], int, int]] = {}

    def tell(self, row: int, pairs: dict[int, int], wait_cost: int, kind: int) -> None:
        """Add the row, or change it if it is there."""
        told = self.standing.change_row if row in self.rows else self.standing.add_ticket
        column = np.array(list(pairs), dtype=np.int32)
        value = np.array(list(pairs.values()), dtype=np.int32)
        told(row, column, value, wait_cost, kind)
        self.rows[row] = (pairs, wait_cost, kind)

    def problem(self) -> Problem:
        """Return what a cold solver would be asked now: absent rows have no pairs."""
        told = [self.rows.get(row, ({}, 0, 0)) for row in range(max(self.rows, default=-1) + 1)]
        offers = [(sorted(pairs.items()), wait_cost) for pairs, wait_cost, _ in told]
        given: dict[str, Any] = {}
        if self.class_limit is not None:
            given = {"row_class": [kind for *_, kind in told], "class_limit": self.class_limit}
            given = {name: np.array(array, dtype=np.int64) for name, array in given.items()}
        return Problem(
            np.cumsum([0, *(len(pairs) for pairs, _ in offers)]),
            np.array([column for pairs, _ in offers for column, _ in pairs], dtype=np.int64),
            np.array([v + wait for pairs, wait in offers for _, v in pairs], dtype=np.int64),
            np.array(self.slots, dtype=np.int64),
            **given,
        )

    def check(self) -> None:
        """Hold the standing optimum against the checker and against a cold min cost flow."""
        problem = self.problem()
        plan = self.standing.plan(problem.rows)
        assert verify(problem, plan).faults == ()
        assert plan.gap == 0
        assert plan.primal == solve(problem, "min_cost_flow").primal
        self.check_margins()

    def check_margins(self) -> None:
        """No row's next best pair may be nearer than its margin says."""
        arrays = self.standing.arrays
        classes = int(arrays.head[CLASSES])
        for row, (pairs, _, kind) in self.rows.items():
            held = int(arrays.node_of[row])
            for column, value in pairs.items():
                node = column * classes + kind
                short = int(arrays.profit[row]) - value + int(arrays.price[node])
                assert short >= 0
                assert held < 0 or held == node or arrays.margin[row] <= short


class Sequence(RuleBasedStateMachine):
    """Tickets come, go and change, agents gain and lose slots, work is put off or cut short."""

    @initialize(
        slots=st.lists(st.integers(0, 2), min_size=1, max_size=5),
        classes=st.integers(0, 3),
        value_range=st.sampled_from(VALUE_RANGES),
        data=st.data(),
    )
    def begin(
        self, slots: list[int], classes: int, value_range: tuple[int, int], data: st.DataObject
    ) -> None:
        """Begin with no rows."""
        limit = st.lists(st.integers(-1, 2), min_size=classes, max_size=classes)
        class_limit = [data.draw(limit) for _ in slots] if classes else None
        low, high = value_range
        # A pair with its wait cost stays within what a problem may hold.
        self.low, self.high = low, high - high // 2
        self.wait_costs = st.integers(0, high // 2)
        self.kinds = st.integers(0, max(0, classes - 1))
        self.twin = Twin(slots, class_limit)

    def draw_pairs(self, data: st.DataObject) -> dict[int, int]:
        """Draw some columns, in any order, with a value each."""
        columns = st.lists(st.integers(0, len(self.twin.slots) - 1), unique=True)
        value = st.integers(min(self.low, self.high), self.high)
        return {column: data.draw(value) for column in data.draw(columns)}

    @rule(row=st.integers(0, ROWS - 1), data=st.data())
    def tell(self, row: int, data: st.DataObject) -> None:
        """A ticket comes or changes."""
        pairs = self.draw_pairs(data)
        self.twin.tell(row, pairs, data.draw(self.wait_costs), data.draw(self.kinds))

    @precondition(lambda self: self.twin.rows)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        """A ticket goes."""
        row = data.draw(st.sampled_from(sorted(self.twin.rows)))
        self.twin.standing.drop_ticket(row)
        del self.twin.rows[row]

    @precondition(lambda self: self.twin.rows)
    @rule(data=st.data())
    def reprice(self, data: st.DataObject) -> None:
        """A ticket's waiting costs more or less."""
        row = data.draw(st.sampled_from(sorted(self.twin.rows)))
        pairs, _, kind = self.twin.rows[row]
        wait_cost = data.draw(self.wait_costs)
        self.twin.standing.change_wait_cost(row, wait_cost)
        self.twin.rows[row] = (pairs, wait_cost, kind)

    @rule(data=st.data(), slots=st.integers(1, 2))
    def gain(self, data: st.DataObject, slots: int) -> None:
        """An agent gains slots."""
        column = data.draw(st.integers(0, len(self.twin.slots) - 1))
        self.twin.standing.add_slot(column, slots)
        self.twin.slots[column] += slots

    @precondition(lambda self: any(self.twin.slots))
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        """An agent loses a slot."""
        column = data.draw(st.sampled_from([j for j, n in enumerate(self.twin.slots) if n]))
        self.twin.standing.drop_slot(column)
        self.twin.slots[column] -= 1

    @rule(scans_max=st.sampled_from([0, 1, 3, 1 << 60]))
    def hurry(self, scans_max: int) -> None:
        """The budget of each event changes."""
        self.twin.standing.scans_max = scans_max

    @invariant()
    def the_gap_is_honest(self) -> None:
        """Also while work is put off, the bound holds and the rest is feasible."""
        if hasattr(self, "twin"):
            primal, dual = self.twin.standing.certificate
            optimum = solve(self.twin.problem(), "min_cost_flow").primal
            assert primal <= optimum <= dual

    @rule()
    def settle(self) -> None:
        """Whatever was put off is done now."""
        assert self.twin.standing.solve() == 0
        self.twin.check()

    def teardown(self) -> None:
        """At the end all is settled."""
        if hasattr(self, "twin"):
            self.settle()


class AtOnce(Sequence):
    """The same without putting off: each single event leaves an optimum."""

    hurry = None

    @invariant()
    def it_is_an_optimum(self) -> None:
        """Checker, prices and a cold solve agree after every event."""
        if hasattr(self, "twin"):
            self.twin.check()


TestSequence = Sequence.TestCase
TestSequence.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestAtOnce = AtOnce.TestCase
TestAtOnce.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


@pytest.mark.parametrize("classes", [0, 3])
def test_a_long_day(classes: int) -> None:
    """Five hundred events on a floor of forty agents: an optimum after each."""
    chance = np.random.default_rng(classes)
    class_limit = chance.integers(-1, 3, (40, classes)).tolist() if classes else None
    twin = Twin(chance.integers(0, 3, 40).tolist(), class_limit)
    taste = chance.integers(0, 1 << 18, 40)
    for step in range(500):
        row = int(chance.integers(60))
        if chance.random() < 0.2:
            column = int(chance.integers(40))
            if twin.slots[column] and chance.random() < 0.5:
                twin.standing.drop_slot(column)
                twin.slots[column] -= 1
            else:
                twin.standing.add_slot(column)
                twin.slots[column] += 1
        elif row in twin.rows and chance.random() < 0.6:
            twin.standing.drop_ticket(row)
            del twin.rows[row]
        else:
            columns = chance.choice(40, 12, replace=False)
            value = taste[columns] + chance.integers(0, 1 << 18, 12)
            pairs = dict(zip(columns.tolist(), value.tolist(), strict=True))
            kind = int(chance.integers(classes)) if classes else 0
            twin.tell(row, pairs, int(chance.integers(1 << 18)), kind)
        if step % 5 == 0:
            twin.check()
        assert twin.standing.certificate.gap == 0


def test_a_ticket_that_comes_back_follows_the_trail() -> None:
    """What a ticket's leaving set in motion goes back the same way, with hardly a row scanned."""
    problem = floor(7, 400, 250, slots=2, choices=16)
    standing = StandingAssignment(problem, rows=400)
    standing.solve()
    scans = []
    for row in range(0, 400, 2):
        pairs = slice(problem.row_ptr[row], problem.row_ptr[row + 1])
        standing.drop_ticket(row)
        before = standing.work["row_scans"]
        standing.add_ticket(row, problem.col[pairs].copy(), problem.value[pairs].copy())
        scans.append(standing.work["row_scans"] - before)
        assert standing.certificate.gap == 0
    assert standing.plan(400).primal == solve(problem, "min_cost_flow").primal
    assert sorted(scans)[180] <= 4
