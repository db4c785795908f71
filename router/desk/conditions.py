"""Conditions of calls on versions, and refusals that several families share."""

from collections.abc import Iterable

from router.wire.calls import Call, Reply, refused
from router.wire.problems import FieldError, invalid


def validation_failed(errors: Iterable[FieldError]) -> Reply:
    """Refuse a call whose body names what does not exist or contradicts itself."""
    body = invalid(list(errors))
    return Reply(body.status, body)


def unknown(what: str, id_: str) -> Reply:
    """Refuse a call about something that is not there."""
    return refused("unknown_resource", f"There is no {what} {id_!r}.")


def unmet(call: Call, what: str, version: int | None) -> Reply | None:
    """
    Refuse a call whose condition does not hold, None if it does.

    ``version`` is that of the resource now, None when there is no such resource.
    """
    if version is None:
        if call.if_match is None:
            return None
        return refused("etag_mismatch", f"There is no {what} {call.id!r} yet.")
    if call.if_none_match:
        detail = f"There is a {what} {call.id!r}."
        return refused("already_exists", detail, current_version=version)
    if call.if_match is not None and call.if_match != version:
        detail = f"The {what} has version {version}, not {call.if_match}."
        return refused("etag_mismatch", detail, current_version=version)
    return None


def limit_reached(what: str, most: int) -> Reply:
    """Refuse one more of something there may be only so many of."""
    return refused("limit_reached", f"There may be {most} {what} at most, deleted ones included.")
