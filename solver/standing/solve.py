"""Which way to an optimum: row by row where there is room, phases where many want the same."""

from solver.standing.enter import enter_row
from solver.standing.events import SHORT_OF_ROOM, settle
from solver.standing.hold import next_queued_row
from solver.standing.jit import kernel
from solver.standing.phases import LAST_PHASE, run_phases
from solver.standing.pool import link_nodes
from solver.standing.state import (
    ABSENT,
    CLASSES,
    NOBODY,
    NODE_SCANS,
    ROW_COUNT,
    ROW_SCANS,
    ROWS,
    Standing,
)

#: Scans that are given to shortest paths before phases are thought of.
TRIAL = 64
#: When most rows are new: scans for each row that found its place. Paths grow as slots go.
SCANS_PER_ROW = 4
#: When few are: this part of a scan for each row that is there; one phase takes some five.
PRESENT_PART = 2


@kernel
def _present(state: Standing) -> int:
    """Return how many rows there are."""
    present = 0
    for row in range(state.head[ROWS]):
        present += state.node_of[row] != ABSENT
    return present


@kernel
def _try_directly(state: Standing, scans_max: int) -> bool:
    """Let queued rows enter one by one; return if it seemed to go on too long."""
    head = state.head
    asking, present = head[ROW_COUNT], _present(state)
    begun, done = head[ROW_SCANS], 0
    while head[ROW_COUNT] > 0:
        spent = head[ROW_SCANS] - begun
        if spent >= scans_max:
            return False
        patience = SCANS_PER_ROW * done if 2 * asking > present else present // PRESENT_PART
        if spent > TRIAL + patience:
            return True
        row = next_queued_row(state)
        if row != NOBODY:
            enter_row(state, row)
        done += 1
    return False


@kernel
def solve(state: Standing, scans_max: int) -> int:
    """Settle everything the faster way, return what is left to do: 0 unless the budget binds.

    Parameters
    ----------
    scans_max
        int, budget: nothing new is begun once so many rows and nodes were scanned. Phases are
        begun as a whole, and scan all rows some twenty times.
    """
    head = state.head
    begun = head[ROW_SCANS] + head[NODE_SCANS]
    mostly_new = 2 * head[ROW_COUNT] > _present(state)
    if head[CLASSES] == 1 and head[ROW_COUNT] > 1:
        if _try_directly(state, scans_max):
            if not link_nodes(state):
                return SHORT_OF_ROOM
            run_phases(state, 0 if mostly_new else LAST_PHASE)
    return int(settle(state, scans_max - (head[ROW_SCANS] + head[NODE_SCANS] - begun)))
