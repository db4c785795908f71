"""Find the examples in the documents: what is run, and what is said to come of it."""

import re
import shlex
from pathlib import Path
from typing import Any, NamedTuple

BASE = "http://127.0.0.1:8080"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"\d+(?:\.\d+)?")


class Block(NamedTuple):
    """A fenced block: its language and its text."""

    language: str
    text: str


class Step(NamedTuple):
    """A line to run, and the blocks that say what it prints."""

    line: str
    expected: tuple[Block, ...]


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page."""
    return [Block(*found) for found in FENCE.findall(page)]


def steps(page: str) -> list[Step]:
    """Return the lines that ask a server, in order; the last of a block is followed by what it prints."""
    found: list[Step] = []
    is_open = False  # whether the last block ended with a line whose answer may follow
    for block in blocks(page):
        if block.language == "sh":
            lines = [line for line in block.text.splitlines() if line.startswith("curl ")]
            found += [Step(line, ()) for line in lines]
            is_open = bool(lines)
        elif is_open and block.language in ("json", "text"):
            found[-1] = found[-1]._replace(expected=(*found[-1].expected, block))
        else:
            is_open = False
    return found


def cordboard_lines(page: str) -> list[list[str]]:
    """Return the words after ``cordboard`` of every line in a shell block, placeholders included."""
    found = []
    for block in blocks(page):
        for line in block.text.splitlines() if block.language == "sh" else ():
            words = shlex.split(line, comments=True)
            if words[:1] == ["cordboard"]:
                found.append(words[1:])
    return found


def make_targets(page: str) -> list[str]:
    """Return every target that a shell block or a code span makes."""
    code = "\n".join(block.text for block in blocks(page) if block.language == "sh")
    spans = "\n".join(re.findall(r"`(make [a-z]+)`", FENCE.sub("", page)))
    return re.findall(r"^make ([a-z]+)", f"{code}\n{spans}", re.MULTILINE)


def links(page: str, folder: Path) -> list[Path]:
    """Return the files that a page in ``folder`` links to."""
    targets = re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", page))
    local = (target.partition("#")[0] for target in targets if "://" not in target)
    return [(folder / target).resolve() for target in local if target]


def anchors(page: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def shape(value: Any) -> Any:
    """Return what stays of JSON when its numbers and texts don't matter: names, kinds, order."""
    match value:
        case dict():
            return {name: shape(each) for name, each in value.items()}
        case list():
            return [shape(each) for each in value]
        case bool() | None:
            return value
        case int() | float():
            return "a number"
        case _:
            return value if re.fullmatch(r"[a-z_]+", value) else "a text"


def same_words(text: str) -> list[str]:
    """Return a text's lines without numbers and times."""
    return [NUMBER.sub("N", line).rstrip() for line in text.strip().splitlines()]
