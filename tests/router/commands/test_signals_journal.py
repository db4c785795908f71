"""Training from a journal: labels are what agents corrected, messages come from a file, joined by the ticket's id."""

import asyncio
from pathlib import Path

import pytest

from router.clock import Clock
from router.engine.engine import Engine, EngineSettings
from router.main import run
from router.signals.model import Model
from router.wire import signals as wire
from router.wire.calls import Call
from router.wire.registry import QueueBody
from router.wire.tickets import TicketBody
from tests.router.engine.models import MESSAGES, warm

TENANT = "default"


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal in which ten tickets were corrected, two of them twice, and one correction was taken back."""
    warm()
    path = tmp_path_factory.mktemp("journal") / "cordboard.sqlite"
    asyncio.run(written(path))
    return path


async def written(path: Path) -> None:
    """Write the journal as a server does."""
    engine = await Engine.open(EngineSettings(lambda _: f"sqlite:{path}"), Clock())

    async def do(name: str, id_: str, body: object) -> None:
        reply = await engine.submit(TENANT, Call(name, id=id_, body=body))
        assert reply.problem is None, reply.problem

    await do("queues.put", "help", QueueBody())
    for label, texts in MESSAGES.items():
        for n, text in enumerate(texts):
            id_ = f"{label}-{n}"
            await do("tickets.put", id_, TicketBody(queue="help", channel="email", text=text))
            if n == 0:
                await do("tickets.correct", id_, wire.CorrectBody(intent="something_else"))
            await do("tickets.correct", id_, wire.CorrectBody(intent=label))
    body = TicketBody(queue="help", channel="email", text="never mind")
    await do("tickets.put", "taken-back", body)
    await do("tickets.correct", "taken-back", wire.CorrectBody(intent="refund"))
    await do("tickets.correct", "taken-back", wire.CorrectBody(intent=None))
    await engine.close()


def export(folder: Path, header: str = "id,text,language,owner") -> Path:
    """Write the messages as a helpdesk exports them, one more than were corrected."""
    lines = [
        f"{label}-{n},{text},en,ann"
        for label, texts in MESSAGES.items()
        for n, text in enumerate(texts)
    ]
    file = folder / "messages.csv"
    extra = ["taken-back,never mind,en,ann", "never-corrected,who knows,en,bob", "empty,,en,bob"]
    file.write_text("\n".join([header, *lines, *extra]) + "\n", "utf-8")
    return file


def train(*arguments: object) -> int:
    """Run the command."""
    return run(["signals", "train", *map(str, arguments), "--bits", "10"])


def test_corrections_label_the_messages_of_their_tickets(
    journal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last word counts, what was taken back does not, other columns and other tickets are passed over."""
    assert train(export(tmp_path), "--journal", journal, "--out", tmp_path) == 0
    said = capsys.readouterr().out
    assert "10 of 12 messages have a label in the journal" in said
    model = Model.from_bytes(Path(said.splitlines()[-1]).read_bytes())
    assert model.labels == ("login", "refund")
    assert model.recipe.data["rows"] == 10
    assert model.recipe.data["languages"] == "en"


@pytest.mark.parametrize(
    ("csv", "said"),
    [
        ("text,label\na,b\n", "line 1: columns 'text,label', expected id,text"),
        ("id,text\n1,a\n1,b\n", "line 3: id '1' is there again"),
        ("id,text\n,a\n", "line 2: id '' is missing"),
        ("id,text\n1\n", "line 2: 1 fields, expected 2"),
        ("id,text\nx,a\n", "none of 1 messages is of the 10 tickets whose intent was corrected"),
        ("id,text\n1," + "a" * 200_000 + "\n", "line 2: a field has more than 131,072"),
    ],
)
def test_messages_that_cannot_be_joined_are_refused(
    journal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], csv: str, said: str
) -> None:
    """By line and value, and nothing is written."""
    file = tmp_path / "messages.csv"
    file.write_text(csv, "utf-8")
    assert train(file, "--journal", journal, "--out", tmp_path) == 1
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_no_journal_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there, and one that is something else, are named."""
    messages = export(tmp_path)
    other = tmp_path / "other.sqlite"
    other.write_bytes(b"no journal at all" * 100)
    for path in (tmp_path / "none.sqlite", other):
        assert train(messages, "--journal", path, "--out", tmp_path) == 1
        assert path.name in capsys.readouterr().err
    assert not list(tmp_path.glob("*.model"))
