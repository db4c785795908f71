"""Adding, replacing, removing; what readers see meanwhile; and what is refused."""

import threading

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from router.search.collection import Collection
from router.search.documents import ArticleError, Document, DocumentError, read_articles
from router.search.limits import MOST_MAX, SearchFullError, SearchLimits
from router.search.nearest import VectorError
from router.search.snapshot import Query, QueryError

WORDS = ["card", "lost", "refund", "money", "transfer", "top", "pin", "atm", "fee", "rate"]


def some(count, start=0, words=WORDS):
    """Return documents of three words each."""
    size = len(words)
    return [
        Document(str(n), f"{words[n % size]} {words[n // size % size]} {words[n * 7 % size]}")
        for n in range(start, start + count)
    ]


class Additions(RuleBasedStateMachine):
    """Whatever was put and removed, the snapshot has just that."""

    def __init__(self):
        super().__init__()
        self.collection = Collection()
        self.expected = {}

    @rule(
        ids=st.lists(st.integers(0, 40), min_size=1, max_size=12, unique=True),
        words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=4),
    )
    def put(self, ids, words):
        """Add documents, or replace them."""
        text = " ".join(words)
        self.collection.put([Document(str(each), text) for each in ids])
        self.expected |= {str(each): set(words) for each in ids}

    @rule(ids=st.lists(st.integers(0, 45), max_size=20))
    def remove(self, ids):
        """Take documents out, known or not."""
        self.collection.remove(str(each) for each in ids)
        for each in ids:
            self.expected.pop(str(each), None)

    @invariant()
    def finds_what_is_there(self):
        """Each word finds exactly the documents that have it now, in few segments."""
        snapshot = self.collection.snapshot
        assert snapshot.documents == len(self.expected)
        assert len(snapshot.segments) <= 6
        for word in WORDS[:4]:
            found = {hit.id for hit in snapshot.search(Query(word, most=MOST_MAX)).hits}
            assert found == {each for each, words in self.expected.items() if word in words}


Additions.TestCase.settings = settings(max_examples=25, stateful_step_count=15)
TestAdditions = Additions.TestCase


def test_added_bit_by_bit_it_ends_like_built_at_once():
    """After a merge of everything the ranking is that of a collection built in one go."""
    one, other = Collection(), Collection()
    for start in range(0, 500, 20):
        one.put(some(20, start))
    while len(one.snapshot.segments) > 1:
        one.put(some(40, one.snapshot.documents))
    other.put(some(one.snapshot.documents))
    for text in ("lost card", "refund money fee", "pin"):
        found = [each.search(Query(text, most=50)).hits for each in (one.snapshot, other.snapshot)]
        assert found[0] == found[1]


def test_a_reader_keeps_its_snapshot():
    """A search sees one moment: what is put meanwhile changes nothing for who holds the old reference."""
    collection = Collection()
    old = collection.put(some(30))
    before = old.search(Query("lost card", most=10, explain=True))
    collection.put(some(200, 30))
    collection.remove(str(n) for n in range(15))
    assert old.search(Query("lost card", most=10, explain=True)) == before
    assert collection.snapshot.revision == 3
    assert collection.snapshot.search(Query("lost card")).revision == 3


def test_searches_of_several_threads_do_not_meet():
    """Eight threads at once find what one finds alone, while a writer publishes."""
    collection = Collection()
    snapshot = collection.put(some(400))
    asked = ["lost card", "refund", "pin atm fee", "money money rate"]
    expected = [snapshot.search(Query(text, explain=True)) for text in asked]
    wrong = []

    def search():
        for _ in range(30):
            found = [snapshot.search(Query(text, explain=True)) for text in asked]
            if found != expected:
                wrong.append(found)

    threads = [threading.Thread(target=search) for _ in range(8)]
    for each in threads:
        each.start()
    for start in range(400, 500, 10):
        collection.put(some(10, start))
    for each in threads:
        each.join()
    assert wrong == []


def test_words_and_meaning_are_fused():
    """A document that both rankings have beats one that only one has, and says its ranks."""
    documents = [
        Document("words", "card lost yesterday", kind="article", title="Lost cards"),
        Document("both", "card gone"),
        Document("meaning", "plastic vanished"),
    ]
    vectors = np.array([[0, 0, 1], [1, 0.2, 0], [1, 0, 0]], np.float32)
    snapshot = Collection().put(documents, vectors)
    query = Query("card lost", np.array([1, 0, 0], np.float32), explain=True)
    found = snapshot.search(query)
    assert found.by == "both"
    assert [(h.id, h.word_rank, h.meaning_rank) for h in found.hits] == [
        ("both", 2, 2),
        ("words", 1, None),
        ("meaning", None, 1),
    ]
    assert [term.word for term in found.hits[1].terms] == ["lost", "card"]
    only = snapshot.search(query._replace(kind="article"))
    assert [(h.id, h.title, h.kind) for h in only.hits] == [("words", "Lost cards", "article")]
    assert [h.id for h in snapshot.search(query._replace(without="both")).hits][:1] == ["words"]
    assert snapshot.search(query._replace(text="?!")).by == "meaning"


