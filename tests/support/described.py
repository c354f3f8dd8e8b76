"""The OpenAPI description as a judge: whether a document is its component, and a request one that is taken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema_rs

from api.openapi import describe

DESCRIPTION = describe()
COMPONENTS: dict[str, dict[str, Any]] = DESCRIPTION["components"]["schemas"]


def unlike(component: str, document: object) -> list[str]:
    """Return why a document is not that component."""
    return _wrong({"$ref": f"#/components/schemas/{component}"}, document)


def route(method: str, path: str) -> str:
    """Return the described route of a request, as `POST /runs/{run_id}/undo`."""
    bare = urlsplit(path).path
    for known, methods in DESCRIPTION["paths"].items():
        if method.lower() in methods and re.fullmatch(re.sub(r"\{\w+\}", r"[^/]+", known), bare):
            return f"{method} {known}"
    raise AssertionError(f"{method} {path} is not described")


def not_taken(method: str, path: str, body: object) -> list[str]:
    """Return why a request is not one of the described ones."""
    verb, _, known = route(method, path).partition(" ")
    operation = DESCRIPTION["paths"][known][verb.lower()]
    names = {one["name"] for one in operation.get("parameters", ())}
    wrong = [f"parameter {name}" for name in parse_qs(urlsplit(path).query) if name not in names]
    if body is None:
        return wrong
    return wrong + _wrong(operation["requestBody"]["content"]["application/json"]["schema"], body)


def _wrong(schema: dict[str, Any], document: object) -> list[str]:
    whole = {**schema, "components": DESCRIPTION["components"]}
    errors = jsonschema_rs.validator_for(whole).iter_errors(document)
    return [f"{error.instance_path}: {error.message}" for error in errors]


TOMORROW = "tomorrow"
"""Stands for a moment that lies a day ahead of the Worker's clock."""

PRINTED: dict[str, list[tuple[str, ...]]] = {
    "Summary": [("status",), ("summary",)],
    "Events": [("events",)],
    "Check": [("check",), ("check", "--full")],
    "Backfill": [("backfill", "--slice", "1"), ("backfill", "--live", "--slice", "1"), ("pass",), ("pass", "--live")],
    "Recovery": [("recover",), ("recover", "--live", "--max-groups", "1")],
    "Forget": [("forget",), ("forget", "--live")],
    "Undo": [("undo", "4", "--dry"), ("undo", "4")],
    "Plans": [("plan",), ("plan", "--kind", "recovery", "--limit", "1", "--before", "9")],
    "Plan": [("plan", "1"), ("approve", "5")],
    "Finding": [
        ("findings", "show", "2"),
        ("findings", "ack", "2", "a note"),
        ("findings", "snooze", "2", "--until", TOMORROW, "--note", "a note"),
        ("findings", "wake", "2"),
    ],
    "Guards": [("guards", "--lift", "5", "--reason", "a migration"), ("guards",)],
    "Rules": [("rules", "get"), ("rules", "put", "-")],
    "Preview": [("rules", "preview", "-")],
    "Findings": [("findings",), ("findings", "--open", "--invariant", "ids_are_unique")],
    "Runs": [("runs",), ("runs", "--kind", "check", "--limit", "1", "--before", "9")],
    "Run": [("runs", "1")],
    "ViolatingRows": [("rows", "no_unknown_source_type"), ("rows", "ids_are_unique", "--limit", "1")],
    "Pause": [("pause", "a reason"), ("resume",)],
}
"""Every command that asks for one thing, by the component that its JSON is."""


_FIRST = ["Check", "Recovery", "Pause", "Backfill"]
"""The recovery pauses, and brings the index back that a live backfill needs; its runs are numbered by those before."""


def printed(now: datetime) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Return each command and what its JSON is, in an order in which all of them succeed on the runbook's database."""
    tomorrow = (now + timedelta(days=1)).isoformat()
    for component in [*_FIRST, *sorted({*PRINTED} - {*_FIRST})]:
        for arguments in PRINTED[component]:
            yield component, tuple(tomorrow if one == TOMORROW else one for one in arguments)


RULES_GIVEN = '{"rules": []}'
"""What those commands that read rules are given."""
