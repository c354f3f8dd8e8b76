"""A plan as it is stored, the state it is in, and why it is refused where it may not be applied."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast, get_args

from database.rows import number, optional_text, text
from errors import RefusedError
from log import timestamp
from plans.basis import Basis, read_basis
from ports import Row
from words import PlanKind, PlanState

NEW = "Make a new plan: send the dry request again."

WHY_NOT: dict[PlanState, tuple[str, str]] = {
    "applied": ("plan_applied", "was applied before, by run {applied_run}: a plan is used once."),
    "expired": ("plan_expired", "expired at {expires_at}."),
    "superseded": ("plan_superseded", "was superseded{by}."),
    "stale": ("stale_plan", "is stale: the schema, the rules or the settings are no longer those it was made on."),
}
"""Why a plan in such a state is not applied, as the reason of the refusal and its sentence."""


@dataclass(frozen=True)
class Plan:
    """The header of a plan."""

    id: int
    kind: PlanKind
    target: str
    request: dict[str, Any]
    basis: Basis
    digest: str
    items: int
    totals: dict[str, int]
    row: Row
    """What else is stored of it."""

    def state(self, now: datetime) -> PlanState:
        """Return the state it is in."""
        if self.row["applied_at"] is not None:
            return "applied"
        if self.row["ended_as"] is not None:
            return cast(PlanState, self.row["ended_as"])
        if text(self.row, "expires_at") <= timestamp(now):
            return "expired"
        if self.row["begun_at"] is not None:
            return "applying"
        return "made" if self.row["approved_at"] is None else "approved"

    @property
    def approved(self) -> bool:
        """Whether somebody approved it."""
        return self.row["approved_at"] is not None

    @property
    def begun(self) -> bool:
        """Whether some of it may be applied."""
        return self.row["begun_at"] is not None

    @property
    def complete(self) -> bool:
        """Whether it holds everything that the live request would do."""
        return self.row["stopped_after"] is None

    def refuse_unless_open(self, now: datetime) -> None:
        """Raise RefusedError where it is used, expired, superseded or stale."""
        state = self.state(now)
        if state in WHY_NOT:
            reason, sentence = WHY_NOT[state]
            later = self.row["superseded_by"]
            by = f" by plan {number(self.row, 'superseded_by')}" if later else " by a change without a plan"
            message = f"Plan {self.id} {sentence.format(**self.row, by=by)}"
            raise RefusedError(reason, message, hint=NEW)

    def report(self, now: datetime) -> dict[str, object]:
        """Return the plan as answers show it."""
        stopped, forecast = (optional_text(self.row, name) for name in ("stopped_after", "forecast"))
        return {
            "id": self.id,
            "kind": self.kind,
            "state": self.state(now),
            "digest": self.digest,
            "items": self.items,
            "totals": self.totals,
            "complete": self.complete,
            "stopped_after": None if stopped is None else json.loads(stopped),
            "request": self.request,
            "forecast": None if forecast is None else json.loads(forecast),
            **{name: optional_text(self.row, name) for name in _TEXTS},
            "made_run": number(self.row, "made_run"),
            "applied_run": self.row["applied_run"],
            "superseded_by": self.row["superseded_by"],
            "left_out": number(self.row, "left_out"),
            "items_kept": bool(self.row["slices"]) or not self.items,
        }


_TEXTS = (
    "made_at",
    "made_by",
    "token_name",
    "expires_at",
    "approved_at",
    "approved_by",
    "approved_token",
    "begun_at",
    "applied_at",
    "ended_at",
)


def read_plan(row: Row) -> Plan:
    """Return the plan in a row of `plans/read_plan`."""
    kind = next(one for one in get_args(PlanKind) if one == row["kind"])
    return Plan(
        id=number(row, "id"),
        kind=kind,
        target=text(row, "target"),
        request=json.loads(text(row, "request")),
        basis=read_basis(text(row, "basis")),
        digest=text(row, "digest"),
        items=number(row, "items"),
        totals=json.loads(text(row, "totals")),
        row=row,
    )
