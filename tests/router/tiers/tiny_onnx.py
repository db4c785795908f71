"""A real ONNX model of a few bytes, written by hand: it looks up a vector for each token."""

import json
import struct

import numpy as np

FLOAT, INT64 = 1, 7


def number(value):
    """Return a protobuf varint."""
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(place, value):
    """Return a protobuf field: a number, a text, or a message as bytes."""
    if isinstance(value, int):
        return number(place << 3) + number(value)
    data = value.encode() if isinstance(value, str) else value
    return number(place << 3 | 2) + number(len(data)) + data


def value_info(name, kind, rank):
    """Return what the graph says of an input or output: its type, and as many free dimensions."""
    shape = b"".join(field(1, field(2, f"n{axis}")) for axis in range(rank))
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, shape)))


def model(table, inputs=("input_ids",)):
    """Return the bytes of a model that gathers rows of ``table`` float32 (tokens, d)."""
    table = np.asarray(table, np.float32)
    rows, columns = table.shape
    raw = struct.pack(f"<{table.size}f", *table.ravel().tolist())
    weights = field(1, rows) + field(1, columns) + field(2, FLOAT) + field(8, "w") + field(9, raw)
    node = field(1, "w") + field(1, inputs[0]) + field(2, "last_hidden_state") + field(4, "Gather")
    graph = field(1, node) + field(2, "g") + field(5, weights)
    graph += b"".join(field(11, value_info(name, INT64, 2)) for name in inputs)
    graph += field(12, value_info("last_hidden_state", FLOAT, 3))
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13))


def tokenizer(words):
    """Return a tokenizer.json that numbers words; an unknown one is number 0."""
    vocabulary = {"[UNK]": 0} | {word: place for place, word in enumerate(words, 1)}
    return json.dumps(
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [],
            "normalizer": {"type": "Lowercase"},
            "pre_tokenizer": {"type": "Whitespace"},
            "post_processor": None,
            "decoder": None,
            "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"},
        }
    )
