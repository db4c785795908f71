"""Candidates: which few of all feasible pairs an assignment needs, and the proof that it needs no other."""
