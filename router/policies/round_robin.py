"""Round robin: the same number of offers for everybody, however long each takes."""

from typing import Final

from router.core.codes import ENGINE_GREEDY, KEY_RECENT, ORDER_AGE
from router.policies.ours import WEIGHTS
from router.policies.policy import Policy

POLICY: Final = Policy(
    "round_robin",
    "The oldest ticket goes to the agent whose last offer lies furthest back.",
    ENGINE_GREEDY,
    ORDER_AGE,
    KEY_RECENT,
    WEIGHTS,
    frozenset(),
)
