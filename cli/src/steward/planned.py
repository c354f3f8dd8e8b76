"""What the Worker answers about plans and forecasts. A test holds each of these to its component of `/openapi.json`."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

PlanStep = Literal["schema", "merge", "classify", "orphan", "insert", "upgrade", "restore", "forget"]


class NewPlan(TypedDict):
    """The plan that a dry run made."""

    id: int
    digest: str
    items: int
    totals: dict[str, int]
    complete: bool
    stopped_after: Any
    expires_at: str
    forecast: Any


class PlanLeftOut(TypedDict):
    """An item of a plan that was left out, and why."""

    item: int
    step: PlanStep
    about: list[str | int]
    why: str


class PlanWork(TypedDict):
    """How far a plan is applied."""

    id: int
    items: int
    dealt_with: int
    left_out: int
    shown: list[PlanLeftOut]


class ShareOfDay(TypedDict):
    """How much of the rows that the day has left a piece of work needs; None where there is no limit."""

    rows_read: float | None
    rows_written: float | None


class Forecast(TypedDict):
    """What a live run would take."""

    rows_read: int
    rows_written: int
    r2_lists: int
    r2_heads: int
    d1_statements: int
    calls: int
    dollars: float
    seconds: float
    share_of_day: ShareOfDay
