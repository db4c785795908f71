"""The named streams of chance the simulator draws from, one for each purpose."""

from types import MappingProxyType
from typing import Final

from router.incidents.draws import Draws

STREAMS: Final = MappingProxyType(
    {
        "accept_delay": "how long an agent looks at an offer before answering it",
        "decline": "whether an agent declines an offer",
        "reply_delay": "how long an agent takes to write the first reply",
        "wrap_up": "how long the notes after a ticket take",
    }
)
"""Each stream and what it is for. A new row changes no draw of the others."""


def stream(name: str, seed: int) -> Draws:
    """Return the stream called `name`: the same one for the same seed, whatever else is drawn.

    Raises
    ------
    ValueError
        When `STREAMS` has no such row.
    """
    if name not in STREAMS:
        raise ValueError(f"stream is {name!r}, expected one of {', '.join(STREAMS)}")
    return Draws(seed, name)
