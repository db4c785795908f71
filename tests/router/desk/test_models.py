"""Models in the journal: registered, tried, put to work and taken back."""

from typing import Any

import msgspec

from router.core.machine import Machine
from router.desk.models import Looked
from router.recover import verify
from router.wire.calls import Reply
from router.wire.signals import ModelRecord
from tests.router.desk.floors import Desk


def look(desk: Desk, name: str, id_: str, looked: Looked | None, **body: Any) -> Reply:
    """Do a call about a model that a device has looked at."""
    call = msgspec.structs.replace(desk.call(name, id_, body), found=looked)
    pending = desk.shard.admit(call, desk.at_us)
    replies = desk.settle()
    return replies[0] if pending is None else pending


ONE, TWO = "1" * 16, "2" * 16
SEEN = Looked(ModelRecord(signal="intent", sha256="0" * 64, labels=("a", "b"), bytes=9))


def test_models_are_registered_tried_put_to_work_and_taken_back() -> None:
    """Each step is an event with its model, and the states follow; a restart knows them."""
    desk = Desk()
    desk.types()
    for id_ in (ONE, TWO):
        assert look(desk, "models.put", id_, SEEN, label="x").status == 201
        assert look(desk, "models.put", id_, SEEN, label="x").status == 200
    assert look(desk, "models.activate", ONE, SEEN).body.state == "serving"
    assert look(desk, "models.shadow", TWO, SEEN).body.state == "shadow"
    objecting = SEEN._replace(objections=("9 labelled outcomes; expected at least 400",))
    refused = look(desk, "models.promote", TWO, objecting).problem
    assert refused.code == "state_conflict"
    assert "9 labelled outcomes" in refused.detail
    assert look(desk, "models.promote", TWO, SEEN).body.state == "serving"
    assert desk.do("models.get", ONE).state == "retired"
    assert look(desk, "models.rollback", ONE, SEEN).problem.code == "state_conflict"
    assert look(desk, "models.rollback", TWO, SEEN).body.id == ONE
    assert look(desk, "models.rollback", ONE, SEEN).problem.code == "state_conflict"
    changes = [e.data for e in desk.events if e.type == "model.changed"]
    assert [(e["model"][0], e["change"]) for e in changes] == [
        ("1", "registered"),
        ("2", "registered"),
        ("1", "activated"),
        ("2", "shadowed"),
        ("2", "activated"),
        ("2", "rolled_back"),
    ]
    again = desk.recovered()
    assert again.directory.documents[11]["intent"].body.served == (ONE,)
    verdict = verify(enumerate(desk.frames, 1), Machine())
    assert verdict.difference is None


def test_a_model_whose_file_is_refused_does_not_serve() -> None:
    """Neither registered nor put to work, and the reply repeats why."""
    desk = Desk()
    bad = Looked(refusal="1111.model is cut: 12 bytes; expected 5,000")
    for name in ("models.put", "models.put"):
        problem = look(desk, name, ONE, bad).problem
        assert (problem.code, problem.detail) == ("model_refused", bad.refusal)
    assert look(desk, "models.put", ONE, None).problem.code == "model_refused"
    look(desk, "models.put", ONE, SEEN)
    assert look(desk, "models.activate", ONE, bad).problem.code == "model_refused"
    assert look(desk, "models.activate", TWO, SEEN).problem.code == "unknown_resource"
    assert [model.state for model in desk.do("models.list").items] == ["registered"]
