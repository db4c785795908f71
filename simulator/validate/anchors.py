"""Anchor files: a world, what is expected of it, and where the numbers are from."""

import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta

from router.wire.diagnose import diagnose
from router.wire.fields import Body
from simulator.measures.cuts import CUTS
from simulator.measures.table import MEASURES
from simulator.theory.formulas import Values, evaluate
from simulator.validate.controls import CONTROLS
from simulator.validate.extras import EXTRAS
from simulator.worlds.checks import find_faults
from simulator.worlds.reading import (
    Fault,
    WorldError,
    field_of,
    line_of,
    lines_of,
    plain,
    said,
    text_of,
)
from simulator.worlds.schema import World

SUFFIX: Final = ".toml"
COUNTS: Final = ("servers", "agents", "room")
"""Parameters of formulas that are whole numbers."""
MEASURES_SAID: Final = f"expected one of {', '.join((*MEASURES, *EXTRAS))}"
Found = list[tuple[tuple[str, ...], str]]
Share = Annotated[float, Meta(gt=0, lt=1)]


class Run(Body, frozen=True, kw_only=True):
    """How an anchor is simulated."""

    replications: Annotated[int, Meta(ge=8, le=10_000)] = 32
    seed: Annotated[int, Meta(ge=0)] = 1
    controls: Annotated[tuple[str, ...], Meta(description="Rows of `CONTROLS`.")] = ()
    cycle_s: Annotated[
        float, Meta(gt=0, description="For values at a moment: how long a day is.")
    ] = 86_400.0


class Expect(Body, frozen=True, kw_only=True):
    """One number of an anchor."""

    measure: str
    cut: str = "all"
    key: Annotated[str, Meta(description="Which of the cut, by name.")] = ""
    agents: Annotated[
        tuple[str, ...], Meta(description="For agents' measures: these taken together, by name.")
    ] = ()
    controls: Annotated[tuple[str, ...], Meta(description="Instead of those of `run`.")] = ()
    at_s: Annotated[float, Meta(ge=0, description="For values at a moment of the day.")] | None = (
        None
    )
    until_s: (
        Annotated[
            float,
            Meta(gt=0, description="For agents' measures: slots of the day that begin before."),
        ]
        | None
    ) = None
    value: Annotated[float | None, Meta(description="Exact, or as published.")] = None
    half: (
        Annotated[
            float, Meta(ge=0, description="Published half-width; absent: the value is exact.")
        ]
        | None
    ) = None
    confidence: Annotated[Share, Meta(description="Of the published half-width.")] = 0.95
    rounded: Annotated[
        float, Meta(ge=0, description="Half a unit of the last digit that was printed.")
    ] = 0.0
    allow: Annotated[
        float, Meta(ge=0, description="A difference of the models that the notes explain, at most.")
    ] = 0.0
    formula: Annotated[str, Meta(description="Value of the formula by this name.")] = ""
    index: Annotated[int, Meta(ge=0, description="Which of its values.")] = 0
    scale: Annotated[float, Meta(description="Ours is so many times the value given.")] = 1.0
    differs: Annotated[
        bool, Meta(description="Published of another model: ours must lie outside.")
    ] = False
    is_wide: Annotated[
        bool, Meta(description="Not held to the promised precision; still inside the band.")
    ] = False


class Law(Body, frozen=True, kw_only=True):
    """The formula of an anchor; the table `given` has its parameters, times in `unit_s`."""

    name: str
    unit_s: Annotated[float, Meta(gt=0, description="Seconds in the formula's unit.")] = 1.0


class Pool(Body, frozen=True, kw_only=True):
    """The plain queue that the control `pooled` follows; seconds and rates per second."""

    servers: Annotated[int, Meta(ge=1)]
    rate: Annotated[float, Meta(gt=0)]
    work_s: Annotated[float, Meta(gt=0, description="Mean, at the servers' speed.")]
    speed: Annotated[
        float, Meta(gt=0, description="Of the servers; 1 does work as it is drawn.")
    ] = 1.0
    cv2: Annotated[float, Meta(ge=0, description="Of the work; other than 1: one server.")] = 1.0
    patience_s: (
        Annotated[float, Meta(ge=0, description="Mean; 0: all who would wait are lost.")] | None
    ) = None


class AnchorBody(Body, frozen=True, kw_only=True):
    """A whole anchor file, but for the parameters of its formula, whose types the formula knows."""

    format: Annotated[int, Meta(ge=1, le=1, description="Of this description: 1.")]
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    about: str = ""
    source: Annotated[str, Meta(min_length=1, description="Where the numbers are from.")]
    notes: tuple[str, ...] = ()
    world: World
    run: Run = Run()
    formula: Law | None = None
    pool: Pool | None = None
    expect: Annotated[tuple[Expect, ...], Meta(min_length=1)]


class Anchor(NamedTuple):
    """An anchor: a world, how it is simulated, and the numbers expected of it."""

    name: str
    source: str
    world: World
    run: Run
    pool: Pool | None
    expect: tuple[Expect, ...]
    expected: tuple[float, ...]
    """What each of `expect` should come to, in the measures' own units."""


