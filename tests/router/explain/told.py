"""Stories whose decisions can be explained: every run is kept, and numbers have the story's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.core.recovery import used
from router.core.state import CANONICAL
from router.explain import explain
from router.explain.rewind import explain_decision
from tests.router.explain.floors import as_kept, decisions
from tests.scenario import Story

if TYPE_CHECKING:
    from collections.abc import Callable

    from router.core.machine import Batch
    from router.explain.case import Case


class StoryNames:
    """The story's names for the numbers of the core."""

    def __init__(self, story: Story) -> None:
        self.story = story

    def __getattr__(self, kind: str) -> Callable[[int], str]:
        """Return what names numbers of one kind."""
        if kind == "ticket":
            return lambda row: self.story.rows[row]
        return lambda number: self.story.names.of(kind, number)


class ToldStory(Story):
    """A story that remembers its runs."""

    def __init__(self, *lines: str) -> None:
        super().__init__()
        arrays = self.machine.arrays
        self.start = {name: as_kept(used(arrays, name)) for name in CANONICAL}
        self.batches: list[Batch] = []
        live_run = self.machine.run

        def run() -> Batch:
            self.batches.append(live_run())
            return self.batches[-1]

        self.machine.run = run
        self.tell_at(0.0, *lines)

    def tell_at(self, at_s: float, *lines: str) -> list[str]:
        """Say some lines and run."""
        for line in lines:
            self.say(at_s, line)
        return self.run()

    def explain(self, ticket: str) -> Case:
        """Explain a ticket now."""
        return explain(self.machine, self.tickets[ticket], StoryNames(self))

    def last_decision(self) -> list[Case]:
        """Explain the last decision."""
        *_, seq = decisions(self.batches)
        return explain_decision(lambda _: (self.start, self.batches), seq, StoryNames(self))

    def agent(self, name: str) -> int:
        """Return the row of an agent."""
        return self.names.number("agent", name)
