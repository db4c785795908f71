"""The plain queue that controls are taken from: its twin, its laws, and what it is good for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.theory.erlang import erlang_a, erlang_b, erlang_c
from simulator.validate.pooled import naive_waits, pooled_waits

FOREVER = 1 << 60
customers = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 90), st.integers(0, 60)), max_size=40
)


@settings(deadline=None)
@given(customers, st.integers(1, 4))
def test_the_recursion_is_its_twin(rows: list[tuple[int, int, int]], servers: int) -> None:
    """Sorted instants at which servers become free say the same as looking for the first one."""
    arrived = np.cumsum([row[0] for row in rows], dtype=np.int64)
    work = np.array([row[1] for row in rows], np.int64)
    patience = np.array([row[2] for row in rows], np.int64)
    found = pooled_waits(arrived, work, patience, servers).tolist()
    assert found == naive_waits(arrived.tolist(), work.tolist(), patience.tolist(), servers)


def drawn(rate: float, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return arrivals and unit work of a seeded Poisson stream, microseconds."""
    rng = np.random.default_rng(7)
    arrived = np.cumsum(rng.exponential(1e6 / rate, n)).astype(np.int64)
    return arrived, rng.exponential(1e6, n).astype(np.int64)


@pytest.mark.parametrize(("patience_s", "law"), [(None, "c"), (2.0, "a"), (0.0, "b")])
def test_it_follows_erlang(patience_s: float | None, law: str) -> None:
    """300,000 customers of three servers: within 3 % of the formulas of Erlang, of all three kinds."""
    n = 300_000
    arrived, work = drawn(2.0, n)
    drawn_s = np.random.default_rng(8).exponential(1.0, n) * 1e6 * (patience_s or 0.0)
    patience = np.full(n, FOREVER) if patience_s is None else drawn_s.astype(np.int64)
    waits = pooled_waits(arrived, work, patience, 3)
    lost = waits < 0
    wait = np.where(lost, -1 - waits, waits).mean() * 1e-6
    if law == "b":
        assert lost.mean() == pytest.approx(erlang_b(3, 2.0), rel=0.03)
        return
    exact = erlang_c(3, 2.0) if law == "c" else erlang_a(3, 2.0, 1.0, 0.5)
    assert wait == pytest.approx(exact.wait, rel=0.03)
    assert (lost | (waits > 0)).mean() == pytest.approx(exact.p_wait, rel=0.03)
    assert lost.mean() == pytest.approx(exact.p_lost, rel=0.03)
