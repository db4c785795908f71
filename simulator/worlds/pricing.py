"""
Prices as a planner would set them beforehand: from a world's rates and shifts, never from what will really happen.

The forecast knows the hour and the weekday, breaks, and how many are ill or away on average. It does not know who is,
how busy the day will be, and nothing of bursts, outages and changes of the schedule.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from router.pricing import Forecast, Sight, moved, prices_of, sight_of
from simulator.kernel import codes as c
from simulator.kernel import layout
from simulator.kernel.running import Prepared
from simulator.worlds.compiling import Compiled
from simulator.worlds.means import mean_of
from simulator.worlds.planning import Plan, begins_anew, breaks, rates_of, shifts

PRICED: Final = "+prices"
"""What a policy is called when agents' time is priced under it."""
EVERY_S: Final = 1_800.0
"""Prices hold for half an hour: rates are given by the hour at the least."""

Floats = NDArray[np.float64]


def with_prices(plan: Plan, rows: Any) -> Plan:
    """Return a replication's plan with prices in it; at one instant, changes of presence come first."""
    changes = np.concatenate([plan.changes, rows])
    return plan._replace(changes=changes[np.argsort(changes["at_us"], kind="stable")])


Finder = Callable[[Sight, Forecast], NDArray[np.int64]]


def price_rows(prepared: Prepared, every_s: float = EVERY_S, find: Finder = prices_of) -> Any:
    """
    Return the prices of a world under a policy, PLAN records: the same for all replications.

    Parameters
    ----------
    prepared
        The world on its floor; worths are those of its policy.
    every_s
        How long prices hold, above 0.
    find
        What turns a sight of the floor and a forecast into prices, thousandths of a point for each agent.
    """
    compiled = prepared.compiled
    arrays = prepared.shard.machine.arrays
    edges_us = edges(compiled, every_s)
    rates, presence = arrivals_by_slot(compiled, edges_us), presence_by_slot(compiled, edges_us)
    found: list[tuple[int, int, int, int, int]] = []
    old = np.zeros(len(compiled.members), np.int64)
    known: dict[bytes, NDArray[np.int64]] = {}
    for slot, at_us in enumerate(edges_us[:-1].tolist()):
        key = rates[slot].tobytes() + presence[slot].tobytes()
        if key not in known:
            forecast = forecast_of(prepared, rates[slot], presence[slot])
            sight = sight_of(arrays, forecast.profiles, len(compiled.members))
            known[key] = find(sight, forecast)
        words = moved(old, known[key])
        pairs = zip(words[::2], words[1::2], strict=True)
        for agent, price in pairs:
            found.append((at_us, c.PLAN_PRICE, agent, price, 0))
            old[agent] = price
    return np.array(found, layout.PLAN)


def edges(compiled: Compiled, every_s: float) -> NDArray[np.int64]:
    """Return the instants at which prices are set, and the end; int64 (slots + 1,)."""
    span = compiled.span
    step_us = max(1, round(every_s * 1e6))
    return np.append(np.arange(span.opens_us, span.closes_us, step_us), span.closes_us)


def forecast_of(prepared: Prepared, rate: Floats, presence: Floats) -> Forecast:
    """Return the forecast of one slot: kinds that ask for the same are one type, with the mean work of them all."""
    work_s = expected_work_s(prepared.compiled)
    profiles, place = np.unique(prepared.kinds["profile"], return_inverse=True)
    load_s, rates = np.zeros((len(profiles), work_s.shape[1])), np.zeros(len(profiles))
    np.add.at(rates, place, rate)
    np.add.at(load_s, place, work_s * rate[:, np.newaxis])
    mean_s = load_s / np.where(rates > 0, rates, 1.0)[:, np.newaxis]
    return Forecast(profiles.astype(np.int64), rates, mean_s, presence)


# -- customers ---------------------------------------------------------------------------------------------------------


