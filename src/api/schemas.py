"""The JSON Schemas of what a request may hold: validation and `/openapi.json` both read these."""

from __future__ import annotations

from typing import Any

from backfill.request import BackfillRequest
from backfill.rules import MAX_PATTERN_BYTES, MAX_RULES
from forget.call import ForgetRequest
from recovery.call import RecoverRequest
from words import CHECK_MODES, MARK_STATES, MAX_INTEGER, PLAN_KINDS, PLAN_STEPS, RUN_KINDS, UNREADABLE

MAX_KEY_CHARACTERS = 1024
"""R2 takes keys of at most 1,024 bytes."""

Object = dict[str, Any]


def closed_object(properties: Object, *required: str) -> Object:
    """Return the schema of an object that takes these properties and no other."""
    schema: Object = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": list(required)} if required else schema


def _flag(default: bool, description: str) -> Object:  # noqa: FBT001  # the default, as a value
    return {"type": "boolean", "default": default, "description": description}


_SHORT: Object = {"type": "string", "minLength": 1}
_OPTIONAL_KEY: Object = {"type": ["string", "null"], "maxLength": MAX_KEY_CHARACTERS}

BACKFILL = closed_object(
    {
        "dry_run": {
            "type": "boolean",
            "default": BackfillRequest.dry_run,
            "description": "Compute and report, and change nothing.",
        },
        "r2_bucket": {
            "type": ["string", "null"],
            "description": "A bucket of BUCKETS; may be left out where there is one.",
        },
        "r2_prefix": {
            "type": "string",
            "default": BackfillRequest.r2_prefix,
            "maxLength": MAX_KEY_CHARACTERS,
            "description": "Only keys that begin with this text, taken literally.",
        },
        "max_objects": {
            "type": "integer",
            "default": BackfillRequest.max_objects,
            "minimum": 1,
            "maximum": 1_000_000,
            "description": "Exactly how many objects to list at most.",
        },
        "cursor": {
            "type": ["string", "null"],
            "maxLength": 32768,
            "description": "A cursor from an earlier answer, for the same bucket and prefix.",
        },
        "start_after": {
            **_OPTIONAL_KEY,
            "description": "Start after this key. Where a cursor is given too, the cursor is used.",
        },
        "resume": {
            "type": "boolean",
            "default": False,
            "description": "Continue from the cursor that cron stored; a live run stores it again. Takes no position.",
        },
    }
)

CHECK = closed_object(
    {
        "mode": {
            "type": "string",
            "enum": list(CHECK_MODES),
            "default": CHECK_MODES[0],
            "description": "full scans everything; fast uses a proof wherever the schema gives one.",
        }
    }
)

RECOVER = closed_object(
    {
        "dry_run": {
            "type": "boolean",
            "default": RecoverRequest.dry_run,
            "description": "Report every step, and change nothing.",
        },
        "max_groups": {
            "type": ["integer", "null"],
            "minimum": 1,
            "maximum": 1_000_000,
            "description": "Objects merged in this call: 5,000 unless given; a dry run looks at all of them.",
        },
        "max_deletes": {
            "type": ["integer", "null"],
            "minimum": 0,
            "maximum": 1_000_000_000,
            "description": "The cap on deleted rows for this request, instead of MAX_DELETES.",
        },
        "resume": {
            "type": "boolean",
            "default": False,
            "description": "Resume what the recovery paused even if something is still violated.",
        },
        "unreadable": {
            "type": ["string", "null"],
            "enum": [*UNREADABLE, None],
            "description": "Where a fetched_at cannot be read: it counts as the oldest, or the highest id wins. "
            "Without it such objects are left as they are.",
        },
        "include_deleted": {
            "type": "boolean",
            "default": False,
            "description": "Rank rows that are marked as deleted like any other.",
        },
    }
)

_SPREAD = _flag(False, "Live: begin though the day has too few rows left (DAILY_ROWS_*), and stop before them.")  # noqa: FBT003

for _body in (BACKFILL, RECOVER):
    _body["properties"]["spread"] = _SPREAD
_PLAN: Object = {
    "type": ["integer", "null"],
    "minimum": 1,
    "maximum": MAX_INTEGER,
    "description": "Only with dry_run false: do what this plan says, and nothing else.",
}
BACKFILL["properties"]["plan"] = RECOVER["properties"]["plan"] = _PLAN

UNDO = closed_object(
    {"dry_run": _flag(default=False, description="Report and plan it, and change nothing."), "plan": _PLAN}
)

PLANS_QUERY = closed_object(
    {
        "kind": {"type": "string", "enum": list(PLAN_KINDS), "description": "Only plans of this kind."},
        "limit": {"type": "integer", "default": 20, "minimum": 1, "maximum": 100, "description": "How many."},
        "before": {"type": "integer", "minimum": 1, "maximum": MAX_INTEGER, "description": "Only plans older than it."},
    }
)

