"""
The terms that policies weigh: what each is called, what a weight of 1 means and how far it reaches.

Weights are given in points and kept in thousandths, as the core adds them. Each has a range; the
ranges together keep the worth of any pair, its ticket's urgency included, under the solver's limit.
"""

from types import MappingProxyType
from typing import Final, NamedTuple

from router.core.limits import VALUE_MAX

POINT: Final = 1000
"""Thousandths in a point."""


class Term(NamedTuple):
    """A term of the score that can be weighed."""

    word: str
    """The field of ``layout.POLICY`` that holds its weight."""
    most: int
    """The largest weight, in points; the least is 0, as a negative one would reverse its sense."""
    gain: int
    """The most points that a weight of 1 can add to a pair."""
    meaning: str


TERMS: Final = MappingProxyType(
    {
        "serve": Term("serve", 100, 1, "Worth of serving a ticket at all."),
        "skill": Term("w_skill", 100, 1, "Level 5 in every skill asked for, by their weights."),
        "language": Term("w_language", 100, 1, "Level 5 in the language asked for."),
        "region": Term("w_region", 100, 0, "Taken off at a distance of 100."),
        "preferred": Term("w_preferred", 100, 1, "A preference of weight 1."),
        "urgency": Term("w_urgency", 5, 100, "Cost of waiting at the promise, by priority."),
        "idle": Term("w_idle", 100, 1, "An agent at rest for very long; half of it at 5 minutes."),
        "load": Term("w_load", 100, 0, "Taken off an agent whom the ticket fills up."),
        "price": Term("w_price", 10, 0, "Share of the price of the agent's time taken off."),
    }
)
"""Every term by its name, in the order in which explanations list them."""

assert (
    sum(t.most * t.gain for name, t in TERMS.items() if name != "urgency") * POINT < VALUE_MAX // 2
)
REACH: Final = {name: term.most * term.gain * POINT for name, term in TERMS.items()}
assert sum(REACH.values()) - REACH["urgency"] < VALUE_MAX // 2
assert sum(REACH.values()) < VALUE_MAX
