"""Models at work on a line: put to work, tried, promoted, taken back, taught; and files that cannot be used."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from router.core.machine import Machine
from router.engine.models import ModelFileError, ModelFolder, id_of
from router.recover import verify
from router.signals.model import Model
from router.stores.memory import MemoryStore
from router.wire import signals as wire
from tests.router.engine.lines import Bench, furnish
from tests.router.engine.models import MESSAGES, Read, intent_of, model, opened, warm

QUICK = wire.GateUse(labels_min=20, loss_max=0.5, ece_max=1.0, latency_us_max=1e6)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where models lie."""
    return tmp_path / "models"


@pytest.fixture(scope="module", autouse=True)
def warmed() -> None:
    """Compile outside of the tests, whose time is bounded."""
    warm()


async def begun(folder: Path, **use: Any) -> tuple[Bench, Read]:
    """Return a floor whose messages are read by the first model."""
    bench = Bench()
    read = await opened(bench, folder)
    await furnish(read.line)
    await read.do("signals.put", "", wire.SignalsBody(gate=QUICK, **use))
    await read.do("models.activate", await read.keep(model()))
    return bench, read


async def test_the_model_that_served_a_ticket_is_in_the_journal(folder: Path) -> None:
    """Each ticket says which model read it, before and after a change, also after a restart."""
    bench, read = await begun(folder)
    first = await read.put("t1", "i want my refund")
    two = await read.keep(model(2))
    await read.do("models.activate", two)
    second = await read.put("t2", "i want my refund")
    assert intent_of(first).value == intent_of(second).value == "refund"
    assert (intent_of(first).model, intent_of(second).model) == (id_of(model().id), two)
    await read.close()
    again = await opened(bench, folder)
    assert intent_of(await again.do("tickets.get", "t1")).model == id_of(model().id)
    assert intent_of(await again.put("t3", "password")).model == two
    assert again.desk.broken == {}
    await again.close()
    store = MemoryStore(journal=bench.journal)
    store.open()
    assert verify(((f.number, f.body) for f in store.read()), Machine()).difference is None
    assert b"i want my refund" not in b"".join(frame.body for frame in store.read())
    store.close()


async def test_models_are_changed_between_messages_and_none_fails(folder: Path) -> None:
    """Three hundred tickets while the model changes twenty times: each is read by a model that served then."""
    _, read = await begun(folder)
    ids = [id_of(model().id), await read.keep(model(2))]

    async def change() -> None:
        for n in range(20):
            await read.do("models.activate", ids[(n + 1) % 2])

    async def arrive(n: int) -> Any:
        if n % 15 == 0:
            await asyncio.sleep(0)
        return await read.put(f"t{n}", "please reset my password")

    changing = asyncio.get_running_loop().create_task(change())
    tickets = [await arrive(n) for n in range(300)]
    await changing
    assert {intent_of(ticket).model for ticket in tickets} == set(ids)
    assert {intent_of(ticket).value for ticket in tickets} == {"login"}
    await read.close()


async def test_a_candidate_is_tried_and_promoted_when_the_gate_agrees(folder: Path) -> None:
    """A model that is right where the one that serves is wrong passes; before that the gate says what is missing."""
    _, read = await begun(folder)
    wrong = await read.keep(model(is_wrong=True))
    await read.do("models.activate", wrong)
    right = id_of(model().id)
    assert (await read.do("models.shadow", right)).trial.labels == 0
    refused = await read.submit("models.promote", right)
    assert "0 labelled outcomes; expected at least 20" in str(
        refused.problem and refused.problem.detail
    )
    for n in range(24):
        label = "refund" if n % 2 else "login"
        ticket = await read.put(f"t{n}", MESSAGES[label][n % 5])
        assert intent_of(ticket).value != label
        await read.do("tickets.correct", f"t{n}", wire.CorrectBody(intent=label))
    trial = (await read.do("models.get", right)).trial
    assert (trial.messages, trial.labels, trial.agreement, trial.gain) == (24, 24, 0.0, 1.0)
    assert trial.objections == []
    assert (await read.do("models.promote", right)).state == "serving"
    assert intent_of(await read.put("t", "i want my refund")).value == "refund"
    assert (await read.do("models.get", wrong)).state == "retired"
    await read.close()


