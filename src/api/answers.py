"""The JSON Schemas of what an answer holds; `/openapi.json` publishes them and the tests hold the Worker to them."""

from __future__ import annotations

from api.answers_objects import CONTINUES_AT, PASS_COMPONENTS, PROVEN
from api.answers_page import PAGE_COMPONENTS
from api.answers_plans import PLAN, PLAN_COMPONENTS
from api.answers_profiles import PROFILE_COMPONENTS
from api.shapes import ANYTHING, FLAG, MAYBE_NUMBER, MAYBE_TEXT, NUMBER, TEXT, JsonSchema, closed, listed, maybe, ref
from words import (
    ANSWERED,
    BACKFILL_MODES,
    CHECK_MODES,
    COUNTS,
    LETTER_REASONS,
    METHODS,
    OUTCOMES,
    PASS_ENGINES,
    ROLES,
    SAMPLES,
    SEVERITIES,
    STATUSES,
)

WHY_NOT: JsonSchema = {**TEXT, "description": "Why it was not checked."}
SINCE: JsonSchema = {**TEXT, "description": "When the scan began, where that was in an earlier slice of the check."}
_COUNTS = {**dict.fromkeys((*COUNTS, "undated"), NUMBER), **dict.fromkeys(SAMPLES, listed(TEXT))}
_ROWS = listed({"type": "object"})

