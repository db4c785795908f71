"""
Bugs to be found: each is a mistake somebody could make, planted at a seam while a seed runs.

Compiled rules cannot be exchanged while they run, so mistakes inside them are planted in what the rules leave behind:
the state between two runs then is what the mistaken rule would have left.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import MappingProxyType
from typing import Any, Final
from unittest.mock import patch

from router.core import codes as c
from router.core.limits import NEVER_US
from router.core.machine import Batch, Machine
from router.directory import Directory
from router.engine import archive
from router.engine.feed import Feed, Lazy
from router.engine.line import Line, resolve
from router.history import History
from router.shard import Shard
from router.stores.committer import Committed
from router.stores.memory import MemoryStore
from simulator.soak.virtual import SteppedCommitter

EVERY: Final = 5
"""A mistake that is made now and then is made each fifth time."""


def _after_run(harm: Callable[[Machine, Batch], None]) -> Callable[[], AbstractContextManager[Any]]:
    """Plant a mistake in the state that each run of a core leaves, when it decides again too."""
    sound = Machine.run

    def run(self: Machine) -> Batch:
        batch = sound(self)
        harm(self, batch)
        return batch

    return lambda: patch.object(Machine, "run", run)


def _kinds(batch: Batch, kind: int) -> list[Any]:
    events = batch.events
    return list(events[events["kind"] == kind])


def _forget_timer(machine: Machine, _: Batch) -> None:
    """A timer is taken off the heap and its wake-up never comes."""
    z = machine.arrays.scratch
    if z["timers"][0] > 3:
        z["timers"][0] -= 1


def _count_twice(machine: Machine, batch: Batch) -> None:
    """Accepting takes the units that the offer had taken already."""
    for event in _kinds(batch, c.E_ACCEPTED):
        machine.arrays.agents[event["agent"]]["used"] += 1


def _take_no_units(machine: Machine, batch: Batch) -> None:
    """An offer takes nothing of its agent."""
    for event in _kinds(batch, c.E_OFFERED):
        agent = int(event["agent"])
        machine.arrays.agents[agent]["used"] = 0
        machine.arrays.ready[:, agent // 64] |= machine.arrays.ready.dtype.type(1 << agent % 64)


def _forget_cool_down(machine: Machine, batch: Batch) -> None:
    """Who declined is asked again at once."""
    for event in _kinds(batch, c.E_DECLINED):
        ties = machine.arrays.ties
        ties["until_us"][(ties["agent"] == event["agent"]) & (ties["cooling"] != 0)] = 0


def _ask_the_absent(machine: Machine, batch: Batch) -> None:
    """Who goes away stays among those who may be asked."""
    for event in _kinds(batch, c.E_PRESENCE):
        machine.arrays.agents[event["agent"]]["presence"] = c.AVAILABLE


def _keep_no_room(machine: Machine, batch: Batch) -> None:
    """Units of a completed ticket are not given back to those who may be asked."""
    for event in _kinds(batch, c.E_COMPLETED):
        agent = int(event["agent"])
        bit = machine.arrays.ready.dtype.type(1 << agent % 64)
        machine.arrays.ready[:, agent // 64] &= ~bit


def _lose_the_waiting(machine: Machine, batch: Batch) -> None:
    """A ticket that waits again is not in its lane."""
    nodes, lanes = machine.arrays.nodes, machine.arrays.lanes
    for event in _kinds(batch, c.E_QUEUED):
        lane = int(nodes[event["ticket"]]["lane"])
        if lane >= 0 and lanes[lane]["count"] == 1:
            _give_back(machine, lane)
            nodes[event["ticket"]]["lane"] = -1


def _give_back(machine: Machine, lane: int) -> None:
    """Take a lane off the lists as the rules do: what is left can be followed, and a finding is no crash."""
    s = machine.arrays
    z, row, active = s.scratch[0], s.lanes[lane], s.lanes_active
    at, last = int(row["active_at"]), int(z["lanes_active"]) - 1
    active[at:last] = active[at + 1 : last + 1].copy()
    s.lanes["active_at"][active[at:last]] -= 1
    z["lanes_active"] = last
    before, each = -1, int(s.profile_lane[row["profile"]])
    while each != lane:
        before, each = each, int(s.lanes[each]["next_of_profile"])
    if before < 0:
        s.profile_lane[row["profile"]] = row["next_of_profile"]
    else:
        s.lanes[before]["next_of_profile"] = row["next_of_profile"]
    row["next_free"], z["lane_free"] = z["lane_free"], lane


def _age_anew(machine: Machine, batch: Batch) -> None:
    """A ticket that waits again has lost its age."""
    for event in _kinds(batch, c.E_QUEUED):
        machine.arrays.tickets[event["ticket"]]["start_us"] = event["at_us"]


def _never_expire(machine: Machine, batch: Batch) -> None:
    """An offer's end is not written into its row."""
    for event in _kinds(batch, c.E_OFFERED):
        machine.arrays.works[event["work"]]["due_us"] = NEVER_US


