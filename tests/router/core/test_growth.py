"""Tables that grow: every row stays what it was, nothing is copied as long as the reserve lasts."""

from __future__ import annotations

import numpy as np
import pytest

from router.core import codes as c
from router.core import state
from router.core.check import check
from router.core.limits import NEVER_US, SECOND_US
from router.core.machine import FullError, Machine
from router.core.state import RESERVED, Sizes, empty, grown

SMALL = Sizes(tickets=8, works=8, ties=8, lanes=8, timers=16, inbox=2, events=64, event_words=64)
TICKET = [0, 0, NEVER_US, 60 * SECOND_US, NEVER_US, 0, NEVER_US, 5, 0]


def opened(sizes: Sizes | None = None) -> Machine:
    """Return a machine with a channel, a policy, a queue and one profile."""
    machine = Machine(sizes)
    machine.push(c.SET_CHANNEL, 0, [1, -1, 0, 0, 0, 1, 0, 0], aux=0)
    machine.push(
        c.SET_POLICY, 0, [0, 0, 0, SECOND_US, 3_600 * SECOND_US, 1, 0, 0, 1, 9, 2000, *[0] * 8]
    )
    machine.push(c.SET_QUEUE, 0, [20 * SECOND_US, 1, 800, 0], aux=0)
    machine.push(c.SET_PROFILE, 0, [0, 0, 0, -1, -1, 0, 0, 0, 0, 0, -1, -1, 0, 0], profile=0)
    machine.run()
    return machine


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_table_grows_where_it_lies(name: str) -> None:
    """
    It moves once; from then on the longer table starts with the same memory.

    New rows are as in a state that was that long from the start.
    """
    sizes = SMALL._replace(tickets=100, works=100, ties=100, lanes=100, timers=100)
    small, larger = empty(SMALL), SMALL._replace(tickets=20, works=20, ties=20, lanes=20, timers=20)
    before = grown(small, larger)
    after, fresh = getattr(grown(before, sizes), name), getattr(empty(sizes), name)
    assert not np.shares_memory(getattr(small, name), after)
    assert np.shares_memory(getattr(before, name), after)
    assert after.shape == fresh.shape
    assert after.tobytes() == fresh.tobytes()


def test_a_table_moves_when_its_reserve_is_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the reserve its rows are copied, and it has a reserve again."""
    monkeypatch.setattr(state, "RESERVED", {"tickets": 16})
    before = grown(empty(SMALL), SMALL._replace(tickets=12))
    before.tickets["version"][:] = np.arange(12)
    after = grown(before, SMALL._replace(tickets=40)).tickets
    assert not np.shares_memory(before.tickets, after)
    assert after["version"].tolist() == [*range(12), *[0] * 28]


def test_a_fork_does_not_grow_into_the_memory_of_the_first() -> None:
    """Two machines that were one go on apart, however many tickets each gets."""
    one = opened(SMALL)
    two = one.fork()
    for machine, tickets in ((one, 40), (two, 90)):
        for _ in range(tickets):
            machine.push_ticket(SECOND_US, 0, TICKET)
        machine.run()
    assert [int(m.arrays.head["ticket_top"][0]) for m in (one, two)] == [40, 90]
    check(one.arrays)
    check(two.arrays)


@pytest.mark.parametrize("place", [0, 3, 8_191, 8_192, 70_000, 99_999])
def test_a_copy_has_every_byte_wherever_the_last_one_stands(place: int) -> None:
    """What is not copied is zero in the first; the two share no memory."""
    first = np.zeros(100_000, np.int64)
    first[place] = 1
    for array in (first, first[: place + 1], first[: place + 1].view("V8"), first.reshape(10, -1)):
        twin = state.copied(array)
        assert twin.tobytes() == array.tobytes()
        assert twin.dtype == array.dtype
        assert twin.shape == array.shape
        assert not np.shares_memory(twin, array)


def test_a_fork_is_the_first_to_the_last_byte() -> None:
    """Every array of the state and of its standing assignment is copied."""
    one = opened(SMALL)
    for at in range(1, 60):
        one.push(c.ADD_TICKET, at * SECOND_US, TICKET, profile=0, aux=1_000)
        one.run()
    two = one.fork()
    assert two.digest() == one.digest()
    for name, array in one.arrays._asdict().items():
        parts = array._asdict() if name == "standing" else {name: array}
        for part, found in parts.items():
            holder = two.arrays.standing if name == "standing" else two.arrays
            assert getattr(holder, part).tobytes() == found.tobytes(), part


def test_a_machine_that_grew_is_the_one_that_had_room() -> None:
    """Growing changes no decision: small from the start or large, the digest is the same."""
    machines = opened(SMALL), opened()
    for at in range(1, 60):
        for machine in machines:
            machine.push(c.ADD_TICKET, at * SECOND_US, TICKET, profile=0, aux=1_000)
            machine.run()
    small, large = machines
    assert small.digest() == large.digest()
    check(small.arrays)


@pytest.mark.parametrize("times", [1, 5, 300])
def test_a_repeated_command_is_the_command_said_again(times: int) -> None:
    """It comes to the same events, whatever room the inbox had, and carries no words of its own."""
    repeated, said = opened(SMALL), opened(SMALL)
    first = repeated.push_ticket(SECOND_US, 0, TICKET)
    said.push_ticket(SECOND_US, 0, TICKET)
    for _ in range(times):
        repeated.repeat(first)
        said.push_ticket(SECOND_US, 0, TICKET)
    one, two = repeated.run(), said.run()
    assert one.events.tobytes() == two.events.tobytes()
    assert one.words.tobytes() == two.words.tobytes()
    assert len(one.command_words) == 8 * len(TICKET) < len(two.command_words)
    again = opened()
    again.feed(one.commands, one.command_words)
    assert again.run().events.tobytes() == one.events.tobytes()


def test_a_repetition_that_fits_no_inbox_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit on commands holds for repetitions too, and those before it stay."""
    machine = opened()
    monkeypatch.setattr("router.core.machine.COMMANDS_PER_RUN_MAX", 3)
    first = machine.push_ticket(SECOND_US, 0, TICKET)
    machine.repeat(first)
    machine.repeat(first)
    with pytest.raises(FullError, match="3 commands wait for a run; at most 3 do"):
        machine.repeat(first)
    assert machine.run().count == 3
