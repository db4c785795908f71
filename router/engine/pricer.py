"""
The device that prices agents' time: it watches arrivals and work, and every so often asks what time is worth to come.

Never in the way of a decision: what it looks at is copied between two settlements, the linear programmes are solved in
a thread without the interpreter's lock, and what comes out is one command in the line. A look that fails lets the old
prices fade by half: prices of a floor that is no more do more harm than none.
"""

import asyncio
from collections import Counter
from typing import Any, Final

import numpy as np
import structlog
from numpy.typing import NDArray

from router.core import codes as c
from router.engine.line import Clock, Line
from router.forecast import Expected, Forecaster
from router.pricing import MOVED_MIN, Forecast, moved, prices_of, sight_of
from router.shard import Sealed

TYPES_PRICED_MAX: Final = 256
"""Types of ticket in a linear programme; the heaviest are taken."""
OBSERVED_S_MIN: Final = 900.0
"""No prices before arrivals have been watched for so long: a restart begins anew, and old prices stay until then."""
WORKS_OPEN_MAX: Final = 200_000
"""Works whose beginning is remembered."""

LOG = structlog.get_logger("cordboard.prices")
Int64s = NDArray[np.int64]


class Pricer:
    """Prices one tenant's agents. Build it in a running loop, use it from there only; then ``start``."""

    def __init__(self, line: Line, clock: Clock, every_s: float) -> None:
        self._line, self._clock, self._every_s = line, clock, every_s
        self._forecaster = Forecaster()
        self._arrivals: list[int] = []
        self._works: list[tuple[int, int]] = []
        self._begun: dict[int, tuple[int, int]] = {}
        self._task: asyncio.Task[None] | None = None
        self.looks: Counter[str] = Counter()
        """Looks by what came of them: learning, same, changed, failed."""
        self.solved_ns = 0
        """Time in linear programmes."""

    def start(self) -> None:
        """Begin to watch and to look, until ``close``."""
        self._line.on_settled.append(self.hear)
        self._task = asyncio.get_running_loop().create_task(self._go_on())

    async def close(self) -> None:
        """Stop; a programme under way is not waited for."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(self._every_s / self._clock.speed)
            try:
                await self.look()
            except (
                Exception
            ) as error:  # a look that cannot even be begun is no reason to stop looking
                self._failed(error)

    def _failed(self, error: Exception) -> None:
        LOG.warning("prices_failed", why=f"{type(error).__name__}: {error}")
        self.looks["failed"] += 1

    # -- watching ------------------------------------------------------------------------------------------------------

    def hear(self, sealed: Sealed) -> None:
        """Take note of tickets that came, and of works that began and ended."""
        events = sealed.batch.events
        kinds = events["kind"]
        profiles = self._line.shard.machine.arrays.tickets["base_profile"]
        self._arrivals += profiles[events["ticket"][kinds == c.E_ADDED]].tolist()
        begun = events[kinds == c.E_ACCEPTED]
        if len(begun) and len(self._begun) < WORKS_OPEN_MAX:
            what = zip(profiles[begun["ticket"]].tolist(), begun["at_us"].tolist(), strict=True)
            self._begun.update(zip(begun["serial"].tolist(), what, strict=True))
        ended = events[(kinds == c.E_COMPLETED) | (kinds == c.E_RELEASED)]
        for serial, kind, at_us in ended[["serial", "kind", "at_us"]].tolist():
            profile, from_us = self._begun.pop(serial, (-1, at_us))
            if profile >= 0 and kind == c.E_COMPLETED:
                self._works.append((profile, at_us - from_us))

    # -- looking -------------------------------------------------------------------------------------------------------

    async def look(self) -> None:
        """Price agents' time anew and tell the core what changed; never raises for what a programme does."""
        now_us = self._clock.now_us()
        self._forecaster.advance(now_us, self._arrivals, self._works)
        self._arrivals, self._works = [], []
        if self._forecaster.observed_s < OBSERVED_S_MIN:
            self.looks["learning"] += 1
            return
        old = self._prices()
        try:
            new = await self._found(self._forecaster.expected(TYPES_PRICED_MAX), len(old))
        except Exception as error:  # whatever it is, tickets go on being routed
            self._failed(error)
            new = np.where(old // 2 >= MOVED_MIN, old // 2, 0)
        else:
            self.looks["changed" if moved(old, new) else "same"] += 1
        self._line.set_prices(moved(self._prices()[: len(new)], new))

    async def _found(self, expected: Expected, agents: int) -> Int64s:
        """Return prices for what is expected, worked out in a thread."""
        arrays = self._line.shard.machine.arrays
        presence = (arrays.agents["presence"][:agents] == c.AVAILABLE).astype(np.float64)
        sight = sight_of(arrays, expected.profiles, agents)
        work_s = expected.work_s[:, np.newaxis]
        forecast = Forecast(expected.profiles, expected.rate, work_s, presence)
        began_ns = self._clock.monotonic_ns()
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(None, prices_of, sight, forecast)
        finally:
            self.solved_ns += self._clock.monotonic_ns() - began_ns

    def forget(self) -> None:
        """Set every price to 0."""
        old = self._prices()
        self._line.set_prices(moved(old, np.zeros_like(old)))

    def _prices(self) -> Int64s:
        """Return the prices in force, int64 (agents,)."""
        arrays: Any = self._line.shard.machine.arrays
        agents = int(arrays.head["agents"][0])
        return np.array(arrays.agents["price"][:agents], dtype=np.int64)
