"""``cordboard signals shadow`` and ``promote`` against a real server."""

import asyncio
from pathlib import Path

import pytest

from router.clock import Clock
from router.commands.signals_remote import described, force, named, promote, shadow
from router.engine.engine import Engine, EngineSettings
from router.engine.models import ModelFileError, ModelFolder, id_of
from router.http.serve import Server
from router.main import run
from router.settings import ServerSettings, Settings
from tests.router.engine.models import model, warm


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    """Compile outside of the tests."""
    warm()


def test_a_file_is_tried_at_a_server_and_promoted_when_the_gate_agrees(tmp_path: Path) -> None:
    """The file goes into the folder, the trial is printed with its objections, and promotion is refused until then."""
    from router.client import Client, ClientProblem

    async def story() -> None:
        settings = EngineSettings(lambda _: "memory:", models=lambda _: tmp_path / "models")
        engine = await Engine.open(settings, Clock())
        server = Server(engine, Settings(server=ServerSettings(port=0)), Clock())
        await server.start()
        try:
            async with Client(server.url, None) as client:
                id_ = named(str(file), tmp_path / "models")
                assert id_ == id_of(model().id)
                lines = described(await shadow(client, id_))
                assert lines[0] == f"intent {id_}: shadow"
                assert lines[-1].startswith("objection: no model tells intent yet")
                assert described(await shadow(client, id_))[0] == lines[0]
                with pytest.raises(ClientProblem, match="The gate objects"):
                    await promote(client, id_)
                gate = {"labels_min": 1, "loss_max": 1.0, "ece_max": 1.0, "latency_us_max": 1e6}
                await client.call("signals.put", body={"gate": gate})
                assert described(await force(client, id_)) == [f"intent {id_}: serving"]
                other = ModelFolder(tmp_path / "models").write(model(2))
                await shadow(client, other)
                await client.call("queues.put", "help")
                body = {"queue": "help", "channel": "email", "text": "my refund"}
                for n in range(40):
                    await client.call("tickets.put", f"t{n}", body)
                    await client.call("tickets.correct", f"t{n}", {"intent": "refund"})
                assert described(await shadow(client, other))[-1] == (
                    "No objection: it may be promoted."
                )
                assert described(await promote(client, other)) == [f"intent {other}: serving"]
        finally:
            await server.stop()

    file = tmp_path / "some.model"
    file.write_bytes(model().to_bytes())
    asyncio.run(story())


def test_what_goes_wrong_is_said_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No server, a file that is no model, a folder that cannot be: a sentence on standard error, exit code 1."""
    bad = tmp_path / "bad.model"
    bad.write_bytes(b"nothing")
    assert run(["signals", "shadow", str(bad)]) == 1
    assert "magic" in capsys.readouterr().err
    assert run(["signals", "promote", "0" * 16, "--url", "http://127.0.0.1:9"]) == 1
    assert "127.0.0.1:9" in capsys.readouterr().err
    bad.write_bytes(model().to_bytes())
    with pytest.raises(ModelFileError):
        named(str(bad), bad / "below")
