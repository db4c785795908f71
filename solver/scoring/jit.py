"""How the functions below a pass are compiled: without counting references to memory.

A pass owns no memory; it works on arrays its caller holds. Numba would count references to each of
thirty arrays at every call and loop, with locked instructions: scoring took two to three times as long.
Functions compiled here cannot allocate, nor return an array; ``select`` itself is an ordinary kernel.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
UNCOUNTED: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}


def inner(function: Kernel) -> Kernel:
    """Compile a function that a pass calls."""
    return cast("Kernel", njit(**UNCOUNTED)(function))


def inlined(function: Kernel) -> Kernel:
    """Compile a function that becomes part of whatever calls it."""
    return cast("Kernel", njit(forceinline=True, **UNCOUNTED)(function))
