"""
The files of models: a folder for each tenant, each file named after what is in it.

A file is read whole, its checksums are compared, and its golden messages are scored, before anything of it may
serve; ``Model.from_bytes`` does that and says what is wrong. A file is written beside its name and renamed, so that
nobody ever sees half of one.
"""

import os
from pathlib import Path
from typing import Final

from router.signals.model import Model
from router.signals.model_file import ModelError

SUFFIX: Final = ".model"
ID_DIGITS: Final = 16
"""Hexadecimal digits of the checksum by which the journal and the API call a model."""
NAME_DIGITS: Final = 12
"""Digits of it that the name of a file has, as `cordboard signals train` writes it."""
FILE_BYTES_MAX: Final = 512 * 1024 * 1024


class ModelFileError(ValueError):
    """Say that a model's file cannot be used, and why."""


def id_of(sha256: str) -> str:
    """Return what a model is called."""
    return sha256[:ID_DIGITS]


class ModelFolder:
    """The models of one tenant; without a folder there are none."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def read(self, id_: str) -> tuple[Model, int]:
        """Return a model, checked, and the size of its file in bytes. Raises ``ModelFileError``."""
        if self.path is None:
            raise ModelFileError("No folder of models is configured; expected signals.models.")
        found = sorted(self.path.glob(f"*{id_[:NAME_DIGITS]}*{SUFFIX}"))
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
            model = Model.from_bytes(file.read_bytes())
            model.predict("warm")  # loads what judging needs before a message waits for it
        except ModelError as error:
            raise ModelFileError(f"{file.name} cannot be used: {error}") from error
        except OSError as error:
            raise ModelFileError(f"{file.name} cannot be read: {error.strerror}.") from error
        if id_of(model.id) != id_:
            raise ModelFileError(f"{file.name} holds the model {model.id}; expected {id_}....")
        return model, size

    def write(self, model: Model) -> str:
        """Keep a model; return what it is called. Raises ``ModelFileError``."""
        if self.path is None:
            raise ModelFileError("No folder of models is configured; expected signals.models.")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            whole = self.path / f"{model.name}-{model.id[:NAME_DIGITS]}{SUFFIX}"
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
