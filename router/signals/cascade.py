"""
Tier 1: what a message is by its n-grams and its meaning together, asked where tier 0 is unsure.

Three views are added up: a linear head over n-grams, a linear head over the encoder's vector, trained
as one, and a vote of the nearest labelled messages, each counting by the exponential of its cosine
(Nadaraya 1964, doi:10.1137/1109020). The heads see what all messages with a label share, the vote
sees the one message that was just like this. Only messages whose tier-0 margin is below a threshold
are worth an encoder's milliseconds (Viola and Jones 2001, doi:10.1109/CVPR.2001.990517, on cascades).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.search.limits import DIMENSIONS_MAX
from router.search.nearest import COMPONENT_MAX, SPREAD, best_meanings, rounded
from router.signals import cascade_file
from router.signals import signal as signals
from router.signals.calibration import Calibration, chances
from router.signals.cascade_file import Arrays, Packed
from router.signals.features import Pass, Reading
from router.signals.heads import TOP
from router.signals.model import GOLDEN_TEXTS, OUT_OF_SCOPE, Model, Prediction
from router.signals.model_file import ModelError
from router.signals.signal import Cuts, Signal

Float32s = NDArray[np.float32]
Floats = NDArray[np.float64]

#: Chosen on a fifth of BANKING77's training messages: a plateau, neighbours are within 0.3 points.
VOTES: Final = 10
VOTE_WIDTH: Final = 0.05
#: What a vote may weigh beside the heads; which one is chosen on held-out messages.
VOTE_WEIGHTS: Final = (0.0, 0.25, 0.5, 1.0)

TIER1: Final = "/tier1"
"""Behind the name of a signal that a cascade tells: which models read it is kept apart from tier 0's."""
GOLDEN_SLACK: Final = 1e-3  # sums of floats differ in their last bits between machines
GOLDEN_COSINE_MIN: Final = 0.98  # int8 encoders differ a little between processors


def centred(vectors: Float32s, centre: Float32s) -> Float32s:
    """Return unit vectors (n, d) with what all messages share taken away, at length one again."""
    moved = vectors - centre
    lengths = np.linalg.norm(moved, axis=-1, keepdims=True)
    made: Float32s = np.divide(moved, lengths, out=np.zeros_like(moved), where=lengths > 0)
    return made


def votes(arrays: Arrays, vector: Float32s, labels: int) -> Floats:
    """Return the share of each label (labels,) in the vote of the examples nearest to a centred vector."""
    count = min(VOTES, len(arrays.places))
    rows, best = np.zeros(count, np.int32), np.zeros(count, np.int32)
    flags = np.ones(len(arrays.places), np.uint8)
    found = best_meanings(arrays.vectors, rounded(vector[None])[0], flags, 1, rows, best)
    share = np.zeros(labels)
    if found:
        # The product of two vectors in int8 is their cosine times the square of their common scale.
        scale = COMPONENT_MAX * np.sqrt(vector.size) / SPREAD
        cosine = best[:found] / (scale * scale)
        weight = np.exp((cosine - cosine[0]) / VOTE_WIDTH)
        np.add.at(share, arrays.places[rows[:found]], weight / weight.sum())
    return share


class Rule(NamedTuple):
    """
    How a cascade is used.

    ``fingerprint`` is the encoder it was trained with, ``threshold`` the tier-0 margin below which it is
    worth asking, ``vote_weight`` what the neighbours' vote counts beside the heads.
    """

    fingerprint: str
    threshold: float
    vote_weight: float


