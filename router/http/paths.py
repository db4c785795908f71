"""Find the route of a method and a path, with a few dictionary look-ups made from the table.

aiohttp's own matching tries one pattern after another; with 60 of them that costs more than all
the rest of a request. A verb is what follows the last colon of a POST's path: ids may hold colons
too, and in every other method they belong to the id.
"""

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar
from urllib.parse import parse_qsl, unquote

from router.wire.intake import Target
from router.wire.problems import Problem, problem, shown
from router.wire.route import Route

__all__ = ["Missed", "Paths"]

T = TypeVar("T")
QUERY_FIELDS_MAX = 32


class Missed(Exception):  # noqa: N818 - it is an answer, and the way out of the search
    """There is no such path, or it does not take the method."""

    def __init__(self, reason: Problem, allow: str = "") -> None:
        super().__init__(reason.code)
        self.reason = reason
        self.allow = allow
        """Methods the path takes, as the Allow header has them; empty without such a path."""


class Paths(Generic[T]):
    """Every path of the table, each leading to whatever serves it."""

    def __init__(self, endpoints: Iterable[tuple[Route, T]]) -> None:
        self._shapes: dict[str, dict[str, T]] = {}
        for route, endpoint in endpoints:
            shape = route.path.replace("{id}", "*").replace("{revision}", "*")
            # Without its first slash no shape is a path, so "*" in a path stays an id.
            shape = shape.removeprefix("/") if "*" in shape else shape
            self._shapes.setdefault(shape, {})[route.method] = endpoint
        for methods in self._shapes.values():
            if "GET" in methods:
                methods["HEAD"] = methods["GET"]

    def find(self, method: str, raw: str) -> tuple[T, Target]:
        """Return what serves a request line and what else its URL says.

        Raises
        ------
        Missed
            When nothing does; also for OPTIONS, which is answered with what is allowed.
        """
        path, _, query = raw.partition("?")
        ids: tuple[str, str] = ("", "")
        methods = self._shapes.get(path)
        if methods is None:
            shape, ids = _shape(path, method == "POST")
            methods = self._shapes.get(shape)
        if methods is None:
            raise self._missed(path, {})
        endpoint = methods.get(method)
        if endpoint is None:
            raise self._missed(path, methods)
        if query:
            return endpoint, Target(ids[0], ids[1], _pairs(query))
        return endpoint, Target(ids[0], ids[1])

    def _missed(self, path: str, methods: Mapping[str, T]) -> Missed:
        if not methods:
            shape, _ = _shape(path, with_verb=True)
            methods = self._shapes.get(shape, {})
        if not methods:
            return Missed(problem("unknown_route", f"There is no path {shown(path)!r} here."))
        allowed = sorted({*methods, "OPTIONS"})
        text = ", ".join(allowed)
        return Missed(
            problem("method_not_allowed", f"{shown(path)} takes {text}.", allowed=allowed), text
        )


def _shape(path: str, with_verb: bool) -> tuple[str, tuple[str, str]]:
    """Put * for the ids of a path, which stand third and fifth, and return them, unescaped."""
    parts = path.split("/")
    count = len(parts)
    if not 4 <= count <= 6:
        return "", ("", "")
    verb = ""
    if with_verb and count != 5:
        parts[-1], colon, verb = parts[-1].rpartition(":")
        if not colon:
            parts[-1], verb = verb, ""
    ids = _plain(parts[3]), _plain(parts[5]) if count == 6 else ""
    shape = f"{parts[1]}/{parts[2]}/*"
    if count > 4:
        shape += f"/{parts[4]}"
    if count > 5:
        shape += "/*"
    return f"{shape}:{verb}" if verb else shape, ids


def _plain(part: str) -> str:
    # What is not UTF-8 becomes a character that no id has.
    return unquote(part, errors="replace") if "%" in part else part


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX)
    except ValueError:
        detail = f"Expected at most {QUERY_FIELDS_MAX} query parameters."
        raise Missed(problem("malformed_request", detail)) from None
