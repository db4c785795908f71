"""The formulas give the printed digits, agree with each other, and with chains solved from scratch."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.theory.chains import NModel, n_model, stationary
from simulator.theory.erlang import (
    erlang_a,
    erlang_a_tail,
    erlang_b,
    erlang_c,
    erlang_c_tail,
    impatient,
    limited,
)
from simulator.theory.formulas import FORMULAS, evaluate
from simulator.theory.single import (
    gamma_poisson,
    pollaczek_khinchine,
    priorities,
    priorities_by_work,
    reopening,
    sharing,
)
from simulator.theory.skills import SkillGraph, longest_idle
from simulator.theory.transient import Period, crowd, scheduled


def digits(*printed: float) -> object:
    """Return what agrees to the eight digits printed."""
    return pytest.approx(list(printed), abs=6e-9)


@pytest.mark.parametrize(
    ("servers", "load", "printed"),
    [(10, 7, 0.07874088), (20, 15, 0.04559322), (50, 45, 0.05410447), (100, 90, 0.02695738), (200, 195, 0.04028414)],
)  # fmt: skip
def test_erlang_b(servers: int, load: float, printed: float) -> None:
    """Blocking of five systems, and the same from the sum that defines it."""
    assert erlang_b(servers, load) == pytest.approx(printed, abs=6e-9)
    terms = [load**n / math.factorial(n) for n in range(servers + 1)]
    assert erlang_b(servers, load) == pytest.approx(terms[-1] / math.fsum(terms))


@pytest.mark.parametrize(
    ("servers", "rate", "p_wait", "wait"),
    [
        (10, 8, 0.40918015, 0.20459008), (12, 8.4, 0.18388863, 0.05108018),
        (20, 18, 0.55076900, 0.27538450), (50, 45, 0.36386447, 0.07277289),
        (100, 95, 0.50645685, 0.10129137),
    ],
)  # fmt: skip
def test_erlang_c(servers: int, rate: float, p_wait: float, wait: float) -> None:
    """Waiting of five systems; with room for many it is the limited queue."""
    found = erlang_c(servers, rate)
    assert [found.p_wait, found.wait] == digits(p_wait, wait)
    roomy = limited(servers, rate, 1.0, 2_000)
    assert list(roomy) == pytest.approx(list(found), rel=1e-9)


@pytest.mark.parametrize(
    ("rate", "service_rate", "patience_rate", "servers", "printed"),
    [
        (18, 1, 0.5, 20, (0.03783598, 0.39779515, 0.07567196)),
        (100, 1, 1 / 3, 95, (0.05920889, 0.86026344, 0.17762666)),
        (100, 1, 0.5, 100, (0.03303015, 0.59670314, 0.06606031)),
        (4.2, 0.5, 1, 12, (0.02967891, 0.12737228, 0.02967891)),
    ],
)
def test_erlang_a(
    rate: float, service_rate: float, patience_rate: float, servers: int, printed: tuple[float, ...]
) -> None:
    """Loss and waits of four systems, by integrals and by birth and death."""
    found = erlang_a(servers, rate, service_rate, patience_rate)
    assert [found.p_lost, found.p_wait, found.wait] == digits(*printed)
    chain = limited(servers, rate, service_rate, 500, patience_rate)
    assert [chain.p_lost, chain.p_wait, chain.wait] == digits(*printed)


def test_the_introductory_example_of_the_square_root_paper() -> None:
    """Garnett, Mandelbaum and Reiman (2002): 50 agents, 48 calls a minute; every printed figure."""
    patient, leaving = erlang_c(50, 48), erlang_a(50, 48, 1.0, 0.5)
    assert round(100 * leaving.p_lost, 1) == 3.1
    assert [round(60 * patient.wait, 1), round(60 * leaving.wait, 1)] == [20.8, 3.7]
    assert [round(patient.queue), round(leaving.queue)] == [17, 3]
    assert [round(100 * patient.busy), round(100 * leaving.busy)] == [96, 93]
    assert erlang_c_tail(50, 48, 1.0, 58.1 / 60) == pytest.approx(0.1, abs=5e-4)
    assert erlang_a_tail(50, 48, 1.0, 0.5, 12.5 / 60) == pytest.approx(0.0991, abs=5e-5)


def test_patience_of_any_law() -> None:
    """Endless patience is Erlang C; tails of the answered and lost add up to the mean wait."""
    endless = impatient(10, (8.0, 1.0), lambda _: 1.0, lambda t: t)
    assert list(endless) == pytest.approx(list(erlang_c(10, 8.0)), rel=1e-9, abs=1e-12)
    grid = np.linspace(0, 12, 1201)
    tail = [erlang_a_tail(20, 18, 1.0, 0.5, t) for t in grid]
    assert np.trapezoid(tail, grid) == pytest.approx(erlang_a(20, 18, 1.0, 0.5).wait, rel=1e-3)


def test_one_server() -> None:
    """Pollaczek and Khinchine at three variances; the exponential one is Erlang C with one server."""
    found = [pollaczek_khinchine(0.8, 1.0, cv2) for cv2 in (0.0, 1.0, math.expm1(0.81))]
    assert found == pytest.approx([2.0, 4.0, 4.495816], abs=5e-7)
    assert erlang_c(1, 0.8).wait == pytest.approx(4.0)


def test_priority_classes() -> None:
    """Cobham's waits; whatever the order, the work that waits is the same (Kleinrock)."""
    assert priorities([6, 6, 6], 1.0, 20) == digits(0.03934064, 0.09835161, 0.68846126)
    assert priorities([0.3, 0.5], 1.0) == pytest.approx([1.142857, 5.714286], abs=5e-7)
    assert priorities_by_work([0.4, 0.2], [1.0, 0.5]) == pytest.approx([2.0, 10.0])
    by_class = [6 / 18 * wait for wait in priorities([6, 6, 6], 1.0, 20)]
    assert sum(by_class) == pytest.approx(erlang_c(20, 18).wait)


