"""The formulas by name, as anchors ask for them: parameters in, values by the names of measures out."""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from simulator.theory.chains import NModel, n_model
from simulator.theory.erlang import (
    Queue,
    erlang_a,
    erlang_a_tail,
    erlang_b,
    erlang_c,
    erlang_c_tail,
    limited,
)
from simulator.theory.single import (
    gamma_poisson,
    pollaczek_khinchine,
    priorities,
    priorities_by_work,
    reopening,
    sharing,
)
from simulator.theory.skills import SkillGraph, longest_idle
from simulator.theory.transient import Period, crowd, scheduled

Given = Mapping[str, Any]
Values = dict[str, list[float]]


class Formula(NamedTuple):
    """A formula: how it is computed, what it asks for, and where it is from."""

    values: Callable[[Given], Values]
    asks: tuple[str, ...]
    may_ask: tuple[str, ...]
    source: str


def _of_queue(queue: Queue) -> Values:
    return {
        "waited": [queue.p_wait],
        "abandonment": [queue.p_lost],
        "wait_s": [queue.wait],
        "asa_s": [queue.answer_wait],
        "occupancy": [queue.busy],
        "queue_length": [queue.queue],
    }


def _erlang_b(given: Given) -> Values:
    load = given["rate"] / given["service_rate"]
    blocked = erlang_b(given["servers"], load)
    return {"blocking": [blocked], "occupancy": [load * (1.0 - blocked) / given["servers"]]}


def _erlang_c(given: Given) -> Values:
    asked = given["servers"], given["rate"], given["service_rate"]
    found = _of_queue(erlang_c(*asked))
    if "after" in given:
        found["waited_within"] = [1.0 - erlang_c_tail(*asked, given["after"])]
    return found


def _erlang_a(given: Given) -> Values:
    asked = given["servers"], given["rate"], given["service_rate"], given["patience_rate"]
    found = _of_queue(erlang_a(*asked))
    if "after" in given:
        found["waited_within"] = [1.0 - erlang_a_tail(*asked, given["after"])]
    return found


def _limited(given: Given) -> Values:
    queue = limited(given["servers"], given["rate"], given["service_rate"], given["room"])
    found = _of_queue(queue)
    found["blocking"] = found.pop("abandonment")
    return found


def _pollaczek_khinchine(given: Given) -> Values:
    wait = pollaczek_khinchine(given["rate"], given["work"], given["cv2"])
    load = given["rate"] * given["work"]
    return {
        "wait_s": [wait],
        "asa_s": [wait],
        "occupancy": [load],
        "queue_length": [given["rate"] * wait],
    }


def _priorities(given: Given) -> Values:
    waits = priorities(given["rates"], given["service_rate"], given["servers"])
    busy = sum(given["rates"]) / given["service_rate"] / given["servers"]
    return {"wait_s": waits, "asa_s": waits, "occupancy": [busy]}


def _priorities_by_work(given: Given) -> Values:
    waits = priorities_by_work(given["rates"], given["service_rates"])
    return {"wait_s": waits, "asa_s": waits}


def _reopening(given: Given) -> Values:
    return _of_queue(
        reopening(given["servers"], given["rate"], given["service_rate"], given["share"])
    )


def _sharing(given: Given) -> Values:
    chat = sharing(given["rate"], given["rates_by_level"])
    units = chat.chats / len(given["rates_by_level"])
    return {
        "blocking": [chat.p_blocked],
        "occupancy": [1.0 - chat.law[0]],
        "occupancy_units": [units],
        "sojourn_s": [chat.sojourn],
    }


def _gamma_poisson(given: Given) -> Values:
    counts = gamma_poisson(given["mean"], given["shape"])
    return {
        "tickets": [counts.mean],
        "variance": [counts.variance],
        "p_none": [counts.p_none],
    }


def _longest_idle(given: Given) -> Values:
    graph = SkillGraph(given["rates"], given["service_rates"], given["serves"])
    found = longest_idle(graph)
    return {
        "waited": found.p_wait,
        "wait_s": found.wait,
        "asa_s": found.wait,
        "occupancy": found.busy,
    }


def _n_model(given: Given) -> Values:
    rates, agents = tuple(given["rates"]), tuple(given["agents"])
    found = n_model(NModel(rates, agents, given["service_rate"], given["patience_rate"]))
    return {"abandonment": found.p_abandon, "wait_s": found.wait, "occupancy": found.occupancy}


def _periods(given: Given) -> list[Period]:
    columns: Sequence[Sequence[float]] = given["lengths"], given["rates"], given["servers"]
    return [Period(length, rate, int(n)) for length, rate, n in zip(*columns, strict=True)]


