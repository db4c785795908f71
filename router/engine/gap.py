"""The answer to those who ask for events that are no longer kept."""

from typing import NamedTuple


class Gap(NamedTuple):
    """Events asked for that are no longer kept: they ended before ``oldest_seq``."""

    oldest_seq: int
    last_seq: int