class Cascade:
    """
    Tier 1's judge; nothing of it changes, and ``id`` is the SHA-256 of all of it.

    ``words`` is its own head over n-grams.
    """

    def __init__(
        self,
        words: Model,
        arrays: Arrays,
        rule: Rule,
        metrics: Mapping[str, float] = MappingProxyType({}),
        golden_vectors: Float32s | None = None,
    ) -> None:
        """
        Take the head over n-grams, the rest, and how both are used.

        ``golden_vectors`` float32 (texts, d) are the encoder's of ``GOLDEN_TEXTS``, by which it is known again.
        Raises ``ModelError`` for shapes that do not fit.
        """
        d, labels = arrays.meaning.shape
        if labels != len(words.labels) or arrays.centre.shape != (d,) or d > DIMENSIONS_MAX:
            raise ModelError(
                f"meaning: shape {arrays.meaning.shape}, expected (d, {len(words.labels)})"
            )
        self.words = words
        self.arrays = arrays
        self.rule = rule
        self.metrics = dict(metrics)
        self.golden_vectors = golden_vectors
        self._bytes = cascade_file.pack(self._packed())
        self.id = cascade_file.digest(self._bytes)

    @property
    def fingerprint(self) -> str:
        """Return the encoder it was trained with; no other may feed it."""
        return self.rule.fingerprint

    @property
    def name(self) -> str:
        """Return what it tells and that it is asked second, as ``intent/tier1``."""
        return f"{self.words.name}{TIER1}"

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the labels, in the order of all columns."""
        return self.words.labels

    def wants(self, prediction: Prediction) -> bool:
        """Return whether tier 0 is so unsure of a message that it is worth encoding."""
        return prediction.margin < self.rule.threshold

    def scores(self, reading: Reading, vector: Float32s) -> Floats:
        """
        Return the score of every label (labels,), in training's units.

        Raises ``ModelError`` for a vector of another width than the encoder's.
        """
        if vector.shape != self.arrays.centre.shape:
            raise ModelError(f"vector: {vector.shape}, expected {self.arrays.centre.shape}")
        words = self.words.scores(reading) * (self.words.unit / np.sqrt(max(int(reading.mass), 1)))
        moved = centred(vector[None], self.arrays.centre)[0]
        meaning = moved @ self.arrays.meaning
        vote = votes(self.arrays, moved, len(self.labels))
        return np.asarray(words + meaning + self.rule.vote_weight * vote, np.float64)

    def judge(self, reading: Reading, vector: Float32s) -> Prediction:
        """Return what a message is, from tier 0's reading of it and the encoder's vector."""
        return prediction_of(self.scores(reading, vector), self.labels, self.words.calibration)

    def signal(self, prediction: Prediction) -> Signal:
        """Return a prediction as a signal of tier 1."""
        return prediction.signal(self.id)._replace(source="tier1")

    def to_bytes(self) -> bytes:
        """Return the cascade as a file; the same cascade gives the same bytes."""
        return self._bytes

    @classmethod
    def from_bytes(cls, data: bytes) -> "Cascade":
        """Return the cascade in a file; raise ``ModelError`` that names what is cut or altered."""
        packed, arrays = cascade_file.unpack(data)
        words = Model.from_bytes(packed.words)
        rule = Rule(packed.fingerprint, packed.threshold, packed.vote_weight)
        shape = (len(GOLDEN_TEXTS), packed.dimensions)
        vectors = np.frombuffer(packed.golden_vectors, "<f4")
        cascade = cls(
            words, arrays, rule, packed.metrics, vectors.reshape(shape) if vectors.size else None
        )
        expected = np.frombuffer(packed.golden_scores, "<f4")
        found = cascade.golden_scores().ravel()
        if found.shape != expected.shape or not np.allclose(found, expected, atol=GOLDEN_SLACK):
            raise ModelError(
                "golden: this machine scores the fixed texts differently, so no serving"
            )
        return cascade

    def golden_scores(self) -> Float32s:
        """Return the scores of ``GOLDEN_TEXTS`` (texts, labels) with made-up vectors, as no encoder is at hand."""
        d, reader = self.arrays.centre.size, Pass()
        waves = np.cos(np.arange(1, len(GOLDEN_TEXTS) + 1)[:, None] * np.arange(1, d + 1))
        return np.array(
            [
                self.scores(reader.read(text), wave.astype(np.float32))
                for text, wave in zip(GOLDEN_TEXTS, waves, strict=True)
            ],
            np.float32,
        )

    def why_not(self, fingerprint: str, vectors: Float32s | None) -> str | None:
        """
        Return why an encoder may not feed it, None if it may.

        ``vectors`` are what it gives ``GOLDEN_TEXTS`` here: the same file may give others on another machine.
        """
        if fingerprint != self.fingerprint:
            return (
                f"encoder: {fingerprint[:16] or 'none'}, expected {self.fingerprint[:16]}, "
                "which it was trained with"
            )
        if self.golden_vectors is None:
            return None
        if vectors is None:
            return "encoder: it did not answer the fixed texts"
        both = np.linalg.norm(vectors, axis=1) * np.linalg.norm(self.golden_vectors, axis=1)
        cosines = (vectors * self.golden_vectors).sum(axis=1) / np.maximum(both, 1e-9)
        worst = float(cosines.min())
        if worst < GOLDEN_COSINE_MIN:
            return (
                f"encoder: its vectors of the fixed texts have a cosine of {worst:.3f} with those it was "
                f"trained with, expected {GOLDEN_COSINE_MIN} or more"
            )
        return None

    def _packed(self) -> Packed:
        centre, meaning, vectors, places = self.arrays
        golden = self.golden_vectors
        return Packed(
            words=self.words.to_bytes(),
            fingerprint=self.rule.fingerprint,
            threshold=self.rule.threshold,
            vote_weight=self.rule.vote_weight,
            metrics=self.metrics,
            examples=len(places),
            dimensions=centre.size,
            padded=vectors.shape[1],
            labels=meaning.shape[1],
            centre=centre.astype("<f4").tobytes(),
            meaning=meaning.astype("<f4").tobytes(),
            vectors=vectors.tobytes(),
            places=places.astype("<i4").tobytes(),
            golden_scores=self.golden_scores().astype("<f4").tobytes(),
            golden_vectors=b"" if golden is None else golden.astype("<f4").tobytes(),
        )


def prediction_of(scores: Floats, labels: tuple[str, ...], fitted: Calibration) -> Prediction:
    """Return float scores (labels,) as a prediction, with the calibration they were fitted for."""
    order = np.argsort(-scores, kind="stable")[:TOP]
    share = chances(scores[None], fitted.sharpness)[0]
    best = min(max(float(share[order[0]]), 1e-9), 1 - 1e-9)
    moved = 1 / (1 + np.exp(-(fitted.slope * np.log(best / (1 - best)) + fitted.offset)))
    others = [(1 - moved) * float(share[place]) / (1 - best) for place in order[1:]]
    probability = signals.rounded(float(moved))
    top = [(labels[order[0]], probability)]
    top += [(labels[place], signals.rounded(p)) for place, p in zip(order[1:], others, strict=True)]
    score = float(scores[order[0]] - scores.mean())
    margin = float(scores[order[0]] - scores[order[1]])
    in_scope = fitted.scope is None or score >= fitted.scope
    level = signals.level_of(probability, Cuts(*fitted.cuts)) if in_scope else "low"
    label = labels[order[0]] if in_scope else OUT_OF_SCOPE
    return Prediction(label, probability, margin, tuple(top), in_scope, level, score)
