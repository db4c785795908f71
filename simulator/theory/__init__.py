"""Exact laws of models that a world can describe: what the simulator is held against."""
