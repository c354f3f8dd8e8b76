"""What is at work at this moment, and how far it is: cheap enough to be asked for every other second."""

from __future__ import annotations

import json

import sql
from log import timestamp
from ports import Ports, Row
from reporting.passes import pass_reports
from settings import Settings

MOST_RUNNING = 20


async def look_live(ports: Ports, settings: Settings) -> dict[str, object]:
    """Return the runs at work with the steps of each, who has the lease, and how far the passes are."""
    control, running, instances = await ports.database.batch(
        [
            sql.statement("control/read_control"),
            sql.statement("runs/list_running", most=MOST_RUNNING),
            sql.statement("flow/read_instances"),
        ]
    )
    [state] = control.rows
    return {
        "as_of": timestamp(ports.clock.now()),
        "lease": {name: state[name] for name in ("lease_run", "lease_until")},
        "paused_by": state["paused_by"],
        "running": [_readable(row) for row in running.rows],
        "passes": await pass_reports(ports, settings, instances.rows),
    }


def _readable(row: Row) -> dict[str, object]:
    return {**row, "steps": json.loads(str(row["steps"] or "[]"))}
