"""What a seed says will happen: a floor, and a list of happenings from a random part of all there are."""

from random import Random
from types import MappingProxyType
from typing import Any, Final, NamedTuple

STEPS: Final = 120
LANGUAGES: Final = ("en", "pt-BR", "de", "fr")
SKILLS: Final = ("billing", "refunds", "vpn")
CHANNELS: Final = ("chat", "email", "voice")

HAPPENINGS: Final = MappingProxyType(
    {
        "arrive": 30,
        "arrive_many": 3,
        "burst": 4,
        "accept": 25,
        "decline": 6,
        "complete": 18,
        "wrap_up": 5,
        "release": 4,
        "cancel": 3,
        "abandon": 3,
        "requeue": 3,
        "escalate": 2,
        "suspend": 2,
        "resume": 2,
        "reply": 3,
        "assign": 2,
        "presence": 8,
        "heartbeat": 6,
        "hire": 2,
        "policy": 2,
        "again": 8,
        "soon": 25,
        "later": 8,
        "commit": 30,
        "snapshot": 3,
        "damage": 1,
        "disk_full": 1,
        "disk_fails": 1,
        "crash": 3,
        "crash_torn": 3,
        "rival": 1,
        "clock": 2,
        "ask": 6,
    }
)
"""Everything that may happen and how often; a swarm leaves out a random third."""
ALWAYS: Final = frozenset({"arrive", "accept", "complete", "soon", "commit"})


class Happening(NamedTuple):
    """One thing that happens; its numbers choose among what there is then."""

    kind: str
    one: int
    two: int
    share: float


class Swarm(NamedTuple):
    """What a seed comes to."""

    seed: int
    floor: dict[str, dict[str, dict[str, Any]]]
    policy: str
    snapshot_every: int
    happenings: tuple[Happening, ...]


def swarm(seed: int, steps: int = STEPS) -> Swarm:
    """Draw the floor and the happenings of a seed."""
    chance = Random(f"soak {seed}")
    weights = {
        kind: weight * chance.choice((1, 1, 3))
        for kind, weight in HAPPENINGS.items()
        if kind in ALWAYS or chance.random() < 2 / 3
    }
    kinds = chance.choices(list(weights), list(weights.values()), k=steps)
    happenings = tuple(
        Happening(kind, chance.randrange(1 << 30), chance.randrange(1 << 30), chance.random())
        for kind in kinds
    )
    policies = (
        "ours",
        "longest_idle",
        "round_robin",
        "least_loaded",
        "best_match",
        "priority_then_age",
    )
    return Swarm(
        seed, _floor(chance), chance.choice(policies), chance.choice((30, 200, 10_000)), happenings
    )


def _floor(chance: Random) -> dict[str, dict[str, dict[str, Any]]]:
    agents: dict[str, dict[str, Any]] = {
        f"a{number}": {
            "units": chance.randint(1, 5),
            "skills": {skill: chance.randint(1, 5) for skill in SKILLS if chance.random() < 0.7},
            "languages": {
                tag.partition("-")[0]: chance.randint(1, 5)
                for tag in LANGUAGES
                if chance.random() < 0.6
            },
            "groups": ["vip"] if chance.random() < 0.4 else [],
        }
        for number in range(chance.randint(1, 6))
    }
    channels: dict[str, dict[str, Any]] = {
        "chat": {"cost": 1, "max_per_agent": chance.choice((None, 1, 2)), "wrap_up_s": 5},
        "email": {"cost": 1, "auto_accept": chance.random() < 0.3,
                  "interruptible": chance.random() < 0.5},
        "voice": {"cost": chance.randint(1, 3), "interrupts": chance.random() < 0.5,
                  "offer_ttl_s": chance.choice((5, 20))},
    }  # fmt: skip
    queues: dict[str, dict[str, Any]] = {
        "help": {"offers_parallel": chance.choice((1, 1, 2)), "sla": {"first_response_s": 60}},
        "sales": {"relax": [{"after_s": 20, "drop": ["billing"], "language_drop": True}]},
    }
    if chance.random() < 0.3:
        queues["help"]["ticket_ttl_s"] = 120
    if chance.random() < 0.3:
        queues["sales"]["overflow"] = {"queue": "help", "waiting_max": 3}
    return {"channels": channels, "queues": queues, "agents": agents}


def ticket_body(happening: Happening) -> dict[str, Any]:
    """Return what a ticket asks for, from the numbers of a happening."""
    chance = Random(happening.one)
    body: dict[str, Any] = {
        "queue": chance.choice(("help", "help", "sales")),
        "channel": chance.choice(CHANNELS),
        "priority": chance.randrange(10),
    }
    if chance.random() < 0.6:
        body["requirements"] = [{"skill": chance.choice(SKILLS), "min_level": chance.randint(1, 4)}]
    if chance.random() < 0.5:
        body["language"] = {"tag": chance.choice(LANGUAGES), "min_level": chance.randint(1, 3)}
    if chance.random() < 0.1:
        body["groups"] = ["vip"]
    if chance.random() < 0.1:
        body["sla"] = {"first_response_s": 8, "resolution_s": 60}
    return body
