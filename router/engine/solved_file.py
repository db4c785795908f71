"""
Which store the solved tickets of a tenant are in: their file, or memory that stands in for it.

A file that cannot be had at a start, because somebody holds its lock or may not be asked for it, is tried again
later; what memory learned meanwhile goes into it then. Whatever store is in use, what is erased is erased in
the file too, as it may have rows of another time.
"""

from pathlib import Path

import structlog

from router.stores.assist import (
    PATIENCE_MS,
    AssistDamagedError,
    AssistForeignError,
    AssistStore,
    AssistStoreError,
)

LOG = structlog.get_logger("cordboard.assist")


class SolvedFile:
    """The store in use. One thread at a time may call it; ``folder`` None means memory, and no file at all."""

    def __init__(self, folder: Path | None, *, in_file: bool) -> None:
        self._file = AssistStore(folder)
        self._wants_file = in_file
        self.store = self._file if in_file else AssistStore(None)
        self.is_open = False
        self.refusal: str | None = None
        """Why memory stands in for the file, None where it does not."""

    @property
    def is_standing_in(self) -> bool:
        """Return whether the store in use is memory that takes the place of the file."""
        return self._wants_file and self.store is not self._file

    def open(self) -> None:
        """Open the store; what is damaged is set aside, and where there can be no file memory takes its place."""
        if self.is_open:
            return
        try:
            if self._wants_file:
                self._open_file(PATIENCE_MS)
            else:
                self.store.open()
        except AssistStoreError as error:
            self.refusal = str(error)
            LOG.warning("assist_refused", why=self.refusal)
            self.store = AssistStore(None)
            self.store.open()
        self.is_open = True

    def _open_file(self, patience_ms: int) -> None:
        try:
            self._file.open(patience_ms)
        except AssistDamagedError as error:
            aside = self._file.set_aside()
            LOG.warning("assist_set_aside", why=str(error), moved_to=aside, lost="solved tickets")
            self._file.open(patience_ms)

    def retake(self) -> bool:
        """Use the file again if it can be had at once, with what memory has learned; return whether that is so."""
        try:
            self._open_file(0)
        except AssistStoreError as error:
            self.refusal = str(error)
            return False
        try:
            self._file.take_over(self.store)
        except AssistStoreError as error:
            self.refusal = str(error)
            self._file.close()
            return False
        self.store.close()
        self.store, self.refusal = self._file, None
        LOG.info("assist_file_is_back", file=self._file.where)
        return True

    def erase(self, ticket: str) -> bool:
        """
        Forget a ticket in the store in use and in the file; return whether it was in one of them.

        Raises ``AssistStoreError`` where bytes may be left in the file.
        """
        was_there = self.store.erase(ticket)
        if self.store is self._file or not self._file.leaves_bytes:
            return was_there
        try:
            self._open_file(PATIENCE_MS)
        except AssistForeignError:
            self._file.forget_aside()  # nothing of ours is in somebody else's database
            return was_there
        try:
            return self._file.erase(ticket) or was_there
        finally:
            self._file.close()

    def close(self) -> None:
        """Let go of the store in use."""
        self.store.close()
        self.is_open = False
