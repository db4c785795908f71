"""
Calls about what the floor is made of: skills, groups, channels, calendars, regions and queues.

What is said takes effect at once, within the settlement, so a call may name what an earlier one made.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import msgspec

from router.core.limits import CHANNELS_MAX, GROUPS_MAX, QUEUES_MAX, REGIONS_MAX, SKILLS_MAX
from router.desk import floor
from router.desk.conditions import limit_reached, unknown, unmet, validation_failed
from router.desk.outcome import COME_AGAIN, ComeAgain, Outcome
from router.desk.paging import page_of
from router.desk.policies import activate, key_of
from router.desk.references import in_words, referrers
from router.directory import (
    CALENDAR,
    CHANNEL,
    GROUP,
    KINDS,
    POLICY,
    QUEUE,
    REGION,
    SKILL,
    Document,
)
from router.wire import registry as wire
from router.wire.calls import Call, Reply, refused
from router.wire.policies import PolicyBody
from router.wire.problems import FieldError

if TYPE_CHECKING:
    from router.shard import Finish, Shard

CALENDARS_MAX: Final = 4_096


class Family(NamedTuple):
    """One kind of thing on the floor: how many there may be, and what is done with a body."""

    kind: int
    most: int
    page: type[Any]
    check: Callable[["Shard", str, Any], list[FieldError]]
    """Return what is wrong with the body of an id, given what else there is."""
    tell: Callable[["Shard", str, Any, Any], None]
    """Tell the core: the id, the new body, and the one before or None."""
    show: Callable[["Shard", str, Document], msgspec.Struct]


def no_errors(_shard: "Shard", _id: str, _body: object) -> list[FieldError]:
    """Return no errors: the body names nothing."""
    return []


def tell_nothing(_shard: "Shard", _id: str, _body: object, _old: object) -> None:
    """Leave the core alone: it knows the thing by what names it."""


def shown_as(
    item: Callable[..., msgspec.Struct],
) -> Callable[["Shard", str, Document], msgspec.Struct]:
    """Return how a document is shown when there is nothing to add to its body."""

    def show(_shard: "Shard", id_: str, document: Document) -> msgspec.Struct:
        body = msgspec.structs.asdict(document.body)
        return item(id=id_, version=document.version, seq=document.seq, **body)

    return show


def show_calendar(shard: "Shard", id_: str, document: Document) -> wire.Calendar:
    """Show a calendar, whether it is open and when that changes."""
    open_now, next_change_at = floor.calendar_now(shard, id_)
    return wire.Calendar(
        id=id_,
        open_now=open_now,
        next_change_at=next_change_at,
        version=document.version,
        seq=document.seq,
        **msgspec.structs.asdict(document.body),
    )


def show_queue(shard: "Shard", id_: str, document: Document) -> wire.Queue:
    """Show a queue and whether it is open."""
    return wire.Queue(
        id=id_,
        open_now=floor.is_queue_open(shard, id_),
        version=document.version,
        seq=document.seq,
        **msgspec.structs.asdict(document.body),
    )


FAMILIES: Final = MappingProxyType(
    {
        "skills": Family(
            SKILL, SKILLS_MAX, wire.SkillsPage, no_errors, tell_nothing, shown_as(wire.Skill)
        ),
        "groups": Family(
            GROUP, GROUPS_MAX, wire.GroupsPage, no_errors, tell_nothing, shown_as(wire.Group)
        ),
        "channels": Family(
            CHANNEL,
            CHANNELS_MAX,
            wire.ChannelsPage,
            no_errors,
            floor.tell_channel,
            shown_as(wire.Channel),
        ),
        "calendars": Family(
            CALENDAR,
            CALENDARS_MAX,
            wire.CalendarsPage,
            floor.check_calendar,
            floor.tell_calendar,
            show_calendar,
        ),
        "regions": Family(
            REGION,
            REGIONS_MAX,
            wire.RegionsPage,
            floor.check_region,
            floor.tell_region,
            shown_as(wire.Region),
        ),
        "queues": Family(
            QUEUE,
            QUEUES_MAX,
            wire.QueuesPage,
            floor.check_queue,
            floor.tell_queue,
            show_queue,
        ),
    }
)
"""What the floor is made of."""


def put(name: str) -> Callable[["Shard", Call], "Reply | Finish"]:
    """Return the handler that creates or replaces one of a family."""
    family = FAMILIES[name]
    what = KINDS[family.kind]

    def handler(shard: "Shard", call: Call) -> "Reply | Finish":
        old = shard.directory.document(family.kind, call.id)
        refusal = unmet(call, what, None if old is None else old.version)
        if refusal is not None:
            return refusal
        if old is not None and old.body == call.body:
            return Reply(200, family.show(shard, call.id, old), version=old.version)
        errors = family.check(shard, call.id, call.body)
        if errors:
            return validation_failed(errors)
        if not shard.directory.has_room(family.kind, call.id, family.most):
            return limit_reached(name, family.most)
        shard.directory.intern(family.kind, call.id)
        document = shard.directory.put(family.kind, call.id, call.body, shard.at_us)
        family.tell(shard, call.id, call.body, None if old is None else old.body)

        def finish(outcome: Outcome) -> Reply:
            document.seq = outcome.last_seq
            status, location = (201, f"/v1/{name}/{call.id}") if old is None else (200, None)
            body = family.show(shard, call.id, document)
            return Reply(status, body, version=document.version, location=location)

        return finish

    return handler


def get(name: str) -> Callable[["Shard", Call], Reply]:
    """Return the handler that reads one of a family."""
    family = FAMILIES[name]

    def handler(shard: "Shard", call: Call) -> Reply:
        document = shard.directory.document(family.kind, call.id)
        if document is None:
            return unknown(KINDS[family.kind], call.id)
        return Reply(200, family.show(shard, call.id, document), version=document.version)

    return handler


def list_(name: str) -> Callable[["Shard", Call], Reply]:
    """Return the handler that lists a family by the ids."""
    family = FAMILIES[name]

    def handler(shard: "Shard", call: Call) -> Reply:
        documents = shard.directory.documents[family.kind]
        page = page_of(call, documents)
        if isinstance(page, Reply):
            return page
        ids, following = page
        items = [family.show(shard, id_, documents[id_]) for id_ in ids]
        return Reply(200, family.page(items=items, next=following))

    return handler


def delete(name: str) -> Callable[["Shard", Call], "Reply | Finish | ComeAgain"]:
    """Return the handler that removes one of a family unless something refers to it."""
    family = FAMILIES[name]
    what = KINDS[family.kind]

    def handler(shard: "Shard", call: Call) -> "Reply | Finish | ComeAgain":
        document = shard.directory.document(family.kind, call.id)
        if document is None:
            return unknown(what, call.id)
        refusal = unmet(call, what, document.version)
        if refusal is not None:
            return refusal
        if shard.is_pending:
            return COME_AGAIN  # tickets that are being added are not listed yet
        found = referrers(shard, family.kind, call.id)
        if found:
            return refused("in_use", f"The {what} {call.id!r} is in use by {in_words(found)}.")
        shard.directory.drop(family.kind, call.id)
        shard.profiles.forget_demands()
        return done

    return handler


def done(_outcome: Outcome) -> Reply:
    """Reply that something is done and there is nothing to show."""
    return Reply(204)


def conducted(name: str) -> dict[str, Callable[["Shard", Call], Any]]:
    """Return the handlers of a family by the names of their routes."""
    verbs = {"put": put, "get": get, "list": list_, "delete": delete}
    makers = cast("dict[str, Callable[[str], Callable[[Shard, Call], Any]]]", verbs)
    return {f"{name}.{verb}": maker(name) for verb, maker in makers.items()}


# -- how a floor begins ------------------------------------------------------------------------------------------------

CHANNELS: Final = MappingProxyType(
    {
        "chat": wire.ChannelBody(cost=1, offer_ttl_s=30, wrap_up_s=30),
        "email": wire.ChannelBody(cost=1, auto_accept=True, interruptible=True),
        "voice": wire.ChannelBody(cost=4, offer_ttl_s=20, wrap_up_s=60, interrupts=True),
        "messaging": wire.ChannelBody(cost=1, offer_ttl_s=60),
        "task": wire.ChannelBody(cost=1, auto_accept=True, interruptible=True),
        "callback": wire.ChannelBody(cost=4, offer_ttl_s=20, wrap_up_s=60),
    }
)
"""Channels that exist from the start."""
POLICY_ID: Final = "default"


def bootstrap(shard: "Shard", at_us: int, policy: PolicyBody | None = None) -> None:
    """Tell an empty shard of the channels and the policy it starts with; the next settlement journals them."""
    assert not shard.directory.documents[CHANNEL], "only an empty shard is begun"
    shard.at_us = max(shard.at_us, at_us)
    directory = shard.directory
    for id_, channel in CHANNELS.items():
        directory.intern(CHANNEL, id_)
        directory.put(CHANNEL, id_, channel, shard.at_us)
        floor.tell_channel(shard, id_, channel, None)
    policy = policy or PolicyBody()
    directory.put(POLICY, key_of(POLICY_ID, 1), policy, shard.at_us)
    directory.put(POLICY, POLICY_ID, policy, shard.at_us)
    activate(shard, POLICY_ID, 1, [1])