ITEMS_QUERY = closed_object(
    {
        "format": {
            "type": "string",
            "enum": ["ndjson", "csv", "json"],
            "default": "ndjson",
            "description": "ndjson and csv are all items in one file, whose last line says so; json is one page.",
        },
        "limit": {"type": "integer", "default": 100, "minimum": 1, "maximum": 1000, "description": "Of a JSON page."},
        "after": {"type": "integer", "default": 0, "minimum": 0, "maximum": MAX_INTEGER, "description": "An item."},
        "step": {"type": "string", "enum": list(PLAN_STEPS), "description": "Only items that would do this."},
        "left_out": {"type": "boolean", "description": "Only items that were left out, or only the others."},
    }
)

APPROVE = closed_object(
    {
        "digest": {
            "type": ["string", "null"],
            "maxLength": 64,
            "description": "The digest of what was looked at: with another one the plan is not approved.",
        }
    }
)

APPLY = closed_object({name: RECOVER["properties"][name] for name in ("max_groups", "max_deletes", "resume", "spread")})

FINDINGS_QUERY = closed_object(
    {
        "open": {"type": "boolean", "description": "Only open findings, or only resolved ones."},
        "invariant": {"type": "string", "minLength": 1, "maxLength": 200, "description": "Only of this invariant."},
        "limit": {"type": "integer", "default": 100, "minimum": 1, "maximum": 100, "description": "How many."},
        "before": {"type": "integer", "minimum": 1, "maximum": MAX_INTEGER, "description": "Only older ones."},
    }
)

FORGET = closed_object(
    {
        "dry_run": {
            "type": "boolean",
            "default": ForgetRequest.dry_run,
            "description": "Ask R2 and report, and change nothing.",
        },
        "max_deletes": RECOVER["properties"]["max_deletes"],
        "r2_bucket": {"type": ["string", "null"], "description": "Only rows of this bucket of BUCKETS."},
        "spread": _SPREAD,
        "plan": _PLAN,
    }
)

GUARDS = closed_object(
    {
        "lift": {
            "type": "boolean",
            "default": False,
            "description": "Take all guards down for some minutes; without it, install what is missing.",
        },
        "minutes": {
            "type": ["integer", "null"],
            "minimum": 1,
            "maximum": 1440,
            "description": "With lift: the first tick after so many minutes restores them; 30 unless given.",
        },
        "reason": {
            "type": ["string", "null"],
            "maxLength": 500,
            "description": "With lift: why, for the next person.",
        },
    }
)

PAUSE = closed_object(
    {"reason": {"type": "string", "minLength": 1, "maxLength": 500, "description": "Why, for the next person."}},
    "reason",
)

NOTHING = closed_object({})

PASSES_QUERY = closed_object(
    {
        "bucket": {"type": "string", "maxLength": MAX_KEY_CHARACTERS, "description": "Only over this bucket."},
        "prefix": {
            "type": "string",
            "maxLength": MAX_KEY_CHARACTERS,
            "description": "Only over exactly this prefix; the empty one is the whole bucket.",
        },
        "limit": {"type": "integer", "default": 20, "minimum": 1, "maximum": 100, "description": "How many."},
        "before": {"type": "integer", "minimum": 1, "maximum": MAX_INTEGER, "description": "Only passes before it."},
    }
)

FILE_LIST: Object = {
    "format": {
        "type": "string",
        "enum": ["json", "csv", "ndjson"],
        "default": "json",
        "description": "json is one page; csv and ndjson are all rows in one file, whose last line says so.",
    },
    "limit": {"type": "integer", "default": 100, "minimum": 1, "maximum": 1000, "description": "Rows of a JSON page."},
    # Without maxLength: what is not ours is refused whatever its length, and an address over 16 KB never arrives.
    "after": {"type": "string", "description": "`next` of the page before."},
}

MISSING_QUERY = closed_object(
    {
        "state": {
            "type": "string",
            "enum": list(MARK_STATES),
            "default": MARK_STATES[0],
            "description": "missing: R2 was asked. candidate: a pass did not list the object, and no more is known. "
            "resolved: the object is there again, or the row is gone.",
        },
        **FILE_LIST,
    }
)

NEWER_QUERY = closed_object(FILE_LIST)

RULE = closed_object(
    {
        "priority": {"type": "integer", "minimum": -1_000_000, "maximum": 1_000_000, "description": "Lowest wins."},
        "pattern": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_PATTERN_BYTES,
            "description": "A GLOB on the whole key.",
        },
        "source_type": {"type": "string", "minLength": 1, "maxLength": 200, "description": "What it gives."},
    },
    "priority",
    "pattern",
    "source_type",
)

RULES = closed_object({"rules": {"type": "array", "items": RULE, "maxItems": MAX_RULES}}, "rules")

PREVIEW = closed_object(
    {
        "rules": RULES["properties"]["rules"],
        "r2_bucket": BACKFILL["properties"]["r2_bucket"],
        "r2_prefix": BACKFILL["properties"]["r2_prefix"],
    },
    "rules",
)

RUNS_QUERY = closed_object(
    {
        "kind": {"type": "string", "enum": list(RUN_KINDS), "description": "Only runs of this kind."},
        "limit": {"type": "integer", "default": 20, "minimum": 1, "maximum": 100, "description": "How many."},
        "before": {"type": "integer", "minimum": 1, "maximum": MAX_INTEGER, "description": "Only runs older than it."},
    }
)
