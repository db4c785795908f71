"""
``cordboard signals train --journal``: labels are what agents corrected, messages come from a file.

A journal has no messages, only what was found in them and what people said of that since; the helpdesk
has the messages. So one file joins them by the ticket's id.
"""

from pathlib import Path
from typing import Final

import msgspec

from router.commands.verify import location
from router.directory import FOUND, TICKET
from router.engine.archive import recorded_from
from router.signals.rows import Labelled, Row, TrainingError, gathered, read_messages
from router.stores import store_at
from router.stores.errors import StoreError
from router.wire.found import Statement

FIRST_FRAME: Final = 1
_plain_of: Final = msgspec.msgpack.Decoder().decode


def rows_by(journal: str, path: Path, signal: str) -> tuple[Labelled, str]:
    """
    Return the messages of a file with the labels that a journal has of their tickets, and a note on it.

    Raises ``TrainingError`` for a file that cannot be read or has no corrected ticket, and for a journal
    that is not there, damaged, or none of ours.
    """
    try:
        messages = read_messages(path.read_bytes())
    except TrainingError as error:
        raise TrainingError(f"{path}: {error}") from error
    try:
        said = corrections(journal, signal)
    except (StoreError, ValueError) as error:
        raise TrainingError(f"--journal {journal}: {error}") from error
    rows = [
        Row(each.text, said[ticket], each.language)
        for ticket, each in messages.items()
        if ticket in said
    ]
    if not rows:
        detail = f"none of {len(messages)} messages is of the {len(said)} tickets"
        raise TrainingError(f"{path}: {detail} whose {signal} was corrected in {journal}")
    return gathered(rows), f"{len(rows)} of {len(messages)} messages have a label in the journal"


def corrections(journal: str, signal: str) -> dict[str, str]:
    """Return what a signal of tickets is in truth, by ticket, as people said last; what they took back is left out."""
    store = store_at(location(journal))
    store.open_to_read()
    found: dict[str, str] = {}
    try:
        for _, recorded in recorded_from(store, FIRST_FRAME):
            for kind, ticket, document in recorded.documents:
                if kind == TICKET:
                    truth = truth_in(document, signal)
                    if truth is None:
                        found.pop(ticket, None)
                    else:
                        found[ticket] = truth
    finally:
        store.close()
    return found


def truth_in(document: msgspec.Raw, signal: str) -> str | None:
    """Return the correction of a signal in a ticket's document, None without one."""
    plain = _plain_of(document)
    statements = plain[FOUND] if len(plain) > FOUND else []
    for said in msgspec.convert(statements, tuple[Statement, ...]):
        if said.name == signal and said.source == "correction":
            return said.value
    return None
