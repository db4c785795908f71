"""Run replications until a wanted precision is reached, and not one block longer."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from simulator.stats.intervals import Interval


class Goal(NamedTuple):
    """When to stop: half-width at most `relative` of the value, between two counts."""

    relative: float
    least: int = 10
    """Replications before the first look: an early variance is too often too small."""
    most: int = 10_000
    confidence: float = 0.95

    def checked(self) -> "Goal":
        """Return the goal.

        Raises
        ------
        ValueError
            When it cannot be reached, naming the field.
        """
        if not self.relative > 0.0:
            raise ValueError(f"relative is {self.relative!r}, expected a share above 0")
        if not 2 <= self.least <= self.most:
            raise ValueError(f"least is {self.least}, expected 2 to most, which is {self.most}")
        return self


def met(intervals: Sequence[Interval], goal: Goal) -> bool:
    """Tell whether every interval is as narrow as wanted."""
    return all(each.half_width <= goal.relative * abs(each.value) for each in intervals)


def blocks(
    goal: Goal, look: Callable[[], Sequence[Interval]], block: int | None = None
) -> Iterator[range]:
    """Yield ranges of replication numbers to run until all that `look` returns is narrow enough.

    The caller runs a block and adds its values to what `look` sees. A new block is as long as the
    widest interval asks for, half-widths shrinking with the root of n, at most doubling what there
    is; so there are few looks, and the bias of optional stopping stays small.

    Source: Chow and Robbins, On the asymptotic theory of fixed-width sequential confidence
    intervals, Annals of Mathematical Statistics 36 (1965), doi:10.1214/aoms/1177700156; Law (2015),
    section 9.4.1 for relative precision: the aim is relative/(1 + relative) of the estimate.
    """
    goal = goal.checked()
    strict = goal._replace(relative=goal.relative / (1.0 + goal.relative))
    done = 0
    size = goal.least
    while done < goal.most:
        size = min(size, goal.most - done)
        yield range(done, done + size)
        done += size
        seen = look()
        if met(seen, strict):
            return
        worst = max(each.relative for each in seen) / strict.relative
        wanted = int(done * min(worst * worst, 2.0) * 1.05) + 1 - done
        size = max(1, block or 1, min(wanted, done))
