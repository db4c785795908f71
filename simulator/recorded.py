"""
A recorded journal as a stage: the same arrivals, under another policy.

What the journal has is taken as it is: the floor's configuration, who came and went when, opening hours, each ticket's
arrival and what it asked for. What it cannot have is assumed, and ``ASSUMPTIONS`` says so.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from router.core import codes as core
from router.core import layout as core_layout
from router.core.limits import NEVER_US
from router.core.machine import Machine
from router.directory import CHANNEL, QUEUE, Directory
from router.journal import Recorded
from router.policies.compiling import compile_policy
from router.wire.policies import Base, PolicyBody
from simulator.kernel import codes as c
from simulator.kernel import layout
from simulator.worlds.compiling import Compiled, Names, Span, compile_world
from simulator.worlds.planning import Plan
from simulator.worlds.schema import Acceptance, Law, Team, Ticket, Time, World

ASSUMPTIONS: Final = (
    "Work takes as long with any agent as it took with the one who did it, wrap-up included; "
    "nobody knows how long a pair that never met would take.",
    "Work that had not ended by the journal's end takes as long as one of the same kind drawn by chance.",
    "Who gave up had just that much patience; everybody else is taken to wait for ever, "
    "so a policy that makes people wait longer looks better here than it would be.",
    "Offers are accepted, declined and missed as often and as fast as all recorded ones together.",
    "Who is sent away for not answering comes back as fast as those who did; "
    "who did not until the journal's end is taken to come back then.",
    "Configuration is that of the journal's end, from the beginning; agents come and go as recorded.",
    "Agents' time is priced as it was recorded, whatever the policy; no prices are found anew.",
    "Tickets keep what they asked for at first; transfers, updates and replies are left out.",
)
CLEAR_US: Final = 4 * 3_600_000_000
QUANTILES: Final = 201
"""Points that a recorded distribution is kept by."""
KEPT_WORDS: Final = (
    "cooldown_us",
    "unanswered_us",
    "grace_us",
    "hold_us",
    "retention_us",
    "no_answer_max",
)
"""Words of the recorded policy that another policy keeps."""


class JournalUnfitError(ValueError):
    """A journal holds nothing to play; the message says what is missing."""


class Seen(NamedTuple):
    """A recorded ticket."""

    at_us: int
    kind: int
    work_us: int
    """-1 when unknown."""
    patience_us: int
    """-1 when unknown."""
    answered_us: int
    """-1 when never."""
    gone_us: int = -1
    """How long it waited before it was canceled or expired; -1 when it was not."""


class Tape:
    """Reads frames in order and keeps what a replay needs."""

    def __init__(self) -> None:
        self.machine = Machine()
        self.kinds: dict[tuple[int, ...], int] = {}
        self.seen: list[Seen] = []
        self.plan: list[tuple[int, int, int, int, int]] = []
        self.delays_us: list[int] = []
        self.aways_us: list[int] = []
        """How long agents stayed away who had been sent away for not answering."""
        self.counts: Counter[int] = Counter()
        self.policy: list[int] = []
        self.first_us = self.last_us = 0
        self._open: dict[int, int] = {}
        self._offered: dict[int, int] = {}
        self._begun: dict[int, int] = {}
        self._sent_away: dict[int, int] = {}

    def add(self, recorded: Recorded) -> None:
        """Take in a frame."""
        rows = np.frombuffer(recorded.commands, core_layout.COMMAND)
        words = np.frombuffer(recorded.command_words, np.int64)
        for row in rows:
            own = words[row["words_from"] : row["words_from"] + row["words"]].tolist()
            self._configure(row, own)
        for event in recorded.events:
            self._hear(event, recorded)

    def _configure(self, row: Any, own: list[int]) -> None:
        kind = int(row["kind"])
        self.last_us = max(self.last_us, int(row["at_us"]))
        if kind == core.SET_POLICY:
            self.policy = own
        elif kind == core.OPEN_QUEUE:
            self.plan.append(
                (int(row["at_us"]), c.PLAN_QUEUE, int(row["aux"]), int(row["value"]), 0)
            )
        elif kind == core.SET_PRICES:
            pairs = zip(own[::2], own[1::2], strict=True)
            at_us = int(row["at_us"])
            self.plan += [(at_us, c.PLAN_PRICE, agent, price, 0) for agent, price in pairs]
        if kind < core.SET_PRESENCE and kind not in (core.TICK, core.REMOVE_AGENT, core.SET_PRICES):
            self.machine.push(
                kind, 0, own, ticket=int(row["ticket"]), agent=int(row["agent"]),
                profile=int(row["profile"]), aux=int(row["aux"]), value=int(row["value"]),
            )  # fmt: skip
            self.machine.run()

    def _hear(self, e: Any, recorded: Recorded) -> None:
        kind, at_us, t = int(e["kind"]), int(e["at_us"]), int(e["ticket"])
        self.counts[kind] += 1
        if kind == core.E_ADDED:
            self._arrive(e, recorded)
        elif kind == core.E_PRESENCE:
            self._come_and_go(at_us, int(e["agent"]), int(e["aux"]), int(e["reason"]))
        elif kind == core.E_AGENT_REMOVED:
            self.plan.append((at_us, c.PLAN_PRESENCE, int(e["agent"]), core.OFFLINE, 0))
        elif kind in (core.E_AGENT_LOST, core.E_AGENT_RETURNED):
            what = c.PLAN_LOST if kind == core.E_AGENT_LOST else c.PLAN_BACK
            self.plan.append((at_us, what, int(e["agent"]), 0, 0))
        elif kind == core.E_OFFERED:
            self._offered[int(e["work"])] = at_us
        elif kind == core.E_ACCEPTED:
            offered_us = self._offered.pop(int(e["work"]), at_us)
            if e["reason"] == core.BECAUSE_ASKED:
                self.delays_us.append(at_us - offered_us)
            self._begin(t, at_us)
        elif kind in (core.E_RELEASED, core.E_COMPLETED):
            self._end_work(t, at_us, is_done=kind == core.E_COMPLETED)
        elif kind == core.E_CLOSED:
            self._close(t, at_us, int(e["aux"]))

    def _come_and_go(self, at_us: int, agent: int, presence: int, reason: int) -> None:
        if reason == core.BECAUSE_NO_ANSWER:
            self._sent_away.setdefault(agent, at_us)
        elif reason == core.BECAUSE_ASKED:
            self.plan.append((at_us, c.PLAN_PRESENCE, agent, presence, 0))
            sent_us = self._sent_away.pop(agent, None)
            if sent_us is not None and presence == core.AVAILABLE:
                self.aways_us.append(at_us - sent_us)

    def all_aways_us(self) -> list[int]:
        """Return how long agents stayed away after not answering, those who never came back until the end."""
        return self.aways_us + [self.last_us - sent_us for sent_us in self._sent_away.values()]

    def _arrive(self, e: Any, recorded: Recorded) -> None:
        at_us = int(e["at_us"])
        w = recorded.words[e["words_from"] : e["words_from"] + e["words"]].tolist()
        lengths = (NEVER_US if w[n] >= NEVER_US else w[n] - at_us for n in (2, 4, 6))
        what = (int(e["profile"]), int(w[7]), int(w[3]), int(w[5]), *lengths)
        kind = self.kinds.setdefault(what, len(self.kinds))
        self.first_us = self.first_us or at_us
        self._open[int(e["ticket"])] = len(self.seen)
        self.seen.append(Seen(at_us, kind, -1, -1, -1))

    def _begin(self, t: int, at_us: int) -> None:
        self._begun[t] = at_us
        place = self._open.get(t)
        if place is not None and self.seen[place].answered_us < 0:
            self.seen[place] = self.seen[place]._replace(answered_us=at_us)

    def _end_work(self, t: int, at_us: int, *, is_done: bool) -> None:
        begun_us, place = self._begun.pop(t, None), self._open.get(t)
        if begun_us is None or place is None:
            return
        before = self.seen[place]
        if is_done:
            spent_us = max(0, before.work_us) + at_us - begun_us
            self.seen[place] = before._replace(work_us=spent_us)
            del self._open[t]

    def _close(self, t: int, at_us: int, how: int) -> None:
        place = self._open.pop(t, None)
        self._begun.pop(t, None)
        if place is not None:
            before = self.seen[place]
            field = "patience_us" if how == core.ABANDONED else "gone_us"
            self.seen[place] = before._replace(**{field: at_us - before.at_us})


def quantile_law(values_us: list[int], otherwise_s: float) -> Law:
    """Return the law of recorded durations by its quantiles."""
    if len(values_us) < 2:
        value_s = values_us[0] / 1e6 if values_us else otherwise_s
        return Law(kind="fixed", value_s=value_s)
    shares = np.linspace(0.0, 1.0, QUANTILES)
    found = np.quantile(np.array(values_us, np.float64) / 1e6, shares)
    return Law(kind="empirical", values_s=tuple(np.maximum.accumulate(found).tolist()))


class Stage:
    """A recorded journal under a policy, ready to be played; see ``simulator.kernel.running.Stage``."""

    def __init__(self, tape: Tape, directory: Directory, policy: Base) -> None:
        if not tape.seen:
            raise JournalUnfitError("The journal has no ticket that could arrive again.")
        if not tape.policy:
            raise JournalUnfitError("The journal has no policy.")
        self._tape = tape
        self._machine = tape.machine.fork()
        self._machine.push(core.SET_POLICY, 0, policy_words(tape.policy, policy))
        self._machine.run()
        self.compiled = compiled_of(tape, directory)
        self.names: Names = self.compiled.names._replace(
            channels=tuple(directory.documents[CHANNEL])
        )
        self.kinds = self.compiled.kinds
        for row, what in zip(self.kinds, tape.kinds, strict=True):
            self._describe(row, what)

    def _describe(self, row: Any, what: tuple[int, ...]) -> None:
        profile = self._machine.arrays.profiles[what[0]]
        row["profile"], row["priority"], row["target_us"], row["next_us"] = what[:4]
        row["ttl_us"], row["first_us"], row["whole_us"] = what[4:]
        row["queue"], row["channel"] = profile["queue"], profile["channel"]
        row["auto_accept"] = self._machine.arrays.channels[profile["channel"]]["auto_accept"]

    def machine(self) -> Machine:
        """Return a core of its own with the floor on it."""
        return self._machine.fork()

    def plan(self) -> Plan:
        """Return what is known beforehand: all of it."""
        rows = sorted(self._tape.plan, key=lambda row: row[0])
        none = np.zeros(1, np.float64)
        return Plan(np.array(rows, layout.PLAN), none, none, self.kinds)

    def trace(self) -> Any:
        """Return the arrivals, TRACE records in the order of time."""
        rows = [(s.at_us, s.work_us, s.patience_us, s.kind, 0) for s in self._tape.seen]
        return np.array(sorted(rows, key=lambda row: row[0]), layout.TRACE)


def policy_words(recorded: list[int], base: Base) -> list[int]:
    """Return the words of SET_POLICY of a base with the durations that were recorded."""
    fields = list(core_layout.POLICY.names or ())
    fresh = compile_policy(PolicyBody(base=base), 1)
    words = [word for word in fresh if isinstance(word, int)]
    for field in KEPT_WORDS:
        words[fields.index(field)] = recorded[fields.index(field)]
    return words


def compiled_of(tape: Tape, directory: Directory) -> Compiled:
    """Return the tables of the world that a journal shows."""
    machine = tape.machine
    agents = int(machine.arrays.head[0]["agents"])
    names = {row: id_ for id_, row in agent_rows(directory)}
    works: dict[int, list[int]] = {}
    for seen in tape.seen:
        if seen.work_us >= 0:
            works.setdefault(seen.kind, []).append(seen.work_us)
    every = [work for kind in works.values() for work in kind]
    mean_s = sum(every) / len(every) / 1e6 if every else 0.0
    queues = {id_: document.body for id_, document in directory.documents[QUEUE].items()}
    ordered = sorted(queues, key=lambda id_: directory.index(QUEUE, id_))
    tickets = {
        f"kind-{n}": Ticket(
            queue=ordered[int(machine.arrays.profiles[what[0]]["queue"])], channel="chat",
            work=quantile_law(works.get(n, []), mean_s),
        )
        for what, n in tape.kinds.items()
    }  # fmt: skip
    offers = max(1, tape.counts[core.E_OFFERED])
    acceptance = Acceptance(
        delay=quantile_law(tape.delays_us, 0.0),
        decline=tape.counts[core.E_DECLINED] / offers,
        miss=tape.counts[core.E_OFFER_EXPIRED] / offers,
        back=quantile_law(tape.all_aways_us(), 0.0),
    )
    teams = {
        names.get(a, f"agent-{a}"): Team(
            count=1, units=max(1, int(machine.arrays.agents[a]["units"])), acceptance=acceptance
        )
        for a in range(agents)
    }
    world = World(
        format=1, name="journal", queues={id_: queues[id_] for id_ in ordered}, tickets=tickets,
        agents=teams, time=Time(clear_s=CLEAR_US / 1e6), assumptions=ASSUMPTIONS,
    )  # fmt: skip
    compiled = compile_world(world)
    from_us, last_us = first_instant(tape), max(seen.at_us for seen in tape.seen) + 1
    span = Span(from_us - from_us % 86_400_000_000, from_us, last_us, last_us + CLEAR_US)
    return compiled._replace(span=span, rate_us=max(1, last_us - from_us))


def first_instant(tape: Tape) -> int:
    """Return when the first thing happens that a replay plays."""
    firsts = [seen.at_us for seen in tape.seen[:1]] + [row[0] for row in tape.plan]
    return min(firsts)


def agent_rows(directory: Directory) -> Iterable[tuple[str, int]]:
    """Return ids and rows of the agents that a directory knows."""
    from router.directory import AGENT  # noqa: PLC0415  (beside its one use)

    return [(id_, directory.index(AGENT, id_)) for id_ in directory.documents[AGENT]]


def recorded_figures(tape: Tape, within_us: Sequence[int]) -> dict[str, float | int | None]:
    """
    Return what really happened, as far as the same words fit.

    Parameters
    ----------
    tape
        The journal.
    within_us
        Of each kind of ticket: the wait that its queue's service level allows.
    """
    answered = [seen for seen in tape.seen if seen.answered_us >= 0]
    waits = sorted(seen.answered_us - seen.at_us for seen in answered)
    good = sum(seen.answered_us - seen.at_us <= within_us[seen.kind] for seen in answered)
    late = sum(
        in_vain_us(tape, seen) > within_us[seen.kind] for seen in tape.seen if seen.answered_us < 0
    )
    works = [seen.work_us for seen in tape.seen if seen.work_us >= 0]
    lost = sum(seen.patience_us >= 0 and seen.answered_us < 0 for seen in tape.seen)
    due = len(answered) + late
    return {
        "tickets": len(tape.seen),
        "answered": len(waits),
        "abandoned": lost,
        "service_level_offered": good / due if due else None,
        "asa_s": sum(waits) / len(waits) / 1e6 if waits else None,
        "wait_p50_s": nearest_rank_s(waits, 0.5),
        "wait_p90_s": nearest_rank_s(waits, 0.9),
        "abandonment": lost / len(tape.seen) if tape.seen else None,
        "aht_s": sum(works) / len(works) / 1e6 if works else None,
    }


def in_vain_us(tape: Tape, seen: Seen) -> int:
    """Return how long a ticket waited that nobody answered, until it left or the journal ends."""
    if seen.patience_us >= 0:
        return seen.patience_us
    return seen.gone_us if seen.gone_us >= 0 else tape.last_us - seen.at_us


def nearest_rank_s(ordered_us: Sequence[int], share: float) -> float | None:
    """Return a quantile of sorted waits, one that somebody had, in seconds."""
    if not ordered_us:
        return None
    return ordered_us[max(0, math.ceil(share * len(ordered_us)) - 1)] / 1e6
