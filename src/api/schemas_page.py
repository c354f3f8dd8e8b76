"""The JSON Schemas of what the page's own requests may hold, as those of `schemas`."""

from __future__ import annotations

from typing import Any

from api.schemas import FILE_LIST

Object = dict[str, Any]

_NOTE: Object = {"type": ["string", "null"], "maxLength": 500, "description": "What the next person should know."}


def _object(properties: Object, *required: str) -> Object:
    schema: Object = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": list(required)} if required else schema


SAY = _object({"note": _NOTE})

SNOOZE = _object(
    {
        "until": {
            "type": "string",
            "minLength": 1,
            "maxLength": 40,
            "format": "date-time",
            "description": "A moment to come, at most 90 days away, as in 2026-12-01T08:00:00Z.",
        },
        "note": _NOTE,
    },
    "until",
)

ROWS_QUERY = _object(FILE_LIST)

HISTORY_QUERY = _object(
    {"days": {"type": "integer", "default": 30, "minimum": 1, "maximum": 120, "description": "How many days."}}
)
