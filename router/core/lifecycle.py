"""
Legal moves, as tables: what may be said to a ticket in which state, and which states follow which.

The picture in ARCHITECTURE.md is drawn from these; a command that is not listed is refused and changes nothing.
"""

from types import MappingProxyType
from typing import Final

import numpy as np

from router.core import codes as c
from router.core.jit import rule

LIVE: Final = (c.SCHEDULED, c.QUEUED, c.OFFERED, c.ASSIGNED, c.WRAPPING, c.SUSPENDED)
FINAL: Final = (c.COMPLETED, c.CANCELED, c.EXPIRED, c.ABANDONED)

TICKET_MOVES: Final = MappingProxyType(
    {
        c.SCHEDULED: (c.QUEUED, c.CANCELED, c.EXPIRED, c.ABANDONED),
        c.QUEUED: (c.OFFERED, c.SUSPENDED, c.CANCELED, c.EXPIRED, c.ABANDONED),
        c.OFFERED: (c.ASSIGNED, c.QUEUED, c.SUSPENDED, c.CANCELED, c.EXPIRED, c.ABANDONED),
        c.ASSIGNED: (c.WRAPPING, c.COMPLETED, c.QUEUED, c.CANCELED, c.ABANDONED),
        c.WRAPPING: (c.COMPLETED, c.CANCELED),
        c.SUSPENDED: (c.QUEUED, c.OFFERED, c.CANCELED, c.EXPIRED, c.ABANDONED),
        c.COMPLETED: (),
        c.CANCELED: (),
        c.EXPIRED: (),
        c.ABANDONED: (),
    }
)

TICKET_VERBS: Final = MappingProxyType(
    {
        c.UPDATE_TICKET: LIVE,
        c.CANCEL_TICKET: LIVE,
        c.ABANDON_TICKET: (c.SCHEDULED, c.QUEUED, c.OFFERED, c.ASSIGNED, c.SUSPENDED),
        c.REQUEUE_TICKET: (c.QUEUED, c.OFFERED, c.ASSIGNED),
        c.SUSPEND_TICKET: (c.QUEUED, c.OFFERED),
        c.RESUME_TICKET: (c.SUSPENDED,),
        c.ASSIGN_TICKET: (c.QUEUED, c.OFFERED, c.ASSIGNED, c.SUSPENDED),
        c.RECORD_REPLY: (c.QUEUED, c.OFFERED, c.ASSIGNED, c.WRAPPING, c.SUSPENDED),
        c.WRAP_UP: (c.ASSIGNED,),
        c.COMPLETE: (c.ASSIGNED, c.WRAPPING),
        c.RELEASE: (c.ASSIGNED,),
    }
)

AGENT_MOVES: Final = MappingProxyType(
    {
        c.OFFLINE: (c.AVAILABLE, c.AWAY),
        c.AVAILABLE: (c.OFFLINE, c.AWAY, c.DRAINING),
        c.AWAY: (c.OFFLINE, c.AVAILABLE, c.DRAINING),
        c.DRAINING: (c.OFFLINE, c.AVAILABLE, c.AWAY),
    }
)

_LEGAL = np.zeros((64, 11), dtype=np.bool_)
for _verb, _states in TICKET_VERBS.items():
    for _state in _states:
        _LEGAL[_verb, _state] = True


@rule
def is_legal(verb: int, state: int) -> bool:
    """Return whether this may be said to a ticket in this state."""
    return bool(_LEGAL[verb, state])
