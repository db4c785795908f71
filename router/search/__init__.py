"""
Similar tickets and articles, held in memory.

Words are ranked by BM25 over quantised impacts, meanings by an exact product of int8 vectors, and
the two rankings are fused. Everything a search reads is one immutable ``Snapshot``; the one writer,
a ``Collection``, replaces it by a reference. No file, no clock, no thread: docs/search.md.
"""
