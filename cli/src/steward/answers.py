"""What the Worker answers. A test holds each of these to the component of that name in `/openapi.json`."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from steward.forecasts import Forecast
from steward.planned import NewPlan, PlanWork

Row = dict[str, Any]
Outcome = Literal["holds", "violated", "not_checked"]
Severity = Literal["error", "warn"]
Method = Literal["proof", "scan"]
StopReason = Literal["end", "max_objects", "time", "subrequests", "quota", "overloaded", "paused"]
Status = Literal["running", "succeeded", "stopped", "failed", "abandoned"]


class Problem(TypedDict):
    """Why a request was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    hint: NotRequired[str]
    field: NotRequired[str]
    reason: NotRequired[str]
    role: NotRequired[Literal["read", "operate", "approve"]]
    setting: NotRequired[str]
    run_id: NotRequired[int]


class Cost(TypedDict):
    """What a walk asked of the platform."""

    r2_lists: int
    d1_batches: int
    rows_read: int
    rows_written: int


class Counts(TypedDict):
    """What became of the objects of a walk."""

    scanned: int
    inserted: int
    upgraded: int
    unchanged: int
    newer: int
    unclassified: int
    skipped: int
    refused: int
    undated: int
    unclassified_sample: list[str]
    newer_sample: list[str]


class Backfill(Counts):
    """One call of a backfill; `steward` prints the sum of its calls in the same shape."""

    run_id: int
    dry_run: bool
    r2_bucket: str
    r2_prefix: str
    truncated: bool
    cursor: str | None
    start_after: str | None
    pages: int
    repeated_pages: NotRequired[int]
    cost: Cost
    duration_ms: int
    stopped_because: StopReason
    note: NotRequired[str]
    continues_at: NotRequired[str]
    forecast: NotRequired[Forecast]
    plan: NotRequired[NewPlan | PlanWork | None]


class Verdict(TypedDict):
    """What a check found of an invariant."""

    name: str
    severity: Severity
    outcome: Outcome
    violations: int | None
    sample: list[Row]
    method: Method
    rows_read: int
    duration_ms: int
    reason: NotRequired[str]
    since: NotRequired[str]


class Check(TypedDict):
    """One check."""

    run_id: int
    ok: bool
    mode: Literal["fast", "full"]
    checked_at: str
    invariants: list[Verdict]


class Step(TypedDict):
    """A step of a recovery; some have more members."""

    name: str
    before: int
    after: int
    changed: int
    sample: list[Any]
    error: NotRequired[str]


class Recovery(TypedDict):
    """One call of a recovery."""

    run_id: int
    dry_run: bool
    done: bool
    steps: list[Step]
    ok: bool
    continues_at: NotRequired[str]
    forecast: NotRequired[Forecast]
    plan: NotRequired[NewPlan | PlanWork | None]


class Undo(TypedDict):
    """One call of an undo."""

    run_id: int
    undone_run: int
    done: bool
    restored: int
    children_restored: int
    refused: list[Row]
    dry_run: NotRequired[bool]
    plan: NotRequired[NewPlan | PlanWork | None]


class Guards(TypedDict):
    """What became of the guards."""

    run_id: int
    installed: list[str]
    lifted: list[str]
    lifted_until: str | None


class Run(TypedDict):
    """One recorded run."""

    id: int
    kind: str
    mode: str
    trigger: str
    actor: str | None
    token_name: str | None
    status: Status
    started_at: str
    finished_at: str | None
    request: Any
    counts: Any
    cost: Any
    error: str | None


class Runs(TypedDict):
    """Runs, newest first."""

    runs: list[Run]
    next: int | None


class Handled(TypedDict):
    """What somebody said of a finding, or what went on meanwhile."""

    at: str
    did: Literal["acknowledged", "snoozed", "woken", "ended", "grew", "reopened"]
    actor: str | None
    token_name: str | None
    note: str | None
    until: str | None
    violations: int


class Finding(TypedDict):
    """One invariant being broken, over time."""

    id: int
    invariant: str
    severity: str
    opened_at: str
    last_seen_at: str
    resolved_at: str | None
    violations: int
    peak: int
    sample: list[Row]
    quiet: Literal["acknowledged", "snoozed"] | None
    quiet_until: str | None
    quiet_violations: int | None
    history: list[Handled]


class Findings(TypedDict):
    """Findings, newest first."""

    findings: list[Finding]
    next: int | None


class ViolatingRows(TypedDict):
    """Rows that break an invariant, and where the next page begins."""

    invariant: str
    rows: list[Row]
    next: str | None
    sql: list[str]


class Rule(TypedDict):
    """Which type a key gets."""

    priority: int
    pattern: str
    source_type: str


class Rules(TypedDict):
    """The rules in the order they are tried."""

    rules: list[Rule]


class Pause(TypedDict):
    """Whether scheduled backfill is paused."""

    paused: bool
    paused_by: str | None
    pause_reason: str | None
    paused_at: str | None


class Previewed(TypedDict):
    """The objects of one type in a preview."""

    source_type: str | None
    objects: int
    sample: list[str]


class Preview(TypedDict):
    """What a rule set would classify."""

    scanned: int
    truncated: bool
    by_type: list[Previewed]


class Health(TypedDict):
    """That the Worker runs."""

    status: Literal["ok"]
