"""
Tier 1's worker: one thread encodes, the earliest deadline first, and nobody waits for long.

One thread, because an encoder fills a core by itself and the loop needs the other. What cannot be
encoded in time is refused at the door: late work would only make the next work late (Liu and Layland
1973, doi:10.1145/321738.321743, on the earliest deadline first; it degrades badly under overload,
hence the door). A thread inside native code cannot be stopped, so an encoder that hangs is reported
and left alone until it comes back; everything is answered without it meanwhile.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count
from threading import Condition, Thread
from typing import Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from router.tiers.breaker import DEFAULT_LIMITS as BREAKER_LIMITS
from router.tiers.breaker import NS_PER_S, Breaker, BreakerLimits
from router.tiers.encoding import Encoder, checked

Given = TypeVar("Given")
Outcome = Literal["done", "late", "full", "failed", "hung", "open", "closed"]
OUTCOMES: tuple[Outcome, ...] = ("done", "late", "full", "failed", "hung", "open", "closed")
#: The share of the newest time in the mean that predicts how long a text takes.
NEWEST_SHARE = 0.2


class WorkerLimits(NamedTuple):
    """Texts that may wait, how long one may take altogether, from when on the encoder counts as hung."""

    waiting: int = 64
    deadline_s: float = 0.05
    hang_s: float = 2.0
    breaker: BreakerLimits = BREAKER_LIMITS


DEFAULT_LIMITS = WorkerLimits()


class Encoded(NamedTuple):
    """A vector float32 (dimensions,), or why there is none."""

    vector: NDArray[np.float32] | None
    outcome: Outcome


class WorkerStatistics(NamedTuple):
    """Count answers by outcome; ``is_up`` is whether the next text would be taken."""

    done: int
    late: int
    full: int
    failed: int
    hung: int
    open: int
    closed: int
    waiting: int
    busy_s: float
    mean_s: float
    is_up: bool
    last_failure: str


class Job(NamedTuple):
    """A text that waits; heaps order jobs by deadline, then by arrival."""

    deadline_ns: int
    number: int
    text: str
    answer: "asyncio.Future[Encoded]"


class EncodingWorker:
    """
    Encode texts in a thread of its own; build it in a running loop and call it from that loop only.

    ``clock_ns`` counts nanoseconds, never goes back, and is called from the thread too.
    """

    def __init__(
        self,
        encoder: Encoder,
        clock_ns: Callable[[], int],
        limits: WorkerLimits = DEFAULT_LIMITS,
    ) -> None:
        self.encoder = encoder
        self._clock_ns = clock_ns
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._numbers = count()
        self._counts: Counter[Outcome] = Counter()
        self._breaker = Breaker(limits.breaker)
        self._busy_ns = 0
        self._mean_ns = 0.0
        self._last_failure = ""
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._gate = Condition()  # guards what follows, which both sides change
        self._jobs: list[Job] = []
        self._busy_since_ns: int | None = None
        self._closing = False
        # A daemon: a process must be able to end while a native call hangs.
        self._thread = Thread(target=self._work, name="encoder", daemon=True)
        self._thread.start()

    async def encode(self, text: str, deadline_s: float | None = None) -> Encoded:
        """Return the vector of a text, or why there is none; never raises for what the encoder does."""
        allowed_s = self._limits.deadline_s if deadline_s is None else deadline_s
        now_ns = self._clock_ns()
        refusal = self._refusal(now_ns, allowed_s)
        if refusal is not None:
            return self._count(Encoded(None, refusal))
        answer: asyncio.Future[Encoded] = self._loop.create_future()
        deadline_ns = now_ns + int(allowed_s * NS_PER_S)
        job = Job(deadline_ns, next(self._numbers), text, answer)
        with self._gate:
            heappush(self._jobs, job)
            self._gate.notify()
        timer = self._loop.call_later(max(0.0, allowed_s), _settle, answer, Encoded(None, "late"))
        try:
            return self._count(await answer)
        finally:
            timer.cancel()

    def statistics(self) -> WorkerStatistics:
        """Return what has been done so far."""
        now_ns = self._clock_ns()
        with self._gate:
            waiting = sum(not job.answer.done() for job in self._jobs)
        return WorkerStatistics(
            **{outcome: self._counts[outcome] for outcome in OUTCOMES},
            waiting=waiting,
            busy_s=self._busy_ns / NS_PER_S,
            mean_s=self._mean_ns / NS_PER_S,
            is_up=self._refusal(now_ns, self._limits.deadline_s) is None,
            last_failure=self._last_failure,
        )

    async def close(self) -> None:
        """Answer what waits and end the thread; one that hangs is left behind."""
        with self._gate:
            self._closing = True
            left, self._jobs = self._jobs, []
            self._gate.notify()
        for job in left:
            _settle(job.answer, Encoded(None, "closed"))
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.hang_s):
                await asyncio.shield(self._ended)
                self._thread.join()

    def _refusal(self, now_ns: int, allowed_s: float) -> Outcome | None:
        with self._gate:
            since_ns, waiting = self._busy_since_ns, len(self._jobs)
        if self._closing:
            return "closed"
        if since_ns is not None and now_ns - since_ns > self._limits.hang_s * NS_PER_S:
            return "hung"
        if self._breaker.state(now_ns) == "open":
            return "open"
        # What is under way, what waits, and this one: none of it may take longer than is allowed.
        ahead = waiting + 1 + (since_ns is not None)
        if waiting >= self._limits.waiting or ahead * self._mean_ns > allowed_s * NS_PER_S:
            return "full"
        return "late" if allowed_s <= 0 else None

    def _count(self, answer: Encoded) -> Encoded:
        self._counts[answer.outcome] += 1
        return answer

    def _work(self) -> None:
        """Encode what waits until the end. Runs in the thread."""
        while (job := self._next()) is not None:
            began_ns = self._clock_ns()
            if job.answer.done() or job.deadline_ns - began_ns < self._mean_ns:
                self._tell(self._hear, job, Encoded(None, "late"), 0, "")
                continue
            with self._gate:
                self._busy_since_ns = began_ns
            answer, said = self._encoded(job.text)
            took_ns = self._clock_ns() - began_ns
            with self._gate:
                self._busy_since_ns = None
            self._tell(self._hear, job, answer, took_ns, said)
        self._tell(_settle, self._ended, None)

    def _encoded(self, text: str) -> tuple[Encoded, str]:
        try:
            made = checked(self.encoder.encode([text]), 1, self.encoder.dimensions)
        except Exception as error:
            return Encoded(None, "failed"), f"{type(error).__name__}: {error}"[:300]
        return Encoded(made[0], "done"), ""

    def _next(self) -> Job | None:
        with self._gate:
            while not self._jobs and not self._closing:
                self._gate.wait()
            return heappop(self._jobs) if self._jobs else None

    def _tell(self, hear: Callable[..., None], *said: object) -> None:
        # Without a loop nobody is left to tell.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(hear, *said)

    def _hear(self, job: Job, answer: Encoded, took_ns: int, said: str) -> None:
        if answer.outcome != "late":
            self._busy_ns += took_ns
            share = NEWEST_SHARE if self._mean_ns else 1.0
            self._mean_ns += share * (min(took_ns, self._longest_ns) - self._mean_ns)
        if answer.outcome == "failed":
            self._last_failure = said
            self._breaker.failed(self._clock_ns())
        elif answer.outcome == "done":
            self._breaker.succeeded()
        _settle(job.answer, answer)

    @property
    def _longest_ns(self) -> float:
        # A stall of the machine must not close the door: then nothing would measure that it is over.
        return self._limits.deadline_s * NS_PER_S / 2


def _settle(future: "asyncio.Future[Given]", value: Given) -> None:
    if not future.done():
        future.set_result(value)
