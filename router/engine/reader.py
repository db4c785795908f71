"""
Reads messages before their calls are admitted, and counts what became of what it said.

Tier 0 runs here, on the loop, in microseconds; what it found travels with the call, so that the shard and every
replay after it read nothing. Which models serve is one reference that is replaced between two messages.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol, cast

import msgspec

from router.engine.messages import TEXT_KEPT_MAX, Messages, Seen
from router.engine.models import Artefact, id_of
from router.learning.monitor import Alarm, Monitor
from router.learning.trial import Labelled, Trial
from router.signals.cascade import TIER1, Cascade
from router.signals.features import Pass
from router.signals.language import Prior
from router.signals.model import Model, Prediction
from router.signals.signal import UNDETERMINED, Signal
from router.signals.urgency import Context
from router.wire.calls import Call, Reply
from router.wire.checks import is_language_tag
from router.wire.found import Statement
from router.wire.tickets import Batch, BatchReply, BatchTicket, TicketBody, TicketPatch

SHA256_DIGITS: Final = 64
LOOK_EVERY: Final = 16
"""Outcomes after which a trial is looked at."""
CUSTOMERS_MAX: Final = 50_000
"""Customers whose last language is remembered."""
CONTACTS_MAX: Final = 1_000


class Analyzer(Protocol):
    """All signals of tier 0 in one pass."""

    def analyze(self, text: str, prior: Prior, context: Context) -> dict[str, Signal]:
        """Return the signals of a message by name; never raises."""


Maker = Callable[[Mapping[str, Model]], Analyzer]
"""Makes an analyzer of the models that serve, by signal."""


class Hints(NamedTuple):
    """What is known besides a message: of the customer, and of the matter."""

    prior: Prior = Prior()
    context: Context = Context()
    customer: str = ""


NO_HINTS: Final = Hints()
NO_CONTEXT: Final = Context()
NOTHING: Final[Mapping[str, Cascade]] = MappingProxyType({})
LATER: Final = f"intent{TIER1}"
"""What a cascade of ours tells."""


class Candidate(NamedTuple):
    """A model in the shadow, and how it does."""

    id: str
    model: Artefact
    trial: Trial


class Worry(NamedTuple):
    """An alarm about the model that reads a signal."""

    signal: str
    model: str
    alarm: Alarm


class Reader:
    """Reads the messages of one tenant. Use it from the loop only."""

    def __init__(self, make: Maker, clock_ns: Callable[[], int], messages: Messages) -> None:
        self._make = make
        self._clock_ns = clock_ns
        self.messages = messages
        self.serving: dict[str, Model] = {}
        self.candidates: dict[str, Candidate] = {}
        self.monitors: dict[str, Monitor] = {}
        self._watched: dict[str, str] = {}  # the model that serves, cascades too, by what they tell
        self._worries: list[Worry] = []
        self.has_news = False
        """Whether there are alarms, or a trial has got further, since this was last set back."""
        self.counts: dict[tuple[str, str], int] = {}
        """Signals found, by name and source."""
        self.alarms: Counter[tuple[str, str]] = Counter()
        """Alarms, by signal and kind."""
        self.read_count = 0
        self.read_ns = 0
        self._pass = Pass()
        self._languages: OrderedDict[str, str] = OrderedDict()  # by customer
        self._analyzer = make({})

    # -- which models -----------------------------------------------------------------------------------------------

    def serve(self, models: Mapping[str, Model], later: Mapping[str, Cascade] = NOTHING) -> None:
        """
        Let these models read from the next message on; what is watched of a new one begins anew.

        ``later`` are the cascades that are asked where those are unsure, by what they tell.
        """
        self._analyzer = self._make(dict(models))
        self.serving = dict(models)
        served: dict[str, Artefact] = {**models, **later}
        ids = {name: id_of(each.id) for name, each in served.items()}
        self.monitors = {
            name: self.monitors[name] if self._watched.get(name) == id_ else Monitor()
            for name, id_ in ids.items()
        }
        self._watched = ids

    def renew(self) -> None:
        """Make the analyzer anew, as after a change of the workspace's languages."""
        self._analyzer = self._make(dict(self.serving))

    def try_out(self, models: Mapping[str, Artefact]) -> None:
        """Let these candidates read along; the trials of those that did so already go on."""
        kept = {}
        for signal, model in models.items():
            id_ = id_of(model.id)
            old = self.candidates.get(signal)
            kept[signal] = (
                old if old is not None and old.id == id_ else Candidate(id_, model, Trial())
            )
        self.candidates = kept

    # -- messages ---------------------------------------------------------------------------------------------------

    def read(self, call: Call) -> Call:
        """Return a call about tickets with what their messages say; one without messages as it is."""
        body = call.body
        found: dict[str, tuple[Statement, ...]] = {}
        if isinstance(body, TicketBody | TicketPatch):
            text = message_of(body)
            if text is not None:
                found[call.id] = self.read_message(call.id, text, self._hints(body))
        elif isinstance(body, Batch):
            known: set[str] = set()
            for item in body.items:
                if isinstance(item, BatchTicket) and item.id not in known:
                    known.add(item.id)  # an id that comes again is refused
                    text = message_of(item)
                    if text is not None:
                        found[item.id] = self.read_message(item.id, text, self._hints(item))
        return msgspec.structs.replace(call, found=found) if found else call

    def seen_of(self, told: Call) -> dict[str, Seen]:
        """Return the messages that were read of a call just now, by ticket."""
        if told.found is None:
            return {}
        seen = ((id_, self.messages.get(id_)) for id_ in cast("Mapping[str, object]", told.found))
        return {id_: each for id_, each in seen if each is not None}

    def _hints(self, body: TicketBody | TicketPatch) -> Hints:
        """Return what the client knows of a customer and a matter; the language of the last ticket is ours."""
        known, customer = body.signals, body.customer or ""
        if not known:
            last = self._languages.get(customer, "") if customer else ""
            return Hints(Prior("", last), NO_CONTEXT, customer) if customer else NO_HINTS
        prior = Prior(
            profile=tag_of(known.get("profile_language")),
            last=self._languages.get(customer, ""),
            locale=tag_of(known.get("locale")),
        )
        contacts = known.get("contacts")
        is_count = isinstance(contacts, float) and 0 <= contacts <= CONTACTS_MAX
        return Hints(prior, Context(int(contacts) if is_count and contacts else 0), customer)

    def read_message(self, ticket: str, text: str, hints: Hints) -> tuple[Statement, ...]:
        """Return what the message of a ticket says, and remember it for when its truth is known."""
        signals = self.analyze(text, hints)
        language = ""
        if "language" in signals and signals["language"].value != UNDETERMINED:
            language = signals["language"].value
            self._remember(hints.customer, language)
        seen, counts = Seen(text[:TEXT_KEPT_MAX], language), self.counts
        for name, signal in signals.items():
            key = (name, signal.source)
            counts[key] = counts.get(key, 0) + 1
            monitor = self.monitors.get(name)
            if monitor is not None:
                seen.said[name] = (id_of(signal.model), signal.value)
                alarms = monitor.message(signal.value, signal.probability)
                if alarms:
                    self._worry(name, alarms)
        if self.candidates:
            self._try(seen, signals)
        self.messages.put(ticket, seen)
        return tuple([statement_of(name, signal) for name, signal in signals.items()])

    def _remember(self, customer: str, language: str) -> None:
        """Keep the language of a customer's newest message."""
        if customer:
            self._languages.pop(customer, None)
            self._languages[customer] = language
            if len(self._languages) > CUSTOMERS_MAX:
                self._languages.popitem(last=False)

    def analyze(self, text: str, hints: Hints = NO_HINTS) -> dict[str, Signal]:
        """Return the signals of a text; nothing is remembered of it."""
        begun_ns = self._clock_ns()
        signals = self._analyzer.analyze(text, hints.prior, hints.context)
        self.read_ns += self._clock_ns() - begun_ns
        self.read_count += 1
        return signals

    def _try(self, seen: Seen, signals: Mapping[str, Signal]) -> None:
        """Let the candidates read a message too."""
        begun_ns = self._clock_ns()
        reading = self._pass.read(seen.text)
        for name, candidate in self.candidates.items():
            if isinstance(candidate.model, Cascade):
                continue  # it needs a vector; see ``heard_later``
            told = candidate.model.judge(reading)
            ended_ns = self._clock_ns()
            elapsed_ns, begun_ns = ended_ns - begun_ns, ended_ns
            seen.candidates[name] = (candidate.id, told.label, told.probability)
            said = signals.get(name)
            agrees = said is not None and said.value == told.label
            candidate.trial.see(agrees=agrees, elapsed_ns=elapsed_ns)

    def heard_later(self, seen: Seen, told: Prediction | None, tried: Prediction | None) -> None:
        """
        Take in what a cascade said of a message's intent, and what its candidate did.

        Without a cascade that serves, the candidate is compared with what tier 0 said.
        """
        name = LATER
        label = told.label if told is not None else seen.said.get("intent", ("", ""))[1]
        seen.said[name] = (self._watched.get(name, ""), label)
        monitor = self.monitors.get(name)
        if told is not None and monitor is not None:
            self._worry(name, monitor.message(told.label, told.probability))
        candidate = self.candidates.get(name)
        if candidate is not None and tried is not None:
            seen.candidates[name] = (candidate.id, tried.label, tried.probability)
            candidate.trial.see(agrees=tried.label == label, elapsed_ns=0)

    # -- what became of them ----------------------------------------------------------------------------------------

    def corrected(self, ticket: str, truths: Mapping[str, str]) -> None:
        """Take in what somebody says that signals of a ticket are in truth."""
        seen = self.messages.get(ticket)
        if seen is None:
            return
        for name, truth in truths.items():
            self._label(name, seen, truth)
            self._label(f"{name}{TIER1}", seen, truth)

    def transferred(self, ticket: str) -> None:
        """Note that a ticket was sent elsewhere."""
        seen = self.messages.get(ticket)
        if seen is not None:
            seen.was_transferred = True

    def completed(self, ticket: str) -> None:
        """
        Take in that a ticket was completed: what nobody corrected is taken as right.

        That favours the model that serves, as nobody was asked about what a candidate said instead. Where
        tier 1 was asked, its word is taken for tier 0 as well.
        """
        seen = self.messages.get(ticket)
        if seen is None:
            return
        said = {name: label for name, (_, label) in seen.said.items()}
        for name, label in said.items():
            self._label(name, seen, said.get(f"{name}{TIER1}", label))

    def _label(self, name: str, seen: Seen, truth: str) -> None:
        """Count a message whose truth is known, once for each signal."""
        said = seen.said.get(name)
        if said is None or name in seen.labelled:
            return
        seen.labelled.add(name)
        model, label = said
        if self._watched.get(name, "") != model:
            return  # another model said so
        monitor = self.monitors.get(name)
        if monitor is not None:
            is_wrong = label != truth
            alarms = monitor.outcome(is_wrong=is_wrong, was_transferred=seen.was_transferred)
            self._worry(name, alarms)
        candidate, tried = self.candidates.get(name), seen.candidates.get(name)
        if candidate is not None and tried is not None and tried[0] == candidate.id:
            candidate.trial.label(Labelled(truth, seen.language, label, tried[1], tried[2]))
            self.has_news |= candidate.trial.whole.labels % LOOK_EVERY == 0

    def _worry(self, name: str, alarms: Iterable[Alarm]) -> None:
        for alarm in alarms:
            self.alarms[name, alarm.kind] += 1
            self._worries.append(Worry(name, self._watched[name], alarm))
            self.has_news = True

    def take_worries(self) -> list[Worry]:
        """Return the alarms that nobody has seen to yet."""
        found, self._worries = self._worries, []
        return found


def taken(reply: Reply, read: Collection[str]) -> Collection[str]:
    """Return those of the tickets whose messages were read that took them; of a batch not those refused in it."""
    if reply.status >= HTTPStatus.MULTIPLE_CHOICES:
        return ()
    if not isinstance(reply.body, BatchReply):
        return read
    return {e.id for e in reply.body.results if e.status < HTTPStatus.MULTIPLE_CHOICES}


def tag_of(value: object) -> str:
    """Return a language tag that a client named, empty for what is none."""
    return value if isinstance(value, str) and is_language_tag(value) else ""


def message_of(body: TicketBody | TicketPatch) -> str | None:
    """Return the message that came with a description, subject first; None when none came."""
    subject, text = body.subject, body.text
    if not isinstance(text, str):
        return subject if isinstance(subject, str) else None
    return f"{subject}\n{text}" if isinstance(subject, str) else text


def statement_of(name: str, signal: Signal) -> Statement:
    """Return a signal as the journal keeps it."""
    model = id_of(signal.model) if len(signal.model) == SHA256_DIGITS else signal.model
    return Statement(name, signal.value, signal.probability, signal.level, signal.source, model)
