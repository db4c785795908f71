"""``cordboard verify``: tell whether a journal is whole, and whether we would decide the same again."""

import argparse
import sys

from router.core.layout import SOLVER
from router.core.machine import Machine
from router.engine.archive import shard_at
from router.journal import FormatError
from router.recover import verify
from router.stores import store_at
from router.stores.errors import StoreError
from router.stores.frames import verify_chain


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "journal", help="The journal's file, or KIND:REST as the store settings read it."
    )
    parser.add_argument(
        "--seals-only", action="store_true", help="Check the seals, decide nothing again."
    )


def location(journal: str) -> str:
    """Return where the journal lies; a bare path is an SQLite file."""
    return journal if journal.startswith(("sqlite:", "memory:")) else f"sqlite:{journal}"


def run(given: argparse.Namespace) -> int:
    """Check seals, decide again, fold, and compare."""
    try:
        store = store_at(location(given.journal))
        tail = store.open_to_read()
    except (StoreError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    try:
        report = verify_chain(store)
        if report.damage is not None:
            print(f"DAMAGED after {report.frames} intact frames: {report.damage}", file=sys.stderr)
            return 1
        print(
            f"Seals: {report.frames} frames, {report.events} events, none damaged; head {report.chain.hex()[:16]}."
        )
        if given.seals_only:
            return 0
        verdict = verify(((frame.number, frame.body) for frame in store.read()), Machine())
        if verdict.difference is not None:
            print(f"DIFFERENT: {verdict.difference}", file=sys.stderr)
            return 1
        folded = shard_at(store, tail.number, Machine()).machine.digest()
        if folded != verdict.digest:
            print(
                f"DIFFERENT: folding gives {folded}, deciding again {verdict.digest}",
                file=sys.stderr,
            )
            return 1
        print(
            f"Decisions: {verdict.commands} commands give the same {verdict.events} events; digest {folded}."
        )
        if verdict.older:
            print(
                f"Not decided again: {verdict.older} of {verdict.frames} frames have joint decisions of an older solver"
                f" (this one is number {SOLVER}). They were taken as recorded."
            )
    except (StoreError, FormatError) as error:
        print(f"DAMAGED: {error}", file=sys.stderr)
        return 1
    finally:
        store.close()
    return 0
