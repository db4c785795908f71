"""Put a file layer under SQLite that fails on demand and forgets what was never synced."""

import itertools
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import apsw

_names = itertools.count(1)


def failure(reason: str, code: int) -> apsw.IOError:
    """Return what SQLite is to be told."""
    error = apsw.IOError(reason)
    error.extendedresult = code
    return error


class Write(NamedTuple):
    """Hold a write that may not have reached the disk; no content means a truncation."""

    offset: int
    content: bytes | None


@dataclass
class Disk:
    """Hold what is surely on the disk of one file, and the writes since."""

    synced: bytearray = field(default_factory=bytearray)
    unsynced: list[Write] = field(default_factory=list)

    def put(self, write: Write) -> None:
        """Let one write reach the disk."""
        if write.content is None:
            del self.synced[write.offset :]
            return
        gap = write.offset - len(self.synced)
        self.synced += bytes(max(gap, 0))
        self.synced[write.offset : write.offset + len(write.content)] = write.content


class FaultyFiles(apsw.VFS):
    """A file layer over the usual one; it knows no shared memory, so stores must be exclusive."""

    def __init__(self) -> None:
        self.name = f"faulty {next(_names)}"
        self.disks: dict[str, Disk] = {}
        self.syncs = 0
        self.sync_fails = False
        self.writes_left: int | None = None
        super().__init__(self.name, "")

    def xOpen(self, name, flags):  # noqa: N802
        return FaultyFile(self, name, flags)

    def stop_after_writes(self, writes: int) -> None:
        """Let so many writes, truncations and syncs happen and then none any more."""
        self.writes_left = writes

    def count_down(self) -> None:
        """Count one change of a file; raise when the power is gone."""
        if self.writes_left is None:
            return
        self.writes_left -= 1
        if self.writes_left < 0:
            raise failure("the power is gone", apsw.SQLITE_IOERR_WRITE)

    def lose_power(self, chance: random.Random) -> None:
        """Leave on each file what was synced and, in any order, any part of the rest.

        Where a sync failed nothing of that part is left: the kernel had given those pages up.
        """
        self.writes_left = None
        for path, disk in self.disks.items():
            for write in chance.sample(disk.unsynced, len(disk.unsynced)):
                fate = chance.random()
                if fate < 0.4:
                    continue
                if fate < 0.6 and write.content is not None:  # torn at a sector
                    kept = write.content[: 512 * chance.randrange(1 + len(write.content) // 512)]
                    disk.put(write._replace(content=kept))
                else:
                    disk.put(write)
            if Path(path).exists():
                Path(path).write_bytes(disk.synced)
        self.disks.clear()


class FaultyFile(apsw.VFSFile):
    """One file of the layer: writes through, and keeps the books of what was synced."""

    def __init__(self, layer: FaultyFiles, name, flags) -> None:
        self.layer = layer
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        existed = Path(path).exists()
        content = Path(path).read_bytes() if existed else b""
        super().__init__("", name, flags)
        if path not in layer.disks or not existed:
            layer.disks[path] = Disk(bytearray(content))
        self.disk = layer.disks[path]

    def xWrite(self, data, offset):  # noqa: N802
        self.layer.count_down()
        super().xWrite(data, offset)
        self.disk.unsynced.append(Write(offset, bytes(data)))

    def xTruncate(self, size):  # noqa: N802
        self.layer.count_down()
        super().xTruncate(size)
        self.disk.unsynced.append(Write(size, None))

    def xSync(self, flags):  # noqa: N802
        self.layer.count_down()
        self.layer.syncs += 1
        if self.layer.sync_fails:
            self.disk.unsynced.clear()  # from now on readable, but never written
            raise failure("the disk says no", apsw.SQLITE_IOERR_FSYNC)
        super().xSync(flags)
        for write in self.disk.unsynced:
            self.disk.put(write)
        self.disk.unsynced.clear()
