"""Ticks, manual runs, recoveries and a pause all at once: one owner at a time, and the same end state."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

from tests.chaos.setup import (
    EVERYTHING,
    PROGRESS,
    Outcome,
    chance_of,
    count,
    key,
    played,
    post,
    rows_of,
    stored_pass,
    ticked_through,
    type_of,
)
from tooling.fill import fill
from tooling.harness import Harness

AT_ONCE = 10
RECOVERIES = 2
OBJECTS = 40_000
STAGGER = 4.0
"""Seconds over which every other round spreads its calls, so that it has several owners."""
TOLERANCE = timedelta(milliseconds=50)
"""A run's start is read just before it asks for the lease, so it may lie a little before its forerunner's end."""

Call = Callable[[Harness], str]


def manual(body: dict[str, object]) -> Call:
    """Return the call of a manual live run."""
    return lambda harness: f"manual {post(harness, '/backfill', {'dry_run': False, **body})[0]}"


def tick(harness: Harness) -> str:
    """Fire the cron."""
    return f"tick {harness.scheduled()}"


def recovery(harness: Harness) -> str:
    """Call the live recovery."""
    return f"recovery {post(harness, '/recover', {'dry_run': False})[0]}"


def pause(harness: Harness) -> str:
    """Pause scheduled backfill."""
    return f"pause {post(harness, '/pause', {'reason': 'a crowd'})[0]}"


LEAD = 0.1
FIRST: tuple[Call | None, ...] = (recovery, None, None)
"""Who is ahead of the others in a round, by so many seconds: left to chance, a kind of call may never be first."""

GOOD = {"manual 200", "manual 409", "tick ok", "recovery 200", "recovery 409", "pause 200"}


class Crowd:
    """Round after round of many calls at once, and what their runs and log lines say."""

    def __init__(self, harness: Harness, chance: random.Random, objects: int = OBJECTS) -> None:
        self.harness = harness
        self.objects = objects
        self.chance = chance
        self.outcome = Outcome()
        self.answers: Counter[str] = Counter()
        self.owners: Counter[str] = Counter()
        self.several_lines = 0
        self.wanted = {key(n): kind for n in range(objects) if (kind := type_of(key(n)))}

    def round(self, number: int) -> None:
        """Empty the table, let all loose, and compare."""
        self.harness.d1("DELETE FROM artifacts")
        self.harness.kv_delete(PROGRESS)
        self.harness.clear_logs()
        newest = count(self.harness, "SELECT max(id) FROM steward_runs")
        ahead = FIRST[number % len(FIRST)]
        answers = self._let_loose(ahead, staggered=number % 2 == 1, paused=number % 3 == 2)
        self.answers.update(answers)
        self.outcome.expect("answers", set(answers) - GOOD, set())
        runs = self.harness.d1("SELECT * FROM steward_runs WHERE id > ?1 ORDER BY id", [newest]).rows
        lines = [json.loads(line.message) for line in self.harness.logs() if line.message.startswith("{")]
        self._add_up(answers, runs, lines)
        self._one_owner_at_a_time(runs, lines)
        self._end_state()

    def _let_loose(self, ahead: Call | None, *, staggered: bool, paused: bool) -> Counter[str]:
        bodies: list[dict[str, object]] = [{"max_objects": EVERYTHING}, {"max_objects": 7000, "resume": True}]
        calls: list[Call] = [*(manual(bodies[n % 2]) for n in range(AT_ONCE)), *[tick] * AT_ONCE]
        calls += [*[recovery] * RECOVERIES, *([pause] if paused else [])]
        self.chance.shuffle(calls)
        waits = [self.chance.uniform(0, STAGGER if staggered else 0) for _ in calls]
        if ahead:
            calls.sort(key=lambda call: call is not ahead)
            waits = [0.0, *(LEAD + wait for wait in waits[1:])]

        def make(call: Call, wait: float) -> str:
            time.sleep(wait)
            return call(self.harness)

        with ThreadPoolExecutor(len(calls)) as pool:
            return Counter(pool.map(make, calls, waits))

    def _add_up(self, answers: Counter[str], runs: list[dict[str, Any]], lines: list[dict[str, Any]]) -> None:
        """Every call either has a run's row or says that it was not its turn."""
        kinds = Counter(run["kind"] for run in runs)
        self.owners.update(kinds)
        skipped = sum(line["event"] == "tick_skipped" for line in lines)
        self.answers["tick skipped"] += skipped
        self.outcome.expect("ticks that worked and that were skipped", kinds["tick"] + skipped, AT_ONCE)
        self.outcome.expect("manual runs", kinds["backfill"], answers["manual 200"])
        self.outcome.expect("recoveries", kinds["recovery"], answers["recovery 200"])
        unwell = [(run["id"], run["status"], run["error"]) for run in runs if run["status"] != "succeeded"]
        self.outcome.expect("runs that did not end well", unwell, [])

    def _one_owner_at_a_time(self, runs: list[dict[str, Any]], lines: list[dict[str, Any]]) -> None:
        """The times of the runs do not overlap, and neither do the lines that they logged at work."""
        for one, other in pairwise(runs):
            early = datetime.fromisoformat(one["finished_at"]) - datetime.fromisoformat(other["started_at"])
            if early > TOLERANCE:
                self.outcome.differences.append(f"run {other['id']} began {early} before run {one['id']} ended")
        at_work = [line["run_id"] for line in lines if line["event"] in ("page", "recovery_step")]
        turns = [owner for owner, _ in groupby(at_work)]
        again = [owner for owner, number in Counter(turns).items() if number > 1]
        self.outcome.expect("runs whose lines interleave with another's", again, [])
        self.several_lines += sum(number > 2 for number in Counter(at_work).values())

    def _end_state(self) -> None:
        """Go on by ticks until the pass that the crowd began is complete."""
        rows = rows_of(self.harness)
        wrong = {name: kind for name, kind in rows.items() if kind != self.wanted.get(name)}
        self.outcome.expect("rows in between", dict(list(wrong.items())[:3]), {})
        self.outcome.expect("resuming", post(self.harness, "/resume", {})[0], 200)
        stored = stored_pass(self.harness)
        if not stored.get("completed_at"):
            stored = ticked_through(self.harness, self.outcome)
        self.outcome.same("rows after all at once", rows_of(self.harness), self.wanted)
        self.outcome.expect("objects counted in the pass", stored["counts"].get("scanned"), self.objects)

    def run(self, rounds: int) -> Outcome:
        """Do so many rounds."""
        for number in range(rounds):
            self.round(number)
            print(f"  crowd: {number + 1} of {rounds} rounds, owners {dict(self.owners)}", flush=True)
        if rounds > 1:
            for kind in ("tick", "backfill", "recovery"):
                self.outcome.at_least(f"runs of kind {kind}", self.owners[kind], 1)
            self.outcome.at_least("owners that logged several lines", self.several_lines, 1)
        owners = {f"owners, {kind}": number for kind, number in self.owners.items()}
        lines = {"owners that logged several lines": self.several_lines}
        self.outcome.figures = {
            "rounds": rounds,
            "at once": 2 * AT_ONCE + RECOVERIES,
            **self.answers,
            **owners,
            **lines,
        }
        return self.outcome


def crowd(seed: int, rounds: int) -> Outcome:
    """Fire ten ticks, ten manual live runs and two recoveries together, several times."""
    with played("far") as harness:
        fill(harness, map(key, range(OBJECTS)))
        return Crowd(harness, chance_of(seed, "crowd")).run(rounds)
