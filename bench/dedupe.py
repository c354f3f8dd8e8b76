"""The recovery of many rows with duplicate groups, on D1 beside the same saga on plain sqlite3.

Round by round at 200,000 rows, and once at the full size. A batch is timed where it is awaited, so its commit counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.checks import GROW_CHILDREN
from bench.rounds import Ratio, interleaved, progress, ratio, spread
from bench.subject import TOKEN, Subject, entry
from bench.verdicts import Results
from ports import Result, Statement
from recovery.call import RecoverRequest
from recovery.run import recover
from settings import read_settings
from tests.support.fakes import SqliteDatabase, World, migrate
from tests.support.runtime import migrate as set_up
from tooling.harness import Config, Harness
from tooling.table import table

COPIES = 3
"""Rows of a duplicated object."""

ROWS_A_GROUP = 10
"""Rows of the table for each duplicated object."""

ROUND_ROWS = 200_000
MAX_BATCH_MS = 5000.0
MAX_RATIO = 2.0
MAX_GROUPS = 20_000
MAX_DELETES = 1_000_000
CALL = {"dry_run": False, "max_groups": MAX_GROUPS, "max_deletes": MAX_DELETES}
CALLS = 60
D1, SQLITE = "D1", "plain sqlite3"

TABLES = (
    """CREATE TABLE artifacts (
      id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL, source_type TEXT NOT NULL, fetched_at TEXT
    )""",
    "CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id INTEGER, value REAL)",
)
FILL = """
INSERT INTO artifacts (id, r2_bucket, r2_key, source_type, fetched_at)
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
SELECT
  i,
  'artifacts',
  printf('raw/%08d.pdf', CASE WHEN i <= {groups} * 3 THEN i % {groups} ELSE i END),
  iif(i % 5 = 0, 'unknown', 'report'),
  printf('2026-%02d-01T00:00:00.000Z', 1 + i % 12)
FROM n
"""
LEFT = """
SELECT
  count(*) AS artifacts,
  (SELECT count(*) FROM (SELECT 1 FROM artifacts GROUP BY r2_bucket, r2_key HAVING count(*) > 1)) AS duplicates,
  (SELECT count(*) FROM datapoints) AS datapoints,
  (SELECT count(*) FROM datapoints WHERE artifact_id NOT IN (SELECT id FROM artifacts)) AS orphans
