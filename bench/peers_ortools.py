"""OR-Tools as a peer: flow, assignment, linear programming and CP-SAT, each timed by parts."""

from time import process_time
from typing import Any

import numpy as np
from ortools.graph.python import linear_sum_assignment
from ortools.linear_solver.python import model_builder_helper
from ortools.sat.python import cp_model

from bench.peer_forms import doubled, program
from bench.peer_times import Timed
from solver.backends import cp_sat, greedy
from solver.backends.min_cost_flow import build_flow
from solver.problem import Problem

#: Seconds after which CP-SAT is stopped; it proves a hundred rows long before.
CP_SAT_S = 60.0


def min_cost_flow(problem: Problem) -> Timed:
    """Solve by cost-scaling flow."""
    begun = process_time()
    flow = build_flow(problem)
    built = process_time()
    status = flow.solve()
    ended = process_time()
    assert status == flow.OPTIMAL, status.name
    return Timed.of(begun, built, ended, -flow.optimal_cost())


def linear_sum(problem: Problem) -> Timed:
    """Solve by cost-scaling assignment, the graph doubled so that all is matched."""
    begun = process_time()
    arcs = doubled(problem)
    assignment = linear_sum_assignment.SimpleLinearSumAssignment()
    if arcs.left.size:
        ends = (arcs.left.astype(np.int32), arcs.right.astype(np.int32))
        assignment.add_arcs_with_cost(*ends, arcs.cost)
    built = process_time()
    status = assignment.solve()
    ended = process_time()
    assert status == assignment.OPTIMAL, status.name
    value = problem.rows * arcs.top - assignment.optimal_cost()
    return Timed.of(begun, built, ended, value)


def glop(problem: Problem) -> Timed:
    """Solve the linear relaxation by GLOP; of pairs of one unit that is the optimum."""
    from scipy.sparse import csr_matrix

    begun = process_time()
    lp = program(problem)
    count = lp.value.size
    shape = (lp.bound.size, count)
    model = model_builder_helper.ModelBuilderHelper()
    fill: Any = model.fill_model_from_sparse_data  # its stubs know no shapes
    fill(
        np.zeros(count), np.ones(count), lp.value, np.full(lp.bound.size, -np.inf), lp.bound,
        csr_matrix((lp.data, lp.indices, lp.indptr), shape=shape),
    )  # fmt: skip
    model.set_maximize(True)
    solver = model_builder_helper.ModelSolverHelper("glop")
    built = process_time()
    solver.solve(model)
    ended = process_time()
    assert solver.status() == model_builder_helper.OPTIMAL, solver.status_string()
    return Timed.of(begun, built, ended, round(solver.objective_value()))


def satisfiability(problem: Problem, seconds: float = CP_SAT_S) -> Timed:
    """Solve by CP-SAT, one worker, hinted at the greedy plan; ``bound`` is its own."""
    begun = process_time()
    model, _ = cp_sat.build_model(problem, greedy.solve(problem).column)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = cp_sat.SEED
    solver.parameters.max_time_in_seconds = seconds
    built = process_time()
    status = solver.solve(model)
    ended = process_time()
    assert status in (cp_model.OPTIMAL, cp_model.FEASIBLE), solver.status_name(status)
    bound = int(solver.best_objective_bound + 1e-6)
    return Timed.of(begun, built, ended, round(solver.objective_value), bound)
