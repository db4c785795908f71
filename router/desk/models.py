"""
Calls about models: registered, tried in the shadow, put to work, taken back.

A model is the document of its id: what its manifest says. A slot is the document of the signal it reads: which
models served, newest first, and which one is tried. The files are a device's; it looks at them before a call comes
here (``Call.found``) and changes what reads messages once the answer is durable.
"""

from typing import TYPE_CHECKING, Final, NamedTuple, cast

import msgspec

from router.core import codes as c
from router.desk.conditions import limit_reached, unknown, unmet
from router.desk.outcome import Outcome
from router.desk.paging import page_of
from router.directory import MODEL, SLOT
from router.wire import signals as wire
from router.wire.calls import Call, Reply, refused
from router.wire.fields import instant_text

if TYPE_CHECKING:
    from router.directory import Directory
    from router.shard import Finish, Shard

MODELS_MAX: Final = 10_000
SERVED_KEPT_MAX: Final = 100
"""Activations that a signal remembers."""


class Looked(NamedTuple):
    """What a device found when it looked at a model: its manifest, why its file is refused, how its trial stands."""

    record: wire.ModelRecord | None = None
    refusal: str | None = None
    objections: tuple[str, ...] = ()


# -- documents -----------------------------------------------------------------------------------------------------


def slot_of(directory: "Directory", signal: str) -> wire.SlotRecord:
    """Return which models read a signal."""
    document = directory.document(SLOT, signal)
    return wire.SlotRecord() if document is None else cast("wire.SlotRecord", document.body)


def serving(directory: "Directory") -> dict[str, str]:
    """Return the model that serves by signal."""
    return {
        signal: document.body.served[0]
        for signal, document in directory.documents[SLOT].items()
        if document.body.served
    }


def shadows(directory: "Directory") -> dict[str, str]:
    """Return the candidate by signal."""
    slots = directory.documents[SLOT].items()
    return {signal: slot.body.shadow for signal, slot in slots if slot.body.shadow is not None}


def state_of(directory: "Directory", id_: str, record: wire.ModelRecord) -> wire.ModelState:
    """Return whether a model serves, is tried, served once, or only lies there."""
    slot = slot_of(directory, record.signal)
    if slot.served[:1] == (id_,):
        return "serving"
    if slot.shadow == id_:
        return "shadow"
    return "retired" if id_ in slot.served else "registered"


def model_view(shard: "Shard", id_: str) -> wire.Model:
    """Return a model as clients see it."""
    document = shard.directory.documents[MODEL][id_]
    record = cast("wire.ModelRecord", document.body)
    return wire.Model(
        id=id_,
        signal=record.signal,
        state=state_of(shard.directory, id_, record),
        sha256=record.sha256,
        bytes=record.bytes,
        labels=record.labels,
        metrics=dict(record.metrics),
        created_at=instant_text(document.created_us),
        label=record.label,
        version=document.version,
        seq=document.seq,
    )


# -- changes -------------------------------------------------------------------------------------------------------


def note(shard: "Shard", signal: str, id_: str, change: int) -> None:
    """Tell the core what became of a model, so that it has its place among the events."""
    directory = shard.directory
    slot, model = directory.intern(SLOT, signal), directory.intern(MODEL, id_)
    shard.machine.push(c.NOTE_MODEL, shard.at_us, aux=slot, profile=model, value=change)


def replied(shard: "Shard", id_: str, status: int = 200) -> "Finish":
    """Return what replies with a model as it is once the call is done."""

    def finish(outcome: Outcome) -> Reply:
        shard.directory.documents[MODEL][id_].seq = outcome.last_seq
        view = model_view(shard, id_)
        location = f"/v1/models/{id_}" if status == 201 else None
        return Reply(status, view, version=view.version, location=location)

    return finish


def put_slot(shard: "Shard", signal: str, slot: wire.SlotRecord) -> None:
    """Keep which models read a signal from now on."""
    shard.directory.put(SLOT, signal, slot, shard.at_us)


def put_model(shard: "Shard", call: Call) -> "Reply | Finish":
    """Register a model whose file was looked at; registered again it stays, but for its note."""
    looked = cast("Looked | None", call.found)
    label = cast("wire.ModelBody", call.body).label
    directory = shard.directory
    old = directory.document(MODEL, call.id)
    refusal = unmet(call, "model", None if old is None else old.version)
    if refusal is not None:
        return refusal
    if looked is None or looked.record is None:
        why = looked.refusal if looked is not None else None
        return refused("model_refused", why or f"No file of model {call.id!r} was found.")
    if not directory.has_room(MODEL, call.id, MODELS_MAX):
        return limit_reached("models", MODELS_MAX)
    record = msgspec.structs.replace(looked.record, label=label)
    if old is not None and old.body == record:
        return Reply(200, model_view(shard, call.id), version=old.version)
    directory.put(MODEL, call.id, record, shard.at_us)
    if old is None:
        note(shard, record.signal, call.id, c.MODEL_KEPT)
    return replied(shard, call.id, 200 if old else 201)


