"""Random histories: writers, crashes, faults, ticks, recoveries and undos in any order, held against a small oracle.

`make test` runs a few; `make chaos` sets STEWARD_HISTORY_STEPS and runs at least so many steps.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from backfill.request import BackfillRequest
from backfill.run import run_backfill
from errors import StewardError
from ports import Ports
from recovery.undo_run import undo_run
from runs.pause import resume
from tests.chaos.faults import KINDS, Fault
from tests.chaos.fixtures import (
    SETTINGS,
    Truth,
    check_once,
    dump,
    let_the_lease_run_out,
    recover_once,
    tick_once,
)
from tests.chaos.history_writers import Writers
from tests.chaos.oracle import Snapshot, rule_type, stored_pass, told, wants_row
from tests.support.interruption import Fuse, KilledError, fused
from words import CheckMode

STEPS_PER_HISTORY = 40
FEWEST_STEPS = 25
"""Hypothesis ends some histories early; this many is less than their average."""

WANTED_STEPS = int(os.environ.get("STEWARD_HISTORY_STEPS", "1500"))
TAKEN: Counter[str] = Counter()

MISSING: dict[str, Any] = {"missing_limit_percent": 100, "missing_grace_hours": 0}
"""Histories have few rows, and bound their losses by nothing else."""

shares = st.sampled_from([1, 2, 2, 3, 4])
troubles = st.one_of(
    st.none(),
    st.none(),
    st.builds(Fuse, st.integers(0, 40), st.booleans()),
    st.builds(Fault, st.integers(0, 40), st.sampled_from(KINDS)),
)


class Histories(Writers):
    """The steward among them, and what must be true whatever happens."""

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
        asyncio.run(resume(self.world.ports()))

    # The steward

    @rule(trouble=troubles, share=shares)
    def tick(self, trouble: Fuse | Fault | None, share: int) -> None:
        """Fire the cron, with a budget of so many objects."""
        before, violations, checked = self.look(), Truth(self.world).violations(), Truth(self.world).last_check()
        stored, missing = self.walk_begins(), told(self.world)
        own = replace(SETTINGS, tick_max_objects=share, pass_interval_hours=0, **MISSING)
        report = self.steward(lambda ports: tick_once(ports, own), trouble)
        self.only_backfilled(before)
        self.walk_ended(stored)
        assert not (told(self.world) - missing) & self.world.bucket.sizes.keys()
        said = [Truth(self.world).last_check()]
        if report and report["run_id"]:
            said.append(report["counts"]["check"])
            self.count_pages(stored, report["counts"]["backfill"].get("artifacts", {}))
        for one in said:
            if one and one != checked and "invariants" in one:
                # What an earlier slice of a full check saw is told with the time it saw it.
                news = [verdict for verdict in one["invariants"] if "since" not in verdict]
                assert Truth(self.world).refuted(news, violations) == []

    @rule(few=st.lists(shares, min_size=2, max_size=6))
    def ticks(self, few: list[int]) -> None:
        """Fire the cron several times in a row."""
        for share in few:
            self.tick(None, share)

    @rule(trouble=troubles, most=st.integers(1, 12))
    def backfill(self, trouble: Fuse | Fault | None, most: int) -> None:
        """Do a manual live run."""
        before = self.look()
        report = self.manual(trouble, dry_run=False, max_objects=most)
        self.only_backfilled(before)
        if report and not report["truncated"]:
            assert self.look().uncovered(self.world.bucket.sizes) == []

    @rule(trouble=troubles, most=st.integers(1, 4))
    def backfill_of_the_pass(self, trouble: Fuse | Fault | None, most: int) -> None:
        """Do a manual live run that continues the cron's pass."""
        before = self.look()
        stored = self.walk_begins()
        self.manual(trouble, dry_run=False, resume=True, max_objects=most)
        self.only_backfilled(before)
        self.walk_ended(stored)

    @rule(trouble=troubles, most=st.integers(1, 12), resume=st.booleans())
    def dry_backfill(self, trouble: Fuse | Fault | None, most: int, *, resume: bool) -> None:
        """Do a manual dry run: it leaves everything as it is, but for its own record."""
        own = ("steward_runs", "sqlite_sequence")
        before = dump(self.world, but=own), dict(self.world.store.values)
        self.manual(trouble, resume=resume, max_objects=most)
        assert (dump(self.world, but=own), self.world.store.values) == before

    def manual(self, trouble: Fuse | Fault | None, **request: Any) -> dict[str, Any] | None:  # noqa: ANN401
        """Do a manual run."""
        wanted = BackfillRequest(**request)
        return self.steward(lambda ports: asyncio.run(run_backfill(ports, SETTINGS, wanted)), trouble)

    @rule(trouble=troubles, mode=st.sampled_from(["fast", "full"]))
    def check(self, trouble: Fuse | Fault | None, mode: CheckMode) -> None:
        """Check, and never believe a false `holds`."""
        before = self.look()
        report = self.steward(lambda ports: check_once(ports, mode), trouble)
        assert self.look() == before
        if report:
            assert Truth(self.world).refuted(report["invariants"]) == []

    @rule(trouble=troubles, most=st.integers(1, 4))
    def recover(self, trouble: Fuse | Fault | None, most: int) -> None:
        """Do one call of the live recovery."""
        self.recovered(trouble, most)

    def recovered(self, trouble: Fuse | Fault | None, most: int) -> bool:
        """Do one call of the live recovery; return whether it says that it is done."""
        before = self.look()
        report = self.steward(lambda ports: recover_once(ports, max_groups=most), trouble)
        self.only_recovered(before)
        last = self.world.database.one("SELECT max(id) FROM steward_runs WHERE kind = 'recovery'")
        if isinstance(last, int) and last not in self.recoveries:
            self.recoveries.append(last)
        if report and report["ok"]:
            assert sum(Truth(self.world).violations().values()) == 0
        return bool(report and report["done"])

    @precondition(lambda self: self.recoveries)
    @rule(trouble=troubles, which=st.integers(0, 3))
    def undo(self, trouble: Fuse | Fault | None, which: int) -> None:
        """Undo one of the recoveries."""
        before = self.look()
        target = self.recoveries[-1 - which % len(self.recoveries)]
        self.steward(lambda ports: asyncio.run(undo_run(ports, SETTINGS, target)), trouble)
        after = self.look()
        assert before.rows.items() <= after.rows.items()
        assert self.uprooted(before, after) == []
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
        # A row that is inserted may get the id that an orphan names: SQLite gives the highest ones out again.
        assert after.references == before.references
        assert self.uprooted(before, after) == []
        assert before.rows.keys() <= after.rows.keys()
        for number, (key, kind) in after.rows.items():
            if number not in before.rows:
                assert key in self.world.bucket.sizes
                assert (key not in before.keys, kind, wants_row(key)) == (True, rule_type(key), True)
            elif before.rows[number] != (key, kind):
                assert before.rows[number] == (key, "unknown")
                assert kind == rule_type(key)
                assert key in self.world.bucket.sizes

    def only_recovered(self, before: Snapshot) -> None:
        """Check that every object kept a row and its knowledge, every child its object, every loser its journal."""
        after = self.look()
        assert after.keys == before.keys
        assert self.uprooted(before, after) == []
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

    def uprooted(self, before: Snapshot, after: Snapshot) -> list[object]:
        """Return the datapoints that are gone, new, or about another object; an orphan may follow the journal."""
        wrong = list(before.children.keys() ^ after.children.keys())
        for number in before.children.keys() & after.children.keys():
            (artifact, *about), (now, *about_now) = before.children[number], after.children[number]
            if before.rows.get(artifact) and about != about_now:
                wrong.append(number)
            if not before.rows.get(artifact) and artifact != now:
                journalled = "SELECT count(*) FROM steward_merges WHERE loser_id = ?"
                if now not in after.rows or not self.world.database.one(journalled, artifact):
                    wrong.append(number)
        return wrong

    def walk_begins(self) -> dict[str, Any] | None:
        """Return what KV holds before a walk; where that is no open pass, the walk begins one."""
        stored = stored_pass(self.world)
        if stored is None or stored["completed_at"] is not None:
            self.of_pass.begin(self.world.bucket.sizes)
        return stored

    def walk_ended(self, before: dict[str, Any] | None) -> None:
        """Check what a pass that has come to its end must have seen."""
        stored = stored_pass(self.world)
        if stored is None or stored == before or stored["completed_at"] is None:
            return
        assert self.look().uncovered(self.of_pass.untouched) == []
        assert self.of_pass.fits(stored["counts"]), stored["counts"]
        TAKEN["passes"] += 1
        TAKEN["passes of several walks"] += bool(before and before["completed_at"] is None)

    def count_pages(self, before: dict[str, Any] | None, walked: dict[str, Any]) -> None:
        """Count what a tick listed."""
        TAKEN["ticks that walked"] += "pages" in walked
        TAKEN["ticks of several pages"] += walked.get("pages", 0) >= 2
        resumed = before is not None and before["completed_at"] is None and before["cursor"] is not None
        TAKEN["resumed"] += resumed and walked.get("pages", 0) >= 1

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
            if self.recovered(None, 5000):
                break
        opened = stored_pass(self.world)
        if opened and opened["completed_at"] is None:
            self.tick_until_complete()
        self.tick_until_complete()
        self.everything_missing_is_told()
        rows = self.look()
        assert rows.uncovered(self.world.bucket.sizes) == []
        assert len(rows.rows) == len(rows.keys)
        assert all(rule_type(key) is None for key, kind in rows.rows.values() if kind == "unknown")
        violations = Truth(self.world).violations()
        assert {name for name in violations if violations[name]} <= {"no_orphan_datapoints", "no_unknown_source_type"}
        assert Truth(self.world).refuted(check_once(self.world.ports(), "full")["invariants"]) == []

    def everything_missing_is_told(self) -> None:
        """Do passes until what is gone must be known: it is, and nothing else. An empty bucket is no proof."""
        for _ in range(3):
            self.world.clock.advance(hours=2)
            self.tick_until_complete()
        self.tick(None, 1)
        gone = self.look().keys - self.world.bucket.sizes.keys()
        assert told(self.world) == (gone if self.world.bucket.sizes else set())
        TAKEN["told missing"] += len(gone)

    def tick_until_complete(self) -> None:
        """End the pass that is open, or do a whole one."""
        passes = TAKEN["passes"]
        for _ in range(30):
            let_the_lease_run_out(self.world)
            asyncio.run(resume(self.world.ports()))
            self.tick(None, 4)
            if TAKEN["passes"] > passes:
                return
        raise AssertionError("the pass does not end")


