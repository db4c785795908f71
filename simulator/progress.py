"""A progress bar on standard error, or a line at times where that is no terminal."""

import sys
from time import perf_counter
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

LINE_EVERY_S: Final = 5.0


class Progress:
    """Shows how many replications are played."""

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0
        self._began_s = self._said_s = perf_counter()
        self._bar: Bar | None = None
        if sys.stderr.isatty():
            self._bar = Bar(
                TextColumn("replications"), BarColumn(), MofNCompleteColumn(),
                TimeRemainingColumn(), console=Console(stderr=True), transient=True,
            )  # fmt: skip
            self._row = self._bar.add_task("", total=total)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def advance(self) -> None:
        """One more is played."""
        self._done += 1
        if self._bar is not None:
            self._bar.advance(self._row)
        elif perf_counter() - self._said_s > LINE_EVERY_S:
            self._said_s = perf_counter()
            sys.stderr.write(f"{self._done} of {self._total} replications\n")
            sys.stderr.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