async def test_the_first_model_has_nothing_to_be_better_than(folder: Path) -> None:
    """Where none serves, the gate says that one is activated, also once corrections came; nothing serves by itself."""
    read = await opened(Bench(), folder)
    await furnish(read.line)
    use = wire.SignalsBody(gate=QUICK, learning=wire.LearningUse(promote=True))
    await read.do("signals.put", "", use)
    first = await read.keep(model())
    await read.do("models.shadow", first)
    for n in range(32):
        await read.put(f"t{n}", "i want my money back")
        await read.do("tickets.correct", f"t{n}", wire.CorrectBody(intent="refund"))
    said = ["no model tells intent yet, so there is nothing to compare with: activate it"]
    assert (await read.do("models.get", first)).trial.objections == said
    problem = (await read.submit("models.promote", first)).problem
    assert problem is not None
    assert said[0] in problem.detail
    assert (await read.do("models.activate", first)).state == "serving"
    await read.close()


async def test_a_candidate_that_passes_serves_by_itself_where_that_is_wanted(folder: Path) -> None:
    """With `promote` nobody needs to ask: the outcome that satisfies the gate puts the candidate to work."""
    _, read = await begun(folder, learning=wire.LearningUse(promote=True, rollback=False))
    await read.do("models.activate", await read.keep(model(is_wrong=True)))
    await read.do("models.shadow", id_of(model().id))
    for n in range(32):
        await read.put(f"t{n}", "i want my money back")
        await read.do("tickets.correct", f"t{n}", wire.CorrectBody(intent="refund"))
    await read.desk.close()
    assert (await read.do("models.get", id_of(model().id))).state == "serving"
    await read.close()


async def test_a_model_under_which_errors_rise_is_taken_back(folder: Path) -> None:
    """Sixty right answers, then corrections only: an alarm, an event, and the model before serves again, once."""
    bench, read = await begun(folder)
    await read.do("models.activate", await read.keep(model(2)))
    for n in range(400):
        if n >= 200 and read.desk.reader.serving["intent"].id != model(2).id:
            break
        await read.put(f"t{n}", "i want my money back")
        truth = "refund" if n < 200 else "login"
        await read.do("tickets.correct", f"t{n}", wire.CorrectBody(intent=truth))
    await read.desk.close()
    assert 200 < n < 300
    assert (await read.do("models.get", id_of(model().id))).state == "serving"
    events = read.line.feed.after(0, 5_000)
    changes = [e.data["change"] for e in events if e.type == "model.changed"]
    assert changes[-2:] == ["drifted", "rolled_back"]
    assert read.desk.reader.alarms["intent", "errors"] == 1
    await read.close()
    again = await opened(bench, folder)
    assert again.desk.reader.serving["intent"].id == model().id
    await again.close()


async def test_corrections_teach_a_copy_that_is_tried_not_believed(folder: Path) -> None:
    """A label the model got wrong is learned by a copy; it lies in the folder, in the shadow, and serves nobody."""
    learning = wire.LearningUse(online=True, publish_every=10, rollback=False)
    _, read = await begun(folder, learning=learning)
    text = "i want my money back"
    for n in range(10):
        assert intent_of(await read.put(f"t{n}", text)).value == "refund"
        await read.do("tickets.correct", f"t{n}", wire.CorrectBody(intent="login"))
    await read.do("tickets.correct", "t0", wire.CorrectBody(intent="unheard_of"))
    await read.desk.close()
    items = (await read.do("models.list")).items
    copy = next(item for item in items if item.state == "shadow")
    assert copy.label == f"{id_of(model().id)} and 10 corrections"
    assert read.desk.reader.candidates["intent"].model.predict(text).label == "login"
    assert intent_of(await read.put("t", text)).value == "refund"
    await read.close()


