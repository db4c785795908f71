"""The worlds that the simulator is measured on, as the text of world files: what a user could write, and no more."""

from random import Random
from typing import Final

LANGUAGES: Final = ("en", "pt", "es", "de")
TOPICS: Final = ("billing", "orders", "technical", "returns")
AGENTS: Final = 200
LOAD: Final = 0.95
WORK_S: Final = 300.0


def mm20(days: float) -> str:
    """Return M/M/20 at 90 % load: one queue, exponential work, nobody gives up."""
    return f"""
format = 1
name = "mm20"
time = {{ days = {days}, clear_s = 3600, slot_s = 3600 }}
policy = {{ base = "longest_idle", retention_s = 1 }}
channels.call = {{ auto_accept = true }}
queues.line = {{}}
[tickets.call]
queue = "line"
channel = "call"
arrivals = {{ per_hour = 64800 }}
work = {{ kind = "exponential", mean_s = 1 }}
[agents.crew]
count = 20
units = 1
"""


def teams() -> list[tuple[str, int, tuple[int, int], tuple[int, int]]]:
    """Return 16 teams of 200 agents: name, size, two languages and two topics by number."""
    found = []
    for number in range(16):
        language, topic = divmod(number, 4)
        size = AGENTS // 16 + (1 if number < AGENTS % 16 else 0)
        pair = (language, (language + 1) % 4), (topic, (topic + 1) % 4)
        found.append((f"{LANGUAGES[language]}_{TOPICS[topic]}", size, *pair))
    return found


def _team(team: tuple[str, int, tuple[int, int], tuple[int, int]], more: str) -> str:
    name, size, languages, topics = team
    spoken = ", ".join(f"{LANGUAGES[n]} = {5 - 2 * i}" for i, n in enumerate(languages))
    skills = ", ".join(f"{TOPICS[n]} = {5 - 2 * i}" for i, n in enumerate(topics))
    return f"""
[agents.{name}]
count = {size}
languages = {{ {spoken} }}
skills = {{ {skills} }}
{more}
"""


def _kind(language: str, topic: str, rate: float) -> str:
    """Return a kind of call that asks for a language and a topic, so many an hour."""
    return f"""
[tickets.{language}_{topic}]
queue = "line"
channel = "call"
language = {{ tag = "{language}" }}
requirements = [{{ skill = "{topic}" }}]
arrivals = {{ per_hour = {rate} }}
work = {{ kind = "lognormal", mean_s = {WORK_S}, log_sd = 0.8 }}
patience = {{ kind = "exponential", mean_s = 600 }}
"""


def skills_200(days: float) -> str:
    """Return 16 kinds of ticket and 200 agents with skills; the longest waiting goes to who is idle longest."""
    rate = AGENTS * LOAD / WORK_S * 3600 / 16
    parts = [
        f"""
format = 1
name = "skills_200"
time = {{ days = {days}, clear_s = 7200, slot_s = 3600 }}
policy = {{ base = "longest_idle", retention_s = 1 }}
channels.call = {{ auto_accept = true }}
queues.line = {{}}
skills = {{ {", ".join(f"{topic} = {{}}" for topic in TOPICS)} }}
"""
    ]
    parts += [_kind(language, topic, rate) for language in LANGUAGES for topic in TOPICS]
    return "".join([*parts, *(_team(team, "units = 1") for team in teams())])


