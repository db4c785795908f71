"""What the documents show can be done as shown, and gives what they say."""

import argparse
import asyncio
import importlib
import json
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from router import config
from router.main import COMMANDS
from simulator.validate.anchors import read_anchor
from tests.docs import examples
from tests.house.rooms import ROOT, files

PAGES = sorted(str(p.relative_to(ROOT)) for p in files() if p.suffix == ".md")
TEXT = {path: (ROOT / path).read_text("utf-8") for path in PAGES}
ASKING = [path for path in PAGES if examples.steps(TEXT[path])]
SCRIPTS = [
    pytest.param(path, block.text, id=f"{path}-{number}")
    for path in PAGES
    for number, block in enumerate(examples.blocks(TEXT[path]), 1)
    if block.language == "python"
]
START_S = 300.0  # without a kernel cache the first start compiles


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Serve an empty floor as ``cordboard serve`` does, and yield its address."""
    settings = tmp_path / "cordboard.toml"
    settings.write_text(f'[server]\nport = 0\n[store]\npath = "{tmp_path / "journal.sqlite"}"\n')
    command = [sys.executable, "-m", "router", "serve", "--config", str(settings)]
    log = (tmp_path / "log").open("w")
    with log, subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline().decode()
            assert line.startswith("Cordboard serves http"), (tmp_path / "log").read_text("utf-8")
            yield line.split()[-1]
        finally:
            process.terminate()
            process.wait(START_S)
    assert process.returncode == 0, (tmp_path / "log").read_text("utf-8")


def ask(line: str, url: str) -> str:
    """Run a line of a shell block against the server and return what it prints."""
    done = subprocess.run(
        ["bash", "-ec", line.replace(examples.BASE, url)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stderr}"
    return done.stdout


@pytest.mark.slow
@pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("bash")), reason="needs curl and bash"
)
@pytest.mark.parametrize("path", ASKING)
def test_the_lines_of_a_page_give_the_answers_below_them(path: str, server: str) -> None:
    """Line after line on an empty floor: names and kinds of JSON, words of text, no problem unless one is shown."""
    for line, expected in examples.steps(TEXT[path]):
        printed = ask(line, server)
        if not expected:
            assert '"urn:cordboard:problem' not in printed, f"{line}\n{printed}"
        for block in expected:
            if block.language == "json":
                given, wanted = json.loads(printed), json.loads(block.text)
                assert examples.shape(given) == examples.shape(wanted), f"{line}\n{printed}"
            else:
                assert examples.same_words(printed) == examples.same_words(block.text), line


async def run_script(text: str) -> None:
    """Run a Python block, which may wait, as a function of its own."""
    names: dict[str, object] = {}
    exec(
        compile(f"async def example():\n{textwrap.indent(text, '    ')}", "example", "exec"), names
    )
    async with asyncio.timeout(30):
        await names["example"]()


@pytest.mark.slow
@pytest.mark.parametrize(("path", "text"), SCRIPTS)
def test_a_python_block_runs(path: str, text: str, request: pytest.FixtureRequest) -> None:
    """Blocks that need no server run as they are; others on the floor of README.md, ticket and all."""
    if "open(" in text:
        compile(text, path, "exec")  # reads files of the reader's own
        return
    if examples.BASE in text:
        url = request.getfixturevalue("server")
        for line, _ in examples.steps(TEXT["README.md"]):
            ask(line, url)
        text = text.replace(examples.BASE, url)
        if "client.events" in text:
            ask(f"curl -sX POST {examples.BASE}/v1/offers/o-1:accept", url)
            ask(f"curl -sX POST {examples.BASE}/v1/assignments/a-1:complete", url)
    asyncio.run(run_script(text))


@pytest.mark.parametrize("path", PAGES)
def test_command_lines_are_understood(path: str) -> None:
    """Every ``cordboard`` line of a shell block has a command and arguments that exist."""
    for name, *arguments in examples.cordboard_lines(TEXT[path]):
        assert name in COMMANDS, f"{path}: cordboard {name}"
        module = importlib.import_module(COMMANDS[name].module)
        parser = argparse.ArgumentParser(prog=f"cordboard {name}", exit_on_error=False)
        module.arguments(parser)
        parser.parse_args(arguments)


@pytest.mark.parametrize("path", PAGES)
def test_targets_and_links_exist(path: str) -> None:
    """What a page says to make can be made, and what it links to is there, heading included."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = examples.make_targets(TEXT[path])
    assert [t for t in targets if not re.search(rf"^{t}:", makefile, re.MULTILINE)] == []
    missing = [str(p) for p in examples.links(TEXT[path], (ROOT / path).parent) if not p.exists()]
    assert missing == []
    for target, _, anchor in re.findall(r"\]\((([^)\s#:]*)#([^)\s]+))\)", TEXT[path]):
        page = (
            (ROOT / path).parent / target.partition("#")[0]
            if not target.startswith("#")
            else ROOT / path
        )
        assert anchor in examples.anchors(page.read_text("utf-8")), f"{path}: {target}"


@pytest.mark.parametrize("path", PAGES)
def test_settings_shown_are_settings(path: str, tmp_path: Path) -> None:
    """Every TOML block is a configuration the server takes, or on its page an anchor to validate against."""
    for block in examples.blocks(TEXT[path]):
        if block.language == "toml" and path == "docs/validation.md":
            anchor = tmp_path / "anchor.toml"
            anchor.write_text(block.text, "utf-8")
            read_anchor(anchor)
        elif block.language == "toml":
            config.load(block.text, {}, path)


def test_an_answer_of_another_shape_is_noticed() -> None:
    """Numbers and texts may differ, names, kinds and words of a few letters may not."""
    assert examples.shape({"id": "t-1", "n": 1}) == examples.shape({"id": "t-2", "n": 7})
    assert examples.shape({"state": "queued"}) != examples.shape({"state": "offered"})
    assert examples.shape({"n": 1}) != examples.shape({"n": None})
    assert examples.shape({"n": 1}) != examples.shape({"n": 1, "m": 1})
    assert examples.same_words("waited 0.5 s\n") == examples.same_words("waited 12 s")
    assert examples.same_words("went to ana") != examples.same_words("went to bo")


def test_answers_belong_to_the_line_before_them() -> None:
    """A block of JSON after other text is no answer."""
    page = "```sh\ncurl a\ncurl b\n```\n```json\n{}\n```\n```toml\n```\n```json\n[]\n```\n"
    assert examples.steps(page) == [
        examples.Step("curl a", ()),
        examples.Step("curl b", (examples.Block("json", "{}\n"),)),
    ]
