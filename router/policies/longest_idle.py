"""Longest idle: what most call centres do, and the fairest of the simple ones."""

from typing import Final

from router.core.codes import ENGINE_GREEDY, KEY_IDLE, ORDER_AGE
from router.policies.ours import WEIGHTS
from router.policies.policy import Policy

POLICY: Final = Policy(
    "longest_idle",
    "The oldest ticket goes to the agent who has been idle longest.",
    ENGINE_GREEDY,
    ORDER_AGE,
    KEY_IDLE,
    WEIGHTS,
    frozenset(),
)
