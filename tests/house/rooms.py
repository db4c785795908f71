"""What the house checks look at: the modules of every room, parsed once."""

import ast
import functools
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("solver", "router", "simulator", "bench", "tests")
SKIPPED = {".git", ".venv", "__pycache__", "build", "dist"}


class Module(NamedTuple):
    """A module: its dotted name, where it lies, its text and its syntax tree."""

    name: str
    path: str
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The top-level package it belongs to."""
        return self.name.split(".", maxsplit=1)[0]


def module_of(name: str, text: str, path: str | None = None) -> Module:
    """Return ``text`` as the module called ``name``; how the negative tests seed a fault."""
    return Module(
        name, path or name.replace(".", "/") + ".py", text, ast.parse(text, feature_version=(3, 11))
    )


@functools.cache
def files() -> tuple[Path, ...]:
    """List what belongs to the project: tracked files and new ones that are not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):  # an unpacked archive
        return tuple(sorted(_walked()))
    found = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(sorted(path for path in found if path.is_file()))


def _walked() -> list[Path]:
    found: list[Path] = []
    for folder, inner, names in os.walk(ROOT):
        inner[:] = [name for name in inner if name not in SKIPPED]
        found.extend(Path(folder, name) for name in names)
    return found


@functools.cache
def modules(*rooms: str) -> tuple[Module, ...]:
    """Parse every module of the rooms; of all rooms when none is named."""
    wanted = rooms or ROOMS
    return tuple(each for each in _parsed() if isinstance(each, Module) and each.room in wanted)


def unreadable() -> tuple[str, ...]:
    """List the modules that the oldest promised Python cannot parse; one check reports them."""
    return tuple(each for each in _parsed() if isinstance(each, str))


@functools.cache
def _parsed() -> tuple[Module | str, ...]:
    found: list[Module | str] = []
    for path in files():
        relative = path.relative_to(ROOT)
        if path.suffix == ".py" and relative.parts[0] in ROOMS:
            parts = list(relative.with_suffix("").parts)
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            try:
                found.append(module_of(name, path.read_text("utf-8"), str(relative)))
            except SyntaxError as error:
                found.append(f"{relative}:{error.lineno} {error.msg}")
    return tuple(found)


def functions(module: Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """List every function of the module, methods and inner ones included."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(module.tree) if isinstance(node, kinds)]


@functools.cache
def kernel_decorators() -> frozenset[str]:
    """Collect the names that compile: Numba's own, and the house's names for them."""
    names = {"njit", "jit", "vectorize", "guvectorize"}
    for module in modules("solver", "router", "simulator"):
        names |= _aliases(module, names)
    return frozenset(names)


def _aliases(module: Module, known: set[str]) -> set[str]:
    """Find top-level names of a configured ``njit``: ``rule = njit(cache=True)``, or a function that calls it."""
    found = set()
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef) and _compiles_its_argument(node, known):
            found.add(node.name)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            callee = node.value
            mentioned = {last_name(callee.func), *map(last_name, callee.args)}
            if mentioned & known and not any(isinstance(a, ast.Lambda) for a in callee.args):
                found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def _compiles_its_argument(function: ast.FunctionDef, known: set[str]) -> bool:
    """Tell whether a function hands its only parameter to a configured ``njit`` and returns what comes of it."""
    given = [each.arg for each in function.args.args]
    if len(given) != 1:
        return False
    for node in ast.walk(function):
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Call)
        if (
            is_call
            and [last_name(each) for each in node.args] == given
            and last_name(node.func) in known
        ):
            return True
    return False


def last_name(node: ast.AST) -> str:
    """Return the rightmost name of ``a.b.c`` or of the call ``a.b.c(...)``; "" if there is none."""
    if isinstance(node, ast.Call):
        return last_name(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def is_kernel(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Tell whether Numba compiles the function."""
    return any(last_name(node) in kernel_decorators() for node in function.decorator_list)
