"""The words a timetable says, as the numbers that commands carry."""

from __future__ import annotations

from router.core import codes as c
from router.core.limits import NEVER_US, SECOND_US

ENGINES = {"greedy": c.ENGINE_GREEDY, "exact": c.ENGINE_EXACT}
ORDERS = {"age": c.ORDER_AGE, "priority": c.ORDER_PRIORITY_AGE, "value": c.ORDER_VALUE}
KEYS = {"value": c.KEY_VALUE, "idle": c.KEY_IDLE, "recent": c.KEY_RECENT, "load": c.KEY_LOAD}
WEIGHTS = {
    "serve": 2000, "w_skill": 1000, "w_language": 1000, "w_region": 300, "w_preferred": 1000,
    "w_urgency": 1000, "w_idle": 100, "w_load": 300, "w_price": 1000,
}  # fmt: skip


class Names:
    """Numbers for names, in the order they come up."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[str, str], int] = {}
        self.names: dict[tuple[str, int], str] = {}

    def number(self, kind: str, name: str) -> int:
        """Return the number of a name, a new one if it is new."""
        if (kind, name) not in self.numbers:
            new = sum(each == kind for each, _ in self.numbers)
            self.numbers[kind, name] = new
            self.names[kind, new] = name
        return self.numbers[kind, name]

    def of(self, kind: str, number: int) -> str:
        """Return the name of a number, nothing if it has none."""
        return self.names.get((kind, number), "")

    @property
    def agents(self) -> set[str]:
        """Return the names of all agents."""
        return {name for kind, name in self.numbers if kind == "agent"}


def split(rest: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return plain words and ``key=value`` options apart."""
    options = dict(word.split("=", 1) for word in rest if "=" in word)
    return [word for word in rest if "=" not in word], options


def seconds(options: dict[str, str], name: str, default: float) -> int:
    """Return an option given in seconds as microseconds."""
    return round(float(options.get(name, default)) * SECOND_US)


def channel_words(flags: list[str], options: dict[str, str]) -> list[int]:
    """Return the words of SET_CHANNEL."""
    return [
        int(options.get("cost", 1)), int(options.get("max", -1)), seconds(options, "ttl", 30),
        seconds(options, "wrap", 30), seconds(options, "first_reply", 0),
        int("auto" in flags), int("interruptible" in flags), int("interrupts" in flags),
    ]  # fmt: skip


def policy_words(options: dict[str, str]) -> list[int]:
    """Return the words of SET_POLICY; by default greedy, by priority and age, to whom it fits best."""
    return [
        seconds(options, "cooldown", 300), seconds(options, "unanswered", 60),
        seconds(options, "grace", 30), seconds(options, "hold", 5),
        seconds(options, "retention", 100_000), int(options.get("revision", 1)),
        ENGINES[options.get("engine", "greedy")], ORDERS[options.get("order", "priority")],
        KEYS[options.get("key", "value")], int(options.get("strikes", 3)),
        *(int(options.get(name, weight)) for name, weight in WEIGHTS.items()),
    ]  # fmt: skip


def queue_words(options: dict[str, str]) -> list[int]:
    """Return the words of SET_QUEUE."""
    return [
        seconds(options, "target", 20), int(options.get("parallel", 1)),
        int(options.get("warn", 800)), int(options.get("full", 0)),
    ]  # fmt: skip


def _levels(names: Names, words: list[str], default: int) -> tuple[list[int], list[int]]:
    """Return (skill, level) and (language, level) pairs; two letters make a language."""
    skills: list[int] = []
    languages: list[int] = []
    for word in words:
        name, _, level = word.partition(":")
        kind = "language" if len(name) == 2 else "skill"
        (languages if kind == "language" else skills).extend(
            (names.number(kind, name), int(level or default))
        )
    return skills, languages


def _listed(names: Names, kind: str, text: str) -> list[int]:
    return [names.number(kind, name) for name in text.split("|") if name]


def profile_words(names: Names, words: list[str], options: dict[str, str]) -> list[int]:
    """Return the words of SET_PROFILE: ``billing:3 pt:2 then=other@30 over=third group=a|b``.

    A level of 0 makes a skill or the language preferred only.
    """
    skills, languages = _levels(names, words, 1)
    then, _, after = options.get("then", "").partition("@")
    groups = _listed(names, "group", options.get("group", ""))
    regions = _listed(names, "region", options.get("regions", ""))
    home = options.get("region")
    language = languages[:2] or [-1, 0]
    triples: list[int] = []
    for skill, level in zip(skills[0::2], skills[1::2], strict=True):
        triples += [skill, level, 1000]
    return [
        round(float(after or 0) * SECOND_US), names.number("queue", options.get("queue", "main")),
        names.number("channel", options.get("channel", "chat")),
        names.number("region", home) if home else -1, *language, 1000,
        len(skills) // 2, len(groups), len(regions),
        names.number("profile", then) if then else -1,
        names.number("profile", options["over"]) if "over" in options else -1,
        int(options.get("stage", 0)), int(options.get("penalty", 0)), *triples, *groups, *regions,
    ]  # fmt: skip


def agent_words(names: Names, words: list[str], options: dict[str, str]) -> list[int]:
    """Return the words of SET_AGENT: ``billing:3 pt units=2 chat=1 email=2:4 group=a|b``.

    A channel is given as its cost and, after a colon, its maximum; chat at 1 unit by default.
    """
    skills, languages = _levels(names, [word for word in words if word != "bot"], 5)
    groups = _listed(names, "group", options.get("group", ""))
    queues = _listed(names, "queue", options.get("queues", ""))
    home = options.get("region")
    costs: list[int] = []
    known = {name for kind, name in names.numbers if kind == "channel"}
    chosen = {name: text for name, text in options.items() if name in known} or {"chat": "1"}
    for name, text in chosen.items():
        cost, _, most = text.partition(":")
        costs += [names.number("channel", name), int(cost), int(most or -1)]
    return [
        c.BOT if "bot" in words else c.HUMAN, names.number("region", home) if home else -1,
        int("queues" not in options), int(options.get("units", 1)), len(skills) // 2,
        len(languages) // 2, len(groups), len(queues), len(costs) // 3,
        *skills, *languages, *groups, *queues, *costs,
    ]  # fmt: skip


def ticket_words(names: Names, at_us: int, options: dict[str, str]) -> list[int]:
    """Return the words of ADD_TICKET: ``prio=5 start=-60 at=30 ttl=90 due=20 prefer=ann:500@60``.

    ``due``, ``resolve`` and ``ttl`` count from the ticket's age, ``at`` and the end of a preference
    are instants.
    """
    start_us = seconds(options, "start", at_us / SECOND_US)

    def after(name: str) -> int:
        return start_us + seconds(options, name, 0) if name in options else NEVER_US

    ties: list[int] = []
    for text in filter(None, options.get("prefer", "").split("|")):
        who, _, until = text.partition("@")
        name, _, bonus = who.partition(":")
        until_us = round(float(until) * SECOND_US) if until else NEVER_US
        ties += [names.number("agent", name), int(bonus or 1000), until_us]
    return [
        start_us, seconds(options, "at", 0), after("ttl"),
        seconds(options, "target", float(options.get("due", 120))),
        after("due"), seconds(options, "next", 0), after("resolve"), int(options.get("prio", 5)),
        len(ties) // 3, *ties,
    ]  # fmt: skip
