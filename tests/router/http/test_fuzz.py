"""The real engine behind the real server, fuzzed over its own OpenAPI document."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from router.clock import Clock
from router.engine.engine import Engine, EngineSettings
from router.http.serve import Server
from router.settings import ServerSettings, Settings

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
LEFT_OUT = ("/v1/stream", "/metrics")  # a WebSocket, and text of another format


@pytest.mark.slow
async def test_whatever_the_document_allows_is_answered_as_it_says() -> None:
    """No generated request, valid or not, in either format, gets a 5xx or an undocumented answer."""
    clock = Clock()
    engine = await Engine.open(
        EngineSettings(location=lambda _: "memory:", tickets_max=10_000), clock
    )
    server = Server(engine, Settings(server=ServerSettings(port=0)), clock)
    await server.start()
    try:
        skipped = [word for path in LEFT_OUT for word in ("--exclude-path", path)]
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("schemathesis")),
            "run", f"{server.url}/openapi.json", *skipped, "--checks", CHECKS,
            "--max-examples", "5", "--phases", "fuzzing", "--seed", "1",
            "--generation-database", "none", "--no-color",
            env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.router.http.packing", "PYTHONPATH": "."},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
    finally:
        await server.stop()
    assert process.returncode == 0, said.decode()[:8_000]
