"""Small dirty worlds, and what each piece of work must leave behind in them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from invariants.runner import run_check
from ports import Ports
from recovery.saga import RecoverRequest, recover
from runs import LEASE
from settings import read_settings
from tests.chaos.faults import ShortPages
from tests.databases import Shape
from tests.fakes import World

SETTINGS = read_settings({"MAX_DELETES": 1_000_000, "BACKFILL_MODE": "live"})
RULES = ((1, "raw/*.pdf", "report"), (2, "raw/*", "raw"), (3, "dir/*", "dir"))
SHAPE = Shape(unique_index=False)

OWN = ("steward_runs", "steward_control", "steward_findings", "steward_alerts", "sqlite_sequence")


def clean_world() -> World:
    """Return a world whose index has gaps and unknowns, with the unique index and the guards in place."""
    world = Shape().world()
    _fill(world)
    return world


def dirty_world() -> World:
    """Return a world with duplicates, unknowns and orphans, and no unique index."""
    world = SHAPE.world()
    _fill(world)
    world.database.script("DROP TRIGGER steward_guard_insert_datapoints_artifact_id")
    for number, key, kind, fetched in (
        (11, "raw/02", "unknown", "2026-02-01"),
        (12, "raw/02", "memo", "2026-01-01"),
        (13, "raw/04", "unknown", None),
        (14, "raw/06.pdf", "unknown", "2026-03-01"),
        (15, "raw/06.pdf", "unknown", "2026-04-01"),
        (16, "elsewhere", "unknown", "2026-04-01"),
        (17, "elsewhere", "by hand", None),
    ):
        SHAPE.artifact(world, number, key, kind, bucket="artifacts", fetched_at=fetched)
    for number, artifact in enumerate((1, 2, 11, 12, 13, 15, 16, 17, None, 99), start=1):
        SHAPE.datapoint(world, number, artifact)
    return world


def _fill(world: World) -> None:
    world.rules(*RULES)
    world.buckets["artifacts"] = ShortPages()
    keys = [f"raw/{number:02}" for number in range(6)] + [f"raw/{number:02}.pdf" for number in range(6, 10)]
    world.bucket.put(*keys, "dir/a", "other/unclassified")
    world.bucket.put("dir/", size=0)
    existing = ((1, "raw/01", "by hand"), (2, "raw/02", "unknown"), (3, "raw/04", "raw"), (4, "gone", "x"))
    for number, key, kind in existing:
        SHAPE.artifact(world, number, key, kind, bucket="artifacts")


def let_the_lease_run_out(world: World) -> None:
    """Wait until a run that ended without a word has freed its lease."""
    world.clock.advance(seconds=LEASE.total_seconds())


def recover_once(ports: Ports, **request: Any) -> dict[str, Any]:  # noqa: ANN401
    """Do one call of the live recovery."""
    return asyncio.run(recover(ports, SETTINGS, RecoverRequest(dry_run=False, **request)))


def check_once(ports: Ports, mode: str) -> dict[str, Any]:
    """Do one manual check."""
    return asyncio.run(run_check(ports, SETTINGS, mode))


def dump(world: World, *, without_own: bool) -> list[str]:
    """Return the database as text, without what a dry run or a check may write."""
    lines = list(world.database.connection.iterdump())
    return [line for line in lines if not (without_own and any(f'"{name}"' in line for name in OWN))]


@dataclass(frozen=True)
class Truth:
    """What plain SQL says of a database: the oracle of every verdict."""

    world: World

    def violations(self) -> dict[str, int]:
        """Return how many rows break each invariant of error severity, by queries of our own."""
        one = self.world.database.one
        unique = one(
            "SELECT count(*) FROM pragma_index_list('artifacts') AS l WHERE l.\"unique\" AND NOT l.partial AND"
            " (SELECT group_concat(name) FROM pragma_index_info(l.name)) = 'r2_bucket,r2_key'"
        )
        guards = one("SELECT count(*) FROM sqlite_schema WHERE name GLOB 'steward_guard_*'")
        counted = {
            "one_artifact_per_object": one(
                "SELECT count(*) FROM (SELECT 1 FROM artifacts GROUP BY r2_bucket, r2_key HAVING count(*) > 1)"
            ),
            "no_unknown_source_type": one("SELECT count(*) FROM artifacts WHERE source_type = 'unknown'"),
            "no_orphan_datapoints": one(
                "SELECT count(*) FROM datapoints LEFT JOIN artifacts ON artifacts.id = artifact_id"
                " WHERE artifact_id IS NOT NULL AND artifacts.id IS NULL"
            ),
            "unique_index_present": 0 if unique else 1,
            "guards_present": 7 - int(str(guards)),
        }
        return {name: int(str(count)) for name, count in counted.items()}

    def refuted(self, report: dict[str, Any]) -> list[str]:
        """Return the invariants that a check calls `holds` though they do not."""
        counts = self.violations()
        found = {verdict["name"]: verdict["outcome"] for verdict in report["invariants"]}
        return [name for name, count in counts.items() if count and found.get(name) == "holds"]

    def reach(self) -> dict[object, tuple[object, ...]]:
        """Return the object of every child that has one."""
        found = self.world.database.all(
            "SELECT datapoints.id, r2_bucket, r2_key FROM datapoints JOIN artifacts ON artifacts.id = artifact_id"
        )
        return {row[0]: row[1:] for row in found}

    def objects(self) -> set[tuple[object, ...]]:
        """Return every object that has a row."""
        return set(self.world.database.all("SELECT r2_bucket, r2_key FROM artifacts"))

    def known(self) -> dict[object, object]:
        """Return the type of every row whose type is known."""
        found = self.world.database.all("SELECT id, source_type FROM artifacts WHERE source_type <> 'unknown'")
        return {number: kind for number, kind in found}  # noqa: C416  # rows are tuples of any length