def _another_policy(machine: Machine, batch: Batch) -> None:
    """Activating a policy leaves a weight of the one before."""
    if _kinds(batch, c.E_POLICY_SET):
        machine.arrays.policy["serve"] += 700


@contextmanager
def _answer_early() -> Iterator[None]:
    """Answers do not wait for their frame."""

    def hold(_self: Line, _number: int, answers: list[Any]) -> None:
        for answer, reply in answers:
            resolve(answer, reply)

    with patch.object(Line, "_hold", hold):
        yield


@contextmanager
def _answer_after_failure() -> Iterator[None]:
    """When the disk fails, what waited for it is answered as if it were done."""

    def give_up(_self: Line, done: list[Any], _failure: Exception) -> None:
        for answer, reply in done:
            resolve(answer, reply)

    with patch.object(Line, "_give_up", give_up):
        yield


@contextmanager
def _publish_early() -> Iterator[None]:
    """Events are told before their frame is durable."""
    sound = Line._write  # noqa: SLF001

    def write(self: Line, sealed: Any, done: list[Any]) -> None:
        sound(self, sealed, done)
        while self._unpublished:
            self.feed.add(self._unpublished.popleft()[1])

    with patch.object(Line, "_write", write):
        yield


@contextmanager
def _leave_out_a_batch() -> Iterator[None]:
    """The feed leaves out a batch now and then."""
    sound, seen = Feed.add, [0]

    def add(self: Feed, batch: Lazy) -> None:
        seen[0] += 1
        sound(self, Lazy(batch.count, list) if seen[0] % EVERY == 0 else batch)

    with patch.object(Feed, "add", add):
        yield


@contextmanager
def _lose_a_frame() -> Iterator[None]:
    """The committer says durable, and the last frame of a group is not."""
    sound = MemoryStore.append

    def append(self: MemoryStore, frames: Any, expected: int) -> None:
        sound(self, frames, expected)
        if len(frames) > 1:
            self.journal.rows.pop()

    with patch.object(MemoryStore, "append", append):
        yield


@contextmanager
def _swallow_failures() -> Iterator[None]:
    """A failed write is reported as done."""
    sound = SteppedCommitter._append  # noqa: SLF001

    def append(self: SteppedCommitter, frames: Any, *, is_told: bool) -> None:
        told = self.tell
        sound(self, frames, is_told=False)
        if is_told:
            told(Committed(frames[-1].number, len(frames), 0, 0))

    with patch.object(SteppedCommitter, "_append", append):
        yield


@contextmanager
def _trust_everybody() -> Iterator[None]:
    """A process that lost the journal may still write to it."""
    with patch.object(MemoryStore, "_refuse_fenced", lambda _self, _tail: None):
        yield


@contextmanager
def _skip_a_frame() -> Iterator[None]:
    """Recovery begins one frame after the snapshot's next."""
    sound = MemoryStore.load_snapshot

    def load(self: MemoryStore, at_most_number: int | None = None) -> Any:
        found = sound(self, at_most_number)
        return found and found._replace(number=found.number + 1)

    with patch.object(MemoryStore, "load_snapshot", load):
        yield


