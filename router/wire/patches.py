"""Merge a patch into what is there, as RFC 7396 says: absent keeps, null resets, objects merge."""

from typing import TypeVar

import msgspec

from router.wire.codec import fit
from router.wire.problems import Problem

__all__ = ["merge"]

Whole = TypeVar("Whole", bound=msgspec.Struct)


def merge(whole: Whole, patch: msgspec.Struct) -> Whole | Problem:
    """Return `whole` with the changes of `patch`, checked anew; or a problem naming every error.

    The fields of `patch` are fields of `whole` by the same names; UNSET ones stay as they are.
    """
    merged = _merged(msgspec.to_builtins(whole), msgspec.to_builtins(patch))
    return fit(merged, type(whole))


def _merged(old: object, change: object) -> object:
    """Merge plain values: the algorithm of RFC 7396, section 2."""
    if not isinstance(change, dict):
        return change
    merged = dict(old) if isinstance(old, dict) else {}
    for name, value in change.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged
