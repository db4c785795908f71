"""Append frames as fast as the disk takes them until killed; tell each acknowledged number.

Run as a program by the tests of sudden ends: ``journal_writer.py LOCATION``. It writes four bytes
to its standard output for each commit: the number of the last durable frame.
"""

import asyncio
import os
import sys

from router.stores import store_at
from router.stores.frames import Frame
from router.stores.writer import GroupCommit
from tests.router.stores.journals import body_of, clock_ns


async def write_until_killed(location: str) -> None:
    """Keep some frames waiting at any time, and save a snapshot every hundred frames."""
    store = store_at(location)
    tail = store.open()
    os.write(1, tail.number.to_bytes(4, "little"))
    writer = GroupCommit(
        store, tail, clock_ns, lambda number: os.write(1, number.to_bytes(4, "little"))
    )
    number = tail.number
    while True:
        for _ in range(1 + number % 5):
            number += 1
            writer.append_nowait(Frame(number, number, 1, number, body_of(number)))
        if number % 100 < 5:
            await writer.save_snapshot(number, number + 1, body_of(number))
        await writer.wait_durable(number - 3)


if __name__ == "__main__":
    asyncio.run(write_until_killed(sys.argv[1]))
