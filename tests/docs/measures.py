"""The parts of the documents that follow from the simulator's tables of measures, formulas and controls."""

import inspect

from simulator.measures.cuts import CUTS
from simulator.measures.table import MEASURES
from simulator.theory.formulas import FORMULAS
from simulator.validate import anchors
from simulator.validate.controls import CONTROLS
from simulator.validate.extras import EXTRAS
from tests.docs import bodies
from tests.docs.tables import code, first_sentence, table

BETTER = {True: "more", False: "less", None: ""}


def measures() -> str:
    """Return the table of measures, and the cuts below it."""
    rows = [
        (f"`{name}`", each.about, each.unit, BETTER[each.is_good])
        for name, each in MEASURES.items()
    ]
    cuts = [f"* `{name}`: {about}" for name, about in CUTS.items()]
    return "\n".join(
        [table(("measure", "what it is", "unit", "better is"), rows), "", "Cuts:", "", *cuts]
    )


def formulas() -> str:
    """Return the table of formulas."""
    rows = [
        (f"`{name}`", code((*each.asks, *(f"[{p}]" for p in each.may_ask))), each.source)
        for name, each in FORMULAS.items()
    ]
    return table(("formula", "asks for", "source"), rows)


def controls() -> str:
    """Return the table of control variates."""
    rows = [
        (f"`{name}`", first_sentence(inspect.getdoc(each)).removeprefix("Return "))
        for name, each in CONTROLS.items()
    ]
    return table(("control", "what it is"), rows)


def extras() -> str:
    """Return the table of measures that only anchors ask for."""
    rows = [(f"`{name}`", each.about) for name, each in EXTRAS.items()]
    return table(("measure", "what it is"), rows)


def fields() -> str:
    """Return the fields of an anchor file."""
    kinds = (anchors.AnchorBody, anchors.Run, anchors.Expect, anchors.Law, anchors.Pool)
    found = "\n\n".join(bodies._section(each) for each in kinds)
    return found.replace("](#world)", "](simulator.md#world)").replace("](#", "](bodies.md#")
