"""What numbers of a simulation are worth: intervals, warm-up, stopping, variance reduction."""
