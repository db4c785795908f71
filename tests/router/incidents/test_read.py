"""The reader tells one story per incident and names every row it cannot use."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.incidents.read import BadRow, IncidentLogError, read_log
from tests.router.incidents.sample import busy_week, copied_lines, log_lines


def test_the_events_of_an_incident_become_one_value() -> None:
    """Groups come in order without repeats; the first event says what was known at opening."""
    log = read_log(
        log_lines(
            [
                {"assignment_group": "?", "assigned_to": "?", "category": "Category 5"},
                {"assignment_group": "Group 70", "priority": "2 - High"},
                {"assignment_group": "Group 70", "assigned_to": "Resolver 9"},
                {"assignment_group": "Group 24", "category": "Category 6", "made_sla": "false"},
                {"assignment_group": "Group 70", "category": "Category 6", "made_sla": "false"},
            ]
        )
    )
    (incident,) = log.incidents
    assert log.rows == incident.events == 5
    assert incident.number == "0000001"
    assert incident.opened == datetime(2016, 3, 7, 9, 5, tzinfo=UTC)
    assert incident.resolved == datetime(2016, 3, 7, 10, 0, tzinfo=UTC)
    assert incident.groups == ("70", "24", "70")
    assert incident.assignees == ("9",)
    assert (incident.first_category, incident.category) == ("5", "6")
    assert (incident.first_priority, incident.priority) == (3, 3)
    assert (incident.caller, incident.location, incident.resolved_by) == ("1", "10", "11")
    assert not incident.made_sla


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("write", [log_lines, copied_lines])
def test_every_dialect_says_the_same(write, delimiter) -> None:
    """Prefixed or bare labels, either header, any delimiter, a byte order mark or none."""
    expected = read_log(log_lines(busy_week()))
    lines = write(busy_week(), delimiter)
    assert read_log(lines) == expected
    assert read_log(["\ufeff" + lines[0], *lines[1:]]) == expected
    assert len(expected.incidents) == 40


def test_missing_values_are_none() -> None:
    """A question mark is a missing value wherever a value may be missing."""
    missing = ("caller_id", "location", "category", "subcategory", "resolved_by", "resolved_at")
    (incident,) = read_log(log_lines([dict.fromkeys(missing, "?")])).incidents
    assert incident.caller is incident.location is incident.category is incident.subcategory is None
    assert incident.resolved_by is incident.resolved is None


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("opened_at", "2016-03-07 09:05", "an instant d/m/Y H:M"),
        ("opened_at", "31/2/2016 09:05", "an instant d/m/Y H:M"),
        ("opened_at", "?", "an instant d/m/Y H:M"),
        ("resolved_at", "7/3/2016 25:00", "an instant d/m/Y H:M"),
        ("resolved_at", "6/3/2016 10:00", "an instant not before opened_at, 7/3/2016 09:05"),
        ("number", "INCx", "digits"),
        ("priority", "5", "a rank 1 .. 4"),
        ("urgency", "?", "a rank 1 .. 3"),
        ("made_sla", "yes", "true or false"),
        ("reassignment_count", "-1", "a count 0 .. 999999"),
        ("resolved_by", "Resolved by a/b", "a label of ASCII letters and digits"),
    ],
)
def test_a_bad_row_is_named_and_set_aside(field, value, expected) -> None:
    """The report has line, field, value and expectation; the rows around it are read."""
    log = read_log(log_lines([{"number": "1"}, {"number": "2", field: value}, {"number": "3"}]))
    (bad,) = log.bad_rows
    assert (bad.line, bad.field, bad.value) == (3, field, value)
    assert bad.expected.startswith(expected)
    assert [each.number for each in log.incidents] == ["1", "3"]
    assert str(bad).startswith(f"line 3: {field} is {value!r}, expected ")


def test_a_row_of_another_width_is_named() -> None:
    """A row with a field too few is set aside, and counted by the lines of the file."""
    lines = log_lines([{"number": "1"}, {"number": "2"}])
    lines[1] = lines[1].replace("Phone,", "", 1)
    expected = BadRow(2, "row", "22 fields", "23 fields, as in the header")
    assert read_log(lines).bad_rows == (expected,)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "line 1: header is 'nothing', expected a column number"),
        (["number,opened_at\n"], "expected a column made_sla"),
        ([line.replace("subcategory", "sub") for line in log_lines([])], "a column subcategory"),
        ([*log_lines([]), '"never closed\n'], "quotes closed"),
    ],
)
def test_what_is_no_log_is_refused(lines, said) -> None:
    """A file without the columns, or that is no delimited text, is refused as a whole."""
    with pytest.raises(IncidentLogError) as failure:
        read_log(lines)
    assert said in str(failure.value)


def test_too_many_bad_rows_refuse_the_file() -> None:
    """Past the limit the file is refused, and the first bad row is what is said."""
    rows = [{"priority": "9"}] * 3
    assert len(read_log(log_lines(rows), bad_rows_max=3).bad_rows) == 3
    with pytest.raises(IncidentLogError, match=r"line 2: priority is '9'.*first of 3 bad rows"):
        read_log(log_lines(rows), bad_rows_max=2)


def test_the_previous_resolver_is_known_at_opening() -> None:
    """Only what was resolved before the incident was opened counts, and the latest of that."""
    rows = [
        {"number": "1", "opened_at": "1/3/2016 08:00", "resolved_at": "1/3/2016 09:00"},
        {"number": "2", "opened_at": "1/3/2016 08:30", "resolved_at": "3/3/2016 09:00"},
        {"number": "3", "opened_at": "2/3/2016 08:00", "resolved_at": "2/3/2016 09:00"},
        {"number": "4", "opened_at": "4/3/2016 08:00", "resolved_at": "4/3/2016 09:00"},
        {"number": "5", "opened_at": "4/3/2016 08:00", "caller_id": "Caller 2"},
    ]
    named = [row | {"resolved_by": f"Resolved by {row['number']}"} for row in rows]
    found = {each.number: each.previous_resolver for each in read_log(log_lines(named)).incidents}
    assert found == {"1": None, "2": None, "3": "1", "4": "2", "5": None}


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=40), max_size=6))
def test_no_text_is_worse_than_refused(lines) -> None:
    """Whatever stands after a right header, the answer is a log or a named error."""
    with contextlib.suppress(IncidentLogError):
        log = read_log([*log_lines([{}]), *lines], bad_rows_max=2)
        assert len(log.incidents) >= 1
        assert all(bad.line > 2 and bad.expected for bad in log.bad_rows)
