"""Hold a value against the JSON Schemas of `schemas`, the same ones that `/openapi.json` publishes.

Only the keywords those schemas use are known; another one is an error, so a schema cannot promise what is not checked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from errors import InputError

JsonSchema = Mapping[str, Any]

_SHOWN_CHARACTERS = 80

_ANNOTATIONS = {"description", "default", "examples", "title", "format"}
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}


def validated(schema: JsonSchema, value: object, field: str = "") -> object:
    """Return `value` with the schema's defaults filled in; raises InputError (422) naming the first wrong field."""
    value = _typed(schema, value, field)
    for keyword, wanted in schema.items():
        if keyword in _ANNOTATIONS or keyword in ("type", "required", "additionalProperties"):
            continue
        _KEYWORDS[keyword](schema, wanted, value, field)
    if isinstance(value, dict):
        return _object(schema, value, field)
    if isinstance(value, list):
        return [validated(schema["items"], item, f"{field}[{index}]") for index, item in enumerate(value)]
    return value


def _typed(schema: JsonSchema, value: object, field: str) -> object:
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if "integer" in names and isinstance(value, float) and value.is_integer():
        value = int(value)
    for name in names:
        if isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool)):
            return value
    article = " or ".join(_ARTICLE[name] for name in names)
    raise InputError(field or "body", f"{_shown(value)} is not {article}.", hint=f"Send {article}.")


_ARTICLE = {
    "object": "an object",
    "array": "an array",
    "string": "a string",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}


def _object(schema: JsonSchema, value: dict[str, object], field: str) -> dict[str, object]:
    properties = cast(Mapping[str, JsonSchema], schema["properties"])
    for name in value:
        if name not in properties:
            known = ", ".join(properties)
            raise InputError(_path(field, name), "There is no such field.", hint=f"The fields are: {known}.")
    for name in schema.get("required", ()):
        if name not in value:
            raise InputError(_path(field, name), "The field is missing.", hint="Add it.")
    filled = {name: value.get(name, part.get("default")) for name, part in properties.items()}
    return {
        name: validated(properties[name], filled[name], _path(field, name))
        for name in properties
        if name in value or "default" in properties[name]
    }


def _path(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"


def _range(schema: JsonSchema, _wanted: object, value: object, field: str) -> None:
    low, high = schema.get("minimum"), schema.get("maximum")
    if isinstance(value, int) and ((low is not None and value < low) or (high is not None and value > high)):
        right = f"a whole number from {low} to {high}" if high is not None else f"a whole number from {low}"
        raise InputError(field, f"{_shown(value)} is out of range.", hint=f"Send {right}.")


def _length(schema: JsonSchema, _wanted: object, value: object, field: str) -> None:
    if not isinstance(value, str):
        return
    low, high = schema.get("minLength", 0), schema.get("maxLength")
    if len(value) < low or (high is not None and len(value) > high):
        right = f"{low} to {high} characters" if high is not None else f"at least {low} characters"
        raise InputError(field, f"The text has {len(value)} characters.", hint=f"Send {right}.")


def _items(schema: JsonSchema, _wanted: object, value: object, field: str) -> None:
    high = schema.get("maxItems")
    if isinstance(value, list) and high is not None and len(value) > high:
        raise InputError(field, f"{len(value)} entries are too many.", hint=f"Send at most {high}.")


def _enum(_schema: JsonSchema, wanted: object, value: object, field: str) -> None:
    choices = cast(list[object], wanted)
    if value not in choices:
        hint = f"Use one of {', '.join(map(_shown, choices))}."
        raise InputError(field, f"{_shown(value)} is not one of the values.", hint=hint)


def _nothing(_schema: JsonSchema, _wanted: object, _value: object, _field: str) -> None:
    """Keywords that `_object` and `validated` look at themselves."""


_KEYWORDS = {
    "minimum": _range,
    "maximum": _range,
    "minLength": _length,
    "maxLength": _length,
    "maxItems": _items,
    "enum": _enum,
    "items": _nothing,
    "properties": _nothing,
}
