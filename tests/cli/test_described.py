"""The command and the Worker share no code: what one says and the other expects is tied by the description."""

from __future__ import annotations

import json
import types
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from steward import answers, databases, forecasts, forgetting, planned, summary
from steward.doctor.access import ROUTES
from tests.cli.conftest import Operator
from tests.support.described import COMPONENTS, RULES_GIVEN, not_taken, printed, route, unlike

TYPES = {
    name: found
    for module in (answers, databases, forecasts, forgetting, planned, summary)
    for name, found in vars(module).items()
    if is_typeddict(found)
}
NOT_BY_NAME = {"Inventory": "rows", "Unknown": "unknown", "FullCheck": "full_check"} | {
    "PausedBy": "pause",
    "Lease": "lease",
    "Lifted": "guards",
}
"""Parts of the summary that the description gives no name."""

SIMPLE = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def described(name: str) -> dict[str, Any]:
    if name in NOT_BY_NAME:
        part: dict[str, Any] = COMPONENTS["Summary"]["properties"][NOT_BY_NAME[name]]
        return part
    if name == "Previewed":
        rows: dict[str, Any] = COMPONENTS["Preview"]["properties"]["by_type"]["items"]
        return rows
    if name == "Proof":
        proof: dict[str, Any] = COMPONENTS["Pass"]["properties"]["certificate"]["anyOf"][0]
        return proof
    return COMPONENTS[name]


def says(hint: Any, schema: dict[str, Any]) -> bool:  # noqa: ANN401  # a type
    """Tell whether a type says of a value exactly what the schema does."""
    if "$ref" in schema:
        return is_typeddict(hint) and hint.__name__ == schema["$ref"].rpartition("/")[2]
    if "enum" in schema:
        return get_origin(hint) is Literal and set(get_args(hint)) == set(schema["enum"])
    if "anyOf" in schema or isinstance(schema.get("type"), list):
        members = schema.get("anyOf") or [{"type": one} for one in schema["type"]]
        given = get_args(hint) if get_origin(hint) in (types.UnionType, Union) else ()
        return len(given) == len(members) and all(any(says(one, member) for one in given) for member in members)
    kind = schema.get("type")
    if kind == "array":
        return get_origin(hint) is list and says(get_args(hint)[0], schema["items"])
    if kind == "object":
        return says_object(hint, schema) if is_typeddict(hint) else "properties" not in schema
    return hint is Any if kind is None else SIMPLE.get(hint) == kind


def says_object(hint: Any, schema: dict[str, Any]) -> bool:  # noqa: ANN401  # likewise
    hints = get_type_hints(hint, include_extras=True)
    optional = {name for name, one in hints.items() if get_origin(one) is NotRequired}
    bare = get_type_hints(hint)
    return (
        set(hints) == set(schema["properties"])
        and optional == set(schema["properties"]) - set(schema["required"])
        and all(says(bare[name], part) for name, part in schema["properties"].items())
    )


@pytest.mark.parametrize("name", sorted(TYPES))
def test_each_type_says_what_the_description_says(name: str) -> None:
    assert says_object(TYPES[name], described(name))


def test_a_type_that_says_something_else_is_found() -> None:
    schema = described("Pause")
    assert not says_object(TYPES["Pause"], {**schema, "required": []})
    assert not says_object(TYPES["Pause"], {**schema, "properties": {**schema["properties"], "more": {}}})
    wrong = {**schema["properties"], "paused": {"type": "string"}}
    assert not says_object(TYPES["Pause"], {**schema, "properties": wrong})


def test_each_command_prints_its_component_and_asks_only_what_is_described(night: Operator) -> None:
    night.put("mail/a", "scans/b.pdf", "other")
    for component, arguments in printed(night.world.clock.moment):
        ran = night.start(*arguments, "--json", stdin=RULES_GIVEN).finish(night.served.turn)
        assert ran.code in (0, 3), (arguments, ran)
        assert unlike(component, json.loads(ran.out)) == [], arguments
    night.run("plan", "1", "--items")
    night.run("doctor", code=3)
    public = ("/healthz", "/openapi.json")
    asked = [one for one in night.served.asked if one.path not in public]
    assert [(one, wrong) for one in asked if (wrong := not_taken(one.method, one.path, one.body))] == []
    assert {route(one.method, one.path) for one in asked} == set(ROUTES)
