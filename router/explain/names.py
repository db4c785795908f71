"""What an explanation needs to know of names: the core has numbers only."""

from typing import Protocol


class Names(Protocol):
    """Gives the ids that numbers of the core stand for; each raises LookupError for an unknown one."""

    def agent(self, row: int) -> str:
        """Return the id of the agent in a row."""

    def ticket(self, row: int) -> str:
        """Return the id of the ticket in a row."""

    def skill(self, index: int) -> str:
        """Return the id of a skill."""

    def language(self, index: int) -> str:
        """Return the tag of a language."""

    def group(self, index: int) -> str:
        """Return the id of a group."""

    def region(self, index: int) -> str:
        """Return the id of a region."""

    def queue(self, index: int) -> str:
        """Return the id of a queue."""

    def channel(self, index: int) -> str:
        """Return the id of a channel."""