def arrivals_by_slot(compiled: Compiled, edges_us: NDArray[np.int64]) -> Floats:
    """Return tickets per second by slot and kind, transfers and reopenings included; float64 (slots, kinds)."""
    tickets = compiled.world.tickets
    middles = (edges_us[:-1] + edges_us[1:]) // 2 - compiled.span.opens_us
    fresh = np.zeros((len(middles), len(tickets)))
    for kind, name in enumerate(tickets):
        rate = rates_of(compiled, name)
        if len(rate):
            fresh[:, kind] = rate[np.minimum(middles // compiled.rate_us, len(rate) - 1)]
    return fresh @ visits(compiled)


def visits(compiled: Compiled) -> Floats:
    """
    Return how many visits of each kind a new ticket leads to when all are served; float64 (kinds, kinds).

    Who reopens a ticket begins anew with what the ticket was at first, wherever it was transferred to, and does so
    ``most`` times at most.
    """
    tickets = compiled.world.tickets
    numbers = {name: n for n, name in enumerate(tickets)}
    leads, rounds = np.zeros((len(tickets), len(tickets))), np.ones(len(tickets))
    for n, ticket in enumerate(tickets.values()):
        for transfer in ticket.transfers:
            leads[n, numbers[transfer.to]] += transfer.share
        if ticket.reopen is not None:
            rounds[n] = served_rounds(ticket.reopen.share, ticket.reopen.most)
    passes = np.linalg.inv(np.eye(len(tickets)) - leads)
    return np.asarray(rounds[:, np.newaxis] * passes, dtype=np.float64)


def served_rounds(share: float, most: int) -> float:
    """Return how often a ticket is served on average, reopened with this share and ``most`` times at most."""
    if share == 1.0:
        return most + 1.0
    return (1.0 - share ** (most + 1)) / (1.0 - share)


def expected_work_s(compiled: Compiled) -> Floats:
    """Return the mean time of an agent for a ticket, wrap-up included; float64 (kinds, agents)."""
    tickets = compiled.world.tickets.values()
    mean_s = [
        mean_of(ticket.work) + (mean_of(ticket.wrap_up) if ticket.wrap_up else 0.0)
        for ticket in tickets
    ]
    return np.asarray(np.array(mean_s)[:, np.newaxis] * compiled.pace.T, dtype=np.float64)


# -- agents ------------------------------------------------------------------------------------------------------------


def presence_by_slot(compiled: Compiled, edges_us: NDArray[np.int64]) -> Floats:
    """Return the share of each slot that an agent is expected to be there; float64 (slots, agents)."""
    world = compiled.world
    found = np.zeros((len(edges_us) - 1, len(compiled.members)))
    spans = {name: shifts(compiled, team) for name, team in world.agents.items()}
    for a, member in enumerate(compiled.members):
        team = world.agents[member.team]
        if team.staffing:
            middles = (edges_us[:-1] + edges_us[1:]) / 2 - compiled.span.opens_us
            place = (middles / (team.staffing_s * 1e6)).astype(np.int64)
            slots = len(team.staffing)
            own = place % slots if begins_anew(team) else np.minimum(place, slots - 1)
            count = np.array(team.staffing)[own]
            found[:, a] = np.minimum(1.0, count / team.count)
            continue
        for shift in spans[member.team]:
            found[:, a] += covered(edges_us, shift)
            for pause in breaks(compiled, team, shift, member.place):
                found[:, a] -= covered(edges_us, pause)
        found[:, a] *= (1 - team.sick) * (1 - (team.absence.share if team.absence else 0.0))
    return np.clip(found, 0.0, 1.0)


def covered(edges_us: NDArray[np.int64], span: tuple[int, int]) -> Floats:
    """Return the share of each slot that lies in a span of time; float64 (slots,)."""
    inside = np.minimum(edges_us[1:], span[1]) - np.maximum(edges_us[:-1], span[0])
    return np.asarray(np.maximum(inside, 0) / np.diff(edges_us), dtype=np.float64)
