"""
Calls about policies: revisions are made, looked at, put to work and taken back.

A revision is the document ``id/number``; its note is the instant of its last activation. A policy is the document
``id``: its body is that of the revision made or put to work last, its note lists the revisions that were at work,
newest first, and begins with a ``*`` while the policy itself is.
"""

from typing import TYPE_CHECKING, Final, cast

from msgspec.structs import asdict

from router.core import codes as c
from router.core.limits import SECOND_US
from router.desk.conditions import limit_reached, unknown, unmet, validation_failed
from router.desk.outcome import Outcome
from router.desk.paging import page_of
from router.directory import POLICY, Document
from router.policies.compiling import compile_policy, remarks
from router.wire import policies as wire
from router.wire.calls import Call, Reply, refused
from router.wire.fields import instant_text
from router.wire.problems import FieldError, wrong

if TYPE_CHECKING:
    from router.shard import Finish, Shard

POLICIES_MAX: Final = 64
REVISIONS_PER_POLICY_MAX: Final = 1_000
ROLLBACKS_MAX: Final = 100
"""Activations that a policy remembers."""
RETENTION_LEAST_S: Final = 1.0
"""A ticket that ended can be read at least until the call that ended it is answered."""
AT_WORK: Final = "*"


# -- documents ---------------------------------------------------------------------------------------------------------


def key_of(id_: str, number: int) -> str:
    """Return the id of the document of a revision; no policy's own id has a slash."""
    return f"{id_}/{number}"


def numbers_of(shard: "Shard", id_: str) -> list[int]:
    """Return the numbers of a policy's revisions, rising."""
    found = (key.rpartition("/") for key in shard.directory.documents[POLICY])
    return sorted(int(number) for policy, _, number in found if policy == id_)


def past_of(document: Document) -> tuple[bool, list[int]]:
    """Return whether a policy is at work, and the revisions that were, newest first."""
    words = (document.note or "").split()
    at_work = AT_WORK in words
    return at_work, [int(word) for word in words if word != AT_WORK]


def note_of(at_work: bool, past: list[int]) -> str:
    """Return the note from which ``past_of`` reads."""
    return " ".join([AT_WORK] * at_work + [str(number) for number in past[:ROLLBACKS_MAX]])


def at_work(shard: "Shard") -> tuple[str, int]:
    """Return the policy at work and the number of its revision; an empty id before the first."""
    for id_, document in shard.directory.documents[POLICY].items():
        if "/" not in id_:
            is_it, past = past_of(document)
            if is_it:
                return id_, past[0]
    return "", 0


# -- showing -----------------------------------------------------------------------------------------------------------


def policy_view(shard: "Shard", id_: str, document: Document) -> wire.Policy:
    """Return a policy as clients see it."""
    is_it, past = past_of(document)
    return wire.Policy(
        id=id_,
        active_revision=past[0] if is_it else None,
        previous_revision=past[1] if is_it and len(past) > 1 else None,
        revisions=numbers_of(shard, id_),
        version=document.version,
        seq=document.seq,
    )


def revision_view(shard: "Shard", id_: str, number: int, document: Document) -> wire.PolicyRevision:
    """Return a revision as clients see it."""
    is_active = at_work(shard) == (id_, number)
    was_active = document.note is not None
    return wire.PolicyRevision(
        **asdict(document.body),
        policy=id_,
        revision=number,
        state="active" if is_active else "retired" if was_active else "draft",
        created_at=instant_text(document.created_us),
        activated_at=instant_text(int(document.note)) if document.note is not None else None,
        seq=document.seq,
    )


def found(shard: "Shard", call: Call) -> tuple[int, Document] | Reply:
    """Return the number and the document of the revision that a call is about, or the refusal."""
    number = int(call.sub)
    document = shard.directory.document(POLICY, key_of(call.id, number))
    if document is None:
        return refused("unknown_resource", f"Policy {call.id!r} has no revision {number}.")
    return number, document


# -- revisions ---------------------------------------------------------------------------------------------------------


def errors_of(body: wire.PolicyBody, number: int) -> list[FieldError]:
    """Return everything that keeps a revision from ever being put to work."""
    words = compile_policy(body, number)
    errors = [word for word in words if isinstance(word, FieldError)]
    if body.retention_s < RETENTION_LEAST_S:
        detail = (
            f"Expected at least {RETENTION_LEAST_S:g} s: who ends a ticket is shown it once more."
        )
        errors.append(wrong("/retention_s", detail, body.retention_s))
    return errors


