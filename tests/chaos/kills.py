"""SIGKILL the real runtime at random moments of live work, start it again on the same state, and go on until done."""

from __future__ import annotations

import contextlib
import json
import random
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tooling.fill import fill
from tooling.harness import Config, Harness

TOKEN = "chaos"
VARIABLES = {
    "STEWARD_TOKEN": TOKEN,
    "BACKFILL_MODE": "live",
    "TICK_MAX_OBJECTS": 1_000_000,
    "PASS_INTERVAL_HOURS": 0,
    "MAX_DELETES": 1_000_000,
}
RULES = ((10, "raw/*.pdf", "report"), (20, "raw/*.html", "page"))
OBJECTS = 30_000
GROUPS = 4_000
ENDS = (".pdf", ".html", ".txt")

OLD_TABLES = (
    """CREATE TABLE artifacts (
      id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL, source_type TEXT NOT NULL, fetched_at TEXT
    )""",
    "CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id INTEGER)",
)


def key(number: int) -> str:
    """Return the key of an object; every third is unclassified."""
    return f"raw/{number // 1000:03}/{number:06}{ENDS[number % 3]}"


def type_of(name: str) -> str | None:
    """Return the type that `RULES` give a key: the oracle's own reading."""
    return "report" if name.endswith(".pdf") else "page" if name.endswith(".html") else None


@dataclass
class Outcome:
    """What a scene did, and every difference it found from what should be."""

    figures: dict[str, object] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)

    def expect(self, what: str, found: object, wanted: object) -> None:
        """Keep a difference."""
        if found != wanted:
            self.differences.append(f"{what}: found {found!r}, should be {wanted!r}"[:1000])


