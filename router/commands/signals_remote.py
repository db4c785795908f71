"""``cordboard signals shadow|promote``: try a model at a server that runs, see how it does, and let it serve."""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from router.engine.models import ModelFileError, ModelFolder, artefact_of, id_of
from router.signals.model_file import ModelError

if TYPE_CHECKING:
    from router.client import Client

KEY_VARIABLE: Final = "CORDBOARD_KEY"
SLICES_SHOWN: Final = 10


def arguments(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the arguments of both."""
    abouts = {
        "shadow": "Try a model beside the one that serves, or say how its trial stands.",
        "promote": "Let a model that is tried serve, if the gate has no objection.",
    }
    for verb, about in abouts.items():
        made = verbs.add_parser(verb, help=about)
        made.add_argument("model", help="The model's file, or the first 16 digits of its checksum.")
        made.add_argument("--url", default="http://127.0.0.1:8080", help="Where the server is.")
        made.add_argument(
            "--folder", type=Path, help="The tenant's folder of models, to put the file into first."
        )
        if verb == "promote":
            made.add_argument(
                "--force",
                action="store_true",
                help="Whatever the gate says, as for the first model, which nothing is compared with.",
            )
        made.epilog = f"The key is read from the variable {KEY_VARIABLE}."


def run_shadow(given: argparse.Namespace) -> int:
    """Register and try a model; print its trial."""
    return at_server(given, shadow)


def run_promote(given: argparse.Namespace) -> int:
    """Let a model serve; print what the gate says."""
    return at_server(given, force if given.force else promote)


def at_server(given: argparse.Namespace, do: Callable[["Client", str], Any]) -> int:
    """Do something about a model at a server; return the exit code."""
    import aiohttp

    from router.client import Client, ClientProblem

    async def work() -> None:
        id_ = named(given.model, given.folder)
        async with Client(given.url, os.environ.get(KEY_VARIABLE)) as client:
            for line in described(await do(client, id_)):
                print(line)

    try:
        asyncio.run(work())
    except aiohttp.InvalidURL:
        print(f"--url: {given.url!r}, expected http://HOST:PORT", file=sys.stderr)
        return 1
    except (ClientProblem, ModelFileError, ModelError, OSError, aiohttp.ClientError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def named(model: str, folder: Path | None) -> str:
    """Return what the server calls a model; a file is put into the folder first, if one is given."""
    path = Path(model)
    if not path.is_file():
        return model
    read = artefact_of(path.read_bytes())
    if folder is not None:
        ModelFolder(folder).write(read)
    return id_of(read.id)


async def shadow(client: "Client", id_: str) -> Any:
    """Register a model and try it, unless it is tried or serves already; return it with its trial."""
    model = await client.call("models.put", id_)
    if model["state"] in ("registered", "retired"):
        await client.call("models.shadow", id_)
    return await client.call("models.get", id_)


async def promote(client: "Client", id_: str) -> Any:
    """Let a candidate serve."""
    return await client.call("models.promote", id_)


async def force(client: "Client", id_: str) -> Any:
    """Register a model and let it serve."""
    await client.call("models.put", id_)
    return await client.call("models.activate", id_)


def described(model: Any) -> list[str]:
    """Return a model and its trial in a few lines."""
    lines = [f"{model['signal']} {model['id']}: {model['state']}"]
    trial = model.get("trial")
    if not trial:
        return lines
    bounds = f"{trial['gain_low']:+.4f} to {trial['gain_high']:+.4f}"
    lines += [
        f"messages: {trial['messages']}, read alike: {trial['agreement']:.4f}",
        f"labelled: {trial['labels']}, gain: {trial['gain']:+.4f} ({bounds})",
        f"ece: {trial['ece']:.4f}, {trial['mean_us']:.1f} us a message",
    ]
    worst = sorted(trial["slices"], key=lambda each: each["candidate"] - each["serving"])
    lines += [
        f"{each['kind']} {each['name']}: {each['serving']:.4f} now, {each['candidate']:.4f} then, "
        f"of {each['labels']}"
        for each in worst[:SLICES_SHOWN]
    ]
    objections = [f"objection: {objection}" for objection in trial["objections"]]
    return lines + (objections or ["No objection: it may be promoted."])
