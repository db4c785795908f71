"""
Tier 2: the tenant's own web hook, asked for signals within a deadline, behind a circuit breaker.

The hook gets a POST with the question as JSON and answers with
``{"signals": {"intent": {"value": "refund", "probability": 0.93}}}``. Its word counts as the sender's own
(``upstream``): the tenant said so. Redirects are not followed, so that an answer can only come from
where the tenant pointed us.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal, NamedTuple
from urllib.parse import urlsplit

import aiohttp
import msgspec

from router.signals.signal import Signal, level_of, rounded
from router.tiers.breaker import Breaker, BreakerLimits

HookOutcome = Literal["done", "late", "failed", "status", "garbage", "open", "full"]
HOOK_OUTCOMES: tuple[HookOutcome, ...] = (
    "done", "late", "failed", "status", "garbage", "open", "full",
)  # fmt: skip
SIGNALS_MAX = 16
NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
NO_SIGNALS: Final[Mapping[str, Signal]] = MappingProxyType({})


class HookLimits(NamedTuple):
    """How long a hook may take, how much it may say, when it is left in peace, how many ask at once."""

    deadline_s: float = 1.0
    answer_bytes: int = 64 << 10
    failures_to_open: int = 5
    open_s: float = 30.0
    at_once: int = 8


DEFAULT_LIMITS = HookLimits()


class HookAnswer(NamedTuple):
    """Signals by name, none unless the outcome is ``done``."""

    signals: Mapping[str, Signal]
    outcome: HookOutcome


class HookStatistics(NamedTuple):
    """Count answers by outcome; ``state`` is the breaker's."""

    done: int
    late: int
    failed: int
    status: int
    garbage: int
    open: int
    full: int
    under_way: int
    opened: int
    state: str
    last_failure: str


class HookError(ValueError):
    """A hook cannot be set up."""


class Said(msgspec.Struct):
    """One signal of an answer."""

    value: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0


class Answer(msgspec.Struct):
    """An answer of a hook; further fields are passed over."""

    signals: Annotated[
        dict[Annotated[str, msgspec.Meta(max_length=64)], Said],
        msgspec.Meta(max_length=SIGNALS_MAX),
    ]


class Hook:
    """
    Ask a hook, from one event loop; ``clock_ns`` counts nanoseconds and never goes back.

    Raises ``HookError`` if the address is no http or https one.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        clock_ns: Callable[[], int],
        limits: HookLimits = DEFAULT_LIMITS,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise HookError(f"url is {url!r}; expected http://host/... or https://host/...")
        self._session = session
        self._url = url
        self._clock_ns = clock_ns
        self._limits = limits
        self._headers = {
            **headers, "Content-Type": "application/json", "Accept-Encoding": "identity",
        }  # fmt: skip
        self._breaker = Breaker(BreakerLimits(limits.failures_to_open, limits.open_s))
        self._counts: Counter[HookOutcome] = Counter()
        self._under_way = 0
        self._last_failure = ""

    async def ask(self, question: Mapping[str, object]) -> HookAnswer:
        """Return the hook's signals, or none and why; never raises for what the hook does."""
        if self._under_way >= self._limits.at_once:
            return self._counted(HookAnswer(NO_SIGNALS, "full"))
        if not self._breaker.allows(self._clock_ns()):
            return self._counted(HookAnswer(NO_SIGNALS, "open"))
        self._under_way += 1
        settled = False
        try:
            answer, said = await self._asked(msgspec.json.encode(question))
            settled = True
        finally:
            self._under_way -= 1
            if not settled:  # the caller went away
                self._breaker.abandoned()
        if answer.outcome == "done":
            self._breaker.succeeded()
        else:
            self._last_failure = said[:300]
            self._breaker.failed(self._clock_ns())
        return self._counted(answer)

    def statistics(self) -> HookStatistics:
        """Return what has been asked so far."""
        return HookStatistics(
            **{outcome: self._counts[outcome] for outcome in HOOK_OUTCOMES},
            under_way=self._under_way,
            opened=self._breaker.opened,
            state=self._breaker.state(self._clock_ns()),
            last_failure=self._last_failure,
        )

    def _counted(self, answer: HookAnswer) -> HookAnswer:
        self._counts[answer.outcome] += 1
        return answer

    async def _asked(self, body: bytes) -> tuple[HookAnswer, str]:
        """Return the answer, and what was wrong with it."""
        try:
            async with (
                asyncio.timeout(self._limits.deadline_s),
                self._session.post(
                    self._url, data=body, headers=self._headers, allow_redirects=False
                ) as response,
            ):
                if response.status != 200:
                    return HookAnswer(NO_SIGNALS, "status"), f"status {response.status}"
                data = await self._read(response)
        except TimeoutError:
            return HookAnswer(NO_SIGNALS, "late"), f"no answer in {self._limits.deadline_s} s"
        except (aiohttp.ClientError, OSError) as error:
            return HookAnswer(NO_SIGNALS, "failed"), f"{type(error).__name__}: {error}"
        if len(data) > self._limits.answer_bytes:
            said = f"more than {self._limits.answer_bytes} bytes"
            return HookAnswer(NO_SIGNALS, "garbage"), said
        try:
            found = msgspec.json.decode(data, type=Answer)
        except (
            msgspec.MsgspecError,
            ValueError,
        ) as error:  # ValueError: no UTF-8, a lone surrogate
            return HookAnswer(NO_SIGNALS, "garbage"), str(error)
        signals = {name: signal_of(said) for name, said in found.signals.items()}
        return HookAnswer(MappingProxyType(signals), "done"), ""

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        """Return the body, or a little more than it may have."""
        data = bytearray()
        async for chunk in response.content.iter_chunked(16 << 10):
            data += chunk
            if len(data) > self._limits.answer_bytes:
                response.close()
                break
        return bytes(data)


def signal_of(said: Said) -> Signal:
    """Return what a hook said as a signal of the sender's."""
    probability = rounded(said.probability)
    return Signal(said.value, probability, level_of(probability), "upstream", "hook")