def post(harness: Harness, path: str, body: object) -> tuple[int, Any]:
    """Ask the Worker as its operator."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    reply = harness.fetch("POST", path, headers, json.dumps(body))
    return reply.status, reply.json()


def count(harness: Harness, query: str) -> int:
    """Return the one number of a query."""
    return int(next(iter(harness.d1(query).rows[0].values())) or 0)


def free_the_lease(harness: Harness) -> None:
    """Do what the passing of time does to a run that was killed."""
    harness.d1("UPDATE steward_control SET lease_until = '2000-01-01T00:00:00.000Z'")
    harness.d1("UPDATE steward_runs SET expires_at = '2000-01-01T00:00:00.000Z' WHERE status = 'running'")


def put_rules(harness: Harness) -> None:
    """Store the rules."""
    harness.d1_batch([("INSERT INTO source_type_rules VALUES (?1, ?2, ?3)", rule) for rule in RULES])


def killed_within(harness: Harness, work: Callable[[], object], seconds: float) -> None:
    """Start the work, kill the runtime after so long, and bring it back."""

    def doomed() -> None:
        with contextlib.suppress(Exception):  # its runtime is killed: there is no answer
            work()

    thread = threading.Thread(target=doomed)
    thread.start()
    time.sleep(seconds)
    harness.kill()
    thread.join()
    harness.start()
    free_the_lease(harness)


class KilledBackfill:
    """Kills in the middle of live backfills and ticks."""

    def __init__(self, harness: Harness, chance: random.Random) -> None:
        self.harness = harness
        self.chance = chance
        self.outcome = Outcome()
        self.by_hand: set[str] = set()

    def prepare(self) -> None:
        """Fill the bucket, and let some rows be known by hand."""
        self.harness.apply_migrations()
        put_rules(self.harness)
        fill(self.harness, (key(number) for number in range(OBJECTS)))
        self.by_hand = {key(number) for number in range(0, OBJECTS, 501)}
        insert = (
            "INSERT INTO artifacts (r2_bucket, r2_key, source_type)"
            " SELECT 'artifacts', value, 'by hand' FROM json_each(?1)"
        )
        self.harness.d1(insert, [json.dumps(sorted(self.by_hand))])

    def damage(self) -> None:
        """Take a third of the rows away, and the types of others, so that there is work to do."""
        part = self.chance.randrange(3)
        self.harness.d1(f"DELETE FROM artifacts WHERE id % 3 = {part} AND source_type <> 'by hand'")
        self.harness.d1("DROP TRIGGER IF EXISTS steward_guard_known_type")
        self.harness.d1("UPDATE artifacts SET source_type = 'unknown' WHERE id % 7 = 1 AND source_type <> 'by hand'")

    def work(self) -> object:
        """Do a manual live run or a tick."""
        if self.chance.random() < 0.5:
            return self.harness.scheduled()
        return post(self.harness, "/backfill", {"dry_run": False, "max_objects": 1_000_000})

    def look(self, *, complete: bool) -> None:
        """Compare every row with the oracle."""
        rows = {row["r2_key"]: row["source_type"] for row in self.harness.d1("SELECT * FROM artifacts").rows}
        self.outcome.expect("rows with one key", count(self.harness, "SELECT count(*) FROM artifacts"), len(rows))
        wrong = {
            name: kind
            for name, kind in rows.items()
            if kind not in {"by hand" if name in self.by_hand else type_of(name), *(() if complete else ("unknown",))}
        }
        self.outcome.expect("rows with a wrong type", dict(list(wrong.items())[:3]), {})
        self.outcome.expect("rows by hand that are gone", sorted(self.by_hand - rows.keys())[:3], [])
        if complete:
            wanted = self.by_hand | {key(n) for n in range(OBJECTS) if type_of(key(n))}
            self.outcome.expect("keys", len(rows.keys() ^ wanted), 0)

    def run(self, kills: int) -> Outcome:
        """Kill so many times, then go on until done."""
        self.prepare()
        for number in range(kills):
            if number % 3 == 0:
                self.damage()
            killed_within(self.harness, self.work, self.chance.uniform(0.02, 1.3))
            if number % 5 == 4:
                self.look(complete=False)
            print(f"  backfill: {number + 1} of {kills} kills", flush=True)
        before = count(self.harness, "SELECT count(*) FROM artifacts")
        status, report = post(self.harness, "/backfill", {"dry_run": False, "max_objects": 1_000_000})
        self.outcome.expect("the last run's answer", (status, report.get("stopped_because")), (200, "end"))
        self.look(complete=True)
        stuck = count(self.harness, "SELECT count(*) FROM steward_runs WHERE status = 'running'")
        self.outcome.expect("runs left running", stuck, 0)
        abandoned = count(self.harness, "SELECT count(*) FROM steward_runs WHERE status = 'abandoned'")
        self.outcome.figures = {
            "kills": kills,
            "objects": OBJECTS,
            "runs killed at work": abandoned,
            "rows before": before,
        }
        return self.outcome


class KilledRecovery:
    """Kills in the middle of live recoveries."""

    def __init__(self, harness: Harness, chance: random.Random) -> None:
        self.harness = harness
        self.chance = chance
        self.outcome = Outcome()
        self.inserted = 0
        self.times_dirtied = 0

    def dirty(self) -> None:
        """Add duplicates of known and unknown types with datapoints, as a database without the index lets one."""
        self.times_dirtied += 1
        self.harness.d1("DROP INDEX IF EXISTS artifacts_one_per_object")
        self.harness.d1(
            "INSERT INTO artifacts (r2_bucket, r2_key, source_type, fetched_at)"
            " SELECT 'artifacts', 'raw/' || g.value || '.pdf',"
            " iif((g.value + c.value) % 3, 'unknown', 'type-' || g.value),"
            " '2026-0' || (1 + (g.value + c.value) % 9) || '-01'"
            " FROM json_each(?1) AS g, json_each('[1, 2, 3]') AS c",
            [json.dumps(list(range(GROUPS)))],
        )
        self.inserted += 3 * GROUPS
        self.harness.d1(
            f"INSERT INTO datapoints (artifact_id) SELECT id FROM artifacts ORDER BY id DESC LIMIT {3 * GROUPS}"
        )
        # What each datapoint is about, kept where nothing of the steward's looks.
        self.harness.d1("CREATE TABLE IF NOT EXISTS oracle (datapoint INTEGER PRIMARY KEY, r2_key TEXT)")
        self.harness.d1(
            "INSERT OR IGNORE INTO oracle SELECT datapoints.id, r2_key FROM datapoints"
            " JOIN artifacts ON artifacts.id = artifact_id"
        )

    def look(self, *, complete: bool) -> None:
        """Compare with the oracle: no datapoint lost its object, no object its row, no loser its journal."""
        moved = (
            "SELECT count(*) FROM oracle JOIN datapoints ON datapoints.id = oracle.datapoint"
            " LEFT JOIN artifacts ON artifacts.id = artifact_id WHERE artifacts.r2_key IS NOT oracle.r2_key"
        )
        self.outcome.expect("datapoints of another object or none", count(self.harness, moved), 0)
        objects = count(self.harness, "SELECT count(DISTINCT r2_key) FROM artifacts")
        self.outcome.expect("objects", objects, GROUPS)
        own = "'type-' || CAST(substr(r2_key, 5) AS INTEGER)"
        wrong = f"SELECT count(*) FROM artifacts WHERE source_type NOT IN ('unknown', 'report', {own})"
        self.outcome.expect("rows with a wrong type", count(self.harness, wrong), 0)
        rows = count(self.harness, "SELECT count(*) FROM artifacts")
        journal = count(self.harness, "SELECT count(*) FROM steward_merges")
        self.outcome.expect("rows and journalled losers", rows + journal, self.inserted)
        if complete:
            self.outcome.expect("rows", rows, GROUPS)
            known = f"SELECT count(*) FROM artifacts WHERE source_type = {own}"
            self.outcome.expect("objects that kept their known type", count(self.harness, known), GROUPS)

    def recovered(self) -> bool:
        """Do one call of the recovery; return whether it is done."""
        status, report = post(self.harness, "/recover", {"dry_run": False, "max_groups": 1500})
        return status == 200 and bool(report["done"])

    def until_done(self) -> bool:
        """Call the recovery until it is done."""
        return any(self.recovered() for _ in range(20))

    def run(self, kills: int) -> Outcome:
        """Kill so many times, then go on until done."""
        self.harness.d1_batch((table, ()) for table in OLD_TABLES)
        self.harness.apply_migrations()
        put_rules(self.harness)
        self.dirty()
        for number in range(kills):
            if count(self.harness, "SELECT count(*) FROM artifacts") == GROUPS:
                self.look(complete=True)
                self.dirty()
            killed_within(self.harness, self.until_done, self.chance.uniform(0.02, 1.2))
            self.look(complete=False)
            print(f"  recovery: {number + 1} of {kills} kills", flush=True)
        self.outcome.expect("the recovery is done", self.until_done(), wanted=True)
        self.look(complete=True)
        status, report = post(self.harness, "/check", {"mode": "full"})
        self.outcome.expect("a full check", (status, report["ok"]), (200, True))
        abandoned = count(self.harness, "SELECT count(*) FROM steward_runs WHERE status = 'abandoned'")
        merges = count(self.harness, "SELECT count(*) FROM steward_merges")
        figures = {"kills": kills, "runs killed at work": abandoned, "merges": merges, "dirtied": self.times_dirtied}
        self.outcome.figures.update(figures)
        return self.outcome


def killed(scene: type[KilledBackfill | KilledRecovery], kills: int, seed: int) -> Outcome:
    """Run one of the scenes on its own state."""
    folder = tempfile.TemporaryDirectory(prefix="steward-chaos-")
    with folder as state, Harness(Config(vars=VARIABLES), state=Path(state)) as harness:
        outcome = scene(harness, random.Random(seed)).run(kills)
    outcome.figures["seed"] = seed
    return outcome
