"""Cascades in the registry: registered, tried, promoted, activated and taken back as models are."""

import threading
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from router.clock import Clock
from router.directory import QUEUE
from router.engine.escalation import Escalation, Tiers
from router.signals.cascade import Cascade
from router.signals.cascade_training import CascadeOptions, train_cascade
from router.signals.model import GOLDEN_TEXTS, Model
from router.signals.training import Options, train
from router.tiers.worker import EncodingWorker, WorkerLimits
from router.wire import signals as wire
from router.wire import similar as wire_similar
from router.wire.agents import NoBody
from router.wire.calls import Call
from router.wire.offers import CompleteBody
from tests.router.engine.lines import Bench, furnish
from tests.router.engine.models import Read, intent_of, opened, warm
from tests.router.signals.cascades import DIMENSIONS, desk

THEMES = {"refund": "money refund repay", "lost_card": "card lost gone", "top_up": "top add"}
UNSURE = "something about cash"


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    """Compile outside of the tests, whose time is bounded."""
    warm()


@dataclass
class Knowing:
    """An encoder that knows what words mean; ``tilt`` turns all its vectors, as another processor would."""

    fingerprint: str = "c" * 64
    dimensions: int = DIMENSIONS
    tilt: float = 0.0
    synonyms: dict[str, str] = field(default_factory=lambda: {"cash": "refund"})

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        """Return a vector near one direction for each theme."""
        rows = []
        for text in texts:
            words = set(text.split())
            row = np.full(DIMENSIONS, 0.05 + self.tilt * len(text))
            for place, (label, known) in enumerate(sorted(THEMES.items())):
                row[place] += sum(word in words for word in known.split())
                row[place] += 3 * sum(self.synonyms.get(word) == label for word in words)
            row[-1] += self.tilt * 40
            rows.append(row / np.linalg.norm(row))
        return np.array(rows, np.float32)


@cache
def tier0() -> Model:
    """Return a model of three intents."""
    return train(desk(), Options(bits=12))


@cache
def cascade(seed: int = 1, fingerprint: str = "c" * 64) -> Cascade:
    """Return a cascade that wants to be asked about nearly everything."""
    encoder = Knowing(fingerprint)
    rows = desk()
    options = CascadeOptions(
        bits=12, seed=seed, share=0.9, fingerprint=fingerprint,
        golden_vectors=encoder.encode(list(GOLDEN_TEXTS)),
    )  # fmt: skip
    return train_cascade(rows, encoder.encode([row.text for row in rows]), options)


async def begun(bench: Bench, folder: Path, encoder: Knowing | None) -> Read:
    """Return a floor with a model of intents, and with an encoder."""
    read = await opened(bench, folder, encoder)
    if read.desk.assist.worker is not None:
        read.desk.escalation = Escalation(Tiers(read.desk.assist.worker, None), "acme")
        read.desk.follow()
    if read.line.shard.directory.document(QUEUE, "support") is None:
        await furnish(read.line, 3)
    return read


async def kept(read: Read, made: Any) -> str:
    """Register a model or a cascade; return what it is called."""
    id_ = read.folder.write(made)
    await read.do("models.put", id_, wire.ModelBody())
    return id_


async def told(read: Read, ticket: str) -> Any:
    """Return what is believed of a ticket's intent once everybody was asked."""
    await read.desk.settle()
    found = (await read.do("tickets.get", ticket)).found
    return next(said for said in found if said.name == "intent")


async def test_a_cascade_serves_by_the_registry_and_goes_back_by_it(tmp_path: Path) -> None:
    """What tier 0 is unsure of is judged by meaning; the ticket says by which cascade, and a restart keeps it."""
    bench = Bench()
    read = await begun(bench, tmp_path, Knowing())
    await read.do("models.activate", await kept(read, tier0()))
    first, second = [await kept(read, cascade(seed)) for seed in (1, 2)]
    shown = await read.do("models.get", first)
    assert (shown.signal, shown.state) == ("intent/tier1", "registered")
    assert shown.metrics["accuracy_cascade"] > 0.5
    await read.put("t0", UNSURE)
    assert (await told(read, "t0")).source == "tier0"
    await read.do("models.activate", first)
    await read.put("t1", UNSURE)
    said = await told(read, "t1")
    assert (said.value, said.source, said.model) == ("refund", "tier1", first)
    await read.do("models.activate", second)
    await read.put("t2", UNSURE)
    assert (await told(read, "t2")).model == second
    await read.close()
    again = await begun(bench, tmp_path, Knowing())
    await again.put("t3", UNSURE)
    assert (await told(again, "t3")).model == second
    await again.do("models.rollback", second)
    await again.put("t4", UNSURE)
    assert (await told(again, "t4")).model == first
    assert (await again.do("models.get", second)).state == "registered"
    assert (await told(again, "t2")).model == second
    await again.close()


@pytest.mark.parametrize(
    ("encoder", "said"),
    [
        (None, "encoder: none, expected cccccccccccccccc"),
        (Knowing("d" * 64), "encoder: dddddddddddddddd, expected cccccccccccccccc"),
        (Knowing(tilt=0.5), "cosine of"),
    ],
    ids=["none", "another", "another machine"],
)
async def test_a_cascade_takes_the_vectors_of_its_encoder_only(
    tmp_path: Path, encoder: Knowing | None, said: str
) -> None:
    """Without it, with another, or where the same file gives other vectors, it is refused and nothing changes."""
    read = await begun(Bench(), tmp_path, encoder)
    id_ = read.folder.write(cascade())
    problem = (await read.submit("models.put", id_, wire.ModelBody())).problem
    assert problem is not None
    assert problem.code == "model_refused"
    assert said in problem.detail
    await read.close()


