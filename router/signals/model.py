"""A model: one head with its labels and calibration, immutable and named by its content."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.signals import heads, model_file
from router.signals.calibration import Calibration
from router.signals.features import FEATURE_VERSION, PAIR_WEIGHT, Pass, Reading
from router.signals.model_file import ModelError
from router.signals.ngrams import ngrams
from router.signals.signal import Cuts, Level, Signal, level_of

Int8s = NDArray[np.int8]
Int32s = NDArray[np.int32]
Float32s = NDArray[np.float32]

OUT_OF_SCOPE: Final = "out_of_scope"
"""The label of a message that is about none of the labels."""

GOLDEN_TEXTS: Final = (
    "",
    "My card has not arrived yet, please help!!",
    "¿Dónde está mi pedido n.º 12345?",
    "私の注文がまだ届きません 😡",
    "Ich möchte mein Konto kündigen: ann@example.org, https://example.org/a",
)
"""What every model is asked before it may serve; the answers are part of its file."""

LABELS_MAX: Final = 4_096
INT8_MAX: Final = 127
CLIPPED: Final = 1e-6  # share of the weights that may be cut to keep the others fine


class Prediction(NamedTuple):
    """The best label of a message with its chances."""

    label: str  # OUT_OF_SCOPE when the best label stands out too little
    probability: float  # that the best of ``top`` is right
    margin: float  # by how much the best score leads, in training's units
    top: tuple[tuple[str, float], ...]  # the best three labels with their probabilities
    in_scope: bool
    level: Level
    score: float  # by how much the best score stands above the mean, in training's units

    def signal(self, model: str) -> Signal:
        """Return the prediction as a signal of tier 0."""
        return Signal(self.label, self.probability, self.level, "tier0", model)


class Reason(NamedTuple):
    """A piece of a message and how many points it adds to a label."""

    ngram: str
    points: int


class Recipe(NamedTuple):
    """What a model is besides its weights."""

    name: str
    labels: tuple[str, ...]
    calibration: Calibration = Calibration()
    metrics: Mapping[str, float] = MappingProxyType({})
    data: Mapping[str, str | int | float] = MappingProxyType({})


class Model:
    """A head that serves. Nothing of it changes; ``id`` is the SHA-256 of all of it."""

    __slots__ = ("_parameters", "_result", "_scores", "bits", "id", "recipe", "unit", "weights")

    def __init__(self, recipe: Recipe, weights: Int8s, unit: float) -> None:
        """Take int8 weights (2**bits, width), worth ``unit`` each in training's units."""
        _check(recipe, weights, unit)
        self.recipe = recipe
        self.weights = weights
        self.weights.setflags(write=False)
        self.unit = unit
        self.bits = weights.shape[0].bit_length() - 1
        fitted = recipe.calibration
        self._parameters = np.array(
            [len(recipe.labels), unit, fitted.sharpness, fitted.slope, fitted.offset]
        )
        self._scores = np.zeros(weights.shape[1], dtype=np.int32)
        self._result = np.zeros(heads.RESULT)
        self.id = model_file.digest(self.manifest(), weights)

    @property
    def name(self) -> str:
        """Return what the model tells: ``intent``, ``sentiment`` ..."""
        return self.recipe.name

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the labels, in the order of the weights' columns."""
        return self.recipe.labels

    @property
    def metrics(self) -> Mapping[str, float]:
        """Return how good it was on what it had not seen."""
        return self.recipe.metrics

    @property
    def calibration(self) -> Calibration:
        """Return how scores become probabilities."""
        return self.recipe.calibration

    def scores(self, reading: Reading) -> Int32s:
        """Return the integer score of every label: the same bits on every machine."""
        out = np.zeros(self.weights.shape[1], dtype=np.int32)
        heads.add_scores(reading.all_ids, reading.cues, self.weights, out)
        return out[: len(self.labels)]

    def judge(self, reading: Reading) -> Prediction:
        """Return what a message is, from a reading that other heads share. One thread at a time."""
        result = self._result
        heads.judge(
            reading.all_ids, reading.cues, self.weights, self._parameters, self._scores, result
        )
        first, second, third, one, two, three, score, margin = result.tolist()
        labels, fitted = self.recipe.labels, self.recipe.calibration
        best = labels[int(first)]
        top: tuple[tuple[str, float], ...] = ((best, one), (labels[int(second)], two))
        if third >= 0:
            top = (*top, (labels[int(third)], three))
        if (fitted.scope is None or score >= fitted.scope) and not reading.is_empty:
            return Prediction(best, one, margin, top, True, level_of(one, fitted.cuts), score)
        return Prediction(OUT_OF_SCOPE, one, margin, top, False, "low", score)

    def predict(self, text: str) -> Prediction:
        """Return what a text is, with a pass of its own; share one in a loop (``judge``)."""
        return self.judge(Pass().read(text))

    def explain(self, text: str, label: str | None = None, top: int = 8) -> list[Reason]:
        """
        Return the pieces of a text that speak most for a label, best first.

        Without a label, for the predicted one. Points are integers of the score, so all pieces of
        a text together sum to it. Raises ``ModelError`` for a label the model does not have.
        """
        wanted = label or self.predict(text).top[0][0]
        if wanted not in self.labels:
            message = f"label: {wanted!r} is not among the {len(self.labels)} labels of this model"
            raise ModelError(message)
        column = self.labels.index(wanted)
        reasons = [
            Reason(
                each.text, each.weight * int(self.weights[each.value >> (32 - self.bits), column])
            )
            for each in ngrams(text)
        ]
        return sorted(reasons, key=lambda each: (-each.points, each.ngram))[:top]

    def floats(self) -> Float32s:
        """Return the weights (2**bits, labels) in training's units, for training to go on from."""
        kept = self.weights[:, : len(self.labels)]
        return kept.astype(np.float32) * np.float32(self.unit)

    def only(self, recipe: Recipe) -> "Model":
        """Return a model of some of the labels: those of the recipe, with the same weights."""
        weights = np.zeros((self.weights.shape[0], heads.width_of(len(recipe.labels))), np.int8)
        for column, label in enumerate(recipe.labels):
            weights[:, column] = self.weights[:, self.labels.index(label)]
        return Model(recipe, weights, self.unit)

    def manifest(self) -> dict[str, object]:
        """Return what identifies the model besides its weights."""
        recipe, fitted = self.recipe, self.recipe.calibration
        return {
            "name": recipe.name,
            "feature_version": FEATURE_VERSION,
            "pair_weight": PAIR_WEIGHT,
            "bits": self.bits,
            "unit": self.unit,
            "labels": list(recipe.labels),
            "calibration": {**fitted._asdict(), "cuts": list(fitted.cuts)},
            "metrics": dict(recipe.metrics),
            "data": dict(recipe.data),
        }

    def golden(self) -> list[list[int]]:
        """Return the scores of ``GOLDEN_TEXTS``."""
        reader = Pass()
        return [self.scores(reader.read(text)).tolist() for text in GOLDEN_TEXTS]

    def to_bytes(self) -> bytes:
        """Return the model as a file; the same model gives the same bytes."""
        return model_file.pack(self.manifest(), self.golden(), self.weights)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Model":
        """
        Return the model in a file, after its golden check.

        Raises ``ModelError`` that names what is cut, altered or of another version.
        """
        manifest, golden, weights = model_file.unpack(data)
        if manifest.get("feature_version") != FEATURE_VERSION:
            message = (
                f"feature_version: {manifest.get('feature_version')!r}, expected {FEATURE_VERSION}:"
                " train it again with this version"
            )
            raise ModelError(message)
        try:
            fitted = dict(manifest["calibration"])
            calibration = Calibration(**{**fitted, "cuts": Cuts(*fitted["cuts"])})
            recipe = Recipe(
                name=manifest["name"],
                labels=tuple(manifest["labels"]),
                calibration=calibration,
                metrics=MappingProxyType(dict(manifest["metrics"])),
                data=MappingProxyType(dict(manifest["data"])),
            )
            model = cls(recipe, weights, float(manifest["unit"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"manifest: {error!r}, expected what a model of ours has") from error
        if model.golden() != golden:
            raise ModelError(
                "golden: this machine scores the fixed texts differently, so no serving"
            )
        return model


def make_model(floats: Float32s, recipe: Recipe) -> Model:
    """
    Return float weights (2**bits, labels), in training's units, as a model.

    One step of the integers is worth the largest weight over 127, after the ``CLIPPED`` share of
    the largest is cut. Raises ``ModelError`` for a shape that is none.
    """
    sizes = np.abs(floats).ravel()
    place = max(0, sizes.size - 1 - int(sizes.size * CLIPPED))
    largest = float(np.partition(sizes, place)[place]) if sizes.size else 0.0
    unit = (largest or 1.0) / INT8_MAX
    weights = np.zeros((floats.shape[0], heads.width_of(floats.shape[1])), dtype=np.int8)
    steps = np.clip(np.rint(floats / np.float32(unit)), -INT8_MAX, INT8_MAX)
    weights[:, : floats.shape[1]] = steps.astype(np.int8)
    return Model(recipe, weights, unit)


def _check(recipe: Recipe, weights: Int8s, unit: float) -> None:
    """Raise ``ModelError`` unless labels, weights and unit belong together."""
    labels = recipe.labels
    if not 2 <= len(labels) <= LABELS_MAX or len(set(labels)) != len(labels):
        raise ModelError(f"labels: {len(labels)}, expected 2 to {LABELS_MAX} different ones")
    rows = weights.shape[0]
    sizes = [1 << bits for bits in range(heads.BITS_MIN, heads.BITS_MAX + 1)]
    if rows not in sizes or weights.shape[1] != heads.width_of(len(labels)):
        message = f"weights: shape {weights.shape}, expected 2**{heads.BITS_MIN} to 2**{heads.BITS_MAX} rows"
        raise ModelError(f"{message} and {heads.width_of(len(labels))} columns")
    if not 0.0 < unit < np.inf:
        raise ModelError(f"unit: {unit}, expected a number above 0")
