"""Documents that come back from a journal: encoded until somebody asks, and the same after that."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.directory import AGENT, TICKET, ByRow, Directory, Document
from router.wire.tickets import BatchTicket, TicketBody

TICKET_BODY = TicketBody(queue="help", channel="chat", attributes={"customer": "c-1"})


def returned(*documents: tuple[int, str, Document | None]) -> Directory:
    """Return a directory that learned documents from a journal."""
    plain = msgspec.msgpack.encode(documents)
    read = msgspec.msgpack.decode(plain, type=list[tuple[int, str, msgspec.Raw]])
    directory = Directory()
    directory.learn([(TICKET, id_, row) for row, (_, id_, _) in enumerate(documents)], read)
    return directory


@pytest.mark.parametrize(
    "ask", [lambda d: d["t1"], lambda d: d.get("t1"), lambda d: next(iter(d.values()))]
)
def test_a_document_is_read_when_somebody_asks(ask) -> None:
    """Whichever way a document is asked for, it comes as the struct it was."""
    document = Document(TICKET_BODY, 3, 17, 1_000, "duplicate")
    found = returned((TICKET, "t1", document)).documents[TICKET]
    assert isinstance(dict.get(found, "t1"), bytes)
    assert ask(found) == document
    assert dict.get(found, "t1") == document


def test_tickets_of_a_batch_come_back_without_their_ids() -> None:
    """A ticket of a batch brings its id along; what is kept of it is what a single one would leave."""
    body = BatchTicket(id="t1", queue="help", channel="chat", attributes={"customer": "c-1"})
    directory = returned((TICKET, "t1", Document(body)))
    assert directory.document(TICKET, "t1") == Document(TICKET_BODY)


def test_what_nobody_asked_for_is_journalled_as_it_came() -> None:
    """A snapshot after a restart holds the same bytes, whether a document was read or not."""
    documents = [(TICKET, f"t{n}", Document(TICKET_BODY, n + 1)) for n in range(3)]
    directory = returned(*documents)
    untouched = msgspec.msgpack.encode(directory.dump())
    assert directory.document(TICKET, "t1") == documents[1][2]
    assert msgspec.msgpack.encode(directory.dump()) == untouched


def test_a_document_that_was_dropped_stays_dropped() -> None:
    """A later frame says that there is none, and a later put is not shadowed by what was encoded."""
    directory = returned((TICKET, "t1", Document(TICKET_BODY)))
    directory.learn([], [(TICKET, "t1", msgspec.Raw(msgspec.msgpack.encode(None)))])
    assert directory.document(TICKET, "t1") is None
    directory = returned((TICKET, "t1", Document(TICKET_BODY)))
    fresh = directory.put(TICKET, "t1", TICKET_BODY, 5)
    assert (fresh.version, directory.document(TICKET, "t1")) == (2, fresh)
    assert directory.document(AGENT, "t1") is None


@given(st.lists(st.tuples(st.sampled_from(["put", "take"]), st.integers(0, 40))))
def test_values_by_row_are_those_of_a_dictionary(done: list[tuple[str, int]]) -> None:
    """Rows that are filled, emptied and filled again, in any order and with gaps."""
    by_row, plain = ByRow[int](), dict[int, int]()
    for number, (what, row) in enumerate(done):
        if what == "put":
            by_row.put(row, number)
            plain[row] = number
        else:
            assert by_row.take(row) == plain.pop(row, None)
    assert dict(by_row.filled()) == plain
    assert [by_row.find(row) for row in range(-1, 50)] == [plain.get(r) for r in range(-1, 50)]
    for row in range(-1, 50):
        if row in plain:
            assert by_row.at(row) == plain[row]
        else:
            with pytest.raises(LookupError, match=f"row {row}$"):
                by_row.at(row)