COMPONENTS: dict[str, JsonSchema] = {
    "Problem": closed(
        {
            "type": TEXT,
            "title": TEXT,
            "status": NUMBER,
            "detail": TEXT,
            "hint": {**TEXT, "description": "What to do next."},
            "field": {**TEXT, "description": "The field that is wrong."},
            "reason": {**TEXT, "description": "Why it was refused, as one word."},
            "role": {"type": "string", "enum": list(ROLES), "description": "The role that is needed."},
            "setting": {**TEXT, "description": "The setting that is missing or malformed."},
            "run_id": NUMBER,
        },
        optional=("hint", "field", "reason", "role", "setting", "run_id"),
    ),
    "Cost": closed(dict.fromkeys(("r2_lists", "d1_batches", "rows_read", "rows_written"), NUMBER)),
    "Counts": closed(_COUNTS),
    "Backfill": closed(
        {
            "run_id": NUMBER,
            "dry_run": FLAG,
            "r2_bucket": TEXT,
            "r2_prefix": TEXT,
            **_COUNTS,
            "truncated": {**FLAG, "description": "Whether objects remain after this position."},
            "cursor": {**MAYBE_TEXT, "description": "Where to continue; null at the end."},
            "start_after": {**MAYBE_TEXT, "description": "The same place as a key."},
            "pages": NUMBER,
            "repeated_pages": {
                **NUMBER,
                "description": "Only where a page was sent again: what a lost answer had written counts as unchanged.",
            },
            "cost": ref("Cost"),
            "duration_ms": NUMBER,
            "stopped_because": {
                "type": "string",
                "enum": list(ANSWERED),
            },
            "note": {**TEXT, "description": "What else the prefix of a dry run lists."},
            "continues_at": CONTINUES_AT,
            "forecast": ref("Forecast"),
            "plan": PLAN,
        },
        optional=("repeated_pages", "note", "continues_at", "forecast", "plan"),
    ),
    "Verdict": closed(
        {
            "name": TEXT,
            "severity": {"type": "string", "enum": list(SEVERITIES)},
            "outcome": {"type": "string", "enum": list(OUTCOMES)},
            "violations": MAYBE_NUMBER,
            "sample": _ROWS,
            "method": {"type": "string", "enum": list(METHODS)},
            "rows_read": NUMBER,
            "duration_ms": NUMBER,
            "reason": WHY_NOT,
            "since": SINCE,
        },
        optional=("reason", "since"),
    ),
    "Check": closed(
        {
            "run_id": NUMBER,
            "ok": FLAG,
            "mode": {"type": "string", "enum": list(CHECK_MODES)},
            "checked_at": TEXT,
            "invariants": listed(ref("Verdict")),
        }
    ),
    "Step": {
        "type": "object",
        "properties": {
            "name": TEXT,
            "before": NUMBER,
            "after": NUMBER,
            "changed": NUMBER,
            "sample": listed(ANYTHING),
            "error": TEXT,
        },
        "required": ["name", "before", "after", "changed", "sample"],
    },
    "Recovery": closed(
        {
            "run_id": NUMBER,
            "dry_run": FLAG,
            "done": FLAG,
            "steps": listed(ref("Step")),
            "ok": FLAG,
            "continues_at": CONTINUES_AT,
            "forecast": ref("Forecast"),
            "plan": PLAN,
        },
        optional=("continues_at", "forecast", "plan"),
    ),
    "Undo": closed(
        {
            "run_id": NUMBER,
            "undone_run": NUMBER,
            "done": FLAG,
            "restored": NUMBER,
            "children_restored": NUMBER,
            "refused": _ROWS,
            "dry_run": FLAG,
            "plan": PLAN,
        },
        optional=("dry_run", "plan"),
    ),
    "Guards": closed(
        {
            "run_id": NUMBER,
            "installed": listed(TEXT),
            "lifted": listed(TEXT),
            "lifted_until": MAYBE_TEXT,
        }
    ),
    "Run": closed(
        {
            "id": NUMBER,
            "kind": TEXT,
            "mode": TEXT,
            "trigger": TEXT,
            "actor": {**MAYBE_TEXT, "description": "Who asked, as they said; null where nobody did."},
            "token_name": {**MAYBE_TEXT, "description": "Whose token they came with."},
            "status": {"type": "string", "enum": list(STATUSES)},
            "started_at": TEXT,
            "finished_at": MAYBE_TEXT,
            "request": ANYTHING,
            "counts": ANYTHING,
            "cost": ANYTHING,
            "error": MAYBE_TEXT,
        }
    ),
    "Runs": closed({"runs": listed(ref("Run")), "next": MAYBE_NUMBER}),
    **PAGE_COMPONENTS,
    "Rule": closed({"priority": NUMBER, "pattern": TEXT, "source_type": TEXT}),
    "Rules": closed({"rules": listed(ref("Rule"))}),
    "Pause": closed({"paused": FLAG, "paused_by": MAYBE_TEXT, "pause_reason": MAYBE_TEXT, "paused_at": MAYBE_TEXT}),
    **PASS_COMPONENTS,
    **PLAN_COMPONENTS,
    **PROFILE_COMPONENTS,
    "Health": closed({"status": {"type": "string", "enum": ["ok"]}}),
    "LastVerdict": closed(
        {
            "name": TEXT,
            "outcome": TEXT,
            "violations": MAYBE_NUMBER,
            "method": TEXT,
            "reason": WHY_NOT,
            "since": SINCE,
            "as_of": TEXT,
        },
        optional=("reason", "since"),
    ),
    "Invariant": closed(
        {
            "name": TEXT,
            "severity": TEXT,
            "holds": {**TEXT, "description": "What is promised."},
            "row": {**TEXT, "description": "What a row that breaks it means."},
            "advice": {**TEXT, "description": "What to do then."},
        }
    ),
    "Range": closed(
        {
            "from": {**MAYBE_TEXT, "description": "It begins after this key; null is open."},
            "until": {**MAYBE_TEXT, "description": "It ends with this key; null is open."},
            "last": {**MAYBE_TEXT, "description": "The last key that is done; null before the first."},
            "done": FLAG,
        }
    ),
    "Pass": closed(
        {
            "bucket": TEXT,
            "state": {"type": "string", "enum": ["never started", "under way", "complete"]},
            "pass_started_at": MAYBE_TEXT,
            "completed_at": MAYBE_TEXT,
            "last_key": MAYBE_TEXT,
            "counts": maybe(ref("Counts")),
            "previous": maybe(ref("Counts")),
            "expected_objects": MAYBE_NUMBER,
            "ranges": {**listed(ref("Range")), "description": "Those of a pass under way, in key order."},
            "engine": {"type": "string", "enum": list(PASS_ENGINES)},
            "instance": {**MAYBE_TEXT, "description": "The Workflow instance that walks the pass."},
            "objects_per_second": {"type": ["number", "null"], "description": "Since the pass began."},
            "seconds_left": {**MAYBE_NUMBER, "description": "As the pass before lets expect; null where unknown."},
            "error": TEXT,
            **PROVEN,
        },
        optional=(
            "state",
            "pass_started_at",
            "completed_at",
            "last_key",
            "counts",
            "previous",
            "expected_objects",
            "ranges",
            "engine",
            "instance",
            "objects_per_second",
            "seconds_left",
            "error",
        ),
    ),
    "Summary": closed(
        {
            "as_of": TEXT,
            "rows": closed({"as_of": TEXT, "counted": TEXT, "by_type": _ROWS}),
            "unknown": closed({"as_of": TEXT, "artifacts": NUMBER, "at_least": FLAG}),
            "duplicates": maybe(ref("LastVerdict")),
            "orphans": maybe(ref("LastVerdict")),
            "names": ref("Names"),
            "invariants": listed(ref("Invariant")),
            "last_check": ANYTHING,
            "full_check": closed({"ended_at": MAYBE_TEXT, "under_way": FLAG}),
            "passes": listed(ref("Pass")),
            "refused": {**_ROWS, "description": "Objects whose row the database refuses, up to 100."},
            "events": ref("Events"),
            "environment": maybe(ref("Deployment")),
            "backfill_mode": {"type": "string", "enum": list(BACKFILL_MODES)},
            "pause": closed({"paused_by": MAYBE_TEXT, "pause_reason": MAYBE_TEXT, "paused_at": MAYBE_TEXT}),
            "lease": closed({"lease_run": MAYBE_NUMBER, "lease_until": MAYBE_TEXT}),
            "guards": closed({"lifted_until": MAYBE_TEXT, "lifted_reason": MAYBE_TEXT}),
            "alerts_waiting": NUMBER,
            "alerts_parked": {**NUMBER, "description": "Alerts that are not tried any more."},
            "alert_error": MAYBE_TEXT,
            "runs": listed(ref("Run")),
            "findings": listed(ref("Finding")),
        }
    ),
    "NotTaken": closed(dict.fromkeys(LETTER_REASONS, NUMBER)),
    "Events": closed(
        {
            **dict.fromkeys(("received", "puts", "deletes", "not_applied"), NUMBER),
            "not_taken": ref("NotTaken"),
            "last_event_at": MAYBE_TEXT,
            "committed_at": MAYBE_TEXT,
            "lag_ms": {**MAYBE_NUMBER, "description": "From the oldest event of the last batch to its commit."},
            "longest_lag_ms": {**MAYBE_NUMBER, "description": "The longest of lag_day."},
            "lag_day": MAYBE_TEXT,
            "held_at": {**MAYBE_TEXT, "description": "When messages were put off last, unless some were taken since."},
            "held_why": MAYBE_TEXT,
            "oldest_candidate_at": {**MAYBE_TEXT, "description": "The oldest open mark that R2 did not confirm."},
            "letters": {**_ROWS, "description": "Messages that were not applied, the last 100."},
        }
    ),
    "Preview": closed(
        {
            "scanned": NUMBER,
            "truncated": FLAG,
            "by_type": listed(closed({"source_type": MAYBE_TEXT, "objects": NUMBER, "sample": listed(TEXT)})),
        }
    ),
}
