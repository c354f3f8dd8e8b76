"""Random histories: writers, crashes, faults, ticks, recoveries and undos in any order, held against a small oracle.

`make test` runs a few; `make chaos` sets STEWARD_HISTORY_STEPS and runs at least so many steps.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import runs
from backfill.runner import BackfillRequest, run_backfill
from errors import StewardError
from ports import Ports
from recovery.undo import undo_run
from tests.chaos.faults import KINDS, Fault, ShortPages
from tests.chaos.scenes import RULES, SETTINGS, SHAPE, Truth, check_once, let_the_lease_run_out, recover_once
from tests.fakes import World
from tests.interruption import Fuse, KilledError, fused
from tick import run_tick

STEPS_PER_HISTORY = 40
FEWEST_STEPS = 25
"""Hypothesis ends some histories early; this many is less than their average."""

WANTED_STEPS = int(os.environ.get("STEWARD_HISTORY_STEPS", "800"))
TAKEN: Counter[str] = Counter()

KEYS = [
    *(f"raw/{number}" for number in range(5)),
    "raw/5.pdf",
    "dir/a",
    "dir/caf\u00e9",
    "dir/cafe\u0301",
    "other",
    "dir/",
]
TYPES = ["unknown", "raw", "by hand"]
DATES = [None, "2026-01-01T00:00:00Z", "2026-03-01", "2026-02-01T00:00:00.000Z"]
GUARDS = 6

keys = st.sampled_from(KEYS)
troubles = st.one_of(
    st.none(),
    st.none(),
    st.builds(Fuse, st.integers(0, 40), st.booleans()),
    st.builds(Fault, st.integers(0, 40), st.sampled_from(KINDS)),
)


def rule_type(key: str) -> str | None:
    """Return the type that `RULES` give a key: the oracle's own reading of them."""
    if key.startswith("raw/"):
        return "report" if key.endswith(".pdf") else "raw"
    return "dir" if key.startswith("dir/") else None


@dataclass(frozen=True)
class Snapshot:
    """The database at one moment, by plain SQL."""

    rows: dict[object, tuple[str, str]]
    reach: dict[object, tuple[object, ...]]

    @property
    def keys(self) -> set[str]:
        """Return the keys that have a row."""
        return {key for key, _ in self.rows.values()}

    def known_types(self, key: str) -> set[str]:
        """Return the known types of an object's rows."""
        return {kind for found, kind in self.rows.values() if found == key and kind != "unknown"}


