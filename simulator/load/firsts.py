"""Small measurements of a run: how fast a ticket reaches a desk, and what a region's network adds."""

from random import Random
from typing import Final

from simulator.load.books import Books
from simulator.worlds.schema import World

FOUND_AT_ONCE: Final = frozenset({"offered", "assigned"})
"""States in an acknowledgement that say that an agent was found before it was given."""


class Firsts:
    """From the instant a ticket was due until its agent's desk hears the offer, where one was made at once."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._due_s: dict[str, tuple[int, float]] = {}
        self._heard_s: dict[str, float] = {}
        self._at_once: set[str] = set()

    def put(self, ticket: str, region: int, due_s: float) -> None:
        """Note when a ticket is due at the router."""
        self._due_s[ticket] = (region, due_s)

    def heard(self, ticket: str, now_s: float) -> None:
        """Note that a desk heard of an offer of the ticket; only the first one counts."""
        if ticket in self._due_s:
            self._heard_s.setdefault(ticket, now_s)
            self._note(ticket)

    def answered(self, ticket: str, state: str) -> None:
        """Note what the ticket's acknowledgement said of it."""
        if state in FOUND_AT_ONCE:
            self._at_once.add(ticket)
            self._note(ticket)
        else:
            self.forget(ticket)

    def forget(self, ticket: str) -> None:
        """Expect nothing more of a ticket."""
        self._due_s.pop(ticket, None)
        self._heard_s.pop(ticket, None)

    def _note(self, ticket: str) -> None:
        if ticket in self._heard_s and ticket in self._at_once:
            region, due_s = self._due_s[ticket]
            self._books.heard(region, due_s, self._heard_s[ticket])
            self._at_once.discard(ticket)
            self.forget(ticket)


class Networks:
    """What the world's network adds to an answer, for the figures of what a region's clients feel."""

    def __init__(self, world: World, seed: int) -> None:
        self._chance = Random(seed)
        self._laws = [
            (found.latency_s, found.jitter_s) if found is not None else (0.0, 0.0)
            for found in (world.network.get(name) for name in world.regions)
        ]

    def both_ways_us(self, region: int, there_us: int = 0) -> int:
        """Return how long a message and its answer travel; ``there_us`` where the first way is known."""
        if region < 0:
            return 0
        there = there_us or self._one_way_us(region)
        return there + self._one_way_us(region)

    def _one_way_us(self, region: int) -> int:
        latency_s, jitter_s = self._laws[region]
        more_s = self._chance.expovariate(1.0 / jitter_s) if jitter_s else 0.0
        return round((latency_s + more_s) * 1e6)
