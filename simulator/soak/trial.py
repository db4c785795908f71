"""One seed from its beginning to its end: what happened, and what was wrong with it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final, NamedTuple

from router.core.check import check
from router.core.machine import Machine
from router.engine.archive import shard_at
from router.recover import verify
from router.stores.memory import MemoryStore
from simulator.soak.happen import HAPPEN
from simulator.soak.rig import Rig
from simulator.soak.swarm import Happening, Swarm, swarm

COMPLAINTS_MAX: Final = 20
Bug = Callable[[], AbstractContextManager[object]]


class Trial(NamedTuple):
    """How a seed ended: empty complaints are success."""

    seed: int
    complaints: tuple[str, ...]
    happenings: int
    lives: int
    events: int
    digest: str


def run_seed(seed: int, bug: Bug | None = None) -> Trial:
    """Run one seed, with a bug planted if one is given."""
    return run_swarm(swarm(seed), bug)


def run_swarm(
    drawn: Swarm, bug: Bug | None = None, happenings: Sequence[Happening] | None = None
) -> Trial:
    """Run these happenings on a swarm's floor (its own when not given); whatever is raised is a complaint."""
    steps = drawn.happenings if happenings is None else happenings
    with bug() if bug is not None else nullcontext():
        rig = None
        try:
            rig = Rig(drawn)
            for step in steps:
                HAPPEN[step.kind](rig, step)
                rig.listen()
                if rig.auditor.found or rig.complaints:
                    break
            digest = _end(rig)
        except Exception as error:
            digest = ""
            if rig is None:
                raise
            rig.complaints.append(f"{type(error).__name__}: {error}")
        finally:
            if rig is not None:
                rig.bury()
        found = [f"event {seq}: {what}" for seq, what in rig.auditor.findings]
        complaints = tuple((rig.complaints + found)[:COMPLAINTS_MAX])
    return Trial(drawn.seed, complaints, len(steps), rig.lives, rig.auditor.seq, digest)


def _end(rig: Rig) -> str:
    """Let everything settle, then look at it from all sides; return the state's digest."""
    rig.settle_down()
    if rig.auditor.found or rig.complaints:
        return ""
    rig.wait(1.0)
    rig.settle_down()
    for sent in rig.sent_in_this_life:
        if sent.reply is None:
            rig.complaints.append(f"{sent.call.name} {sent.call.id} was never answered")
    live = rig.line.shard.machine
    check(live.arrays)
    rig.complaints += rig.stranded()
    rig.auditor.close()
    store = MemoryStore(journal=rig.journal)
    tail = store.open_to_read()
    again = shard_at(store, tail.number, Machine())
    if again.machine.digest() != live.digest():
        rig.complaints.append("recovery from the journal leads to another state than the live one")
    verdict = verify(rig.frames, Machine())
    if verdict.difference is not None:
        rig.complaints.append(f"deciding again differs: {verdict.difference}")
    elif verdict.digest != live.digest():
        rig.complaints.append("deciding again leads to another state")
    return live.digest()