def test_segments_with_and_without_vectors():
    """What was put without vectors is found by words, also after both kinds were merged."""
    collection = Collection()
    collection.put(some(40))
    collection.put([Document("v", "unseen words here")], np.ones((1, 3), np.float32))
    query = Query("nothing", np.ones(3, np.float32))
    assert [h.id for h in collection.snapshot.search(query).hits] == ["v"]
    collection.put(some(60, 40))
    assert len(collection.snapshot.segments) == 1
    assert [h.id for h in collection.snapshot.search(query).hits] == ["v"]


def test_an_empty_collection_finds_nothing():
    """No documents, no words, no hits, and no error."""
    snapshot = Collection().snapshot
    assert snapshot.search(Query("lost card")).hits == ()
    assert snapshot.search(Query("", np.ones(3, np.float32))).hits == ()
    assert Collection().put([]).revision == 0
    assert Collection().put([Document("1", "")]).search(Query("")).hits == ()


@pytest.mark.parametrize(
    ("documents", "vectors", "error", "said"),
    [
        ([Document("", "x")], None, DocumentError, "expected 1 to 200"),
        ([Document("x" * 201, "x")], None, DocumentError, "201 characters"),
        ([Document("1", "x"), Document("1", "y")], None, DocumentError, "given twice"),
        ([Document("1", "x", kind="post")], None, DocumentError, "kind is 'post'"),
        ([Document("1", "x")], np.ones((2, 3), np.float32), VectorError, r"expected \(1, d\)"),
        ([Document("1", "x")], np.ones((1, 4), np.float32), VectorError, "expected 3"),
        (some(9, 90), None, SearchFullError, "documents would be 11; at most 10"),
    ],
)
def test_what_is_refused_changes_nothing(documents, vectors, error, said):
    """A refusal names what and why, and leaves the collection as it was."""
    collection = Collection(SearchLimits(documents=10))
    before = collection.put(some(2, 1000), np.ones((2, 3), np.float32))
    with pytest.raises(error, match=said):
        collection.put(documents, vectors)
    assert collection.snapshot is before


def test_memory_has_a_limit():
    """A put that would take too much memory is refused and undone."""
    collection = Collection(SearchLimits(memory_bytes=60_000))
    before = collection.put(some(10))
    with pytest.raises(SearchFullError, match="memory_bytes would be"):
        collection.put(some(5_000, 10))
    assert collection.snapshot is before
    assert collection.put(some(1, 10)).documents == 11


def test_a_question_out_of_bounds():
    """The number of hits, the kind and the width of the vector are checked."""
    snapshot = Collection().put(some(3), np.ones((3, 3), np.float32))
    with pytest.raises(QueryError, match="most is 51; expected 1 to 50"):
        snapshot.search(Query("x", most=51))
    with pytest.raises(DocumentError, match="kind is 'post'"):
        snapshot.search(Query("x", kind="post"))
    with pytest.raises(VectorError, match=r"shape \(4,\); expected \(3,\)"):
        snapshot.search(Query("x", np.ones(4, np.float32)))


def test_articles_are_read():
    """Columns may come in any order; quotes may hold lines; kind is article unless given."""
    text = '\ufefftitle,id,text,language\n"Lost, stolen",a1,"Block it.\nThen order.",en\n\nTop up,a2,How,\n'
    assert read_articles(text) == [
        Document("a1", "Block it.\nThen order.", "Lost, stolen", "article", "en"),
        Document("a2", "How", "Top up", "article", ""),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: id is missing"),
        ("id,text\n", "line 1: title is missing"),
        ("id,title,text,colour\n", "'colour' is repeated or unknown"),
        ("id,title,text,id\n", "'id' is repeated or unknown"),
        ("id,title,text\na,b\n", "line 2: the row has 2 fields; expected 3"),
        ("id,title,text\na,b,c\na,d,e\n", "line 3: id is 'a' again"),
        ("id,title,text\na, ,\n", "line 2: text is empty"),
        ("id,title,text\n,b,c\n", "line 2: the row is refused: id ''"),
        ('id,title,text\na,b,"c\n', "is no CSV"),
        ("id,title,text,kind\na,b,c,post\n", "kind is 'post'"),
        ("id,title,text\na,b," + "x" * (1 << 20) + "y\n", "is no CSV: field larger"),
    ],
)
def test_garbage_articles_are_refused_by_line(text, said):
    """Each fault is named with its line and field."""
    with pytest.raises(ArticleError) as caught:
        read_articles(text)
    assert said in str(caught.value)
