"""Every operation once: the application routes by this table, and `/openapi.json` describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api import routes_care, routes_index, routes_objects, routes_plans, routes_state, schemas
from api.calls import Handler
from words import Role

JsonSchema = Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """One method on one path: what it takes, what it answers, and how it can refuse."""

    method: str
    path: str
    handler: Handler
    summary: str
    answer: str
    body: JsonSchema | None = None
    body_optional: bool = False
    query: JsonSchema = field(default_factory=lambda: schemas.NOTHING)
    refusals: tuple[int, ...] = ()
    example: object = None
    files: tuple[str, ...] = ()
    """The media types that it answers beside JSON."""
    least: Role | None = None
    """The role that it needs where that is not `read` for a GET and `operate` for the rest."""

    @property
    def role(self) -> Role:
        """What a token must be for, unless the request says `dry_run`."""
        return self.least or ("read" if self.method == "GET" else "operate")

    def needs(self, body: Mapping[str, Any]) -> Role:
        """Return the role that a request with this body needs; a dry run changes nothing but the row of its run."""
        return "read" if body.get("dry_run") is True else self.role

    @property
    def may_be_dry(self) -> bool:
        """Whether a request may say `dry_run`."""
        return "dry_run" in (self.body or {}).get("properties", {})


_FILES = ("text/csv", "application/x-ndjson")

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
        "Undo the merges of a live recovery",
        "Undo",
        body=schemas.UNDO,
        body_optional=True,
        refusals=(404, 409),
    ),
    Operation("GET", "/plans", routes_plans.get_plans, "Plans, newest first", "Plans", query=schemas.PLANS_QUERY),
    Operation("GET", "/plans/{plan_id}", routes_plans.get_plan, "One plan", "Plan", refusals=(404,)),
    Operation(
        "GET",
        "/plans/{plan_id}/items",
        routes_plans.get_items,
        "All that a plan would do, and what of it was left out; as a file, or as JSON by pages",
        "PlanItems",
        query=schemas.ITEMS_QUERY,
        refusals=(404, 409),
        files=_FILES,
    ),
    Operation(
        "POST",
        "/plans/{plan_id}/approve",
        routes_plans.post_approve,
        "Approve a plan; who, and when, is kept",
        "Plan",
        body=schemas.APPROVE,
        body_optional=True,
        refusals=(404, 409),
        least="approve",
    ),
    Operation(
        "POST",
        "/plans/{plan_id}/apply",
        routes_plans.post_apply,
        "Do what a plan says, one resumable call at a time: the live request with `plan`",
        "Applied",
        body=schemas.APPLY,
        body_optional=True,
        refusals=(404, 409),
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
        files=_FILES,
    ),
    Operation(
        "GET",
        "/newer",
        routes_objects.get_newer,
        "Artifacts that tell of an older document than their object",
        "Newer",
        query=schemas.NEWER_QUERY,
        files=_FILES,
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
)
