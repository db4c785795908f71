"""Signals: what the workspace makes of them, what is said about them, and the models that find them."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from router.wire.fields import (
    Body,
    InstantText,
    Label,
    LanguageTag,
    Level,
    Mode,
    Ref,
    Share,
)
from router.wire.found import MessageText, Source, Sureness, Value
from router.wire.tickets import Requirements

MESSAGES_MAX = 1_000
INTENTS_MAX = 1_024
STEPS_MAX = 3

# -- what the workspace makes of signals -----------------------------------------------------------


class LanguageUse(Body, frozen=True, kw_only=True):
    """What a language found in a message asks of agents when the client named none."""

    mode: Annotated[
        Mode, Meta(description="A required language that is not surely known is preferred only.")
    ] = "required"
    min_level: Level = 1
    least: Annotated[Share, Meta(description="Probability from which it counts.")] = 0.5
    default: Annotated[
        LanguageTag | None, Meta(description="Asked for, preferred, when nothing surer is known.")
    ] = None


class IntentUse(Body, frozen=True, kw_only=True):
    """What an intent asks for beyond what the client said."""

    queue: Annotated[
        Ref | None, Meta(description="Where tickets put into a queue of `intake` go.")
    ] = None
    requirements: Requirements = ()


class GateUse(Body, frozen=True, kw_only=True):
    """What must hold before a candidate is promoted."""

    labels_min: Annotated[int, Meta(ge=1, le=1_000_000)] = 400
    loss_max: Annotated[Share, Meta(description="Accuracy that may be lost at most.")] = 0.01
    slice_labels_min: Annotated[int, Meta(ge=1, le=1_000_000)] = 50
    slice_loss_max: Annotated[Share, Meta(description="The same in one language or label.")] = 0.02
    ece_max: Annotated[Share, Meta(description="Calibration error beyond chance.")] = 0.03
    latency_us_max: Annotated[float, Meta(gt=0, le=1_000_000)] = 40.0


class LearningUse(Body, frozen=True, kw_only=True):
    """What models do by themselves."""

    online: Annotated[bool, Meta(description="Corrections train a candidate beside the model.")] = (
        False
    )
    publish_every: Annotated[
        int, Meta(ge=10, le=1_000_000, description="Corrections after which it is tried anew.")
    ] = 200
    promote: Annotated[bool, Meta(description="A candidate that passes the gate serves.")] = False
    rollback: Annotated[
        bool, Meta(description="Errors that rise bring the model back that served before.")
    ] = True


class SignalsBody(Body, frozen=True, kw_only=True):
    """What signals do here. Nothing is asked of agents because of them unless it stands here."""

    languages: Annotated[
        tuple[LanguageTag, ...],
        Meta(
            max_length=64,
            description="Languages customers write in; empty: those that agents speak.",
            extra_json_schema={"uniqueItems": True},
        ),
    ] = ()
    language: LanguageUse | None = None
    intents: Annotated[
        dict[Value, IntentUse], Meta(max_length=INTENTS_MAX, description="By intent.")
    ] = {}
    intent_least: Annotated[Share, Meta(description="Probability from which one counts.")] = 0.6
    intake: Annotated[
        tuple[Ref, ...],
        Meta(
            max_length=64,
            description="Queues whose tickets go to the queue of their intent.",
            extra_json_schema={"uniqueItems": True},
        ),
    ] = ()
    urgency: Annotated[
        dict[Value, Annotated[int, Meta(ge=-STEPS_MAX, le=STEPS_MAX)]],
        Meta(
            max_length=16,
            description="Steps of priority by urgency, where the client gave no priority.",
        ),
    ] = {}
    urgency_least: Share = 0.5
    margin: Annotated[
        Share,
        Meta(description="So much surer a later signal must be to change what was decided by."),
    ] = 0.1
    gate: GateUse = GateUse()
    learning: LearningUse = LearningUse()
    label: Label | None = None


class SignalsView(SignalsBody, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """What signals do here, as stored."""

    version: int
    seq: int


# -- said about one ticket -------------------------------------------------------------------------


class CorrectBody(Body, frozen=True, kw_only=True):
    """What the signals of a ticket are in truth; null takes a correction back."""

    language: LanguageTag | UnsetType | None = UNSET
    intent: Value | UnsetType | None = UNSET
    urgency: Value | UnsetType | None = UNSET
    sentiment: Value | UnsetType | None = UNSET


class SaidSignal(Body, frozen=True, kw_only=True):
    """A value and how sure whoever says it is."""

    value: Value
    probability: Share = 1.0


class InformBody(Body, frozen=True, kw_only=True):
    """What a model of the client's own found in a ticket's message."""

    language: SaidSignal | UnsetType = UNSET
    intent: SaidSignal | UnsetType = UNSET
    urgency: SaidSignal | UnsetType = UNSET
    sentiment: SaidSignal | UnsetType = UNSET
    model: Annotated[str, Meta(max_length=64, description="What that model is called.")] = ""


# -- reading a message without a ticket ------------------------------------------------------------


class Message(Body, frozen=True, kw_only=True):
    """A message to be read."""

    text: MessageText
    subject: MessageText = ""
    locale: Annotated[
        LanguageTag | None, Meta(description="What is known of the customer's language.")
    ] = None


class AnalyzeBody(Body, frozen=True, kw_only=True):
    """Messages to be read, and whether to say why."""

    messages: Annotated[tuple[Message, ...], Meta(min_length=1, max_length=MESSAGES_MAX)]
    explain: Annotated[bool, Meta(description="Add the n-grams that weighed most.")] = False


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of the text, and how much it speaks for the value."""

    ngram: str
    points: Annotated[int, Meta(description="Integer weight; below 0 it speaks against.")]


