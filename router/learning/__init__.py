"""How models are judged while they serve: drift, always-valid intervals, shadows, the gate of a promotion."""
