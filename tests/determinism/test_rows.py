"""Compiled rules look at no index: in plain Python, on arrays that do, none is ever outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TAPES, SOAKS = 2, 2
SHOWS_IT_LOOKS = """
from tests import checking
from typing import NamedTuple
import numpy as np, json
class Few(NamedTuple):
    records: object
    numbers: object
view = checking.handle(Few(np.zeros(2, [("skill", "i4", (3,))]), np.zeros((2, 2))))
checking.ROOMS = ("<string>",)
view.numbers[1, 1], view.records[1].skill[2]
assert not checking.outside, checking.outside
view.numbers[0, -1], view.records[-1], view.records[0].skill[-1]
print(json.dumps(sum(checking.outside.values())))
"""


def said(*command: str) -> str:
    """Return what a Python process without the compiler prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, check=True, capture_output=True, text=True, env=environment
    )  # fmt: skip
    return done.stdout


@pytest.mark.slow
def test_no_rule_relies_on_a_negative_or_outside_index() -> None:
    """Tapes, soaks, planted bugs, damage and a world's days use rows that exist, counted from the start."""
    found = json.loads(said("-m", "tests.checking", str(TAPES), str(SOAKS)))
    assert found["outside"] == {}
    assert found["looked"] > 500_000


def test_an_index_below_zero_would_be_seen() -> None:
    """The arrays used for that note a negative index of a matrix, of records and of a record's own array."""
    assert json.loads(said("-c", SHOWS_IT_LOOKS)) == 3
