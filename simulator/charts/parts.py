"""What pages are put together from: sections, tables, what unfolds, and the whole around it."""

from collections.abc import Sequence
from html import escape

from simulator.charts.style import STYLE, series_rules
from simulator.charts.svg import tag


def whole(title: str, parts: Sequence[str]) -> str:
    """Return a page of parts that needs nothing else; empty parts are left out."""
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}{series_rules()}</style>"
    )
    body = "\n".join(each for each in parts if each)
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body><main>{body}</main></body></html>\n'


def section(title: str, words: str, *inside: str) -> str:
    """Return a section with its title and a sentence about it."""
    return tag("section", tag("h2", escape(title)), tag("p", escape(words), class_="soft"), *inside)


def details(title: str, inside: str) -> str:
    """Return something that unfolds."""
    return tag("details", tag("summary", escape(title)), tag("div", inside, class_="scroll"))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], words: Sequence[int] = ()) -> str:
    """Return a table; cells are markup already, columns of `words` are flush left."""

    def cell(name: str, place: int, inside: str) -> str:
        return tag(name, inside or " ", class_="words" if place in words else None)

    top = tag("tr", *(cell("th", n, escape(head)) for n, head in enumerate(heads)))
    body = [tag("tr", *(cell("td", n, each) for n, each in enumerate(row))) for row in rows]
    return tag("table", tag("thead", top), tag("tbody", *body))
