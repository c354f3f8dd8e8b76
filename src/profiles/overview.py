"""How every profile stands, as one line each; one that gives no answer says so, and hides no other."""

from __future__ import annotations

from collections.abc import Callable

import sql
from database.batch import ask_one
from errors import StewardError
from ports import Ports
from settings import Settings

Connect = Callable[[Settings], Ports]


async def overview(settings: Settings, connect: Connect) -> list[dict[str, object]]:
    """Return a line for each profile, in their order."""
    return [await _line(one, connect) for one in settings.all]


async def _line(settings: Settings, connect: Connect) -> dict[str, object]:
    known: dict[str, object] = {
        "name": settings.profile,
        "database": settings.database,
        "table": settings.tables.table,
        "buckets": list(settings.buckets),
        "backfill_mode": settings.backfill_mode,
        "state": None,
        "error": None,
    }
    try:
        row = await ask_one(connect(settings).database, sql.statement("profiles/overview"))
    except StewardError as error:
        return {**known, "error": error.sentence()}
    return {**known, "state": dict(row)}
