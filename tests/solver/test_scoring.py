"""Scoring against its slow twin, its vector path against its plain one, and the registry against a new one."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.problem import ProblemError
from solver.scoring.arrays import FEATURE_ONE, FEATURES, PICKS_MAX, make_work
from solver.scoring.asks import BASE_MAX, TABLE_MAX, WEIGHT_MAX, check_asks, make_asks
from solver.scoring.registry import OFFSET_MAX, Profile, Registry
from solver.scoring.vectors import LANES, VECTOR, lanes_of
from tests.house.rooms import ROOT
from tests.naive_scoring import naive_best, naive_feasible, naive_parts, naive_worth
from tests.scoring_floors import (
    ABILITIES,
    OFFSETS,
    TAGS,
    Small,
    asks_of,
    listed,
    picks,
    profile,
    registry_of,
)

PATHS = [False, True] if VECTOR else [False]
SHAPES = [
    Small(share=0.1),
    Small(),
    Small(share=0.95),
    Small(spread=1.0),
    Small(share=1.0, spread=0.0),
]
RESULTS = ("agent", "value", "picks", "bound", "scored")


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6), about=st.sampled_from(SHAPES), best=st.integers(1, 70))
def test_the_best_are_those_that_sorting_all_pairs_finds(
    seed: int, about: Small, best: int
) -> None:
    """Agents, points and the bound on whoever was left out agree with the slow twin on either path."""
    chance = np.random.default_rng(seed)
    registry = registry_of(chance, about)
    agents, asks = registry.arrays, asks_of(chance, about, registry)
    for vector in PATHS:
        work = picks(agents, asks, (best, 0), vector=vector)
        for row in range(about.rows):
            found = listed(work, row)
            assert list(found) == naive_best(agents, asks, row, best)
            worth = {
                a: naive_worth(agents, asks, row, a) for a in naive_feasible(agents, asks, row)
            }
            assert all(points == worth[agent] for agent, points in found.items())
            left = [worth[a] - int(agents.price[a]) for a in worth if a not in found]
            assert max(left, default=-(1 << 30)) <= work.bound[row]


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), about=st.sampled_from(SHAPES), spread=st.integers(1, 40))
def test_spread_picks_are_one_of_each_part(seed: int, about: Small, spread: int) -> None:
    """Besides the best, every equal part of the other feasible agents gives one, unless it is worth nothing."""
    chance = np.random.default_rng(seed)
    registry = registry_of(chance, about)
    agents, asks = registry.arrays, asks_of(chance, about, registry)
    for vector in PATHS:
        work = picks(agents, asks, (3, spread), vector=vector)
        for row in range(about.rows):
            found, best = set(listed(work, row)), set(naive_best(agents, asks, row, 3))
            assert best <= found
            rest = [a for a in naive_feasible(agents, asks, row) if a not in best]
            for part in naive_parts(rest, spread):
                (chosen,) = found.intersection(part) or {-1}
                assert (
                    chosen >= 0
                    or any(naive_worth(agents, asks, row, a) <= 0 for a in part)
                    or not part
                )
            assert all(naive_worth(agents, asks, row, a) > 0 for a in found - best)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("quota", [(32, 0), (16, 16), (100, 28), (1, 1)])
def test_vector_and_plain_code_give_the_same_integers(share: float, quota: tuple[int, int]) -> None:
    """A thousand agents, more rows than a chunk holds: every pick, point and bound is the same."""
    chance = np.random.default_rng(int(share * 100) + quota[0])
    about = Small(agents=1000, rows=150, share=share)
    registry = registry_of(chance, about)
    asks = asks_of(chance, about, registry)
    plain, fast = (picks(registry.arrays, asks, quota, vector=path) for path in (False, VECTOR))
    assert plain.picks.any()
    for name in RESULTS:
        assert np.array_equal(getattr(plain, name), getattr(fast, name)), name


def test_the_order_and_company_of_rows_does_not_matter() -> None:
    """A row's picks are the same alone, in reverse order, and among others."""
    chance = np.random.default_rng(4)
    about = Small(agents=400, rows=90)
    registry = registry_of(chance, about)
    asks = asks_of(chance, about, registry)
    together = picks(registry.arrays, asks, (8, 4), vector=VECTOR)
    backward = picks(registry.arrays, asks, (8, 4), vector=VECTOR, rows=range(89, -1, -1))
    for row in (0, 1, 44, 89):
        alone = picks(registry.arrays, asks, (8, 4), vector=VECTOR, rows=[row])
        assert listed(alone, row) == listed(together, row) == listed(backward, row)


