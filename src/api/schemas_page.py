"""The JSON Schemas of what the page's own requests may hold, as those of `schemas`."""

from __future__ import annotations

from api.schemas import FILE_LIST, Object, closed_object

_NOTE: Object = {"type": ["string", "null"], "maxLength": 500, "description": "What the next person should know."}


SAY = closed_object({"note": _NOTE})

SNOOZE = closed_object(
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

ROWS_QUERY = closed_object(FILE_LIST)

HISTORY_QUERY = closed_object(
    {"days": {"type": "integer", "default": 30, "minimum": 1, "maximum": 120, "description": "How many days."}}
)