def put_revision(shard: "Shard", call: Call) -> "Reply | Finish":
    """Make a revision; made again as it is, it stays."""
    body, number = cast("wire.PolicyBody", call.body), int(call.sub)
    directory = shard.directory
    key = key_of(call.id, number)
    old = directory.document(POLICY, key)
    if old is not None:
        if old.body != body:
            detail = f"Revision {number} of {call.id!r} was made otherwise; revisions never change."
            return refused("state_conflict", detail)
        return Reply(200, revision_view(shard, call.id, number, old))
    errors = errors_of(body, number)
    if errors:
        return validation_failed(errors)
    policy = directory.document(POLICY, call.id)
    count = sum("/" not in id_ for id_ in directory.documents[POLICY])
    if policy is None and count >= POLICIES_MAX:
        return limit_reached("policies", POLICIES_MAX)
    if len(numbers_of(shard, call.id)) >= REVISIONS_PER_POLICY_MAX:
        return limit_reached("revisions", REVISIONS_PER_POLICY_MAX)
    document = directory.put(POLICY, key, body, shard.at_us)
    whole = directory.put(POLICY, call.id, body, shard.at_us, policy.note if policy else None)

    def finish(outcome: Outcome) -> Reply:
        document.seq = whole.seq = outcome.last_seq
        location = f"/v1/policies/{call.id}/revisions/{number}"
        return Reply(201, revision_view(shard, call.id, number, document), location=location)

    return finish


def get_revision(shard: "Shard", call: Call) -> Reply:
    """Read a revision."""
    revision = found(shard, call)
    if isinstance(revision, Reply):
        return revision
    return Reply(200, revision_view(shard, call.id, *revision))


def validate_revision(shard: "Shard", call: Call) -> Reply:
    """Say what speaks against putting a revision to work."""
    revision = found(shard, call)
    if isinstance(revision, Reply):
        return revision
    number, document = revision
    view = wire.Validation(
        policy=call.id,
        revision=number,
        valid=not errors_of(document.body, number),
        warnings=remarks(document.body),
    )
    return Reply(200, view)


def activate(shard: "Shard", id_: str, number: int, past: list[int]) -> None:
    """Put a revision to work in place of what is; ``past`` is what its policy remembers from now on."""
    directory = shard.directory
    document = directory.document(POLICY, key_of(id_, number))
    assert document is not None, f"revision {number} of {id_!r} was checked before"
    words = cast("list[int]", compile_policy(document.body, number))
    shard.machine.push(c.SET_POLICY, shard.at_us, words)
    other, _ = at_work(shard)
    if other and other != id_:
        before = directory.documents[POLICY][other]
        note = note_of(False, past_of(before)[1])
        directory.put(POLICY, other, before.body, shard.at_us, note)
    directory.annotate(POLICY, key_of(id_, number), str(shard.at_us))
    directory.put(POLICY, id_, document.body, shard.at_us, note_of(True, past))


def activate_revision(shard: "Shard", call: Call) -> "Reply | Finish":
    """Put a revision to work; one that already is stays."""
    revision = found(shard, call)
    if isinstance(revision, Reply):
        return revision
    number, document = revision
    if at_work(shard) == (call.id, number):
        return Reply(200, revision_view(shard, call.id, number, document))
    past = past_of(shard.directory.documents[POLICY][call.id])[1]
    activate(shard, call.id, number, [number, *past])

    def finish(outcome: Outcome) -> Reply:
        document.seq = outcome.last_seq
        return Reply(200, revision_view(shard, call.id, number, document))

    return finish


# -- policies ----------------------------------------------------------------------------------------------------------


def rollback(shard: "Shard", call: Call) -> "Reply | Finish":
    """Put the revision to work again that was before the present one."""
    policy = shard.directory.document(POLICY, call.id)
    if policy is None:
        return unknown("policy", call.id)
    refusal = unmet(call, "policy", policy.version)
    if refusal is not None:
        return refusal
    is_it, past = past_of(policy)
    if not is_it:
        return refused("state_conflict", f"Policy {call.id!r} is not at work.")
    if len(past) < 2:
        return refused(
            "state_conflict", f"Policy {call.id!r} has had no revision before {past[0]}."
        )
    activate(shard, call.id, past[1], past[1:])

    def finish(outcome: Outcome) -> Reply:
        now = shard.directory.documents[POLICY][call.id]
        now.seq = outcome.last_seq
        return Reply(200, policy_view(shard, call.id, now), version=now.version)

    return finish


def get_policy(shard: "Shard", call: Call) -> Reply:
    """Read which revisions a policy has."""
    policy = shard.directory.document(POLICY, call.id)
    if policy is None:
        return unknown("policy", call.id)
    return Reply(200, policy_view(shard, call.id, policy), version=policy.version)


def list_policies(shard: "Shard", call: Call) -> Reply:
    """List policies by their ids."""
    documents = shard.directory.documents[POLICY]
    page = page_of(call, (id_ for id_ in documents if "/" not in id_))
    if isinstance(page, Reply):
        return page
    items = [policy_view(shard, id_, documents[id_]) for id_ in page[0]]
    return Reply(200, wire.PoliciesPage(items=items, next=page[1]))


POLICIES = {
    "policies.list": list_policies,
    "policies.get": get_policy,
    "policies.rollback": rollback,
    "revisions.get": get_revision,
    "revisions.put": put_revision,
    "revisions.validate": validate_revision,
    "revisions.activate": activate_revision,
}
assert RETENTION_LEAST_S * SECOND_US >= SECOND_US
