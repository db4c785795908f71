"""Explanations say what the core knows: the same candidates, the same values, every constraint."""

from __future__ import annotations

import random

import numpy as np
import pytest

from router.core import codes as c
from router.core.machine import Machine
from router.explain import explain
from router.explain.answer import answer
from router.explain.case import Case
from router.explain.exclusions import EXCLUSIONS
from tests import tapes
from tests.router.explain.floors import (
    NAMES,
    cooling,
    core_candidates,
    core_worth,
)


def every_case(seed: int, commands: int = 60) -> list[tuple[Machine, Case]]:
    """Return the cases of all waiting tickets after each run of a tape."""
    rng, machine = random.Random(seed), Machine()
    for said in tapes.floor(rng):
        said.to(machine)
    machine.run()
    found, at_us = [], 0
    for _ in range(commands):
        at_us += tapes.some_s(rng) // 2
        tapes.deal(rng, machine, at_us).to(machine)
        machine.run()
        top = int(machine.arrays.head[0]["ticket_top"])
        for t in np.flatnonzero(machine.arrays.tickets["state"][:top] == c.QUEUED):
            found.append((machine, explain(machine, int(t), NAMES)))
            check(*found[-1])
    return found


def check(machine: Machine, case: Case) -> None:
    """Compare a case with the core while the core still is as it was."""
    t = case.sight.ticket
    assert set(case.rows.tolist()) == core_candidates(machine, t) - cooling(machine, t)
    for each in case.candidates():
        worth = core_worth(machine, t, each.row)
        assert worth in {None, each.value}
        assert each.value == sum(each.terms.values())
        assert case.reasons(each.row) == []
    agents = int(machine.arrays.head[0]["agents"])
    assert sum(case.counts.values()) == agents - len(case.rows)
    for a in set(range(agents)) - set(case.rows.tolist()):
        assert case.reasons(a)
        assert {reason.code for reason in case.reasons(a)} <= set(EXCLUSIONS)
    keys = [choice_key(machine, case, a) for a in case.rows.tolist()]
    assert keys == sorted(keys, reverse=True)
    answer(case, 0)


def choice_key(machine: Machine, case: Case, a: int) -> tuple[int, int]:
    """Return what the policy compares an agent by, lower rows first among equals."""
    s, policy = machine.arrays, machine.arrays.policy[0]
    agent, tie = s.agents[a], case.sight.ties.get(a)
    if policy["key"] == c.KEY_VALUE:
        each = case.candidate(a)
        assert each is not None
        return each.value, -a
    rank = {
        c.KEY_IDLE: -int(agent["idle_since_us"]),
        c.KEY_RECENT: -int(agent["last_serial"]),
        c.KEY_LOAD: -(int(agent["used"]) * 1_000_000 // int(agent["units"])),
    }[int(policy["key"])]
    return rank + (0 if tie is None else int(np.sign(tie.bonus))) * 2**60, -a


def test_cases_agree_with_the_core_over_random_floors() -> None:
    """Candidates are those of the core's bitmaps, terms add up to its value, ranks to its choice."""
    met: set[str] = set()
    for seed in range(12):
        met |= {each.code for _, case in every_case(seed) for each in case.checks}
    # It was worth comparing: every way of being excluded came up, but for holding 512 at once and for having ended.
    assert set(EXCLUSIONS) - met == {"works_full", "ticket_closed"}


def test_an_agent_with_512_works_is_full() -> None:
    """What no tape reaches: the bound on what one agent may hold."""
    machine, case = every_case(3, 30)[-1]
    machine.arrays.agents["held"][0] = 512
    again = explain(machine, case.sight.ticket, NAMES)
    assert ("works_full", "holds 512 of at most 512") in again.reasons(0)


def test_an_empty_row_is_no_ticket() -> None:
    """A row without a ticket is refused by its number."""
    with pytest.raises(ValueError, match="row 7 holds no ticket"):
        explain(Machine(), 7, NAMES)
