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
import structlog

from router.engine.messages import Seen
from router.engine.reader import Reader
from router.signals.cascade import Cascade
from router.signals.features import Pass
from router.signals.model_file import ModelError
from router.signals.signal import Signal
from router.tiers.encoding import EncoderError
from router.tiers.hook import Hook, HookLimits
from router.tiers.onnx import load_encoder, load_minilm
from router.tiers.worker import EncodingWorker, WorkerLimits
from router.wire.checks import is_language_tag
from router.wire.found import NAMES

SUFFIX: Final = ".cascade"
NONE: Final = "none"
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
        encoder = None
        try:
            if settings.encoder == "minilm":
                encoder = load_minilm()
            elif settings.encoder != NONE:
                encoder = load_encoder(Path(settings.encoder), Path(settings.tokenizer))
        except EncoderError as error:
            LOG.warning("encoder_refused", why=str(error))
        if encoder is not None:
            limits = WorkerLimits(deadline_s=settings.encoder_deadline_s)
            made.worker = EncodingWorker(encoder, clock_ns, limits)
        elif settings.encoder != NONE:
            LOG.warning("no_encoder", wanted=settings.encoder)
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

    def __init__(self, tiers: Tiers, tenant: str, folder: Path | None) -> None:
        self._tiers = tiers
        self._tenant = tenant
        self._pass = Pass()
        self._cascade = None if tiers.worker is None else cascade_in(folder, tiers.worker)
        self.asked: Counter[tuple[str, str]] = Counter()
        """Questions by tier and what came of them."""

    def wants(self, reader: Reader, seen: Seen) -> bool:
        """Return whether a message is worth another question."""
        model = reader.serving.get("intent")
        if model is None:
            return False
        told = model.judge(self._pass.read(seen.text))
        by_cascade = self._cascade is not None and self._cascade.wants(told)
        return by_cascade or (self._tiers.hook is not None and told.level == "low")

    async def ask(self, ticket: str, seen: Seen) -> Mapping[str, Signal]:
        """Return what the next tiers say of a message, nothing when they do not; never raises for what they do."""
        found: dict[str, Signal] = {}
        worker, cascade, hook = self._tiers.worker, self._cascade, self._tiers.hook
        if worker is not None and cascade is not None:
            encoded = await worker.encode(seen.text)
            self.asked["tier1", encoded.outcome] += 1
            if encoded.vector is not None:
                told = cascade.judge(self._pass.read(seen.text), encoded.vector)
                found["intent"] = cascade.signal(told)
        is_settled = "intent" in found and found["intent"].level != "low"
        if hook is not None and not is_settled:
            question = {
                "tenant": self._tenant, "ticket": ticket, "text": seen.text, "language": seen.language,
            }  # fmt: skip
            answer = await hook.ask(question)
            self.asked["tier2", answer.outcome] += 1
            found |= {name: said for name, said in answer.signals.items() if is_ours(name, said)}
        return found


def is_ours(name: str, said: Signal) -> bool:
    """Tell whether a hook's answer is about one of our signals, and a language is a tag."""
    return name in NAMES and (name != "language" or is_language_tag(said.value))


def cascade_in(folder: Path | None, worker: EncodingWorker) -> Cascade | None:
    """Return the cascade that lies in a tenant's folder, None where there is none that fits the encoder."""
    files = [] if folder is None else sorted(folder.glob(f"*{SUFFIX}"))
    if len(files) != 1:
        return None
    try:
        cascade = Cascade.from_bytes(files[0].read_bytes())
    except (ModelError, OSError) as error:
        LOG.warning("cascade_refused", file=files[0].name, why=str(error))
        return None
    if cascade.fingerprint != worker.encoder.fingerprint:
        LOG.warning("cascade_refused", file=files[0].name, why="trained with another encoder")
        return None
    return cascade
