"""SIGKILL the real runtime at random moments of a live recovery, start it again on the same state, go on until done."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from datetime import UTC, datetime

from tests.chaos.merges import TIMES, UNIQUE_INDEXES, Expected, Id, Journal, Tables, Variant
from tests.chaos.setup import (
    CONFIG,
    ENOUGH,
    HTTP_OK,
    Caller,
    Cuts,
    Outcome,
    chance_of,
    count,
    free_the_lease,
    fresh,
)
from tooling.harness import Harness

GROUPS = 2500
SINGLES = 500
ORPHANS = 60
LATER_STEPS = {"index", "guards", "classify", "orphans", "verify", "resume"}
LEASE_SECONDS = 90
COLUMNS = "(id, r2_bucket, r2_key, source_type, fetched_at)"
VALUES = "value ->> 0, 'artifacts', value ->> 1, value ->> 2, value ->> 3"


class DirtyDatabase:
    """A database that gets duplicates, unknown rows and orphans again and again, and what each datapoint is about."""

    def __init__(self, harness: Harness, chance: random.Random, variant: Variant) -> None:
        self.harness = harness
        self.chance = chance
        self.variant = variant
        self.about: dict[int, str | None] = {}
        """The object of each datapoint; None where it points nowhere."""
        self.ghosts: dict[int, Id] = {}
        """The datapoints whose artifact never was, and its id."""
        self.lost: set[int] = set()
        """The datapoints whose artifact the journal knows."""
        self.ids = self.lost_in_all = 0
        self.times_dirtied = 0
        fresh(harness, *variant.tables)

    def dirty(self) -> None:
        """Add to all of it, as a database without the index and the guards lets one."""
        self.times_dirtied += 1
        names = [f"raw/{group:05}.pdf" for group in range(GROUPS) for _ in range(3 if self.times_dirtied == 1 else 2)]
        names += [f"raw/single-{self.times_dirtied}-{number}.html" for number in range(SINGLES)]
        rows = [(self._id(), name, self._type(name), self.chance.choice(TIMES)) for name in names]
        datapoints = [(len(self.about) + number, row[0]) for number, row in enumerate(rows[::2], 1)]
        self.about.update({number: names[2 * place] for place, (number, _) in enumerate(datapoints)})
        self.lost = set()
        if self.variant.orphans:
            datapoints += self._orphans()
        self.harness.d1_batch(
            [
                ("DROP INDEX IF EXISTS artifacts_one_per_object", ()),
                ("DROP TRIGGER IF EXISTS steward_guard_insert_datapoints_artifact_id", ()),
                (
                    f"INSERT INTO artifacts {COLUMNS} SELECT {VALUES} FROM json_each(?1)",
                    [json.dumps(rows)],
                ),
                (
                    "INSERT INTO datapoints (id, artifact_id) SELECT value ->> 0, value ->> 1 FROM json_each(?1)",
                    [json.dumps(datapoints)],
                ),
            ]
        )

    def _id(self) -> Id:
        self.ids += 1
        return self.variant.new_id(self.ids, self.chance)

    def _type(self, name: str) -> str:
        if "single" in name or self.chance.random() < 0.5 or name.endswith("7.pdf"):
            return "unknown"
        return f"type-{self.chance.randrange(3)}"

    def _orphans(self) -> list[tuple[int, Id]]:
        """Return datapoints that point at rows gone: some that the journal knows, some that never were."""
        merges = Journal.read(self.harness).merges
        gone = self.chance.sample(merges, min(ORPHANS, len(merges)))
        first = len(self.about) + 1
        known = [(first + number, merge["loser_id"]) for number, merge in enumerate(gone)]
        names = [json.loads(merge["loser"])["r2_key"] for merge in gone]
        self.about.update({number: name for (number, _), name in zip(known, names, strict=True)})
        self.lost = {number for number, _ in known}
        self.lost_in_all += len(known)
        never = [(len(self.about) + 1 + n, self.variant.new_id(10**9 + n, self.chance)) for n in range(ORPHANS)]
        self.about.update(dict.fromkeys((number for number, _ in never)))
        self.ghosts = dict(never)
        return [*known, *never]

    def lay_ghosts(self) -> None:
        """Do what an operator does about the orphans that no one knows: point them nowhere."""
        self.harness.d1(
            "UPDATE datapoints SET artifact_id = NULL WHERE id IN (SELECT value FROM json_each(?1))",
            [json.dumps(sorted(self.ghosts))],
        )
        self.ghosts = {}

    def compare_datapoints(self, outcome: Outcome, now: Tables, *, complete: bool) -> None:
        """Compare the whole set of datapoints, and what each of them reaches."""
        outcome.expect("datapoints lost or new", sorted(now.datapoints.keys() ^ self.about.keys())[:3], [])
        reached = {number: now.key_of(number) for number in now.datapoints}
        if not complete:
            reached.update({number: self.about[number] for number in self.lost if reached.get(number) is None})
        outcome.same("the object of datapoints", reached, dict(self.about))
        outcome.same("orphans of no one", {n: now.datapoints.get(n) for n in self.ghosts}, dict(self.ghosts))


LATE = 0.7
"""Of a recovery's time: the steps after the merge begin about then."""


