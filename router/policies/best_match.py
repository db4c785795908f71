"""Best match: each ticket takes the agent who suits it best, whatever that costs the next one."""

from types import MappingProxyType
from typing import Final

from router.core.codes import ENGINE_GREEDY, KEY_VALUE, ORDER_AGE
from router.policies import ours
from router.policies.policy import Policy

WEIGHTS: Final = MappingProxyType(
    {**ours.WEIGHTS, "urgency": 0.0, "load": 0.0, "price": 0.0, "idle": 0.01}
)
"""Those of ours that are about the match; a trace of idle time settles ties among equals."""

POLICY: Final = Policy(
    "best_match",
    "The oldest ticket goes to the agent who suits it best; nothing is decided jointly.",
    ENGINE_GREEDY,
    ORDER_AGE,
    KEY_VALUE,
    WEIGHTS,
    # Urgency is the same whoever takes the ticket, and the oldest goes first in any case.
    frozenset({"serve", "skill", "language", "region", "preferred", "idle", "load", "price"}),
)