def cut_short(folder: Path) -> None:
    """Cut the end off the one file of a cascade."""
    (file,) = folder.glob("*.cascade")
    file.write_bytes(file.read_bytes()[:-7])


class Breaking(Knowing):
    """An encoder that is well until it is told how to fail."""

    fault = ""
    held = threading.Event()

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        """Raise, give no numbers, or hang until it is let go."""
        if self.fault == "crash":
            raise RuntimeError("out of memory")
        if self.fault == "hang":
            self.held.wait(30)
        found = super().encode(texts)
        return found * np.nan if self.fault == "no numbers" else found


@pytest.mark.parametrize(
    ("fault", "outcome"), [("crash", "failed"), ("no numbers", "failed"), ("hang", "late")]
)
async def test_an_encoder_that_fails_costs_no_ticket(
    tmp_path: Path, fault: str, outcome: str
) -> None:
    """Tickets are answered before it is asked, tier 0 stands, the outcome is counted, search goes by words."""
    encoder = Breaking()
    read = await begun(Bench(), tmp_path, encoder)
    await read.do("models.activate", await kept(read, tier0()))
    await read.do("models.activate", await kept(read, cascade()))
    patient = read.desk.assist.worker
    assert patient is not None
    await patient.close()
    worker = EncodingWorker(encoder, Clock().monotonic_ns, WorkerLimits(deadline_s=0.05))
    read.desk.assist.worker = worker
    read.desk.escalation = Escalation(Tiers(worker, None), "acme")
    read.desk.follow()
    encoder.fault = fault
    encoder.held.clear()
    for n in range(3):
        ticket = await read.put(f"t{n}", UNSURE)
        assert ticket.state in ("queued", "offered", "assigned")
        assert (await told(read, f"t{n}")).source == "tier0"
    asked = read.desk.escalation.asked
    assert asked["tier1", outcome] >= 1
    assert asked["tier1", "done"] == 0
    found = await read.do("signals.similar", "", wire_similar.SimilarBody(text="cash"))
    assert found.by == "words"
    encoder.fault = ""
    encoder.held.set()
    await read.close()


async def test_a_cascade_that_cannot_be_used_after_a_restart_is_said(tmp_path: Path) -> None:
    """The server starts, tier 0 stands alone, and the model counts as broken until its encoder is back."""
    bench = Bench()
    read = await begun(bench, tmp_path, Knowing())
    await read.do("models.activate", await kept(read, tier0()))
    id_ = await kept(read, cascade())
    await read.do("models.activate", id_)
    await read.close()
    without = await begun(bench, tmp_path, None)
    assert "encoder: none" in without.desk.broken[id_]
    await without.put("t1", UNSURE)
    assert (await told(without, "t1")).source == "tier0"
    await without.close()
    cut_short(tmp_path)
    cut = await begun(bench, tmp_path, Knowing())
    assert "cut or altered" in cut.desk.broken[id_]
    await cut.close()


async def test_a_candidate_judges_along_and_is_promoted_by_the_gate(tmp_path: Path) -> None:
    """Nobody believes it, its trial counts what became known, and once the gate agrees it serves."""
    read = await begun(Bench(), tmp_path, Knowing())
    gate = wire.GateUse(labels_min=20, loss_max=0.9, slice_labels_min=1_000, ece_max=1.0)
    await read.do("signals.put", "", wire.SignalsBody(gate=gate))
    await read.do("models.activate", await kept(read, tier0()))
    id_ = await kept(read, cascade())
    await read.do("models.shadow", id_)
    for n in range(24):
        await read.put(f"t{n}", f"{UNSURE} {n}")
    await read.desk.settle()
    assert intent_of(await read.do("tickets.get", "t1")).source == "tier0"
    refused = await read.submit("models.promote", id_, NoBody())
    assert refused.problem is not None
    assert "0 labelled outcomes" in refused.problem.detail
    for n in range(24):
        await read.do("tickets.correct", f"t{n}", wire.CorrectBody(intent="refund"))
    trial = (await read.do("models.get", id_)).trial
    assert (trial.messages, trial.labels) == (24, 24)
    assert trial.gain >= 0
    assert (await read.do("models.promote", id_)).state == "serving"
    await read.put("t99", UNSURE)
    assert (await told(read, "t99")).model == id_
    await read.close()


async def test_what_tier_1_said_counts_where_nobody_corrects(tmp_path: Path) -> None:
    """A completed ticket labels tier 0's answer with tier 1's, so errors of tier 0 are seen."""
    read = await begun(Bench(), tmp_path, Knowing())
    await read.do("models.activate", await kept(read, tier0()))
    await read.do("models.activate", await kept(read, cascade()))
    put = await read.put("t1", UNSURE)
    await read.desk.settle()
    seen = read.desk.reader.messages.get("t1")
    assert seen is not None
    assert set(seen.said) == {"intent", "intent/tier1"}
    seen.said["intent"] = (seen.said["intent"][0], "top_up")
    ticket = await read.do("tickets.get", put.id)
    await read.do("offers.accept", ticket.offers[0])
    await read.do("assignments.complete", f"a-{ticket.offers[0][2:]}", CompleteBody())
    assert read.desk.reader.monitors["intent"].errors.mean == 1.0
    assert read.desk.reader.monitors["intent/tier1"].errors.mean == 0.0
    await read.close()


def test_the_call_of_a_cascade_is_a_models() -> None:
    """There is one registry: the route takes the id of either."""
    assert Call("models.activate", id=cascade().id[:16], body=NoBody()).id == cascade().id[:16]
