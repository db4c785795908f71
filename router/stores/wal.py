"""Find acknowledged commits that a damaged write-ahead log would silently drop.

SQLite ends recovery at the first frame of its log whose checksum is wrong, because it takes it
for the torn write of a crash, and everything behind it disappears without a word. A crash can tear
the last transaction only: the one before was synced before the last began. So a log that goes on
behind the transaction in which recovery stopped was damaged later, and acknowledged frames are
gone. Every opening empties the log (unless somebody else has it open and so did not crash), so a
log does not hold the remains of two crashes.

Layout: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

import struct
from pathlib import Path

_MAGICS = (0x377F0682, 0x377F0683)  # checksums over little-endian, big-endian words
_HEADER_BYTES = 32
_FRAME_HEADER_BYTES = 24
_WORDS = {_MAGICS[0]: "<", _MAGICS[1]: ">"}


def lost_commits(log: Path, valid_frames: int) -> str | None:
    """Say what a log holds behind the ``valid_frames`` that SQLite recovered; None if all is well.

    Damage within the very last transaction looks exactly like a torn write and is not found.
    """
    try:
        with log.open("rb") as file:
            header = file.read(_HEADER_BYTES)
            if len(header) < _HEADER_BYTES:
                return None
            rest_bytes = log.stat().st_size - _HEADER_BYTES
            magic, _version, page_bytes = struct.unpack_from(">III", header)
            if not _intact(header, magic):
                # The header is synced before the first frame is written: never torn with frames.
                return "a damaged header with frames behind it" if rest_bytes > 0 else None
            frame_bytes = _FRAME_HEADER_BYTES + page_bytes
            ended = False
            for index in range(valid_frames, rest_bytes // frame_bytes):
                file.seek(_HEADER_BYTES + index * frame_bytes)
                frame = file.read(_FRAME_HEADER_BYTES)
                if len(frame) < _FRAME_HEADER_BYTES or frame[8:16] != header[16:24]:
                    continue  # the remains of an earlier round of the log
                if ended:
                    return f"transactions behind its damaged frame {valid_frames + 1}"
                ended = frame[4:8] != bytes(4)  # a commit carries the size of the database
    except FileNotFoundError:
        return None
    return None


def _intact(header: bytes, magic: int) -> bool:
    if magic not in _WORDS:
        return False
    first = second = 0
    words = struct.unpack(f"{_WORDS[magic]}6I", header[:24])
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return (first, second) == struct.unpack_from(">II", header, 24)
