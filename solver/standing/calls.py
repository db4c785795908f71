"""An event and its settlement in one compiled call, within the budget in ``head``.

All return what is left unsettled, or a code below 0 that says why nothing was changed.
"""

from solver.standing import events
from solver.standing.jit import kernel
from solver.standing.state import BUDGET, Int32s, Standing


@kernel
def add(state: Standing, row: int, column: Int32s, value: Int32s, wait_cost: int, kind: int) -> int:
    """Let ``row`` ask for a place.

    Parameters
    ----------
    column, value
        int32 (candidates,), each column once, and points of each pair. Read only.
    wait_cost
        int, points lost while the row waits.
    kind
        int, class of the row.
    """
    code = events.put_row(state, row, column, value, wait_cost, kind)
    return events.settle(state, state.head[BUDGET]) if code == events.OK else code


@kernel
def change(
    state: Standing, row: int, column: Int32s, value: Int32s, wait_cost: int, kind: int
) -> int:
    """Give ``row`` other pairs.

    Parameters
    ----------
    column, value
        int32 (candidates,), as for ``add``. Read only.
    wait_cost
        int, points.
    kind
        int, class of the row.
    """
    code = events.replace_row(state, row, column, value, wait_cost, kind)
    return events.settle(state, state.head[BUDGET]) if code == events.OK else code


@kernel
def drop(state: Standing, row: int) -> int:
    """Let ``row`` go."""
    code = events.remove_row(state, row)
    return events.settle(state, state.head[BUDGET]) if code == events.OK else code


@kernel
def reprice(state: Standing, row: int, wait_cost: int) -> int:
    """Change what waiting costs ``row``.

    Parameters
    ----------
    wait_cost
        int, points.
    """
    code = events.reprice_row(state, row, wait_cost)
    return events.settle(state, state.head[BUDGET]) if code == events.OK else code


@kernel
def gain(state: Standing, column: int, slots: int) -> int:
    """Give ``column`` more slots.

    Parameters
    ----------
    slots
        int, 1 or more.
    """
    code = events.gain_slots(state, column, slots)
    return events.settle(state, state.head[BUDGET]) if code == events.OK else code


@kernel
def lose(state: Standing, column: int) -> int:
    """Take a slot from ``column``."""
    code = events.lose_slot(state, column)
    return events.settle(state, state.head[BUDGET]) if code == events.OK else code
