"""What agents say to offers and assignments."""

from router.core import codes as c
from router.core.apply.dispatch import commit, refuse
from router.core.emit import write_event
from router.core.jit import rule
from router.core.limits import NEVER_US
from router.core.rules.offering import (
    accept,
    after_close,
    back_if_alone,
    queue_again,
    release,
    revoke,
)
from router.core.state import Arrays


@rule
def find_work(s: Arrays, serial: int, row: int) -> int:
    """Return the work's row if the serial is still its own, else -1."""
    if (
        row < 0
        or row >= s.head[0].work_top
        or s.works[row].state == 0
        or s.works[row].serial != serial
    ):
        return -1
    return row


@rule
def decline(s: Arrays, w: int, until_us: int) -> None:
    """The agent does not want it: the pair cools down, the ticket waits again."""
    t = int(s.works[w].ticket)
    i = write_event(s, c.E_DECLINED, c.BECAUSE_ASKED)
    e = s.events[i]
    e.ticket, e.agent, e.work, e.serial = t, s.works[w].agent, w, s.works[w].serial
    e.until_us = until_us if until_us > e.at_us else e.at_us + s.policy[0].cooldown_us
    commit(s, i)
    back_if_alone(s, t, c.BECAUSE_DECLINED)
    after_close(s, int(e.agent))


@rule
def complete(s: Arrays, w: int, reason: int) -> None:
    """The assignment and its ticket are done."""
    i = write_event(s, c.E_COMPLETED, reason)
    e = s.events[i]
    e.ticket, e.agent, e.work, e.serial = s.works[w].ticket, s.works[w].agent, w, s.works[w].serial
    commit(s, i)
    after_close(s, int(e.agent))


@rule
def wrap_up(s: Arrays, w: int, until_us: int) -> None:
    """The conversation is over; the wrap-up ends when the agent says so or the channel's time is up."""
    limit_us = s.channels[s.works[w].channel].wrap_up_us
    i = write_event(s, c.E_WRAPPING, c.BECAUSE_ASKED)
    e = s.events[i]
    e.ticket, e.agent, e.work, e.serial = s.works[w].ticket, s.works[w].agent, w, s.works[w].serial
    if until_us > 0:
        e.until_us = until_us
    else:
        e.until_us = e.at_us + limit_us if limit_us > 0 else NEVER_US
    commit(s, i)


@rule
def on_offer_command(s: Arrays, n: int, w: int) -> None:
    """Accept, decline or withdraw an offer that is still open."""
    command = s.inbox[n]
    if s.works[w].state != c.PENDING:
        refuse(s, c.R_OFFER_GONE, s.works[w].state)
    elif command.kind == c.ACCEPT_OFFER:
        accept(s, w, c.BECAUSE_ASKED)
    elif command.kind == c.DECLINE_OFFER:
        decline(s, w, int(command.until_us))
    else:
        t = int(s.works[w].ticket)
        revoke(s, w, c.BECAUSE_ASKED)
        back_if_alone(s, t, c.BECAUSE_ASKED)


@rule
def on_work_command(s: Arrays, n: int) -> None:
    """Find the offer or assignment by its serial and do what was said."""
    command = s.inbox[n]
    w = find_work(s, int(command.serial), int(command.aux))
    verb = int(command.kind)
    if w < 0:
        refuse(s, c.R_OFFER_GONE, 0)
    elif verb < c.WRAP_UP:
        on_offer_command(s, n, w)
    elif s.works[w].state == c.PENDING or (s.works[w].state == c.WRAPUP and verb != c.COMPLETE):
        refuse(s, c.R_STATE, s.tickets[s.works[w].ticket].state)
    elif verb == c.WRAP_UP:
        wrap_up(s, w, int(command.until_us))
    elif verb == c.COMPLETE:
        complete(s, w, c.BECAUSE_ASKED)
    else:
        queue_again(s, release(s, w, c.BECAUSE_RELEASED), c.BECAUSE_RELEASED, 0)
