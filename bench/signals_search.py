"""How quickly similar tickets are found, and whether they are the right ones, beside other engines.

BANKING77's training messages are the solved tickets, its test messages the questions, a hit is a
ticket with the same intent; all engines find five of 10,003 by words, one question at a time, from
the text on, in turns. A round's value is the median over its questions. No engine was tuned on these
questions. Times are of the processor, as in the rest of the suite. The fused search looks through
100,000 texts made of the same words, with seeded vectors: speed only, since nobody judged those.
"""

from __future__ import annotations

import csv
import re
import statistics
from collections.abc import Callable, Iterable
from time import perf_counter, thread_time
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from bench.report import Peer, Row, Suite, quantile
from router.search.collection import Collection
from router.search.documents import Document
from router.search.limits import SearchLimits
from router.search.nearest import rounded
from router.search.snapshot import Hit, Query

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from router.search.snapshot import Snapshot


Engine = Callable[[str], "Iterable[object]"]
"""Finds a text's hits, as the engine gives them: ``row_of`` reads the document's number off one."""

MOST = 5
ROUNDS = 7
QUESTIONS = 1_000
TURN = 250  # questions one engine gets before the next has its turn
SLOW_TURN = 10
DOCUMENTS_LARGE = 100_000
DIMENSIONS = 384


class Effort(NamedTuple):
    """How much is measured: questions, rounds, documents of the large case."""

    questions: int
    rounds: int
    large: int


QUICK = Effort(20, 1, 2_000)
FULL = Effort(QUESTIONS, ROUNDS, DOCUMENTS_LARGE)


class Bank(NamedTuple):
    """Messages with their intents: what is searched, and what is asked."""

    texts: list[str]
    labels: list[str]
    questions: list[str]
    wanted: list[str]


def run(effort: Effort = FULL) -> list[Row]:
    """Return the rows of the search; those that need data that is not here are left out."""
    from bench.signals_data import banking77

    found = banking77()
    if found is None:
        return _fused(_synthetic_texts(effort.large), effort)
    bank = read_bank(*found, effort.questions)
    return [*_words(bank, effort), *_fused(_mixed(bank.texts, effort.large), effort)]


def read_bank(train: Path, test: Path, questions: int) -> Bank:
    """Return the messages; of the test messages a seeded sample."""
    rows = [list(csv.reader(path.open(encoding="utf-8")))[1:] for path in (train, test)]
    chosen = np.random.default_rng(77).permutation(len(rows[1]))[:questions]
    asked = [rows[1][i] for i in chosen]
    return Bank(
        [row[0] for row in rows[0]],
        [row[1] for row in rows[0]],
        [row[0] for row in asked],
        [row[1] for row in asked],
    )


def ours(texts: list[str]) -> Snapshot:
    """Return our snapshot of the texts."""
    made = Collection()
    return made.put([Document(str(n), text, language="en") for n, text in enumerate(texts)])


def _ours(texts: list[str]) -> Engine:
    snapshot = ours(texts)
    return lambda text: snapshot.search(Query(text, most=MOST)).hits


def _bm25s(texts: list[str]) -> Engine:
    import bm25s

    index = bm25s.BM25()
    index.index(bm25s.tokenize(texts, show_progress=False), show_progress=False)

    def search(text: str) -> Iterable[object]:
        words = bm25s.tokenize(text, show_progress=False)
        if not words.vocab:
            return []
        found, _ = index.retrieve(words, k=MOST, show_progress=False)
        return cast("Iterable[object]", found[0])

    return search


def _tantivy(texts: list[str]) -> Engine:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("body", stored=False, tokenizer_name="en_stem")
    builder.add_integer_field("row", stored=True)
    index = tantivy.Index(builder.build())
    writer = index.writer(heap_size=64_000_000, num_threads=1)
    for row, text in enumerate(texts):
        document = tantivy.Document()
        document.add_text("body", text)
        document.add_integer("row", row)
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()
    unsafe = re.compile(r"[^\w\s]")

    def search(text: str) -> Iterable[object]:
        query = index.parse_query(unsafe.sub(" ", text), ["body"])
        found = searcher.search(query, MOST).hits
        return [searcher.doc(address)["row"][0] for _, address in found]

    return search


def _fts5(texts: list[str]) -> Engine:
    import apsw

    database = apsw.Connection(":memory:")
    database.execute("CREATE VIRTUAL TABLE t USING fts5(body, tokenize='porter unicode61')")
    database.executemany("INSERT INTO t(rowid, body) VALUES (?, ?)", list(enumerate(texts)))
    words = re.compile(r"\w+")
    sql = f"SELECT rowid FROM t WHERE t MATCH ? ORDER BY rank LIMIT {MOST}"

    def search(text: str) -> Iterable[object]:
        either = " OR ".join(f'"{word}"' for word in words.findall(text.lower()))
        return database.execute(sql, (either,)).fetchall() if either else []

    return search


PEERS = {
    "bm25s": ("bm25s", _bm25s),
    "tantivy": ("tantivy en_stem", _tantivy),
    "fts5": ("SQLite FTS5 porter, any word", _fts5),
}


def engines_for(texts: list[str]) -> dict[str, Engine]:
    """Return ours and every peer that is installed, each over the same texts."""
    engines: dict[str, Engine] = {"ours": _ours(texts)}
    for name, (_, make) in PEERS.items():
        try:
            engines[name] = make(texts)
        except ImportError:
            print(f"without {name}: not installed")
    return engines


