"""Name every way in which a store refuses or fails.

The arguments of an error are its fields, so that ``copy.copy`` gives each waiter its own instance.
"""


class StoreError(Exception):
    """Say that a store could not do what it was asked."""


class Fenced(StoreError):
    """Say that a newer owner holds the journal; drop what is not durable and stop."""

    def __init__(self, epoch: int, newest_epoch: int) -> None:
        super().__init__(epoch, newest_epoch)
        self.epoch = epoch
        self.newest_epoch = newest_epoch

    def __str__(self) -> str:
        return (
            f"This store owns epoch {self.epoch}, but epoch {self.newest_epoch} has claimed "
            f"the journal. Nothing was stored; stop this owner."
        )


class OutOfOrder(StoreError):
    """Say which number would have left a gap in the journal or overwritten a part of it."""

    def __init__(self, field: str, value: int, expected: int) -> None:
        super().__init__(field, value, expected)
        self.field = field
        self.value = value
        self.expected = expected

    def __str__(self) -> str:
        return f"{self.field} is {self.value}, expected {self.expected}. Nothing was stored."


class FrameInvalid(StoreError):
    """Say which field of a frame or snapshot no journal can hold."""

    def __init__(self, field: str, value: str, expected: str) -> None:
        super().__init__(field, value, expected)
        self.field = field
        self.value = value
        self.expected = expected

    def __str__(self) -> str:
        return f"{self.field} is {self.value}, expected {self.expected}. Nothing was stored."


class StoreFull(StoreError):
    """Say that there is no room; the store refuses everything until it is opened again."""

    def __init__(self, journal: str, reason: str) -> None:
        super().__init__(journal, reason)
        self.journal = journal
        self.reason = reason

    def __str__(self) -> str:
        return f"No room left for {self.journal}: {self.reason}. Make room, then open it again."


class StoreFailed(StoreError):
    """Say that the device failed; whether the last frames are durable is not known.

    A failed fsync is never tried again: the kernel may have dropped the pages, and a second fsync
    would then succeed without having written them (Rebello et al. 2020, "Can Applications Recover
    from fsync Failures?").
    """

    def __init__(self, journal: str, reason: str) -> None:
        super().__init__(journal, reason)
        self.journal = journal
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.journal} failed: {self.reason}. Check the disk, then open it again."


class StoreBusy(StoreError):
    """Say that somebody else holds the lock of the journal; nothing was stored."""

    def __init__(self, journal: str, reason: str) -> None:
        super().__init__(journal, reason)
        self.journal = journal
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.journal} is held by another process: {self.reason}. Try again."


class StoreClosed(StoreError):
    """Say that the store is not open for what was asked."""

    def __init__(self, journal: str, state: str) -> None:
        super().__init__(journal, state)
        self.journal = journal
        self.state = state

    def __str__(self) -> str:
        return f"{self.journal} is {self.state}."


class BacklogFull(StoreError):
    """Say that too much waits for the disk; the frame was not taken."""

    def __init__(self, frames: int, body_bytes: int) -> None:
        super().__init__(frames, body_bytes)
        self.frames = frames
        self.body_bytes = body_bytes

    def __str__(self) -> str:
        return f"{self.frames} frames of {self.body_bytes} bytes wait for the disk already."


class JournalDamaged(StoreError):
    """Say which frame is not what was written, by which field, and what it should have been."""

    def __init__(self, frame: int | None, field: str, expected: str, found: str) -> None:
        super().__init__(frame, field, expected, found)
        self.frame = frame
        self.field = field
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        where = "The journal" if self.frame is None else f"Frame {self.frame}"
        return f"{where} is damaged: {self.field} is {self.found}, expected {self.expected}."


class NoJournal(StoreError):
    """Say that there is nothing at the path of a journal that was to be opened."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"There is no journal at {self.path}: {self.reason}."


class NotAJournal(StoreError):
    """Say that a file exists but was not written by this program."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path} is not a Cordboard journal: {self.reason}. It was left as it is."


class SchemaTooNew(StoreError):
    """Say that a later version of the program wrote this journal."""

    def __init__(self, path: str, version: int, newest_known: int) -> None:
        super().__init__(path, version, newest_known)
        self.path = path
        self.version = version
        self.newest_known = newest_known

    def __str__(self) -> str:
        return (
            f"{self.path} has schema version {self.version}; this program knows versions up to "
            f"{self.newest_known}. Open it with a newer release."
        )


class SqliteTooOld(StoreError):
    """Say that this SQLite may corrupt a journal that two connections write."""

    def __init__(self, version: str, needed: str) -> None:
        super().__init__(version, needed)
        self.version = version
        self.needed = needed

    def __str__(self) -> str:
        return (
            f"SQLite {self.version} has the WAL-reset bug; several connections need {self.needed} "
            f"or later. Update apsw, or open the journal with exclusive=True."
        )
