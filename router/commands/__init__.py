"""The commands, one file each: ``arguments(parser)`` declares, ``run(given)`` does and returns the exit code."""
