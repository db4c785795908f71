"""A copy of a model that serves, taught by corrections beside the work, and published now and then."""

import asyncio
from collections import deque

from router.engine.models import ModelFolder, id_of
from router.learning.online import OnlineCopy
from router.signals.model import Model


class Pupil:
    """Learns from corrections; use it from the loop only."""

    def __init__(self, model: Model) -> None:
        self.serving = model.id
        self._copy = OnlineCopy(model)
        self._waiting: deque[tuple[str, str]] = deque()
        self._published = 0
        self._is_publishing = False

    @property
    def label(self) -> str:
        """Return what a published copy is described as."""
        return f"{id_of(self.serving)} and {self._copy.learned} corrections"

    def learn(self, text: str, truth: str) -> None:
        """Take in a correction; while a copy is published it waits."""
        self._waiting.append((text, truth))
        self._catch_up()

    def _catch_up(self) -> None:
        while self._waiting and not self._is_publishing:
            self._copy.learn(*self._waiting.popleft())

    def is_due(self, every: int) -> bool:
        """Tell whether so much was learned since the last time that a copy is to be published."""
        return not self._is_publishing and self._copy.learned - self._published >= every

    async def publish(self, folder: ModelFolder) -> str:
        """Keep the copy as a model's file; return what it is called. Raises ``ModelFileError``."""
        self._is_publishing = True
        self._published = self._copy.learned
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(None, lambda: folder.write(self._copy.model()))
        finally:
            self._is_publishing = False
            self._catch_up()
