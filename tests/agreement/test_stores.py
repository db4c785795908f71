"""Every row of STORES keeps the same contract: one sequence of calls, one sequence of answers."""

import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from router.stores import STORES, store_at
from router.stores.errors import Fenced, FrameInvalid, OutOfOrder, StoreClosed, StoreError
from router.stores.frames import (
    GENESIS,
    SNAPSHOTS_KEPT,
    Frame,
    Snapshot,
    Store,
    Tail,
    verify_chain,
)
from tests.router.stores.journals import frames_after, grow

BATCHES = st.lists(st.tuples(st.integers(0, 5), st.binary(max_size=300)), max_size=4)
WRONG = st.sampled_from(
    ["expected", "number", "first_seq", "events", "at_us", "body", "gap", "twice"]
)


@pytest.fixture(params=STORES)
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name an empty journal of each kind."""
    return f"{request.param}:{tmp_path / 'journal.sqlite'}"


def outcome(act: Callable[[], object]) -> object:
    """Return what ``act`` returns, or which error it raises and, where stores agree, its fields."""
    try:
        return act()
    except (StoreError, ValueError) as error:
        agreed = isinstance(error, OutOfOrder | FrameInvalid | Fenced)
        return type(error), error.args if agreed else ()


def spoil(frames: list[Frame], expected: int, wrong: str) -> tuple[list[Frame], int]:
    """Make exactly one thing wrong about an append of at least one frame."""
    first, *rest = frames
    if wrong == "expected":
        return frames, expected + 1
    if wrong == "gap":
        return [*frames, first._replace(number=frames[-1].number + 2)], expected
    if wrong == "twice":
        return [first, first], expected
    value: object = {"events": -1, "at_us": 1 << 63, "body": "text"}.get(wrong, 1 << 40)
    return [first._replace(**{wrong: value}), *rest], expected


class StoresAgree(RuleBasedStateMachine):
    """Drive all stores at once, and a list of frames beside them that anyone can check by eye."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.mkdtemp()
        self.locations = [f"{kind}:{self.folder}/journal.sqlite" for kind in STORES]
        self.owners = [store_at(location) for location in self.locations]
        self.ousted: list[Store] = []
        self.frames: list[Frame] = []
        self.snapshots: dict[int, Snapshot] = {}
        assert self.all_answer(lambda store: store.open()) == Tail(0, 1, GENESIS, 1)

    def teardown(self) -> None:
        for store in [*self.owners, *self.ousted]:
            store.close()
        shutil.rmtree(self.folder)

    def all_answer(
        self, act: Callable[[Store], object], stores: list[Store] | None = None
    ) -> object:
        answers = [outcome(partial(act, store)) for store in stores or self.owners]
        assert all(answer == answers[0] for answer in answers), answers
        return answers[0]

    @property
    def tail(self) -> Tail:
        return self.owners[0].tail

    @rule(batch=BATCHES)
    def append(self, batch: list[tuple[int, bytes]]) -> None:
        frames: list[Frame] = []
        next_seq = self.tail.next_seq
        for at, (events, body) in enumerate(batch, start=1):
            frames.append(Frame(self.tail.number + at, next_seq, events, at - 2, body))
            next_seq += events
        expected = self.tail.number
        assert self.all_answer(lambda store: store.append(frames, expected)) is None
        self.frames += frames

    @rule(batch=st.lists(st.binary(max_size=9), min_size=1, max_size=3), wrong=WRONG)
    def append_wrongly(self, batch: list[bytes], wrong: str) -> None:
        frames, expected = spoil(frames_after(self.tail, batch), self.tail.number, wrong)
        answer = self.all_answer(lambda store: store.append(frames, expected))
        assert isinstance(answer, tuple)
        assert answer[0] in {OutOfOrder, FrameInvalid}

    @rule(back=st.integers(-3, 6))
    def read(self, back: int) -> None:
        start = self.tail.number - back
        answer = self.all_answer(lambda store: list(store.read(start)))
        assert answer == (self.frames[start - 1 :] if start >= 1 else (ValueError, ()))

    @rule(back=st.integers(0, 5), off=st.sampled_from([0, 0, 0, 0, 1, -1]), blob=st.binary())
    def save_snapshot(self, back: int, off: int, blob: bytes) -> None:
        number = self.tail.number - back
        next_seq = 1 + sum(frame.events for frame in self.frames[: max(number, 0)]) + off
        answer = self.all_answer(lambda store: store.save_snapshot(number, next_seq, blob))
        if number < 0 or off:
            assert isinstance(answer, tuple)
            assert answer[0] is OutOfOrder
            return
        assert answer is None
        self.snapshots[number] = Snapshot(number, next_seq, blob)
        for old in sorted(self.snapshots)[:-SNAPSHOTS_KEPT]:
            del self.snapshots[old]

    @rule(at_most=st.none() | st.integers(-1, 30))
    def load_snapshot(self, at_most: int | None) -> None:
        limit = self.tail.number if at_most is None else at_most
        usable = [number for number in self.snapshots if number <= limit]
        answer = self.all_answer(lambda store: store.load_snapshot(at_most))
        assert answer == (self.snapshots[max(usable)] if usable else None)

    @rule()
    def reopen(self) -> None:
        before = self.tail
        for store in self.owners:
            store.close()
        assert self.all_answer(lambda store: store.append([], 0)) == (StoreClosed, ())
        after = self.all_answer(lambda store: store.open())
        assert after == before._replace(epoch=before.epoch + 1)

    @rule()
    def take_over(self) -> None:
        for store in self.ousted:
            store.close()
        before = self.tail
        self.ousted = self.owners
        self.owners = [store_at(location) for location in self.locations]
        assert self.all_answer(lambda store: store.open()) == before._replace(
            epoch=before.epoch + 1
        )

    @precondition(lambda self: self.ousted)
    @rule(body=st.binary(max_size=9), snapshot=st.booleans())
    def ousted_owner_writes(self, body: bytes, snapshot: bool) -> None:
        tail = self.ousted[0].tail
        answer = self.all_answer(
            (lambda store: store.save_snapshot(tail.number, tail.next_seq, body))
            if snapshot
            else (lambda store: store.append(frames_after(tail, [body]), tail.number)),
            self.ousted,
        )
        assert answer == (Fenced, (tail.epoch, self.tail.epoch))

    @precondition(lambda self: self.ousted)
    @rule()
    def ousted_owner_reads(self) -> None:
        assert self.all_answer(lambda store: list(store.read()), self.ousted) == self.frames

    @rule()
    def look_on(self) -> None:
        onlookers = [store_at(location) for location in self.locations]
        assert self.all_answer(lambda store: store.open_to_read(), onlookers) == self.tail
        report = self.all_answer(verify_chain, onlookers)
        events = self.tail.next_seq - 1
        assert report == (len(self.frames), events, self.tail.chain, None, ())
        assert self.all_answer(lambda store: store.append([], 0), onlookers) == (StoreClosed, ())
        for store in onlookers:
            store.close()

    @rule(idle=st.booleans())
    def tidy(self, idle: bool) -> None:
        assert self.all_answer(lambda store: store.tidy(idle=idle)) is None

    @invariant()
    def tails_agree(self) -> None:
        tail = self.all_answer(lambda store: store.tail)
        assert isinstance(tail, Tail)
        assert tail.number == len(self.frames)


