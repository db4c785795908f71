"""What was journalled once must fold for ever."""

from __future__ import annotations

import zlib
from typing import Any

import msgpack
import numpy as np
import pytest

from router.core import layout
from router.core.check import check
from router.core.machine import Machine
from tests.golden.tape import FILE


@pytest.fixture(scope="module")
def tape() -> dict[str, Any]:
    """Return the committed tape: its digest and its frames."""
    found: dict[str, Any] = msgpack.unpackb(zlib.decompress(FILE.read_bytes()))
    return found


def test_the_golden_tape_folds_to_its_digest(tape: dict[str, Any]) -> None:
    """Events recorded by an earlier version give the state they gave then."""
    machine = Machine()
    for _, _, events, words in tape["frames"]:
        machine.fold(np.frombuffer(events, layout.EVENT), np.frombuffer(words, np.int64))
    assert machine.digest() == tape["digest"]
    machine.settle_fold()
    check(machine.arrays)


def test_the_golden_tape_is_worth_keeping(tape: dict[str, Any]) -> None:
    """It holds every kind of event there is."""
    events = np.concatenate([np.frombuffer(frame[2], layout.EVENT) for frame in tape["frames"]])
    assert len(events) > 500
    assert len(set(events["kind"].tolist())) == 33
