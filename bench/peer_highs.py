"""
A linear program solved by HiGHS: a program of its own, as highspy does not load beside OR-Tools.

Reads the arrays of a ``Program`` from an npz file; prints milliseconds to build and to solve, and
the value, as JSON. OR-Tools brings a HiGHS of its own whose symbols clash (google/or-tools#5246).
"""

import json
import sys
from time import process_time

import numpy as np


def main(file: str, method: str) -> None:
    """Solve the program in ``file`` by ``simplex`` or ``ipm`` and print what it took."""
    import highspy

    with np.load(file) as arrays:
        value, bound, data = arrays["value"], arrays["bound"], arrays["data"]
        indptr, indices = arrays["indptr"], arrays["indices"]
    begun = process_time()
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = value.size, bound.size
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_, model.col_lower_ = value, np.zeros(value.size)
    model.col_upper_ = np.ones(value.size)
    model.row_lower_, model.row_upper_ = np.full(bound.size, -highspy.kHighsInf), bound
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_, model.a_matrix_.index_ = indptr, indices
    model.a_matrix_.value_ = data
    solver = highspy.Highs()
    for option, setting in (("output_flag", False), ("threads", 1), ("solver", method)):
        solver.setOptionValue(option, setting)
    solver.passModel(model)
    built = process_time()
    solver.run()
    ended = process_time()
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal, solver.getModelStatus()
    found = {
        "build_ms": (built - begun) * 1e3,
        "solve_ms": (ended - built) * 1e3,
        "value": round(solver.getInfo().objective_function_value),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
