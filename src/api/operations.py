"""Every operation once: the application routes by this table, and `/openapi.json` describes it."""

from __future__ import annotations

from api import routes_care, routes_index, routes_objects, routes_profiles, routes_state, schemas
from api.operation import FILES, Operation
from api.operations_page import PAGE_OPERATIONS

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "POST",
        "/backfill",
        routes_index.post_backfill,
        "Walk a bucket and, live, insert and upgrade its artifacts",
        "Backfill",
        body=schemas.BACKFILL,
        refusals=(409,),
        example={"dry_run": True, "max_objects": 5000},
    ),
    Operation(
        "POST",
        "/check",
        routes_care.post_check,
        "Check every invariant; 200 whether or not they hold",
        "Check",
        body=schemas.CHECK,
        example={"mode": "full"},
    ),
    Operation(
        "POST",
        "/recover",
        routes_care.post_recover,
        "Repair what broke, dry or live, one resumable call at a time",
        "Recovery",
        body=schemas.RECOVER,
        refusals=(409,),
        example={"dry_run": True},
    ),
    Operation("GET", "/summary", routes_state.get_summary, "The Artifacts Summary", "Summary"),
    Operation(
        "GET",
        "/findings",
        routes_state.get_findings,
        "Broken invariants over time",
        "Findings",
        query=schemas.FINDINGS_QUERY,
    ),
    Operation("GET", "/runs", routes_state.get_runs, "Runs, newest first", "Runs", query=schemas.RUNS_QUERY),
    Operation("GET", "/runs/{run_id}", routes_state.get_run, "One run", "Run", refusals=(404,)),
    Operation(
        "POST",
        "/runs/{run_id}/undo",
        routes_care.post_undo,
        "Undo the merges of a live recovery, or a live forget",
        "Undo",
        body=schemas.NOTHING,
        body_optional=True,
        refusals=(404, 409),
    ),
    Operation(
        "POST",
        "/forget",
        routes_care.post_forget,
        "Delete the artifacts whose object is gone and that nobody cites, dry or live",
        "Forget",
        body=schemas.FORGET,
        refusals=(409,),
        example={"dry_run": True},
    ),
    Operation(
        "GET",
        "/passes",
        routes_objects.get_passes,
        "Passes over the buckets, newest first; the latest 100 of each bucket and prefix are kept",
        "Passes",
        query=schemas.PASSES_QUERY,
    ),
    Operation(
        "GET", "/passes/{pass_id}", routes_objects.get_pass, "One pass, its certificate", "OnePass", refusals=(404,)
    ),
    Operation(
        "GET",
        "/missing",
        routes_objects.get_missing,
        "Artifacts whose object is gone, and how many rows cite each; as JSON by pages, or all as a file",
        "Missing",
        query=schemas.MISSING_QUERY,
        files=FILES,
    ),
    Operation(
        "GET",
        "/newer",
        routes_objects.get_newer,
        "Artifacts that tell of an older document than their object",
        "Newer",
        query=schemas.NEWER_QUERY,
        files=FILES,
    ),
    Operation(
        "GET", "/rules", routes_index.get_rules, "The rules in the order they are tried", "Rules", refusals=(409,)
    ),
    Operation(
        "PUT",
        "/rules",
        routes_index.put_rules,
        "Replace all rules",
        "Rules",
        body=schemas.RULES,
        example={"rules": [{"priority": 10, "pattern": "reports/*.pdf", "source_type": "report"}]},
    ),
    Operation(
        "POST",
        "/rules/preview",
        routes_index.post_rules_preview,
        "What a rule set would classify, from a listing of up to 1,000 objects; nothing is stored",
        "Preview",
        least="read",
        body=schemas.PREVIEW,
        example={"rules": [{"priority": 10, "pattern": "reports/*.pdf", "source_type": "report"}]},
    ),
    Operation(
        "POST",
        "/guards",
        routes_care.post_guards,
        "Install the guards, or lift them for some minutes",
        "Guards",
        body=schemas.GUARDS,
        body_optional=True,
        refusals=(409,),
        example={"lift": True, "minutes": 30, "reason": "rebuilding datapoints"},
    ),
    Operation(
        "POST",
        "/pause",
        routes_state.post_pause,
        "Pause scheduled backfill",
        "Pause",
        body=schemas.PAUSE,
        example={"reason": "moving the bucket"},
    ),
    Operation(
        "POST", "/resume", routes_state.post_resume, "End the pause", "Pause", body=schemas.NOTHING, body_optional=True
    ),
    *PAGE_OPERATIONS,
    Operation(
        "GET", "/profiles", routes_profiles.get_profiles, "Every database of this Worker, a line each", "Profiles"
    ),
    Operation(
        "GET",
        "/profiles/proposals",
        routes_profiles.get_proposals,
        "Tables of the database that may hold keys of objects, and the names that TABLES would give",
        "Proposals",
    ),
)
