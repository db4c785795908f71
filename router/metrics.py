"""Metrics: one literal table, plain numbers while serving, Prometheus text when asked.

Counting is an addition to a dictionary (0.2 us, where a Prometheus counter takes 1.2); the
library's families are made from a copy when somebody scrapes, outside the event loop, because
200 series take it 4 ms. Every label has few values: routes, statuses, states, codes, tenants that
have a key, and queues up to a limit. Nothing is labelled by ticket or agent.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

__all__ = ["METRICS", "Meter", "Metrics", "Row", "Snapshot"]

OTHER = "other"
"""The queue under which the smallest queues are counted together."""
BUCKETS_S = (
    0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
)  # fmt: skip
"""Upper bounds of the request histogram, in seconds; an fsync lies among the first."""
BUCKETS_NS = tuple(round(bound * 1_000_000_000) for bound in BUCKETS_S)


class Row(NamedTuple):
    """What a metric is: its kind, what it says, its labels, and who knows its value."""

    kind: Literal["counter", "gauge", "histogram"]
    about: str
    labels: tuple[str, ...] = ()
    source: Literal["server", "engine"] = "server"


METRICS: MappingProxyType[str, Row] = MappingProxyType(
    {
        "cordboard_requests_total": Row("counter", "Requests answered.", ("route", "status")),
        "cordboard_request_seconds": Row("histogram", "Time from head to answer.", ("route",)),
        "cordboard_problems_total": Row("counter", "Requests refused, by code.", ("code",)),
        "cordboard_requests_in_flight": Row("gauge", "Requests waiting for their answer."),
        "cordboard_connections": Row("gauge", "Connections open."),
        "cordboard_connections_refused_total": Row(
            "counter", "Connections turned away: too many overall or of an address.", ("reason",)
        ),
        "cordboard_streams": Row("gauge", "Event streams and sockets open.", ("kind",)),
        "cordboard_stream_ends_total": Row(
            "counter", "Streams ended, by reason: gone, slow, gap, draining.", ("reason",)
        ),
        "cordboard_events_sent_total": Row("counter", "Events sent to streams.", ("kind",)),
        "cordboard_loop_lag_seconds": Row("gauge", "How late the event loop woke up last."),
        "cordboard_ready": Row("gauge", "1 when /readyz says yes."),
        "cordboard_events_total": Row("counter", "Events journalled.", ("tenant",), "engine"),
        "cordboard_calls_total": Row("counter", "Calls done or refused.", ("tenant",), "engine"),
        "cordboard_tickets": Row("gauge", "Tickets in memory.", ("tenant", "state"), "engine"),
        "cordboard_agents": Row("gauge", "Agents configured.", ("tenant", "presence"), "engine"),
        "cordboard_waiting": Row("gauge", "Tickets that wait.", ("tenant", "queue"), "engine"),
        "cordboard_solver_decisions_total": Row(
            "counter", "Joint decisions since the start.", ("tenant",), "engine"
        ),
        "cordboard_solver_tickets_total": Row(
            "counter", "Tickets in joint decisions.", ("tenant",), "engine"
        ),
        "cordboard_solver_pairs_total": Row(
            "counter", "Candidates that these weighed against each other.", ("tenant",), "engine"
        ),
        "cordboard_solver_scored_total": Row(
            "counter", "Feasible pairs whose worth they looked at.", ("tenant",), "engine"
        ),
        "cordboard_solver_scans_total": Row(
            "counter", "Tickets and agents their searches looked at.", ("tenant",), "engine"
        ),
        "cordboard_solver_looks_total": Row(
            "counter", "Rounds of looking for better pairs.", ("tenant",), "engine"
        ),
        "cordboard_solver_gap": Row(
            "gauge", "Share of the bound that the last decision left open.", ("tenant",), "engine"
        ),
        "cordboard_price_looks_total": Row(
            "counter",
            "Looks at what agents' time is worth: learning, same, changed, failed.",
            ("tenant", "outcome"),
            "engine",
        ),
        "cordboard_price_seconds_total": Row(
            "counter", "Time spent on that, in a thread.", ("tenant",), "engine"
        ),
        "cordboard_inbox": Row("gauge", "Calls not decided yet.", (), "engine"),
        "cordboard_commits_total": Row("counter", "Frames made durable.", (), "engine"),
        "cordboard_commit_seconds_total": Row("counter", "Time spent on that.", (), "engine"),
        "cordboard_commit_seconds_max": Row("gauge", "Longest of late.", (), "engine"),
        "cordboard_messages_read_total": Row("counter", "Messages read.", ("tenant",), "engine"),
        "cordboard_messages_read_seconds_total": Row(
            "counter", "Time spent on that.", ("tenant",), "engine"
        ),
        "cordboard_signals_total": Row(
            "counter", "Signals found, by who found them.", ("tenant", "signal", "source"), "engine"
        ),
        "cordboard_signal_questions_total": Row(
            "counter",
            "Questions to tier 1 and 2, by what came of them.",
            ("tenant", "tier", "outcome"),
            "engine",
        ),
        "cordboard_model_errors": Row(
            "gauge",
            "Share of wrong answers lately, as far as known.",
            ("tenant", "signal"),
            "engine",
        ),
        "cordboard_model_agreement": Row(
            "gauge", "Share of messages a candidate reads alike.", ("tenant", "signal"), "engine"
        ),
        "cordboard_model_alarms_total": Row(
            "counter",
            "Drift, by kind: errors, transfers, values, margins.",
            ("tenant", "signal", "kind"),
            "engine",
        ),
        "cordboard_models_broken": Row(
            "gauge", "Models whose file cannot be used.", ("tenant",), "engine"
        ),
        "cordboard_similar_documents": Row(
            "gauge", "Solved tickets and articles that are compared.", ("tenant", "kind"), "engine"
        ),
        "cordboard_solved_in_memory": Row(
            "gauge", "1 where the file of solved tickets cannot be used.", ("tenant",), "engine"
        ),
    }
)
"""Every metric by name, those of the process and of Python's collector aside."""

