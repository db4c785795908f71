"""Whether an agent meets what a ticket asks for, from the two bodies alone."""

from collections.abc import Iterator, Mapping
from typing import Any

Body = Mapping[str, Any]


def _speaks(agent: Body, tag: str, least: int) -> bool:
    """Return whether the agent speaks a language, or a wider form of it, at the level asked for."""
    levels = {each.lower(): level for each, level in (agent.get("languages") or {}).items()}
    parts = tag.lower().split("-")
    forms = ("-".join(parts[:end]) for end in range(len(parts), 0, -1))
    return any(levels.get(form, 0) >= least for form in forms)


def unmet(ticket: Body, agent: Body) -> Iterator[str]:
    """Yield what the ticket requires and the agent has not."""
    language = ticket.get("language")
    if language and language.get("tag") and language.get("mode", "required") == "required":
        least = language.get("min_level") or 1
        if not _speaks(agent, language["tag"], least):
            yield f"speaks no {language['tag']} at level {least}"
    skills = agent.get("skills") or {}
    for each in ticket.get("requirements") or ():
        least = each.get("min_level") or 1
        if each.get("mode", "required") == "required" and skills.get(each["skill"], 0) < least:
            yield f"has not {each['skill']} at level {least}"
    groups = ticket.get("groups") or ()
    if groups and not set(groups) & set(agent.get("groups") or ()):
        yield f"is in none of the groups {', '.join(groups)}"
    queues = agent.get("queues")
    if queues is not None and ticket["queue"] not in queues:
        yield f"does not serve queue {ticket['queue']}"
