"""The fast kernels say exactly what their slow twins say."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from router.core import codes as c
from router.core.limits import SECOND_US, TIME_US_MAX
from router.core.machine import Machine
from solver.kernels import eligible, terms
from solver.kernels.match import add_fit
from tests import naive, tapes

WORDS = st.lists(st.integers(0, 2**64 - 1), min_size=3, max_size=3)
EDGES = st.sampled_from([0, 1, 2**63, 2**64 - 1])
UNITS = st.integers(1, 10**6)
ROWS = st.one_of(WORDS, st.lists(EDGES, min_size=3, max_size=3))


def row(words: list[int]) -> np.ndarray:
    """Return words as the kernels take them."""
    return np.array(words, dtype=np.uint64)


@given(words=ROWS, agent=st.integers(0, 191), on=st.booleans())
def test_bits_are_set_and_read(words: list[int], agent: int, on: bool) -> None:
    """Setting a bit changes that bit only; reading it gives it back."""
    bits = row(words)
    eligible.set_bit(bits, agent, on)
    right = naive.naive_bits(words) - {agent} | ({agent} if on else set())
    assert naive.naive_bits(bits) == right
    assert [a for a in range(192) if eligible.has_bit(bits, a)] == sorted(right)
    assert eligible.count_bits(bits) == len(right)


@given(words=ROWS, others=st.lists(ROWS, min_size=1, max_size=4), data=st.data())
def test_sets_are_met_and_joined(
    words: list[int], others: list[list[int]], data: st.DataObject
) -> None:
    """AND with one set, and with the union of several."""
    bits = row(words)
    eligible.keep_common(bits, row(others[0]))
    assert naive.naive_bits(bits) == naive.naive_bits(words) & naive.naive_bits(others[0])
    members = data.draw(st.lists(st.integers(0, len(others) - 1), max_size=4))
    bits = row(words)
    table = np.array(others, dtype=np.uint64)
    eligible.keep_any(bits, table, np.array([*members, 0], dtype=np.int32), len(members))
    union = set().union(*(naive.naive_bits(others[m]) for m in members))
    assert naive.naive_bits(bits) == naive.naive_bits(words) & union


@given(agents=st.integers(0, 192), words=ROWS)
def test_the_first_agents_fill_a_row(agents: int, words: list[int]) -> None:
    """Whatever was there before."""
    bits = row(words)
    eligible.fill_bits(bits, agents)
    assert naive.naive_bits(bits) == set(range(agents))


@given(word=st.one_of(st.integers(1, 2**64 - 1), st.integers(0, 63).map(lambda b: 1 << b)))
def test_the_lowest_bit_is_found(word: int) -> None:
    """Of any word that is not zero."""
    assert eligible.lowest_bit(np.uint64(word)) == (word & -word).bit_length() - 1


@given(
    wait_us=st.integers(0, TIME_US_MAX),
    target_us=st.integers(1, TIME_US_MAX),
    priority=st.integers(0, 9),
)
def test_urgency_and_idleness_are_their_fractions(
    wait_us: int, target_us: int, priority: int
) -> None:
    """Integers all the way, up to the last instant there is."""
    assert terms.urgency(wait_us, target_us, priority) == naive.naive_urgency(
        wait_us, target_us, priority
    )
    assert terms.idle(wait_us) == naive.naive_idle(wait_us)


@given(used=UNITS, cost=UNITS, units=UNITS, level=st.integers(0, 5))
def test_load_and_fit_are_their_fractions(used: int, cost: int, units: int, level: int) -> None:
    """Whatever an agent's size, and for every level."""
    assert terms.load(used, cost, units) == naive.naive_load(used, cost, units)
    assert terms.fit(level, used) == naive.naive_fit(level, used)


@given(seed=st.integers(0, 2**32), weight=st.integers(0, 2000))
def test_fits_are_added_where_the_mask_has_somebody(seed: int, weight: int) -> None:
    """Each agent of the mask gains exactly its fit."""
    rng = np.random.default_rng(seed)
    levels = rng.integers(0, 6, (130, 2)).astype(np.uint8)
    mask = rng.integers(0, 2**63, 3).astype(np.uint64) * rng.integers(0, 2, 3).astype(np.uint64)
    before = rng.integers(-50, 50, 130).astype(np.int32)
    out = before.copy()
    add_fit(out, levels, 1, weight, mask)
    for a in naive.naive_bits(mask):
        if a < 130:
            assert out[a] == before[a] + naive.naive_fit(int(levels[a, 1]), weight)


