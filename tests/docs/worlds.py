"""The fields of a world file, read from their types."""

from typing import Final

from simulator.worlds import schema
from tests.docs import bodies

TABLES: Final = (
    schema.World, schema.Time, schema.Ticket, schema.Arrivals, schema.Law, schema.Again, schema.Transfer, schema.Team,
    schema.Break, schema.Absence, schema.Acceptance, schema.Learning, schema.Busyness, schema.Burst, schema.Network,
    schema.Outage, schema.Change, schema.Lines,
)  # fmt: skip


def fields() -> str:
    """List the fields of everything a world is made of, with links to those of the API."""
    found = "\n\n".join(bodies._section(each) for each in TABLES)
    return found.replace("](#", "](bodies.md#")
