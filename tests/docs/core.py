"""Parts of the documents that follow from the core, the policies, the explanations and the solver."""

import sys
from typing import Final, get_args

from router.core import codes as c
from router.core import limits as core_limits
from router.core.lifecycle import AGENT_MOVES, FINAL, TICKET_MOVES, TICKET_VERBS
from router.explain.exclusions import EXCLUSIONS
from router.policies import POLICIES
from router.policies.terms import TERMS
from router.wire.fields import AssignmentState, OfferState
from solver.backends import BACKENDS
from tests.docs.tables import code, first_sentence, table

LIMITS: Final = {
    "TICKETS_MAX": "tickets of one tenant in memory; `routing.tickets_max` sets less",
    "AGENTS_MAX": "agents of one tenant; `routing.agents_max` sets less",
    "WORKS_MAX": "open offers and assignments of one tenant",
    "PROFILES_MAX": "different combinations of what tickets ask for, relaxation steps included",
    "QUEUES_MAX": "queues",
    "SKILLS_MAX": "skills",
    "LANGUAGES_MAX": "languages",
    "GROUPS_MAX": "groups",
    "REGIONS_MAX": "regions",
    "CHANNELS_MAX": "channels",
    "WORKS_PER_AGENT_MAX": "open offers and assignments of one agent",
    "TIES_PER_TICKET_MAX": "preferred agents and cool-downs of one ticket",
    "OFFERS_PARALLEL_MAX": "agents asked at once for one ticket",
    "COMMANDS_PER_RUN_MAX": "commands settled together",
    "DECIDE_ROWS_MAX": "tickets decided jointly at once; more are decided in further rounds",
    "DECIDE_SCANS_MAX": "scans that all joint decisions of an instant may take; what they cut short, their gap says",
}
"""Limits of the core worth knowing, and what they bound."""


def states() -> str:
    """Draw which states follow which, from the tables of moves."""
    names = c.TICKET_STATES
    width = max(map(len, names.values()))
    lines = ["ticket"]
    for state, following in TICKET_MOVES.items():
        live = [names[each] for each in following if each not in FINAL or each == c.COMPLETED]
        if live:
            lines.append(f"  {names[state]:{width}} -> {', '.join(live)}")
    for end in FINAL:
        if end != c.COMPLETED:
            ended = [names[state] for state, following in TICKET_MOVES.items() if end in following]
            lines.append(f"  {names[end]:{width}} <- {', '.join(ended)}")
    lines.append("offer")
    pending, *answers = get_args(OfferState)
    lines.append(f"  {pending:{width}} -> {', '.join(answers)}")
    lines.append("assignment")
    active, *rest = get_args(AssignmentState)
    lines.append(f"  {active:{width}} -> {', '.join(rest)}")
    lines.append("agent")
    for presence, following in AGENT_MOVES.items():
        moves = ", ".join(c.PRESENCES[each] for each in following)
        lines.append(f"  {c.PRESENCES[presence]:{width}} -> {moves}")
    return "```\n" + "\n".join(lines) + "\n```"


def verbs() -> str:
    """Say in which states of a ticket each command is legal."""
    live = [state for state in TICKET_MOVES if state not in FINAL]
    rows = [
        [f"`{c.COMMANDS[verb]}`", *("yes" if state in legal else "" for state in live)]
        for verb, legal in TICKET_VERBS.items()
    ]
    return table(["command", *(c.TICKET_STATES[state] for state in live)], rows)


def refusals() -> str:
    """List why the core refuses commands, and as which problem that is told."""
    rows = [[f"`{name}`", f"`{kind}`", said] for name, kind, said in c.REFUSALS.values()]
    return table(["refusal", "problem code", "what it says"], rows)


def reasons() -> str:
    """List the reasons that events carry."""
    return code(each for each in c.REASONS if each)


def exclusions() -> str:
    """List what keeps an agent from a ticket."""
    return table(["code", "meaning"], ([f"`{name}`", said] for name, said in EXCLUSIONS.items()))


def policies() -> str:
    """List the routing policies."""
    rows = (
        [f"`{name}`", policy.sentence, code(t for t in TERMS if t in policy.weighs) or "nothing"]
        for name, policy in POLICIES.items()
    )
    return table(["policy", "what it does", "weighs"], rows)


def terms() -> str:
    """List the terms of the score with the weights of our own policy."""
    ours = POLICIES["ours"].weights
    rows = (
        [f"`{name}`", f"{ours.get(name, 0):g}", f"0 to {term.most}", term.meaning]
        for name, term in TERMS.items()
    )
    return table(["term", "weight in `ours`", "range", "what a weight of 1 is worth"], rows)


def backends() -> str:
    """List the solver's backends."""
    rows = (
        [
            f"`{name}`",
            first_sentence(sys.modules[backend.solve.__module__].__doc__),
            "yes" if backend.exact else "no",
            "yes" if backend.holds_gil else "no",
        ]
        for name, backend in BACKENDS.items()
    )
    return table(["backend", "what it is", "exact", "holds the interpreter lock"], rows)


def limits() -> str:
    """List the limits of the core."""
    rows = ([f"`{n}`", f"{getattr(core_limits, n):,}", said] for n, said in LIMITS.items())
    return table(["limit", "value", "what it bounds"], rows)
