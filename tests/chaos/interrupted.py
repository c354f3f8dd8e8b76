"""What else may be cut short: an undo and a full check by SIGKILL, and a recovery by the loss of its lease."""

from __future__ import annotations

import random
import threading
from typing import Any

from tests.chaos.killed_recovery import DirtyDatabase
from tests.chaos.merges import INTEGERS, VARIANTS, Expected, Journal, Tables
from tests.chaos.setup import (
    HTTP_OK,
    VARIABLES,
    Caller,
    Cuts,
    Outcome,
    chance_of,
    count,
    free_the_lease,
    fresh,
    played,
    post,
)
from tooling.harness import Config, Harness

UNDO_LONGEST = 0.6
CHECK_LONGEST = 1.5
CHECKED_ROWS = 400_000
TRUTH = {"no_unknown_source_type": CHECKED_ROWS // 100, "no_orphan_datapoints": CHECKED_ROWS // 1000}
RECOVER = {"dry_run": False, "max_groups": 1_000_000}


class KilledUndo:
    """Kills in the middle of undoing a recovery; the undo gone on with brings every row and datapoint back."""

    def __init__(self, harness: Harness, chance: random.Random) -> None:
        self.harness = harness
        self.chance = chance
        self.outcome = Outcome()
        self.caller = Caller(harness, self.outcome)
        self.database = DirtyDatabase(harness, chance, INTEGERS)
        self.target = 0
        self.done = False
        self.before = Expected(Tables({}, {}))
        self.merged_before = self.times = 0

    def merge(self) -> None:
        """Dirty the database the first time, and do one whole recovery, which is then to be undone."""
        if not self.times:
            self.database.dirty()
        self.before = Expected(Tables.read(self.harness))
        self.merged_before = count(self.harness, "SELECT max(id) FROM steward_merges")
        status, report = self.caller.post("/recover", RECOVER)
        self.outcome.expect("the recovery to undo", (status, report.get("done")), (HTTP_OK, True))
        self.target, self.done, self.times = report["run_id"], False, self.times + 1

    def undo(self) -> None:
        """Call the undo until it is done."""
        for _ in range(20):
            status, report = self.caller.post(f"/runs/{self.target}/undo", {})
            if status == HTTP_OK and report["done"]:
                self.outcome.expect("refused by the undo", report["refused"], [])
                self.done = True
                return
        self.outcome.differences.append("an undo was not done after 20 calls")

    def look_midway(self) -> None:
        """Every row is there or journalled and not undone, never both; every datapoint reaches its object."""
        now, journal = Tables.read(self.harness), Journal.read(self.harness, (self.merged_before, 0))
        journal.merges = [merge for merge in journal.merges if merge["undone_by"] is None]
        self.before.compare_midway(self.outcome, now, journal)
        self.database.compare_datapoints(self.outcome, now, complete=True)

    def look_complete(self) -> None:
        """Every row is back; only a type that a winner took, or a rule gave, is known now and stays."""
        now = Tables.read(self.harness)
        after = self.before.artifacts
        wanted = {
            number: after[number] if row["source_type"] == "unknown" and number in after else row
            for number, row in self.before.before.artifacts.items()
        }
        self.outcome.same("artifacts after an undo", now.artifacts, wanted)
        self.outcome.same("datapoints after an undo", now.datapoints, self.before.before.datapoints)

    def run(self, wanted: int) -> Outcome:
        """Kill until so many undos were cut, then go on until done."""
        self.merge()
        cuts = Cuts("undo", self.caller, wanted)
        for _ in cuts.wanting():
            if self.done:
                self.look_complete()
                self.merge()
            if self.caller.killed_within(self.undo, self.chance.uniform(0.02, UNDO_LONGEST)):
                free_the_lease(self.harness)
                self.look_midway()
        self.undo()
        self.look_complete()
        cuts.close()
        self.outcome.figures |= {"undone": self.times, "rows": len(self.before.before.artifacts)}
        return self.outcome


def killed_undo(seed: int, wanted: int) -> Outcome:
    """Kill live undos until so many were cut."""
    with played("far") as harness:
        return KilledUndo(harness, chance_of(seed, "killed undo")).run(wanted)


class KilledCheck:
    """Kills in the middle of full checks, manual and by ticks: no verdict of a later one is other than the truth."""

    def __init__(self, harness: Harness, chance: random.Random) -> None:
        self.harness = harness
        self.chance = chance
        self.outcome = Outcome()
        self.caller = Caller(harness, self.outcome)
        self.told = 0

    def prepare(self) -> None:
        """Fill tables that a full check needs a while for, with unknown rows, orphans and two objects of two rows."""
        fresh(self.harness, *INTEGERS.tables)
        numbers = f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {CHECKED_ROWS})"
        guard = "DROP TRIGGER steward_guard_insert_datapoints_artifact_id"
        self.harness.d1(guard)
        self.harness.d1(
            "INSERT INTO artifacts (id, r2_bucket, r2_key, source_type)"
            f" {numbers} SELECT i, 'artifacts', 'raw/' || max(i, 3), iif(i % 100, 'known', 'unknown') FROM n"
        )
        self.harness.d1(
            f"INSERT INTO datapoints (artifact_id) {numbers} SELECT iif(i % 1000, i, i + {CHECKED_ROWS}) FROM n"
        )

    def checks(self) -> None:
        """Check in full, by hand or by ticks until one has ended, and compare the verdicts."""
        if self.chance.random() < 0.5:
            _, report = self.caller.post("/check", {"mode": "full"})
            self.look({one["name"]: one for one in report["invariants"]})
            return
        self.harness.d1("UPDATE steward_control SET full_checked_at = NULL")
        for _ in range(20):
            self.caller.tick()
            [row] = self.harness.d1("SELECT full_checked_at, last_check FROM steward_control").rows
            if row["full_checked_at"]:
                self._look_at_findings()
                return
        self.outcome.differences.append("a full check did not end within 20 ticks")

    def look(self, verdicts: dict[str, Any]) -> None:
        """Compare what one whole check says with the truth."""
        self.told += 1
        found = {name: verdicts[name]["violations"] for name in TRUTH}
        self.outcome.same("verdicts of a full check", found, dict(TRUTH))
        self.outcome.expect("objects with several rows", verdicts["one_artifact_per_object"]["violations"], 1)

    def _look_at_findings(self) -> None:
        self.told += 1
        query = "SELECT invariant, violations FROM steward_findings WHERE resolved_at IS NULL"
        found = {row["invariant"]: row["violations"] for row in self.harness.d1(query).rows}
        self.outcome.same("findings of a full check", {name: found.get(name) for name in TRUTH}, dict(TRUTH))

    def run(self, wanted: int) -> Outcome:
        """Kill until so many checks were cut, then check once more each way."""
        self.prepare()
        cuts = Cuts("full check", self.caller, wanted)
        for _ in cuts.wanting():
            if self.caller.killed_within(self.checks, self.chance.uniform(0.02, CHECK_LONGEST)):
                free_the_lease(self.harness)
        for _ in range(4):
            self.checks()
        cuts.close()
        self.outcome.figures["checks compared"] = self.told
        return self.outcome


