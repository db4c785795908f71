"""
The files of models and cascades: a folder for each tenant, each file named after what is in it.

A file is read whole, its checksums are compared, and its golden messages are scored, before anything of it may
serve; ``from_bytes`` does that and says what is wrong. A file is written beside its name and renamed, so that
nobody ever sees half of one.
"""

import os
from pathlib import Path
from typing import Final

from router.signals import cascade_file
from router.signals.cascade import TIER1, Cascade
from router.signals.model import Model
from router.signals.model_file import ModelError
from router.signals.table import TAUGHT
from router.wire.signals import ModelRecord

Artefact = Model | Cascade
"""What may read a signal: a head of tier 0, or a cascade of tier 1."""
SUFFIXES: Final = (".model", ".cascade")
ID_DIGITS: Final = 16
"""Hexadecimal digits of the checksum by which the journal and the API call a model."""
NAME_DIGITS: Final = 12
"""Digits of it that the name of a file has, as `cordboard signals train` writes it."""
SERVED: Final = (*TAUGHT, f"intent{TIER1}")
"""What models and cascades may tell: one that tells anything else would never be asked."""
FILE_BYTES_MAX: Final = 512 * 1024 * 1024


class ModelFileError(ValueError):
    """Say that a model's file cannot be used, and why."""


def id_of(sha256: str) -> str:
    """Return what a model is called."""
    return sha256[:ID_DIGITS]


def artefact_of(data: bytes) -> Artefact:
    """Return the model or cascade in a file, checked. Raises ``ModelError``."""
    is_cascade = data[: len(cascade_file.MAGIC) - 1] == cascade_file.MAGIC[:-1]
    return Cascade.from_bytes(data) if is_cascade else Model.from_bytes(data)


def file_name(made: Artefact) -> str:
    """Return what the file of a model or cascade is called."""
    suffix = SUFFIXES[isinstance(made, Cascade)]
    return f"{made.name.replace('/', '-')}-{made.id[:NAME_DIGITS]}{suffix}"


class ModelFolder:
    """The models and cascades of one tenant; without a folder there are none."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def read(self, id_: str) -> tuple[Artefact, int]:
        """Return a model or a cascade, checked, and the size of its file in bytes. Raises ``ModelFileError``."""
        if self.path is None:
            raise ModelFileError("No folder of models is configured; expected signals.models.")
        patterns = [f"*{id_[:NAME_DIGITS]}*{suffix}" for suffix in SUFFIXES]
        found = sorted(file for pattern in patterns for file in self.path.glob(pattern))
        if len(found) != 1:
            how_many = "Several files have" if found else "No file has"
            raise ModelFileError(
                f"{how_many} {id_[:NAME_DIGITS]} in the name, in the folder of models; expected one."
            )
        file = found[0]
        try:
            size = file.stat().st_size
            if size > FILE_BYTES_MAX:
                raise ModelFileError(
                    f"{file.name} has {size:,} bytes; expected at most {FILE_BYTES_MAX:,}."
                )
            model = artefact_of(file.read_bytes())
            if isinstance(model, Model):
                model.predict("warm")  # loads what judging needs before a message waits for it
        except ModelError as error:
            raise ModelFileError(f"{file.name} cannot be used: {error}") from error
        except OSError as error:
            raise ModelFileError(f"{file.name} cannot be read: {error.strerror}.") from error
        if model.name not in SERVED:
            raise ModelFileError(
                f"{file.name} tells {model.name!r}; expected one of {', '.join(SERVED)}."
            )
        if id_of(model.id) != id_:
            raise ModelFileError(f"{file.name} holds the model {model.id}; expected {id_}....")
        return model, size

    def write(self, model: Artefact) -> str:
        """Keep a model or a cascade; return what it is called. Raises ``ModelFileError``."""
        if self.path is None:
            raise ModelFileError("No folder of models is configured; expected signals.models.")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            whole = self.path / file_name(model)
            part = whole.with_suffix(".part")
            with part.open("wb") as file:
                file.write(model.to_bytes())
                file.flush()
                os.fsync(file.fileno())
            part.replace(whole)
        except OSError as error:
            raise ModelFileError(
                f"{self.path} cannot take a model: {error.strerror or error}."
            ) from error
        return id_of(model.id)


def record_of(model: Artefact, size: int) -> ModelRecord:
    """Return what is kept of a model's manifest."""
    return ModelRecord(
        signal=model.name,
        sha256=model.id,
        labels=tuple(model.labels),
        bytes=size,
        metrics={name: float(value) for name, value in model.metrics.items()},
    )
