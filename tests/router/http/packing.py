"""Teaches schemathesis MessagePack, so that it fuzzes and reads that format too."""

from typing import Any

import msgspec
import schemathesis


@schemathesis.serializer("application/msgpack")
def pack(_context: Any, value: Any) -> bytes:
    """Write what JSON Schema allows; what MessagePack cannot carry goes as text."""
    return msgspec.msgpack.encode(_packable(value), enc_hook=str)


def _packable(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _packable(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_packable(each) for each in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return hex(value)
    return value


@schemathesis.deserializer("application/msgpack")
def unpack(_context: Any, response: Any) -> Any:
    """Read an answer."""
    return msgspec.msgpack.decode(response.content)
