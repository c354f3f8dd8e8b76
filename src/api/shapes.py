"""The small JSON Schemas that those of answers are made of."""

from __future__ import annotations

from typing import Any

JsonSchema = dict[str, Any]

TEXT: JsonSchema = {"type": "string"}
MAYBE_TEXT: JsonSchema = {"type": ["string", "null"]}
NUMBER: JsonSchema = {"type": "integer"}
MAYBE_NUMBER: JsonSchema = {"type": ["integer", "null"]}
FLAG: JsonSchema = {"type": "boolean"}
ANYTHING: JsonSchema = {}


def closed(properties: dict[str, JsonSchema], *, optional: tuple[str, ...] = ()) -> JsonSchema:
    """Return the schema of an object with exactly these members, all there but the `optional` ones."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def listed(items: JsonSchema) -> JsonSchema:
    """Return the schema of an array."""
    return {"type": "array", "items": items}


def ref(name: str) -> JsonSchema:
    """Return a reference to one of `COMPONENTS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def maybe(schema: JsonSchema) -> JsonSchema:
    """Return the schema of a value or null."""
    return {"anyOf": [schema, {"type": "null"}]}
