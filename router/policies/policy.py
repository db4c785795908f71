"""What a policy is: who goes first, what agents are compared by, and what is weighed."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from router.policies.terms import POINT, TERMS

NOTHING: Mapping[str, float] = MappingProxyType({})


class Policy(NamedTuple):
    """A row of ``POLICIES``; engine, order and key are codes of ``router.core.codes``."""

    name: str
    sentence: str
    engine: int
    order: int
    key: int
    weights: Mapping[str, float]
    """Points by term. Terms a policy does not weigh still value its offers, so that the gap of its
    decisions says what it gives away."""
    weighs: frozenset[str]
    """Terms that change what the policy decides; only these may be set."""

    def thousandths(self, given: Mapping[str, float] = NOTHING) -> dict[str, int]:
        """Return the weight of every term in thousandths of a point, those ``given`` first."""
        weights = {**self.weights, **given}
        return {name: round(weights.get(name, 0) * POINT) for name in TERMS}
