"""What load tests share: kernels that are ready before a clock of the world runs."""

import pytest

from simulator.load.warming import compile_crowd


@pytest.fixture(scope="session", autouse=True)
def ready() -> None:
    """Let no test find its customers waiting for a compiler."""
    compile_crowd(print)
