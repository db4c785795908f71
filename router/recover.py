"""
From a journal to a shard: fold what was recorded, or decide it again and compare.

``Folder`` takes frames and rebuilds the shard without deciding. ``Verifier`` tells a second core the recorded
commands and compares its events with the recorded ones, byte for byte.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from router.core import codes as c
from router.core import layout
from router.core.machine import Batch, Machine
from router.desk.outcome import Outcome
from router.directory import TICKET
from router.journal import Recorded, decode, told_as_format
from router.shard import Shard

FOLD_EVENTS = 32_768
"""Events folded in one call: enough to make the cost of the call vanish."""


class Folder:
    """Fold frames into a shard, many at a time."""

    def __init__(self, shard: Shard) -> None:
        self.shard = shard
        self._frames: list[Recorded] = []
        self._count = 0

    def add(self, recorded: Recorded) -> None:
        """Take in one frame."""
        shard = self.shard
        shard.at_us = max(shard.at_us, recorded.at_us)
        batch = Batch(recorded.first_seq, (b"", b""), (recorded.event_bytes, recorded.word_bytes))
        # A frame's events may be about agents it names; its tickets take rows that the events give back first.
        tickets = [name for name in recorded.names if name[0] == TICKET]
        shard.directory.learn([name for name in recorded.names if name[0] != TICKET], ())
        shard.history.note(shard, Outcome(batch))
        shard.directory.learn(tickets, recorded.documents)
        shard.history.name_rows(
            shard, set()
        )  # offers get their tickets' names; nobody asks for the rows'
        for key, fingerprint, status, body in recorded.answers:
            shard.history.learn_answer(key, fingerprint, status, body, recorded.at_us)
        events = recorded.events
        for e in events[events["kind"] == c.E_PROFILE_SET]:
            own = recorded.words[e["words_from"] : e["words_from"] + e["words"]]
            shard.profiles.learn(int(e["profile"]), tuple(int(w) for w in own))
        self._frames.append(recorded)
        self._count += batch.count
        if self._count >= FOLD_EVENTS:
            self._fold()

    def _fold(self) -> None:
        """Fold what was taken in: the frames' events in one piece, their words behind each other."""
        frames, self._frames, self._count = self._frames, [], 0
        if not frames:
            return
        lengths = [len(frame.word_bytes) // 8 for frame in frames]
        counts = [len(frame.event_bytes) // layout.EVENT.itemsize for frame in frames]
        starts = np.cumsum([0, *lengths[:-1]])
        events = np.frombuffer(bytearray().join(f.event_bytes for f in frames), layout.EVENT)
        events["words_from"] += np.repeat(starts, counts).astype(np.int32)
        words = np.frombuffer(b"".join(frame.word_bytes for frame in frames), np.int64)
        with told_as_format():
            self.shard.machine.fold(events, words)

    def finish(self) -> Shard:
        """Fold the rest, rebuild what is derived, and return the shard ready to go on. Raises ``FormatError``."""
        self._fold()
        with told_as_format():
            self.shard.machine.settle_fold()
        return self.shard


class Difference(NamedTuple):
    """Where deciding again gave something else."""

    frame: int
    seq: int
    field: str
    recorded: str
    decided: str

    def __str__(self) -> str:
        return (
            f"frame {self.frame}, event {self.seq}: {self.field} is {self.recorded} in the journal, "
            f"{self.decided} when decided again"
        )


class Verdict(NamedTuple):
    """What verifying found."""

    frames: int
    commands: int
    events: int
    digest: str
    difference: Difference | None
    older: int = 0
    """Frames with a joint decision of an older solver: they were taken as recorded."""


class Twin:
    """A second core that only folds, to go on from where an older solver decided otherwise."""

    def __init__(self) -> None:
        self.machine = Machine()
        self._waiting: list[Recorded] = []
        self._events = 0

    def add(self, recorded: Recorded) -> None:
        """Take in one frame."""
        self._waiting.append(recorded)
        self._events += len(recorded.events)
        if self._events >= FOLD_EVENTS:
            self._fold()

    def _fold(self) -> None:
        with told_as_format():
            for recorded in self._waiting:
                self.machine.fold(recorded.events, recorded.words)
        self._waiting.clear()
        self._events = 0

    def branch(self) -> Machine:
        """Return a core in the state after the last frame, ready to decide."""
        self._fold()
        self.machine.arrays.scratch["folding"] = 0
        branch = self.machine.fork()
        branch.settle_fold()
        return branch


def verify(frames: Iterable[tuple[int, bytes]], machine: Machine) -> Verdict:
    """
    Decide a whole journal (numbers and bodies of its frames) again and compare; stops at the first difference.

    A frame that an older joint solver decided otherwise is no difference: it is counted, and taken as recorded.

    Raises
    ------
    FormatError
        When a frame cannot be read, or cannot follow on those before it.
    """
    count = commands = events = older = 0
    twin, is_ours = Twin(), False
    for number, body in frames:
        recorded = decode(body)
        machine.feed(recorded.commands, recorded.command_words)
        batch = machine.run()
        twin.add(recorded)
        count += 1
        commands += len(recorded.commands) // layout.COMMAND.itemsize
        events += len(recorded.events)
        made = recorded.events
        is_ours = is_ours or bool(
            np.any((made["kind"] == c.E_DECIDED) & (made["aux"] == layout.SOLVER))
        )
        difference = compare(number, recorded, batch)
        if difference is not None and not is_ours and is_decided_otherwise(recorded, batch):
            older += 1
            machine = twin.branch()
        elif difference is not None:
            return Verdict(count, commands, events, machine.digest(), difference, older)
    return Verdict(count, commands, events, machine.digest(), None, older)


def is_decided_otherwise(recorded: Recorded, batch: Batch) -> bool:
    """Return whether the first event that differs comes of a round of decisions, and not of a command or timer."""
    old, new = recorded.events, batch.events
    both = min(len(old), len(new))
    differs = np.flatnonzero(old[:both] != new[:both])
    at = int(differs[0]) if len(differs) else both
    return any(
        int(events[at]["cause"]) == c.BY_DECISION for events in (old, new) if at < len(events)
    )


def compare(frame: int, recorded: Recorded, batch: Batch) -> Difference | None:
    """Return the first difference between recorded events and events decided again, field by field."""
    if len(recorded.events) != batch.count:
        return Difference(
            frame,
            recorded.first_seq,
            "number of events",
            str(len(recorded.events)),
            str(batch.count),
        )
    if recorded.event_bytes != batch.event_bytes:
        for i, (old, new) in enumerate(zip(recorded.events, batch.events, strict=True)):
            for field in layout.EVENT.names or ():
                if old[field] != new[field]:
                    return Difference(
                        frame, recorded.first_seq + i, field, str(old[field]), str(new[field])
                    )
    if recorded.word_bytes != batch.word_bytes:
        at = (
            int(np.nonzero(recorded.words != batch.words)[0][0])
            if len(recorded.words) == len(batch.words)
            else 0
        )
        return Difference(
            frame, recorded.first_seq, f"word {at}", str(len(recorded.words)), str(len(batch.words))
        )
    return None