def test_reopening_is_more_of_the_same() -> None:
    """A fifth that comes back makes 14.4 arrivals the load of 18."""
    assert [reopening(20, 14.4, 1.0, 0.2).wait] == digits(0.27538450)


def test_shared_agents() -> None:
    """Chats at an agent: the printed law, and Erlang B when each chat goes at full speed."""
    chat = sharing(0.8, (1, 0.8, 0.65, 0.55))
    assert chat.law == pytest.approx([0.412579, 0.330063, 0.165032, 0.067705, 0.024620], abs=6e-7)
    assert chat.chats == pytest.approx(0.961723, abs=6e-7)
    assert sharing(7.0, (1.0,) * 10).p_blocked == pytest.approx(erlang_b(10, 7.0))


@pytest.mark.parametrize(
    ("graph", "p_wait", "wait", "busy"),
    [
        (
            SkillGraph((0.6, 0.9), (1, 0.9), ((0,), (0, 1))),
            (0.859744, 0.657451), (3.287256, 1.643628), (0.859744, 0.711396),
        ),
        (
            SkillGraph((1, 0.9), (1, 0.8, 0.6), ((0, 2), (1, 2))),
            (0.705773, 0.728339), (1.743553, 2.044953), (0.744088, 0.770243, 0.899530),
        ),
    ],
)  # fmt: skip
def test_skill_graphs(
    graph: SkillGraph, p_wait: tuple[float, ...], wait: tuple[float, ...], busy: tuple[float, ...]
) -> None:
    """The N and the W graph, to the digits printed."""
    found = longest_idle(graph)
    assert found.p_wait == pytest.approx(p_wait, abs=6e-7)
    assert found.wait == pytest.approx(wait, abs=6e-7)
    assert found.busy == pytest.approx(busy, abs=6e-7)


@settings(deadline=None)
@given(st.integers(1, 5), st.floats(0.1, 0.95))
def test_one_pool_is_erlang_c(servers: int, load: float) -> None:
    """A graph where everybody serves everything is Erlang's queue."""
    rate = load * servers
    found = longest_idle(SkillGraph((rate,), (1.0,) * servers, (tuple(range(servers)),)))
    assert found.p_wait[0] == pytest.approx(erlang_c(servers, rate).p_wait)
    assert found.wait[0] == pytest.approx(erlang_c(servers, rate).wait)


