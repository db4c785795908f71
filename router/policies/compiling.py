"""From a revision of a policy, as its author wrote it, to the words of ``SET_POLICY``."""

from types import MappingProxyType
from typing import Final

from router.core import layout
from router.policies import POLICIES
from router.policies.ours import RELAXED_MAX
from router.policies.policy import Policy
from router.policies.terms import TERMS
from router.wire.checks import pointer_part
from router.wire.fields import seconds_us
from router.wire.policies import PolicyBody
from router.wire.problems import FieldError, wrong
from router.wire.tickets import Warned

STRIKES_MIN: Final = 2
"""The first unanswered offer never sends anybody away."""

DURATIONS: Final = MappingProxyType(
    {
        "cooldown_us": "decline_cooldown_s",
        "unanswered_us": "unanswered_cooldown_s",
        "grace_us": "reconnect_grace_s",
        "hold_us": "hold_s",
        "retention_us": "retention_s",
    }
)
"""Fields of the core's policy that are durations, and of the body they are taken from."""


def compile_policy(body: PolicyBody, revision: int) -> list[int] | list[FieldError]:
    """Return the words of ``SET_POLICY`` for a revision, or every weight that cannot be."""
    policy = POLICIES[body.base]
    errors = weight_errors(policy, body.weights)
    if errors:
        return errors
    weights = policy.thousandths(body.weights)
    values = {
        **{word: seconds_us(getattr(body, field)) for word, field in DURATIONS.items()},
        **{term.word: weights[name] for name, term in TERMS.items()},
        "revision": revision,
        "engine": policy.engine,
        "order": policy.order,
        "key": policy.key,
        "no_answer_max": body.no_answer_max,
    }
    return [values[word] for word in layout.POLICY.names or ()]


def weight_errors(policy: Policy, weights: dict[str, float]) -> list[FieldError]:
    """Return an error for each weight that is unknown, out of range or without effect."""
    errors = []
    for name, weight in weights.items():
        at = "/weights" + pointer_part(name)
        term = TERMS.get(name)
        if term is None:
            errors.append(wrong(at, f"Expected a term: {', '.join(TERMS)}.", name))
        elif not 0 <= weight <= term.most:
            errors.append(wrong(at, f"Expected a weight from 0 to {term.most} points.", weight))
        elif name not in policy.weighs:
            errors.append(wrong(at, _without_effect(policy), weight))
    return errors


def _without_effect(policy: Policy) -> str:
    """Say what may be weighed instead."""
    if policy.weighs:
        known = ", ".join(name for name in TERMS if name in policy.weighs)
        return f"Expected a term that {policy.name} weighs: {known}."
    return f"Expected no weights: {policy.name} compares one thing. Maybe use best_match or ours."


def remarks(body: PolicyBody) -> list[Warned]:
    """Return what speaks against activating a revision that is valid."""
    found = []
    policy = POLICIES[body.base]
    weights = {**policy.weights, **body.weights}
    if body.no_answer_max < STRIKES_MIN:
        detail = f"no_answer_max {body.no_answer_max} acts as {STRIKES_MIN}: the first is forgiven."
        found.append(Warned(code="first_is_forgiven", detail=detail))
    taken_off = RELAXED_MAX + sum(weights[name] for name in ("region", "preferred", "load"))
    if "serve" in policy.weighs and weights["serve"] <= taken_off:
        detail = (
            f"serve {weights['serve']:g} is not above what relaxing, region, preferred and load can"
            f" take off, {taken_off:g}: tickets may wait although agents are free."
        )
        found.append(Warned(code="may_hold", detail=detail))
    if body.decline_cooldown_s == 0:
        detail = "decline_cooldown_s 0 lets a ticket return at once to the agent who declined it."
        found.append(Warned(code="no_cooldown", detail=detail))
    return found
