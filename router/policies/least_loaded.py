"""Least loaded: for chat and e-mail, where agents hold several tickets at once."""

from typing import Final

from router.core.codes import ENGINE_GREEDY, KEY_LOAD, ORDER_AGE
from router.policies.ours import WEIGHTS
from router.policies.policy import Policy

POLICY: Final = Policy(
    "least_loaded",
    "The oldest ticket goes to the agent with the smallest share of units taken.",
    ENGINE_GREEDY,
    ORDER_AGE,
    KEY_LOAD,
    WEIGHTS,
    frozenset(),
)