async def test_what_nobody_corrects_counts_as_right_when_the_ticket_is_completed(
    folder: Path,
) -> None:
    """A completed ticket is a label too, once; a correction before it is the only one."""
    _, read = await begun(folder)
    await read.do("models.shadow", await read.keep(model(is_wrong=True)))
    ticket = await read.put("t1", "i want my money back")
    await read.do("offers.accept", ticket.offers[0])
    assignment = f"a-{ticket.offers[0][2:]}"
    await read.do("assignments.complete", assignment, wire_complete())
    trial = read.desk.reader.candidates["intent"].trial
    assert (trial.whole.labels, trial.whole.serving, trial.whole.candidate) == (1, 1, 0)
    await read.do("tickets.correct", "t1", wire.CorrectBody(intent="login"))
    assert trial.whole.labels == 1
    await read.close()


def wire_complete() -> Any:
    """Return the body that completes an assignment."""
    from router.wire.offers import CompleteBody

    return CompleteBody()


def file_of(folder: Path) -> Path:
    """Return where the first model lies."""
    return folder / f"intent-{model().id[:12]}.model"


# -- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda data: data[:-1], "cut or lengthened"),
        (lambda data: data[:6], "magic"),
        (lambda data: b"", "magic"),
        (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "altered"),
        (lambda data: data.replace(b"refund", b"rEfund", 1), "altered"),
        (lambda data: b"PK" + data[2:], "magic"),
    ],
    ids=["cut", "head only", "empty", "a bit", "a label", "not ours"],
)
async def test_a_file_that_was_cut_or_altered_does_not_serve(
    folder: Path, spoil: Any, said: str
) -> None:
    """Neither registered nor put to work nor after a restart; the reply names the file and what is wrong with it."""
    bench, read = await begun(folder)
    await read.close()
    file = file_of(folder)
    file.write_bytes(spoil(file.read_bytes()))
    again = await opened(bench, folder)
    id_ = id_of(model().id)
    assert said in again.desk.broken[id_]
    assert again.desk.reader.serving == {}
    for name, body in (("models.put", wire.ModelBody()), ("models.activate", None)):
        problem = (await again.submit(name, id_, body)).problem
        assert problem is not None
        assert problem.code == "model_refused"
        assert file.name in str(problem.detail)
        assert said in str(problem.detail)
    assert not [s for s in (await again.put("t", "refund")).found or () if s.name == "intent"]
    file.write_bytes(model().to_bytes())
    await again.do("models.put", id_, wire.ModelBody(label="mended"))
    assert intent_of(await again.put("t2", "refund")).value == "refund"
    assert again.desk.broken == {}
    await again.close()


async def test_a_rollback_to_a_file_that_is_gone_is_refused(folder: Path) -> None:
    """What serves goes on serving when there is nothing to go back to."""
    _, read = await begun(folder)
    two = await read.keep(model(2))
    await read.do("models.activate", two)
    (file_of(folder)).unlink()
    problem = (await read.submit("models.rollback", two)).problem
    assert problem is not None
    assert problem.code == "model_refused"
    assert "No file has" in str(problem.detail)
    assert intent_of(await read.put("t", "refund")).model == two
    await read.close()


def test_a_folder_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    """No folder, no file, two files of one name, a file under another's name: each is said."""
    with pytest.raises(ModelFileError, match=r"expected signals\.models"):
        ModelFolder(None).read("0" * 16)
    with pytest.raises(ModelFileError, match=r"expected signals\.models"):
        ModelFolder(None).write(model())
    files = ModelFolder(tmp_path)
    id_ = files.write(model())
    with pytest.raises(ModelFileError, match="No file has 00"):
        files.read("0" * 16)
    other = tmp_path / f"copy-of-{id_}.model"
    other.write_bytes(model(2).to_bytes())
    with pytest.raises(ModelFileError, match="Several files"):
        files.read(id_)
    file_of(tmp_path).unlink()
    with pytest.raises(ModelFileError, match=f"holds the model {model(2).id}; expected {id_}"):
        files.read(id_)
    stranger = Model(model().recipe._replace(name="mood"), model().weights.copy(), model().unit)
    with pytest.raises(ModelFileError, match="tells 'mood'; expected one of intent, urgency"):
        files.read(files.write(stranger))
    with pytest.raises(ModelFileError, match="cannot take a model"):
        ModelFolder(other / "below").write(model())
