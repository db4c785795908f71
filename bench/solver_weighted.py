"""
Pairs of different weights: our plan beside CP-SAT's best and the linear program's bound.

CP-SAT gets a minute and one worker, and the greedy plan as a hint. It is run once a case, as a
minute is a minute: ``--quick`` gives it two seconds, and its name in the row says how long it had.
Times are the processor's; ``cp_sat_cpu_s`` is how much of its minute CP-SAT had, with the building of
its model: on a busy machine it is less than it seems.
``over_cpsat`` is the share of its value that ours misses; below 0 ours is worth more. ``gap`` is
what our own bound proves, checked by the independent verifier; no peer's word is taken.
"""

from __future__ import annotations

from time import process_time
from typing import Final, NamedTuple

from bench.instances import WEIGHTED, weighted_problem
from bench.peers import PEERS
from bench.peers_ortools import CP_SAT_S, satisfiability
from bench.report import Peer as Against
from bench.report import Row, Suite
from solver.backends import solve, weighted
from solver.problem import Plan, Problem
from solver.verify import verify


class Effort(NamedTuple):
    """Cases, seconds for CP-SAT, repeats of ours."""

    cases: tuple[str, ...]
    cp_sat_s: float
    repeats: int


FULL: Final = Effort(tuple(WEIGHTED), CP_SAT_S, 9)
QUICK: Final = Effort(("weighted_100_load15",), 2.0, 1)


def run(effort: Effort = FULL) -> list[Row]:
    """Return the rows; raises if a plan of ours does not stand."""
    rows: list[Row] = []
    for case in effort.cases:
        rows += _case(case, weighted_problem(WEIGHTED[case]), effort)
    return rows


def _plan(problem: Problem) -> Plan:
    plan = weighted.solve(problem)
    faults = verify(problem, plan).faults
    if faults:
        message = f"weighted: {faults}"
        raise AssertionError(message)
    return plan


def _case(case: str, problem: Problem, effort: Effort) -> list[Row]:
    """Measure one problem."""
    plan = _plan(problem)  # compiled before anything is timed
    times = []
    for _ in range(effort.repeats):
        begun = process_time()
        weighted.solve(problem)
        times.append((process_time() - begun) * 1e3)
    begun = process_time()
    exact = satisfiability(problem, effort.cp_sat_s)
    worked_s = process_time() - begun
    title = f"OR-Tools CP-SAT, 1 worker, at most {effort.cp_sat_s:g} s"
    greedy = solve(problem, "greedy").primal
    suite = Suite("solver", case)
    rows = [
        suite.row("ms", times, "ms", peer=Against(title, exact.solve_ms)),
        suite.row(
            "over_cpsat", [(exact.value - plan.primal) / exact.value], "share of CP-SAT's value",
            peer=Against(title, float(exact.value)),
        ),
        suite.row("gap", [plan.gap / plan.primal], "share of value"),
        suite.row("cp_sat_gap", [(exact.bound - exact.value) / exact.value], "share of value"),
        suite.row("cp_sat_cpu_s", [worked_s], "s"),
        suite.row("cp_sat_build_ms", [exact.build_ms], "ms"),
        suite.row("greedy_loss", [(plan.primal - greedy) / plan.primal], "share of ours"),
    ]  # fmt: skip
    glop = PEERS["glop"]
    if glop.refuses(problem) is None:
        found = glop.run(problem)
        lower = (found.value - plan.dual) / plan.primal
        against = Against("OR-Tools GLOP, the relaxation's bound", float(found.value))
        rows += [
            suite.row("bound_below_lp", [lower], "share of value", peer=against),
            suite.row("glop_ms", [found.solve_ms], "ms"),
        ]
    return rows
