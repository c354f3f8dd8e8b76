"""SIGKILL the real runtime at random moments of a live backfill, start it again on the same state, go on until done.

A pass goes on by the cron's stored position alone, and is compared when it is complete: a run from the very start
would heal an object that a resumed one skipped.
"""

from __future__ import annotations

import json
import random

from tests.chaos.setup import (
    ENOUGH,
    Caller,
    Cuts,
    Outcome,
    chance_of,
    count,
    free_the_lease,
    key,
    played,
    rows_of,
    stored_pass,
    type_of,
)
from tooling.fill import fill
from tooling.harness import Harness

OBJECTS = 60_000
LONGEST = 1.2
"""Seconds from the start of the work to the kill, at most: about half a pass."""


class KilledBackfill:
    """Kills in the middle of ticks, and of manual runs that resume and store the cron's position."""

    def __init__(self, harness: Harness, chance: random.Random, objects: int = OBJECTS) -> None:
        self.harness = harness
        self.objects = objects
        self.chance = chance
        self.outcome = Outcome()
        self.caller = Caller(harness, self.outcome)
        self.by_hand = {key(number) for number in range(0, objects, 500)}
        self.wanted: dict[str, str] = {}
        self.looked_at: str | None = None
        self.midway = self.passes = 0

    def prepare(self) -> None:
        """Let some rows be known by hand; the bucket is filled."""
        names = [key(number) for number in range(self.objects)]
        self.wanted = {name: kind for name in names if (kind := type_of(name))}
        self.wanted.update(dict.fromkeys(self.by_hand, "by hand"))
        insert = (
            "INSERT INTO artifacts (r2_bucket, r2_key, source_type)"
            " SELECT 'artifacts', value, 'by hand' FROM json_each(?1)"
        )
        self.harness.d1(insert, [json.dumps(sorted(self.by_hand))])

    def damage(self) -> None:
        """Take a third of the rows away, and the types of others, so that the pass that begins has work to do."""
        guard = "steward_guard_known_type"
        [found] = self.harness.d1("SELECT sql FROM sqlite_schema WHERE name = ?1", [guard]).rows
        part = self.chance.randrange(3)
        self.harness.d1_batch(
            [
                (f"DELETE FROM artifacts WHERE id % 3 = {part} AND source_type <> 'by hand'", ()),
                (f"DROP TRIGGER {guard}", ()),
                ("UPDATE artifacts SET source_type = 'unknown' WHERE id % 7 = 1 AND source_type <> 'by hand'", ()),
                (found["sql"], ()),
            ]
        )

    def completed(self) -> str | None:
        """Return when the pass was completed, where it was and was not looked at yet."""
        ended: str | None = stored_pass(self.harness).get("completed_at")
        return None if ended == self.looked_at else ended

    def walk(self) -> None:
        """Go on from the stored position until the pass is complete."""
        for _ in range(1000):
            if self.completed():
                return
            if self.chance.random() < 0.7:
                self.caller.tick()
            else:
                body = {"dry_run": False, "resume": True, "max_objects": self.chance.randrange(1, 6000)}
                self.caller.post("/backfill", body)
        self.outcome.differences.append("a pass did not end within 1,000 runs")

    def look_midway(self) -> None:
        """Compare every row with the oracle: some may be missing or unknown yet, none may be wrong or twice."""
        self.midway += stored_pass(self.harness).get("cursor") is not None
        rows = rows_of(self.harness)
        wrong = {name: kind for name, kind in rows.items() if kind not in (self.wanted.get(name), "unknown")}
        self.outcome.expect("rows with a wrong type, or twice", dict(list(wrong.items())[:3]), {})
        self.outcome.expect("rows by hand that are gone", sorted(self.by_hand - rows.keys())[:3], [])

    def look_complete(self) -> None:
        """Compare a complete pass: every key that should have a row has it, and each object was counted once."""
        self.passes += 1
        self.outcome.same(f"rows after pass {self.passes}", rows_of(self.harness), self.wanted)
        stored = stored_pass(self.harness)
        self.outcome.expect("objects counted in a pass", stored["counts"]["scanned"], self.objects)
        self.looked_at = stored["completed_at"]

    def run(self, wanted: int) -> Outcome:
        """Kill until so many runs were cut, then go on until done."""
        self.prepare()
        cuts = Cuts("backfill", self.caller, wanted)
        for _ in cuts.wanting():
            if self.completed():
                self.look_complete()
                self.damage()
            if self.caller.killed_within(self.walk, self.chance.uniform(0.02, LONGEST)):
                free_the_lease(self.harness)
                self.look_midway()
        self.walk()
        self.look_complete()
        cuts.close()
        if wanted >= ENOUGH:
            self.outcome.at_least("kills after which the position was in mid-pass", self.midway, self.caller.kills // 3)
        extra = {"objects": self.objects, "positions in mid-pass": self.midway, "complete passes compared": self.passes}
        self.outcome.figures.update(extra, rows=count(self.harness, "SELECT count(*) FROM artifacts"))
        return self.outcome


def killed_backfill(seed: int, wanted: int) -> Outcome:
    """Kill live backfills until so many runs were cut."""
    with played() as harness:
        fill(harness, map(key, range(OBJECTS)))
        return KilledBackfill(harness, chance_of(seed, "killed backfill")).run(wanted)
