"""The loop taken apart, for a driver whose core is elsewhere: what is next, do it, hear what came of it."""

from router.core.jit import entry
from router.core.state import Arrays
from simulator.kernel.accounts import move_slot
from simulator.kernel.hearing import hear
from simulator.kernel.loop import act, begin, finish, next_us, take_refusal, what_is_short
from simulator.kernel.state import Sim


@entry
def begin_run(k: Sim) -> None:
    """Ask for the first arrivals."""
    k.scalars[0].sequence = 1
    begin(k)


@entry
def next_instant_us(k: Sim) -> int:
    """Return when customers or agents next do something, ``NEVER_US`` if they don't."""
    return next_us(k)


@entry
def do_next(k: Sim, s: Arrays) -> int:
    """
    Do what is next, at its own instant, however late it is.

    Returns 1 if a command stands in the core's inbox, 0 if none does, or below 0 which table needs room first.
    """
    short = what_is_short(k, s)
    if short != 0:
        return short
    k.scalars[0].current = -1
    if not act(k, s, next_us(k)):
        return 0
    k.scalars[0].commands += 1
    return 1


@entry
def hear_told(k: Sim, s: Arrays, row: int, now_us: int) -> None:
    """
    Hear the events in the core's outbox.

    Parameters
    ----------
    row, now_us : int
        Row of the ticket that was brought by what they answer, or -1; and what time it is.
    """
    move_slot(k, now_us)
    k.scalars[0].current = row
    hear(k, s)
    if row >= 0:
        take_refusal(k)


@entry
def end_run(k: Sim) -> None:
    """Close the books."""
    finish(k)