def test_random_histories_keep_every_promise() -> None:
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=max(1, WANTED_STEPS // FEWEST_STEPS),
            stateful_step_count=STEPS_PER_HISTORY,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    if "STEWARD_HISTORY_REPORT" in os.environ:
        Path(os.environ["STEWARD_HISTORY_REPORT"]).write_text(json.dumps(TAKEN))
    assert TAKEN["steps"] >= WANTED_STEPS
    for name in ("resumed", "ticks of several pages", "passes of several walks"):
        assert TAKEN[name] >= WANTED_STEPS // 50, (name, TAKEN)
    for name in ("killed", "merged"):
        assert TAKEN[name] >= WANTED_STEPS // 1000, (name, TAKEN)
    assert TAKEN["brought back"] >= WANTED_STEPS // 10_000


@pytest.mark.parametrize("takes_effect", [False, True])
@pytest.mark.parametrize("calls", range(40))
def test_a_pass_that_crashed_anywhere_ends_and_the_next_one_sees_a_key_put_behind_its_position(
    calls: int, *, takes_effect: bool
) -> None:
    history = Histories()
    history.begin(unique=True, most=2, objects={"raw/0", "raw/1", "raw/2", "raw/3"})
    history.tick(Fuse(calls, takes_effect), 3)
    history.put("dir/a")
    history.teardown()
    assert history.look().keys == {"dir/a", "raw/0", "raw/1", "raw/2", "raw/3"}


def test_a_recovery_classifies_the_row_of_a_directory_marker_that_no_pass_would_insert() -> None:
    history = Histories()
    history.begin(unique=False, most=1, objects={"dir/", "raw/0"})
    history.insert_row("dir/", "unknown", None)
    history.recover(None, 1)
    assert history.look().known_types("dir/") == {"dir"}
    history.teardown()


def test_a_backfill_leaves_the_references_of_orphans_as_they_are() -> None:
    history = Histories()
    history.begin(unique=False, most=1, objects={"raw/0", "raw/1", "raw/2"})
    history.drop_index_and_crowd_in([("raw/0", "unknown", None)] * 3)
    history.drop_guard("delete")
    history.delete_rows("raw/0")
    history.teardown()
    assert history.look().references == {1: 1, 2: 2, 3: 3}
