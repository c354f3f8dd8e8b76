"""What `GET /summary` answers. A test holds each part to the component of `/openapi.json`."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from steward.answers import Counts, Finding, Row, Run


class LastVerdict(TypedDict):
    """What the last check found of an invariant."""

    name: str
    outcome: str
    violations: int | None
    method: str
    reason: NotRequired[str]
    since: NotRequired[str]
    as_of: str


class Invariant(TypedDict):
    """What an invariant promises, and what to do when it is broken."""

    name: str
    severity: str
    holds: str
    row: str
    advice: str


# `from` is a word of Python, so this type is written as a call.
Range = TypedDict("Range", {"from": str | None, "until": str | None, "last": str | None, "done": bool})


class Proof(TypedDict):
    """What the latest complete pass proves of the objects that it did not list."""

    certified: bool
    why_not: list[str]
    missing: int | None
    certified_at: str | None


class Pass(TypedDict):
    """How far the pass over a bucket is."""

    bucket: str
    state: NotRequired[Literal["never started", "under way", "complete"]]
    pass_started_at: NotRequired[str | None]
    completed_at: NotRequired[str | None]
    last_key: NotRequired[str | None]
    counts: NotRequired[Counts | None]
    previous: NotRequired[Counts | None]
    expected_objects: NotRequired[int | None]
    ranges: NotRequired[list[Range]]
    engine: NotRequired[Literal["cron", "workflow"]]
    instance: NotRequired[str | None]
    objects_per_second: NotRequired[float | None]
    seconds_left: NotRequired[int | None]
    error: NotRequired[str]
    not_verified_since: str | None
    seen_hours: int
    seen_share: float | None
    missing: int
    newer: int
    certificate: Proof | None


class Inventory(TypedDict):
    """The rows per bucket and type."""

    as_of: str
    counted: str
    by_type: list[Row]


class Unknown(TypedDict):
    """How many artifacts have no known type."""

    as_of: str
    artifacts: int
    at_least: bool


class Names(TypedDict):
    """What the database calls the words of the answers; None: it has no column for it."""

    artifacts: str | None
    id: str | None
    r2_bucket: str | None
    r2_key: str | None
    source_type: str | None
    fetched_at: str | None


class FullCheck(TypedDict):
    """When the last full check ended."""

    ended_at: str | None
    under_way: bool


class Deployment(TypedDict):
    """What a deployment is called, and its colour."""

    name: str
    colour: str | None


class PausedBy(TypedDict):
    """Who paused, and why."""

    paused_by: str | None
    pause_reason: str | None
    paused_at: str | None


class Lease(TypedDict):
    """Which run may write."""

    lease_run: int | None
    lease_until: str | None


class Lifted(TypedDict):
    """Until when the guards are lifted."""

    lifted_until: str | None
    lifted_reason: str | None


class NotTaken(TypedDict):
    """How many messages were not applied, by the reason."""

    malformed: int
    unknown_action: int
    other_bucket: int
    dead: int


class Events(TypedDict):
    """What the queue of event notifications brought."""

    received: int
    puts: int
    deletes: int
    not_applied: int
    not_taken: NotTaken
    last_event_at: str | None
    committed_at: str | None
    lag_ms: int | None
    longest_lag_ms: int | None
    lag_day: str | None
    held_at: str | None
    held_why: str | None
    oldest_candidate_at: str | None
    letters: list[Row]


class Summary(TypedDict):
    """The Artifacts Summary."""

    as_of: str
    rows: Inventory
    unknown: Unknown
    duplicates: LastVerdict | None
    orphans: LastVerdict | None
    names: Names
    invariants: list[Invariant]
    last_check: Any
    full_check: FullCheck
    passes: list[Pass]
    refused: list[Row]
    events: Events
    environment: Deployment | None
    backfill_mode: Literal["off", "dry", "live"]
    pause: PausedBy
    lease: Lease
    guards: Lifted
    alerts_waiting: int
    alerts_parked: int
    alert_error: str | None
    runs: list[Run]
    findings: list[Finding]