@contextmanager
def _trust_damage() -> Iterator[None]:
    """A snapshot's checksum is not looked at."""

    def load(self: MemoryStore, at_most_number: int | None = None) -> Any:
        for number, (snapshot, _) in sorted(self.journal.snapshots.items(), reverse=True):
            if at_most_number is None or number <= at_most_number:
                return snapshot
        return None

    with patch.object(MemoryStore, "load_snapshot", load):
        yield


@contextmanager
def _recover_half() -> Iterator[None]:
    """Recovery stops before the last frame."""
    sound = archive.shard_at

    def shard_at(store: Any, number: int, machine: Machine) -> Shard:
        return sound(store, max(1, number - 1) if number > 1 else number, machine)

    with patch("simulator.soak.rig.shard_at", shard_at):
        yield


@contextmanager
def _forget_keys() -> Iterator[None]:
    """A repeated request is done again."""
    with patch.object(History, "answer", lambda _self, _call: None):
        yield


@contextmanager
def _forget_keys_in_death() -> Iterator[None]:
    """Answers to keys are not recovered."""
    with patch.object(History, "take_answers", lambda _self: []):
        yield


@contextmanager
def _mix_answers() -> Iterator[None]:
    """Of two calls settled together each gets the other's answer."""
    sound = Shard.settle

    def settle(self: Shard, at_us: int) -> Any:
        sealed, replies = sound(self, at_us)
        return sealed, replies[::-1]

    with patch.object(Shard, "settle", settle):
        yield


@contextmanager
def _go_back_in_time() -> Iterator[None]:
    """The shard believes a clock that was set back."""

    def go_on(self: Shard, at_us: int) -> None:
        self.at_us = at_us

    with patch.object(Shard, "_go_on", go_on):
        yield


@contextmanager
def _mix_names() -> Iterator[None]:
    """A row that was given back keeps the name of the ticket before."""
    sound = Directory.add_ticket

    def add(self: Directory, row: int, id_: str, *said: Any) -> None:
        before = self.tickets.find(row - 1)
        sound(self, row, id_, *said)
        if before is not None and row % EVERY == 0:
            self.tickets[row] = before

    with patch.object(Directory, "add_ticket", add):
        yield


@contextmanager
def _drop_a_call() -> Iterator[None]:
    """A call that arrives while another is settled is never looked at."""
    sound, seen = Line.submit, [0]

    def submit(self: Line, call: Any) -> Any:
        seen[0] += 1
        if seen[0] % 50 == 0:
            return self._loop.create_future()
        return sound(self, call)

    with patch.object(Line, "submit", submit):
        yield


Plant = Callable[[], AbstractContextManager[Any]]
BUGS: Final[Mapping[str, Plant]] = MappingProxyType(
    {
        "answer before durable": _answer_early,
        "answer after failure": _answer_after_failure,
        "publish before durable": _publish_early,
        "leave events out": _leave_out_a_batch,
        "lose a frame": _lose_a_frame,
        "swallow a failed write": _swallow_failures,
        "no fencing": _trust_everybody,
        "skip a frame after the snapshot": _skip_a_frame,
        "trust a damaged snapshot": _trust_damage,
        "recover without the last frame": _recover_half,
        "forget idempotency keys": _forget_keys,
        "forget idempotency keys in a crash": _forget_keys_in_death,
        "mix answers": _mix_answers,
        "let time go back": _go_back_in_time,
        "mix names": _mix_names,
        "drop a call": _drop_a_call,
        "forget a timer": _after_run(_forget_timer),
        "count capacity twice": _after_run(_count_twice),
        "take no capacity": _after_run(_take_no_units),
        "forget a cool-down": _after_run(_forget_cool_down),
        "ask the absent": _after_run(_ask_the_absent),
        "keep no room": _after_run(_keep_no_room),
        "lose the waiting": _after_run(_lose_the_waiting),
        "age anew": _after_run(_age_anew),
        "never expire": _after_run(_never_expire),
        "keep an old weight": _after_run(_another_policy),
    }
)
"""Every planted bug by its name."""
