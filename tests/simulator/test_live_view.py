"""The view shows what the snapshot says, live in a terminal and by lines elsewhere."""

import dataclasses
import io
from datetime import UTC, datetime

from rich.console import Console

from simulator.live_view import LiveView, PlainView, open_view, plain_line, render
from simulator.tally import Latency, Snapshot

SNAPSHOT = Snapshot(
    day=datetime(2016, 3, 7, 11, 5, tzinfo=UTC),
    elapsed_s=12.0,
    calls_done=400,
    calls_total=825,
    tickets_sent=321,
    tickets_total=607,
    tickets_per_s=27.4,
    offers=340,
    declined=9,
    accepted=310,
    completed=222,
    breached=3,
    refused={"offer_not_open": 2},
    ack=Latency(1.2, 4.6, 321),
    decision=Latency(1.1, 3.9, 250),
    service_level=0.873,
    waiting={f"team-{n}": n for n in range(1, 12)},
    gap=0.0125,
)
EMPTY = dataclasses.replace(
    SNAPSHOT,
    waiting={},
    gap=None,
    service_level=None,
    ack=Latency(0, 0, 0),
    decision=Latency(0, 0, 0),
)


def text_of(snapshot: Snapshot) -> str:
    """Render a snapshot as plain text."""
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(render(snapshot))
    return console.file.getvalue()


def test_the_panel_says_everything() -> None:
    """Clock, progress, rate, latencies, service level, gap, and the longest queues first."""
    text = text_of(SNAPSHOT)
    for said in ("Monday 07 March 2016, 11:05", "321 of 607", "27 tickets/s", "p50 1.2 p99 4.6 ms",
                 "p50 1.1 p99 3.9 ms", "87.3%", "1.2%", "declined 9", "promises broken 3",
                 "calls refused 2", "3 more"):  # fmt: skip
        assert said in text
    assert text.index("team-11") < text.index("team-10") < text.index("team-4")
    assert "team-3 " not in text


def test_a_panel_without_figures_is_a_panel() -> None:
    """At the start there is nothing to show, and that is shown."""
    text = text_of(EMPTY)
    assert "nobody waits" in text
    assert "service level -" in text


def test_the_line_says_the_same_in_short() -> None:
    """One line has the figures a log reader looks for."""
    assert plain_line(SNAPSHOT) == (
        "Mon 11:05, 321/607 tickets, 27/s, 310 accepted, 222 completed, 66 waiting, "
        "service level 87.3%, decision p99 3.9 ms, gap 1.2%"
    )
    assert plain_line(EMPTY).endswith("service level -, decision p99 -, gap -")


def test_outside_a_terminal_lines_come_now_and_then() -> None:
    """Not every snapshot is a line, but the last one is, once, and no control codes are."""
    console = Console(file=io.StringIO(), width=60)
    with open_view(console) as view:
        assert isinstance(view, PlainView)
        for tenth in range(41):
            view.show(
                dataclasses.replace(SNAPSHOT, elapsed_s=tenth / 10, offers=tenth, completed=tenth)
            )
        done = dataclasses.replace(SNAPSHOT, elapsed_s=4.05, calls_done=825)
        view.show(done)
        view.show(done)
    lines = console.file.getvalue().splitlines()
    assert [line.split(", ")[4] for line in lines] == [
        "0 completed", "20 completed", "40 completed", "222 completed",
    ]  # fmt: skip
    assert "\x1b" not in console.file.getvalue()


def test_in_a_terminal_the_panel_is_redrawn() -> None:
    """Each snapshot replaces the one before."""
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system=None)
    with open_view(console) as view:
        assert isinstance(view, LiveView)
        view.show(EMPTY)
        view.show(SNAPSHOT)
    written = console.file.getvalue()
    assert "nobody waits" in written
    assert "team-11" in written
    assert "\x1b[1A" in written