@settings(deadline=None, max_examples=15)
@given(st.lists(st.lists(st.floats(0.05, 0.3), min_size=2, max_size=2), min_size=3, max_size=3))
def test_work_is_conserved_on_any_graph(rates: list[list[float]]) -> None:
    """Servers together work off what comes in, whatever the edges."""
    graph = SkillGraph([a + b for a, b in rates], (0.9, 1.0, 1.3), ((0, 1), (1, 2), (0, 1, 2)))
    found = longest_idle(graph)
    done = sum(b * mu for b, mu in zip(found.busy, graph.service_rates, strict=True))
    assert done == pytest.approx(sum(graph.rates))


def test_overloaded_graphs_are_refused() -> None:
    """Types that overload the servers they share are named."""
    with pytest.raises(ValueError, match=r"servers \[0\] have more work than they can do"):
        longest_idle(SkillGraph((1.2, 0.1), (1.0, 1.0), ((0,), (0, 1))))


def test_the_n_model() -> None:
    """4,317 states of the larger chain, or fewer with less room: the same printed digits."""
    found = n_model(NModel((10, 8), (8, 12), 1.0, 0.5, room=32))
    assert found.p_abandon == pytest.approx([0.041744, 0.042662], abs=6e-7)
    assert found.wait == pytest.approx([0.083488, 0.085323], abs=6e-7)
    assert found.occupancy == pytest.approx([0.871221, 0.855958], abs=6e-7)
    with pytest.raises(ValueError, match="expected more: so many may wait"):
        n_model(NModel((10, 8), (8, 12), 1.0, 0.5, room=4))


def test_a_chain_by_its_moves() -> None:
    """A queue with two places, solved from its moves, is birth and death."""
    law = stationary(0, lambda n: [(2.0, n + 1)] * (n < 2) + [(3.0, n - 1)] * (n > 0))
    weights = [1, 2 / 3, 4 / 9]
    assert list(law.values()) == pytest.approx([w / sum(weights) for w in weights])


def test_a_day_that_settles_is_the_steady_state() -> None:
    """Long constant periods end in Erlang A; servers who leave finish their customer first."""
    (step,) = scheduled([Period(40.0, 18.0, 20)], 1.0, 0.5, room=60)
    found = erlang_a(20, 18.0, 1.0, 0.5)
    assert step.queue == pytest.approx(found.queue, abs=1e-8)
    assert step.busy == pytest.approx(20 * found.busy, abs=1e-8)
    early, late = scheduled([Period(5.0, 12.0, 20), Period(1.0, 1e-12, 0)], 1.0, 1e-12, room=60)
    assert late.busy == pytest.approx(early.busy * math.exp(-1.0), rel=1e-9)
    assert late.queue == pytest.approx(early.queue, rel=1e-9)


def test_who_leaves_finishes_and_who_stays_goes_on() -> None:
    """After a drop, against a chain with the finishing servers in its state, solved by small steps."""
    before, after = Period(2.0, 4.0, 4), Period(0.7, 4.0, 2)
    chain = {(0, 0): 1.0}
    for period, leaves in ((before, 0), (after, 2)):
        if leaves:
            moved: dict[tuple[int, int], float] = {}
            for (n, _), p in chain.items():
                over = max(min(n, 4) - 2, 0)
                moved[n - over, over] = moved.get((n - over, over), 0.0) + p
            chain = moved
        for _ in range(round(period.length / 0.001)):
            step: dict[tuple[int, int], float] = {}
            for (n, g), p in chain.items():
                waiting = max(n - period.servers, 0)
                flows = {
                    (n + 1, g): period.rate * (n < 30),
                    (n - 1, g): min(n, period.servers) + 0.5 * waiting,
                    (n, g - 1): float(g),
                }
                for there, rate in flows.items():
                    if rate > 0:
                        step[there] = step.get(there, 0.0) + 0.001 * rate * p
                step[n, g] = step.get((n, g), 0.0) + p * (1 - 0.001 * sum(flows.values()))
            chain = step
    last = scheduled([before, after], 1.0, 0.5, room=40)[-1]
    busy = sum(p * (min(n, 2) + g) for (n, g), p in chain.items())
    assert last.busy == pytest.approx(busy, rel=2e-3)
    assert last.queue == pytest.approx(
        sum(p * max(n - 2, 0) for (n, _), p in chain.items()), rel=2e-3
    )