class Histories(RuleBasedStateMachine):
    """A world, and what must be true of it whatever happens."""

    @initialize()
    def begin(self) -> None:
        """Start with an empty world without the unique index."""
        self.world: World = SHAPE.world()
        self.world.rules(*RULES)
        self.world.buckets["artifacts"] = ShortPages(most=3)
        self.recoveries: list[int] = []
        self.ids = 0

    def look(self) -> Snapshot:
        """Return the database as it is."""
        found = self.world.database.all("SELECT id, r2_key, source_type FROM artifacts")
        return Snapshot({row[0]: (str(row[1]), str(row[2])) for row in found}, Truth(self.world).reach())

    def has(self, kind: str, pattern: str) -> bool:
        """Tell whether the schema has such an entry."""
        query = "SELECT count(*) FROM sqlite_schema WHERE type = ? AND name GLOB ?"
        return bool(self.world.database.one(query, kind, pattern))

    @property
    def unique(self) -> bool:
        """Whether the unique index is there."""
        return self.has("index", "artifacts_one_per_object")

    # Other writers

    @rule(key=keys)
    def put(self, key: str) -> None:
        """Store an object."""
        self.world.bucket.put(key, size=0 if key.endswith("/") else 5)

    @rule(key=keys)
    def delete_object(self, key: str) -> None:
        """Delete an object; its row stays."""
        self.world.bucket.sizes.pop(key, None)

    @rule(key=keys, kind=st.sampled_from(TYPES), date=st.sampled_from(DATES))
    def insert_row(self, key: str, kind: str, date: str | None) -> None:
        """Insert a row, as a writer that knows nothing of the steward: SQLite gives the id."""
        refused = self.unique and key in self.look().keys
        query = "INSERT INTO artifacts (r2_bucket, r2_key, source_type, fetched_at) VALUES ('artifacts', ?, ?, ?)"
        assert self.try_write(query, key, kind, date) == (not refused)

    @rule(key=keys, number=st.integers(0, 3))
    def insert_child(self, key: str, number: int) -> None:
        """Insert a datapoint of one of the rows of an object."""
        ids = sorted(i for i, (found, _) in self.look().rows.items() if found == key and isinstance(i, int))
        if ids:
            assert self.try_write("INSERT INTO datapoints (artifact_id) VALUES (?)", ids[number % len(ids)])

    @rule()
    def insert_orphan(self) -> None:
        """Insert a datapoint of a missing artifact, which a guard refuses."""
        guarded = self.has("trigger", "steward_guard_insert_*")
        assert self.try_write("INSERT INTO datapoints (artifact_id) VALUES (999)") == (not guarded)

    @rule(key=keys, kind=st.sampled_from(TYPES))
    def change_type(self, key: str, kind: str) -> None:
        """Try to change the type of an object's rows: a guard lets only unknown ones change."""
        guarded = self.has("trigger", "steward_guard_known_type")
        refused = guarded and self.look().known_types(key) - {kind}
        assert self.try_write("UPDATE artifacts SET source_type = ? WHERE r2_key = ?", kind, key) == (not refused)

    @rule(key=keys)
    def delete_rows(self, key: str) -> None:
        """Try to delete an object's rows: a guard keeps those that are referenced."""
        guarded = self.has("trigger", "steward_guard_delete_*")
        refused = guarded and ("artifacts", key) in self.look().reach.values()
        assert self.try_write("DELETE FROM artifacts WHERE r2_key = ?", key) == (not refused)

    @rule(crowd=st.lists(st.tuples(keys, st.sampled_from(TYPES), st.sampled_from(DATES)), min_size=3, max_size=9))
    def drop_index_and_crowd_in(self, crowd: list[tuple[str, str, str | None]]) -> None:
        """Drop the unique index and insert rows of few objects, each with a datapoint."""
        self.world.database.script("DROP INDEX IF EXISTS artifacts_one_per_object")
        few = sorted({key for key, _, _ in crowd})[:3]
        for number, (_, kind, date) in enumerate(crowd):
            self.insert_row(few[number % len(few)], kind, date)
            query = "INSERT INTO datapoints (artifact_id) SELECT max(id) FROM artifacts"
            assert self.try_write(query)

    @rule(kind=st.sampled_from(["known_type", "delete", "insert"]))
    def drop_guard(self, kind: str) -> None:
        """Drop a guard."""
        suffix = "" if kind == "known_type" else "_datapoints_artifact_id"
        self.world.database.script(f"DROP TRIGGER IF EXISTS steward_guard_{kind}{suffix}")

    def try_write(self, query: str, *params: object) -> bool:
        """Make a write; return whether the database took it."""
        try:
            self.world.database.connection.execute(query, params)
        except sqlite3.IntegrityError:
            return False
        return True

    # Time and the operator

    @rule()
    def wait(self) -> None:
        """Let a dead run's lease run out."""
        let_the_lease_run_out(self.world)

    @rule()
    def wait_a_day(self) -> None:
        """Let the next pass become due."""
        self.world.clock.advance(hours=25)

    @rule()
    def resume(self) -> None:
        """End a pause, as the operator may at any time."""
        asyncio.run(runs.resume(self.world.database))

    # The steward

    @rule(trouble=troubles)
    def tick(self, trouble: Fuse | Fault | None) -> None:
        """Fire the cron."""
        before = self.look()
        report = self.steward(lambda ports: asyncio.run(run_tick(ports, SETTINGS, "* * * * *")), trouble)
        self.only_backfilled(before)
        if report and report["run_id"]:
            walked = report["counts"]["backfill"].get("artifacts", {})
            if walked.get("complete") and walked["scanned"] >= len(self.world.bucket.sizes):
                self.covered()

    @rule(trouble=troubles, most=st.integers(1, 12))
    def backfill(self, trouble: Fuse | Fault | None, most: int) -> None:
        """Do a manual live run."""
        before = self.look()
        request = BackfillRequest(dry_run=False, max_objects=most)
        report = self.steward(lambda ports: asyncio.run(run_backfill(ports, SETTINGS, request)), trouble)
        self.only_backfilled(before)
        if report and not report["truncated"]:
            self.covered()

    @rule(trouble=troubles, mode=st.sampled_from(["fast", "full"]))
    def check(self, trouble: Fuse | Fault | None, mode: str) -> None:
        """Check, and never believe a false `holds`."""
        before = self.look()
        report = self.steward(lambda ports: check_once(ports, mode), trouble)
        assert self.look() == before
        if report:
            assert Truth(self.world).refuted(report) == []

    @rule(trouble=troubles, most=st.integers(1, 4))
    def recover(self, trouble: Fuse | Fault | None, most: int) -> None:
        """Do one call of the live recovery."""
        before = self.look()
        report = self.steward(lambda ports: recover_once(ports, max_groups=most), trouble)
        self.only_recovered(before)
        last = self.world.database.one("SELECT max(id) FROM steward_runs WHERE kind = 'recovery'")
        if isinstance(last, int) and last not in self.recoveries:
            self.recoveries.append(last)
        if report and report["ok"]:
            assert sum(Truth(self.world).violations().values()) == 0

    @precondition(lambda self: self.recoveries)
    @rule(trouble=troubles, which=st.integers(0, 3))
    def undo(self, trouble: Fuse | Fault | None, which: int) -> None:
        """Undo one of the recoveries."""
        before = self.look()
        target = self.recoveries[-1 - which % len(self.recoveries)]
        self.steward(lambda ports: asyncio.run(undo_run(ports, SETTINGS, target)), trouble)
        after = self.look()
        assert before.rows.items() <= after.rows.items()
        assert before.reach.items() <= after.reach.items()
        assert after.keys == before.keys
        TAKEN["brought back"] += len(after.rows) - len(before.rows)

    def steward(self, work: Callable[[Ports], dict[str, Any]], trouble: Fuse | Fault | None) -> dict[str, Any] | None:
        """Return what the steward reports, None where it was killed or says that it failed or was refused."""
        ports = fused(self.world, Fuse(trouble.calls, trouble.takes_effect)) if isinstance(trouble, Fuse) else None
        if isinstance(trouble, Fault):
            ports = fused(self.world, Fault(trouble.at, trouble.kind))
        try:
            report = work(ports or self.world.ports())
        except KilledError:
            TAKEN["killed"] += 1
        except StewardError as error:
            TAKEN[f"said {type(error).__name__}"] += 1
        else:
            TAKEN["done"] += 1
            return report
        return None

    # What must be true

    def only_backfilled(self, before: Snapshot) -> None:
        """Check that rows were only added for classified objects, and only unknown ones changed."""
        after = self.look()
        assert after.reach == before.reach
        assert before.rows.keys() <= after.rows.keys()
        for number, (key, kind) in after.rows.items():
            if number not in before.rows:
                assert key in self.world.bucket.sizes
                assert (key not in before.keys, kind, key != "dir/") == (True, rule_type(key), True)
            elif before.rows[number] != (key, kind):
                assert before.rows[number] == (key, "unknown")
                assert kind == rule_type(key)
                assert key in self.world.bucket.sizes

    def only_recovered(self, before: Snapshot) -> None:
        """Check that every object kept a row and its knowledge, every child its object, every loser its journal."""
        after = self.look()
        assert after.keys == before.keys
        assert before.reach.items() <= after.reach.items()
        assert after.rows.keys() <= before.rows.keys()
        for number, (key, kind) in after.rows.items():
            if before.rows[number] != (key, kind):
                assert before.rows[number] == (key, "unknown")
                assert kind in before.known_types(key) | {rule_type(key)}
        for number in before.rows.keys() - after.rows.keys():
            key = before.rows[number][0]
            assert not before.known_types(key) or after.known_types(key)
            journalled = "SELECT count(*) FROM steward_merges WHERE loser_id = ? AND undone_by IS NULL"
            assert self.world.database.one(journalled, number)
            TAKEN["merged"] += 1

    def covered(self) -> None:
        """Check that every classified object has a row that is not unknown."""
        rows = self.look()
        for key in self.world.bucket.sizes:
            if rule_type(key) and key != "dir/":
                assert rows.known_types(key)

    @invariant()
    def counted(self) -> None:
        """Count the steps taken."""
        TAKEN["steps"] += 1

    def teardown(self) -> None:
        """Leave it in peace: recover until done, tick until the pass is complete, and look at the end state."""
        if not hasattr(self, "world"):
            return
        for _ in range(30):
            let_the_lease_run_out(self.world)
            if recover_once(self.world.ports())["done"]:
                break
        self.world.clock.advance(hours=25)
        for _ in range(30):
            let_the_lease_run_out(self.world)
            asyncio.run(runs.resume(self.world.database))
            report = asyncio.run(run_tick(self.world.ports(), SETTINGS, ""))
            walked = report["counts"]["backfill"]["artifacts"]  # type: ignore[index]
            if "complete" not in walked:
                break
        self.covered()
        rows = self.look()
        assert len(rows.rows) == len(rows.keys)
        assert all(rule_type(key) is None for key, kind in rows.rows.values() if kind == "unknown")
        left = {name for name, count in Truth(self.world).violations().items() if count}
        assert left <= {"no_orphan_datapoints", "no_unknown_source_type"}
        assert Truth(self.world).refuted(check_once(self.world.ports(), "full")) == []


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=max(1, WANTED_STEPS // FEWEST_STEPS),
    stateful_step_count=STEPS_PER_HISTORY,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.skipif("STEWARD_HISTORY_REPORT" not in os.environ, reason="only the long histories of make chaos")
def test_the_histories_came_far_enough() -> None:
    Path(os.environ["STEWARD_HISTORY_REPORT"]).write_text(json.dumps(TAKEN))
    assert TAKEN["steps"] >= WANTED_STEPS
    assert min(TAKEN[name] for name in ("killed", "done", "merged", "brought back")) > 0
