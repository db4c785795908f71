"""Show a replay while it runs: a live panel in a terminal, a line now and then anywhere else."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from simulator.tally import Latency, Snapshot

LINE_EVERY_S: Final = 2.0
QUEUES_SHOWN: Final = 8
BAR_WIDTH: Final = 24
NOTHING: Final = "-"


class View(Protocol):
    """Something that shows snapshots."""

    def show(self, snapshot: Snapshot) -> None:
        """Show this snapshot now, or leave it out when the last one is recent enough."""
        ...


@contextmanager
def open_view(console: Console) -> Iterator[View]:
    """Open the view that suits the console: live in a terminal, plain lines otherwise."""
    if not console.is_terminal:
        yield PlainView(console)
        return
    with Live(console=console, auto_refresh=False) as live:
        yield LiveView(live)


class LiveView:
    """Redraws one panel in place."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def show(self, snapshot: Snapshot) -> None:
        """Redraw the panel."""
        self._live.update(render(snapshot), refresh=True)


class PlainView:
    """Prints a line every `LINE_EVERY_S` real seconds, and one at the end."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._next_s = 0.0
        self._last = ""

    def show(self, snapshot: Snapshot) -> None:
        """Print the snapshot when the last line is old enough or everything was sent."""
        line = plain_line(snapshot)
        ended = snapshot.calls_done == snapshot.calls_total
        if (snapshot.elapsed_s >= self._next_s or ended) and line != self._last:
            self._next_s = snapshot.elapsed_s + LINE_EVERY_S
            self._last = line
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def plain_line(snapshot: Snapshot) -> str:
    """Return the snapshot as one line of text."""
    parts = (
        f"{snapshot.day:%a %H:%M}",
        f"{snapshot.tickets_sent}/{snapshot.tickets_total} tickets",
        f"{snapshot.tickets_per_s:.0f}/s",
        f"{snapshot.accepted} accepted",
        f"{snapshot.completed} completed",
        f"{sum(snapshot.waiting.values())} waiting",
        f"service level {_share(snapshot.service_level)}",
        f"decision p99 {_ms(snapshot.decision.p99_ms, snapshot.decision)}",
        f"gap {_share(snapshot.gap)}",
    )
    return ", ".join(parts)


def render(snapshot: Snapshot) -> RenderableType:
    """Return the panel of a snapshot: progress, figures, and who waits where."""
    figures = Table.grid(padding=(0, 3))
    for row in _figures(snapshot):
        figures.add_row(*row)
    title = f"[bold]{snapshot.day:%A %d %B %Y, %H:%M}[/]"
    bar = ProgressBar(total=max(snapshot.calls_total, 1), completed=snapshot.calls_done)
    return Panel(
        Group(bar, Text(), figures, Text(), _waiting(snapshot.waiting)), title=title, expand=False
    )


def _figures(snapshot: Snapshot) -> tuple[tuple[str, str, str], ...]:
    refused = sum(snapshot.refused.values())
    return (
        (
            f"tickets [bold]{snapshot.tickets_sent}[/] of {snapshot.tickets_total}",
            f"[bold]{snapshot.tickets_per_s:.0f}[/] tickets/s",
            f"{snapshot.elapsed_s:.0f} s so far",
        ),
        (
            f"offers [bold]{snapshot.offers}[/]",
            f"accepted [bold]{snapshot.accepted}[/], declined {snapshot.declined}",
            f"completed [bold]{snapshot.completed}[/]",
        ),
        (
            f"service level [bold]{_share(snapshot.service_level)}[/]",
            f"promises broken {snapshot.breached}",
            f"calls refused {refused}",
        ),
        (
            f"acknowledged {_latency(snapshot.ack)}",
            f"decided {_latency(snapshot.decision)}",
            f"gap [bold]{_share(snapshot.gap)}[/]",
        ),
    )


def _waiting(waiting: Mapping[str, int]) -> RenderableType:
    if not waiting:
        return Text("nobody waits")
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    table.add_column("queue")
    table.add_column("waiting", justify="right")
    table.add_column("", width=BAR_WIDTH)
    longest = max(waiting.values())
    ordered = sorted(waiting.items(), key=lambda pair: (-pair[1], pair[0]))
    for queue, count in ordered[:QUEUES_SHOWN]:
        bar = ProgressBar(total=longest, completed=count, width=BAR_WIDTH)
        table.add_row(Text(queue), str(count), bar)
    rest = ordered[QUEUES_SHOWN:]
    if rest:
        table.add_row(f"{len(rest)} more", str(sum(count for _, count in rest)), "")
    return table


def _share(share: float | None) -> str:
    return NOTHING if share is None else f"{share:.1%}"


def _ms(value_ms: float, of: Latency) -> str:
    return f"{value_ms:.1f} ms" if of.samples else NOTHING


def _latency(latency: Latency) -> str:
    if not latency.samples:
        return NOTHING
    return f"p50 [bold]{latency.p50_ms:.1f}[/] p99 [bold]{latency.p99_ms:.1f}[/] ms"