def killed_check(seed: int, wanted: int) -> Outcome:
    """Kill full checks until so many were cut."""
    with Harness(Config(vars={**VARIABLES, "BACKFILL_MODE": "off"})) as harness:
        return KilledCheck(harness, chance_of(seed, "killed check")).run(wanted)


STEAL = """
UPDATE steward_control
SET lease_token = 'another', lease_run = NULL, lease_until = '9999-01-01T00:00:00.000Z', fence = fence + 1
"""
ALL_THAT_COUNTS = tuple(
    f"SELECT * FROM {table}" for table in ("artifacts", "datapoints", "steward_merges", "steward_remaps")
)


class LostLease:
    """A recovery whose lease runs out and goes to another while it still works: it stops, and changes nothing more."""

    def __init__(self, harness: Harness, chance: random.Random) -> None:
        self.harness = harness
        self.chance = chance
        self.outcome = Outcome()
        self.in_the_middle = 0

    def round(self, number: int) -> None:
        """Take the lease away in the middle of a recovery, copying all in the same transaction; compare at its end."""
        database = DirtyDatabase(self.harness, self.chance, VARIANTS[number % len(VARIANTS)])
        database.dirty()
        answers: list[tuple[int, Any]] = []
        owner = threading.Thread(target=lambda: answers.append(post(self.harness, "/recover", RECOVER)))
        owner.start()
        wanted = self.chance.randrange(1, 4000)
        while owner.is_alive() and count(self.harness, "SELECT count(*) FROM steward_merges") < wanted:
            pass
        _, *at_theft = self.harness.d1_batch([(STEAL, ()), *((query, ()) for query in ALL_THAT_COUNTS)])
        at_work = owner.is_alive()
        owner.join()
        after = self.harness.d1_batch((query, ()) for query in ALL_THAT_COUNTS)
        self.outcome.expect(
            "tables since the theft", [one.rows for one in after] == [one.rows for one in at_theft], wanted=True
        )
        if at_work:
            self._told(*answers[0])

    def _told(self, status: int, report: dict[str, Any]) -> None:
        self.in_the_middle += 1
        self.outcome.expect("the owner's answer", (status, report.get("done"), report.get("ok")), (200, False, False))
        [row] = self.harness.d1("SELECT status, error FROM steward_runs ORDER BY id DESC LIMIT 1").rows
        self.outcome.expect("its row", (row["status"], "lost its lease" in str(row["error"])), ("failed", True))
        [control] = self.harness.d1("SELECT lease_token, paused_by FROM steward_control").rows
        self.outcome.expect("the other's lease", control, {"lease_token": "another", "paused_by": "recovery"})

    def run(self, rounds: int) -> Outcome:
        """Do so many rounds."""
        for number in range(rounds):
            self.round(number)
        print(f"  lost lease: {rounds} rounds, {self.in_the_middle} in the middle", flush=True)
        self.outcome.at_least("leases lost in the middle of a merge", self.in_the_middle, max(1, rounds // 2))
        self.outcome.figures = {"rounds": rounds, "lost in the middle": self.in_the_middle}
        return self.outcome


def lost_lease(seed: int, rounds: int) -> Outcome:
    """Take the lease from recoveries at work."""
    with played("far") as harness:
        return LostLease(harness, chance_of(seed, "lost lease")).run(rounds)
