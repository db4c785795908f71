"""What kernels and rules have in common when they are compiled: the processor, no counted references, a last step."""

import re
from typing import Any, Final

from llvmlite import binding, ir
from numba.core import config
from numba.core.compiler import DefaultPassBuilder
from numba.core.registry import cpu_target
from numba.core.typed_passes import NativeLowering

COUNTED: Final = re.compile(r'^ *call void @"?NRT_(?:incref|decref)"?\(.*\)$', re.MULTILINE)


def uncounted(text: str, module: ir.Module) -> binding.ModuleRef:
    """Return a module of which ``text`` is the normalized code, without its counting of references."""
    found = binding.parse_assembly(COUNTED.sub("", text))
    found.name = module.name
    found.verify()
    return found


def lowered_by(state: Any, lowering: type[NativeLowering]) -> list[Any]:
    """Return Numba's own pipeline with its last step replaced, as ``define_pipelines`` wants it."""
    builder = DefaultPassBuilder.define_nopython_pipeline(state)
    builder.passes = [
        (lowering, about) if name is NativeLowering else (name, about)
        for name, about in builder.passes
    ]
    builder._finalized = False  # noqa: SLF001  (Numba has no call that opens a pipeline again)
    builder.finalize()
    return [builder]


def host_features() -> frozenset[str]:
    """Return what Numba compiles for: the host's features, or what its settings say instead; none with the JIT off."""
    if config.DISABLE_JIT:
        return frozenset()
    codegen = cpu_target.target_context.codegen()
    return frozenset(codegen._get_host_cpu_features().split(","))  # noqa: SLF001  (Numba has no public name for it)
