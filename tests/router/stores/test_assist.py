"""What agent assist remembers: in a file that can be deleted from, and that a killed process leaves whole."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from router.search.documents import Document
from router.search.kept import Kept, reduced
from router.search.tokens import TERMS_VERSION, Cutter
from router.stores.assist import FILE_NAME, AssistDamagedError, AssistStore, AssistStoreError

CUTTER = Cutter()
ENCODER = "f" * 64


def kept(id_: str, text: str = "where is my refund") -> Kept:
    """Return what is kept of a message."""
    return reduced(CUTTER, [Document(id_, text)], default="en")[0]


def opened(folder: Path | None) -> AssistStore:
    """Return an open store."""
    store = AssistStore(folder)
    store.open()
    return store


def test_words_and_meaning_come_back_as_they_were(tmp_path: Path) -> None:
    """Another process reads the same terms, counts, length and vector, and the vector of no other encoder."""
    store = opened(tmp_path)
    document = kept("t1", "refund refund money")
    store.put([document, kept("t2")], 10)
    vector = np.linspace(-1, 1, 70, dtype=np.float32)
    store.mean("t1", ENCODER, document.with_vector(vector))
    store.solve(["t1", "t9"], 20)
    store.close()
    again = opened(tmp_path)
    (found,) = again.solved(ENCODER)
    expected = document.with_vector(vector)
    assert (found.id, found.length, found.dimensions) == ("t1", 3, 70)
    for one, other in zip(found[3:7], expected[3:7], strict=True):
        np.testing.assert_array_equal(one, other)
    assert again.solved("another")[0].vector is None
    assert again.open_ids() == ["t2"]
    assert again.count() == (2, 1)
    again.close()


def test_the_oldest_and_those_past_their_time_go() -> None:
    """Of five solved tickets the three newest stay, then those after an instant; open ones are not counted."""
    store = opened(None)
    store.put([kept(f"t{n}") for n in range(6)], 0)
    for n in range(5):
        store.solve([f"t{n}"], 10 + n)
    assert store.shorten(3, 0) == ["t0", "t1"]
    assert store.shorten(3, 13) == ["t2"]
    assert [each.id for each in store.solved("")] == ["t3", "t4"]
    assert store.open_ids() == ["t5"]


def test_what_is_erased_is_in_no_file(tmp_path: Path) -> None:
    """The id and the terms of an erased ticket are in the file no more, nor in its log; erasing again says so."""
    store = opened(tmp_path)
    document = kept("a-ticket-to-erase", "xylophone zeppelin")
    store.put([document, kept("t2")], 1)
    store.solve(["a-ticket-to-erase"], 2)

    def is_anywhere(data: bytes) -> bool:
        return any(data in file.read_bytes() for file in tmp_path.iterdir())

    terms = document.terms.astype("<u8").tobytes()
    assert is_anywhere(terms)
    assert store.erase("a-ticket-to-erase")
    assert not is_anywhere(terms)
    assert not is_anywhere(b"a-ticket-to-erase")
    assert not store.erase("a-ticket-to-erase")
    assert store.open_ids() == ["t2"]
    store.close()


def test_a_damaged_file_or_another_is_refused_by_name(tmp_path: Path) -> None:
    """Bytes that are no database, a foreign database, and a page of noise are refused; the file is left alone."""
    file = tmp_path / FILE_NAME
    file.write_bytes(b"no database at all, but long enough to be looked at" * 40)
    with pytest.raises(AssistDamagedError, match=FILE_NAME):
        opened(tmp_path)
    file.unlink()
    store = opened(tmp_path)
    store._db.execute("PRAGMA application_id = 7")
    store.close()
    with pytest.raises(AssistStoreError, match="application_id is 7"):
        opened(tmp_path)
    file.unlink()
    store = opened(tmp_path)
    store.put([kept(f"t{n}", f"word{n} " * 90) for n in range(500)], 1)
    store.close()
    data = bytearray(file.read_bytes())
    data[8192:16384] = os.urandom(8192)
    file.write_bytes(data)
    with pytest.raises(AssistDamagedError, match="is damaged"):
        opened(tmp_path)
    assert file.read_bytes() == bytes(data)


@pytest.mark.parametrize("column", ["counts", "vector"])
def test_rows_that_cannot_be_are_damage(tmp_path: Path, column: str) -> None:
    """A row whose counts are not those of its terms, or whose vector is too short, is noticed when opened."""
    store = opened(tmp_path)
    store.put([kept("t1")], 1)
    store._db.execute("PRAGMA ignore_check_constraints = ON")
    store._db.execute(f"UPDATE tickets SET dimensions = 9, {column} = x'01'")
    store.close()
    with pytest.raises(AssistDamagedError, match="CHECK constraint failed"):
        opened(tmp_path)


def test_terms_of_another_version_are_dropped(tmp_path: Path) -> None:
    """They would be found by nothing; the words of this version are pinned, so that a change is noticed."""
    store = opened(tmp_path)
    store.put([kept("t1")], 1)
    store._db.execute("PRAGMA user_version = 1000")
    store.close()
    assert opened(tmp_path).count() == (0, 0)
    text = "Straße: where's my REFUND? 返金してください cards"
    assert TERMS_VERSION == 1
    assert int(np.bitwise_xor.reduce(kept("t", text).terms)) == PINNED


PINNED = 12_804_472_364_322_686_159


def test_articles_keep_their_meanings_while_they_are_there() -> None:
    """By the digest of their text and the encoder; others are forgotten."""
    store = opened(None)
    vectors = [(bytes([n]) * 32, np.full(4, n, np.float32)) for n in range(3)]
    store.put_meanings(ENCODER, vectors)
    assert store.meanings("another") == {}
    store.keep_meanings({vectors[1][0]})
    found = store.meanings(ENCODER)
    assert list(found) == [vectors[1][0]]
    np.testing.assert_array_equal(found[vectors[1][0]], vectors[1][1])


WRITER = """
import sys
from pathlib import Path
from router.search.kept import reduced
from router.search.documents import Document
from router.search.tokens import Cutter
from router.stores.assist import AssistStore
store, cutter = AssistStore(Path(sys.argv[1])), Cutter()
store.open()
n = store.count().tickets
while True:
    with store.changing():
        store.put(reduced(cutter, [Document(f"t{n}", f"message number{n} about refunds")]), n)
        store.solve([f"t{n}"], n)
    n += 1
    print(n, flush=True)
"""


def test_a_killed_writer_loses_nothing_it_had_committed(tmp_path: Path) -> None:
    """Killed without notice three times, the file opens, is whole, and has every ticket that was said to be kept."""
    said = 0
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            for line in writer.stdout:
                said = int(line)
                if said % 40 == 0:
                    break
            writer.send_signal(signal.SIGKILL)
            tail = [int(line) for line in writer.stdout if line.endswith("\n")]
        said = tail[-1] if tail else said
        store = opened(tmp_path)
        found = [each.id for each in store.solved("")]
        assert len(found) >= said
        assert sorted(found) == sorted(f"t{n}" for n in range(len(found)))
        assert store.open_ids() == []
        store.close()
