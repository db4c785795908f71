"""Hold the simulator against exact laws and published tables: each anchor is a world and its numbers."""
