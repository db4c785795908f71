"""Where a joint decision meets its limits: more tickets than one may hold, and more pairs than there is room for."""

import random

import numpy as np

from router.core import codes as c
from router.core.check import check
from router.core.layout import DECISION_WORDS
from router.core.limits import DECIDE_ROWS_MAX, NEVER_US, SECOND_US
from router.core.machine import Batch, Machine
from router.core.state import Sizes

NOW_US = 400 * SECOND_US
TICKET = [0, 0, NEVER_US, 60 * SECOND_US, NEVER_US, 0, NEVER_US, 3, 0]
POLICY = [each * SECOND_US for each in (300, 60, 30, 5, 3600)]
WEIGHTS = [1000, 1000, 300, 1000, 1000, 100, 300, 1000]


def opened(sizes: Sizes, agents: int, profiles: int, rng: random.Random) -> Machine:
    """Return a floor under the exact engine: agents who are away, with levels of a skill; profiles that ask for it."""
    machine = Machine(sizes)
    machine.push(c.SET_CHANNEL, 0, aux=0, words=[1, -1, 0, 0, 0, 0, 0, 0])
    machine.push(c.SET_QUEUE, 0, aux=0, words=[SECOND_US, 1, 800, 0])
    policy = [1, 1, c.ORDER_VALUE, c.KEY_VALUE, 3, 4000, *WEIGHTS]
    machine.push(c.SET_POLICY, 0, words=[*POLICY, *policy])
    for a in range(agents):
        words = [0, -1, 1, 1, 1, 0, 0, 0, 1, 0, 1 + rng.randrange(5), 0, 1, -1]
        machine.push(c.SET_AGENT, 0, agent=a, words=words)
    for p in range(profiles):
        head = [0, 0, 0, -1, -1, 0, 0, 1, 0, 0, -1, -1, 0, 10 * p]
        machine.push(c.SET_PROFILE, 0, profile=p, words=[*head, 0, 1, 1000 - p])
    machine.run()
    return machine


def decisions(batch: Batch) -> list[dict[str, int]]:
    """Return what each decision of a batch says of itself."""
    found = []
    for e in batch.events[batch.events["kind"] == c.E_DECIDED]:
        words = batch.words[e["words_from"] : e["words_from"] + e["words"]].tolist()
        found.append(dict(zip(DECISION_WORDS, words, strict=False)))
    return found


def test_a_shift_begins_with_more_tickets_than_one_decision_holds() -> None:
    """The oldest of half as many tickets in each lane are decided about: all agents get the best of these."""
    profiles, agents = 96, DECIDE_ROWS_MAX // 96 + 5
    machine = opened(Sizes(), agents, profiles, random.Random(1))
    for p in [*range(profiles)] * agents:
        machine.push(c.ADD_TICKET, NOW_US, profile=p, words=TICKET)
    assert decisions(machine.run()) == []
    for a in range(agents):
        machine.push(c.SET_PRESENCE, NOW_US, agent=a, aux=c.AVAILABLE)
    said = decisions(machine.run())
    assert said[0]["tickets"] == profiles * -(-agents // 2) < DECIDE_ROWS_MAX
    assert sum(each["offered"] for each in said) == agents
    assert all(each["primal"] == each["dual"] for each in said)
    check(machine.arrays)


def test_room_for_pairs_and_rows_changes_no_decision() -> None:
    """A machine that runs out of both in the middle of a decision makes room and decides as one that had it."""
    batches, sizes = [], (Sizes(rows=256, pairs=128), Sizes(rows=4096, pairs=1 << 18))
    for size in sizes:
        rng = random.Random(7)
        machine = opened(size, 90, 60, rng)
        for a in range(90):
            machine.push(c.SET_PRESENCE, NOW_US, agent=a, aux=c.AVAILABLE)
        machine.run()
        for _ in range(600):
            machine.push(c.ADD_TICKET, NOW_US, profile=rng.randrange(60), words=TICKET)
        batches.append(machine.run())
        grew = machine.sizes.rows > size.rows, machine.sizes.pairs > size.pairs
        assert grew == ((True, True) if size is sizes[0] else (False, False))
        check(machine.arrays)
    small, large = batches
    assert small.events.tobytes() == large.events.tobytes()
    assert np.array_equal(small.words, large.words)
    assert sum(each["offered"] for each in decisions(large)) == 90
