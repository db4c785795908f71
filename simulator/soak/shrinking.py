"""Make a failing seed small: leave out happenings as long as it still fails (delta debugging)."""

from collections.abc import Callable, Sequence

from simulator.soak.swarm import Happening


def shrink(
    happenings: Sequence[Happening],
    fails: Callable[[Sequence[Happening]], bool],
    tries_max: int = 400,
) -> list[Happening]:
    """Return a part of ``happenings`` that still fails, of which no single one can be left out unless tries ran out.

    References
    ----------
    .. [1] Zeller, Hildebrandt (2002). Simplifying and isolating failure-inducing input.
       doi:10.1109/32.988498
    """
    kept = list(happenings)
    size, tries = max(1, len(kept) // 2), 0
    while True:
        at, is_smaller = 0, False
        while at < len(kept) and tries < tries_max:
            without = kept[:at] + kept[at + size :]
            tries += 1
            if fails(without):
                kept, is_smaller = without, True
            else:
                at += size
        if tries >= tries_max or (size == 1 and not is_smaller):
            return kept
        if not is_smaller:
            size = max(1, size // 2)
