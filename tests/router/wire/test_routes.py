"""The route table and the document made of it say the same, and both are whole."""

import re
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import validate

from router.core import limits
from router.wire import fields, tickets
from router.wire.openapi import build
from router.wire.policies import REVISIONS_MAX
from router.wire.problems import PROBLEM_TYPE_PREFIX, PROBLEMS, problem
from router.wire.route import SCOPES, Route
from router.wire.routes import BY_NAME, ROUTES

DOCUMENT = build(version="1.2.3")
VERBS = {"GET", "PUT", "PATCH", "POST", "DELETE"}


def operation(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][route.path][route.method.lower()]
    return found


def test_the_document_is_valid_openapi() -> None:
    """OpenAPI 3.1, as its own schema and validator understand it."""
    validate(DOCUMENT)
    assert DOCUMENT["info"]["version"] == "1.2.3"
    assert msgspec.json.decode(msgspec.json.encode(DOCUMENT)) == DOCUMENT


def test_document_and_table_have_the_same_operations() -> None:
    """Every route is in the document, and nothing else is."""
    documented = {
        (method.upper(), path, found["operationId"])
        for path, methods in DOCUMENT["paths"].items()
        for method, found in methods.items()
    }
    assert documented == {(route.method, route.path, route.operation_id) for route in ROUTES}


def test_names_and_paths_are_unique() -> None:
    """A name is a call, a method on a path is a route."""
    assert len(BY_NAME) == len(ROUTES)
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_each_row_is_sound(route: Route) -> None:
    """Scopes and codes are known, reads are marked, bodies fit their methods."""
    assert route.method in VERBS
    assert route.scope is None or route.scope in SCOPES
    assert set(route.problems) <= set(PROBLEMS)
    assert route.is_query or route.method != "GET"
    assert (route.body is not None) == (route.method in ("PUT", "PATCH", "POST"))
    assert route.is_versioned == (route.resource not in ("livez", "readyz", "metrics", "openapi"))
    assert re.fullmatch(r"[A-Z].*[.?]", route.summary)
    assert set(re.findall(r"{(\w+)}", route.path)) <= {"id", "revision"}
    assert ("{id}" in route.path) == (route.id_pattern is not None)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_each_operation_lists_what_can_happen(route: Route) -> None:
    """Successes, every problem's status, parameters, scope and both formats are documented."""
    found = operation(route)
    statuses = {*route.statuses, *(PROBLEMS[code].status for code in route.problems)}
    statuses |= {304} if route.is_query and route.is_conditional else set()
    assert set(found["responses"]) == {str(status) for status in statuses}
    assert found["security"] == ([{"bearer": [route.scope]}] if route.scope else [])
    in_path = {each["name"] for each in found["parameters"] if each.get("in") == "path"}
    assert in_path == set(re.findall(r"{(\w+)}", route.path))
    if route.body:
        content = found["requestBody"]["content"]
        assert {"application/json", "application/msgpack"} <= set(content)


def test_every_code_is_used_or_the_transport_s() -> None:
    """A problem in the table that nothing can bring would be dead documentation."""
    used = {code for route in ROUTES for code in route.problems}
    transport = {"unknown_route", "method_not_allowed", "not_leader"}
    assert set(PROBLEMS) == used | transport


def test_every_struct_is_described() -> None:
    """Docstrings become the document's descriptions; none is left to guess."""
    schemas = DOCUMENT["components"]["schemas"]
    assert [name for name, schema in schemas.items() if not schema.get("description")] == []


def test_patterns_are_those_of_json_schema() -> None:
    r"""Python's \Z means nothing to other readers of the document."""
    assert "\\\\Z" not in msgspec.json.encode(DOCUMENT).decode()


def test_problems_are_as_rfc_9457_says() -> None:
    """Type is a URI that names the code, status is the response's."""
    for code, kind in PROBLEMS.items():
        made = problem(code)
        assert made.type == PROBLEM_TYPE_PREFIX + code
        assert (made.status, made.title, made.advice) == kind
        assert 400 <= made.status < 600
        assert not kind.title.endswith(".")
        assert kind.advice.endswith(".")


def test_limits_agree_with_the_core_s() -> None:
    """What a body may say, the core can hold."""
    assert fields.TIME_US_MAX == limits.TIME_US_MAX
    assert fields.REQUIREMENTS_MAX <= limits.SKILLS_PER_PROFILE_MAX
    assert fields.RELAX_STEPS_MAX <= limits.RELAXATIONS_MAX
    assert tickets.GROUPS_MAX <= limits.GROUPS_PER_PROFILE_MAX
    assert tickets.PREFERRED_AGENTS_MAX <= limits.TIES_PER_TICKET_MAX
    assert REVISIONS_MAX < 2**31


def test_schemas_state_the_limits_of_the_core() -> None:
    """Levels, priorities, units and parallel offers end where the core's do."""
    schemas = DOCUMENT["components"]["schemas"]
    requirement, queue = schemas["Requirement"]["properties"], schemas["QueueBody"]["properties"]
    assert requirement["min_level"]["maximum"] == limits.LEVEL_MAX
    assert queue["default_priority"]["maximum"] == limits.PRIORITY_MAX
    assert queue["offers_parallel"]["maximum"] == limits.OFFERS_PARALLEL_MAX
    assert schemas["AgentBody"]["properties"]["units"]["maximum"] <= limits.UNITS_MAX


def test_instants_are_written_in_utc() -> None:
    """Microseconds survive the way out and back."""
    text = fields.instant_text(1_795_424_461_000_123)
    assert text == "2026-11-23T09:01:01.000123Z"
    back = msgspec.convert(text, fields.Instant)
    assert fields.microseconds(back) == 1_795_424_461_000_123
    assert fields.seconds_us(0.1) == 100_000
