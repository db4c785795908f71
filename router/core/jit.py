"""
How the core's rules are compiled.

An *entry* is called from Python: it is optimized, emitted and cached on disk. A *rule* is only called from
other rules, so it is lowered to LLVM's intermediate code and linked into the entries that reach it, where it
is optimized once. Left to itself, Numba optimizes and emits each of some 250 rules with everything below it,
again and again: the core took 179 s to compile that way and takes a quarter of it this way, for the same
machine code in the entries.

Rules own nothing: whoever called the entry holds the state, and rules allocate no arrays. So their counting of
references, two atomic instructions for each call of a rule, is left out.

No ``fastmath`` and no ``parallel``: a rule gives the same bits every run.
"""

import re
import weakref
from collections.abc import Callable
from types import FunctionType
from typing import Any, Final, TypeVar, cast

from llvmlite import ir
from numba import njit
from numba.core.cgutils import normalize_ir_text
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, _LowerResult
from numba.core.compiler_machinery import register_pass
from numba.core.dispatcher import Dispatcher
from numba.core.typed_passes import NativeLowering

from solver.lowering import lowered_by, uncounted

Rule = TypeVar("Rule", bound=Callable[..., Any])


ALLOCATED: Final = re.compile(
    r'call [^\n]*@"?(NRT_(?:MemInfo|Allocate)\w*alloc\w*|NRT_Allocate\w*)'
)


class AllocationError(TypeError):
    """A rule that allocates; nobody would free what it made."""


class LinkedLibrary(JITCodeLibrary):
    """A rule's code, to be linked into entries and never run by itself."""

    def add_ir_module(self, ir_module: ir.Module) -> None:
        """Take the lowered code without its counting of references."""
        text = normalize_ir_text(str(ir_module))
        allocated = ALLOCATED.search(text)
        if allocated:
            raise AllocationError(f"{self.name} calls {allocated[1]}; a rule allocates nothing")
        self.add_llvm_module(uncounted(text, ir_module))

    def _optimize_final_module(self) -> None:
        """Leave optimizing to the entries."""

    def _finalize_final_module(self) -> None:
        """Finish without emitting machine code."""
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._final_module.__library = weakref.proxy(self)  # noqa: SLF001  (where Numba looks for it)
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class LinkedLowering(NativeLowering):
    """Lower a rule so that others can link it."""

    _name = "linked_lowering"

    def run_pass(self, state: Any) -> bool:
        """Lower without asking for an executable; a fresh builtin stands for the function where Numba wants one."""
        context = state.targetctx
        state.library = LinkedLibrary(context.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        super().run_pass(state)
        state.flags.no_compile = False
        lowered = state["cr"]
        keeper: list[object] = []
        stand_in = keeper.append
        context.insert_user_function(stand_in, lowered.fndesc, [state.library])
        state.reload_init.extend(state.library._reload_init)  # noqa: SLF001
        state["cr"] = _LowerResult(
            lowered.fndesc, lowered.call_helper, cfunc=stand_in, env=lowered.env
        )
        return True


class RuleCompiler(CompilerBase):
    """Numba's own pipeline with the last step replaced."""

    def define_pipelines(self) -> list[Any]:
        """Return the one pipeline."""
        return lowered_by(self.state, LinkedLowering)


def rule(function: Rule) -> Rule:
    """Compile a function for use by other rules."""
    options: dict[str, Any] = {
        "no_cpython_wrapper": True,
        "no_cfunc_wrapper": True,
        "pipeline_class": RuleCompiler,
    }
    compiled = njit(nogil=True, error_model="numpy", **options)(function)
    return cast("Rule", compiled)


def entry(function: Rule) -> Rule:
    """Compile a function that Python calls, and keep the result on disk."""
    return cast("Rule", njit(cache=True, nogil=True, error_model="numpy")(function))


def linked(kernel: Rule) -> Rule:
    """
    Return a kernel of the solver as a rule, and with it whatever kernels it calls.

    Numba would optimize each of them by itself, and again with all it calls, before it comes to the entry.
    """
    if not isinstance(kernel, Dispatcher):  # with the JIT off
        return kernel
    if kernel in LINKED:
        return cast("Rule", LINKED[kernel])
    plain: Any = kernel.py_func
    names = dict(plain.__globals__)
    twin = FunctionType(plain.__code__, names, plain.__name__, plain.__defaults__)
    LINKED[kernel] = rule(twin)
    for name in plain.__code__.co_names:
        if isinstance(names.get(name), Dispatcher):
            names[name] = linked(names[name])
    return cast("Rule", LINKED[kernel])


LINKED: Final[dict[Any, Any]] = {}
"""Kernels of the solver that are rules, too."""
