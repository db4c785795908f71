"""The compiled ranking against its slow twin."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from router.search.collection import Collection
from router.search.documents import Document
from router.search.nearest import VectorError, best_meanings, rounded
from router.search.postings import BLOCK, DENSE_SHARE
from router.search.ranking import Ranking, best_words, fused, merged, place_in, ranked
from router.search.snapshot import Query
from tests.router.search import naive

WORDS = ["card", "lost", "refund", "money", "transfer", "top", "pin", "atm", "fee", "rate"]
texts = st.lists(st.sampled_from(WORDS), min_size=0, max_size=12).map(" ".join)


def ranking(snapshot, text, most=50):
    """Return the ids that are found, the best first, with the sum of their words' points."""
    found = snapshot.search(Query(text, most=most, explain=True))
    return [(int(h.id), sum(t.points for t in h.terms)) for h in found.hits]


@given(st.lists(texts, min_size=1, max_size=60), texts)
def test_ranking_equals_the_slow_one(bodies, question):
    """Scores and order are those of BM25 by dictionaries, with rare and with common words."""
    snapshot = Collection().put([Document(str(n), text) for n, text in enumerate(bodies)])
    made = naive.impacts([naive.terms_of(text) for text in bodies])
    assert ranking(snapshot, question) == naive.rank(naive.terms_of(question), made)[:50]


def test_ranking_equals_the_slow_one_over_many_blocks():
    """With some thousand documents lists, dense rows and blocks all take part."""
    chance = np.random.default_rng(3)
    bodies = [" ".join(f"w{number}" for number in chance.zipf(1.4, 9) % 500) for _ in range(3_000)]
    snapshot = Collection().put([Document(str(n), text) for n, text in enumerate(bodies)])
    index = snapshot.segments[0].postings
    assert snapshot.documents > 10 * BLOCK
    assert 0 < index.table.shape[0] < index.dense.size
    df = np.diff(index.start)
    assert ((index.dense >= 0) == (df * DENSE_SHARE >= 3_000)).all()
    made = naive.impacts([naive.terms_of(text) for text in bodies])
    for question in bodies[::300]:
        assert ranking(snapshot, question) == naive.rank(naive.terms_of(question), made)[:50]


vectors = st.lists(
    st.lists(st.integers(-9, 9), min_size=3, max_size=3), min_size=1, max_size=40
).map(lambda rows: np.array(rows, np.float32))


@given(vectors, st.integers(1, 12))
def test_nearest_equals_the_slow_one(rows, most):
    """The nearest are those that looking at each finds, ties in the order they came."""
    small = rounded(rows)
    out, best = np.zeros(most, np.int32), np.zeros(most, np.int32)
    flags = np.ones(len(rows), np.uint8)
    count = best_meanings(small, small[0], flags, 1, out, best)
    expected = naive.nearest(small.tolist(), small[0].tolist())[:most]
    found = list(zip(out[:count].tolist(), best[:count].tolist(), strict=True))
    assert found == expected


@given(st.lists(st.integers(0, 9), max_size=300), st.integers(1, 20), st.integers(0, 3))
def test_the_best_of_scores(given_scores, most, wanted):
    """The choice is a sort by score and place of what is wanted and above zero."""
    scores = np.zeros(-(-max(len(given_scores), 1) // BLOCK) * BLOCK, np.uint16)
    scores[: len(given_scores)] = given_scores
    flags = (np.arange(scores.size) % 3).astype(np.uint8)
    rows, best = np.zeros(most, np.int32), np.zeros(most, np.int32)
    count = best_words(scores, flags, wanted, rows, best)
    kept = [(-s, n) for n, s in enumerate(given_scores) if s and (n % 3) & wanted]
    expected = [(n, -s) for s, n in sorted(kept)[:most]]
    assert list(zip(rows[:count].tolist(), best[:count].tolist(), strict=True)) == expected


def test_vectors_that_are_none():
    """Zero and broken vectors are near nothing; lengths make no difference; shapes are checked."""
    rows = np.array([[1, 2, 2], [10, 20, 20], [0, 0, 0], [np.nan, 1, 1], [np.inf, 0, 0]])
    small = rounded(rows.astype(np.float32))
    assert (small[0] == small[1]).all()
    assert not small[2:].any()
    for bad in (np.zeros(3, np.float32), np.zeros((2, 0), np.float32)):
        try:
            rounded(bad)
        except VectorError as error:
            assert str(bad.shape) in str(error)
        else:
            raise AssertionError(bad.shape)


@given(st.permutations(list(range(8))), st.permutations(list(range(8))), st.integers(1, 8))
def test_fusion_is_the_sum_of_reciprocal_ranks(one, other, most):
    """The order is that of 1/(60 + rank) summed, in whole millionths, then of the place."""
    by_words = Ranking(one[:6], list(range(9, 3, -1)))
    by_meaning = Ranking(other[:6], list(range(90, 30, -10)))
    points = dict.fromkeys(range(8), 0)
    for ranks in (one[:6], other[:6]):
        for rank, row in enumerate(ranks, 1):
            points[row] += 1_000_000 // (60 + rank)
    expected = sorted((-p, row) for row, p in points.items() if p)[:most]
    found = fused(by_words, by_meaning, most)
    assert [(-points, place) for place, points, _, _ in found] == expected
    for place, _, word_rank, meaning_rank in found:
        assert word_rank == (one.index(place) + 1 if place in one[:6] else None)
        assert meaning_rank == (other.index(place) + 1 if place in other[:6] else None)
    assert [place for place, _, _, _ in ranked(by_words)] == one[:6]


def test_rankings_of_segments_are_merged_by_score():
    """A later segment's better document comes first; equal ones keep the order of segments."""
    one = Ranking([4, 1], [9, 5])
    other = Ranking([place_in(1, 0), place_in(1, 2)], [7, 5])
    assert merged([one, other], 3) == ([4, place_in(1, 0), 1], [9, 7, 5])
    assert merged([one], 3) == one
