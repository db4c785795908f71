"""Signals of tickets: who is believed, what changes a decision, what they ask of agents, what the journal keeps."""

from typing import Any

import msgspec
import pytest

from router.core.machine import Machine
from router.desk.signals import understood_as
from router.directory import TICKET
from router.journal import decode
from router.recover import verify
from router.shard import Shard
from router.wire.calls import Reply
from router.wire.found import Statement
from tests.router.desk.floors import Desk, pointers

MARGIN = 0.1
CONFIG = {
    "language": {"least": 0.5, "default": "en"},
    "intents": {
        "refund": {"queue": "sales", "requirements": [{"skill": "refunds", "min_level": 2}]},
        "bill": {"requirements": [{"skill": "billing"}]},
        "nothing": {},
    },
    "intent_least": 0.5,
    "intake": ["help"],
    "urgency": {"high": 2, "low": -1},
    "margin": MARGIN,
}


def floor(config: dict[str, Any] | None = None) -> Desk:
    """Return a floor whose agents speak English, German and Dutch, with signals put to use."""
    desk = Desk().furnish()
    desk.staff("ann", languages={"en": 5, "de": 4, "nl": 3}, units=1)
    desk.do("signals.put", body=CONFIG if config is None else config)
    return desk


def statement(line: str) -> Statement:
    """Read ``tier1 language de 0.81`` as a statement; sure from 0.9 on."""
    source, name, value, probability = line.split()
    level = "high" if float(probability) >= 0.9 else "medium"
    return Statement(name, value, float(probability), level, source, "m-1")


def tell(desk: Desk, name: str, id_: str, body: dict[str, Any], *lines: str) -> Reply:
    """Do a call with statements that a device found before it, as an engine does."""
    found = {id_: tuple(statement(line) for line in lines)} if lines else None
    call = msgspec.structs.replace(desk.call(name, id_, body), found=found)
    pending = desk.shard.admit(call, desk.at_us)
    replies = desk.settle()
    return replies[0] if pending is None else pending


def put(desk: Desk, id_: str, *lines: str, **body: Any) -> Any:
    """Put a ticket whose message says what the lines say; return it."""
    plain = {"queue": "help", "channel": "chat", "text": "said in secret", **body}
    reply = tell(desk, "tickets.put", id_, plain, *lines)
    assert reply.problem is None, reply.problem
    return reply.body


def play(timetable: str) -> None:
    """
    Put a ticket and tell more about it, line by line.

    Left of the arrow stands who says what; right of it by what the ticket is routed then, and who is shown first.
    """
    desk = floor()
    for n, line in enumerate(timetable.strip().splitlines()):
        said, expected = (part.strip() for part in line.split("->"))
        source, *rest = said.split()
        if source == "correct":
            body = {rest[0]: None if rest[1] == "null" else rest[1]}
            reply = tell(desk, "tickets.correct", "t", body)
        elif source == "client":
            reply = tell(desk, "tickets.inform", "t", {rest[0]: {"value": rest[1]}})
        elif n == 0 or source == "anew":
            again = said.removeprefix("anew ")
            plain = {"queue": "help", "channel": "chat", "text": f"message {n}"}
            reply = tell(desk, "tickets.put", "t", plain, again)
        else:
            reply = tell(desk, "tickets.inform", "t", {}, said)
        assert reply.problem is None, reply.problem
        found = [each for each in reply.body.found if each.name == "language"]
        by = [f"{each.value} {each.source}" for each in found if each.applied]
        assert [*by, found[0].source] == expected.rsplit(", ", 1), line


# -- who is believed -------------------------------------------------------------------------------------------------


def test_a_later_signal_changes_the_decision_only_beyond_a_margin() -> None:
    """The surer tier is shown at once; the ticket is routed anew only when it is surer by 0.1."""
    play("""
         tier0 language de 0.70   -> de tier0, tier0
         tier1 language nl 0.75   -> de tier0, tier1
         tier1 language nl 0.79   -> de tier0, tier1
         tier1 language nl 0.81   -> nl tier1, tier1
         tier1 language de 0.85   -> nl tier1, tier1
         tier1 language nl 0.50   -> nl tier1, tier1
    """)


