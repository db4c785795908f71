"""Our own exact solver: a standing assignment, loaded and settled once."""

from __future__ import annotations

import numpy as np

from solver.problem import Plan, Problem
from solver.standing.assignment import StandingAssignment


def supports(problem: Problem) -> str | None:
    """Return why ``problem`` is out of reach, or ``None``: pairs must take one unit each."""
    if np.any(problem.weight != 1):
        return "standing needs pairs that take one unit each. Maybe use cp_sat."
    return None


def solve(problem: Problem) -> Plan:
    """Return an optimal plan with the prices that prove it, gap 0."""
    assignment = StandingAssignment(problem, rows=problem.rows)
    left = assignment.solve()
    assert left == 0, "a solve without a budget leaves nothing unsettled"
    return assignment.plan(problem.rows)
