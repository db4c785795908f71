"""The peers of the solver bench solve the same problem: all optima agree, and who is absent says why."""

import numpy as np
import pytest

from bench import peers_apart
from bench.instances import SHAPES, WEIGHTED, Shape, slots_of, unit_problem, weighted_problem
from bench.peer_forms import cells, dense, doubled, slots, useful
from bench.peers import PEERS, Peer, absent
from solver.backends import solve
from solver.problem import Problem

SMALL = {
    "critical": Shape(40, 40, 1.0, skilled=0.5, seed=3),
    "overload": Shape(40, 40, 1.8, homog=0.9, skilled=0.4, seed=4),
    "light": Shape(20, 60, 0.1, homog=0.0, seed=5),
    "thin": Shape(30, 40, 1.0, skilled=0.05, seed=6),  # rows without a pair, isolated parts
}


def present(name: str) -> Peer:
    """Return a peer, or skip the test where it cannot run."""
    reason = PEERS[name].absent()
    if reason is not None:
        pytest.skip(f"{PEERS[name].title}: {reason}")
    return PEERS[name]


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_finds_the_optimum(name: str) -> None:
    """Whatever the formulation, a peer's value is ours to the last point."""
    peer = present(name)
    for case, shape in SMALL.items():
        problem = unit_problem(shape)
        found = peer.run(problem)
        assert (case, found.value) == (case, solve(problem, "augment").primal)
        assert found.bound == found.value
        assert found.build_ms >= 0
        assert found.solve_ms > 0


def test_or_tools_is_always_there() -> None:
    """What the project depends on cannot be absent; the others are named with a reason."""
    ours = {peer.title for peer in PEERS.values() if peer.title.startswith("OR-Tools")}
    assert len(ours) == 4
    assert not (ours - {"OR-Tools GLOP"}) & absent().keys()
    assert all(absent().values())


def test_a_missing_compiler_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a compiler LEMON is absent, and the report can say so."""
    monkeypatch.setattr(peers_apart.shutil, "which", lambda name: None)
    assert peers_apart._built.__wrapped__() == "there is no C++ compiler"


def test_a_peer_is_not_asked_beyond_its_size() -> None:
    """What would take minutes is left out, and the report says what the limit was."""
    problem = unit_problem(SMALL["critical"])
    peer = Peer("slow one", PEERS["mcf"].run, lambda: None, pairs_max=3)
    assert peer.refuses(problem) == "slow beyond 3 pairs"
    assert PEERS["mcf"].refuses(problem) is None
    huge = peer._replace(pairs_max=10**9, cells_max=cells(problem) - 1)
    assert "cells of rows and slots" in str(huge.refuses(problem))


def test_slots_are_units_of_columns() -> None:
    """A column of three units wanted by two rows becomes two slots, and useless pairs disappear."""
    problem = Problem(
        row_ptr=np.array([0, 2, 3, 4], dtype=np.int32),
        col=np.array([0, 1, 0, 1], dtype=np.int32),
        value=np.array([5, 0, 4, 7], dtype=np.int32),
        capacity=np.array([3, 1], dtype=np.int32),
    )
    assert useful(problem).row.tolist() == [0, 1, 2]
    assert slots(problem).columns == 3
    assert dense(problem).tolist() == [[5, 5, 0], [4, 4, 0], [0, 0, 7]]
    arcs = doubled(problem)
    assert arcs.nodes == 6
    assert (np.diff(arcs.left) >= 0).all()
    assert arcs.cost.min() == 0


@pytest.mark.parametrize("case", ["1k_critical", "weighted_1k_load15"])
def test_the_same_shape_is_the_same_problem(case: str) -> None:
    """Named instances repeat to the bit, and another seed is another problem."""
    made, shape = (
        (weighted_problem, WEIGHTED[case]) if case in WEIGHTED else (unit_problem, SHAPES[case])
    )
    one, other, third = made(shape), made(shape), made(shape._replace(seed=1))
    for name in ("row_ptr", "col", "value", "weight", "capacity"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
    assert one.value.tobytes() != third.value.tobytes()


def test_instances_are_as_loaded_and_as_wide_as_they_say() -> None:
    """Critical floors have a slot for each ticket; no ticket has more than 32 choices; weights fit."""
    critical = unit_problem(SHAPES["1k_critical"])
    assert slots_of(critical) == critical.rows == 1_000
    assert int(np.diff(critical.row_ptr).max()) == 32
    heavy = weighted_problem(WEIGHTED["weighted_1k_load15"])
    assert (heavy.weight <= heavy.capacity[heavy.col]).all()
    assert set(np.unique(heavy.weight)) == {1, 2, 6}
    assert heavy.capacity.max() <= 12
    per_row = heavy.weight[heavy.row_ptr[:-1][np.diff(heavy.row_ptr) > 0]]
    assert 1.4 < per_row.sum() / slots_of(heavy) < 1.55
