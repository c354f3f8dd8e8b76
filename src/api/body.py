"""Read a request's body and query: bounded, typed, and refused by field."""

from __future__ import annotations

import re
from typing import Any, cast

from starlette.requests import Request

import json_text
from api.validation import JsonSchema, validated
from errors import InputError

MAX_BODY_BYTES = 64 * 1024
PROFILE = "profile"
"""The parameter of every operation that says which database is meant."""

_MAX_DIGITS = 16
_INTEGER = re.compile(r"-?[0-9]+")


async def read_body(request: Request, schema: JsonSchema, *, optional: bool = False) -> dict[str, Any]:
    """Return the JSON object in the body, checked against `schema` and with its defaults filled in.

    Raises InputError: 413 over 64 KiB, 415 for another content type, 400 where it is no JSON, 422 for a wrong field.
    With `optional`, no body is the same as `{}`.
    """
    raw = await _bounded(request)
    if not raw and optional:
        return cast(dict[str, Any], validated(schema, {}))
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        hint = "Send the header Content-Type: application/json."
        raise InputError("content-type", f"The body is {media_type or 'of no declared type'}.", hint=hint, status=415)
    return cast(dict[str, Any], validated(schema, _decoded(raw)))


async def _bounded(request: Request) -> bytes:
    raw = b""
    async for part in request.stream():
        raw += part
        if len(raw) > MAX_BODY_BYTES:
            hint = f"Send at most {MAX_BODY_BYTES} bytes."
            raise InputError("body", "The body is too large.", hint=hint, status=413)
    return raw


def _decoded(raw: bytes) -> object:
    try:
        return json_text.decoded(raw)
    except ValueError as error:
        message = f"The body is not valid JSON: {error}"
        raise InputError("body", message, hint="Send one JSON object.", status=400) from error


def read_profile(request: Request) -> str | None:
    """Return the profile that the request names, None where it names none."""
    named = request.query_params.getlist(PROFILE)
    if len(named) > 1:
        raise InputError(PROFILE, "The parameter is given twice.", hint="Give it once.")
    return named[0] if named else None


def read_query(request: Request, schema: JsonSchema) -> dict[str, Any]:
    """Return the query's parameters, checked against `schema`; numbers are read from their digits."""
    given: dict[str, object] = {}
    for name, text in request.query_params.multi_items():
        if name == PROFILE:
            continue
        if name in given:
            raise InputError(name, "The parameter is given twice.", hint="Give it once.")
        given[name] = _value(schema["properties"].get(name, {}), text)
    return cast(dict[str, Any], validated(schema, given))


def _value(schema: JsonSchema, text: str) -> object:
    if schema.get("type") == "integer" and len(text) <= _MAX_DIGITS and _INTEGER.fullmatch(text):
        return int(text)
    if schema.get("type") == "boolean" and text in ("true", "false"):
        return text == "true"
    return text