def test_people_are_believed_before_clients_and_clients_before_models() -> None:
    """No margin is asked of who says rather than guesses, and what is taken back leaves who was next."""
    play("""
         tier0 language de 0.99   -> de tier0, tier0
         client language nl       -> nl upstream, upstream
         tier1 language de 0.99   -> nl upstream, upstream
         correct language en      -> en correction, correction
         client language de       -> en correction, correction
         correct language null    -> de upstream, upstream
    """)


def test_another_message_is_read_anew_and_does_not_send_a_ticket_to_and_fro() -> None:
    """What models found in the message before is forgotten, except what the ticket is routed by while it is."""
    play("""
         tier0 language de 0.80        -> de tier0, tier0
         tier1 language de 0.95        -> de tier1, tier1
         anew tier0 language nl 0.99   -> de tier1, tier1
         anew tier0 language de 0.60   -> de tier0, tier0
         anew tier0 language nl 0.75   -> nl tier0, tier0
         correct language en           -> en correction, correction
         anew tier0 language de 0.99   -> en correction, correction
    """)


def test_what_the_client_sends_as_its_own_signals_counts_by_the_same_names() -> None:
    """A vendor's prediction stands before a model's; one that is withdrawn is forgotten."""
    desk = floor()
    own = {"intent": "bill", "intent_probability": 0.8, "mood": "grim"}
    first = put(desk, "t", "tier0 intent refund 0.99", signals=own)
    assert [(s.value, s.source, s.applied) for s in first.found] == [
        ("bill", "upstream", True),
        ("refund", "tier0", False),
    ]
    assert first.queue == "help"
    patched = desk.do("tickets.patch", "t", {"signals": None})
    assert [(s.value, s.source, s.applied) for s in patched.found] == [("refund", "tier0", True)]
    assert patched.queue == "sales"


# -- what they ask of agents -----------------------------------------------------------------------------------------


def wanted(desk: Desk, id_: str) -> dict[str, Any]:
    """Return what the core was told that a ticket asks for."""
    shard = desk.shard
    row = shard.directory.rows[id_]
    words = shard.directory.profile_words[int(shard.machine.arrays.tickets[row]["profile"])]
    language = shard.directory.names[8].ids[words[4]] if words[4] >= 0 else None
    skills = [shard.directory.names[0].ids[words[14 + 3 * n]] for n in range(words[7])]
    priority = int(shard.machine.arrays.tickets[row]["priority"])
    return {"language": language, "level": words[5], "skills": skills, "priority": priority}


@pytest.mark.parametrize(
    ("lines", "body", "expected"),
    [
        (["tier0 language de 0.95"], {}, {"language": "de", "level": 1}),
        (["tier0 language de 0.80"], {}, {"language": "de", "level": 0}),
        (["tier0 language de 0.40"], {}, {"language": "en", "level": 0}),
        (["tier0 language und 0.99"], {}, {"language": "en", "level": 0}),
        (["tier0 language fi 0.99"], {}, {"language": "en", "level": 0}),
        (["tier0 language af 0.99"], {}, {"language": "nl", "level": 0}),
        (
            ["tier0 language de 0.95"],
            {"language": {"tag": "nl", "min_level": 2}},
            {"language": "nl", "level": 2},
        ),
        (["tier0 intent bill 0.60"], {}, {"skills": ["billing"]}),
        (["tier0 intent bill 0.40"], {}, {"skills": []}),
        (["tier0 intent unheard 0.99"], {}, {"skills": []}),
        (["tier0 intent nothing 0.99"], {}, {"skills": []}),
        (
            ["tier0 intent bill 0.90"],
            {"requirements": [{"skill": "billing", "min_level": 3}]},
            {"skills": ["billing"]},
        ),
        (["tier0 urgency high 0.90"], {}, {"priority": 7}),
        (["tier0 urgency low 0.90"], {}, {"priority": 4}),
        (["tier0 urgency high 0.30"], {}, {"priority": 5}),
        (["tier0 urgency high 0.90"], {"priority": 1}, {"priority": 1}),
    ],
)
def test_signals_ask_for_what_the_workspace_says(
    lines: list[str], body: dict[str, Any], expected: dict[str, Any]
) -> None:
    """What the client said itself is never changed; what is not sure enough asks for nothing."""
    desk = floor()
    put(desk, "t", *lines, **body)
    found = wanted(desk, "t")
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("spoken", "tag", "expected"),
    [
        (["da", "sv"], "no", ("da", 0.8)),
        (["sv"], "nb", ("sv", 0.7)),
        (["no", "sv"], "nb-NO", ("no", 1.0)),
        (["es-MX", "es"], "gl", ("es", 0.7)),
        (["de", "ja"], "pt", ("de", 0.0)),
        ([], "pt", ("pt", 0.0)),
    ],
)
def test_a_language_nobody_speaks_is_understood_by_its_kin(
    spoken: list[str], tag: str, expected: tuple[str, float]
) -> None:
    """The nearest language of those who are here is asked for instead; strangers' languages are not near."""
    desk = Desk().furnish()
    if spoken:
        desk.staff("ann", languages=dict.fromkeys(spoken, 5))
    found = understood_as(desk.shard.directory, tag)
    assert (found[0] if found[1] else "", found[1]) == (
        expected[0] if expected[1] else "",
        expected[1],
    )