class ReadSignal(msgspec.Struct, kw_only=True):
    """A signal as read from a text."""

    name: str
    value: str
    probability: float
    level: Sureness
    source: Source
    model: str
    reasons: Annotated[list[Reason] | UnsetType, Meta(description="Heaviest first.")] = UNSET


class ReadMessage(msgspec.Struct, kw_only=True):
    """What one message says."""

    signals: list[ReadSignal]


class Analysis(msgspec.Struct, kw_only=True):
    """One result a message, in the order of the request."""

    results: list[ReadMessage]


# -- models ----------------------------------------------------------------------------------------


class ModelBody(Body, frozen=True, kw_only=True):
    """A note on a model; its file lies in the tenant's folder of models already."""

    label: Label | None = None


class ModelRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a model: its manifest, in short."""

    signal: str
    sha256: str
    labels: tuple[str, ...]
    bytes: int
    metrics: dict[str, float] = {}
    label: str | None = None


class SlotRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Which models read one signal: those that served, newest first, and the candidate."""

    served: tuple[str, ...] = ()
    shadow: str | None = None


ModelState = Literal["registered", "shadow", "serving", "retired"]


class SliceView(msgspec.Struct, kw_only=True):
    """Accuracy of both in one language or for one label."""

    kind: Literal["language", "label"]
    name: str
    labels: int
    serving: float
    candidate: float


class TrialView(msgspec.Struct, kw_only=True):
    """How a candidate does in the shadow of the model that serves, since the server started."""

    messages: int
    agreement: float
    labels: Annotated[int, Meta(description="Messages whose truth became known.")]
    gain: Annotated[float, Meta(description="Accuracy above that of the model that serves.")]
    gain_low: Annotated[float, Meta(description="Where it surely lies, whenever one looks.")]
    gain_high: float
    ece: Annotated[float, Meta(description="Calibration error, chance included.")]
    mean_us: float
    slices: list[SliceView]
    objections: Annotated[list[str], Meta(description="What speaks against; empty: promote it.")]


class Model(msgspec.Struct, kw_only=True):
    """A model: what it reads, where it came from, and whether it serves."""

    id: str
    signal: str
    state: ModelState
    sha256: str
    bytes: int
    labels: tuple[str, ...]
    metrics: dict[str, float]
    created_at: InstantText
    label: str | None
    version: int
    seq: int
    trial: TrialView | UnsetType = UNSET


class ModelsPage(msgspec.Struct, kw_only=True):
    """Models in the order of their ids, and where the next page starts."""

    items: list[Model]
    next: str | None
