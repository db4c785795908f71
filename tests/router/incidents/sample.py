"""A small invented incident log, in the two dialects the real one comes in."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

HEADERS = """
    number,incident_state,active,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,
    opened_by,opened_at,contact_type,location,category,subcategory,impact,urgency,priority,
    assignment_group,assigned_to,closed_code,resolved_by,resolved_at,closed_at
"""
PUBLISHED = [name.strip() for name in HEADERS.split(",")]
COPIED = ["category" if name == "subcategory" else name for name in PUBLISHED]
COPIED[1] = "ident_state"

DEFAULTS: dict[str, str] = {
    "number": "INC0000001",
    "incident_state": "New",
    "active": "true",
    "reassignment_count": "0",
    "reopen_count": "0",
    "sys_mod_count": "0",
    "made_sla": "true",
    "caller_id": "Caller 1",
    "opened_by": "Opened by  8",
    "opened_at": "7/3/2016 09:05",
    "contact_type": "Phone",
    "location": "Location 10",
    "category": "Category 5",
    "subcategory": "Subcategory 50",
    "impact": "2 - Medium",
    "urgency": "2 - Medium",
    "priority": "3 - Moderate",
    "assignment_group": "Group 70",
    "assigned_to": "Resolver 9",
    "closed_code": "code 6",
    "resolved_by": "Resolved by 11",
    "resolved_at": "7/3/2016 10:00",
    "closed_at": "12/3/2016 10:00",
}


def log_lines(rows: Iterable[Mapping[str, str]], delimiter: str = ",") -> list[str]:
    """Write rows, given by what differs from `DEFAULTS`, as the published file has them."""
    return _lines(
        PUBLISHED, [[(DEFAULTS | dict(row))[name] for name in PUBLISHED] for row in rows], delimiter
    )


def copied_lines(rows: Iterable[Mapping[str, str]], delimiter: str = ",") -> list[str]:
    """Write the same rows as the copies have them: bare labels and other headers."""
    bare = []
    for row in rows:
        values = DEFAULTS | dict(row)
        bare.append([_bare(name, values[name]) for name in PUBLISHED])
    return _lines(COPIED, bare, delimiter)


def _bare(name: str, text: str) -> str:
    if name in {"impact", "urgency", "priority"}:
        return text.partition(" ")[0]
    if name == "number":
        return text.removeprefix("INC")
    if name in {"opened_at", "resolved_at", "closed_at", "contact_type", "incident_state"}:
        return text
    return text.rpartition(" ")[2]


def _lines(header: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str) -> list[str]:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().splitlines(keepends=True)


def busy_week() -> list[dict[str, str]]:
    """Return rows of forty incidents on five days: a front desk, two teams, a night worker."""
    rows = []
    for number in range(40):
        day, hour = 7 + number % 5, 8 + number % 9
        team, category, resolver = ((70, 5, 11), (70, 6, 12), (24, 9, 13), (39, 42, 14))[number % 4]
        opened = f"{day}/3/2016 {hour:02}:{number:02}"
        resolved = f"{day}/3/2016 {22 if resolver == 14 else hour + 1:02}:{number:02}"
        common = {
            "number": f"INC{number + 1:07}",
            "opened_at": opened,
            "caller_id": f"Caller {number % 7}",
            "location": f"Location {number % 3}",
            "category": f"Category {category}",
            "priority": ("3 - Moderate", "2 - High", "1 - Critical", "4 - Low")[number % 4],
            "resolved_by": f"Resolved by {resolver}",
            "resolved_at": resolved,
        }
        rows.append(common | {"assignment_group": "Group 70", "assigned_to": "?"})
        rows.append(common | {"assignment_group": f"Group {team}", "incident_state": "Closed"})
    return rows
