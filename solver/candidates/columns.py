"""
Column generation: an optimum over all feasible pairs, of which only a few are ever kept.

Each row starts with its best agents at the prices known, and some spread over all feasible ones. An
exact assignment of these gives new prices; a pair that was left out matters only if it is worth
more than its row gains now. Such pairs are looked for, added, and the assignment is mended, until
there is none: then the prices prove that the plan is the best of all pairs (Gilmore and Gomory
1961). What they prove at any time before is a bound, so a budget may end it after any round.

Looking for pairs is most of the work, and most of it is not needed. When a row was scored, what it
left out was worth at most its bound at the prices of that time. Since then such a pair can only
have gained by what the price of its agent has fallen. So a row needs another look only at agents
whose price has fallen by more than the row's gain exceeds its bound: at most rows none, at many few.

References
----------
.. [1] Gilmore, P. C., Gomory, R. E. (1961). A linear programming approach to the cutting-stock
   problem. doi:10.1287/opre.9.6.849
.. [2] Desaulniers, G., Desrosiers, J., Solomon, M. M. (2005). Column Generation. doi:10.1007/b135457
.. [3] Lübbecke, M. E., Desrosiers, J. (2005). Selected topics in column generation (bounds, partial
   pricing). doi:10.1287/opre.1050.0234
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from solver.candidates.kept import gains, keep_best, learn, make_known, pairs_of, problem_of
from solver.problem import Problem, ProblemError
from solver.scoring.arrays import Asks, handle, make_work
from solver.scoring.asks import NO_LIMIT, check_asks
from solver.scoring.registry import MARKS
from solver.scoring.select import select
from solver.scoring.vectors import VECTOR
from solver.standing.assignment import StandingAssignment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solver.scoring.registry import Registry

    Int32s = NDArray[np.int32]
    Int64s = NDArray[np.int64]


#: Which rows share a set of agents to look at: those with as much to spare, cut into equal parts.
STEPS = np.arange(MARKS - 1) / (MARKS - 1)


class Effort(NamedTuple):
    """How many pairs to keep and how long to look; counted, never timed, so that a seed repeats.

    Parameters
    ----------
    best, spread
        Pairs each row begins with: by worth less price, and spread over all who are feasible.
    reserve
        Pairs of a row that are known besides, and only kept when they turn out to be needed.
    more
        Pairs a row may be given in a later round.
    passes_max
        Feasible pairs that may be scored, as a multiple of all; no round begins beyond it.
    scans_max
        Budget of each assignment, in scans of rows and columns.
    """

    best: int = 12
    spread: int = 12
    reserve: int = 88
    more: int = 8
    passes_max: float = 8.0
    scans_max: int = 1 << 60


USUAL = Effort()


class Round(NamedTuple):
    """What was known after a round: assigned until no pair in reserve was missing, then looked for others.

    Parameters
    ----------
    primal, dual
        Points: worth of the plan, and what no plan over all feasible pairs exceeds.
    pairs
        How many pairs the assignment had.
    passes
        Feasible pairs scored so far, as a multiple of all.
    short
        Rows that had a pair worth more than they gain.
    """

    primal: int
    dual: int
    pairs: int
    passes: float
    short: int


class Generated(NamedTuple):
    """A plan over all feasible pairs, and what it took.

    Parameters
    ----------
    column
        int32 (rows,): agent of each row, -1 where it waits.
    prices
        int64 (agents,): points of a slot of each agent; they prove ``rounds[-1].dual``.
    rounds
        What was known after each round; the last one's gap is what remains.
    problem
        The kept pairs, as any backend takes them.
    """

    column: Int32s
    prices: Int64s
    rounds: tuple[Round, ...]
    problem: Problem

    @property
    def gap(self) -> int:
        """Points that a plan over all feasible pairs could bring more, at most."""
        return self.rounds[-1].dual - self.rounds[-1].primal


def generate(
    registry: Registry,
    asks: Asks,
    slots: NDArray[np.integer],
    *,
    prices: NDArray[np.integer] | None = None,
    effort: Effort = USUAL,
) -> Generated:
    """Assign rows to agents optimally over all feasible pairs, or as near as the effort allows.

    Parameters
    ----------
    registry
        The agents. Its prices and marks are overwritten.
    asks
        The rows. ``limit`` and ``within`` are overwritten; pairs worth 0 or less are never taken.
    slots
        Integers (agents,): how many rows each agent can take.
    prices
        Integers (agents,), points: a guess, such as those of the last assignment; 0 if not given.
    """
    check_asks(asks, registry)
    if slots.shape != (registry.agents,):
        raise ProblemError("slots", None, f"of shape {slots.shape}", f"({registry.agents},)")
    search = Search(registry, asks, slots, effort)
    guess = np.zeros(registry.agents, dtype=np.int64) if prices is None else prices
    return search.run(guess.astype(np.int64))


class Search:
    """The pairs known so far, and what each row left out at the prices it was scored at."""

    def __init__(
        self, registry: Registry, asks: Asks, slots: NDArray[np.integer], effort: Effort
    ) -> None:
        rows = asks.base.size
        self.registry, self.asks, self.effort = registry, asks, effort
        self.slots = slots.astype(np.int32)
        self.known = make_known(rows, effort.best + effort.reserve + effort.spread)
        self.bound = np.zeros(rows, dtype=np.int64)  # points no pair left out exceeded, price paid
        self.since = np.zeros(rows, dtype=np.int64)  # at which of these prices
        self.history: list[Int64s] = []
        self.scored = self.all = 0

    def run(self, prices: Int64s) -> Generated:
        """Assign the pairs kept and look for missing ones, in turn, until there is none."""
        effort, rounds = self.effort, list[Round]()
        self.begin(prices)
        master = StandingAssignment(problem_of(self.known, self.slots))
        master.scans_max = 0
        master.solve(effort.scans_max)
        while True:
            self.use_reserve(master)
            prices = master.prices.astype(np.int64)
            pairs, gain = int(self.known.kept.sum()), self.gains(prices)[0]
            if self.scored < effort.passes_max * self.all:
                self.look_again(prices, gain)
            primal, passes = int(master.certificate.primal), self.scored / self.all
            short = int((self.gains(prices)[1] > gain).sum())
            rounds.append(Round(primal, self.dual(prices), pairs, passes, short))
            if short == 0:
                break
        column = master.plan(self.bound.size).column
        return Generated(column, prices, tuple(rounds), problem_of(self.known, self.slots))

    def use_reserve(self, master: StandingAssignment) -> None:
        """Hand pairs in reserve to the assignment until no row would rather have one."""
        while True:
            prices, before = master.prices.astype(np.int64), self.known.kept.sum(axis=1)
            if keep_best(self.known, prices, self.gains(prices)[0], self.effort.more) == 0:
                return
            for row in np.flatnonzero(self.known.kept.sum(axis=1) > before):
                master.change_row(int(row), *pairs_of(self.known, int(row)))
            master.solve(self.effort.scans_max)

    def begin(self, prices: Int64s) -> None:
        """Score every feasible pair once, and keep the best and the spread ones of each row."""
        effort, rows = self.effort, np.arange(self.bound.size)
        self.take_over(prices)
        quota = (effort.best + effort.reserve, effort.spread)
        self.look(rows, np.full_like(self.bound, NO_LIMIT), self.everyone, quota)
        self.all = max(1, self.scored)
        # The spread ones are those that the limit left out.
        net = self.known.value - prices[self.known.agent]
        self.known.kept[:] = (net <= self.bound[:, None]) & self.some
        keep_best(self.known, prices, np.zeros_like(self.bound), effort.best)

    @property
    def some(self) -> NDArray[np.bool_]:
        """Where the arrays of known pairs hold one."""
        return np.arange(self.known.agent.shape[1]) < self.known.size[:, None]

    def take_over(self, prices: Int64s) -> None:
        """Score at new prices from now on."""
        self.registry.set_prices(prices)
        self.history.append(prices)
        self.everyone = self.registry.mark(0, self.slots > 0)

    def left_out(self, prices: Int64s) -> Int64s:
        """Return what each row's pairs that were left out are worth at most, their price paid."""
        falls = [int((then - prices)[self.slots > 0].max(initial=0)) for then in self.history]
        most: Int64s = self.bound + np.array(falls, dtype=np.int64)[self.since]
        return most

    def dual(self, prices: Int64s) -> int:
        """Return what no plan over all feasible pairs exceeds, by these prices."""
        best = np.maximum(self.gains(prices)[1], self.left_out(prices))
        return int(best.sum() + prices @ self.slots)

    def gains(self, prices: Int64s) -> tuple[Int64s, Int64s]:
        """Return what each row gains by a pair it keeps, and by any it knows."""
        of_kept, of_all = np.zeros_like(self.bound), np.zeros_like(self.bound)
        gains(self.known, prices, of_kept, of_all)
        return of_kept, of_all

    def look_again(self, prices: Int64s, gain: Int64s) -> None:
        """Score whatever may be worth more to a row than it gains, by what is known of its bound."""
        doubtful = np.flatnonzero(self.left_out(prices) > gain)
        self.take_over(prices)
        for then in np.unique(self.since[doubtful]):
            self.look_where_prices_fell(doubtful[self.since[doubtful] == then], gain, then)

    def look_where_prices_fell(self, rows: Int64s, gain: Int64s, then: int) -> None:
        """Score rows again, each with agents whose price has fallen further than it has to spare."""
        slack = gain[rows] - self.bound[rows]
        fall = self.history[then] - self.history[-1]
        steps = np.unique(np.quantile(slack, STEPS, method="lower"))
        sets = [
            self.registry.mark(1 + k, (fall > step) & (self.slots > 0))
            for k, step in enumerate(steps)
        ]
        within = np.array(sets)[np.searchsorted(steps, slack, side="right") - 1]
        self.look(rows, gain[rows], within, (max(self.effort.more, self.effort.reserve), 0))

    def look(self, rows: Int64s, least: Int64s, within: Any, quota: tuple[int, int]) -> None:
        """Score rows, and know what is worth more than ``least`` of each."""
        asks = self.asks
        asks.limit[rows], asks.within[rows] = least, within
        work = make_work(asks.base.size, self.registry.agents, *quota)
        select(self.registry.handle, handle(asks), handle(work), rows.astype(np.int32), VECTOR)
        self.scored += int(work.scored[0])
        self.bound[rows], self.since[rows] = work.bound[rows], len(self.history) - 1
        self.known = learn(self.known, rows, work)
