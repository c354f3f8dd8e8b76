"""The Artifacts Summary: the state of everything on one page, at a cost that large tables do not raise.

What would need a scan is counted now only where the table is small; else it is what the last check found, and the
answer says as of when.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import sql
from invariants import findings
from invariants.catalogue import described
from invariants.inventory import small_inventory
from log import timestamp
from ports import Ports, Result, Row
from reporting.passes import pass_reports
from reporting.proven import Proven
from runs.history import readable
from settings import Settings

COUNTED_NOW = 20_000
"""Artifacts up to which rows are counted for the answer itself."""

LAST_RUNS = 10
OPEN_FINDINGS = 100
REFUSED_SHOWN = 100
SEEN_HOURS = 24
"""How far back is looked for what was seen, where COVERAGE_HOURS is off."""


async def summarise(ports: Ports, settings: Settings) -> dict[str, object]:
    """Return the body of `GET /summary`, from one D1 batch, and one and a KV read per bucket."""
    proven = Proven(ports.clock.now(), settings.coverage_hours or SEEN_HOURS)
    control, small, unknown, last_runs, open_findings, refused, instances, *proofs = await ports.database.batch(
        [
            sql.statement("summary/control"),
            small_inventory(COUNTED_NOW),
            sql.statement("summary/unknown", most=COUNTED_NOW + 1),
            sql.statement("runs/list_runs", kind=None, most=LAST_RUNS, before=None),
            findings.listing(open_only=True, invariant=None, limit=OPEN_FINDINGS),
            sql.statement("summary/refused", most=REFUSED_SHOWN),
            sql.statement("flow/read_instances"),
            *proven.statements(),
        ]
    )
    reports = await pass_reports(ports, settings, instances.rows)
    state, now = control.rows[0], timestamp(ports.clock.now())
    last_check = _decoded(state["last_check"])
    return {
        "as_of": now,
        "rows": _rows(state, small, now),
        "unknown": _unknown(unknown, now),
        "duplicates": _found(last_check, "one_artifact_per_object"),
        "orphans": _found(last_check, "no_orphan_datapoints"),
        **_words(settings),
        "last_check": last_check,
        "full_check": {"ended_at": state["full_checked_at"], "under_way": bool(state["full_check_under_way"])},
        "passes": [{**one, **proven.told(str(one["bucket"]), proofs)} for one in reports],
        "refused": refused.rows,
        "environment": asdict(settings.environment) if settings.environment else None,
        "backfill_mode": settings.backfill_mode,
        **_standing(state),
        "runs": [readable(row) for row in last_runs.rows],
        "findings": findings.readable(open_findings.rows),
    }


def _standing(state: Row) -> dict[str, object]:
    """Return what stands in the way of work, and of alerts."""
    return {
        "pause": {name: state[name] for name in ("paused_by", "pause_reason", "paused_at")},
        "lease": {name: state[name] for name in ("lease_run", "lease_until")},
        "guards": {name: state[name] for name in ("lifted_until", "lifted_reason")},
        **{name: state[name] for name in ("alerts_waiting", "alerts_parked", "alert_error")},
    }


def _words(settings: Settings) -> dict[str, object]:
    """Return what the database calls the words, and what the invariants say in its names."""
    return {"names": settings.tables.report(), "invariants": described(settings.tables)}


def _decoded(text: object) -> Any:  # noqa: ANN401  # JSON of our own
    return None if text is None else json.loads(str(text))


def _rows(state: Row, small: Result, now: str) -> dict[str, object]:
    """Return the rows per bucket and type: counted now, or as the last full check counted them."""
    if small.rows:
        return {"as_of": now, "counted": "now", "by_type": small.rows}
    cached = _decoded(state["inventory"])
    if cached and sum(row["artifacts"] for row in cached["by_type"]) > 0:
        return {"as_of": cached["as_of"], "counted": "by the last full check", "by_type": cached["by_type"]}
    return {"as_of": now, "counted": "now, or not before the first full check where the table is large", "by_type": []}


def _unknown(counted: Result, now: str) -> dict[str, object]:
    number = int(counted.rows[0]["unknown"] or 0)
    return {"as_of": now, "artifacts": min(number, COUNTED_NOW), "at_least": number > COUNTED_NOW}


def _found(last_check: dict[str, Any] | None, invariant: str) -> dict[str, object] | None:
    """Return what the last check found of an invariant, as of when its scan began; None before the first check."""
    verdicts = [] if last_check is None else last_check["invariants"]
    for verdict in verdicts:
        if verdict["name"] == invariant and last_check:
            return {**verdict, "as_of": verdict.get("since", last_check["checked_at"])}
    return None
