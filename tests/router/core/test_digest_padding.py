"""The digest is of the state, not of what lies in memory between its fields."""

import numpy as np
import pytest

from router.core import layout
from router.core.machine import Machine
from router.core.state import CANONICAL
from router.desk.registry import bootstrap
from router.shard import Shard


def padding_of(dtype: np.dtype) -> list[int]:
    """Return the bytes of a record that belong to no field."""
    used = {
        byte
        for field, offset in (pair[:2] for pair in (dtype.fields or {}).values())
        for byte in range(offset, offset + field.itemsize)
    }
    return [byte for byte in range(dtype.itemsize) if byte not in used]


def test_bytes_between_fields_do_not_count() -> None:
    """With all padding of every canonical array overwritten the digest stays as it was."""
    shard = Shard(Machine())
    bootstrap(shard, 1_000_000)
    shard.settle(1_000_000)
    before = shard.machine.digest()
    touched = 0
    for name in CANONICAL:
        array = getattr(shard.machine.arrays, name)
        between = padding_of(array.dtype) if array.dtype.names else []
        raw = array.view(np.uint8).reshape(len(array), -1) if between else None
        if raw is not None:
            raw[:, between] = 0xA5
            touched += 1
    assert touched, "no array has padding any more; this test can go"
    assert shard.machine.digest() == before


@pytest.mark.parametrize("dtype", [layout.EVENT, layout.COMMAND])
def test_what_is_journalled_as_it_lies_has_no_padding(dtype) -> None:
    """Events and commands are written as bytes, so every byte must be a field's."""
    assert padding_of(np.dtype(dtype)) == []
