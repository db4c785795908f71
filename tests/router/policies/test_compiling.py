"""Policies as their authors write them, and the words the core gets."""

from __future__ import annotations

import msgspec
import pytest

from router.core import codes as c
from router.core import layout
from router.core.limits import RELAXATIONS_MAX, SECOND_US, VALUE_MAX
from router.core.machine import Machine
from router.policies import POLICIES, policy_with
from router.policies.compiling import compile_policy, remarks
from router.policies.ours import RELAXED_MAX
from router.policies.terms import POINT, TERMS
from router.profiles import STEP_PENALTY
from router.wire.policies import Base, PolicyBody
from router.wire.problems import FieldError


def words_of(body: PolicyBody, revision: int = 7) -> list[int]:
    """Return the words of a body that is right."""
    words = compile_policy(body, revision)
    assert all(isinstance(word, int) for word in words)
    return [int(word) for word in words if isinstance(word, int)]


def errors_of(body: PolicyBody) -> list[tuple[str, str]]:
    """Return pointer and detail of each error in a body."""
    found = compile_policy(body, 1)
    return [(each.pointer, each.detail) for each in found if isinstance(each, FieldError)]


@pytest.mark.parametrize("name", POLICIES)
def test_the_core_takes_over_every_field(name: str) -> None:
    """Each word lands in the field of the policy it is meant for."""
    body = PolicyBody(
        base=name,
        decline_cooldown_s=11,
        unanswered_cooldown_s=12,
        reconnect_grace_s=13,
        hold_s=0.5,
        retention_s=15,
        no_answer_max=4,
    )
    machine = Machine()
    machine.push(c.SET_POLICY, 0, words=words_of(body))
    machine.run()
    row, policy = machine.arrays.policy[0], POLICIES[name]
    durations = [row[field] / SECOND_US for field in ("cooldown_us", "unanswered_us", "grace_us")]
    assert durations == [11, 12, 13]
    assert (row["hold_us"], row["retention_us"]) == (SECOND_US // 2, 15 * SECOND_US)
    assert (row["revision"], row["no_answer_max"]) == (7, 4)
    assert policy_with(row["engine"], row["order"], row["key"]) is policy
    for term, weight in policy.weights.items():
        assert row[TERMS[term].word] == round(weight * POINT)


def test_the_table_and_the_api_name_the_same_policies() -> None:
    """A row of the table can be asked for, and nothing else."""
    assert set(POLICIES) == set(Base.__args__)
    assert len(POLICIES["ours"].sentence) > 0
    assert policy_with(9, 9, 9) is None


def test_weights_are_given_in_points() -> None:
    """A weight of the author's replaces the base's; the others stay."""
    words = dict(
        zip(layout.POLICY.names or (), words_of(PolicyBody(weights={"idle": 0.0625})), strict=True)
    )
    assert words["w_idle"] == 62
    assert words["w_skill"] == 1000


def test_every_wrong_weight_is_named_at_once() -> None:
    """Unknown, too large and negative weights, each with its place, value and what was expected."""
    body = PolicyBody(weights={"speed": 1, "urgency": 5.1, "a/b": 1, "load": -0.1, "skill": 100})
    assert errors_of(body) == [
        ("/weights/speed", f"Expected a term: {', '.join(TERMS)}."),
        ("/weights/urgency", "Expected a weight from 0 to 5 points."),
        ("/weights/a~1b", f"Expected a term: {', '.join(TERMS)}."),
        ("/weights/load", "Expected a weight from 0 to 100 points."),
    ]


def test_a_weight_without_effect_is_refused() -> None:
    """A policy that compares one thing weighs nothing, and says which do."""
    ((pointer, detail),) = errors_of(PolicyBody(base="round_robin", weights={"skill": 2}))
    assert pointer == "/weights/skill"
    assert detail.endswith("round_robin compares one thing. Maybe use best_match or ours.")
    ((_, other),) = errors_of(PolicyBody(base="best_match", weights={"urgency": 2, "skill": 2}))
    assert other == (
        "Expected a term that best_match weighs:"
        " serve, skill, language, region, preferred, idle, load, price."
    )


def test_the_largest_weights_stay_under_the_limit_of_values() -> None:
    """Everything that can be added to a pair, at the most each may weigh, fits the solver."""
    gains = {name: term.most * term.gain * POINT for name, term in TERMS.items()}
    assert sum(gains.values()) < VALUE_MAX
    assert sum(gains.values()) - gains["urgency"] < VALUE_MAX // 2


@pytest.mark.parametrize("name", ["ours", "best_match"])
def test_without_prices_nobody_waits_for_a_better_match(name: str) -> None:
    """Serving is worth more than all that can be taken off a pair, relaxed as far as can be."""
    assert pytest.approx(STEP_PENALTY * RELAXATIONS_MAX) == RELAXED_MAX * POINT
    weights = POLICIES[name].weights
    assert weights["serve"] > RELAXED_MAX + sum(weights[n] for n in ("region", "preferred", "load"))


def test_what_speaks_against_a_revision_is_said() -> None:
    """A revision may be valid and yet not do what was meant."""
    assert remarks(PolicyBody()) == []
    body = PolicyBody(weights={"serve": 1}, no_answer_max=1, decline_cooldown_s=0)
    assert [each.code for each in remarks(body)] == ["first_is_forgiven", "may_hold", "no_cooldown"]
    assert remarks(PolicyBody(base="longest_idle")) == []


def test_a_body_from_json_compiles() -> None:
    """The example of the documentation goes through."""
    text = b'{"base": "ours", "weights": {"price": 0.5, "idle": 0.4}, "hold_s": 2}'
    assert len(words_of(msgspec.json.decode(text, type=PolicyBody))) == len(layout.POLICY)
