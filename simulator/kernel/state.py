"""The kernel's own memory, handed to its compiled rules as one structure, as the core's is."""

from typing import Any, Final, NamedTuple, Self, cast

import numba
import numpy as np
from numba.experimental import structref
from numpy.typing import NDArray

from router.core.jit import entry
from router.core.structures import Structure, structure
from solver.wrapping import Wrapper

Rows = NDArray[Any]


class Sim(NamedTuple):
    """All of the simulator's memory in a replication; records are those of ``layout`` and ``records``."""

    scalars: Any
    streams: Rows  # uint64 (purposes,)
    kinds: Any
    laws: Any
    tables: Rows  # float64 (rows, 2): probability or hazard, and value in seconds
    hours: Rows  # float64 (sets of 24,): factors by hour
    rates: Rows  # float64 (kinds * slots,): arrivals per second, cumulated below
    days: Rows  # float64 (sets * days,): busyness of the days of this replication
    transfers: Any
    pace: Rows  # float64 (agents, kinds): factor on the work
    levels: Rows  # float64 (rows,): speed of each of n tickets at once
    agents: Any
    queues: Any
    plan: Any
    trace: Any
    tickets: Any
    ticket_of: Rows  # int32 (rows of tickets in the core,): row here, -1 none
    heap_at: Rows  # int64
    heap_order: Rows  # int64: sequence and entry
    entries: Any
    arrivals: Rows  # int64 (kinds,): how many of the kind have come
    reached: Rows  # float64 (kinds,): unit exponentials summed up to the last arrival
    passed: (
        Rows  # float64 (kinds,): integral of the rate up to the slot the next arrival is sought in
    )
    rate_slot: Rows  # int64 (kinds,)
    records: Any
    agent_hours: Any  # (agents, slots)
    queue_hours: Any  # (queues, slots)
    folds: Any  # (kinds, slots)
    happenings: Rows  # int64 (happenings,)


@structure
class SimType(Structure):
    """The compiled rules' view of ``Sim``."""

    symbol = "CordboardSim"


class SimState(structref.StructRefProxy):
    """A handle on the arrays; opaque to Python."""

    def __new__(cls, *arrays: Any) -> Self:
        """Wrap the arrays, in the order of ``Sim``."""
        return cast("Self", structref.StructRefProxy.__new__(cls, *arrays))


structref.define_proxy(SimState, SimType, list(Sim._fields))


@entry
def _wrapped(*arrays: Any) -> Any:
    """Wrap the arrays: the proxy's own constructor, but kept on disk."""
    return SimState(*arrays)


WRAPPED: Final = Wrapper(_wrapped)


def handle(arrays: Sim) -> Sim:
    """Return what the rules take: a compiled structure, or with the JIT off the arrays themselves."""
    if numba.config.DISABLE_JIT:
        plain: dict[str, Any] = {
            name: array.view(np.recarray)
            for name, array in arrays._asdict().items()
            if array.dtype.names
        }
        return arrays._replace(**plain)
    return cast("Sim", WRAPPED(arrays))
