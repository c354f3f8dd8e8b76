"""What the Worker answers about plans. A test holds each of these to its component of `/openapi.json`."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict, final

from steward.forecasts import Forecast

PlanStep = Literal["schema", "merge", "classify", "orphan", "insert", "upgrade", "restore", "forget"]
PlanKind = Literal["recovery", "backfill", "undo", "forget"]
PlanState = Literal["made", "approved", "applying", "applied", "expired", "superseded", "stale"]


@final
class NewPlan(TypedDict):
    """The plan that a dry run made."""

    id: int
    digest: str
    items: int
    totals: dict[str, int]
    complete: bool
    stopped_after: Any
    expires_at: str
    forecast: Forecast | None


class PlanLeftOut(TypedDict):
    """An item of a plan that was left out, and why."""

    item: int
    step: PlanStep
    about: list[str | int]
    why: str


@final
class PlanWork(TypedDict):
    """How far a plan is applied."""

    id: int
    items: int
    dealt_with: int
    left_out: int
    shown: list[PlanLeftOut]


class Plan(TypedDict):
    """A plan as it is listed."""

    id: int
    kind: PlanKind
    state: PlanState
    digest: str
    items: int
    totals: dict[str, int]
    complete: bool
    stopped_after: Any
    expires_at: str
    forecast: Forecast | None
    request: Any
    made_at: str
    made_run: int
    made_by: str | None
    token_name: str | None
    approved_at: str | None
    approved_by: str | None
    approved_token: str | None
    begun_at: str | None
    applied_at: str | None
    ended_at: str | None
    applied_run: int | None
    superseded_by: int | None
    left_out: int
    items_kept: bool


class Plans(TypedDict):
    """Plans, newest first."""

    plans: list[Plan]
    next: int | None


class PlanItem(TypedDict):
    """One thing that a plan would do."""

    item: int
    step: PlanStep
    about: list[str | int]
    rows: NotRequired[list[Any]]
    left_out: str | None
