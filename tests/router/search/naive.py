"""Slow, obvious twins of the search: BM25 from dictionaries, nearest vectors by looking at each."""

import math
from collections import Counter

from router.search.limits import IMPACT_MAX
from router.search.postings import K1, B
from router.search.tokens import Cutter


def terms_of(text, language="en"):
    """Return the terms of a text, each as often as it occurs, by cutting it word for word."""
    found, counts, _, length = Cutter().cut(text, language)
    assert int(counts.sum()) == length
    return Counter(dict(zip(found.tolist(), counts.tolist(), strict=True)))


def impacts(bags):
    """Return for each document what each of its terms adds, in 8 bits."""
    n = len(bags)
    mean = max(1.0, sum(bag.total() for bag in bags) / max(n, 1))
    unit = IMPACT_MAX / (math.log(1 + (n - 0.5) / 1.5) if n > 1 else math.log(4 / 3))
    df = Counter(term for bag in bags for term in bag)
    made = []
    for bag in bags:
        norm = K1 * (1 - B + B * bag.total() / mean)
        points = {}
        for term, tf in bag.items():
            idf = math.log(1 + (n - df[term] + 0.5) / (df[term] + 0.5))
            exact = idf * unit * tf / (tf + norm)
            points[term] = min(IMPACT_MAX, max(1, math.floor(exact + 0.5)))
        made.append(points)
    return made


def rank(query_terms, made):
    """Return (row, score) of all documents that share a term with the query, the best first."""
    scored = [(sum(points.get(t, 0) for t in query_terms), row) for row, points in enumerate(made)]
    return [(row, score) for score, row in sorted(scored, key=lambda x: (-x[0], x[1])) if score]


def nearest(vectors, query):
    """Return (row, product) of all rows with a product above 0, the best first."""
    products = [sum(a * b for a, b in zip(row, query, strict=True)) for row in vectors]
    return sorted(
        ((row, p) for row, p in enumerate(products) if p > 0), key=lambda each: (-each[1], each[0])
    )
