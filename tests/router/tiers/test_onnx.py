"""An encoder from files: what it gives, and what is said when it cannot be had."""

import hashlib
import importlib
from types import SimpleNamespace

import numpy as np
import pytest

from router.tiers import onnx
from router.tiers.encoding import EncoderError, checked
from router.tiers.onnx import TOKENS_MAX, OnnxEncoder, find_minilm, load_encoder, load_minilm
from tests.router.tiers import tiny_onnx

TABLE = [[1, 0, 0], [0, 2, 0], [0, 0, 3], [4, 4, 0]]
WORDS = ["card", "lost", "refund"]


def installed():
    """Return whether the extra is there."""
    return all(importlib.util.find_spec(name) for name in ("onnxruntime", "tokenizers"))


needs_extra = pytest.mark.skipif("not installed()", reason="the extra encoder is not installed")


@pytest.fixture
def files(tmp_path):
    """Write a tiny model and its tokenizer."""
    model, tokenizer = tmp_path / "model.onnx", tmp_path / "tokenizer.json"
    model.write_bytes(tiny_onnx.model(TABLE))
    tokenizer.write_text(tiny_onnx.tokenizer(WORDS))
    return model, tokenizer


class Session:
    """Stand in for a session of onnxruntime."""

    def __init__(self, given, inputs=("input_ids", "attention_mask")):
        self.given, self.inputs, self.fed = given, inputs, []

    def get_inputs(self):
        """Return the inputs."""
        return [SimpleNamespace(name=name) for name in self.inputs]

    def get_outputs(self):
        """Return the outputs."""
        return [SimpleNamespace(name="out")]

    def run(self, _names, feeds):
        """Return what the test wants given."""
        self.fed.append(feeds)
        if isinstance(self.given, Exception):
            raise self.given
        return [self.given]


def encoder(given, **kept):
    """Return an encoder over a session that gives just that."""
    return OnnxEncoder(lambda _text: SimpleNamespace(ids=[3, 4]), Session(given, **kept), "f" * 64)


def test_tokens_are_averaged_and_sentences_taken_as_they_are():
    """Vectors of tokens become their mean, a sentence's own vector stays; both get length one."""
    tokens = np.array([[[3.0, 0, 0], [0, 3, 0]]], np.float32)
    found = encoder(tokens).encode(["a", "b"])
    assert found.dtype == np.float32
    assert np.allclose(found, [[0.5**0.5, 0.5**0.5, 0]] * 2)
    assert np.allclose(encoder(np.array([[3.0, 4.0]])).encode(["a"]), [[0.6, 0.8]])
    assert encoder(tokens).encode([]).shape == (0, 3)


def test_only_the_inputs_that_the_model_takes_are_fed():
    """A model without token types does not get any."""
    session = Session(np.ones((1, 2)))
    OnnxEncoder(lambda _text: SimpleNamespace(ids=[3, 4]), session, "").encode(["x"])
    assert [sorted(each) for each in session.fed] == [["attention_mask", "input_ids"]] * 2
    assert session.fed[0]["input_ids"].tolist() == [[3, 4]]


@pytest.mark.parametrize(
    ("given", "inputs", "said"),
    [
        (np.ones((1, 2)), ("pixels",), "takes .'pixels'"),
        (np.ones((1, 2)), ("attention_mask",), "takes .'attention_mask'"),
        (np.full((1, 2), np.nan), ("input_ids",), "expected a finite vector"),
        (np.ones((1, 2, 3, 4)), ("input_ids",), "expected a finite vector"),
        (np.ones((1, 0)), ("input_ids",), "no tokens"),
        (RuntimeError("no memory"), ("input_ids",), "the model failed: no memory"),
    ],
)
def test_a_model_that_is_no_encoder_is_refused_when_loaded(given, inputs, said):
    """The first vector is looked at before anybody relies on it."""
    with pytest.raises(EncoderError, match=said):
        encoder(given, inputs=inputs)


