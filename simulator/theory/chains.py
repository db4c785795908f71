"""Chains small enough to solve: any given by its moves, and the N-model with priorities."""

from collections.abc import Callable, Hashable, Iterable
from typing import Final, NamedTuple, TypeVar

import numpy as np

STATES_MAX: Final = 6_000
State = TypeVar("State", bound=Hashable)


def stationary(
    start: State, moves: Callable[[State], Iterable[tuple[float, State]]]
) -> dict[State, float]:
    """Return the stationary law of a chain in continuous time, given by its moves.

    States are found from `start`; `moves` yields rates and where they lead. All states found must
    reach each other.

    Raises
    ------
    ValueError
        When there are more than `STATES_MAX` states: the balance equations are solved densely.
    """
    places = {start: 0}
    states = [start]
    rows: list[tuple[int, int, float]] = []
    for place, state in enumerate(states):  # grows while it is walked
        for rate, there in moves(state):
            if there not in places:
                places[there] = len(states)
                states.append(there)
                if len(states) > STATES_MAX:
                    raise ValueError(f"more than {STATES_MAX} states, expected a smaller chain")
            rows.append((place, places[there], rate))
    balance = np.zeros((len(states), len(states)))
    for origin, target, rate in rows:
        balance[target, origin] += rate
        balance[origin, origin] -= rate
    balance[-1] = 1.0
    ones = np.zeros(len(states))
    ones[-1] = 1.0
    law = np.linalg.solve(balance, ones)
    return dict(zip(states, law.tolist(), strict=True))


class Overflow(NamedTuple):
    """An N-model in the long run, by type or by group."""

    p_abandon: list[float]
    wait: list[float]
    """Mean over everybody, until the answer or the loss."""
    occupancy: list[float]


class NModel(NamedTuple):
    """Type 1 goes to group 1 and then to group 2, which serves type 2 first; nobody is interrupted."""

    rates: tuple[float, float]
    agents: tuple[int, int]
    service_rate: float
    patience_rate: float
    room: int = 40
    """Most that wait of each type; must be beyond what ever happens."""


Waiting = tuple[int, int, int, int]


def n_model(model: NModel) -> Overflow:
    """Return abandonment, waits and occupancy of an N-model, by solving its chain.

    A state is who is busy in each group and how many of each type wait.
    """
    law = stationary((0, 0, 0, 0), lambda state: _n_moves(model, state))
    states = np.array(list(law))
    weights = np.array(list(law.values()))
    busy = states[:, :2].T @ weights
    queue = states[:, 2:].T @ weights
    edge = weights[(states[:, 2:] == model.room).any(axis=1)].sum()
    if edge > 1e-9:
        raise ValueError(f"room is {model.room}, expected more: so many may wait")
    waits = queue / np.asarray(model.rates)
    return Overflow(
        (model.patience_rate * waits).tolist(),
        waits.tolist(),
        (busy / np.asarray(model.agents)).tolist(),
    )


def _n_moves(model: NModel, state: Waiting) -> Iterable[tuple[float, Waiting]]:
    b1, b2, q1, q2 = state
    n1, n2 = model.agents
    if b1 < n1:
        yield model.rates[0], (b1 + 1, b2, q1, q2)
    elif b2 < n2:
        yield model.rates[0], (b1, b2 + 1, q1, q2)
    elif q1 < model.room:
        yield model.rates[0], (b1, b2, q1 + 1, q2)
    if b2 < n2:
        yield model.rates[1], (b1, b2 + 1, q1, q2)
    elif q2 < model.room:
        yield model.rates[1], (b1, b2, q1, q2 + 1)
    if b1:
        yield b1 * model.service_rate, (b1, b2, q1 - 1, q2) if q1 else (b1 - 1, b2, q1, q2)
    if b2:
        after: Waiting = (b1, b2 - 1, q1, q2)
        if q2:
            after = (b1, b2, q1, q2 - 1)
        elif q1:
            after = (b1, b2, q1 - 1, q2)
        yield b2 * model.service_rate, after
    if q1:
        yield q1 * model.patience_rate, (b1, b2, q1 - 1, q2)
    if q2:
        yield q2 * model.patience_rate, (b1, b2, q1, q2 - 1)
