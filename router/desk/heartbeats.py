"""Which desks are there: when each agent's was last heard. Volatile: silence is noticed anew after a restart."""

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from router.core import codes as c
from router.core.limits import NEVER_US, SECOND_US
from router.directory import AGENT

if TYPE_CHECKING:
    from router.shard import Shard

INTERVAL_US: Final = 20 * SECOND_US
"""A desk that sends heartbeats is to send one so often."""
SILENCE_US: Final = 2 * INTERVAL_US
"""Two missed in a row: the desk is lost."""


class Heartbeats:
    """When each agent's desk was last heard, longest ago first."""

    def __init__(self) -> None:
        self._heard: OrderedDict[int, int] = OrderedDict()
        self._is_seeded = False

    @property
    def next_us(self) -> int:
        """Return when the next desk is lost unless it is heard; 0 before the first look."""
        if not self._is_seeded:
            return 0
        for heard_us in self._heard.values():
            return heard_us + SILENCE_US
        return NEVER_US

    def beat(self, agent: int, at_us: int) -> None:
        """Note that an agent's desk was heard."""
        self._heard[agent] = at_us
        self._heard.move_to_end(agent)

    def forget(self, agent: int) -> None:
        """Expect nothing more of an agent's desk."""
        self._heard.pop(agent, None)

    def push_due(self, shard: "Shard") -> None:
        """
        Tell the core of desks that fell silent.

        A restart has heard of nobody yet: then every desk that ever sent a heartbeat gets its time anew.
        """
        if not self._is_seeded:
            self._is_seeded = True
            for id_, document in shard.directory.documents[AGENT].items():
                if document.is_heard:
                    self._heard.setdefault(shard.directory.index(AGENT, id_), shard.at_us)
        while self._heard:
            agent, heard_us = next(iter(self._heard.items()))
            if heard_us + SILENCE_US > shard.at_us:
                return
            del self._heard[agent]
            shard.machine.push(c.LOSE_AGENT, shard.at_us, agent=agent)
