"""
Asking again where tier 0 was unsure: an encoder of our own (tier 1), the tenant's web hook (tier 2).

A ticket is routed by tier 0 at once. What is found later comes as a call of its own, and changes the decision only
beyond the workspace's margin. Under load both refuse at the door, and tier 0 stands.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import aiohttp
import numpy as np
import structlog
from numpy.typing import NDArray

from router.engine.messages import Seen
from router.engine.reader import LATER, Reader
from router.signals.cascade import Cascade
from router.signals.features import Pass
from router.signals.signal import Signal
from router.tiers.encoding import EncoderError
from router.tiers.hook import Hook, HookLimits
from router.tiers.onnx import encoder_named
from router.tiers.worker import EncodingWorker, WorkerLimits
from router.wire.checks import is_language_tag
from router.wire.found import NAMES

NONE: Final = "none"
Vector = NDArray[np.float32]
LOG = structlog.get_logger("cordboard.signals")


class TierSettings(NamedTuple):
    """Who is asked where tier 0 is unsure, and for how long; ``none`` is nobody."""

    encoder: str = NONE
    tokenizer: str = NONE
    encoder_deadline_s: float = 0.05
    hook_url: str = NONE
    hook_deadline_s: float = 1.0


class Tiers:
    """The encoder and the hook of a process, shared by its tenants. Build it in a running loop."""

    def __init__(self, worker: EncodingWorker | None, hook: Hook | None) -> None:
        self.worker = worker
        self.hook = hook
        self._session: aiohttp.ClientSession | None = None

    @classmethod
    def open(cls, settings: TierSettings, clock_ns: Callable[[], int]) -> "Tiers":
        """Load what is configured; what cannot be had is said, and done without."""
        made = cls(None, None)
        if settings.encoder != NONE:
            tokenizer = None if settings.tokenizer == NONE else Path(settings.tokenizer)
            try:
                encoder = encoder_named(settings.encoder, tokenizer)
            except EncoderError as error:
                LOG.warning("encoder_refused", why=str(error))
            else:
                limits = WorkerLimits(deadline_s=settings.encoder_deadline_s)
                made.worker = EncodingWorker(encoder, clock_ns, limits)
        if settings.hook_url != NONE:
            made._session = aiohttp.ClientSession()
            limits_of_hook = HookLimits(deadline_s=settings.hook_deadline_s)
            made.hook = Hook(made._session, settings.hook_url, clock_ns, limits_of_hook)
        return made

    @property
    def is_there(self) -> bool:
        """Return whether anybody can be asked."""
        return self.worker is not None or self.hook is not None

    async def close(self) -> None:
        """Let go of the thread and of connections."""
        if self.worker is not None:
            await self.worker.close()
        if self._session is not None:
            await self._session.close()


class Escalation:
    """What one tenant asks again."""

    def __init__(self, tiers: Tiers, tenant: str) -> None:
        self._tiers = tiers
        self._tenant = tenant
        self._pass = Pass()
        self.cascade: Cascade | None = None
        """Who judges with the encoder's vectors; the registry says which."""
        self.asked: Counter[tuple[str, str]] = Counter()
        """Questions by tier and what came of them."""

    def wants(self, reader: Reader, seen: Seen) -> bool:
        """Return whether a message is worth another question."""
        model = reader.serving.get("intent")
        if model is None:
            return False
        told = model.judge(self._pass.read(seen.text))
        first = self.cascade or tried_by(reader)
        by_cascade = self._tiers.worker is not None and first is not None and first.wants(told)
        return by_cascade or (self._tiers.hook is not None and told.level == "low")

    async def ask(self, ticket: str, seen: Seen, reader: Reader) -> Mapping[str, Signal]:
        """Return what the next tiers say of a message, nothing when they do not; never raises for what they do."""
        found: dict[str, Signal] = {}
        worker, hook = self._tiers.worker, self._tiers.hook
        if worker is not None and (self.cascade or tried_by(reader)):
            encoded = await worker.encode(seen.text)
            self.asked["tier1", encoded.outcome] += 1
            if encoded.vector is not None:
                seen.vector = encoded.vector
                found |= self._judged(seen, encoded.vector, reader)
        is_settled = "intent" in found and found["intent"].level != "low"
        if hook is not None and not is_settled:
            question = {
                "tenant": self._tenant, "ticket": ticket, "text": seen.text, "language": seen.language,
            }  # fmt: skip
            answer = await hook.ask(question)
            self.asked["tier2", answer.outcome] += 1
            found |= {name: said for name, said in answer.signals.items() if is_ours(name, said)}
        return found

    def _judged(self, seen: Seen, vector: Vector, reader: Reader) -> dict[str, Signal]:
        """Return what the cascade says; its candidate judges along, and nobody believes it."""
        reading = self._pass.read(seen.text)
        cascade, tried = self.cascade, tried_by(reader)
        told = None if cascade is None else cascade.judge(reading, vector)
        other = None if tried is None else tried.judge(reading, vector)
        reader.heard_later(seen, told, other)
        return {} if cascade is None or told is None else {"intent": cascade.signal(told)}


def tried_by(reader: Reader) -> Cascade | None:
    """Return the cascade that is in the shadow."""
    candidate = reader.candidates.get(LATER)
    model = None if candidate is None else candidate.model
    return model if isinstance(model, Cascade) else None


def is_ours(name: str, said: Signal) -> bool:
    """Tell whether a hook's answer is about one of our signals, and a language is a tag."""
    return name in NAMES and (name != "language" or is_language_tag(said.value))
