"""The standing assignment as Python sees it: checks, growth, one short call an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from solver import limits
from solver.problem import Plan, Problem, ProblemError
from solver.standing import calls, events
from solver.standing.grow import grown, pool_for, sizes_of
from solver.standing.load import load, read_out, sums
from solver.standing.refusals import check_pairs, refuse
from solver.standing.solve import solve
from solver.standing.state import (
    BUDGET,
    CLASSES,
    NODE_SCANS,
    NODES,
    PHASES,
    PULLS,
    ROW_SCANS,
    SEARCHES,
    UNBOUNDED,
    Sizes,
    Standing,
    empty,
    handle,
)

if TYPE_CHECKING:
    from solver.standing.state import Int32s


class Certificate(NamedTuple):
    """What an assignment is worth over letting all rows wait, and what none can exceed."""

    primal: int
    dual: int

    @property
    def gap(self) -> int:
        """Points that a better assignment could bring at most: 0 proves that there is none."""
        return self.dual - self.primal


class StandingAssignment:
    """An exact optimum of rows (tickets) and columns (agents), kept through every change.

    Each change leaves the optimum of what is known then, with prices that prove it
    (``certificate``), unless ``scans_max`` cut it short or put it off. Which of several optima
    that is follows from the changes and their order, and from nothing else.

    Rows and columns are the caller's numbers, from 0, best kept dense. Values and wait costs are in
    points, within 2**20 either way: a pair is worth its value plus the row's wait cost over letting
    the row wait, and is only taken if that is more than 0. Not for two threads at once.

    Parameters
    ----------
    problem
        What to begin with, all of it still to be settled by ``solve``: pairs take one unit each.
        Class limits can only be given here; ``StandingAssignment.empty`` begins without rows.
    rows
        How many rows to make room for at least; more room is made as they come.
    """

    __slots__ = ("arrays", "classes", "columns", "state")

    def __init__(self, problem: Problem, *, rows: int = 1024) -> None:
        if np.any(problem.weight != 1):
            at = int(np.argmax(problem.weight != 1))
            raise ProblemError("weight", at, problem.weight[at], "1 unit for each pair")
        classes = max(2, problem.classes) if problem.classes else 1
        kinds = problem.row_class[problem.row_of] if problem.classes else 0
        row_sizes = np.diff(problem.row_ptr)
        node_sizes = np.bincount(problem.col.astype(np.int64) * classes + kinds)
        self.columns, self.classes = problem.columns, problem.classes
        self._use(
            empty(
                Sizes(
                    rows=max(problem.rows, rows, 1),
                    columns=max(problem.columns, 1),
                    classes=classes,
                    pool=pool_for(row_sizes, node_sizes),
                    widest=max(64, int(row_sizes.max(initial=0))),
                )
            )
        )
        loaded = load(self.state, problem.pairs, problem.limits)
        assert loaded, "pool_for left too little room"

    @classmethod
    def empty(
        cls, slots: object, class_limit: object | None = None, *, rows: int = 1024
    ) -> StandingAssignment:
        """Return an assignment without rows.

        Parameters
        ----------
        slots
            int32 (columns,), how many rows each column can hold.
        class_limit
            int32 (columns, classes), how many rows of each class a column may hold, -1 for any
            number; not given if rows have no classes.
        rows
            How many rows to make room for.
        """
        given: dict[str, Any] = {}
        if class_limit is not None:
            given = {"class_limit": class_limit, "row_class": np.zeros(0, np.int32)}
        nothing = np.zeros(0, np.int32)
        floor = Problem(np.zeros(1, np.int32), nothing, nothing, cast("Int32s", slots), **given)
        return cls(floor, rows=rows)

    def _use(self, arrays: Standing) -> None:
        #: The arrays, and what compiled code takes to call ``solver.standing.events`` itself. Both
        #: are replaced when the assignment grows.
        self.arrays = arrays
        self.state = handle(arrays)

    @property
    def scans_max(self) -> int:
        """Budget of each event in scans of rows and nodes; 0 puts all work off to ``solve``."""
        return int(self.arrays.head[BUDGET])

    @scans_max.setter
    def scans_max(self, scans: int) -> None:
        self.arrays.head[BUDGET] = scans

    # One event each; all return how much is unsettled, which is 0 unless ``scans_max`` binds.

    def add_ticket(
        self, row: int, column: Int32s, value: Int32s, wait_cost: int = 0, kind: int = 0
    ) -> int:
        """Let ``row`` ask for one of the columns.

        Parameters
        ----------
        row
            A number that no present row has.
        column, value
            int32 (candidates,): each column once, in any order, and points of each pair.
        wait_cost
            Points lost while the row waits.
        kind
            Class of the row.
        """
        check_pairs(column, value)
        left: int = calls.add(self.state, row, column, value, wait_cost, kind)
        while left < 0:
            if left == events.BAD_ROW and 0 <= row < limits.ROWS_MAX:
                self._grow(rows=row + 1)
            else:
                self._mend(left, row, column=column, value=value, wait_cost=wait_cost, kind=kind)
            left = calls.add(self.state, row, column, value, wait_cost, kind)
        return left

    def change_row(
        self, row: int, column: Int32s, value: Int32s, wait_cost: int = 0, kind: int = 0
    ) -> int:
        """Give ``row`` other pairs, wait cost and class; the parameters are ``add_ticket``'s."""
        check_pairs(column, value)
        left: int = calls.change(self.state, row, column, value, wait_cost, kind)
        while left < 0:
            self._mend(left, row, column=column, value=value, wait_cost=wait_cost, kind=kind)
            left = calls.change(self.state, row, column, value, wait_cost, kind)
        return left

    def drop_ticket(self, row: int) -> int:
        """Let ``row`` go, whether it waits or holds a slot."""
        left: int = calls.drop(self.state, row)
        while left < 0:
            self._mend(left, row)
            left = calls.drop(self.state, row)
        return left

    def change_wait_cost(self, row: int, wait_cost: int) -> int:
        """Change what waiting costs ``row``, in points."""
        left: int = calls.reprice(self.state, row, wait_cost)
        while left < 0:
            self._mend(left, row, wait_cost=wait_cost)
            left = calls.reprice(self.state, row, wait_cost)
        return left

    def add_slot(self, column: int, slots: int = 1) -> int:
        """Give ``column`` more slots."""
        left: int = calls.gain(self.state, column, slots)
        while left < 0:
            self._mend(left, column, slots=slots)
            left = calls.gain(self.state, column, slots)
        return left

    def drop_slot(self, column: int) -> int:
        """Take a slot from ``column``; if all are held, the row that goes costs least."""
        left: int = calls.lose(self.state, column)
        while left < 0:
            self._mend(left, column, slots=-1)
            left = calls.lose(self.state, column)
        return left

    def solve(self, scans_max: int = UNBOUNDED) -> int:
        """Settle whatever is unsettled, within a budget of scans; return how much is left."""
        left: int = solve(self.state, scans_max)
        while left < 0:
            self._mend(left, 0)
            left = solve(self.state, scans_max)
        return left

    # What there is to know.

    @property
    def certificate(self) -> Certificate:
        """What the assignment is worth and what none can exceed: equal once it is settled."""
        primal, dual = sums(self.state)
        return Certificate(int(primal), int(dual))

    @property
    def prices(self) -> Int32s:
        """Points per slot of each column, int32 (columns,): a view, do not write."""
        above = int(self.arrays.head[NODES]) if self._classed else 0
        return self.arrays.price[above : above + self.columns]

    @property
    def _classed(self) -> bool:
        return int(self.arrays.head[CLASSES]) > 1

    def column_of(self, row: int) -> int | None:
        """Return the column that ``row`` holds a slot of, or None if it waits."""
        node = int(self.arrays.node_of[row])
        return node // int(self.arrays.head[CLASSES]) if node >= 0 else None

    @property
    def work(self) -> dict[str, int]:
        """Counters of all work so far; the same changes give the same counts."""
        return {name: int(self.arrays.head[at]) for name, at in WORK.items()}

    def plan(self, rows: int) -> Plan:
        """Return the assignment of the first ``rows`` rows as a plan."""
        column = np.empty(rows, np.int32)
        prices = np.empty(self.columns, np.int64)
        class_prices = np.empty((self.columns, self.classes), np.int64)
        read_out(self.state, column, prices, class_prices)
        primal, dual = self.certificate
        return Plan("standing", column, primal, dual, prices, class_prices, work=self.work)

    # Room, and refusals.

    def _grow(self, **least: int) -> None:
        """Make room: at least so much of each kind, and twice as much as there was."""
        sizes = sizes_of(self.arrays)
        more = {name: max(size, 2 * getattr(sizes, name)) for name, size in least.items()}
        self._use(grown(self.arrays, sizes._replace(**more)))

    def _mend(self, code: int, at: int, **given: Any) -> None:
        """Make room if that was what was short; else raise what was wrong."""
        if code == events.SHORT_OF_ROOM:
            width = np.size(given.get("column", ()))
            self._grow(pool=1, **({"widest": width} if width > self.arrays.scratch.size else {}))
            return
        refuse(code, at, (self.columns, max(1, self.classes)), given)


WORK = {
    "row_scans": ROW_SCANS,
    "node_scans": NODE_SCANS,
    "searches": SEARCHES,
    "refills": PULLS,
    "phases": PHASES,
}
