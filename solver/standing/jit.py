"""How the kernels of a standing assignment are compiled: without counting references to memory.

A kernel owns no memory: whoever called it holds the arrays, and none allocates. Numba would count
references to some thirty arrays at every call of a kernel by a kernel, with locked instructions;
here that counting is struck from the code before it is optimized. A kernel that allocates is
refused when it is compiled. Everything else is as with ``njit``: callable from Python and from
other kernels, kept on disk, no interpreter lock, no ``fastmath``, no ``parallel``.
"""

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from llvmlite import ir
from numba import njit
from numba.core.cgutils import normalize_ir_text
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering

from solver.lowering import lowered_by, uncounted

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

ALLOCATED: Final = re.compile(r"NRT_(?:MemInfo_)?\w*[Aa]lloc")
#: What Numba names the module that takes a kernel's arguments from Python, and gives them back.
WRAPPER: Final = "wrapper"


class AllocationError(TypeError):
    """A kernel that allocates; nobody would free what it made."""


class UncountedLibrary(JITCodeLibrary):
    """A kernel's code, which counts no references."""

    def add_ir_module(self, ir_module: ir.Module) -> None:
        """Take lowered code; of the kernel itself, without its counting of references."""
        if ir_module.name == WRAPPER:
            super().add_ir_module(ir_module)
            return
        self.add_llvm_module(uncounted(normalize_ir_text(str(ir_module)), ir_module))

    def _optimize_final_module(self) -> None:
        """Optimize what was linked together, unless some of it allocates."""
        for function in self._final_module.functions:
            if ALLOCATED.match(function.name):
                reason = f"{self.name} calls {function.name}; a kernel allocates nothing"
                raise AllocationError(reason)
        super()._optimize_final_module()


@register_pass(mutates_CFG=True, analysis_only=False)
class UncountedLowering(NativeLowering):
    """Lower a kernel into an ``UncountedLibrary``."""

    _name = "uncounted_lowering"

    def run_pass(self, state: Any) -> bool:
        """Lower as always, into a library of this kind."""
        name = state.func_id.func_qualname
        state.library = UncountedLibrary(state.targetctx.codegen(), name)
        state.library.enable_object_caching()
        return bool(super().run_pass(state))


class UncountedCompiler(CompilerBase):
    """Numba's own pipeline with its last step replaced."""

    def define_pipelines(self) -> list[Any]:
        """Return the one pipeline."""
        return lowered_by(self.state, UncountedLowering)


def kernel(function: Kernel) -> Kernel:
    """Compile a function of arrays that others hold."""
    options: dict[str, Any] = {"cache": True, "nogil": True, "pipeline_class": UncountedCompiler}
    return cast("Kernel", njit(**options)(function))
