"""
How the core's rules are compiled.

An *entry* is called from Python: it is optimized, emitted and cached on disk. A *rule* is only called from
other rules, so it is lowered to LLVM's intermediate code and linked into the entries that reach it, where it
is optimized once. Left to itself, Numba optimizes and emits each of some 250 rules with everything below it,
again and again: the core took 179 s to compile that way and takes a fifth of it this way, for faster
machine code in the entries.

Rules own nothing: whoever called the entry holds the state, and rules allocate no arrays. So their counting of
references, two atomic instructions for each call of a rule, is left out. They count rows from the start: an index
below 0 is a mistake, not the end of an array. And they are compiled once, for integers of 64 bits, however short the
field is that an argument comes from.

No ``fastmath`` and no ``parallel``: a rule gives the same bits every run.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any, Final, TypeVar, cast

from numba import config, njit
from numba.core import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, _LowerResult
from numba.core.compiler_machinery import register_pass
from numba.core.dispatcher import Dispatcher
from numba.core.typed_passes import NativeLowering
from numba.np import arrayobj

from router.core.libraries import EntryLibrary, LinkedLibrary, RuleLibrary
from solver.lowering import lowered_by

Rule = TypeVar("Rule", bound=Callable[..., Any])


def plain_index(context: Any, builder: Any, kind: Any, index: Any, _size: Any) -> Any:
    """Lower an index of an array as it is."""
    return context.cast(builder, index, kind, types.intp if kind.signed else types.uintp)


@contextmanager
def plain_indexing() -> Iterator[None]:
    """Lower indices without looking whether they count from the end."""
    usual = arrayobj.fix_integer_index
    arrayobj.fix_integer_index = plain_index
    try:
        yield
    finally:
        arrayobj.fix_integer_index = usual


@register_pass(mutates_CFG=True, analysis_only=False)
class KernelLowering(NativeLowering):
    """Lower a kernel of the solver, which may count from the end of an array, so that rules can link it."""

    _name = "kernel_lowering"
    library: type[LinkedLibrary] = LinkedLibrary

    def run_pass(self, state: Any) -> bool:
        """Lower without asking for an executable; a fresh builtin stands for the function where Numba wants one."""
        context = state.targetctx
        state.library = self.library(context.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        super().run_pass(state)
        state.flags.no_compile = False
        lowered = state["cr"]
        keeper: list[object] = []
        stand_in = keeper.append
        context.insert_user_function(stand_in, lowered.fndesc, [state.library])
        state.reload_init.extend(state.library.reload_init)
        state["cr"] = _LowerResult(
            lowered.fndesc, lowered.call_helper, cfunc=stand_in, env=lowered.env
        )
        return True


@register_pass(mutates_CFG=True, analysis_only=False)
class RuleLowering(KernelLowering):
    """Lower a rule, which never counts from the end of an array, so that others can link it."""

    _name = "rule_lowering"
    library = RuleLibrary

    def run_pass(self, state: Any) -> bool:
        """Lower indices as they are."""
        with plain_indexing():
            done: bool = super().run_pass(state)
        return done


@register_pass(mutates_CFG=True, analysis_only=False)
class EntryLowering(NativeLowering):
    """Lower an entry into a library of its own."""

    _name = "entry_lowering"

    def run_pass(self, state: Any) -> bool:
        """Lower as usual."""
        library: JITCodeLibrary = EntryLibrary(
            state.targetctx.codegen(), state.func_id.func_qualname
        )
        library.enable_object_caching()
        state.library = library
        done: bool = super().run_pass(state)
        return done


class RuleCompiler(CompilerBase):
    """How rules are compiled."""

    def define_pipelines(self) -> list[Any]:
        """Return the one pipeline."""
        return lowered_by(self.state, RuleLowering)


class KernelCompiler(CompilerBase):
    """How kernels of the solver are compiled for rules."""

    def define_pipelines(self) -> list[Any]:
        """Return the one pipeline."""
        return lowered_by(self.state, KernelLowering)


class EntryCompiler(CompilerBase):
    """How entries are compiled."""

    def define_pipelines(self) -> list[Any]:
        """Return the one pipeline."""
        return lowered_by(self.state, EntryLowering)


def widened(kind: Any) -> Any:
    """Return the type that a rule takes where it is given ``kind``."""
    plain = types.unliteral(kind)
    is_short = isinstance(plain, types.Integer) and plain != types.uint64
    return types.int64 if is_short else plain


def compiled_by(compiler: type[CompilerBase], function: Rule) -> Any:
    """Compile a function for use by others that are compiled."""
    options: dict[str, Any] = {
        "no_cpython_wrapper": True,
        "no_cfunc_wrapper": True,
        "pipeline_class": compiler,
    }
    return njit(nogil=True, error_model="numpy", **options)(function)


def rule(function: Rule) -> Rule:
    """Compile a function for use by other rules."""
    compiled = compiled_by(RuleCompiler, function)
    if not config.DISABLE_JIT:
        template = compiled.get_call_template

        def for_wide(args: Any, kws: Any) -> Any:
            """Type a call as one with wide integers; Numba converts them."""
            return template(
                [widened(kind) for kind in args], {n: widened(kind) for n, kind in kws.items()}
            )

        compiled.get_call_template = for_wide
    return cast("Rule", compiled)


def entry(function: Rule) -> Rule:
    """Compile a function that Python calls, and keep the result on disk."""
    options: dict[str, Any] = {"pipeline_class": EntryCompiler}
    return cast("Rule", njit(cache=True, nogil=True, error_model="numpy", **options)(function))


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
    LINKED[kernel] = compiled_by(KernelCompiler, twin)
    for name in plain.__code__.co_names:
        if isinstance(names.get(name), Dispatcher):
            names[name] = linked(names[name])
    return cast("Rule", LINKED[kernel])


LINKED: Final[dict[Any, Any]] = {}
"""Kernels of the solver that are rules, too."""
