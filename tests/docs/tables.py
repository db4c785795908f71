"""Markdown, as the written parts of the documents need it."""

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; bars within cells are escaped."""
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    lines += [f"| {' | '.join(escaped(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)


def escaped(cell: str) -> str:
    """Return a cell without anything that would end it."""
    return " ".join(cell.split()).replace("|", "\\|")


def code(names: Iterable[str]) -> str:
    """Return names as code, with commas."""
    return ", ".join(f"`{name}`" for name in names)


def first_sentence(text: str | None) -> str:
    """Return the first sentence of a docstring, on one line."""
    words = " ".join((text or "").replace("``", "`").split())
    end = words.find(". ")
    return words if end < 0 else words[: end + 1]
