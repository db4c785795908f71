"""Configuration of the floor, and the answers of slower solvers: prices and plans."""

from router.core import codes as c
from router.core.apply.dispatch import commit, refuse
from router.core.apply.tickets import keep_all_waiting
from router.core.decide.values import FORBIDDEN, pair_value, ticket_urgency
from router.core.eligibility import has_room, is_eligible, is_on_duty
from router.core.emit import copy_words, write_event
from router.core.jit import rule
from router.core.limits import PLAN_PAIRS_MAX
from router.core.rules.offering import offer
from router.core.rules.wellformed import is_good_registry
from router.core.state import Arrays


@rule
def apply_plan(s: Arrays, n: int) -> None:
    """Offer the (ticket, agent) pairs of a plan that are still possible; the others are refused one by one."""
    command = s.inbox[n]
    if command.words % 2 != 0 or command.words > 2 * PLAN_PAIRS_MAX:
        refuse(s, c.R_BAD_COMMAND, command.words)
        return
    for k in range(command.words // 2):
        t = int(s.inbox_words[command.words_from + 2 * k])
        a = int(s.inbox_words[command.words_from + 2 * k + 1])
        if t < 0 or t >= s.head[0].ticket_top or s.tickets[t].state != c.QUEUED:
            refuse(s, c.R_STATE, t)
        elif a < 0 or a >= s.head[0].agents or not is_on_duty(s, a):
            refuse(s, c.R_AGENT_NOT_AVAILABLE, a)
        elif not is_eligible(s, s.tickets[t].profile, a):
            refuse(s, c.R_AGENT_NOT_ELIGIBLE, a)
        elif not has_room(s, a, s.profiles[s.tickets[t].profile].channel):
            refuse(s, c.R_CAPACITY, a)
        else:
            value = pair_value(s, t, a)
            if value == FORBIDDEN:
                refuse(s, c.R_COOLING, a)
            else:
                offer(s, t, a, value + ticket_urgency(s, t), c.BECAUSE_PLAN)


@rule
def on_registry_command(s: Arrays, n: int) -> None:
    """Write a change of configuration down as it was said; the edge has checked it."""
    command = s.inbox[n]
    verb = int(command.kind)
    keep_all_waiting(s)  # who waits in a lane of a profile holds it to its queue
    if not is_good_registry(s, s.inbox[n], s.inbox_words):
        refuse(s, c.R_BAD_COMMAND, verb)
        return
    i = write_event(s, verb, c.BECAUSE_ASKED)
    copy_words(s, i, n)
    e = s.events[i]
    e.aux, e.profile, e.value = command.aux, command.profile, command.value
    commit(s, i)


assert c.SET_CHANNEL == c.E_CHANNEL_SET
assert c.SET_QUEUE == c.E_QUEUE_SET
assert c.SET_PROFILE == c.E_PROFILE_SET
assert c.SET_POLICY == c.E_POLICY_SET
assert c.SET_PRICES == c.E_PRICES_SET
assert c.OPEN_QUEUE == c.E_QUEUE_OPENED
assert c.SET_DISTANCE == c.E_DISTANCE_SET
assert c.NOTE_MODEL == c.E_MODEL_NOTED