TestStoresAgree = StoresAgree.TestCase
TestStoresAgree.settings = settings(max_examples=40, stateful_step_count=30)


def test_an_append_is_refused_as_soon_as_another_owner_has_opened(location: str) -> None:
    """Two openers compete: only the newest can append, and the older one's frame leaves nothing."""
    first, second = store_at(location), store_at(location)
    first.open()
    kept = grow(first, [b"one", b"two"])
    assert second.open().epoch == 2
    with pytest.raises(Fenced, match=r"owns epoch 1, but epoch 2") as caught:
        grow(first, [b"three"])
    assert (caught.value.epoch, caught.value.newest_epoch) == (1, 2)
    kept += grow(second, [b"other three"])
    first.close()
    assert list(second.read()) == kept
    second.close()


def test_many_frames_in_one_commit_are_all_there(location: str) -> None:
    """A commit larger than one statement takes stays one commit, and is read back in pages."""
    store = store_at(location)
    frames = frames_after(store.open(), [b"%d" % at for at in range(5_000)], events=3)
    store.append(frames, 0)
    assert store.tail[:2] == (5_000, 15_001)
    assert list(store.read()) == frames
    assert list(store.read(4_900)) == frames[4_899:]
    store.close()


def test_a_large_commit_of_a_fenced_owner_leaves_nothing(location: str) -> None:
    """Fencing holds for a commit of several statements too."""
    first, second = store_at(location), store_at(location)
    frames = frames_after(first.open(), [b"x"] * 200)
    second.open()
    with pytest.raises(Fenced):
        first.append(frames, 0)
    assert list(second.read()) == []
    first.close()
    second.close()


def test_a_frame_appended_while_reading_is_read(location: str) -> None:
    """Reading goes on to the end as it is then, not as it was at the start."""
    store = store_at(location)
    store.open()
    frames = grow(store, [b"one", b"two"])
    reading = store.read()
    seen = [next(reading)]
    frames += grow(store, [b"three"])
    assert seen + list(reading) == frames
    store.close()


def test_opening_twice_is_refused(location: str) -> None:
    """An open store is not opened again by accident, and closing twice is harmless."""
    store = store_at(location)
    store.open()
    with pytest.raises(StoreClosed, match="open already"):
        store.open()
    store.close()
    store.close()
    with pytest.raises(StoreClosed, match="not open"):
        store.read()


@pytest.mark.parametrize("wrong", ["", "sqlite", "sqlite:", "oracle:x", "/var/lib/journal.sqlite"])
def test_a_location_without_a_store_is_named(wrong: str) -> None:
    """A location that names no store says what was given and what there is."""
    with pytest.raises(ValueError, match=r"store is '.*', expected") as caught:
        store_at(wrong)
    assert repr(wrong) in str(caught.value)
