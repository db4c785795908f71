"""
Stories about the core as timetables: an instant, what is said, and right of the arrow all that comes out.

    play('''
         0.0  agent   ann  billing           ->
         1.0  ticket  t1   billing           -> offer t1 ann
        31.0  tick                           -> expire t1 ann, queue t1
    ''')

A line without an arrow goes into the same run as the next one. What a command merely confirms is
not repeated. Whatever the story, the state is checked after every run and folding its events on a
second machine must give the same digest.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from router.core import codes as c
from router.core.check import check, over_capacity
from router.core.limits import NEVER_US, SECOND_US
from router.core.machine import Machine
from router.core.rules.tickets import REQUEUE_FLAG
from tests.scenario_words import (
    Names,
    agent_words,
    channel_words,
    policy_words,
    profile_words,
    queue_words,
    split,
    ticket_words,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from router.core.machine import Batch

#: Events that a story names, and how; the others are told by ``Story.tell``.
PLAIN = {
    c.E_QUEUED: "queue {t}",
    c.E_RELAXED: "relax {t} {p}",
    c.E_FORGOTTEN: "forget {t}",
    c.E_HELD: "hold {t}",
    c.E_OFFERED: "offer {t} {a}",
    c.E_OFFER_EXPIRED: "expire {t} {a}",
    c.E_REVOKED: "revoke {t} {a}",
    c.E_RELEASED: "release {t} {a}",
    c.E_COMPLETED: "complete {t}",
    c.E_WRAPPING: "wrap {t}",
    c.E_AGENT_LOST: "lose {a}",
    c.E_AGENT_RETURNED: "return {a}",
}
SLA = ("first", "next", "resolution")
PRESENCES = {name: number for number, name in c.PRESENCES.items()}
TICKET_VERBS = {
    "cancel": c.CANCEL_TICKET,
    "abandon": c.ABANDON_TICKET,
    "requeue": c.REQUEUE_TICKET,
    "suspend": c.SUSPEND_TICKET,
    "resume": c.RESUME_TICKET,
    "reply": c.RECORD_REPLY,
}
WORK_VERBS = {
    "accept": c.ACCEPT_OFFER,
    "decline": c.DECLINE_OFFER,
    "revoke": c.REVOKE_OFFER,
    "wrap": c.WRAP_UP,
    "complete": c.COMPLETE,
    "release": c.RELEASE,
}


class Story:
    """A machine that is told things by name and tells by name what came of it."""

    def __init__(self) -> None:
        self.machine, self.shadow = Machine(), Machine()
        self.names = Names()
        self.asked: list[str] = []  # names of tickets of this run, in order
        self.rows: dict[int, str] = {}  # ticket row -> name
        self.tickets: dict[str, int] = {}
        self.works: dict[tuple[str, str], tuple[int, int]] = {}  # (ticket, agent) -> serial, row
        self.forced = False
        self.decisions: list[list[int]] = []  # the words of every joint decision
        self.say(0.0, "channel chat")
        self.say(0.0, "policy")
        self.say(0.0, "queue main")
        self.run()

    # -- telling ----------------------------------------------------------------------------------

    def say(self, at_s: float, line: str) -> None:
        """Queue what a line says."""
        verb, *rest = shlex.split(line)
        words, options = split(rest)
        at_us = round(at_s * SECOND_US)
        if verb in TICKET_VERBS or verb in WORK_VERBS:
            self._say_of_ticket(at_us, verb, words, options)
        elif verb in PRESENCES or verb in {"lose", "return", "remove", "drain"}:
            self._say_of_agent(at_us, verb, words, options)
        else:
            self._verbs()[verb](at_us, words, options)

    def _verbs(self) -> dict[str, Callable[[int, list[str], dict[str, str]], None]]:
        return {
            "tick": lambda at, _, __: self._push(c.TICK, at),
            "channel": self._channel,
            "queue": self._queue,
            "open": lambda at, w, _: self._open(at, w[0], 1),
            "close": lambda at, w, _: self._open(at, w[0], 0),
            "policy": lambda at, _, o: self._push(c.SET_POLICY, at, words=policy_words(o)),
            "ask": self._ask,
            "distance": self._distance,
            "agent": self._agent,
            "ticket": self._ticket,
            "update": self._update,
            "assign": self._assign,
            "plan": self._plan,
            "prices": self._prices,
        }

    def _push(self, kind: int, at_us: int, **fields: Any) -> None:
        self.machine.push(kind, at_us, **fields)

    def _channel(self, at: int, words: list[str], options: dict[str, str]) -> None:
        number = self.names.number("channel", words[0])
        self._push(c.SET_CHANNEL, at, aux=number, words=channel_words(words[1:], options))

    def _queue(self, at: int, words: list[str], options: dict[str, str]) -> None:
        number = self.names.number("queue", words[0])
        self._push(c.SET_QUEUE, at, aux=number, words=queue_words(options))

    def _open(self, at: int, name: str, value: int) -> None:
        self._push(c.OPEN_QUEUE, at, aux=self.names.number("queue", name), value=value)

    def _ask(self, at: int, words: list[str], options: dict[str, str]) -> None:
        number = self.names.number("profile", words[0])
        self._push(
            c.SET_PROFILE, at, profile=number, words=profile_words(self.names, words[1:], options)
        )

    def _distance(self, at: int, words: list[str], _: dict[str, str]) -> None:
        one, two = (self.names.number("region", word) for word in words[:2])
        far = int(words[2])
        self._push(c.SET_DISTANCE, at, words=[one, two, far, two, one, far])

    def _agent(self, at: int, words: list[str], options: dict[str, str]) -> None:
        number = self.names.number("agent", words[0])
        rest = [word for word in words[1:] if word not in PRESENCES]
        presence = next((PRESENCES[word] for word in words[1:] if word in PRESENCES), c.AVAILABLE)
        self._push(c.SET_AGENT, at, agent=number, words=agent_words(self.names, rest, options))
        if presence != c.OFFLINE:
            self._push(c.SET_PRESENCE, at, agent=number, aux=presence)

    def _profile_of(self, at: int, words: list[str]) -> int:
        """Return the profile a ticket asks for: one named by ``ask``, or these very words."""
        name = " ".join(words) or "anything"
        if ("profile", name) not in self.names.numbers:
            number = self.names.number("profile", name)
            self._push(
                c.SET_PROFILE, at, profile=number, words=profile_words(self.names, words, {})
            )
        return self.names.number("profile", name)

    def _ticket(self, at: int, words: list[str], options: dict[str, str]) -> None:
        profile = self._profile_of(at, words[1:])
        self.asked.append(words[0])
        self._push(c.ADD_TICKET, at, profile=profile, words=ticket_words(self.names, at, options))

    def _update(self, at: int, words: list[str], options: dict[str, str]) -> None:
        again = "requeue" in words
        profile = self._profile_of(at, [word for word in words[1:] if word != "requeue"])
        self._push(
            c.UPDATE_TICKET, at, ticket=self.tickets[words[0]], profile=profile,
            options=REQUEUE_FLAG if again else 0, words=ticket_words(self.names, at, options),
        )  # fmt: skip

    def _assign(self, at: int, words: list[str], _: dict[str, str]) -> None:
        self.forced = self.forced or "force" in words
        self._push(
            c.ASSIGN_TICKET, at, ticket=self.tickets[words[0]],
            agent=self.names.number("agent", words[1]), options=c.C_FORCE if "force" in words else 0,
        )  # fmt: skip

    def _plan(self, at: int, words: list[str], _: dict[str, str]) -> None:
        pairs: list[int] = []
        for t, a in zip(words[0::2], words[1::2], strict=True):
            pairs += [self.tickets[t], self.names.number("agent", a)]
        self._push(c.APPLY_PLAN, at, words=pairs)

    def _prices(self, at: int, _: list[str], options: dict[str, str]) -> None:
        pairs: list[int] = []
        for name, price in options.items():
            pairs += [self.names.number("agent", name), int(price)]
        self._push(c.SET_PRICES, at, words=pairs)

    def _say_of_agent(self, at: int, verb: str, words: list[str], options: dict[str, str]) -> None:
        agent = self.names.number("agent", words[0])
        plain = {"lose": c.LOSE_AGENT, "return": c.RETURN_AGENT, "remove": c.REMOVE_AGENT}
        if verb in plain:
            self._push(plain[verb], at, agent=agent)
            return
        self._push(
            c.SET_PRESENCE, at, agent=agent,
            aux=c.DRAINING if verb == "drain" else PRESENCES[verb],
            until_us=round(float(options.get("until", 0)) * SECOND_US),
            value=PRESENCES[options.get("then", "offline")],
        )  # fmt: skip

    def _say_of_ticket(self, at: int, verb: str, words: list[str], options: dict[str, str]) -> None:
        until_us = round(float(options.get("until", 0)) * SECOND_US)
        if verb in TICKET_VERBS:
            self._push(
                TICKET_VERBS[verb], at, ticket=self.tickets[words[0]], until_us=until_us,
                value=round(float(options.get("start", 0)) * SECOND_US),
                options=c.C_BY_CUSTOMER if "customer" in words else 0,
            )  # fmt: skip
            return
        serial, row = self.works[words[0], words[1]]
        self._push(WORK_VERBS[verb], at, serial=serial, aux=row, until_us=until_us)

    # -- what came of it --------------------------------------------------------------------------

    def run(self) -> list[str]:
        """Run what was said; return what came of it, and check the state and its replay."""
        batch = self.machine.run()
        check(self.machine.arrays)
        if not self.forced:
            assert over_capacity(self.machine.arrays) == []
        self.shadow.fold(batch.events, batch.words)
        assert self.shadow.digest() == self.machine.digest(), (
            "folding the events gives another state"
        )
        told = [self.tell(batch, event) for event in batch.events]
        self.asked.clear()
        return [each for each in told if each]

    def tell(self, batch: Batch, event: Any) -> str:
        """Return an event as a story says it; nothing if it only confirms a command."""
        kind, reason, value = int(event["kind"]), int(event["reason"]), int(event["value"])
        if kind == c.E_ADDED:
            return self._note_ticket(event, reason)
        if kind == c.E_DECIDED:
            start = int(event["words_from"])
            self.decisions.append(batch.words[start : start + int(event["words"])].tolist())
            return ""
        if kind == c.E_REFUSED:
            return f"refuse {c.REFUSALS[value][0]}"
        t, a = self.rows.get(int(event["ticket"]), ""), self.names.of("agent", int(event["agent"]))
        if kind == c.E_OFFERED:
            self.works[t, a] = int(event["serial"]), int(event["work"])
        if reason == c.BECAUSE_ASKED and event["cause"] >= 0 and kind != c.E_QUEUED:
            return ""
        if kind in {c.E_OFFERED, c.E_ACCEPTED} and reason == c.BECAUSE_MANUAL:
            return f"assign {t} {a}" if kind == c.E_ACCEPTED else ""
        if kind in {c.E_AGENT_LOST, c.E_AGENT_RETURNED}:
            return ""
        return self._tell_more(event, t, a)

    def _tell_more(self, event: Any, t: str, a: str) -> str:
        kind, reason, aux = int(event["kind"]), int(event["reason"]), int(event["aux"])
        if kind == c.E_CLOSED:
            return "" if event["cause"] >= 0 else f"{c.TICKET_STATES[aux]} {t}"
        if kind == c.E_PRESENCE:
            return f"{c.PRESENCES[aux]} {a}"
        if kind in {c.E_WARNED, c.E_BREACHED}:
            return f"{'warn' if kind == c.E_WARNED else 'breach'} {t} {SLA[aux]}"
        if kind == c.E_ACCEPTED:
            return f"{'auto' if reason == c.BECAUSE_AUTO else 'accept'} {t} {a}"
        if kind in PLAIN:
            return PLAIN[kind].format(t=t, a=a, p=self.names.of("profile", int(event["profile"])))
        return c.EVENTS[kind]

    def _note_ticket(self, event: Any, reason: int) -> str:
        name = self.asked.pop(0)
        self.rows[int(event["ticket"])] = name
        self.tickets[name] = int(event["ticket"])
        if reason == c.BECAUSE_FULL:
            return f"overflow {name} {self.names.of('profile', int(event['profile']))}"
        return f"unmatchable {name}" if event["aux"] & c.F_UNMATCHABLE else ""

    def state(self, name: str) -> str:
        """Return the state of a ticket in words."""
        return c.TICKET_STATES[int(self.machine.arrays.tickets[self.tickets[name]]["state"])]


def play(text: str) -> Story:
    """Play a timetable; raises AssertionError at the first line that comes out otherwise."""
    story = Story()
    for line in map(str.strip, text.strip().splitlines()):
        if not line or line.startswith("#"):
            continue
        said, arrow, wanted = line.partition("->")
        at, _, what = said.strip().partition(" ")
        story.say(float(at), what)
        if arrow:
            told = ", ".join(story.run())
            assert told == wanted.strip(), f"{line}\n    came out as: {told}"
    return story


assert NEVER_US > SECOND_US
