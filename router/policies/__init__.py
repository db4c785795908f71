"""The routing policies, as rows of one table; a new one is a file and a row."""

from types import MappingProxyType
from typing import Final

from router.policies import (
    best_match,
    least_loaded,
    longest_idle,
    ours,
    priority_then_age,
    round_robin,
)
from router.policies.policy import Policy

POLICIES: Final = MappingProxyType(
    {
        "ours": ours.POLICY,
        "longest_idle": longest_idle.POLICY,
        "round_robin": round_robin.POLICY,
        "least_loaded": least_loaded.POLICY,
        "best_match": best_match.POLICY,
        "priority_then_age": priority_then_age.POLICY,
    }
)
"""Every policy by its name."""


def policy_with(engine: int, order: int, key: int) -> Policy | None:
    """Return the policy made of these codes, or None when no row is."""
    made_of = (engine, order, key)
    return next((p for p in POLICIES.values() if (p.engine, p.order, p.key) == made_of), None)


assert all(name == policy.name for name, policy in POLICIES.items())
assert len({(p.engine, p.order, p.key) for p in POLICIES.values()}) == len(POLICIES)
