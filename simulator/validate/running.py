"""Simulate many anchors on several processes."""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Final

from simulator.validate.anchors import Anchor, read_anchor
from simulator.validate.estimating import Piece, pieces

CHUNKS: Final = 8
"""Parts that an anchor's replications are handed out in: fewer would leave a processor idle at the end."""
Done = dict[int, list[Piece]]
_known: dict[str, Anchor] = {}


def _work(path: str, numbers: range) -> tuple[list[Piece], float]:
    """Simulate replications of the anchor in a file; runs in a process of its own."""
    if path not in _known:
        _known[path] = read_anchor(Path(path))
    start = time.perf_counter()
    found = pieces(_known[path], numbers)
    return found, time.perf_counter() - start


def parts(replications: int, chunks: int = CHUNKS) -> Iterator[range]:
    """Yield the replication numbers in about so many parts."""
    size = -(-replications // chunks)
    for start in range(0, replications, size):
        yield range(start, min(start + size, replications))


def simulate(
    paths: Sequence[Path],
    processes: int,
    show: Callable[[int, float], object] = lambda _place, _seconds: None,
) -> Done:
    """Return the pieces of every anchor, by its place among the paths.

    `show` hears of each part that is done: the anchor's place, and the seconds it took.
    """
    replications = [read_anchor(path).run.replications for path in paths]
    found: dict[int, dict[int, list[Piece]]] = {place: {} for place in range(len(paths))}
    if processes == 1:
        for place, path in enumerate(paths):
            for numbers in parts(replications[place]):
                found[place][numbers.start], seconds = _work(str(path), numbers)
                show(place, seconds)
    else:
        # Not forked: a child must not inherit a compiler in whatever state it is in.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(processes, mp_context=context) as pool:
            waiting: dict[Future[tuple[list[Piece], float]], tuple[int, int]] = {
                pool.submit(_work, str(path), numbers): (place, numbers.start)
                for place, path in enumerate(paths)
                for numbers in parts(replications[place])
            }
            try:
                for future in as_completed(waiting):
                    place, start = waiting[future]
                    found[place][start], seconds = future.result()
                    show(place, seconds)
            finally:  # who interrupts waits for what has begun, not for all that was handed out
                for future in waiting:
                    future.cancel()
    return {
        place: [piece for start in sorted(by_start) for piece in by_start[start]]
        for place, by_start in found.items()
    }
