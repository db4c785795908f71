"""
The code of rules and entries on its way to the machine.

A rule's code is kept as intermediate code, with what the optimizer could not find out by itself: that rules count no
references, and that different fields of records are different memory. An entry's library holds all the rules it
reaches; nobody else calls these, so they may be inlined and pruned as if they were written into it.

References
----------
.. [1] Diwan, McKinley, Moss (1998). Type-based alias analysis. doi:10.1145/277650.277670
"""

import re
from typing import Any, Final

from llvmlite import binding, ir
from numba.core.cgutils import normalize_ir_text
from numba.core.codegen import JITCodeLibrary

from solver.lowering import uncounted

ALLOCATED: Final = re.compile(
    r'call [^\n]*@"?(NRT_(?:MemInfo|Allocate)\w*alloc\w*|NRT_Allocate\w*)'
)
BYTE: Final = ir.IntType(8)
NUMBERS: Final = (ir.IntType(16), ir.IntType(32), ir.IntType(64), ir.DoubleType())
ZERO: Final = ir.Constant(ir.IntType(64), 0)


class AllocationError(TypeError):
    """A rule that allocates; nobody would free what it made."""


def memory_of(pointer: Any) -> str | None:
    """
    Return a name of the memory a pointer leads to, None if that is not known.

    It is the size of a record and the place of its field, or the type of an array's elements: what has different names
    never overlaps. A record's array is read as an array, never as a field.
    """
    while isinstance(pointer, ir.CastInstr) and pointer.opname == "bitcast":
        pointer = pointer.operands[0]
    if not isinstance(pointer, ir.GEPInstr):
        return None
    base, *steps = pointer.operands
    whole = base.type.pointee
    if isinstance(base, ir.CastInstr) and base.operands[0].type.pointee in NUMBERS:
        return None  # numbers read as others
    if isinstance(whole, ir.ArrayType) and whole.element == BYTE and len(steps) == 2:
        place = steps[1]
        return f"{whole.count}+{place.constant}" if isinstance(place, ir.Constant) else None
    return str(whole) if whole in NUMBERS and len(steps) == 1 else None


def tell_apart(module: ir.Module) -> None:
    """Tell the optimizer which memory each load and store of a rule is about (type-based alias analysis [1]_)."""
    root = module.add_metadata(["cordboard"])
    for function in module.functions:
        for block in function.blocks:
            for each in block.instructions:
                if isinstance(each, ir.LoadInstr | ir.StoreInstr):
                    name = memory_of(each.operands[-1])
                    if name is not None:
                        kind = module.add_metadata([name, root, ZERO])
                        each.set_metadata("tbaa", module.add_metadata([kind, kind, ZERO]))


class LinkedLibrary(JITCodeLibrary):
    """Code to be linked into entries and never run by itself."""

    @property
    def reload_init(self) -> set[Any]:
        """What a process that loads the code from disk has to do first."""
        found: set[Any] = self._reload_init
        return found

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
        self._finalized = True


class RuleLibrary(LinkedLibrary):
    """A rule's code. Kernels of the solver do without its claims: some of them read two numbers as one."""

    def add_ir_module(self, ir_module: ir.Module) -> None:
        """Take the lowered code, and say which memory it is about."""
        tell_apart(ir_module)
        super().add_ir_module(ir_module)


class EntryLibrary(JITCodeLibrary):
    """An entry's code with the rules it reaches."""

    def _optimize_final_module(self) -> None:
        """Keep the rules to this library, then optimize."""
        for function in self._final_module.functions:
            is_shared = function.linkage == binding.Linkage.linkonce_odr
            if is_shared and not function.is_declaration and not function.name.startswith("NRT_"):
                function.linkage = binding.Linkage.internal
        super()._optimize_final_module()
