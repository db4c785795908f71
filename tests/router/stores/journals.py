"""Make frames and journals for the tests of stores."""

import struct
import time
from collections.abc import Sequence

import google_crc32c

from router.stores.frames import Frame, Row, Store, Tail


def frames_after(tail: Tail, bodies: Sequence[bytes], events: int = 1) -> list[Frame]:
    """Return one frame for each body, of ``events`` events, that goes on behind ``tail``."""
    return [
        Frame(tail.number + at, tail.next_seq + (at - 1) * events, events, 1_000 * at, body)
        for at, body in enumerate(bodies, start=1)
    ]


def grow(store: Store, bodies: Sequence[bytes], events: int = 1) -> list[Frame]:
    """Append each body in a commit of its own; return the frames."""
    grown: list[Frame] = []
    for body in bodies:
        frames = frames_after(store.tail, [body], events)
        store.append(frames, store.tail.number)
        grown += frames
    return grown


def body_of(number: int) -> bytes:
    """Return a body that tells its frame's number and differs in length from its neighbours."""
    return number.to_bytes(4, "little") * (1 + number * 7 % 90)


def resealed(row: Row, body: bytes) -> Row:
    """Return the row with another body and a CRC32C that matches it: only the chain can tell."""
    header = struct.pack("<4q", *row[:4])
    crc = google_crc32c.extend(google_crc32c.value(header + row.chain), body)
    return row._replace(body=body, crc=crc)


clock_ns = time.perf_counter_ns
