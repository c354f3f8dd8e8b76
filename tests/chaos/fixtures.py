"""Small dirty worlds, and what each piece of work must leave behind in them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cron.tick import run_tick
from invariants.run import run_check
from ports import Ports
from recovery.call import RecoverRequest
from recovery.run import recover
from runs.lease import LEASE
from settings import Settings, read_settings
from tests.chaos.faults import ShortPages
from tests.support.databases import Shape
from tests.support.fakes import World
from words import CheckMode

SETTINGS = read_settings({"MAX_DELETES": 1_000_000, "BACKFILL_MODE": "live"})
RULES = ((1, "raw/*.pdf", "report"), (2, "raw/*", "raw"), (3, "dir/*", "dir"))
SHAPE = Shape(unique_index=False)

OBJECTS = [
    *(f"raw/{number:02}" for number in range(6)),
    *(f"raw/{number:02}.pdf" for number in range(6, 10)),
    "dir/a",
    "other/unclassified",
]
MARKER = "dir/"
EXISTING = (
    (1, "raw/01", "by hand", None),
    (2, "raw/02", "unknown", None),
    (3, "raw/04", "raw", None),
    (4, "gone", "x", None),
)
DUPLICATES = (
    (11, "raw/02", "unknown", "2026-02-01"),
    (12, "raw/02", "memo", "2026-01-01"),
    (13, "raw/04", "unknown", None),
    (14, "raw/06.pdf", "unknown", "2026-03-01"),
    (15, "raw/06.pdf", "unknown", "2026-04-01"),
    (16, "elsewhere", "unknown", "2026-04-01"),
    (17, "elsewhere", "by hand", None),
)
REFERENCES = {1: 1, 2: 2, 3: 11, 4: 12, 5: 13, 6: 15, 7: 16, 8: 17, 9: None}
"""The artifact of every datapoint of the dirty worlds."""

ORPHAN = {10: 99}
"""Of the dirty world alone: no recovery can repair it."""

# What the work must leave behind, written by hand: no code has a say in it.

UPLOADED = "2026-01-02T03:04:05.000Z"
BACKFILLED = {
    "dir/a": ("dir", UPLOADED),
    "gone": ("x", None),
    "raw/00": ("raw", UPLOADED),
    "raw/01": ("by hand", None),
    "raw/02": ("raw", None),
    "raw/03": ("raw", UPLOADED),
    "raw/04": ("raw", None),
    "raw/05": ("raw", UPLOADED),
    "raw/06.pdf": ("report", UPLOADED),
    "raw/07.pdf": ("report", UPLOADED),
    "raw/08.pdf": ("report", UPLOADED),
    "raw/09.pdf": ("report", UPLOADED),
}
"""Type and time of every key of the clean world after one pass."""

SCANNED = {
    "scanned": 13,
    "inserted": 8,
    "upgraded": 1,
    "unchanged": 2,
    "newer": 0,
    "unclassified": 1,
    "skipped": 1,
    "refused": 0,
}
"""What one pass over the clean world counts."""

RECOVERED = [
    (1, "raw/01", "by hand", None),
    (3, "raw/04", "raw", None),
    (4, "gone", "x", None),
    (11, "raw/02", "memo", "2026-02-01"),
    (15, "raw/06.pdf", "report", "2026-04-01"),
    (16, "elsewhere", "by hand", "2026-04-01"),
]
"""The artifacts of a dirty world after a recovery."""

MERGES = [(2, 11), (12, 11), (13, 3), (14, 15), (17, 16)]
"""Loser and winner of each merge."""

REMAPS = [(2, 2), (4, 12), (5, 13), (8, 17)]
"""Every datapoint that a merge moved, and the loser it pointed at."""

REMAPPED = {1: 1, 2: 11, 3: 11, 4: 11, 5: 3, 6: 15, 7: 16, 8: 16, 9: None}
"""The artifact of every datapoint after a recovery."""

UNDONE = sorted([*RECOVERED, *(row for row in (*EXISTING, *DUPLICATES) if row[0] in dict(MERGES))])
"""The artifacts after the undo: the losers as they were, the winners with what they learned."""


def clean_world() -> World:
    """Return a world whose index has gaps and unknowns, with the unique index and the guards in place."""
    world = Shape().world()
    _fill(world)
    return world


def mendable_world() -> World:
    """Return a world with duplicates and unknowns, and no unique index, that a recovery can repair wholly."""
    world = SHAPE.world()
    _fill(world)
    for number, key, kind, fetched in DUPLICATES:
        SHAPE.artifact(world, number, key, kind, bucket="artifacts", fetched_at=fetched)
    for number, artifact in REFERENCES.items():
        SHAPE.datapoint(world, number, artifact)
    return world


def dirty_world() -> World:
    """Return the same world with an orphan that nobody can place."""
    world = mendable_world()
    world.database.script("DROP TRIGGER steward_guard_insert_datapoints_artifact_id")
    for number, artifact in ORPHAN.items():
        SHAPE.datapoint(world, number, artifact)
    return world


def _fill(world: World) -> None:
    world.rules(*RULES)
    world.buckets["artifacts"] = ShortPages()
    world.bucket.put(*OBJECTS)
    world.bucket.put(MARKER, size=0)
    for number, key, kind, fetched in EXISTING:
        SHAPE.artifact(world, number, key, kind, bucket="artifacts", fetched_at=fetched)


def let_the_lease_run_out(world: World) -> None:
    """Wait until a run that ended without a word has freed its lease."""
    world.clock.advance(seconds=LEASE.total_seconds())


def recover_once(ports: Ports, **request: Any) -> dict[str, Any]:  # noqa: ANN401
    """Do one call of the live recovery."""
    return asyncio.run(recover(ports, SETTINGS, RecoverRequest(dry_run=False, **request)))


def tick_once(ports: Ports, settings: Settings = SETTINGS) -> dict[str, Any]:
    """Fire the cron once."""
    return asyncio.run(run_tick(ports, settings, "* * * * *"))


def check_once(ports: Ports, mode: CheckMode) -> dict[str, Any]:
    """Do one manual check."""
    return asyncio.run(run_check(ports, SETTINGS, mode))


def dump(world: World, *, but: tuple[str, ...]) -> list[str]:
    """Return the database as text, without the rows of the tables named in `but`."""
    lines = list(world.database.connection.iterdump())
    return [line for line in lines if not any(line.startswith(f'INSERT INTO "{name}"') for name in but)]


class Asked(Protocol):
    """A database that answers plain SQL."""

    def all(self, query: str, *params: object) -> list[tuple[object, ...]]:
        """Return the rows."""
        ...

    def one(self, query: str, *params: object) -> object:
        """Return the first column of the first row."""
        ...


class Place(Protocol):
    """Anything with such a database: a world of fakes, or the real runtime."""

    @property
    def database(self) -> Asked:
        """The database."""
        ...


Children = Mapping[object, tuple[object, ...]]
Verdicts = Iterable[Mapping[str, Any]]


def uprooted(before: Children, after: Children) -> list[object]:
    """Return the datapoints that are gone, new, or about something else; one without an artifact must not change."""
    about = {number: row[1:] if row[1] is not None else row for number, row in before.items()}
    kept = {number: row[1:] if before.get(number, row)[1] is not None else row for number, row in after.items()}
    return [number for number in sorted({*about, *kept}, key=str) if about.get(number) != kept.get(number)]


ERRORS = (
    "one_artifact_per_object",
    "no_unknown_source_type",
    "no_orphan_datapoints",
    "unique_index_present",
    "guards_present",
)
VIOLATIONS = """
SELECT
  (SELECT count(*) FROM (SELECT 1 FROM artifacts GROUP BY r2_bucket, r2_key HAVING count(*) > 1)) AS doubled,
  (SELECT count(*) FROM artifacts WHERE source_type = 'unknown') AS unknown,
  (SELECT count(*) FROM datapoints LEFT JOIN artifacts ON artifacts.id = artifact_id
    WHERE artifact_id IS NOT NULL AND artifacts.id IS NULL) AS orphans,
  (SELECT count(*) = 0 FROM pragma_index_list('artifacts') AS l WHERE l."unique" AND NOT l.partial
    AND (SELECT group_concat(name) FROM pragma_index_info(l.name)) = 'r2_bucket,r2_key') AS indexless,
  (SELECT 7 - count(*) FROM sqlite_schema WHERE name GLOB 'steward_guard_*') AS unguarded
