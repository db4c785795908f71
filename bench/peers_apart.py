"""Peers that run as programs of their own: HiGHS, and LEMON if it can be built."""

import functools
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import numpy as np

from bench.peer_forms import program, useful
from bench.peer_times import Timed
from solver.problem import Problem

ROOT: Final = Path(__file__).resolve().parents[1]
SOURCE: Final = Path(__file__).with_name("peer_lemon.cpp")
BUILD_S: Final = 120
#: Seconds after which a peer is given up.
SOLVE_S: Final = 300


def highs_simplex(problem: Problem) -> Timed:
    """Solve the linear relaxation by HiGHS' dual simplex."""
    return _highs(problem, "simplex")


def highs_ipm(problem: Problem) -> Timed:
    """Solve the linear relaxation by HiGHS' interior point method, with crossover."""
    return _highs(problem, "ipm")


def _highs(problem: Problem, method: str) -> Timed:
    with tempfile.TemporaryDirectory(prefix="cordboard-highs-") as folder:
        file = Path(folder) / "program.npz"
        np.savez(file, **program(problem)._asdict())
        command = [sys.executable, "-m", "bench.peer_highs", str(file), method]
        told = _told(command, ROOT)
    found = json.loads(told)
    return Timed(found["build_ms"], found["solve_ms"], found["value"], found["value"])


def lemon_simplex(problem: Problem) -> Timed:
    """Solve by LEMON's network simplex."""
    return _lemon(problem, "simplex")


def lemon_scaling(problem: Problem) -> Timed:
    """Solve by LEMON's cost scaling."""
    return _lemon(problem, "scaling")


def lemon_absent() -> str | None:
    """Return why LEMON cannot be built here, or None once it is."""
    built = _built()
    return None if isinstance(built, Path) else built


def _lemon(problem: Problem, method: str) -> Timed:
    built = _built()
    assert isinstance(built, Path), built
    pairs = useful(problem)
    size = (problem.rows, problem.columns, pairs.row.size)
    parts = (size, pairs.row, pairs.col, pairs.value, problem.capacity)
    with tempfile.TemporaryDirectory(prefix="cordboard-lemon-") as folder:
        file = Path(folder) / "problem.bin"
        file.write_bytes(np.concatenate(parts).astype(np.int32).tobytes())
        told = _told([str(built), str(file), method], ROOT)
    build_ms, solve_ms, value = told.split()
    return Timed(float(build_ms), float(solve_ms), int(value), int(value))


def _told(command: list[str], folder: Path) -> str:
    """Return what a program printed; raises ``TimeoutExpired`` when it takes too long."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=SOLVE_S, check=False
    )
    if done.returncode != 0:
        message = f"{command[0]} ended with {done.returncode}: {done.stderr[-500:]}"
        raise RuntimeError(message)
    return done.stdout


@functools.cache
def _built() -> Path | str:
    """Build the program against LEMON; return where it is, or why it cannot be built."""
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        return "there is no C++ compiler"
    target = Path(_folder().name) / "peer_lemon"
    command = [compiler, "-O3", "-march=native", "-std=c++17", "-w", str(SOURCE), "-o", str(target)]
    told = ""
    for library in ("-llemon", "-lemon"):  # Debian's name for it, and LEMON's own
        done = subprocess.run(
            [*command, library], capture_output=True, text=True, timeout=BUILD_S, check=False
        )
        if done.returncode == 0:
            return target
        told = told or done.stderr
    if "lemon/" in told:
        return "its headers are not installed (Debian: liblemon-dev)"
    return f"the compiler refuses it: {told.strip()[-200:]}"


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Return where this run's program is built; the folder goes with the process."""
    return tempfile.TemporaryDirectory(prefix="cordboard-lemon-")