def test_a_day_loses_nobody() -> None:
    """Arrived = served + abandoned + still there, in every period of a day that changes."""
    periods = [Period(3, 18, 20), Period(3, 18, 12), Period(25, 5, 12), Period(2, 30, 22)]
    before = 0.0
    for step in scheduled(periods, 1.0, 0.5, room=120):
        there = step.busy + step.queue
        assert before + step.arrived == pytest.approx(
            there + step.served + step.abandoned, abs=1e-8
        )
        before = there
    with pytest.raises(ValueError, match="room is 3"):
        scheduled(periods, 1.0, 0.5, room=3)
    with pytest.raises(ValueError, match="rise to 22 while others are still finishing"):
        scheduled([*periods[:2], periods[3]], 1.0, 0.5)


def test_a_crowd_without_limit() -> None:
    """Exponential work from empty; fixed work counts the last arrivals only."""
    steady = [Period(5.0, 100.0, 0)]
    assert crowd(steady, lambda u: math.exp(-u), 5.0) == pytest.approx(100 * -math.expm1(-5.0))
    rising = [Period(1.0, 10.0, 0), Period(1.0, 40.0, 0)]
    assert crowd(rising, lambda u: float(u < 0.5), 1.2) == pytest.approx(
        0.3 * 10 + 0.2 * 40, rel=1e-2
    )


def test_mixed_counts() -> None:
    """Variance over mean is 1 + m/a, and the share of empty days is the mixture's."""
    found = gamma_poisson(20.0, 10.0)
    assert found.variance / found.mean == pytest.approx(1 + 20 / 10)
    busyness = np.random.default_rng(1).gamma(10.0, 0.1, 400_000)
    assert found.p_none == pytest.approx(np.exp(-20.0 * busyness).mean(), rel=0.05)


def test_formulas_by_name() -> None:
    """Every formula of the table gives finite values for a plain case, and refuses others' names."""
    plain = {
        "servers": 3, "rate": 2.0, "service_rate": 1.0, "patience_rate": 0.5, "room": 4, "cv2": 1.0,
        "share": 0.2, "rates_by_level": [1.0, 0.8], "mean": 5.0, "shape": 3.0, "agents": [2, 2],
        "serves": [[0], [0, 1]], "service_rates": [1.0, 1.0], "law": "lognormal", "log_sd": 0.8,
        "lengths": [1.0, 2.0], "at": [1.5],
    }  # fmt: skip
    other = {
        "pollaczek_khinchine": {"rate": 0.5, "work": 1.0},
        "crowd": {"rates": [3.0, 2.0], "work": 1.0},
        "scheduled": {"rates": [3.0, 2.0], "servers": [2, 3]},
    }
    for name, formula in FORMULAS.items():
        asked = {**plain, "rates": [0.4, 0.5], **other.get(name, {})}
        given_ = {key: asked[key] for key in (*formula.asks, *formula.may_ask) if key in asked}
        values = evaluate(name, given_)
        assert values
        assert all(math.isfinite(each) for row in values.values() for each in row), name
    with pytest.raises(ValueError, match="formula is 'erlang_d'"):
        evaluate("erlang_d", {})
    with pytest.raises(ValueError, match=r"load is unknown, expected servers, rate, service_rate"):
        evaluate("erlang_b", {"servers": 1, "rate": 1.0, "service_rate": 1.0, "load": 1.0})
    with pytest.raises(ValueError, match="servers is missing"):
        evaluate("erlang_b", {})
