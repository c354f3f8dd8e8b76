"""A finished check, as answers, a run's row and the summary show it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import sql
from invariants.findings import Change, statements
from invariants.full_check import keeping
from invariants.spec import CheckReport
from invariants.verdict import Verdict, all_hold
from log import timestamp
from ports import Statement
from words import CheckMode


@dataclass(frozen=True)
class Outcome:
    """A finished check, or the slice of a full one that the deadline allowed (`complete` False)."""

    mode: CheckMode
    checked_at: datetime
    verdicts: tuple[Verdict, ...]
    changes: list[Change]
    complete: bool

    @property
    def ok(self) -> bool:
        """Whether every error-severity invariant was seen to hold."""
        return all_hold(self.verdicts)

    def report(self) -> dict[str, object]:
        """Return the body of `POST /check`."""
        return {
            "ok": self.ok,
            "mode": self.mode,
            "checked_at": timestamp(self.checked_at),
            "invariants": [verdict.report() for verdict in self.verdicts],
        }

    def summary(self) -> dict[str, object]:
        """Return what a run's row keeps."""
        found = _found(self.verdicts, self.mode, complete=self.complete)
        return {**found, "changes": [asdict(change) for change in self.changes]}


def _found(verdicts: Sequence[Verdict], mode: CheckMode, *, complete: bool) -> dict[str, object]:
    shown = [verdict.short() for verdict in verdicts]
    return {"ok": all_hold(verdicts), "mode": mode, "complete": complete, "invariants": shown}


def last_check(outcome: Outcome, inventory: str | None) -> Statement:
    """Return the statement that keeps what the check found, for the summary, and the inventory of a full one."""
    found = _found(outcome.verdicts, outcome.mode, complete=outcome.complete)
    kept = json.dumps({"checked_at": timestamp(outcome.checked_at), **found}, ensure_ascii=False)
    return sql.statement("control/write_last_check", found=kept, inventory=inventory)


def verified(report: CheckReport, now: datetime, *, alerting: bool) -> list[Statement]:
    """Return the statements that keep a recovery's own full check as the last one, with its findings.

    A check under way is forgotten with them: what it saw is from before the recovery.
    """
    outcome = Outcome(report.mode, now, report.verdicts, [], report.complete)
    found = statements(report.verdicts, now, alerting=alerting)
    return [*found, keeping(report, now, {}), last_check(outcome, None)]