def known(shard: "Shard", call: Call) -> wire.ModelRecord | Reply:
    """Return the model that a call is about, or the refusal."""
    document = shard.directory.document(MODEL, call.id)
    if document is None:
        return unknown("model", call.id)
    refusal = unmet(call, "model", document.version)
    if refusal is not None:
        return refusal
    looked = cast("Looked | None", call.found)
    if looked is not None and looked.refusal is not None:
        return refused("model_refused", looked.refusal)
    return cast("wire.ModelRecord", document.body)


def shadow(shard: "Shard", call: Call) -> "Reply | Finish":
    """Try a model in the shadow of the one that serves; it takes the place of another candidate."""
    record = known(shard, call)
    if isinstance(record, Reply):
        return record
    slot = slot_of(shard.directory, record.signal)
    if slot.served[:1] == (call.id,):
        return refused("state_conflict", f"Model {call.id!r} serves already.", state="serving")
    if slot.shadow == call.id:
        return Reply(200, model_view(shard, call.id))
    put_slot(shard, record.signal, msgspec.structs.replace(slot, shadow=call.id))
    note(shard, record.signal, call.id, c.MODEL_SHADOWED)
    return replied(shard, call.id)


def serve(shard: "Shard", id_: str, record: wire.ModelRecord) -> "Finish":
    """Put a model to work in place of the one that reads its signal now."""
    slot = slot_of(shard.directory, record.signal)
    served = (id_, *slot.served)[:SERVED_KEPT_MAX]
    candidate = None if slot.shadow == id_ else slot.shadow
    put_slot(shard, record.signal, wire.SlotRecord(served=served, shadow=candidate))
    note(shard, record.signal, id_, c.MODEL_ACTIVATED)
    return replied(shard, id_)


def activate(shard: "Shard", call: Call) -> "Reply | Finish":
    """Put a model to work, whatever its trial says; one that is stays."""
    record = known(shard, call)
    if isinstance(record, Reply):
        return record
    if slot_of(shard.directory, record.signal).served[:1] == (call.id,):
        return Reply(200, model_view(shard, call.id))
    return serve(shard, call.id, record)


def promote(shard: "Shard", call: Call) -> "Reply | Finish":
    """Put a candidate to work if its trial has passed the gate."""
    record = known(shard, call)
    if isinstance(record, Reply):
        return record
    slot = slot_of(shard.directory, record.signal)
    if slot.shadow != call.id:
        state = state_of(shard.directory, call.id, record)
        return refused(
            "state_conflict", f"Model {call.id!r} is {state}, not in the shadow.", state=state
        )
    looked = cast("Looked | None", call.found) or Looked(objections=("it was not tried here",))
    if looked.objections:
        why = "; ".join(looked.objections)
        return refused("state_conflict", f"The gate objects: {why}.", state="shadow")
    return serve(shard, call.id, record)


def rollback(shard: "Shard", call: Call) -> "Reply | Finish":
    """Put the model to work again that served before this one."""
    record = known(shard, call)
    if isinstance(record, Reply):
        return record
    slot = slot_of(shard.directory, record.signal)
    if slot.served[:1] != (call.id,):
        state = state_of(shard.directory, call.id, record)
        return refused("state_conflict", f"Model {call.id!r} is {state}, not serving.", state=state)
    if len(slot.served) < 2:
        detail = f"No model read {record.signal!r} before {call.id!r}."
        return refused("state_conflict", detail, state="serving")
    put_slot(shard, record.signal, msgspec.structs.replace(slot, served=slot.served[1:]))
    note(shard, record.signal, call.id, c.MODEL_ROLLED_BACK)
    return replied(shard, slot.served[1])


def doubt(shard: "Shard", call: Call) -> "Reply | Finish":
    """Note that a model's errors or its messages changed; a device calls this."""
    record = known(shard, call)
    if isinstance(record, Reply):
        return record
    note(shard, record.signal, call.id, c.MODEL_DOUBTED)
    return replied(shard, call.id)


# -- questions -----------------------------------------------------------------------------------------------------


def get_model(shard: "Shard", call: Call) -> Reply:
    """Read a model."""
    document = shard.directory.document(MODEL, call.id)
    if document is None:
        return unknown("model", call.id)
    return Reply(200, model_view(shard, call.id), version=document.version)


def list_models(shard: "Shard", call: Call) -> Reply:
    """List models by their ids."""
    page = page_of(call, shard.directory.documents[MODEL])
    if isinstance(page, Reply):
        return page
    items = [model_view(shard, id_) for id_ in page[0]]
    return Reply(200, wire.ModelsPage(items=items, next=page[1]))


MODELS = {
    "models.list": list_models,
    "models.get": get_model,
    "models.put": put_model,
    "models.shadow": shadow,
    "models.promote": promote,
    "models.activate": activate,
    "models.rollback": rollback,
    "models.doubt": doubt,
}
