"""
Languages: who understands whom.

Tags are compared without regard to case, part by part (``pt-BR`` is a kind of ``pt``). An agent has for every tag
that anybody lists the level it lists for that tag itself, or else for the longest part of it (who speaks ``pt``
may take ``pt-BR``), or else the best of its varieties (who speaks ``pt-BR`` may take ``pt``). A ticket asks for
the longest part of its tag that any agent lists: ``pt-BR``, where nobody lists that ``pt``.

References
----------
.. [1] RFC 4647, Matching of Language Tags, section 3.4: Lookup.
"""

from collections.abc import Iterable, Mapping

from router.core.limits import LANGUAGES_MAX
from router.directory import LANGUAGE, Directory


def parts_of(tag: str) -> tuple[str, ...]:
    """Return a tag and its shorter parts in lower case, longest first."""
    words = tag.lower().split("-")
    return tuple("-".join(words[:n]) for n in range(len(words), 0, -1))


def look_up(directory: Directory, tag: str) -> int:
    """Return the number of the language that a ticket with this tag asks for, -1 when nobody speaks it."""
    index_of = directory.names[LANGUAGE].index_of
    return next((index_of[part] for part in parts_of(tag) if part in index_of), -1)


def unknown_parts(directory: Directory, tags: Iterable[str]) -> list[str]:
    """Return the tags and parts of tags that nobody listed before, each once."""
    index_of = directory.names[LANGUAGE].index_of
    parts = dict.fromkeys(part for tag in tags for part in parts_of(tag))
    return [part for part in parts if part not in index_of]


def have_room(directory: Directory, tags: Iterable[str]) -> bool:
    """Tell whether the tags can be listed without more languages than there may be."""
    return len(directory.names[LANGUAGE]) + len(unknown_parts(directory, tags)) <= LANGUAGES_MAX


def levels_of(directory: Directory, listed: Mapping[str, int]) -> dict[int, int]:
    """Return the level of an agent by number of language, for those it understands at all."""
    own: dict[str, int] = {}
    for tag, level in listed.items():
        own[tag.lower()] = max(level, own.get(tag.lower(), 0))
    found: dict[int, int] = {}
    for number, known in enumerate(directory.names[LANGUAGE].ids):
        level = next((own[part] for part in parts_of(known) if part in own), 0)
        varieties = (own[tag] for tag in own if tag.startswith(f"{known}-"))
        level = level or max(varieties, default=0)
        if level:
            found[number] = level
    return found