def test_an_intent_moves_only_what_was_put_into_the_intake() -> None:
    """A ticket in the intake goes to its intent's queue; one put elsewhere stays there, and asks for the skill."""
    desk = floor()
    assert put(desk, "t1", "tier0 intent refund 0.90").queue == "sales"
    desk.do("queues.put", "vip", {})
    assert put(desk, "t2", "tier0 intent refund 0.90", queue="vip").queue == "vip"
    assert wanted(desk, "t2")["skills"] == ["refunds"]


def test_without_a_configuration_signals_are_shown_and_ask_for_nothing() -> None:
    """Until the workspace says so, no ticket is routed by what was found."""
    desk = Desk().furnish().staff("ann", languages={"en": 5, "de": 5})
    ticket = put(desk, "t", "tier0 language de 0.99", "tier0 urgency high 0.99")
    assert [each.value for each in ticket.found] == ["de", "high"]
    assert wanted(desk, "t") == {"language": None, "level": 0, "skills": [], "priority": 5}


def test_what_is_configured_and_then_removed_refuses_no_ticket() -> None:
    """A skill that an intent names cannot be removed; a queue that is gone all the same is passed over."""
    desk = floor()
    assert desk.refuse("skills.delete", "refunds").code == "in_use"
    assert desk.refuse("queues.delete", "sales").code == "in_use"
    del desk.shard.directory.documents[0]["refunds"]
    assert put(desk, "t", "tier0 intent refund 0.90").queue == "sales"
    assert wanted(desk, "t")["skills"] == []


def test_a_configuration_names_what_exists() -> None:
    """Every queue and skill that nobody configured is named at once, where it stands."""
    problem = Desk().refuse(
        "signals.put",
        body={
            "intake": ["nowhere"],
            "intents": {"a/b": {"queue": "nowhere", "requirements": [{"skill": "none"}]}},
        },
    )
    assert pointers(problem) == [
        "/intake/0",
        "/intents/a~1b/queue",
        "/intents/a~1b/requirements/0/skill",
    ]


def test_a_configuration_has_versions() -> None:
    """It is made, stays as it is when told again, and changes only for who knows its version."""
    desk = Desk().furnish()
    assert desk.do("signals.get").version == 0
    assert desk.submit("signals.put", body={"margin": 0.2}).status == 201
    assert desk.submit("signals.put", body={"margin": 0.2}).version == 1
    assert desk.refuse("signals.put", body={}, if_match=7).code == "etag_mismatch"
    assert desk.do("signals.put", body={}, if_match=1).version == 2
    assert desk.do("signals.get").margin == 0.1


# -- what the journal keeps ------------------------------------------------------------------------------------------


