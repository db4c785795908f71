"""What happens where a table ends: a refusal that deciding again repeats, and never a row outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from router.core import codes as c
from router.core.check import check
from router.core.limits import EVENTS_MARGIN, NEVER_US, PLAN_PAIRS_MAX, SECOND_US
from router.core.machine import FullError, Machine
from router.core.recovery import used
from router.core.state import CANONICAL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from router.core.machine import Batch

TICKET = [0, 0, NEVER_US, 60 * SECOND_US, NEVER_US, 0, NEVER_US, 5, 0]


def floor(machine: Machine, agents: int = 0) -> Batch:
    """Open a queue with one profile, and as many agents as wanted, of whom nobody is there yet."""
    machine.push(c.SET_CHANNEL, 0, [1, -1, 0, 0, 0, 1, 0, 0], aux=0)
    machine.push(
        c.SET_POLICY, 0, [0, 0, 0, SECOND_US, 3_600 * SECOND_US, 1, 0, 0, 1, 9, 2000, *[0] * 8]
    )
    machine.push(c.SET_QUEUE, 0, [20 * SECOND_US, 1, 800, 0], aux=0)
    machine.push(c.SET_PROFILE, 0, [0, 0, 0, -1, -1, 0, 0, 0, 0, 0, -1, -1, 0, 0], profile=0)
    for a in range(agents):
        machine.push(c.SET_AGENT, 0, [0, -1, 1, 1000, 0, 0, 0, 0, 1, 0, 1, -1], agent=a)
    return machine.run()


def put(machine: Machine, tickets: int) -> Batch:
    """Put so many tickets, half of them in the hurried way."""
    for n in range(tickets):
        if n % 2:
            machine.push_ticket(SECOND_US, 0, TICKET)
        else:
            limit = machine.tickets_max
            machine.push(c.ADD_TICKET, SECOND_US, TICKET, profile=0, aux=limit)
    return machine.run()


def kinds(batch: Batch) -> list[int]:
    """Return the kinds of a run's events."""
    found: list[int] = batch.events["kind"].tolist()
    return found


def folded(batches: Iterable[Batch], machine: Machine) -> Machine:
    """Return the machine after folding what was recorded."""
    for batch in batches:
        machine.fold(batch.events, batch.words)
    machine.settle_fold()
    return machine


def shown(machine: Machine) -> dict[str, Any]:
    """Return what a snapshot of the machine holds."""
    return {name: used(machine.arrays, name).copy() for name in CANONICAL}


def test_deciding_again_refuses_alike_under_any_limit() -> None:
    """The limit is part of what the core was told: a machine with more room comes to the same events."""
    live, other = Machine(tickets_max=3), Machine()
    batches = [floor(live), put(live, 5)]
    assert kinds(batches[1]) == [c.E_ADDED] * 3 + [c.E_REFUSED] * 2
    for batch in batches:
        other.feed(batch.commands, batch.command_words)
        assert other.run().event_bytes == batch.event_bytes
    assert other.digest() == live.digest()


@pytest.mark.parametrize("from_snapshot", [False, True])
def test_a_smaller_limit_keeps_who_is_there_and_refuses_who_comes(from_snapshot: bool) -> None:
    """After a restart with less room every ticket is still there; new ones wait until enough have gone."""
    live = Machine()
    batches = [floor(live), put(live, 5)]
    small = Machine(tickets_max=3)
    if from_snapshot:
        small.load(shown(live))
    else:
        folded(batches, small)
    assert small.digest() == live.digest()
    check(small.arrays)
    assert kinds(put(small, 2)) == [c.E_REFUSED] * 2
    for ticket in range(3):
        small.push(c.CANCEL_TICKET, 2 * SECOND_US, ticket=ticket)
    small.push(c.TICK, 7_200 * SECOND_US)
    assert kinds(small.run()).count(c.E_FORGOTTEN) == 3
    assert kinds(put(small, 2)) == [c.E_ADDED, c.E_REFUSED]
    check(small.arrays)


def test_the_limit_holds_after_a_restart_however_many_tickets_there_were() -> None:
    """Rows that were used again and again leave no more room behind than the limit allows."""
    live = Machine(tickets_max=3)
    batches = [floor(live)]
    for _ in range(4):
        batches.append(put(live, 3))
        for ticket in range(3):
            live.push(c.CANCEL_TICKET, 0, ticket=ticket)
        live.push(c.TICK, int(live.arrays.scratch["now_us"][0]) + 7_200 * SECOND_US)
        batches.append(live.run())
    again = folded(batches, Machine(tickets_max=3))
    assert again.sizes.tickets == 3
    assert kinds(put(again, 4)) == [c.E_ADDED] * 3 + [c.E_REFUSED]


def test_fewer_agents_than_a_journal_has_is_a_limit_for_new_ones_only() -> None:
    """A limit that was lowered keeps no server from starting, and nobody who is there from being changed."""
    live = Machine()
    batch = floor(live, agents=3)
    small = folded([batch], Machine(agents_max=2))
    assert small.digest() == live.digest()
    words = [0, -1, 1, 7, 0, 0, 0, 0, 1, 0, 1, -1]
    small.push(c.SET_AGENT, 0, words, agent=2)
    assert kinds(small.run()) == [c.E_AGENT_SET]
    with pytest.raises(FullError, match="agent number 3: at most 2 agents fit"):
        small.push(c.SET_AGENT, 0, words, agent=3)


@pytest.mark.parametrize("words", [2 * PLAN_PAIRS_MAX + 2, 3])
def test_a_plan_that_fits_no_buffer_is_refused_whole(words: int) -> None:
    """A plan is one unit of work, so its events must fit into the margin that every unit has."""
    machine = Machine()
    floor(machine)
    machine.push(c.APPLY_PLAN, SECOND_US, [0] * words)
    assert kinds(machine.run()) == [c.E_REFUSED]


def test_the_longest_plan_stays_within_its_margin() -> None:
    """Each pair writes no more than the two events that the margin is made for."""
    machine = Machine()
    floor(machine)
    machine.push(c.APPLY_PLAN, SECOND_US, [0] * (2 * PLAN_PAIRS_MAX))
    assert machine.run().count == PLAN_PAIRS_MAX < EVENTS_MARGIN
