"""Servers in processes of their own, forked so that they inherit compiled kernels."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop


def forked(serve: Callable[[], Coroutine[Any, Any, None] | None]) -> int:
    """Fork, run what ``serve`` returns in the child until it is killed, and return the child's number; None ends it."""
    pid = os.fork()
    if pid:
        return pid
    try:
        serving = serve()
        if serving is not None:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(serving)
    except BaseException as error:
        print(f"the server ended: {error!r}", file=sys.stderr)
    os._exit(1)