def _scheduled(given: Given) -> Values:
    steps = scheduled(_periods(given), given["service_rate"], given["patience_rate"])
    arrived = sum(step.arrived for step in steps)
    return {
        "tickets": [arrived],
        "busy_at": [step.busy for step in steps],
        "waiting_at": [step.queue for step in steps],
        "abandoned_before": [sum(s.abandoned for s in steps[: i + 1]) for i in range(len(steps))],
    }


def _crowd(given: Given) -> Values:
    before = int(given.get("days_before", 0))
    day = _periods({**given, "servers": [0] * len(given["lengths"])})
    passed = before * sum(period.length for period in day)
    survives = survival(given)
    return {"busy_at": [crowd(day * (before + 1), survives, passed + at) for at in given["at"]]}


def survival(given: Given) -> Callable[[float], float]:
    """Return the survival function of a law of work: fixed, exponential or lognormal.

    Raises
    ------
    ValueError
        When `law` is none of them.
    """
    mean = given["work"]
    match given["law"]:
        case "fixed":
            return lambda u: 1.0 if u < mean else 0.0
        case "exponential":
            return lambda u: math.exp(-u / mean)
        case "lognormal":
            sd = given["log_sd"]
            centre = math.log(mean) - 0.5 * sd * sd
            return lambda u: 0.5 * math.erfc((math.log(u) - centre) / (sd * math.sqrt(2.0)))
        case other:
            raise ValueError(f"law is {other!r}, expected fixed, exponential or lognormal")


QUEUE: Final = ("servers", "rate", "service_rate")
FORMULAS: Final[Mapping[str, Formula]] = MappingProxyType(
    {
        "erlang_b": Formula(_erlang_b, QUEUE, (), "Erlang 1917"),
        "erlang_c": Formula(_erlang_c, QUEUE, ("after",), "Erlang 1917"),
        "erlang_a": Formula(_erlang_a, (*QUEUE, "patience_rate"), ("after",), "Palm 1957"),
        "limited": Formula(_limited, (*QUEUE, "room"), (), "M/M/c/K, birth and death"),
        "pollaczek_khinchine": Formula(
            _pollaczek_khinchine, ("rate", "work", "cv2"), (), "Pollaczek 1930, Khinchine 1932"
        ),
        "priorities": Formula(
            _priorities,
            ("servers", "rates", "service_rate"),
            (),
            "Cobham 1954, Kella and Yechiali 1985",
        ),
        "priorities_by_work": Formula(
            _priorities_by_work, ("rates", "service_rates"), (), "Cobham 1954"
        ),
        "reopening": Formula(_reopening, (*QUEUE, "share"), (), "Jackson 1957"),
        "sharing": Formula(_sharing, ("rate", "rates_by_level"), (), "Cohen 1979"),
        "gamma_poisson": Formula(_gamma_poisson, ("mean", "shape"), (), "Jongbloed and Koole 2001"),
        "longest_idle": Formula(
            _longest_idle, ("rates", "service_rates", "serves"), (), "Adan and Weiss 2014"
        ),
        "n_model": Formula(
            _n_model, ("rates", "agents", "service_rate", "patience_rate"), (), "chain, solved"
        ),
        "scheduled": Formula(
            _scheduled,
            ("lengths", "rates", "servers", "service_rate", "patience_rate"),
            (),
            "uniformisation, Jensen 1953",
        ),
        "crowd": Formula(
            _crowd,
            ("lengths", "rates", "law", "work", "at"),
            ("log_sd", "days_before"),
            "Eick, Massey and Whitt 1993",
        ),
    }
)
"""Every formula an anchor may name."""


def evaluate(name: str, given: Given) -> Values:
    """Return the values of a formula; times in the unit of the rates, lists by type or server.

    Raises
    ------
    ValueError
        When there is no such formula, a parameter is missing or unknown, or a value is impossible.
    """
    if name not in FORMULAS:
        raise ValueError(f"formula is {name!r}, expected one of {', '.join(FORMULAS)}")
    formula = FORMULAS[name]
    missing = [each for each in formula.asks if each not in given]
    unknown = [each for each in given if each not in (*formula.asks, *formula.may_ask)]
    if missing or unknown:
        wanted = ", ".join((*formula.asks, *(f"[{each}]" for each in formula.may_ask)))
        wrong = f"{missing[0]} is missing" if missing else f"{unknown[0]} is unknown"
        raise ValueError(f"formula {name}: {wrong}, expected {wanted}")
    return formula.values(given)
