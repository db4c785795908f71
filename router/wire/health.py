"""Whether the server lives and whether it can serve."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class Liveness(msgspec.Struct, kw_only=True):
    """The process answers; restart it when this does not come."""

    live: Literal[True] = True


class Readiness(msgspec.Struct, kw_only=True):
    """The server takes requests: its journal is recovered and can be written."""

    ready: Literal[True] = True
    checks: Annotated[dict[str, str], Meta(examples=[{"journal": "ok", "loop": "ok"}])] = {}
