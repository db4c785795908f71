"""The bodies of the interface's description, as written there, are taken."""

import msgspec
import pytest

from router.wire.checks import check
from router.wire.codec import decode_body
from router.wire.negotiation import JSON, MSGPACK
from router.wire.problems import Problem
from router.wire.routes import BY_NAME
from router.wire.tickets import Batch, BatchTicket

TICKET = {
    "queue": "support",
    "channel": "chat",
    "priority": 3,
    "language": {"tag": "pt-BR", "min_level": 3, "mode": "required"},
    "region": "latam",
    "groups": ["emea"],
    "requirements": [
        {"skill": "billing", "min_level": 2, "mode": "required"},
        {"skill": "enterprise", "min_level": 1, "mode": "preferred", "weight": 0.4},
    ],
    "relax": [
        {"after_s": 30, "drop": ["enterprise"]},
        {"after_s": 90, "language_min_level": 2, "min_level": {"billing": 1}},
        {"after_s": 180, "groups_add": ["overflow"], "language_drop": True},
        {"after_s": 240.5, "groups_any": True, "region_any": True, "queue": "general"},
    ],
    "preferred_agents": [
        {"agent": "ana", "weight": 1.0, "ttl_s": 45},
        {"agent": "bo", "weight": -1, "ttl_s": None},
    ],
    "sla": {"first_response_s": 120, "next_response_s": 300, "resolution_s": 86400},
    "virtual_start": "2026-11-23T08:59:00Z",
    "start_at": "2026-11-23T09:00:00+01:00",
    "ttl_s": 3600,
    "customer": "c-77",
    "signals": {"intent": "refund", "intent_confidence": 0.91, "sentiment": -0.6},
    "attributes": {"order": "A-19"},
    "subject": "Refund",
    "text": "Where is my refund? It has been two weeks.",
}
REQUIREMENTS = {
    key: TICKET[key]
    for key in ("language", "region", "groups", "requirements", "relax", "preferred_agents")
}
EXAMPLES: dict[str, list[dict[str, object]]] = {
    "skills.put": [{}, {"label": "Billing"}],
    "groups.put": [{}, {"label": "EMEA"}],
    "channels.put": [
        {},
        {
            "cost": 4,
            "max_per_agent": None,
            "interruptible": False,
            "interrupts": True,
            "offer_ttl_s": 20,
            "auto_accept": False,
            "wrap_up_s": 60,
            "first_reply_return_s": None,
            "label": "Voice",
        },
    ],
    "calendars.put": [
        {
            "time_zone": "Europe/Lisbon",
            "weekly": [
                {"days": ["mon", "tue"], "open": "09:00", "close": "17:30"},
                {"days": ["fri"], "open": "22:00", "close": "06:00"},
                {"days": ["sat"], "open": "09:00", "close": "24:00"},
            ],
            "exceptions": [{"date": "2026-12-25", "open": None, "close": None}],
        }
    ],
    "regions.put": [{"time_zone": "UTC", "calendar": None, "distance": {"emea": 100}}],
    "queues.put": [
        {},
        {
            "label": "Support",
            "calendar": "office",
            "sla": {"first_response_s": 120, "warn_at": 0.8, "clock": "calendar"},
            "service_level": {"target_s": 20, "share": 0.8},
            "overflow": {"queue": "general", "after_s": 300, "waiting_max": 50},
            "relax": [{"after_s": 30, "drop": ["enterprise"]}],
            "offers_parallel": 5,
            "ticket_ttl_s": None,
            "default_priority": 5,
        },
    ],
    "agents.put": [
        {},
        {
            "name": "Ana",
            "kind": "human",
            "groups": ["emea"],
            "queues": None,
            "region": "lisbon",
            "skills": {"billing": 3},
            "languages": {"pt-BR": 4},
            "units": 4,
            "channels": {"chat": {"cost": 1, "max": 3}, "voice": {"max": 0}},
            "shift": "office",
        },
    ],
    "agents.patch": [{}, {"skills": {"billing": None, "sales": 2}, "shift": None}],
    "agents.presence": [
        {"presence": "available"},
        {
            "presence": "away",
            "activity": "lunch",
            "until": "2026-11-23T13:00:00Z",
            "then": "available",
        },
    ],
    "agents.heartbeat": [{}],
    "agents.drain": [{}],
    "tickets.put": [TICKET, {"queue": "support", "channel": "email"}],
    "tickets.patch": [{}, TICKET, {"priority": None, "attributes": {"order": None}}],
    "tickets.batch": [{"tickets": [{"id": "zd-1", **TICKET}, {"id": "zd-2", **TICKET}]}],
    "tickets.cancel": [{}, {"reason": "duplicate"}],
    "tickets.abandon": [{}],
    "tickets.requeue": [{}],
    "tickets.transfer": [{}, {"queue": "sales", "channel": "voice", **REQUIREMENTS}],
    "tickets.escalate": [{}, {"priority": 9, "queue": "tier2", **REQUIREMENTS}],
    "tickets.suspend": [{}, {"until": "2026-11-24T09:00:00Z"}],
    "tickets.resume": [{}],
    "tickets.assign": [{"agent": "ana"}, {"agent": "ana", "force": True}],
    "tickets.reply": [{"by": "agent"}, {"by": "customer"}],
    "tickets.correct": [{}, {"language": "pt-BR", "intent": "refund", "urgency": None}],
    "tickets.inform": [
        {"intent": {"value": "refund", "probability": 0.91}, "model": "vendor-7"},
        {"language": {"value": "pt"}, "sentiment": {"value": "negative", "probability": 0.6}},
    ],
    "signals.put": [
        {},
        {
            "languages": ["en", "pt-BR"],
            "language": {"mode": "required", "min_level": 2, "least": 0.6, "default": "en"},
            "intents": {
                "refund": {
                    "queue": "billing",
                    "requirements": [{"skill": "refunds", "min_level": 2}],
                }
            },
            "intent_least": 0.7,
            "intake": ["support"],
            "urgency": {"high": 2, "low": -1},
            "urgency_least": 0.5,
            "margin": 0.15,
            "gate": {"labels_min": 1000, "loss_max": 0.005},
            "learning": {"online": True, "promote": False},
            "label": "since the spring",
        },
    ],
    "signals.analyze": [
        {"messages": [{"text": "Where is my refund?"}]},
        {"messages": [{"subject": "Hi", "text": "", "locale": "pt-BR"}], "explain": True},
    ],
    "signals.similar": [
        {"text": "Where is my refund?"},
        {"text": "Onde está?", "most": 10, "kind": "article", "language": "pt-BR"},
    ],
    "articles.put": [{"csv": "id,title,text\na-1,Refunds,How refunds work\n"}],
    "models.put": [{}, {"label": "trained on May"}],
    "models.shadow": [{}],
    "models.promote": [{}],
    "models.activate": [{}],
    "models.rollback": [{}],
    "models.doubt": [{}],
    "offers.accept": [{}],
    "offers.decline": [{}, {"reason": "busy", "retry_after_s": 60}],
    "offers.defer": [{"for_s": 120}],
    "assignments.wrap_up": [{}],
    "assignments.complete": [{}, {"disposition": "solved"}],
    "assignments.release": [{}, {"reason": "wrong team"}],
    "revisions.put": [
        {},
        {
            "base": "ours",
            "weights": {"skill": 2.5},
            "decline_cooldown_s": 300,
            "no_answer_max": 3,
            "reconnect_grace_s": 30,
        },
    ],
    "revisions.validate": [{}],
    "revisions.activate": [{}],
    "policies.rollback": [{}],
    "decisions.explain": [{"ticket": "zd-1"}, {"ticket": "zd-1", "agent": "ana"}],
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_taken_in_both_formats(name: str) -> None:
    """Each example decodes, to the same struct from JSON and MessagePack."""
    for example in EXAMPLES[name]:
        kind = BY_NAME[name].body
        from_json = decode_body(msgspec.json.encode(example), JSON, kind)
        assert not isinstance(from_json, Problem), from_json
        assert decode_body(msgspec.msgpack.encode(example), MSGPACK, kind) == from_json


def test_every_body_has_an_example() -> None:
    """A route that takes a body is shown with one."""
    assert set(EXAMPLES) == {name for name, route in BY_NAME.items() if route.body}


def test_a_batch_item_is_the_ticket_and_its_id() -> None:
    """The batch carries what PUT takes, id beside it, and nothing is lost on the way."""
    batch = decode_body(
        msgspec.json.encode(EXAMPLES["tickets.batch"][0]), JSON, BY_NAME["tickets.batch"].body
    )
    assert isinstance(batch, Batch)
    assert [item.id for item in batch.items] == ["zd-1", "zd-2"]
    assert all(isinstance(item, BatchTicket) and check(item) == [] for item in batch.items)
