"""Encoders for tests: one that is tiny and deterministic, and ways for it to go wrong."""

import hashlib
import threading

import numpy as np


class FakeEncoder:
    """Give each text a vector made of its hash."""

    fingerprint = "f" * 64
    dimensions = 8

    def __init__(self):
        self.texts = []

    def encode(self, texts):
        self.texts += texts
        rows = [np.frombuffer(hashlib.sha256(t.encode("utf-8", "replace")).digest()[:8], np.uint8)
                for t in texts]  # fmt: skip
        made = np.stack(rows).astype(np.float32) - 127
        return made / np.linalg.norm(made, axis=1, keepdims=True)


class GatedEncoder(FakeEncoder):
    """Hold up every text that starts with "hold" until the test opens the gate."""

    def __init__(self):
        super().__init__()
        self.reached = threading.Event()
        self.gate = threading.Event()
        self.encoded = threading.Event()

    def encode(self, texts):
        if texts[0].startswith("hold"):
            self.reached.set()
            assert self.gate.wait(30)
        made = super().encode(texts)
        self.encoded.set()
        return made


class BrokenEncoder(FakeEncoder):
    """Go wrong in the way the text names."""

    def encode(self, texts):
        good = super().encode(texts)
        match texts[0]:
            case "crash":
                raise RuntimeError("no memory")
            case "nan":
                return good * np.nan
            case "inf":
                return np.full_like(good, np.inf)
            case "wide":
                return np.concatenate([good, good], axis=1)
            case "many":
                return np.concatenate([good, good])
            case "none":
                return None
            case "words":
                return [["a"] * 8]
            case "ragged":
                return [[1.0], [1.0, 2.0]]
        return good
