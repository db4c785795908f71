"""Answers that take long and change nothing: worked out beside the shard."""

from collections.abc import Callable
from typing import NamedTuple

from router.wire.calls import Reply


class Later(NamedTuple):
    """
    An answer about the past.

    ``work`` reads the journal and names that never change, so another thread may call it while the shard goes on.
    """

    work: Callable[[], Reply]
