"""Load tests: a world's customers and agents, played by the simulator's kernel against a running server."""