def test_vectors_are_checked():
    """Only finite floats of the right shape pass."""
    assert checked([[1.0, 2.0]], 1, 2).dtype == np.float32
    for bad in ([[1.0]], [[1, 2]], [["a", "b"]], [[1.0, np.inf]], None):
        with pytest.raises(EncoderError, match="expected"):
            checked(bad, 1, 2)


def test_without_the_extra_it_says_what_to_install(files, monkeypatch):
    """A missing package is named with what brings it."""

    def missing(name):
        raise ImportError(name=name)

    monkeypatch.setattr(onnx, "import_module", missing)
    with pytest.raises(EncoderError, match=r"tokenizers is not installed.*cordboard\[encoder\]"):
        load_encoder(*files)


def test_files_are_compared_with_what_is_pinned(files, tmp_path):
    """A missing file, and one whose hash differs, are named before anything is loaded."""
    model, tokenizer = files
    with pytest.raises(EncoderError, match=r"none\.onnx cannot be read"):
        load_encoder(tmp_path / "none.onnx", tokenizer)
    with pytest.raises(EncoderError, match=r"model\.onnx has sha256 .* expected 00"):
        load_encoder(model, tokenizer, {"model.onnx": "0" * 64})


def test_minilm_is_found_in_its_wheels_only(tmp_path, monkeypatch):
    """Both files must be there; one that differs from the pinned one is refused."""
    monkeypatch.setattr(onnx, "find_spec", lambda _name: None)
    assert find_minilm() is None
    assert load_minilm() is None
    for wheel in onnx.MINILM.values():
        path = tmp_path / wheel.package / wheel.path
        path.parent.mkdir(parents=True)
        path.write_bytes(b"altered")
    monkeypatch.setattr(
        onnx,
        "find_spec",
        lambda name: SimpleNamespace(submodule_search_locations=[str(tmp_path / name)]),
    )
    assert find_minilm() is not None
    with pytest.raises(EncoderError, match="has sha256"):
        load_minilm()


@needs_extra
def test_a_real_model_encodes(files):
    """A tiny ONNX file, run by onnxruntime, gives the means of its rows, whatever stands beside."""
    model, tokenizer = files
    pinned = {model.name: hashlib.sha256(model.read_bytes()).hexdigest()}
    made = load_encoder(model, tokenizer, pinned)
    assert made.dimensions == 3
    assert made.fingerprint == load_encoder(model, tokenizer).fingerprint
    rows = np.array(TABLE, np.float32)
    texts = ["card lost", "Refund", "what is this", "", "\ud800 card " + "lost " * 10_000]
    found = made.encode(texts[:3])
    for vector, tokens in zip(found, [[1, 2], [3], [0, 0, 0]], strict=True):
        mean = rows[tokens].mean(axis=0)
        assert np.allclose(vector, mean / np.linalg.norm(mean))
    assert (made.encode(texts[1:2])[0] == found[1]).all()
    long = made.encode(texts[4:])[0]
    mean = rows[[0, 1, *[2] * (TOKENS_MAX - 2)]].mean(axis=0)
    assert np.allclose(long, mean / np.linalg.norm(mean))


@needs_extra
def test_a_text_without_tokens_costs_its_vector_only(files):
    """Nothing to average is an error of the encoder, which the worker counts as a failure."""
    with pytest.raises(EncoderError, match="no tokens"):
        load_encoder(*files).encode([""])


@needs_extra
def test_garbage_files_are_refused(files, tmp_path):
    """A cut model and a broken tokenizer are told apart."""
    model, tokenizer = files
    cut = tmp_path / "cut.onnx"
    cut.write_bytes(model.read_bytes()[:-20])
    with pytest.raises(EncoderError, match=r"cut\.onnx is no ONNX model"):
        load_encoder(cut, tokenizer)
    broken = tmp_path / "broken.json"
    broken.write_text("{}")
    with pytest.raises(EncoderError, match=r"broken\.json is no tokenizer"):
        load_encoder(model, broken)
    model.write_bytes(tiny_onnx.model(TABLE, ("pixels",)))
    with pytest.raises(EncoderError, match="takes .'pixels'"):
        load_encoder(model, tokenizer)
