"""
Hindsight: questions about the past, worked out beside the loop.

To explain a decision the journal is folded up to it: some 50 ms for each 50,000 events behind the last snapshot. One
thread does that with a machine of its own; the compiled core leaves the interpreter to the loop while it folds.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from router.desk.later import Later
from router.stores.errors import StoreError
from router.stores.writer import GroupCommit
from router.wire.calls import Reply, refused

WAITING_MAX: Final = 16
"""Questions about the past that may wait for the thread; more are told to come back."""


class Hindsight:
    """The thread that looks back for one line. Build it in a running loop."""

    def __init__(self, writer: GroupCommit) -> None:
        self._loop = asyncio.get_running_loop()
        self._writer = writer
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hindsight")
        self._asked: set[asyncio.Task[None]] = set()
        self._waiting = 0

    def ask(self, later: Later, number: int, answer: "asyncio.Future[Reply]") -> None:
        """Answer once frame ``number``, the newest there is, can be read back."""
        if self._waiting == WAITING_MAX:
            why = f"{WAITING_MAX} questions about the past wait already."
            answer.set_result(refused("overloaded", why, retry_after_s=1))
            return
        self._waiting += 1
        task = self._loop.create_task(self._look_back(later, number, answer))
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)

    async def _look_back(self, later: Later, number: int, answer: "asyncio.Future[Reply]") -> None:
        """Wait for the frame, let the thread work the answer out, and give it."""
        try:
            await self._writer.wait_durable(number)
            reply = await self._loop.run_in_executor(self._thread, later.work)
        except StoreError as error:
            reply = refused("not_ready", f"The journal cannot be read: {error}")
        except Exception as error:
            if not answer.done():
                answer.set_exception(error)
            return
        finally:
            self._waiting -= 1
        if not answer.done():
            answer.set_result(reply)

    async def close(self) -> None:
        """Finish what was asked and let the thread go."""
        if self._asked:
            await asyncio.wait(self._asked)
        self._thread.shutdown()
