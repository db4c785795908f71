"""Measurements: ``python -m bench`` runs them, docs/bench.md says what each number means."""
