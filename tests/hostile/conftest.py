"""Tests here are coroutines; each runs in a loop of its own, uvloop's as in the server."""

import asyncio
import inspect

import pytest
import uvloop

from router.commands.warm import compile_all


@pytest.fixture(scope="session", autouse=True)
def _warm() -> None:
    """Compile first what is not in the cache, so that no server seems to hang."""
    compile_all(lambda _: None)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine function, within thirty seconds; a slow one within five minutes."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    deadline_s = 300 if pyfuncitem.get_closest_marker("slow") else 30
    arguments = {name: pyfuncitem.funcargs[name] for name in names}

    async def bounded() -> None:
        async with asyncio.timeout(deadline_s):
            await pyfuncitem.obj(**arguments)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(bounded())
    return True
