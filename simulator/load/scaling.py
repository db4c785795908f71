"""
A world at another speed: what the server is told when it is to run faster than life.

A load test at speed 60 plays an hour in a minute. The server's own time limits count its own seconds, so whatever is
told to it in seconds (how long an offer stands, promises, relaxation steps, cool-downs, retention) is told divided by
the speed, and means in the world what it says there. Two things cannot be told: the core's own constants of time
(``FIXED``), and what is shorter than the API can say. A server whose clock runs as fast as the world
(``cordboard serve --clock-speed``) needs no division, and there both scale too.
"""

from typing import Any, Final

import msgspec

from simulator.load.calls import CLOSED
from simulator.worlds.schema import World

LEAST_S: Final = 1e-6
"""The shortest time that the router counts."""
LEAST_OF: Final = {"retention_s": 1.0}
"""What the API takes no shorter."""
FIXED: Final = (
    "how rested an agent is (half after 5 min of the server's clock)",
    "how often a ticket that is held back is looked at (every 0.1 s at most)",
    "how long a desk may be silent (40 s)",
)
"""Times of the core that no body can change."""
DURATIONS: Final = frozenset(
    {
        "offer_ttl_s", "wrap_up_s", "first_reply_return_s", "first_response_s", "next_response_s", "resolution_s",
        "target_s", "after_s", "ticket_ttl_s", "ttl_s", "decline_cooldown_s", "unanswered_cooldown_s",
        "reconnect_grace_s", "hold_s", "retention_s",
    }
)  # fmt: skip
"""Fields of bodies that are durations on the server's clock."""
FAMILIES: Final = ("channels", "queues", "tickets", "policy")
OF_TICKETS: Final = frozenset({"relax", "sla", "ttl_s"})
"""What of a kind of ticket the server is told; its work and patience are people's."""


def divided(value: Any, factor: float) -> Any:
    """Return a plain body with every duration in it divided."""
    if isinstance(value, dict):
        return {
            name: _shorter(name, each, factor) if name in DURATIONS else divided(each, factor)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [divided(each, factor) for each in value]
    return value


def _shorter(name: str, duration_s: Any, factor: float) -> Any:
    if not duration_s:  # none, or nothing
        return duration_s
    return max(LEAST_OF.get(name, LEAST_S), round(duration_s / factor, 6))


def scaled(world: World, factor: float) -> World:
    """Return a world whose router counts seconds that are so many times shorter; its people are as they are."""
    made: dict[str, Any] = msgspec.to_builtins(world)
    for family in ("channels", "queues"):
        made[family] = divided(made[family], factor)
    made["policy"] = divided(made["policy"], factor)
    for ticket in made["tickets"].values():
        for name in OF_TICKETS:
            ticket[name] = divided({name: ticket[name]}, factor)[name]
    return msgspec.convert(made, World)


def on_the_wall(world: World, promises: dict[str, tuple[float | None, float | None]]) -> World:
    """
    Return a world without calendars, as a server is told whose days are other days.

    Doors are opened and closed by calls at the world's instants. A queue whose promises count opening hours gets them
    from each kind of ticket instead: ``promises`` has first response and resolution of each, seconds of the wall as
    they are when the world opens, which is how the simulator counts them.
    """
    made: dict[str, Any] = msgspec.to_builtins(world)
    for ticket in made["tickets"].values():
        queue = made["queues"][ticket["queue"]]
        if queue["sla"]["clock"] == "calendar" and queue["calendar"] is not None:
            own = ticket["sla"] or {"next_response_s": None}
            first_s, whole_s = promises[_name_of(made, ticket)]
            ticket["sla"] = {**own, "first_response_s": first_s, "resolution_s": whole_s}
    for queue in made["queues"].values():
        if queue["sla"]["clock"] == "calendar" and queue["calendar"] is not None:
            queue["sla"] |= {"clock": "wall", "first_response_s": None, "resolution_s": None}
        queue["calendar"] = None
    for region in made["regions"].values():
        region["calendar"] = None
    for team in made["agents"].values():
        team["shift"] = None
    made["calendars"] = {CLOSED: {"time_zone": "UTC"}}
    return msgspec.convert(made, World)


def _name_of(made: dict[str, Any], ticket: dict[str, Any]) -> str:
    return next(str(name) for name, each in made["tickets"].items() if each is ticket)


def larger(world: World, factor: float) -> World:
    """Return a world with so many times the arrivals, agents and lines."""
    if factor == 1.0:
        return world
    made: dict[str, Any] = msgspec.to_builtins(world)
    for ticket in made["tickets"].values():
        arrivals = ticket["arrivals"]
        if arrivals is not None:
            if arrivals["per_hour"] is not None:
                arrivals["per_hour"] *= factor
            if arrivals["by_hour"] is not None:
                arrivals["by_hour"] = [rate * factor for rate in arrivals["by_hour"]]
    for team in made["agents"].values():
        team["count"] = max(1, round(team["count"] * factor))
        team["staffing"] = [min(team["count"], round(n * factor)) for n in team["staffing"]]
    for change in made["changes"]:
        if change["count"] is not None:
            change["count"] = max(1, round(change["count"] * factor))
    for line in made["lines"].values():
        for name in ("waiting_max", "lines_max"):
            if line[name] is not None:
                line[name] = max(1, round(line[name] * factor))
    return msgspec.convert(made, World)