FROM artifacts
"""


@dataclass
class Total:
    """What the calls of one recovery took together."""

    seconds: float = 0.0
    longest_batch_ms: float = 0.0
    calls: int = 0
    merged: int = 0

    def batch(self, milliseconds: float) -> None:
        """Note how long a batch took."""
        self.longest_batch_ms = max(self.longest_batch_ms, milliseconds)


def measure(results: Results, rows: int) -> None:
    """Recover the same tables on D1 and on sqlite3."""
    few = min(rows, ROUND_ROWS)
    found = interleaved(_ways(few), results.rounds, f"dedupe, {few:,} rows")
    beside = _tell(results, found, few)
    results.hold_timed("dedupe, D1 beside plain sqlite3", beside, f"≤ {MAX_RATIO}", holds=beside.median <= MAX_RATIO)
    batches = [one.longest_batch_ms for one in found[D1]]
    if rows > few:
        whole = interleaved(_ways(rows), 1, f"dedupe, {rows:,} rows")
        beside = _tell(results, whole, rows)
        told = f"dedupe of {rows:,} rows, D1 beside plain sqlite3, once"
        results.hold_timed(told, round(beside.median, 3), f"≤ {MAX_RATIO}", holds=beside.median <= MAX_RATIO)
        batches += [one.longest_batch_ms for one in whole[D1]]
    worst = max(batches)
    told = f"longest of all D1 batches of the dedupe, up to {rows:,} rows, ms"
    results.hold(told, round(worst), f"≤ {MAX_BATCH_MS:.0f}", holds=worst <= MAX_BATCH_MS)


def _ways(rows: int) -> dict[str, Callable[[], Total]]:
    fill = [FILL.format(rows=rows, groups=rows // ROWS_A_GROUP), GROW_CHILDREN.format(first=1, last=rows)]
    return {D1: lambda: _on_d1(fill, rows), SQLITE: lambda: _on_sqlite(fill, rows)}


def _tell(results: Results, found: Mapping[str, Sequence[Total]], rows: int) -> Ratio:
    shown = [
        (
            name,
            totals[0].calls,
            totals[0].merged,
            str(spread(one.seconds for one in totals)),
            str(spread(one.longest_batch_ms for one in totals)),
        )
        for name, totals in found.items()
    ]
    beside = ratio([one.seconds for one in found[D1]], [one.seconds for one in found[SQLITE]])
    groups = rows // ROWS_A_GROUP
    print(f"\nRecovery of {rows:,} rows with {groups:,} duplicate groups and {rows:,} datapoints\n")
    print(table(("on", "calls", "rows merged away", "seconds: median (min to max)", "longest batch, ms"), shown))
    print()
    figures = {name: [vars(one) for one in totals] for name, totals in found.items()}
    results.keep(f"dedupe, {rows:,} rows", {**figures, "ratio": beside.rounded()})
    return beside


def expect(total: Total, left: Mapping[str, Any], rows: int) -> None:
    """Raise RuntimeError unless every duplicate was merged away, and nothing else, with every datapoint still there."""
    merged = rows // ROWS_A_GROUP * (COPIES - 1)
    wanted = {"artifacts": rows - merged, "duplicates": 0, "datapoints": rows, "orphans": 0}
    if total.merged != merged or dict(left) != wanted:
        raise RuntimeError(
            f"{total.merged:,} rows were merged away, not {merged:,}; {dict(left)} are left, not {wanted}"
        )


def _until_done(call: Callable[[], dict[str, Any]], total: Total) -> None:
    while total.calls < CALLS:
        began = time.perf_counter()
        report = call()
        total.seconds += time.perf_counter() - began
        total.calls += 1
        total.merged += sum(step["changed"] for step in report["steps"] if step["name"] == "dedupe")
        progress(f"dedupe: call {total.calls}, {total.merged:,} rows merged away")
        if report["done"]:
            return
    raise RuntimeError(f"the recovery is not done after {CALLS} calls")


def _on_d1(fill: Sequence[str], rows: int) -> Total:
    total = Total()
    with entry("doors") as main, Harness(Config(main=main, vars={"STEWARD_TOKEN": TOKEN})) as harness:
        subject = Subject(harness)
        harness.d1_batch((text, ()) for text in TABLES)
        set_up(harness)
        subject.sql("DROP TRIGGER steward_guard_insert_datapoints_artifact_id")
        for text in fill:
            subject.sql(text)

        def call() -> dict[str, Any]:
            report: dict[str, Any] = subject.post("/recover", CALL).body
            return report

        _until_done(call, total)
        total.batch(float(subject.get("/doors")["longest_batch_ms"]))
        [left] = subject.sql(LEFT)
    expect(total, left, rows)
    return total


@dataclass
class Stopwatch:
    """A database that notes its longest batch."""

    database: SqliteDatabase
    total: Total

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Run the batch and note how long it took."""
        began = time.perf_counter()
        results = await self.database.batch(statements)
        self.total.batch(1000 * (time.perf_counter() - began))
        return results

    async def bookmark(self) -> str | None:
        """Return no bookmark."""
        return None


def _on_sqlite(fill: Sequence[str], rows: int) -> Total:
    total, settings = Total(), read_settings({})
    with tempfile.TemporaryDirectory() as folder:
        database = _filled(Path(folder) / "plain.sqlite", fill)
        began = time.perf_counter()
        # SQLite before 3.43 plans the dry count without an index in quadratic time. The recovery makes this index
        # anyway, so making it first can only help the other side; its time counts.
        database.script("CREATE INDEX steward_objects ON artifacts (r2_bucket, r2_key)")
        total.seconds = time.perf_counter() - began
        ports = World(database=database).ports()
        ports = type(ports)(Stopwatch(database, total), ports.buckets, ports.store, ports.clock, ports.poster)
        request = RecoverRequest(dry_run=False, max_groups=MAX_GROUPS, max_deletes=MAX_DELETES)

        def call() -> dict[str, Any]:
            with contextlib.redirect_stdout(io.StringIO()):
                return asyncio.run(recover(ports, settings, request))

        _until_done(call, total)
        left = dict(zip(("artifacts", "duplicates", "datapoints", "orphans"), database.all(LEFT)[0], strict=True))
    expect(total, left, rows)
    return total


def _filled(path: Path, fill: Sequence[str]) -> SqliteDatabase:
    database = SqliteDatabase(str(path))
    database.script("PRAGMA journal_mode = WAL")
    for text in TABLES:
        database.script(text)
    migrate(database)
    database.script("DROP TRIGGER steward_guard_insert_datapoints_artifact_id")
    for text in fill:
        database.script(text)
    return database