"""
"""How many rows break each of `ERRORS`."""


@dataclass(frozen=True)
class Truth:
    """What plain SQL says of a database: the oracle of every verdict."""

    world: Place

    def violations(self) -> dict[str, int]:
        """Return how many rows break each invariant of error severity, by queries of our own."""
        [found] = self.world.database.all(VIOLATIONS)
        return dict(zip(ERRORS, (int(str(number)) for number in found), strict=True))

    def refuted(self, verdicts: Verdicts, before: Mapping[str, int] | None = None) -> list[str]:
        """Return the invariants that are called `holds` though they do not, neither now nor `before`."""
        now = self.violations()
        then = now if before is None else before
        found = {verdict["name"]: verdict["outcome"] for verdict in verdicts}
        return [name for name in now if now[name] and then[name] and found.get(name) == "holds"]

    def last_check(self) -> Any:  # noqa: ANN401  # JSON
        """Return what the summary tells of the last check, None where there was none."""
        text = self.world.database.one("SELECT last_check FROM steward_control")
        return None if text is None else json.loads(str(text))

    def children(self) -> Children:
        """Return artifact, bucket and key of every datapoint, None where it has none."""
        found = self.world.database.all(
            "SELECT datapoints.id, artifact_id, r2_bucket, r2_key FROM datapoints"
            " LEFT JOIN artifacts ON artifacts.id = artifact_id"
        )
        return {row[0]: row[1:] for row in found}

    def references(self) -> dict[object, object]:
        """Return the artifact of every datapoint."""
        return {number: row[0] for number, row in self.children().items()}

    def keys(self) -> dict[object, tuple[object, ...]]:
        """Return type and time of every key; raises AssertionError where one has several rows."""
        found = self.world.database.all("SELECT r2_key, source_type, fetched_at FROM artifacts")
        assert len(found) == len({row[0] for row in found})
        return {row[0]: row[1:] for row in found}

    def artifacts(self) -> list[tuple[object, ...]]:
        """Return id, key, type and time of every artifact."""
        return self.world.database.all("SELECT id, r2_key, source_type, fetched_at FROM artifacts ORDER BY id")

    def merges(self) -> list[tuple[object, ...]]:
        """Return loser and winner of every merge in the journal."""
        return self.world.database.all("SELECT loser_id, winner_id FROM steward_merges ORDER BY loser_id")

    def remaps(self) -> list[tuple[object, ...]]:
        """Return the datapoint of every remap in the journal, and the loser it pointed at."""
        return self.world.database.all("SELECT row_key, loser_id FROM steward_remaps ORDER BY loser_id")

    def paused_by(self) -> object:
        """Return who paused scheduled backfill."""
        return self.world.database.one("SELECT paused_by FROM steward_control")

    def objects(self) -> set[tuple[object, ...]]:
        """Return every object that has a row."""
        return set(self.world.database.all("SELECT r2_bucket, r2_key FROM artifacts"))

    def known(self) -> dict[object, object]:
        """Return the type of every row whose type is known."""
        found = self.world.database.all("SELECT id, source_type FROM artifacts WHERE source_type <> 'unknown'")
        return {number: kind for number, kind in found}  # noqa: C416  # rows are tuples of any length
