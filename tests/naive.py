"""Slow, obvious versions of the core's and the solver's small kernels; exact fractions where they round."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def naive_bits(row: Sequence[int]) -> set[int]:
    """Return the members of a set of agents kept as 64-bit words."""
    return {64 * w + b for w, word in enumerate(row) for b in range(64) if int(word) >> b & 1}


def naive_fit(level: int, weight: int) -> int:
    """Return a level's share of the weight."""
    return floor(Fraction(level * weight, 5))


def naive_urgency(wait_us: int, target_us: int, priority: int) -> int:
    """Return the convex, then linear cost of waiting, in thousandths."""
    permille = min(20_000, floor(Fraction(1000 * wait_us, target_us)))
    rises = floor(Fraction(permille**2, 2000)) if permille < 1000 else permille - 500
    return min(100_000, (1 + priority) * rises)


def naive_idle(idle_us: int) -> int:
    """Return how rested an agent is."""
    idle_ms = idle_us // 1000
    return floor(Fraction(1000 * idle_ms, idle_ms + 300_000))


def naive_load(used: int, cost: int, units: int) -> int:
    """Return how loaded an agent would be."""
    permille = min(2000, floor(Fraction(1000 * (used + cost), units)))
    return floor(Fraction(permille**2, 1000))


def naive_may_take(s: Any, p: int, a: int) -> bool:
    """Return whether an agent meets a profile's requirements, one after the other."""
    k, agent = s.profiles[p], s.agents[a]
    needs = [agent["configured"] == 1, s.agent_max[a, k["channel"]] != 0]
    needs.append(s.agent_cost[a, k["channel"]] <= agent["units"])
    needs.append(bool(agent["all_queues"]) or s.agent_queue[a, k["queue"]] == 1)
    if k["language"] >= 0:
        needs.append(s.agent_language[a, k["language"]] >= k["language_min"])
    for i in range(k["skills"]):
        needs.append(s.agent_skill[a, k["skill"][i]] >= k["skill_min"][i])
    if k["groups"] > 0:
        needs.append(any(s.agent_group[a, g] for g in k["group"][: k["groups"]]))
    if k["regions"] > 0:
        needs.append(agent["region"] in k["regions_any"][: k["regions"]].tolist())
    return all(needs)


def naive_match(s: Any, p: int, a: int) -> int:
    """Return what a pair's fit is worth, term by term."""
    k, agent, policy = s.profiles[p], s.agents[a], s.policy[0]
    worth = -int(k["penalty"])
    if k["region"] >= 0 and agent["region"] >= 0:
        worth -= int(policy["w_region"]) * int(s.distance[agent["region"], k["region"]]) // 100
    weights = [int(w) for w in k["skill_weight"][: k["skills"]]]
    for i, weight in enumerate(weights):
        share = int(policy["w_skill"]) * weight // max(1000, sum(weights))
        worth += naive_fit(int(s.agent_skill[a, k["skill"][i]]), share)
    if k["language"] >= 0:
        share = int(policy["w_language"]) * int(k["language_weight"]) // 1000
        worth += naive_fit(int(s.agent_language[a, k["language"]]), share)
    return worth


def naive_pair(s: Any, t: int, a: int, now_us: int) -> int:
    """Return what giving a ticket without ties to an agent is worth now, urgency included."""
    k, agent, policy = s.tickets[t], s.agents[a], s.policy[0]
    cost = int(s.agent_cost[a, s.profiles[k["profile"]]["channel"]])
    worth = int(policy["serve"]) + naive_match(s, int(k["profile"]), a)
    worth += int(policy["w_idle"]) * naive_idle(now_us - int(agent["idle_since_us"])) // 1000
    worth -= (
        int(policy["w_load"]) * naive_load(int(agent["used"]), cost, int(agent["units"])) // 1000
    )
    worth -= int(policy["w_price"]) * int(agent["price"]) * cost // 1000
    waited = naive_urgency(now_us - int(k["start_us"]), int(k["target_us"]), int(k["priority"]))
    return worth + int(policy["w_urgency"]) * waited // 1000
