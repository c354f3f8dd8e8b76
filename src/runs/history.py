"""The runs on record, as answers list them."""

from __future__ import annotations

import json

import sql
from errors import InputError
from ports import Database, Row
from words import MAX_INTEGER


def readable(row: Row) -> dict[str, object]:
    """Return a run's row with its JSON columns decoded."""
    decoded: dict[str, object] = dict(row)
    for name in ("request", "counts", "cost"):
        text = row[name]
        decoded[name] = None if text is None else json.loads(str(text))
    return decoded


async def list_runs(
    database: Database, *, kind: str | None = None, limit: int = 20, before: int | None = None
) -> list[dict[str, object]]:
    """Return the newest runs first, those of `kind` where given, those older than run `before` where given."""
    [result] = await database.batch([sql.statement("runs/list_runs", kind=kind, most=limit, before=before)])
    return [readable(row) for row in result.rows]


async def read_run(database: Database, run_id: int) -> Row | None:
    """Return the row of one run, or None where there is no such run."""
    [result] = await database.batch([sql.statement("runs/read_run", run=run_id)])
    return result.rows[0] if result.rows else None


async def require_run(database: Database, run_id: int) -> Row:
    """Return the row of one run; raises InputError (404) where there is none, or could be none."""
    found = await read_run(database, run_id) if run_id <= MAX_INTEGER else None
    if found is None:
        raise InputError("run_id", f"There is no run {run_id}.", hint="GET /runs lists them.", status=404)
    return found
