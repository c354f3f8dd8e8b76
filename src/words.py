"""The closed sets of words that runs, checks and answers use; each stands here once.

The JSON Schemas, the OpenAPI document and the SQL headers take theirs from here.
"""

from __future__ import annotations

from typing import Literal, get_args

RunKind = Literal["tick", "backfill", "slice", "check", "recovery", "undo", "forget", "guards", "rules", "resume"]
Role = Literal["read", "operate", "approve"]
"""What a token may do; each may do what those before it may."""
RunMode = Literal["off", "dry", "live", "fast", "full", "install", "lift"]
Trigger = Literal["cron", "http", "flow"]
PlanKind = Literal["recovery", "backfill", "undo", "forget"]
PlanState = Literal["made", "approved", "applying", "applied", "expired", "superseded", "stale"]
PlanStep = Literal["schema", "merge", "classify", "orphan", "insert", "upgrade", "restore", "forget"]
"""What a plan's item would do."""
Status = Literal["running", "succeeded", "stopped", "failed", "abandoned"]
BackfillMode = Literal["off", "dry", "live"]
PassEngine = Literal["cron", "workflow"]
"""What walks a live pass: the ticks of the cron trigger, or one Workflow instance."""
PlanName = Literal["paid", "free"]
"""The plan of Cloudflare's whose limits the Worker keeps to."""
WORKFLOW: PassEngine = "workflow"
FlowState = Literal["absent", "running", "paused", "complete", "errored"]
"""How an instance of a flow stands; one that was terminated counts as errored."""
CheckMode = Literal["fast", "full"]
Severity = Literal["error", "warn"]
CheckOutcome = Literal["holds", "violated", "not_checked"]
Method = Literal["proof", "scan"]
Unreadable = Literal["oldest", "highest_id"]
"""What a request may say of objects that hold a date which cannot be read."""
LetterReason = Literal["malformed", "unknown_action", "other_bucket", "dead"]
"""Why a message of a queue was not applied: a dead one came from the dead-letter queue."""
StopReason = Literal["end", "max_objects", "time", "subrequests", "quota", "overloaded", "paused", "error"]
"""Why a walk stopped."""

MarkState = Literal["missing", "candidate", "resolved", "all"]
"""What is known of a row that a pass listed no object for, and all of it."""

Quiet = Literal["acknowledged", "snoozed"]
"""How the alerts of an open finding are quiet."""
Said = Literal["acknowledged", "snoozed", "woken"]
"""What a person says about a finding."""
Handling = Literal["acknowledged", "snoozed", "woken", "ended", "grew", "reopened"]
"""What the history of a finding holds: what people said, the end of a snooze, and what went on meanwhile."""

COUNTS = ("scanned", "inserted", "upgraded", "unchanged", "newer", "unclassified", "skipped", "refused")
"""What every report counts: every object scanned is in exactly one of the counts after the first."""

SAMPLES = ("unclassified_sample", "newer_sample")
"""Some keys of those that a report counts."""

ANSWERED: tuple[StopReason, ...] = tuple(one for one in get_args(StopReason) if one != "error")
"""Why a walk stopped that was answered: an error is answered as one."""

MAX_INTEGER = 2**53 - 2
"""The largest whole number that D1 takes: Python's 2**53 - 1 reaches JavaScript as a BigInt, which D1 refuses."""

QUIETS: tuple[Quiet, ...] = get_args(Quiet)
HANDLINGS: tuple[Handling, ...] = get_args(Handling)
ROLES: tuple[Role, ...] = get_args(Role)
PLAN_KINDS: tuple[PlanKind, ...] = get_args(PlanKind)
PLAN_STATES: tuple[PlanState, ...] = get_args(PlanState)
PLAN_STEPS: tuple[PlanStep, ...] = get_args(PlanStep)
RUN_KINDS: tuple[RunKind, ...] = get_args(RunKind)
STATUSES: tuple[Status, ...] = get_args(Status)
BACKFILL_MODES: tuple[BackfillMode, ...] = get_args(BackfillMode)
PASS_ENGINES: tuple[PassEngine, ...] = get_args(PassEngine)
PLAN_NAMES: tuple[PlanName, ...] = get_args(PlanName)
CHECK_MODES: tuple[CheckMode, ...] = get_args(CheckMode)
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
OUTCOMES: tuple[CheckOutcome, ...] = get_args(CheckOutcome)
METHODS: tuple[Method, ...] = get_args(Method)
MARK_STATES: tuple[MarkState, ...] = get_args(MarkState)
LETTER_REASONS: tuple[LetterReason, ...] = get_args(LetterReason)
UNREADABLE: tuple[Unreadable, ...] = get_args(Unreadable)
