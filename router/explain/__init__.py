"""
Why this agent, why not that one: now, and for any decision of the past.

``explain`` and ``why_not`` look at the core as it is; ``rewind.explain_decision`` brings the state
just before a decision back first. ``answer`` turns a case into what the API sends.
"""

from router.explain.answer import answer, answer_why_not
from router.explain.case import Case, open_case
from router.explain.names import Names
from router.explain.rewind import Moment, UnknownDecisionError, explain_decision, rewind
from router.explain.sight import Core, look
from router.explain.text import render

__all__ = [
    "Case",
    "Moment",
    "Names",
    "UnknownDecisionError",
    "answer",
    "answer_why_not",
    "explain",
    "explain_decision",
    "render",
    "rewind",
]


def explain(
    core: Core, ticket: int, names: Names, at_us: int | None = None, ended_by: str = ""
) -> Case:
    """
    Explain the ticket in a row as things are now, or would be at ``at_us`` (microseconds).

    ``ended_by`` says who completed it: the core does not remember that.

    Raises ValueError when the row holds no ticket.
    """
    return open_case(look(core, ticket, at_us), names, ended_by=ended_by)