class KilledRecovery:
    """Kills in the middle of live recoveries."""

    def __init__(self, harness: Harness, chance: random.Random, variant: Variant) -> None:
        self.harness = harness
        self.chance = chance
        self.outcome = Outcome()
        self.caller = Caller(harness, self.outcome)
        self.database = DirtyDatabase(harness, chance, variant)
        self.variant = variant
        self.done = False
        self.before = Expected(Tables({}, {}))
        self.journal_before = (0, 0)

    def dirty(self) -> None:
        """Make the database dirty, and copy it."""
        self.database.dirty()
        self.before = Expected(Tables.read(self.harness))
        merges, remaps = (f"SELECT max(id) FROM steward_{name}" for name in ("merges", "remaps"))
        self.journal_before = (count(self.harness, merges), count(self.harness, remaps))
        self.done = False

    def until_done(self) -> None:
        """Call the recovery until it is done."""
        for _ in range(50):
            status, report = self.caller.post("/recover", {"dry_run": False, "max_groups": 1000})
            if status == HTTP_OK and report["done"]:
                self.done = True
                self.outcome.expect("a recovery that is done is ok", report["ok"], not self.database.ghosts)
                return
        self.outcome.differences.append("a recovery was not done after 50 calls")

    def look_midway(self) -> None:
        """Compare what must hold after every kill."""
        now, journal = Tables.read(self.harness), Journal.read(self.harness, self.journal_before)
        self.before.compare_midway(self.outcome, now, journal)
        self.database.compare_datapoints(self.outcome, now, complete=False)

    def look_complete(self) -> None:
        """Compare a recovery that is done; then lay the ghosts, and see that all is well."""
        now, journal = Tables.read(self.harness), Journal.read(self.harness, self.journal_before)
        self.before.compare_end(self.outcome, now, journal)
        self.database.compare_datapoints(self.outcome, now, complete=True)
        ghosts = len(self.database.ghosts)
        self._look_around("recovery" if ghosts else None, {"no_orphan_datapoints": ghosts} if ghosts else {})
        if ghosts:
            self.database.lay_ghosts()
            self.until_done()
            self._look_around(None, {})

    def _look_around(self, paused_by: str | None, violations: dict[str, int]) -> None:
        """Compare the pause, the lease, the index, and a full check."""
        [control] = self.harness.d1("SELECT paused_by, lease_token FROM steward_control").rows
        self.outcome.expect("the pause and the lease", control, {"paused_by": paused_by, "lease_token": None})
        running = count(self.harness, "SELECT count(*) FROM steward_runs WHERE status = 'running'")
        self.outcome.expect("runs left running", running, 0)
        unique = {row["columns"] for row in self.harness.d1(UNIQUE_INDEXES).rows}
        self.outcome.expect("the unique index is there", "r2_bucket,r2_key" in unique, wanted=True)
        _, report = self.caller.post("/check", {"mode": "full"})
        errors = [one for one in report["invariants"] if one["severity"] == "error"]
        found = {one["name"]: one["violations"] for one in errors if one["outcome"] != "holds"}
        self.outcome.expect("a full check", found, violations)

    def wait_for_the_lease(self) -> None:
        """Ask until the lease of the killed run frees itself, and see that it did so at its time."""
        [control] = self.harness.d1("SELECT lease_until FROM steward_control").rows
        until = datetime.fromisoformat(control["lease_until"])
        print(f"  recovery, {self.variant.name}: waiting for a lease until {until:%H:%M:%S}", flush=True)
        asked, status = 0, 0
        while status != HTTP_OK and asked < LEASE_SECONDS:
            time.sleep(2)
            status, _ = self.caller.post("/recover", {"dry_run": False, "max_groups": 1})
            asked += 1
            if status == HTTP_OK:
                self.outcome.expect("the lease was kept until its time", datetime.now(UTC) >= until, wanted=True)
        late = (datetime.now(UTC) - until).total_seconds()
        self.outcome.expect("the lease is free soon after its time", late < 15, wanted=True)
        self.outcome.figures["calls refused while a killed run had the lease"] = asked - 1

    def run(self, wanted: int, *, wait: bool) -> Outcome:
        """Kill until so many runs were cut, then go on until done; `wait` for the lease of the first."""
        longest = self._once_in_peace()
        self.dirty()
        cuts = Cuts(f"recovery, {self.variant.name}", self.caller, wanted)
        for _ in cuts.wanting():
            earliest = 0.02
            if self.done:
                self.look_complete()
                self.dirty()
                # The steps after the merge are short: half of the recoveries of a dirty database are killed late.
                earliest = self.chance.choice((earliest, LATE * longest))
            if self.caller.killed_within(self.until_done, self.chance.uniform(earliest, longest)):
                if wait and self._leased():
                    self.wait_for_the_lease()
                    wait = False
                free_the_lease(self.harness)
                self.look_midway()
        self.until_done()
        self.look_complete()
        self._figures(cuts, wanted)
        return self.outcome

    def _once_in_peace(self) -> float:
        """Do one recovery unharmed, for the journal that orphans are found in; return the seconds it took."""
        self.dirty()
        began = time.monotonic()
        self.until_done()
        took = time.monotonic() - began
        self.look_complete()
        return took

    def _leased(self) -> bool:
        return bool(count(self.harness, "SELECT count(*) FROM steward_control WHERE lease_token IS NOT NULL"))

    def _figures(self, cuts: Cuts, wanted: int) -> None:
        cuts.close()
        steps = steps_of_cut_runs(self.harness, "recovery")
        self.outcome.figures["cut in step"] = dict(steps)
        if wanted >= ENOUGH:
            self.outcome.at_least("recoveries cut in dedupe", steps["dedupe"], 1)
            self.outcome.at_least("recoveries cut in a later step", sum(steps[one] for one in LATER_STEPS), 1)
        self.outcome.figures["losers"] = count(self.harness, "SELECT count(*) FROM steward_merges")
        self.outcome.figures["remaps"] = count(self.harness, "SELECT count(*) FROM steward_remaps")
        if self.variant.orphans:
            self.outcome.at_least("orphans that the journal knows", self.database.lost_in_all, ORPHANS)
        self.outcome.figures["orphans that the journal knows"] = self.database.lost_in_all
        self.outcome.figures["times dirtied"] = self.database.times_dirtied


def steps_of_cut_runs(harness: Harness, kind: str) -> Counter[str]:
    """Return how many abandoned runs died in each step; "plan" is what comes before the first."""
    query = """
    SELECT coalesce(counts ->> '$.step', 'plan') AS step, count(*) AS n FROM steward_runs
    WHERE kind = ?1 AND status = 'abandoned' GROUP BY step ORDER BY n DESC
    """
    return Counter({row["step"]: row["n"] for row in harness.d1(query, [kind]).rows})


def killed_recovery(seed: int, wanted: int, variant: Variant, *, wait: bool = False) -> Outcome:
    """Kill live recoveries on one kind of database until so many runs were cut."""
    with Harness(CONFIG) as harness:
        case = KilledRecovery(harness, chance_of(seed, f"killed recovery, {variant.name}"), variant)
        return case.run(wanted, wait=wait)