def test_equals_go_by_number() -> None:
    """Where all agents are worth the same, the lowest are picked, however often the pool was cut back."""
    registry = Registry(1000, abilities=0, tags=0)
    nothing = Profile([0] * FEATURES, [], [], [5])
    for agent in range(1000):
        registry.put(agent, nothing)
    for vector in PATHS:
        work = picks(registry.arrays, make_asks(5), (40, 0), vector=vector)
        assert work.agent.tolist() == [list(range(40))] * 5
        assert work.bound.tolist() == [5] * 5


def test_the_largest_numbers_do_not_overflow() -> None:
    """All weights, features, tables, offsets and bases at their limits, either way, add up exactly."""
    registry = Registry(64, abilities=1, tags=0)
    for agent in range(64):
        sign = 1 if agent % 2 else -1
        features = [sign * FEATURE_ONE] * FEATURES
        registry.put(agent, Profile(features, [7 * (agent % 2)], [], [sign * OFFSET_MAX]))
    registry.set_prices(np.full(64, 1 << 20))
    asks = make_asks(2)
    asks.weight[:] = WEIGHT_MAX // FEATURES
    asks.ability[:, 0] = 0
    asks.table[:, 0, 0], asks.table[:, 0, 7] = -TABLE_MAX, TABLE_MAX
    asks.base[:] = BASE_MAX
    check_asks(asks, registry)
    for vector in PATHS:
        work = picks(registry.arrays, asks, (64, 0), vector=vector)
        assert set(work.value[:, 1::2].flat) == {1 << 20}
        assert set(work.value[:, ::2].flat) == {-(1 << 19)}


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6))
def test_a_registry_that_changed_is_the_registry_built_anew(seed: int) -> None:
    """After agents came, went and changed, every set and number is what building it once gives."""
    chance = np.random.default_rng(seed)
    about = Small(agents=100)
    changed = Registry(100, abilities=ABILITIES, tags=TAGS, offsets=OFFSETS)
    known: dict[int, Profile] = {}
    prices = np.zeros(changed.agents, dtype=np.int32)
    for _ in range(150):
        agent, what = int(chance.integers(100)), chance.integers(5)
        if what == 0:
            changed.remove(agent)
            known.pop(agent, None)
        elif what == 1 and agent in known:
            tag, on = int(chance.integers(TAGS)), bool(chance.integers(2))
            changed.set_tag(agent, tag, on)
            tags = np.array(known[agent].tags)
            tags[tag] = on
            known[agent] = known[agent]._replace(tags=tags)
        elif what == 2 and agent in known:
            changed.set_offset(agent, 1, 77)
            known[agent] = known[agent]._replace(offsets=[known[agent].offsets[0], 77])
        elif what == 3:
            prices = chance.integers(0, 50, changed.agents)
            changed.set_prices(prices)
        else:
            known[agent] = profile(chance, about)
            changed.put(agent, known[agent])
    anew = Registry(100, abilities=ABILITIES, tags=TAGS, offsets=OFFSETS)
    anew.set_prices(prices)
    for agent, each in known.items():
        anew.put(agent, each)
    assert np.array_equal(changed.arrays.sets, anew.arrays.sets)
    present = sorted(known)
    for name in ("feature_row", "price"):
        assert np.array_equal(
            getattr(changed.arrays, name)[present], getattr(anew.arrays, name)[present]
        )
    for name in ("levels", "offset", "net"):
        assert np.array_equal(
            getattr(changed.arrays, name)[:, present], getattr(anew.arrays, name)[:, present]
        )
    for agent in present:
        block = anew.arrays.features[agent // 64, :, agent % 64]
        assert np.array_equal(changed.arrays.features[agent // 64, :, agent % 64], block)
        assert block.ravel().tolist() == anew.arrays.feature_row[agent].tolist()


SCRIPT = """
import json
import numpy as np
from router import kernel_cache
kernel_cache.settle()
from solver.scoring.vectors import LANES, VECTOR
from tests.scoring_floors import Small, asks_of, picks, registry_of
chance = np.random.default_rng(3)
about = Small(agents=190, rows=5)
registry = registry_of(chance, about)
work = picks(registry.arrays, asks_of(chance, about, registry), (6, 3), vector=VECTOR)
print(json.dumps([LANES, work.agent.tolist(), work.value.tolist(), work.bound.tolist()]))
"""


def told(**settings_: str) -> list[object]:
    """Return what the script prints under other settings of Numba."""
    environ = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"} | settings_
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT], cwd=ROOT, env={**environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer: list[object] = json.loads(done.stdout)
    return answer


@pytest.mark.slow
def test_plain_python_gives_the_same_integers() -> None:
    """With the JIT switched off the same kernels run as Python, without a warning, to the same picks."""
    lanes, *found = told(NUMBA_DISABLE_JIT="1")
    assert lanes == 0
    assert found == told()[1:]


@pytest.mark.slow
@pytest.mark.skipif(LANES == 0, reason="needs a processor with AVX2")
def test_shorter_vectors_give_the_same_integers() -> None:
    """Compiled for a processor without AVX-512, vectors of 8 come to the same picks."""
    lanes, *found = told(
        NUMBA_CPU_NAME="haswell", NUMBA_CPU_FEATURES="+avx,+avx2,+fma,+bmi,+bmi2,+popcnt"
    )
    assert lanes == 8
    assert found == told()[1:]


@pytest.mark.parametrize(
    ("features", "lanes"),
    [
        ({"+avx512bw", "+avx512vl", "+avx2"}, 16),
        ({"+avx512bw"}, 0),
        ({"+avx2", "-avx512bw"}, 8),
        ({"+neon"}, 0),
    ],
)
def test_vectors_are_as_long_as_the_processor_likes(features: set[str], lanes: int) -> None:
    """Sixteen numbers with AVX-512, eight with AVX2, and plain loops elsewhere."""
    assert lanes_of(frozenset(features)) == lanes


def test_a_bad_agent_is_refused_by_name() -> None:
    """What is out of bounds is named with its place and value, and nothing is changed."""
    registry = Registry(64, abilities=2, tags=1)
    good = Profile([0] * FEATURES, [0, 7], [1], [0])
    registry.put(3, good)
    before = registry.arrays.sets.copy()
    for bad, said in (
        (
            good._replace(features=[0] * 31 + [5000]),
            "features[31] is 5000; expected -4096 to 4096.",
        ),
        (good._replace(features=[0] * 31), "features is of shape (31,); expected (32,)."),
        (good._replace(levels=[0, 8]), "levels[1] is 8; expected 0 to 7."),
        (good._replace(levels=[0, 0.5]), "levels is of float64; expected whole numbers."),
        (good._replace(tags=[2]), "tags[0] is 2; expected 0 to 1."),
        (
            good._replace(offsets=[1 << 20]),
            f"offsets[0] is {1 << 20}; expected {-OFFSET_MAX} to {OFFSET_MAX}.",
        ),
    ):
        with pytest.raises(ProblemError) as caught:
            registry.put(4, bad)
        assert str(caught.value) == said
    with pytest.raises(ProblemError, match="agent is 64; expected 0 to 63"):
        registry.remove(64)
    with pytest.raises(ProblemError, match="level is 0; expected 1 to 7"):
        registry.at_least(0, 0)
    assert np.array_equal(before, registry.arrays.sets)


@pytest.mark.parametrize(
    ("name", "place", "value", "said"),
    [
        ("need", (1, 0), 99, r"need\[1, 0\] is 99; expected -1 to 15"),
        ("ability", (0, 2), -2, r"ability\[0, 2\] is -2"),
        ("weight", (1, slice(None)), 30_000, r"weight\[1\] is 960000 points in all"),
        ("table", (0, 1, 3), 7, r"table\[0, 1\] is not 0; expected 0 where ability is -1"),
        ("table", (0, 0, 3), 1 << 20, r"table\[0\] is 1048576 points in all"),
        ("base", (1,), 1 << 20, r"base\[1\] is 1048576"),
        ("barred", (0, 0), 64, r"barred\[0, 0\] is 64"),
        ("salt", (0,), -1, r"salt\[0\] is -1"),
    ],
)
def test_a_bad_ask_is_refused_by_name(
    name: str, place: tuple[object, ...], value: int, said: str
) -> None:
    """Kernels check nothing, so what they could not bear is found before, with its place."""
    registry = Registry(64, abilities=2, tags=1)
    asks = make_asks(2)
    asks.ability[0, 0] = 1
    check_asks(asks, registry)
    getattr(asks, name)[place] = value
    with pytest.raises(ProblemError, match=said):
        check_asks(asks, registry)


def test_asks_of_another_form_are_refused() -> None:
    """An array of another dtype, length or order is named."""
    registry, asks = Registry(64, abilities=1, tags=0), make_asks(2)
    for name, array in (
        ("limit", np.zeros(2)),
        ("salt", np.zeros(3, dtype=np.int64)),
        ("weight", np.asfortranarray(np.zeros((2, FEATURES), dtype=np.int16))),
    ):
        with pytest.raises(ProblemError, match=f"^{name} is "):
            check_asks(asks._replace(**{name: array}), registry)


@pytest.mark.parametrize("quota", [(0, 5), (1, -1), (PICKS_MAX, 1)])
def test_a_quota_has_bounds(quota: tuple[int, int]) -> None:
    """No best pick, fewer than no spread ones and more than a pool holds are refused."""
    with pytest.raises(ValueError, match="best and spread are"):
        make_work(1, 64, *quota)