def parse_anchor(text: str, source: str) -> Anchor:
    """Return the anchor that a TOML text describes.

    Raises
    ------
    WorldError
        Naming everything that is wrong, each with file, line, field and reason.
    """
    try:
        value = plain(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise WorldError(source, [Fault(0, "", str(error))]) from None
    lines = lines_of(text)
    law = value.get("formula") if isinstance(value, dict) else None
    given = law.pop("given", {}) if isinstance(law, dict) else {}
    errors, fields = diagnose(value, AnchorBody)
    if errors:
        found = [(tuple(each.pointer.split("/")[1:]), said(each)) for each in errors]
        raise _wrong(source, lines, found)
    body = msgspec.convert(fields, AnchorBody)
    faults = [(("world", *path), reason) for path, reason in find_faults(body.world)]
    values, more = _values(body, given)
    faults += [*more, *_faults(body, values)]
    if faults:
        raise _wrong(source, lines, faults)
    wanted = tuple(_expected(body, expect, values) for expect in body.expect)
    return Anchor(body.name, body.source, body.world, body.run, body.pool, body.expect, wanted)


def _wrong(
    source: str, lines: Mapping[tuple[str, ...], int], found: list[tuple[tuple[str, ...], str]]
) -> WorldError:
    faults = [Fault(line_of(lines, path), field_of(path), reason) for path, reason in found]
    return WorldError(source, faults)


def _values(body: AnchorBody, given: Mapping[str, Any]) -> tuple[Values, Found]:
    """Return what the anchor's formula comes to, and what is wrong with it."""
    if body.formula is None:
        return {}, []
    try:
        return evaluate(body.formula.name, given), []
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return {}, [(("formula",), f"{_not_whole(given)}{error}")]


def _not_whole(given: Mapping[str, Any]) -> str:
    """Return the parameters that should count something and do not, in words; empty when all do."""
    wrong = [name for name in COUNTS if name in given and not _counts(given[name])]
    return "".join(f"{name} is {given[name]!r}, expected whole numbers: " for name in wrong)


def _counts(value: Any) -> bool:
    return all(map(_counts, value)) if isinstance(value, list) else isinstance(value, int)


def _faults(body: AnchorBody, values: Values) -> Found:
    """List what fits no table, or does not fit together."""
    found: Found = []
    unknown = [each for each in body.run.controls if each not in CONTROLS]
    found += [
        (("run", "controls"), f"{each!r} is no control; expected {', '.join(CONTROLS)}")
        for each in unknown
    ]
    if "pooled" in body.run.controls and body.pool is None:
        found.append((("run", "controls"), "'pooled' needs the table [pool]"))
    if body.world.prices is not None:
        found.append((("world", "prices"), "expected none: anchors are played without prices"))
    for place, expect in enumerate(body.expect):
        unknown = [each for each in expect.controls if each not in body.run.controls]
        if unknown:
            found.append(
                (("expect", str(place), "controls"), f"{unknown[0]!r} is not in run.controls")
            )
        at = ("expect", str(place))
        if expect.measure not in MEASURES and expect.measure not in EXTRAS:
            found.append(((*at, "measure"), f"{expect.measure!r} is no measure; {MEASURES_SAID}"))
        if expect.cut not in CUTS:
            found.append(((*at, "cut"), f"expected one of {', '.join(CUTS)}"))
        if expect.measure in EXTRAS and EXTRAS[expect.measure].needs_at and expect.at_s is None:
            found.append((at, f"{expect.measure} needs at_s"))
        if body.formula is not None and not values:
            continue  # that the formula is wrong is said
        if expect.value is None and expect.index >= len(values.get(expect.formula, [])):
            known = ", ".join(values) or "none"
            found.append((at, f"no value, and the formula's values are {known}"))
    return found


def _expected(body: AnchorBody, expect: Expect, values: Values) -> float:
    """Return the number an expectation names, in the measure's own unit."""
    if expect.value is not None:
        return expect.value * expect.scale
    value = values[expect.formula][expect.index]
    if body.formula is not None and expect.formula.endswith("_s"):
        value *= body.formula.unit_s
    return value * expect.scale


def read_anchor(path: Path) -> Anchor:
    """Return the anchor in a file.

    Raises
    ------
    WorldError
        When the file cannot be read, or naming everything that is wrong with it.
    """
    return parse_anchor(text_of(path), str(path))


def shipped() -> list[Path]:
    """Return the files of the anchors that come with the program, by name."""
    folder = Path(str(resources.files("simulator.validate") / "anchors"))
    return sorted(folder.glob(f"**/*{SUFFIX}"))


def found_in(places: list[Path]) -> list[Path]:
    """Return the anchor files that places mean: files themselves, and all of a folder.

    Raises
    ------
    WorldError
        When a place is not there, or a folder has none.
    """
    files: list[Path] = []
    for place in places:
        inside = sorted(place.glob(f"**/*{SUFFIX}")) if place.is_dir() else [place]
        if not inside:
            raise WorldError(str(place), [Fault(0, "", f"has no file that ends in {SUFFIX}")])
        files += inside
    return files
