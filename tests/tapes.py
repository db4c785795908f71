"""Tapes: random but plausible commands for a small, busy floor, with some nonsense among them.

Everything is drawn from the ``random.Random`` that is handed in, by integers only, so a seed is a
tape on every machine; hypothesis hands in a source of its own and can shrink what it finds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from router.core import codes as c
from router.core.limits import NEVER_US, SECOND_US
from router.core.rules.tickets import REQUEUE_FLAG

if TYPE_CHECKING:
    from random import Random

    from router.core.machine import Batch, Machine

AGENTS, QUEUES, CHANNELS, SKILLS, LANGUAGES, GROUPS, REGIONS, PROFILES = 5, 3, 3, 3, 2, 2, 2, 6
TICKETS_MAX = 14  # few rows, often used again
SHORT_S = (0, 1, 2, 5, 10, 30, 60)
VERBS = (c.CANCEL_TICKET, c.ABANDON_TICKET, c.REQUEUE_TICKET, c.SUSPEND_TICKET, c.RESUME_TICKET)
WORK_VERBS = (
    c.ACCEPT_OFFER, c.ACCEPT_OFFER, c.DECLINE_OFFER, c.REVOKE_OFFER, c.WRAP_UP, c.COMPLETE, c.COMPLETE, c.RELEASE,
)  # fmt: skip


class Said(NamedTuple):
    """One command: its kind, its instant and the fields that are not the default."""

    kind: int
    at_us: int
    fields: dict[str, Any]

    def to(self, machine: Machine) -> None:
        """Tell a machine."""
        machine.push(self.kind, self.at_us, **self.fields)


def pick(rng: Random, items: tuple[int, ...]) -> int:
    """Return one of the items."""
    return items[rng.randrange(len(items))]


def some_s(rng: Random) -> int:
    """Return a short duration in microseconds."""
    return pick(rng, SHORT_S) * SECOND_US


def channel(rng: Random, number: int) -> dict[str, Any]:
    """Return the fields of SET_CHANNEL; 0 asks, 1 accepts by itself and can be interrupted, 2 interrupts."""
    words = [
        1, -1, pick(rng, (5, 10, 30)) * SECOND_US, some_s(rng), pick(rng, (0, 0, 20)) * SECOND_US,
        int(number == 1), int(number == 1), int(number == 2),
    ]  # fmt: skip
    return {"aux": number, "words": words}


def queue(rng: Random, number: int) -> dict[str, Any]:
    """Return the fields of SET_QUEUE."""
    words = [20 * SECOND_US, 1 + rng.randrange(3), pick(rng, (0, 800, 1000)), pick(rng, (0, 0, 4))]
    return {"aux": number, "words": words}


def profile(rng: Random, number: int) -> dict[str, Any]:
    """Return the fields of SET_PROFILE; each may relax or overflow to one of a lower number."""
    skills = [s for s in range(SKILLS) if rng.randrange(4) == 0]
    groups = [g for g in range(GROUPS) if rng.randrange(6) == 0]
    regions = [r for r in range(REGIONS) if rng.randrange(8) == 0]
    language = rng.randrange(-1, LANGUAGES)
    following = rng.randrange(-1, number)
    words = [
        some_s(rng) if following >= 0 else 0, number % QUEUES, rng.randrange(CHANNELS),
        rng.randrange(-1, REGIONS), language, rng.randrange(3) if language >= 0 else 0, 1000,
        len(skills), len(groups), len(regions), following, rng.randrange(-1, number), 0,
        100 * rng.randrange(4),
    ]  # fmt: skip
    for skill in skills:
        words += [skill, rng.randrange(4), 1000]
    return {"profile": number, "words": [*words, *groups, *regions]}


def agent(rng: Random, number: int) -> dict[str, Any]:
    """Return the fields of SET_AGENT."""
    skills = [s for s in range(SKILLS) if rng.randrange(3)]
    languages = [n for n in range(LANGUAGES) if rng.randrange(3)]
    groups = [g for g in range(GROUPS) if rng.randrange(2)]
    queues = [q for q in range(QUEUES) if rng.randrange(3)]
    words = [
        rng.randrange(2), rng.randrange(-1, REGIONS), rng.randrange(2), 1 + rng.randrange(5),
        len(skills), len(languages), len(groups), len(queues), CHANNELS,
    ]  # fmt: skip
    for item in (*skills, *languages):
        words += [item, 1 + rng.randrange(5)]
    words += groups + queues
    for number_of_channel in range(CHANNELS):
        words += [number_of_channel, 1 + rng.randrange(2), pick(rng, (-1, -1, 0, 1, 2))]
    return {"agent": number, "words": words}


def policy(rng: Random) -> dict[str, Any]:
    """Return the fields of SET_POLICY: the exact engine by value, or any greedy one."""
    engine = rng.randrange(2)
    order, key = (c.ORDER_VALUE, c.KEY_VALUE) if engine else (rng.randrange(3), rng.randrange(4))
    words = [
        some_s(rng), some_s(rng), some_s(rng), pick(rng, (1, 5)) * SECOND_US,
        pick(rng, (0, 10, 60)) * SECOND_US, 1 + rng.randrange(9), engine, order, key,
        1 + rng.randrange(3), pick(rng, (0, 2000, 2000)),
        1000, 1000, 300, 1000, 1000, 100, 300, 1000,
    ]  # fmt: skip
    return {"words": words}


def prices(rng: Random) -> dict[str, Any]:
    """Return the fields of SET_PRICES."""
    return {"words": [rng.randrange(AGENTS), pick(rng, (0, 100, 700, 3000))]}


def floor(rng: Random) -> list[Said]:
    """Return what sets a floor up: agents, all of them available, and what tickets may ask for."""
    said = [Said(c.SET_CHANNEL, 0, channel(rng, n)) for n in range(CHANNELS)]
    said += [Said(c.SET_QUEUE, 0, queue(rng, n)) for n in range(QUEUES)]
    said += [Said(c.SET_POLICY, 0, policy(rng))]
    said += [Said(c.SET_AGENT, 0, agent(rng, n)) for n in range(AGENTS)]
    said += [Said(c.SET_PRESENCE, 0, {"agent": n, "aux": c.AVAILABLE}) for n in range(AGENTS)]
    return said + [Said(c.SET_PROFILE, 0, profile(rng, n)) for n in range(PROFILES)]


def ticket_words(rng: Random, at_us: int) -> list[int]:
    """Return the words of ADD_TICKET or UPDATE_TICKET."""
    start_us = at_us - pick(rng, (0, 0, 0, 10, 100)) * SECOND_US

    def perhaps() -> int:
        return at_us + 4 * some_s(rng) if rng.randrange(3) == 0 else NEVER_US

    scheduled = pick(rng, (0, 0, 0, 0, 10, 30))
    words = [
        start_us, at_us + scheduled * SECOND_US if scheduled else 0, perhaps(),
        pick(rng, (20, 60, 120)) * SECOND_US, perhaps(), pick(rng, (0, 10)) * SECOND_US, perhaps(),
        pick(rng, (0, 5, 5, 9)),
    ]  # fmt: skip
    ties: list[int] = []
    for _ in range(pick(rng, (0, 0, 1, 2))):
        ties += [rng.randrange(AGENTS), pick(rng, (-500, 300, 900)), perhaps()]
    return [*words, len(ties) // 3, *ties]


def of_ticket(rng: Random, machine: Machine, at_us: int) -> Said:
    """Return something said of a ticket that may exist."""
    row = {"ticket": rng.randrange(-1, int(machine.arrays.head[0]["ticket_top"]) + 2)}
    what = rng.randrange(5)
    if what == 0:
        words = ticket_words(rng, at_us)
        options = pick(rng, (0, REQUEUE_FLAG))
        asks = {"profile": rng.randrange(PROFILES), "words": words, "options": options}
        return Said(c.UPDATE_TICKET, at_us, {**row, **asks})
    if what == 1:
        whom = {"agent": rng.randrange(-1, AGENTS + 1), "options": pick(rng, (0, 0, c.C_FORCE))}
        return Said(c.ASSIGN_TICKET, at_us, {**row, **whom})
    if what == 2:
        return Said(c.RECORD_REPLY, at_us, {**row, "options": pick(rng, (0, c.C_BY_CUSTOMER))})
    more = {"until_us": pick(rng, (0, at_us + some_s(rng))), "value": pick(rng, (0, 0, at_us))}
    return Said(pick(rng, VERBS), at_us, {**row, **more})


def of_work(rng: Random, machine: Machine, at_us: int) -> Said:
    """Return something said of an offer or assignment, mostly one that is there."""
    works = machine.arrays.works[: int(machine.arrays.head[0]["work_top"])]
    live = [(int(work["serial"]), row) for row, work in enumerate(works) if work["state"]]
    serial, row = live[rng.randrange(len(live))] if live else (7, 0)
    if rng.randrange(12) == 0:
        serial, row = serial + 1, row + rng.randrange(-1, 2)
    until_us = pick(rng, (0, 0, at_us + some_s(rng)))
    return Said(pick(rng, WORK_VERBS), at_us, {"serial": serial, "aux": row, "until_us": until_us})


def of_agent(rng: Random, at_us: int) -> Said:
    """Return something said of an agent that may exist."""
    who = {"agent": rng.randrange(-1, AGENTS) if rng.randrange(9) == 0 else rng.randrange(AGENTS)}
    what = rng.randrange(12)
    if what == 0:
        return Said(c.REMOVE_AGENT, at_us, who)
    if what == 1:
        return Said(c.SET_AGENT, at_us, agent(rng, rng.randrange(AGENTS)))
    if what < 6:
        return Said(pick(rng, (c.LOSE_AGENT, c.RETURN_AGENT, c.RETURN_AGENT)), at_us, who)
    until_us = pick(rng, (0, 0, at_us + some_s(rng)))
    on = (c.AVAILABLE,) * 9
    presence = pick(rng, (*on, c.AWAY, c.OFFLINE, c.DRAINING))
    then = pick(rng, (*on, c.AWAY, c.OFFLINE, c.DRAINING))
    later = {"aux": presence, "until_us": until_us, "value": then}
    return Said(c.SET_PRESENCE, at_us, {**who, **later})


def of_floor(rng: Random, machine: Machine, at_us: int) -> Said:
    """Return a change of configuration, or a plan."""
    what = rng.randrange(8)
    if what == 0:
        return Said(c.SET_POLICY, at_us, policy(rng))
    if what == 1:
        return Said(c.SET_PRICES, at_us, prices(rng))
    if what == 2:
        return Said(c.SET_CHANNEL, at_us, channel(rng, rng.randrange(CHANNELS)))
    if what == 3:
        return Said(c.SET_QUEUE, at_us, queue(rng, rng.randrange(QUEUES)))
    if what == 4:
        return Said(c.SET_PROFILE, at_us, profile(rng, rng.randrange(PROFILES)))
    if what == 5:
        far = rng.randrange(101)
        return Said(c.SET_DISTANCE, at_us, {"words": [0, 1, far, 1, 0, far]})
    if what == 6:
        opens = {"aux": rng.randrange(QUEUES), "value": pick(rng, (0, 1, 1))}
        return Said(c.OPEN_QUEUE, at_us, opens)
    rows = int(machine.arrays.head[0]["ticket_top"]) + 1
    pairs = [rng.randrange(-1, most) for most in (rows, AGENTS + 1) * 3]
    return Said(c.APPLY_PLAN, at_us, {"words": pairs})


def nonsense(rng: Random, at_us: int) -> Said:
    """Return a command that no edge would let through: it has to be refused, whatever it says."""
    kind = rng.randrange(-2, 130)
    words = [rng.randrange(-2, 12) for _ in range(rng.randrange(20))]
    names = ("ticket", "agent", "profile", "aux", "serial", "value", "options")
    return Said(kind, at_us, {name: rng.randrange(-3, 9) for name in names} | {"words": words})


def deal(rng: Random, machine: Machine, at_us: int) -> Said:
    """Return the next command of a tape, given what the machine holds."""
    what = rng.randrange(20)
    live = int(machine.arrays.head[0]["tickets_live"])
    has_works = machine.arrays.head[0]["works_live"] > 0
    if (what < 6 and live < TICKETS_MAX) or (live < 3 and what < 12 and not has_works):
        asks = {"profile": rng.randrange(PROFILES), "words": ticket_words(rng, at_us)}
        return Said(c.ADD_TICKET, at_us, asks)
    if what < 12 and (has_works or what == 6):
        return of_work(rng, machine, at_us)
    if what < 15:
        return of_ticket(rng, machine, at_us)
    if what < 17:
        return of_agent(rng, at_us)
    if what == 17:
        return of_floor(rng, machine, at_us)
    return Said(c.TICK, at_us, {})


def record(rng: Random, machine: Machine, commands: int) -> list[Batch]:
    """Play a tape of so many commands on a machine and return what each run was told and what came of it."""
    for said in floor(rng):
        said.to(machine)
    batches = [machine.run()]
    at_us = dealt = 0
    while dealt < commands:
        at_us += some_s(rng) * rng.randrange(3) // 2
        for _ in range(1 + rng.randrange(3)):
            deal(rng, machine, at_us).to(machine)
            dealt += 1
        batches.append(machine.run())
    return batches
