"""The description of the HTTP interface (OpenAPI 3.1), made from the operations and schemas that serve it."""

from __future__ import annotations

import re
from typing import Any

from api.answers import COMPONENTS
from api.auth import ACTOR_HEADER, MAX_ACTOR_CHARACTERS
from api.body import PROFILE
from api.operation import Operation
from api.operations import OPERATIONS
from api.problems import TITLES
from api.shapes import TEXT, ref
from invariants.catalogue import read_catalogue
from words import MAX_INTEGER

_PLACE = re.compile(r"\{(\w+)\}")
_BODY_REFUSALS = (400, 413, 415)
_ALWAYS = (401, 404, 422, 429, 500, 503)
_TOKENS = (
    "The secret STEWARD_TOKEN, or one of STEWARD_TOKENS. The role that an operation needs stands in its security: "
    "`approve` may do what `operate` may, and that what `read` may."
)
_PROBLEM = {"application/problem+json": {"schema": ref("Problem")}}


def describe() -> dict[str, Any]:
    """Return the OpenAPI document."""
    paths: dict[str, dict[str, Any]] = {
        "/healthz": {
            "get": {
                "operationId": "getHealthz",
                "summary": "Whether the Worker runs",
                "security": [],
                "responses": {"200": _answer("Health")},
            }
        }
    }
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "artifact-steward",
            "version": "0.1.0",
            "summary": "Keeps a D1 index true to its R2 bucket.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": COMPONENTS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": _TOKENS}},
        },
    }


def _described(operation: Operation) -> dict[str, Any]:
    forbidden = () if operation.role == "read" else (403,)
    by_body = _BODY_REFUSALS if operation.body is not None else ()
    statuses = sorted({*_ALWAYS, *forbidden, *operation.refusals, *by_body})
    refusals = {str(status): {"description": TITLES[status], "content": _PROBLEM} for status in statuses}
    described: dict[str, Any] = {
        "operationId": _operation_id(operation),
        "summary": operation.summary,
        "description": _needed(operation),
        "security": [{"token": [operation.role]}],
        "parameters": [*_path_parameters(operation), *_query_parameters(operation), _profile(), *_actor(operation)],
        "responses": {"200": _answer(operation.answer, operation.files), **refusals},
    }
    if operation.body is not None:
        content: dict[str, Any] = {"schema": operation.body}
        if operation.example is not None:
            content["example"] = operation.example
        described["requestBody"] = {
            "required": not operation.body_optional,
            "content": {"application/json": content},
        }
    return described


def _needed(operation: Operation) -> str:
    dry = " A dry run needs `read`." if operation.may_be_dry else ""
    return f"Needs the role `{operation.role}`.{dry}"


def _profile() -> dict[str, Any]:
    what = "The database that is meant, one of PROFILES; without it the first, or the only one."
    return {"name": PROFILE, "in": "query", "required": False, "description": what, "schema": TEXT}


def _actor(operation: Operation) -> list[dict[str, Any]]:
    if operation.method == "GET":
        return []
    what = f"Who asks, for the record; up to {MAX_ACTOR_CHARACTERS} characters. Without it, whose token it is."
    schema = {"type": "string"}
    return [{"name": ACTOR_HEADER, "in": "header", "required": False, "description": what, "schema": schema}]


def _operation_id(operation: Operation) -> str:
    words = re.findall(r"[a-z_]+", _PLACE.sub("one", operation.path))
    return operation.method.lower() + "".join(word.title().replace("_", "") for word in words)


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    number = {"type": "integer", "minimum": 1, "maximum": MAX_INTEGER}
    return [
        {"name": name, "in": "path", "required": True, "schema": number if name.endswith("_id") else _names()}
        for name in _PLACE.findall(operation.path)
    ]


def _names() -> dict[str, Any]:
    """Return the schema of an invariant's name."""
    return {"type": "string", "enum": [one.name for one in read_catalogue()]}


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in operation.query["properties"].items()
    ]


def _answer(component: str, files: tuple[str, ...] = ()) -> dict[str, Any]:
    content = {"application/json": {"schema": ref(component)}, **{media: {"schema": TEXT} for media in files}}
    return {"description": component, "content": content}
