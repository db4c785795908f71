"""Priority, then age: strict classes of service; a lower class waits for all above it."""

from typing import Final

from router.core.codes import ENGINE_GREEDY, KEY_IDLE, ORDER_PRIORITY_AGE
from router.policies.ours import WEIGHTS
from router.policies.policy import Policy

POLICY: Final = Policy(
    "priority_then_age",
    "The oldest ticket of the highest priority goes to the agent idle longest.",
    ENGINE_GREEDY,
    ORDER_PRIORITY_AGE,
    KEY_IDLE,
    WEIGHTS,
    frozenset(),
)