def lived() -> Desk:
    """Return a floor that signals moved about for a while."""
    desk = floor()
    put(desk, "t1", "tier0 language de 0.70", "tier0 intent bill 0.55", "tier0 urgency high 0.9")
    put(desk, "t2", "tier0 language nl 0.99", subject="also secret")
    desk.wait(1.0)
    tell(desk, "tickets.inform", "t1", {}, "tier1 intent refund 0.92")
    tell(desk, "tickets.correct", "t2", {"language": "en", "intent": "bill"})
    batch = {"tickets": [{"id": "t3", "queue": "help", "channel": "email", "text": "in secret"}]}
    call = desk.call("tickets.batch", "", batch)
    found = {"t3": (statement("tier0 intent refund 0.9"),)}
    desk.shard.admit(msgspec.structs.replace(call, found=found), desk.at_us)
    desk.settle()
    desk.do("tickets.cancel", "t2", {})
    desk.do("tickets.correct", "t2", {"intent": "refund"})
    return desk


def test_a_replay_decides_the_same_without_reading_anything() -> None:
    """The commands hold what the signals asked for: deciding again needs neither text nor model."""
    desk = lived()
    assert wanted(desk, "t1") == {
        "language": "de",
        "level": 0,
        "skills": ["refunds"],
        "priority": 7,
    }
    verdict = verify(enumerate(desk.frames, 1), Machine())
    assert verdict.difference is None, str(verdict.difference)
    assert verdict.digest == desk.shard.machine.digest() == desk.recovered().machine.digest()


def test_what_was_found_is_there_after_a_restart_and_what_was_written_is_not() -> None:
    """Statements with source and model come back from the journal and go on alike; no message is in any frame."""
    desk = lived()
    again = desk.recovered()
    for id_ in ("t1", "t2", "t3"):
        document = desk.shard.directory.documents[TICKET][id_]
        assert document.found
        assert again.directory.documents[TICKET][id_].found == document.found
    models = {s.model for s in again.directory.documents[TICKET]["t1"].found}
    assert models == {"m-1"}
    assert b"secret" not in b"".join(desk.frames)
    assert desk.do("tickets.get", "t2").found[0].value == "en"


def test_a_correction_of_a_ticket_that_ended_is_kept_and_changes_nothing_else() -> None:
    """It is a label to learn from: the ticket stays as it was, no event says otherwise."""
    desk = lived()
    desk.types()
    before = desk.shard.machine.digest()
    reply = desk.do("tickets.correct", "t2", {"intent": "nothing"})
    first = next(signal for signal in reply.found if signal.name == "intent")
    assert (first.value, first.source) == ("nothing", "correction")
    assert reply.state == "canceled"
    assert desk.types() == []
    assert desk.shard.machine.digest() == before


def test_a_signal_that_changes_no_decision_makes_no_event() -> None:
    """Listeners hear of a ticket when it is routed otherwise, not whenever a model was asked."""
    desk = floor()
    put(desk, "t", "tier0 intent bill 0.9", queue="sales")
    desk.types()
    tell(desk, "tickets.inform", "t", {}, "tier1 intent bill 0.95")
    assert desk.types() == []
    version = desk.do("tickets.get", "t").version
    tell(desk, "tickets.correct", "t", {"intent": "refund"})
    assert "ticket.updated" in desk.types()
    assert desk.do("tickets.get", "t").version > version


def test_frames_of_before_there_were_signals_are_read() -> None:
    """A document without the last field is one in whose message nothing was found."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t", {"queue": "help", "channel": "chat"})
    recorded = decode(desk.frames[-1])
    (kind, id_, raw) = recorded.documents[0]
    old = msgspec.msgpack.encode(msgspec.msgpack.decode(raw)[:6])
    shard = Shard()
    shard.directory.learn([], [(kind, id_, msgspec.Raw(old))])
    document = shard.directory.documents[kind][id_]
    assert (document.body.queue, document.found) == ("help", ())


def test_a_correction_that_is_none_is_refused_by_name() -> None:
    """A language that is no tag, a signal there is not, a ticket there is not."""
    desk = floor()
    put(desk, "t", "tier0 language de 0.9")
    assert desk.refuse("tickets.correct", "nobody", {}).code == "unknown_resource"
    assert desk.submit("tickets.correct", "t", {}).status == 200
    with pytest.raises(AssertionError, match="/language"):
        desk.call("tickets.correct", "t", {"language": "not a tag"})
    with pytest.raises(AssertionError, match="/mood"):
        desk.call("tickets.correct", "t", {"mood": "grim"})
