"""
The value of pairs, term by term: the slow twin of ``router.core.decide.values``, over many agents.

All numbers are thousandths of a point and add up to exactly what the core uses; the tests compare
both over random floors. Python's and NumPy's ``//`` round down as the compiled core's does.
"""

import numpy as np

from router.core.codes import KEY_IDLE, KEY_LOAD, KEY_RECENT, KEY_VALUE
from router.core.limits import SECOND_US, VALUE_MAX
from router.explain.names import Names
from router.explain.sight import Int64s, Sight
from solver.kernels.terms import IDLE_HALF_US, LEVELS, URGENCY_MAX

PREFERRED_KEY = 2**60
"""As in the core: under policies with one key, a preferred agent comes before all others."""


def urgency_of(sight: Sight) -> int:
    """Return how pressing the ticket is; the same whoever takes it."""
    ticket = sight.row
    wait_us = max(0, sight.at_us - int(ticket["start_us"]))
    target_us = max(1, int(ticket["target_us"]))
    permille = min(20_000, wait_us * 1000 // target_us)
    curve = permille * permille // 2000 if permille < 1000 else permille - 500
    pressing = min(URGENCY_MAX, (1 + int(ticket["priority"])) * curve)
    return int(sight.policy["w_urgency"]) * pressing // 1000


def terms_of(sight: Sight, rows: Int64s, names: Names | None = None) -> dict[str, Int64s]:
    """
    Return each term of the value of the ticket with the agents in ``rows``, urgency included.

    Keys are the terms of the policy; skills come one by one as ``skill:ID`` (``skill:INDEX``
    without names). ``relaxation`` is what the ticket's stage takes off, ``limit`` what the core's
    bound on values cuts.
    """
    terms = {"serve": np.full(len(rows), int(sight.policy["serve"]), dtype=np.int64)}
    _add_skills(terms, sight, rows, names)
    _add_language(terms, sight, rows)
    _add_region(terms, sight, rows)
    if sight.profile["penalty"]:
        terms["relaxation"] = np.full(len(rows), -int(sight.profile["penalty"]), dtype=np.int64)
    if sight.row["tie"] >= 0:
        bonus = np.array([sight.ties[a].bonus if a in sight.ties else 0 for a in rows.tolist()])
        terms["preferred"] = int(sight.policy["w_preferred"]) * bonus.astype(np.int64) // 1000
    _add_agent_terms(terms, sight, rows)
    total = np.sum([*terms.values()], axis=0, dtype=np.int64)
    cut = np.minimum(total, VALUE_MAX // 2) - total
    if cut.any():
        terms["limit"] = cut
    terms["urgency"] = np.full(len(rows), urgency_of(sight), dtype=np.int64)
    return terms


def _add_skills(terms: dict[str, Int64s], sight: Sight, rows: Int64s, names: Names | None) -> None:
    k = sight.profile
    count = int(k["skills"])
    total = int(k["skill_weight"][:count].sum())
    for i in range(count):
        skill, weight = int(k["skill"][i]), int(k["skill_weight"][i])
        share = int(sight.policy["w_skill"]) * weight // max(1000, total)
        fit = sight.arrays.agent_skill[rows, skill].astype(np.int64) * share // LEVELS
        name = f"skill:{names.skill(skill) if names else skill}"
        terms[name] = terms.get(name, np.int64(0)) + fit


def _add_language(terms: dict[str, Int64s], sight: Sight, rows: Int64s) -> None:
    k = sight.profile
    if k["language"] >= 0:
        weight = int(sight.policy["w_language"]) * int(k["language_weight"]) // 1000
        level = sight.arrays.agent_language[rows, k["language"]].astype(np.int64)
        terms["language"] = level * weight // LEVELS


def _add_region(terms: dict[str, Int64s], sight: Sight, rows: Int64s) -> None:
    home = sight.of_agents("region")[rows]
    if sight.profile["region"] >= 0:
        distance = sight.arrays.distance[np.maximum(home, 0), sight.profile["region"]]
        far = int(sight.policy["w_region"]) * distance.astype(np.int64) // 100
        terms["region"] = -np.where(home >= 0, far, 0)


def _add_agent_terms(terms: dict[str, Int64s], sight: Sight, rows: Int64s) -> None:
    policy, channel = sight.policy, sight.profile["channel"]
    cost = sight.arrays.agent_cost[rows, channel].astype(np.int64)
    units = np.maximum(1, sight.of_agents("units")[rows])
    idle_ms = np.maximum(0, sight.at_us - sight.of_agents("idle_since_us")[rows]) // 1000
    rest = 1000 * idle_ms // (idle_ms + IDLE_HALF_US // 1000)
    terms["idle"] = int(policy["w_idle"]) * rest // 1000
    permille = np.minimum(2000, (sight.used[rows] + cost) * 1000 // units)
    terms["load"] = -(int(policy["w_load"]) * (permille * permille // 1000) // 1000)
    price = sight.of_agents("price")[rows]
    terms["price"] = -(int(policy["w_price"]) * price * cost // 1000)


def totals_of(terms: dict[str, Int64s]) -> Int64s:
    """Return the sum of all terms, urgency included."""
    return np.asarray(np.sum([*terms.values()], axis=0), dtype=np.int64)


def keys_of(sight: Sight, rows: Int64s, totals: Int64s) -> Int64s:
    """Return what the policy compares agents by for this ticket: the larger the better."""
    key = int(sight.policy["key"])
    if key == KEY_VALUE:
        return totals
    if key == KEY_IDLE:
        ranks = -sight.of_agents("idle_since_us")[rows]
    elif key == KEY_RECENT:
        ranks = -sight.of_agents("last_serial")[rows]
    elif key == KEY_LOAD:
        units = np.maximum(1, sight.of_agents("units")[rows])
        ranks = -(sight.used[rows] * 1_000_000 // units)
    else:
        ranks = np.zeros(len(rows), dtype=np.int64)
    bonus = [np.sign(sight.ties[a].bonus) if a in sight.ties else 0 for a in rows.tolist()]
    shift: Int64s = np.array(bonus, dtype=np.int64) * PREFERRED_KEY
    return np.asarray(ranks + shift, dtype=np.int64)


def key_text(sight: Sight, agent: int) -> str | None:
    """Say what the policy compares the agent by, or None when that is the value itself."""
    key, row = int(sight.policy["key"]), sight.arrays.agents[agent]
    if key == KEY_VALUE:
        return None
    tie = sight.ties.get(agent)
    preferred = (
        "" if not tie or not tie.bonus else "preferred, " if tie.bonus > 0 else "rather not, "
    )
    if key == KEY_IDLE:
        idle_s = max(0, sight.at_us - int(row["idle_since_us"])) / SECOND_US
        return f"{preferred}idle for {idle_s:.1f} s"
    if key == KEY_RECENT:
        serial = int(row["last_serial"])
        return f"{preferred}last offer o-{serial}" if serial else f"{preferred}no offer yet"
    if key == KEY_LOAD:
        return f"{preferred}{sight.used[agent]} of {int(row['units'])} units taken"
    return preferred or None