@given(seed=st.integers(0, 2**32), agents_first=st.booleans())
def test_eligibility_and_matches_are_the_pairwise_rules(seed: int, agents_first: bool) -> None:
    """Whole words at once when a profile comes, pair by pair when an agent changes: the same."""
    rng = random.Random(seed)
    said = tapes.floor(rng)
    kinds = (c.SET_AGENT, c.SET_PROFILE) if agents_first else (c.SET_PROFILE, c.SET_AGENT)
    machine = Machine()
    for each in sorted(said, key=lambda one: kinds.index(one.kind) if one.kind in kinds else -1):
        if each.kind != c.SET_PRESENCE:
            each.to(machine)
    machine.run()
    s = machine.arrays
    assert s.head[0]["agents"] == tapes.AGENTS
    for p in range(tapes.PROFILES):
        able = {a for a in range(tapes.AGENTS) if naive.naive_may_take(s, p, a)}
        assert naive.naive_bits(s.eligible[p]) == able
        assert {a: int(s.match[p, a]) for a in able} == {
            a: naive.naive_match(s, p, a) for a in able
        }


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from([3, 5])), max_size=30), st.data())
def test_lanes_are_sorted_lists(tickets: list[tuple[int, int]], data: st.DataObject) -> None:
    """Whatever joins and leaves, who is served next is the highest priority and the oldest."""
    machine = Machine()
    machine.push(c.SET_CHANNEL, 0, aux=0, words=[1, -1, 0, 0, 0, 1, 0, 0])
    machine.push(c.SET_QUEUE, 0, aux=0, words=[SECOND_US, 1, 800, 0])
    machine.push(
        c.SET_POLICY, 0, words=tapes.policy(random.Random(1))["words"][:6] + [0, 1, 1, 3] + [0] * 9
    )
    machine.push(c.SET_PROFILE, 0, profile=0, words=[0, 0, 0, -1, -1, 0, 0, 0, 0, 0, -1, -1, 0, 0])
    for start_s, priority in tickets:
        words = [start_s * SECOND_US, 0, 2**62, SECOND_US, 2**62, 0, 2**62, priority, 0]
        machine.push(c.ADD_TICKET, 30 * SECOND_US, profile=0, words=words)
    gone = data.draw(st.sets(st.integers(0, max(0, len(tickets) - 1)))) if tickets else set()
    for t in gone:
        machine.push(c.CANCEL_TICKET, 30 * SECOND_US, ticket=t)
    units = [0, -1, 1, 99, 0, 0, 0, 0, 1, 0, 1, -1]
    machine.push(c.SET_AGENT, 31 * SECOND_US, agent=0, words=units)
    machine.push(c.SET_PRESENCE, 31 * SECOND_US, agent=0, aux=c.AVAILABLE)
    events = machine.run().events
    served = [int(e["ticket"]) for e in events if e["kind"] == c.E_OFFERED]
    waiting = [t for t in range(len(tickets)) if t not in gone]
    assert served == sorted(waiting, key=lambda t: (-tickets[t][1], tickets[t][0], t))


@given(st.lists(st.integers(1, 50), min_size=1, max_size=25))
def test_timers_fire_in_the_order_of_their_instants(ends_s: list[int]) -> None:
    """Scheduled tickets start in the order of (instant, row), all of them, whatever the heap looks like."""
    machine = Machine()
    machine.push(c.SET_CHANNEL, 0, aux=0, words=[1, -1, 0, 0, 0, 0, 0, 0])
    machine.push(c.SET_QUEUE, 0, aux=0, words=[SECOND_US, 1, 800, 0])
    machine.push(c.SET_PROFILE, 0, profile=0, words=[0, 0, 0, -1, -1, 0, 0, 0, 0, 0, -1, -1, 0, 0])
    for end_s in ends_s:
        words = [0, end_s * SECOND_US, 2**62, SECOND_US, 2**62, 0, 2**62, 5, 0]
        machine.push(c.ADD_TICKET, 0, profile=0, words=words)
    machine.push(c.TICK, 60 * SECOND_US)
    fired = [(int(e["at_us"]) // SECOND_US, int(e["ticket"])) for e in machine.run().events
             if e["kind"] == c.E_QUEUED]  # fmt: skip
    assert fired == sorted((end_s, t) for t, end_s in enumerate(ends_s))
