"""What kernels and rules have in common when they are compiled: the processor, no counted references, a last step."""

import re
from typing import Any, Final

from llvmlite import binding, ir
from numba.core import config
from numba.core.codegen import get_host_cpu_features
from numba.core.compiler import DefaultPassBuilder
from numba.core.compiler_machinery import PassManager
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
    usual = DefaultPassBuilder.define_nopython_pipeline(state)
    pipeline = PassManager(usual.pipeline_name)
    for step, about in usual.passes:
        pipeline.add_pass(lowering if step is NativeLowering else step, about)
    pipeline.finalize()
    return [pipeline]


def host_features() -> frozenset[str]:
    """Return what Numba compiles for: the host's features, or what its settings say instead; none with the JIT off."""
    if config.DISABLE_JIT:
        return frozenset()
    said = config.CPU_FEATURES
    return frozenset((get_host_cpu_features() if said is None else said).split(","))
