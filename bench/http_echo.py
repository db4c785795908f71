"""The peer: a bare aiohttp application on uvloop that answers with the body it got."""

import asyncio
import sys

import uvloop
from aiohttp import web


async def echo(request: web.Request) -> web.Response:
    """Answer with the body."""
    return web.Response(body=await request.read(), content_type="application/json")


async def serve(port: int) -> None:
    """Serve until killed."""
    app = web.Application()
    app.router.add_put("/v1/tickets/{id}", echo)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
