"""What the Worker answers about plans. A test holds each of these to its component of `/openapi.json`."""

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
