"""The JSON Schemas of what the page's own requests are answered with."""

from __future__ import annotations

from api.shapes import MAYBE_NUMBER, MAYBE_TEXT, NUMBER, TEXT, JsonSchema, closed, listed, maybe, ref
from words import HANDLINGS, QUIETS

_ROWS = listed({"type": "object"})
_NUMBERS: JsonSchema = {"type": "object", "additionalProperties": NUMBER}
_MOMENTS: dict[str, JsonSchema] = {"started_at": TEXT, "completed_at": TEXT}

PAGE_COMPONENTS: dict[str, JsonSchema] = {
    "Handled": closed(
        {
            "at": TEXT,
            "did": {"type": "string", "enum": list(HANDLINGS)},
            "actor": {**MAYBE_TEXT, "description": "Who said so; null where it came about by itself."},
            "token_name": {**MAYBE_TEXT, "description": "Whose token they came with."},
            "note": MAYBE_TEXT,
            "until": MAYBE_TEXT,
            "violations": {**NUMBER, "description": "How many there were then."},
        }
    ),
    "Finding": closed(
        {
            "id": NUMBER,
            "invariant": TEXT,
            "severity": TEXT,
            "opened_at": TEXT,
            "last_seen_at": TEXT,
            "resolved_at": MAYBE_TEXT,
            "violations": NUMBER,
            "peak": NUMBER,
            "sample": _ROWS,
            "quiet": maybe({"type": "string", "enum": list(QUIETS), "description": "Why its alerts are quiet."}),
            "quiet_until": {**MAYBE_TEXT, "description": "When a snooze ends."},
            "quiet_violations": {**MAYBE_NUMBER, "description": "Twice as many end the quiet."},
            "history": {**listed(ref("Handled")), "description": "What people said of it, the last 50 entries."},
        }
    ),
    "Findings": closed({"findings": listed(ref("Finding")), "next": MAYBE_NUMBER}),
    "ViolatingRows": closed(
        {
            "invariant": TEXT,
            "rows": _ROWS,
            "next": {**MAYBE_TEXT, "description": "`after` of the next page, which may be empty; null at the end."},
            "sql": {**listed(TEXT), "description": "The queries, as SQL to paste into a console."},
        }
    ),
    "RunningStep": closed(
        {
            "name": TEXT,
            **dict.fromkeys(("before", "after", "changed"), MAYBE_NUMBER),
            "error": MAYBE_TEXT,
        }
    ),
    "RunningRun": closed(
        {
            "id": NUMBER,
            **dict.fromkeys(("kind", "mode", "trigger"), TEXT),
            "actor": MAYBE_TEXT,
            "started_at": TEXT,
            "step": MAYBE_TEXT,
            "steps": listed(ref("RunningStep")),
        }
    ),
    "Live": closed(
        {
            "as_of": TEXT,
            "lease": closed({"lease_run": MAYBE_NUMBER, "lease_until": MAYBE_TEXT}),
            "paused_by": MAYBE_TEXT,
            "running": listed(ref("RunningRun")),
            "passes": {**listed({"type": "object"}), "description": "As in /summary, without what passes prove."},
        }
    ),
    "Day": closed(
        {
            "day": TEXT,
            "violations": {**_NUMBERS, "description": "Of each invariant, the most that a check of the day found."},
            "types": {**maybe(_NUMBERS), "description": "Rows by type, as a full check of the day counted them."},
            "rows_read": NUMBER,
            "rows_written": NUMBER,
            "runs": NUMBER,
            "failed": {**NUMBER, "description": "Runs that failed or were abandoned."},
            "lag_ms": {**MAYBE_NUMBER, "description": "The longest lag of events."},
        }
    ),
    "PastPace": closed(
        {"id": NUMBER, "bucket": TEXT, **_MOMENTS, "scanned": NUMBER, "objects_per_second": {"type": "number"}}
    ),
    "History": closed(
        {
            "as_of": TEXT,
            "days": listed(ref("Day")),
            "passes": listed(ref("PastPace")),
            "limits": {
                **closed({"rows_read": NUMBER, "rows_written": NUMBER}),
                "description": "What all runs of a day may take; 0 sets no limit.",
            },
        }
    ),
    "Deployment": closed(
        {"name": TEXT, "colour": {**MAYBE_TEXT, "description": "As #rrggbb; null where none is set."}}
    ),
}
