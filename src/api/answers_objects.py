"""The JSON Schemas of what answers say of passes, and of the objects that are gone or newer."""

from __future__ import annotations

from api.answers_plans import PLAN
from api.shapes import ANYTHING, FLAG, MAYBE_NUMBER, MAYBE_TEXT, NUMBER, TEXT, JsonSchema, closed, listed, maybe, ref
from words import COUNTS, MARK_STATES, SAMPLES

_PAST_PASS: dict[str, JsonSchema] = {
    "id": NUMBER,
    "bucket": TEXT,
    "prefix": TEXT,
    "started_at": TEXT,
    "saved_at": TEXT,
    "completed_at": MAYBE_TEXT,
    "counts": ref("PassCounts"),
    "previous": maybe(closed(dict.fromkeys((*COUNTS, "undated"), NUMBER))),
    "certified": FLAG,
    "why_not": {**listed(TEXT), "description": "Why it says nothing of what it did not list."},
    "heads": {**NUMBER, "description": "Objects that R2 was asked for after it, one by one."},
}
CONTINUES_AT: JsonSchema = {**TEXT, "description": "Only where the rows of the day ended it: when there are more."}
_SHARE: JsonSchema = {"type": ["number", "null"]}
_ROWS: JsonSchema = listed({"type": "object"})
_LISTED: dict[str, JsonSchema] = {"r2_bucket": TEXT, "r2_key": TEXT, "artifact_id": ANYTHING}
_CITED: dict[str, JsonSchema] = {
    "cited": {**NUMBER, "description": "How many rows cite the artifact."},
    "cited_by": {"type": "object", "additionalProperties": NUMBER, "description": "The same by reference."},
}
PROVEN: dict[str, JsonSchema] = {
    "not_verified_since": {**MAYBE_TEXT, "description": "No object was seen longer ago than this; null is never."},
    "seen_hours": {**NUMBER, "description": "COVERAGE_HOURS, or 24 where that is off."},
    "seen_share": {
        "type": ["number", "null"],
        "description": "How much of the objects expected was seen in so many hours, estimated; null where unknown.",
    },
    "missing": {**NUMBER, "description": "Rows whose object is verified gone, counted up to 20,000."},
    "newer": {**NUMBER, "description": "Rows that tell of an older document, counted up to 20,000."},
    "certificate": maybe(
        closed({"certified": FLAG, "why_not": listed(TEXT), "missing": MAYBE_NUMBER, "certified_at": MAYBE_TEXT})
    ),
}

PASS_COMPONENTS: dict[str, JsonSchema] = {
    "PassCounts": closed({**dict.fromkeys((*COUNTS, "undated"), NUMBER), "missing": MAYBE_NUMBER}),
    "PastPass": closed(_PAST_PASS),
    "Passes": closed({"passes": listed(ref("PastPass")), "next": MAYBE_NUMBER}),
    "Certificate": closed(
        {
            "certified": FLAG,
            "why_not": listed(TEXT),
            "ranges": NUMBER,
            "abut": {**FLAG, "description": "Whether they cover all keys without gap or overlap."},
            "chained": {**FLAG, "description": "Whether the pages follow each other without gap or repetition."},
            "errors": {**NUMBER, "description": "Slices that ended with an error."},
            "scanned": NUMBER,
            "previous": {**MAYBE_NUMBER, "description": "What the pass before listed."},
            "missing": {**NUMBER, "description": "Rows that it listed no object for."},
            "canaries": {**NUMBER, "description": "Listed objects that R2 was asked for again at its end."},
            "canaries_found": NUMBER,
        }
    ),
    "OnePass": closed(
        {
            **_PAST_PASS,
            **dict.fromkeys(SAMPLES, listed(TEXT)),
            "ranges": listed(ref("Range")),
            "marks": {**NUMBER, "description": "Keys kept to cut the next pass at."},
            "errors": NUMBER,
            "certificate": maybe(ref("Certificate")),
        }
    ),
    "MissingRow": closed(
        {
            **_LISTED,
            "state": {"type": "string", "enum": [state for state in MARK_STATES if state != "all"]},
            "first_pass": {**MAYBE_TEXT, "description": "When the first pass began whose certificate covers this."},
            "last_pass": {**MAYBE_TEXT, "description": "The latest such pass."},
            "verified_at": {**MAYBE_TEXT, "description": "When R2 said that there is no such object."},
            "resolved_at": MAYBE_TEXT,
            **_CITED,
        }
    ),
    "Missing": closed({"missing": listed(ref("MissingRow")), "next": MAYBE_TEXT}),
    "NewerRow": closed(
        {
            **_LISTED,
            "uploaded": {**TEXT, "description": "When the object was uploaded."},
            "fetched_at": {"description": "What the row says, as it says it."},
            "seen_at": TEXT,
            **_CITED,
        }
    ),
    "Newer": closed({"newer": listed(ref("NewerRow")), "next": MAYBE_TEXT}),
    "Forget": closed(
        {
            "run_id": NUMBER,
            "dry_run": FLAG,
            "done": {**FLAG, "description": "false: a further call continues."},
            "gone": {**NUMBER, "description": "Artifacts whose object is known to be gone."},
            "forgotten": {**NUMBER, "description": "Those that were deleted; in a dry run, that would be."},
            "still_there": {**NUMBER, "description": "Objects that R2 has after all: their rows stay."},
            "held": {
                "type": "object",
                "additionalProperties": NUMBER,
                "description": "Rows that stay, by what holds each first: the column that cites it, or its own.",
            },
            "left": {**_ROWS, "description": "Objects whose rows the database refused to delete, up to 100, and why."},
            "sample": {**_ROWS, "description": "The first objects that are forgotten."},
            "sample_held": {**_ROWS, "description": "The first rows that stay, and what holds each."},
            "mentions": {**listed(TEXT), "description": "Columns that name artifacts in a way nobody can follow."},
            "refused": {**MAYBE_TEXT, "description": "Why a live call would refuse, where one would."},
            "continues_at": CONTINUES_AT,
            "forecast": ref("Forecast"),
            "plan": PLAN,
        },
        optional=("continues_at", "forecast", "plan"),
    ),
    "ShareOfDay": closed({"rows_read": _SHARE, "rows_written": _SHARE}),
    "Forecast": closed(
        {
            **dict.fromkeys(("rows_read", "rows_written", "r2_lists", "r2_heads", "d1_statements"), NUMBER),
            "calls": {**NUMBER, "description": "Live requests until it is done."},
            "dollars": {"type": "number", "description": "Before what a plan includes."},
            "seconds": {"type": "number", "description": "About, one thing after the other."},
            "share_of_day": ref("ShareOfDay"),
        }
    ),
}