def full_world(days: float) -> str:
    """Return all of it: calls and chats, hazards, busy days, transfers, messages, wrap-up, agents who differ."""
    parts = [
        f"""
format = 1
name = "full_world"
time = {{ days = {days}, clear_s = 7200, slot_s = 3600 }}
policy = {{ base = "best_match", retention_s = 1 }}
busyness.day = {{ shape = 60 }}
queues.calls = {{ sla = {{ first_response_s = 60 }} }}
queues.chats = {{ sla = {{ first_response_s = 120 }} }}
channels.call = {{ cost = 3, auto_accept = true }}
channels.talk = {{ cost = 1, max_per_agent = 3 }}
skills = {{ {", ".join(f"{topic} = {{}}" for topic in TOPICS)} }}
"""
    ]
    for language in LANGUAGES:
        for number, topic in enumerate(TOPICS):
            is_call = number % 2 == 0
            to = f"{language}_{TOPICS[number + 2]}" if number < 2 else ""
            rate = AGENTS * LOAD / 16 * 3600 / (WORK_S + 20 if is_call else WORK_S / 2.1 + 10)
            parts.append(f"""
[tickets.{language}_{topic}]
queue = "{"calls" if is_call else "chats"}"
channel = "{"call" if is_call else "talk"}"
language = {{ tag = "{language}" }}
requirements = [{{ skill = "{topic}" }}]
arrivals = {{ busyness = "day", per_hour = {rate * 0.93:.1f} }}
work = {{ kind = "lognormal", mean_s = {WORK_S}, log_sd = 0.8 }}
wrap_up = {{ kind = "exponential", mean_s = 20 }}
patience = {{ kind = "hazard", from_s = [0, 30, 120], per_minute = [0.3, 0.15, 0.08] }}
{"" if is_call else 'messages = { kind = "exponential", mean_s = 45 }'}
{f'transfers = [{{ to = "{to}", share = 0.08 }}]' if to else ""}
""")
    more = """
units = 3
speed_log_sd = 0.2
speed_by_level = [0.85, 0.9, 1, 1.05, 1.1]
speed_at_once = [1, 0.85, 0.7]
acceptance = { delay = { kind = "exponential", mean_s = 5 }, decline = 0.01 }
"""
    return "".join([*parts, *(_team(team, more) for team in teams())])


def skills_drawn(agents: int, load: float, days: float = 0.5) -> str:
    """Return a floor where everybody has languages, skills and levels of their own; the better work a little faster."""
    chance = Random(3)
    kinds = [(language, topic) for language in LANGUAGES for topic in TOPICS]
    shares = [chance.uniform(0.5, 1.5) for _ in kinds]
    parts = [
        f"""
format = 1
name = "skills_drawn_{agents}"
time = {{ days = {days}, clear_s = 7200, warm_up_s = 3600 }}
policy = {{ base = "ours", retention_s = 1 }}
channels.call = {{ auto_accept = true }}
queues.line = {{ service_level = {{ target_s = 30, share = 0.8 }} }}
skills = {{ {", ".join(f"{topic} = {{}}" for topic in TOPICS)} }}
"""
    ]
    for (language, topic), share in zip(kinds, shares, strict=True):
        rate = agents * load / WORK_S * 3600 * share / sum(shares)
        parts.append(_kind(language, topic, rate))
    wanted = (
        {
            name: sum(s for kind, s in zip(kinds, shares, strict=True) if name in kind)
            for name in names
        }
        for names in (LANGUAGES, TOPICS)
    )
    languages, topics = wanted
    for n in range(agents):
        spoken = _drawn(chance, languages, chance.choice((1, 1, 2, 3)))
        known = _drawn(chance, topics, chance.choice((1, 2, 2, 3, 4)))
        parts.append(f"""
[agents.a{n}]
count = 1
units = 1
languages = {{ {spoken} }}
skills = {{ {known} }}
speed_by_level = [0.9, 0.95, 1, 1.05, 1.1]
""")
    return "".join(parts)


def _drawn(chance: Random, wanted: dict[str, float], count: int) -> str:
    """Return so many names, the wanted more often, each at a level around the middle."""
    found: set[str] = set()
    while len(found) < count:
        found.update(chance.choices(list(wanted), list(wanted.values())))
    levels = {name: 1 + int(4.999 * chance.betavariate(2, 2)) for name in sorted(found)}
    return ", ".join(f"{name} = {level}" for name, level in levels.items())
