"""The history of broken invariants: opened, last seen, worse, resolved, reopened; nothing is forgotten."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sql
from database.rows import number, text
from errors import OverloadedError, PlatformError, TransientError
from invariants.verdict import Verdict
from log import timestamp
from ports import Database, Row, Statement


@dataclass(frozen=True)
class Change:
    """What a check changed: a finding of this invariant was opened, reopened, grew worse, or was resolved."""

    invariant: str
    severity: str
    violations: int
    change: str


@dataclass(frozen=True)
class Recorded:
    """The verdicts of a check, as they are kept, and what they changed."""

    verdicts: tuple[Verdict, ...]
    changes: list[Change]


async def record(database: Database, verdicts: Sequence[Verdict], now: datetime, *, alerting: bool) -> Recorded:
    """Bring the findings up to date with a check's verdicts, in one transaction, and return what changed.

    A verdict changes nothing where its scan began before the finding was last seen or resolved, or before a live
    recovery ended: what is known since then is newer.

    Where the database refuses it, each verdict is recorded by itself; one that cannot be is `not_checked`, saying why.
    Raises PlatformError where none can be recorded.
    """
    try:
        return Recorded(tuple(verdicts), await _record(database, verdicts, now, alerting=alerting))
    except (TransientError, OverloadedError):
        raise
    except PlatformError as error:
        changes: list[Change] = []
        kept: list[Verdict] = []
        unrecorded = 0
        for verdict in verdicts:
            try:
                changes += await _record(database, [verdict], now, alerting=alerting)
                kept.append(verdict)
            except PlatformError as refused:
                kept.append(_unrecorded(verdict, refused))
                unrecorded += 1
        if unrecorded == len(verdicts):
            raise error from None
        return Recorded(tuple(kept), changes)


def _unrecorded(verdict: Verdict, error: PlatformError) -> Verdict:
    """Return the verdict saying that nothing is kept of it."""
    if verdict.outcome == "not_checked":
        return verdict
    found = f"{verdict.violations} violations" if verdict.violations else "no violation"
    reason = f"It found {found}, but that could not be recorded: {error.sentence()}"
    return replace(verdict, outcome="not_checked", violations=None, reason=reason)


async def _record(database: Database, verdicts: Sequence[Verdict], now: datetime, *, alerting: bool) -> list[Change]:
    changes, *_ = await database.batch(statements(verdicts, now, alerting=alerting, dated=True))
    return [
        Change(text(row, "invariant"), text(row, "severity"), number(row, "violations"), text(row, "change"))
        for row in changes.rows
    ]


def statements(verdicts: Sequence[Verdict], now: datetime, *, alerting: bool, dated: bool = False) -> list[Statement]:
    """Return the statements of `record`, for a transaction of the caller's; the first one returns what changes.

    With `alerting`, each change leaves an alert to be sent. `not_checked` says nothing about the database, so it
    changes nothing. Without `dated` every verdict counts, as that of a recovery on its own work does.
    """
    looked = [verdict for verdict in verdicts if verdict.outcome != "not_checked"]
    listed = _listed(looked, dated=dated)
    violated = _listed([verdict for verdict in looked if verdict.outcome == "violated"], dated=dated)
    moment = timestamp(now)
    passed_over = {name: sql.load(f"findings/{name}") for name in ("overtaken", "still_snoozed")}
    changes = sql.fragment("findings/changes", **passed_over, verdicts=listed, now=moment)
    return [
        sql.bind(changes),
        *([sql.statement("alerts/add_changes", changes=changes)] if alerting else []),
        sql.statement("findings/resolve", verdicts=listed, now=moment),
        sql.statement("findings/see_again", ended=sql.load("findings/ended"), verdicts=violated, now=moment),
        sql.statement("findings/open", **passed_over, verdicts=violated, now=moment),
    ]


def _listed(verdicts: Sequence[Verdict], *, dated: bool) -> str:
    """Return verdicts as JSON. D1 counts a row read for each that a statement goes through."""
    shown = [{**verdict.report(), "began": verdict.began if dated else None} for verdict in verdicts]
    return json.dumps(shown, ensure_ascii=False)


def listing(*, open_only: bool | None, invariant: str | None, limit: int, before: int | None = None) -> Statement:
    """Return the statement that lists findings, newest first; `open_only` None gives open and resolved ones."""
    given = {"is_open": None if open_only is None else int(open_only), "invariant": invariant, "before": before}
    return sql.statement("findings/list_findings", columns=sql.load("findings/columns"), most=limit, **given)


async def list_findings(
    database: Database,
    *,
    open_only: bool | None = None,
    invariant: str | None = None,
    limit: int = 100,
    before: int | None = None,
) -> list[dict[str, object]]:
    """Return findings, newest first; those older than finding `before` where given."""
    [result] = await database.batch([listing(open_only=open_only, invariant=invariant, limit=limit, before=before)])
    return readable(result.rows)


def readable(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Return findings' rows with their JSON columns decoded."""
    return [
        {**row, "sample": json.loads(str(row["sample"])), "history": json.loads(str(row["history"] or "[]"))}
        for row in rows
    ]


async def open_invariants(database: Database) -> frozenset[str]:
    """Return the invariants that have an open finding."""
    [result] = await database.batch([sql.statement("findings/open_invariants")])
    return frozenset(str(row["invariant"]) for row in result.rows)