Values = Mapping[tuple[str, ...], float]


class Meter:
    """Counts the requests of one route; bound once, so a request looks nothing up."""

    __slots__ = ("buckets", "route", "statuses", "total_ns")

    def __init__(self, route: str) -> None:
        self.route = route
        self.statuses: dict[int, int] = {}
        self.buckets = [0] * (len(BUCKETS_NS) + 1)
        self.total_ns = 0

    def observe(self, status: int, elapsed_ns: int) -> None:
        """Count a request that was answered with `status` after so many nanoseconds."""
        statuses = self.statuses
        statuses[status] = statuses.get(status, 0) + 1
        self.buckets[bisect_left(BUCKETS_NS, elapsed_ns)] += 1
        self.total_ns += elapsed_ns


class Histogram(NamedTuple):
    """A copied histogram: counts up to each bound, and the sum in seconds."""

    cumulative: tuple[int, ...]
    sum_s: float


class Snapshot(NamedTuple):
    """All values at one moment, belonging to nobody else."""

    values: Mapping[str, Values]
    histograms: Mapping[str, Histogram]
    queues_max: int

    def text(self) -> bytes:
        """Write it as Prometheus reads it. Slow: call it outside the event loop."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Families(self))
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        return generate_latest(registry)


class Metrics:
    """What has been counted since the server started."""

    def __init__(self, queues_max: int) -> None:
        self._queues_max = queues_max
        self._meters: dict[str, Meter] = {}
        self._values: dict[str, dict[tuple[str, ...], float]] = {}

    def meter(self, route: str) -> Meter:
        """Return the meter of a route, by its name."""
        return self._meters.setdefault(route, Meter(route))

    def count(self, name: str, *labels: str, by: float = 1) -> None:
        """Add to a counter of `METRICS`."""
        values = self._values.setdefault(name, {})
        values[labels] = values.get(labels, 0) + by

    def put(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge of `METRICS`."""
        self._values.setdefault(name, {})[labels] = value

    def snapshot(self, engine: Mapping[str, float | Values]) -> Snapshot:
        """Copy everything, with the engine's figures beside ours.

        Raises KeyError for a figure that is not in `METRICS`.
        """
        values: dict[str, Values] = {name: dict(found) for name, found in self._values.items()}
        for name, figure in engine.items():
            if METRICS[name].source != "engine":
                raise KeyError(f"{name} is counted by the server, not by the engine")
            values[name] = figure if isinstance(figure, Mapping) else {(): figure}
        used = [meter for meter in self._meters.values() if meter.statuses]
        values["cordboard_requests_total"] = {
            (meter.route, str(status)): count
            for meter in used
            for status, count in meter.statuses.items()
        }
        histograms = {
            each.route: Histogram(_summed(each.buckets), each.total_ns / 1e9) for each in used
        }
        return Snapshot(values, histograms, self._queues_max)


def _summed(buckets: Iterable[int]) -> tuple[int, ...]:
    total = 0
    summed = []
    for count in buckets:
        total += count
        summed.append(total)
    return tuple(summed)


class _Families(Collector):
    """Turns a snapshot into the library's families."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        for name, row in METRICS.items():
            if row.kind == "histogram":
                yield self._histogram(name, row)
                continue
            kind = CounterMetricFamily if row.kind == "counter" else GaugeMetricFamily
            family = kind(name, row.about, labels=row.labels)
            values = self._snapshot.values.get(name, {})
            for labels, value in _bounded(row, values, self._snapshot.queues_max).items():
                family.add_metric(labels, value)
            yield family

    def _histogram(self, name: str, row: Row) -> Metric:
        family = HistogramMetricFamily(name, row.about, labels=row.labels)
        bounds = (*(str(bound) for bound in BUCKETS_S), "+Inf")
        for route, found in self._snapshot.histograms.items():
            buckets = list(zip(bounds, found.cumulative, strict=True))
            family.add_metric([route], buckets, found.sum_s)
        return family


def _bounded(row: Row, values: Values, queues_max: int) -> Values:
    """Keep the largest queues and count the rest together, so that series stay few."""
    if "queue" not in row.labels or len(values) <= queues_max:
        return values
    place = row.labels.index("queue")
    ranked = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    kept = dict(ranked[:queues_max])
    for labels, value in ranked[queues_max:]:
        rest = (*labels[:place], OTHER, *labels[place + 1 :])
        kept[rest] = kept.get(rest, 0) + value
    return kept