def timed_round(engines: dict[str, Engine], questions: list[str]) -> dict[str, float]:
    """Return the median microseconds of a question for each engine; they take turns."""
    took: dict[str, list[float]] = {name: [] for name in engines}
    for start in range(0, len(questions), TURN):
        for name, search in engines.items():
            turn = SLOW_TURN if name == "fts5" else TURN  # it takes some 20 ms a question
            took[name] += [timed_us(search, text) for text in questions[start : start + turn]]
    return {name: statistics.median(each) for name, each in took.items()}


def _words(bank: Bank, effort: Effort) -> list[Row]:
    """Measure every engine on the same questions."""
    engines = engines_for(bank.texts)
    timed_round(engines, bank.questions)  # warms up
    rounds = [timed_round(engines, bank.questions) for _ in range(effort.rounds)]
    times = {name: [each[name] for each in rounds] for name in engines}
    suite = Suite("signals", "search_10k")
    rows = []
    for name, search in engines.items():
        rows += _quality(suite, name, search, bank)
        rows.append(suite.row(f"us_{name}", times[name], "us", n=len(bank.questions)))
        if name != "ours":
            ratio = [theirs / mine for theirs, mine in zip(times[name], times["ours"], strict=True)]
            peer = Peer(PEERS[name][0], statistics.median(times[name]))
            rows.append(suite.row(f"ratio_{name}", ratio, "x", peer=peer))
    return rows


def timed_us(search: Engine, text: str) -> float:
    """Return how long one search takes."""
    start = thread_time()
    search(text)
    return (thread_time() - start) * 1e6


def row_of(hit: Any) -> int:
    """Return the number of the document that an engine found."""
    if isinstance(hit, Hit):
        return int(hit.id)
    return int(hit[0] if isinstance(hit, tuple) else hit)


def _quality(suite: Suite, name: str, search: Engine, bank: Bank) -> list[Row]:
    """Return how often the first, and any of the five, has the intent of the question."""
    first = hits = 0
    for text, wanted in zip(bank.questions, bank.wanted, strict=True):
        labels = [bank.labels[row_of(hit)] for hit in search(text)]
        first += labels[:1] == [wanted]
        hits += wanted in labels
    n = len(bank.questions)
    return [
        suite.row(f"p1_{name}", [first / n], "share", n=n),
        suite.row(f"hit5_{name}", [hits / n], "share", n=n),
    ]


def _mixed(texts: list[str], count: int) -> list[str]:
    """Return seeded texts of the bank's words: half of one message, half of another."""
    chance = np.random.default_rng(5)
    pairs = chance.integers(0, len(texts), (count, 2))
    words = [text.split() for text in texts]
    return [
        " ".join(words[a][: len(words[a]) // 2 + 1] + words[b][len(words[b]) // 2 :])
        for a, b in pairs
    ]


def _synthetic_texts(count: int) -> list[str]:
    """Return seeded texts of made-up words, frequent ones as frequent as in language (Zipf)."""
    chance = np.random.default_rng(6)
    drawn = chance.zipf(1.3, (count, 12)) % 20_000
    return [" ".join(f"w{number}" for number in row) for row in drawn]


def _fused(texts: list[str], effort: Effort) -> list[Row]:
    """Measure the search by words and meaning together."""
    chance = np.random.default_rng(7)
    centres = chance.standard_normal((200, DIMENSIONS))
    near = centres[chance.integers(0, 200, len(texts))]
    vectors = (near + chance.standard_normal(near.shape)).astype(np.float32)
    made = Collection(SearchLimits(documents=len(texts)))
    start = perf_counter()
    snapshot = made.put(
        [Document(str(n), text, language="en") for n, text in enumerate(texts)], vectors
    )
    built_s = perf_counter() - start
    questions = [
        Query(texts[i], vectors[i], most=MOST)
        for i in chance.integers(0, len(texts), max(20, effort.questions // 5))
    ]
    snapshot.search(questions[0])
    medians, tails = [], []
    for _ in range(effort.rounds):
        took = []
        for query in questions:
            begin = thread_time()
            snapshot.search(query)
            took.append((thread_time() - begin) * 1e3)
        medians.append(quantile(took, 0.5))
        tails.append(quantile(took, 0.99))
    suite = Suite("signals", "search_100k_fused")
    n = len(questions)
    return [
        suite.row("ms", medians, "ms", n=n),
        suite.row("p99_ms", tails, "ms", n=n),
        suite.row("recall_10", [_recall(vectors, questions)], "share", n=n),
        suite.row("build_s", [built_s], "s"),
        suite.row("mb", [snapshot.bytes / 1e6], "MB"),
    ]


def _recall(vectors: NDArray[np.float32], questions: list[Query]) -> float:
    """Return how many of the ten nearest by floats are among the ten nearest by int8."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    small = rounded(vectors).astype(np.int32)
    shares = []
    for query in questions[:20]:
        assert query.vector is not None
        exact = np.argsort(-(unit @ query.vector), kind="stable")[:10]
        coarse = np.argsort(-(small @ rounded(query.vector[None])[0]), kind="stable")[:10]
        shares.append(len(set(exact.tolist()) & set(coarse.tolist())) / 10)
    return statistics.mean(shares)
