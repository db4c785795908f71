"""How long it takes to hold the simulator against all its anchors, and how many fit."""

import os
from time import perf_counter

from bench.report import Row, Suite
from simulator.validate.anchors import read_anchor, shipped
from simulator.validate.running import simulate
from simulator.validate.verdicts import judged, summary


def run() -> list[Row]:
    """Return the rows of the case ``validate``: on all cores, kernels compiled before, reading included."""
    case = Suite("simulator", "validate")
    began = perf_counter()
    paths = shipped()
    anchors = [read_anchor(path) for path in paths]
    pieces = simulate(paths, os.cpu_count() or 1)
    told = summary(judged(anchors, pieces), pieces, perf_counter() - began)
    return [
        case.row("seconds", [told.seconds], "s"),
        case.row("events_per_s", [told.model_events / told.seconds], "1/s"),
        case.row("exact", [told.exact], "numbers"),
        case.row("exact_inside", [told.exact_inside], "numbers"),
        case.row("precise", [told.precise], "numbers"),
        case.row("published", [told.published], "numbers"),
        case.row("published_inside", [told.published_inside], "numbers"),
    ]
