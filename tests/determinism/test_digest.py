"""One tape, one digest: run again, folded, compiled or not, and whatever the hash seed."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from router.core.machine import Machine
from tests import tapes

ROOT = Path(__file__).resolve().parents[2]
SEED, COMMANDS = 20, 600
SCRIPT = """
import json, random, sys
from router import kernel_cache
kernel_cache.settle()
from router.core.machine import Machine
from tests import tapes
machine = Machine()
batches = tapes.record(random.Random(int(sys.argv[1])), machine, int(sys.argv[2]))
print(json.dumps([machine.digest(), len(batches), sum(batch.count for batch in batches)]))
"""


def played(seed: int = SEED) -> tuple[Machine, list[tapes.Batch]]:
    """Return a machine that a tape was played on, and the runs."""
    machine = Machine()
    return machine, tapes.record(random.Random(seed), machine, COMMANDS)


def elsewhere(**environment: str) -> list[object]:
    """Play the tape in another process; return its digest and how much came out."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(SEED), str(COMMANDS)], cwd=ROOT, check=True, capture_output=True,
        text=True, env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip
    answer: list[object] = json.loads(done.stdout)
    return answer


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Twice the same tape: the same events, word for word, and another seed gives others."""
    (one, first), (two, second) = played(), played()
    assert one.digest() == two.digest()
    assert [b.events.tobytes() for b in first] == [b.events.tobytes() for b in second]
    assert [b.words.tobytes() for b in first] == [b.words.tobytes() for b in second]
    assert played(SEED + 1)[0].digest() != one.digest()


def test_folding_the_events_gives_the_live_state_and_goes_on_alike() -> None:
    """Half the tape is folded, the other half decided again: nothing differs."""
    live, batches = played()
    other = Machine()
    half = len(batches) // 2
    for batch in batches[:half]:
        other.fold(batch.events, batch.words)
    other.settle_fold()
    for batch in batches[half:]:
        other.feed(batch.commands, batch.command_words)
        assert other.run().events.tobytes() == batch.events.tobytes()
    assert other.digest() == live.digest()


@pytest.mark.slow
def test_hash_seed_and_compiling_change_nothing() -> None:
    """Another process with another hash seed, and one without the compiler, come to this digest."""
    machine, batches = played()
    here = [machine.digest(), len(batches), sum(batch.count for batch in batches)]
    assert elsewhere(PYTHONHASHSEED="12345") == here
    other_way = "0" if numba.config.DISABLE_JIT else "1"
    assert elsewhere(PYTHONHASHSEED="1", NUMBA_DISABLE_JIT=other_way) == here
