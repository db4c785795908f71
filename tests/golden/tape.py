"""Write the golden tape anew (``python -m tests.golden.tape``), only when the journal's format changes on purpose."""

from __future__ import annotations

import random
import zlib
from pathlib import Path

import msgpack

from router.core.machine import Machine
from tests import tapes

FILE = Path(__file__).parent / "core-1.tape"
SEED, COMMANDS = 5, 500


def main() -> None:
    """Record a tape and write commands, events, words and the digest, compressed."""
    machine = Machine()
    batches = tapes.record(random.Random(SEED), machine, COMMANDS)
    frames = [[b.commands, b.command_words, b.events.tobytes(), b.words.tobytes()] for b in batches]
    blob = msgpack.packb({"digest": machine.digest(), "frames": frames})
    FILE.write_bytes(zlib.compress(blob, 9))


if __name__ == "__main__":
    main()
