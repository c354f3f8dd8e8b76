"""Where a call that stopped for its budget left off, as its run's row has it; the call after goes on from there.

Without it, objects that the database refuses would be tried again by each call, and use its budget up.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import sql
from ports import Database, Row
from recovery.merge import Group
from recovery.steps import Step

LEFT_SHOWN = 100


@dataclass(frozen=True)
class Position:
    """How far the merge has come: `left` objects up to and including `after` were left whole, `shown` are examples."""

    after: Group
    left: int
    shown: list[object] = field(default_factory=list)


async def merge_position(database: Database) -> Position | None:
    """Return where the last call of the recovery stopped, or None where the next one begins anew."""
    last = await _last(database)
    if last is None or (last["kind"], last["status"]) != ("recovery", "stopped"):
        return None
    for step in json.loads(str(last["counts"]))["steps"]:
        if step["name"] == "dedupe" and "goes_on" in step:
            [bucket, key] = step["goes_on"]["after"]
            return Position((bucket, key), step["goes_on"]["left"], step.get("left_whole", []))
    return None


async def classify_position(database: Database) -> Group | None:
    """Return the last object that the classification of the call before came to, or None where it begins anew."""
    last = await _last(database)
    if last is None or (last["kind"], last["status"]) != ("recovery", "stopped"):
        return None
    for step in json.loads(str(last["counts"]))["steps"]:
        if step["name"] == "classify" and "goes_on" in step:
            [bucket, key] = step["goes_on"]["after"]
            return (bucket, key)
    return None


async def undo_position(database: Database, target: int) -> int | None:
    """Return the chunk at which the last call of this undo stopped, or None where the next one begins anew."""
    last = await _last(database)
    if last is None or (last["kind"], last["status"]) != ("undo", "stopped"):
        return None
    goes_on: int | None = json.loads(str(last["counts"])).get("goes_on_at")
    return goes_on if json.loads(str(last["request"]))["run"] == target else None


def tell_left(step: Step, left: dict[Group, str], before: Position | None, after: Group | None) -> None:
    """Tell which objects were left whole, those of the calls before among them, and where the next call goes on."""
    count = len(left) + (before.left if before else 0)
    if after:
        step.details["goes_on"] = {"after": list(after), "left": count}
    if count:
        whole = [{"r2_bucket": bucket, "r2_key": key, "why": why} for (bucket, key), why in left.items()]
        step.details["left_whole"] = [*(before.shown if before else []), *whole][:LEFT_SHOWN]
        step.error = f"{count} objects are left whole: the database refuses their merge. `why` says by what."


async def _last(database: Database) -> Row | None:
    [found] = await database.batch([sql.statement("recovery/last_live")])
    return found.rows[0] if found.rows else None
