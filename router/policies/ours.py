"""
Ours: the greatest worth over all waiting tickets and agents with room together.

The unit is the point: a weight of 1 for skill says that full mastery of everything asked for is
worth one point, so a level is worth 0.2. From there:

* ``serve`` 4: more than everything that can be taken off a pair at no price, so nobody waits for a
  better match alone; only the price of an agent's time can hold a ticket back. It also makes the
  joint decision serve as many as it can before it looks at how well.
* ``language`` 1: as much as the skill; misunderstanding costs what ignorance costs.
* ``preferred`` 1: whom the customer knows makes up for five levels, never for a requirement.
* ``region`` 0.3 and ``load`` 0.3: the far side of the world, or filling an agent up, costs a level
  and a half. Load is convex, so work spreads before anybody is full.
* ``idle`` 0.2: at most one level, so fairness decides among equals.
* ``urgency`` 1: at the promise a ticket of priority 5 gains 3 points and beyond it more with every
  second, so match decides early and promises decide late.
* ``price`` 0.65: the middle of 0.5 to 0.8, the range where holding specialists back paid best in
  simulations; the full price holds back too much, as forecasts are uncertain.
"""

from types import MappingProxyType
from typing import Final

from router.core.codes import ENGINE_EXACT, KEY_VALUE, ORDER_VALUE
from router.core.limits import RELAXATIONS_MAX
from router.policies.policy import Policy
from router.policies.terms import TERMS

RELAXED_MAX: Final = 0.2 * RELAXATIONS_MAX
"""Points that a ticket relaxed as far as can be is dearer."""

WEIGHTS: Final = MappingProxyType(
    {
        "serve": 4.0,
        "skill": 1.0,
        "language": 1.0,
        "region": 0.3,
        "preferred": 1.0,
        "urgency": 1.0,
        "idle": 0.2,
        "load": 0.3,
        "price": 0.65,
    }
)

_DEDUCTIONS: Final = RELAXED_MAX + sum(WEIGHTS[name] for name in ("region", "preferred", "load"))
assert WEIGHTS["serve"] > _DEDUCTIONS

POLICY: Final = Policy(
    "ours",
    "All waiting tickets and agents with room together, for the greatest worth in all.",
    ENGINE_EXACT,
    ORDER_VALUE,
    KEY_VALUE,
    WEIGHTS,
    frozenset(TERMS),
)
