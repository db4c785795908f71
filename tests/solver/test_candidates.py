"""Column generation against the optimum over all feasible pairs, and its certificate against a slow recount."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.backends import solve
from solver.candidates.columns import Effort, generate
from solver.problem import Problem, ProblemError
from solver.scoring.arrays import FEATURES
from solver.scoring.asks import check_asks, make_asks
from solver.scoring.registry import Profile, Registry
from tests.naive_scoring import naive_feasible, naive_worth
from tests.scoring_floors import Small, asks_of, registry_of

if TYPE_CHECKING:
    from solver.candidates.columns import Generated
    from solver.scoring.arrays import Asks

TIGHT = Effort(best=1, spread=1, reserve=0, more=1, passes_max=1000.0)


def whole(registry: Registry, asks: Asks, slots: np.ndarray) -> Problem:
    """Return all feasible pairs, scored one by one."""
    of_row = [naive_feasible(registry.arrays, asks, row) for row in range(asks.base.size)]
    value = [
        naive_worth(registry.arrays, asks, row, a) for row, who in enumerate(of_row) for a in who
    ]
    col = [agent for who in of_row for agent in who]
    return Problem(
        np.cumsum([0, *map(len, of_row)]),
        np.array(col, dtype=np.int64),
        np.array(value, dtype=np.int64),
        slots,
    )


def proven(problem: Problem, found: Generated) -> int:
    """Return what a plan is worth among all pairs, after checking that it is one and that its prices prove its dual."""
    worth = {}
    for row in range(problem.rows):
        for at in range(problem.row_ptr[row], problem.row_ptr[row + 1]):
            worth[row, int(problem.col[at])] = int(problem.value[at])
    held = np.bincount(found.column[found.column >= 0], minlength=problem.columns)
    assert (held <= problem.capacity).all()
    assert (found.prices >= 0).all()
    bound = sum(int(p) * int(c) for p, c in zip(found.prices, problem.capacity, strict=True))
    for row in range(problem.rows):
        span = range(problem.row_ptr[row], problem.row_ptr[row + 1])
        open_pairs = [at for at in span if problem.capacity[problem.col[at]] > 0]
        bound += max(
            [0, *(int(problem.value[at]) - int(found.prices[problem.col[at]]) for at in open_pairs)]
        )
    assert found.rounds[-1].dual >= bound
    return sum(worth[row, int(column)] for row, column in enumerate(found.column) if column >= 0)


@settings(max_examples=20)
@given(
    seed=st.integers(0, 10**6),
    about=st.sampled_from(
        [
            Small(rows=20, agents=70),
            Small(rows=30, agents=50, share=0.95),
            Small(rows=9, spread=1.0),
        ]
    ),
    effort=st.sampled_from([TIGHT, Effort(), Effort(best=3, spread=2, reserve=4)]),
)
def test_the_optimum_is_that_of_all_feasible_pairs(seed: int, about: Small, effort: Effort) -> None:
    """Whatever is kept, the plan is worth what OR-Tools finds among all pairs, and the gap is 0."""
    chance = np.random.default_rng(seed)
    registry = registry_of(chance, about)
    asks = asks_of(chance, about, registry)
    slots = chance.integers(0, 3, registry.agents) * (chance.random(registry.agents) < 0.4)
    problem = whole(registry, asks, slots)
    guess = chance.integers(0, 3000, registry.agents) if seed % 2 else None
    found = generate(registry, asks, slots, prices=guess, effort=effort)
    assert (
        proven(problem, found) == found.rounds[-1].primal == solve(problem, "min_cost_flow").primal
    )
    assert found.gap == 0


def shared_taste(
    rows: int, agents: int, alike: float, seed: int
) -> tuple[Registry, Asks, np.ndarray]:
    """Return a floor where everybody may take everything and wants nearly the same, one slot each."""
    chance = np.random.default_rng(seed)
    registry = Registry(agents, abilities=0, tags=0)
    for agent in range(agents):
        registry.put(agent, Profile(chance.integers(-512, 513, FEATURES) * 8, [], [], [0]))
    asks = make_asks(rows)
    common = chance.normal(size=FEATURES)
    taste = alike * common + (1 - alike) * chance.normal(size=(rows, FEATURES))
    asks.weight[:] = np.rint(taste * 300)
    asks.base[:] = 6000
    check_asks(asks, registry)
    slots = np.zeros(registry.agents, dtype=np.int64)
    slots[:agents] = 1
    return registry, asks, slots


@pytest.mark.parametrize("alike", [0.0, 0.8, 1.0])
def test_shared_tastes_do_not_spoil_it(alike: float) -> None:
    """Where all rows want the same few agents the best pairs alone would lose much; the optimum is found still."""
    registry, asks, slots = shared_taste(120, 100, alike, 1)
    problem = whole(registry, asks, slots)
    found = generate(registry, asks, slots, effort=Effort(best=4, spread=4, reserve=8))
    assert proven(problem, found) == solve(problem, "min_cost_flow").primal
    assert found.gap == 0
    assert found.problem.col.size < problem.col.size // 3


@pytest.mark.parametrize("passes_max", [0.0, 1.2, 1.6])
def test_a_budget_ends_it_with_a_bound_that_holds(passes_max: float) -> None:
    """Cut short, the plan is one, its gap is said, and the optimum lies within it."""
    registry, asks, slots = shared_taste(120, 100, 0.8, 2)
    problem = whole(registry, asks, slots)
    effort = Effort(best=2, spread=2, reserve=2, more=1, passes_max=passes_max)
    found = generate(registry, asks, slots, effort=effort)
    last, optimum = found.rounds[-1], solve(problem, "min_cost_flow").primal
    assert proven(problem, found) == last.primal <= optimum <= last.dual
    assert found.gap > 0
    assert all(
        one.passes <= other.passes
        for one, other in zip(found.rounds, found.rounds[1:], strict=False)
    )


def test_good_prices_save_passes() -> None:
    """Told the prices of a like problem, each pair is scored about once."""
    registry, asks, slots = shared_taste(120, 100, 0.5, 3)
    effort = Effort(best=6, spread=4, reserve=12)
    cold = generate(registry, asks, slots, effort=effort)
    warm = generate(registry, asks, slots, prices=cold.prices, effort=effort)
    assert warm.rounds[-1].primal == cold.rounds[-1].primal
    assert warm.rounds[-1].passes <= 1.1 < cold.rounds[-1].passes


def test_the_same_floor_gives_the_same_rounds() -> None:
    """Nothing depends on time or chance: pairs, passes and prices repeat."""
    runs = []
    for _ in range(2):
        registry, asks, slots = shared_taste(60, 50, 0.8, 4)
        found = generate(registry, asks, slots, effort=TIGHT)
        runs.append((found.rounds, found.column.tolist(), found.prices.tolist()))
    assert runs[0] == runs[1]


def test_nobody_to_give_and_nobody_to_take() -> None:
    """Without rows, slots or feasible agents the plan is empty and proven."""
    registry, asks, slots = shared_taste(5, 10, 0.5, 5)
    for given_asks, given_slots in ((make_asks(0), slots), (asks, slots * 0)):
        found = generate(registry, given_asks, given_slots)
        assert (found.rounds[-1].primal, found.gap) == (0, 0)
    asks.base[:] = -6000
    assert not (generate(registry, asks, slots).column >= 0).any()


def test_slots_of_another_form_are_refused() -> None:
    """One number for each agent there is room for, 0 or more."""
    registry, asks, slots = shared_taste(5, 10, 0.5, 6)
    with pytest.raises(ProblemError, match="slots is of shape"):
        generate(registry, asks, slots[:10])
    slots[3] = -1
    with pytest.raises(ProblemError, match=r"capacity\[3\] is -1"):
        generate(registry, asks, slots)
