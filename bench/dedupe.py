"""The recovery of a million rows with a hundred thousand duplicate groups, beside the same saga on plain sqlite3."""

from __future__ import annotations

import asyncio
import contextlib
import io
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.checks import GROW_CHILDREN
from bench.rounds import progress
from bench.subject import TOKEN, Subject
from bench.verdicts import Results
from ports import Result, Statement
from recovery.saga import RecoverRequest, recover
from settings import read_settings
from tests.fakes import SqliteDatabase, World, migrate
from tooling.harness import Config, Harness
from tooling.table import table

COPIES = 3
"""Rows of a duplicated object."""

MAX_BATCH_MS = 5000.0
MAX_RATIO = 2.0
MAX_GROUPS = 20_000
MAX_DELETES = 1_000_000
CALL = {"dry_run": False, "max_groups": MAX_GROUPS, "max_deletes": MAX_DELETES}
CALLS = 60

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


@dataclass
class Total:
    """What the calls of one recovery took together."""

    seconds: float = 0.0
    longest_batch_ms: float = 0.0
    calls: int = 0
    merged: int = 0


def measure(results: Results, rows: int) -> None:
    """Recover the same tables on D1 and on sqlite3, one after the other."""
    fill = [FILL.format(rows=rows, groups=rows // 10), GROW_CHILDREN.format(first=1, last=rows)]
    on_d1, on_sqlite = _on_d1(fill), _on_sqlite(fill)
    figures = {"D1": on_d1, "plain sqlite3": on_sqlite}
    shown = [
        (name, total.calls, total.merged, f"{total.seconds:.1f}", f"{total.longest_batch_ms:.0f}")
        for name, total in figures.items()
    ]
    print(f"\nRecovery of {rows:,} rows with {rows // 10:,} duplicate groups and {rows:,} datapoints\n")
    print(table(("on", "calls", "rows merged away", "seconds", "longest batch, ms"), shown))
    print()
    longest = on_d1.longest_batch_ms
    results.hold(
        "longest D1 batch of the dedupe, ms", round(longest), f"≤ {MAX_BATCH_MS:.0f}", holds=longest <= MAX_BATCH_MS
    )
    ratio = on_d1.seconds / on_sqlite.seconds
    results.hold("dedupe, D1 beside plain sqlite3", round(ratio, 2), f"≤ {MAX_RATIO}", holds=ratio <= MAX_RATIO)
    results.keep("dedupe", {name: vars(total) for name, total in figures.items()})


def _until_done(call: Callable[[], dict[str, Any]], total: Total) -> Total:
    while total.calls < CALLS:
        began = time.perf_counter()
        report = call()
        total.seconds += time.perf_counter() - began
        total.calls += 1
        total.merged += sum(step["changed"] for step in report["steps"] if step["name"] == "dedupe")
        progress(f"dedupe: call {total.calls}, {total.merged:,} rows merged away")
        if report["done"]:
            progress("")
            return total
    raise RuntimeError(f"the recovery is not done after {CALLS} calls")


def _on_d1(fill: Sequence[str]) -> Total:
    progress("dedupe: filling D1")
    total = Total()
    with Harness(Config(vars={"STEWARD_TOKEN": TOKEN})) as harness:
        subject = Subject(harness)
        harness.d1_batch((text, ()) for text in TABLES)
        harness.apply_migrations()
        subject.sql("DROP TRIGGER steward_guard_insert_datapoints_artifact_id")
        for text in fill:
            subject.sql(text)

        def call() -> dict[str, Any]:
            report: dict[str, Any] = subject.post("/recover", CALL).body
            wanted = "SELECT cost ->> '$.longest_batch_ms' AS ms FROM steward_runs WHERE id = ?1"
            [run] = harness.d1(wanted, [report["run_id"]]).rows
            total.longest_batch_ms = max(total.longest_batch_ms, float(run["ms"] or 0))
            return report

        return _until_done(call, total)


@dataclass
class Stopwatch:
    """A database that notes its longest batch."""

    database: SqliteDatabase
    total: Total

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Run the batch and note how long it took."""
        began = time.perf_counter()
        results = await self.database.batch(statements)
        took = 1000 * (time.perf_counter() - began)
        self.total.longest_batch_ms = max(self.total.longest_batch_ms, took)
        return results

    async def bookmark(self) -> str | None:
        """Return no bookmark."""
        return None


def _on_sqlite(fill: Sequence[str]) -> Total:
    progress("dedupe: filling sqlite3")
    total, settings = Total(), read_settings({})
    with tempfile.TemporaryDirectory() as folder:
        database = SqliteDatabase(str(Path(folder) / "plain.sqlite"))
        database.script("PRAGMA journal_mode = WAL")
        for text in TABLES:
            database.script(text)
        migrate(database)
        database.script("DROP TRIGGER steward_guard_insert_datapoints_artifact_id")
        for text in fill:
            database.script(text)
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

        return _until_done(call, total)
