"""
Structures of arrays as compiled rules see them: their fields never change while code runs.

Memory grows between calls of an entry, by a structure of larger arrays. So where an array lies, and how long it is, is
loaded as *invariant*: the optimizer loads it once for all accesses that it sees together, whatever is stored between
them. Numba's own structures are loaded anew after each store.
"""

from typing import Any

from llvmlite import ir
from numba.core import cgutils, imputils, types
from numba.core.extending import lower_getattr_generic
from numba.core.runtime.nrtdynmod import _meminfo_struct_type
from numba.experimental import structref

DATA_AT = 3
"""Where Numba's header of what it allocated says where that is."""


class Structure(types.StructRef):
    """The compiled rules' view of a named tuple of arrays."""

    symbol = "CordboardStructure"

    @property
    def mangling_args(self) -> Any:
        """Keep symbols short: each such type is one of a kind, and its full name has 20,000 characters."""
        return self.symbol, ()

    def preprocess_fields(self, fields: Any) -> Any:
        """Forget that literals are literals, as structref asks."""
        return tuple((name, types.unliteral(typ)) for name, typ in fields)


def load_invariant(builder: Any, place: Any) -> Any:
    """Load a number, or each number of a structure in its turn, as what never changes."""
    found = place.type.pointee
    if not isinstance(found, (ir.LiteralStructType, ir.ArrayType)):
        loaded = builder.load(place)
        loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
        return loaded
    whole = ir.Constant(found, ir.Undefined)
    for n in range(len(found)):
        part = load_invariant(builder, cgutils.gep_inbounds(builder, place, 0, n))
        whole = builder.insert_value(whole, part, n)
    return whole


def get_field(context: Any, builder: Any, typ: Any, value: Any, name: str) -> Any:
    """Lower the reading of a field."""
    handle = cgutils.create_struct_proxy(typ)(context, builder, value=value)
    header = builder.bitcast(handle.meminfo, _meminfo_struct_type.as_pointer())
    data = load_invariant(builder, cgutils.gep_inbounds(builder, header, 0, DATA_AT))
    kind = typ.get_data_type()
    model = context.data_model_manager[kind]
    data = builder.bitcast(data, model.get_value_type().as_pointer())
    place = cgutils.gep_inbounds(builder, data, 0, model.get_field_position(name))
    return imputils.impl_ret_borrowed(
        context, builder, typ.field_dict[name], load_invariant(builder, place)
    )


def structure(kind: type[Structure]) -> type[Structure]:
    """Register a kind of structure with the compiler."""
    registered: type[Structure] = structref.register(kind)
    lower_getattr_generic(registered)(get_field)
    return registered
