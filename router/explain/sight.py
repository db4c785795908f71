"""
One ticket and the whole floor, as they are at one instant.

What the ticket itself already takes of an agent (an open offer, an assignment) counts as free, so
that its holder is judged like everybody else.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.core.codes import COMPLETED, TICKET_STATES
from router.core.machine import Machine
from router.core.state import Arrays
from router.wire.fields import instant_text

Int64s = NDArray[np.int64]
Core = Machine | Arrays


class Tie(NamedTuple):
    """What is special between the ticket and one agent."""

    bonus: int
    """Preference, thousandths; negative: rather not."""
    cooling_until_us: int
    """0 when the pair is not cooling down."""


class Sight(NamedTuple):
    """The ticket in row ``ticket`` and all agents, at ``at_us``; arrays are (agents,)."""

    arrays: Arrays
    ticket: int
    at_us: int
    used: Int64s
    used_interruptible: Int64s
    channel_load: Int64s
    works: Int64s
    holders: dict[int, int]
    """Agents that have the ticket, by row, and the row of their work."""
    ties: dict[int, Tie]

    @property
    def agents(self) -> int:
        """How many rows of agents are in use."""
        return len(self.used)

    @property
    def row(self) -> Any:
        """The ticket's record."""
        return self.arrays.tickets[self.ticket]

    @property
    def profile(self) -> Any:
        """The record of what the ticket asks for now."""
        return self.arrays.profiles[self.row["profile"]]

    @property
    def policy(self) -> Any:
        """The record of the policy in force."""
        return self.arrays.policy[0]

    @property
    def is_closed(self) -> bool:
        """Whether the ticket has ended, one way or another."""
        return int(self.row["state"]) >= COMPLETED

    @property
    def ending(self) -> str:
        """How the ticket ended, and when."""
        closed_us = int(self.row["forget_us"]) - int(self.policy["retention_us"])
        return f"{TICKET_STATES[int(self.row['state'])]} at {instant_text(closed_us)}"

    def of_agents(self, field: str) -> Int64s:
        """Return a field of all agents."""
        return np.asarray(self.arrays.agents[field][: self.agents], dtype=np.int64)


def look(core: Core, ticket: int, at_us: int | None = None) -> Sight:
    """
    Look at a ticket and the floor, at ``at_us`` or as late as the core knows.

    Raises ValueError when there is no ticket in that row.
    """
    s = core.arrays if isinstance(core, Machine) else core
    if not 0 <= ticket < s.head[0]["ticket_top"] or s.tickets[ticket]["state"] == 0:
        raise ValueError(f"row {ticket} holds no ticket; expected the row of one that is known")
    n = int(s.head[0]["agents"])
    channel = int(s.profiles[s.tickets[ticket]["profile"]]["channel"])
    agents = s.agents[:n]
    sight = Sight(
        arrays=s,
        ticket=ticket,
        at_us=int(s.scratch[0]["now_us"]) if at_us is None else at_us,
        used=agents["used"].astype(np.int64),
        used_interruptible=agents["used_interruptible"].astype(np.int64),
        channel_load=s.agent_load[:n, channel].astype(np.int64),
        works=agents["held"].astype(np.int64) + agents["offers_open"],
        holders={},
        ties={},
    )
    _set_own_works_free(sight, channel)
    _collect_ties(sight)
    return sight


def _set_own_works_free(sight: Sight, channel: int) -> None:
    works = sight.arrays.works
    w = int(sight.row["work"])
    while w >= 0:
        a, cost = int(works[w]["agent"]), int(works[w]["cost"])
        sight.holders[a] = w
        sight.used[a] -= cost
        sight.works[a] -= 1
        if works[w]["interruptible"]:
            sight.used_interruptible[a] -= cost
        if works[w]["channel"] == channel:
            sight.channel_load[a] -= 1
        w = int(works[w]["next_of_ticket"])


def _collect_ties(sight: Sight) -> None:
    r = int(sight.row["tie"])
    while r >= 0:
        tie = sight.arrays.ties[r]
        a = int(tie["agent"])
        if tie["until_us"] > sight.at_us:
            known = sight.ties.get(a, Tie(0, 0))
            if tie["cooling"]:
                sight.ties[a] = known._replace(cooling_until_us=int(tie["until_us"]))
            else:
                sight.ties[a] = known._replace(bonus=known.bonus + int(tie["bonus"]))
        r = int(tie["next"])
