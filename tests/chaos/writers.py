"""Another writer while the backfill walks: rows inserted, upgraded, replaced and deleted, objects put and deleted."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.chaos.setup import (
    EVERYTHING,
    HTTP_OK,
    PROGRESS,
    Outcome,
    chance_of,
    count,
    key,
    played,
    post,
    rows_of,
    ticked_through,
    type_of,
)
from tooling.fill import fill
from tooling.harness import Harness

OBJECTS = 30_000
WRITERS = 4
AHEAD = 3000
"""Keys are taken from this many that come next: the walk passes them a moment later."""
BATCH = 12
LEAST_WRITES = 30
"""During a pass, and on classified keys at that; a pass takes a second or two."""

FRONT = """
SELECT r2_key FROM artifacts WHERE r2_bucket = 'artifacts' AND source_type IN ('report', 'page')
ORDER BY r2_key DESC LIMIT 1
"""
INSERT = (
    "INSERT INTO artifacts (r2_bucket, r2_key, source_type) VALUES ('artifacts', ?1, '{kind}') ON CONFLICT DO NOTHING"
)
REPLACE = "INSERT OR REPLACE INTO artifacts (r2_bucket, r2_key, source_type) VALUES ('artifacts', ?1, 'by hand')"
UPGRADE = "UPDATE artifacts SET source_type = 'by hand' WHERE r2_key = ?1 AND source_type = 'unknown'"
DELETE = "DELETE FROM artifacts WHERE r2_bucket = 'artifacts' AND r2_key = ?1"
BY_HAND = frozenset({"by hand"})

Allowed = frozenset[str | None]


def by_the_walk(name: str) -> Allowed:
    """Return what may be there of an object that the walk may or may not have met: no row, or one of its type."""
    return frozenset({None, type_of(name)})


def front(harness: Harness) -> int:
    """Return the number of the last key that the walk has inserted."""
    rows = harness.d1(FRONT).rows
    return int(rows[0]["r2_key"].split("/")[2][:6]) if rows else 0


@dataclass
class Batch:
    """When a batch was sent and answered, and how many writes it did, on classified keys among them."""

    sent: datetime
    answered: datetime
    writes: int
    classified: int


@dataclass
class Writer:
    """One writer on its own share of the keys; it knows what may be in each of them afterwards."""

    harness: Harness
    chance: random.Random
    share: int
    stopped: threading.Event
    allowed: dict[str, Allowed] = field(default_factory=dict)
    objects: set[str] = field(default_factory=set)
    batches: list[Batch] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Write until stopped."""
        works: list[Callable[[list[str]], int]] = [self.insert, self.upgrade, self.delete, self.replace, self.objectify]
        while not self.stopped.is_set():
            first = front(self.harness)
            names = [key(n) for n in range(first, min(first + AHEAD, OBJECTS)) if n % WRITERS == self.share]
            if not names:
                names = [key(n) for n in range(OBJECTS) if n % WRITERS == self.share]
            chosen = self.chance.sample(names, min(BATCH, len(names)))
            work, sent = self.chance.choice(works), datetime.now(UTC)
            writes = work(chosen)
            classified = sum(type_of(name) is not None for name in chosen)
            self.batches.append(Batch(sent, datetime.now(UTC), writes, min(writes, classified)))
            self.done[work.__name__] += writes

    def _changed(self, names: list[str], sql: str) -> list[str]:
        results = self.harness.d1_batch((sql, [name]) for name in names) if names else []
        return [name for name, result in zip(names, results, strict=True) if result.meta["changes"]]

    def insert(self, names: list[str]) -> int:
        """Insert rows of a known type where there are none."""
        changed = self._changed(names, INSERT.format(kind="by hand"))
        self.allowed.update(dict.fromkeys(changed, BY_HAND))
        return len(changed)

    def upgrade(self, names: list[str]) -> int:
        """Insert unknown rows where there are none, and give them a type where no one else did by then."""
        new = self._changed(names, INSERT.format(kind="unknown"))
        self.allowed.update({name: frozenset({type_of(name)}) for name in new})
        self.allowed.update(dict.fromkeys(changed := self._changed(new, UPGRADE), BY_HAND))
        return len(new) + len(changed)

    def delete(self, names: list[str]) -> int:
        """Delete rows; the walk brings them back if it has not passed yet."""
        gone = self._changed(names, DELETE)
        self.allowed.update({name: by_the_walk(name) for name in gone})
        return len(gone)

    def replace(self, names: list[str]) -> int:
        """Replace rows, which no guard sees."""
        changed = self._changed(names, REPLACE)
        self.allowed.update(dict.fromkeys(changed, BY_HAND))
        return len(changed)

    def objectify(self, names: list[str]) -> int:
        """Store new objects beside those keys, and delete some of one's own."""
        new = [f"{name[:14]}-{self.share}{self.chance.randrange(10**6)}.pdf" for name in names[:4]]
        old = self.chance.sample(sorted(self.objects), min(2, len(self.objects)))
        self.harness.r2_put((name, "new") for name in new)
        self.harness.r2_delete(old)
        self.objects = (self.objects | set(new)) - set(old)
        self.allowed.update({name: by_the_walk(name) for name in new})
        return len(new) + len(old)


class Passes:
    """Passes with writers, each on an empty table and compared with what the writers know."""

    def __init__(self, harness: Harness, chance: random.Random) -> None:
        self.harness = harness
        self.chance = chance
        self.outcome = Outcome()
        self.done: Counter[str] = Counter()
        self.objects: set[str] = set()
        self.writes: list[int] = []
        self.classified: list[int] = []
        fill(harness, (key(number) for number in range(OBJECTS)))

    def walk(self, *, by_ticks: bool) -> None:
        """Walk everything once."""
        if by_ticks:
            ticked_through(self.harness, self.outcome)
        else:
            status, report = post(self.harness, "/backfill", {"dry_run": False, "max_objects": EVERYTHING})
            self.outcome.expect("a manual run", (status, report.get("stopped_because")), (HTTP_OK, "end"))

    def round(self, number: int) -> None:
        """Empty the table, walk while the writers write, compare; then walk in peace, and compare exactly."""
        self.harness.d1("DELETE FROM artifacts")
        self.harness.kv_delete(PROGRESS)
        self.harness.r2_delete(self.objects)
        newest = count(self.harness, "SELECT max(id) FROM steward_runs")
        stopped = threading.Event()
        writers = [Writer(self.harness, random.Random(self.chance.random()), n, stopped) for n in range(WRITERS)]
        with ThreadPoolExecutor(WRITERS) as pool:
            working = [pool.submit(writer.run) for writer in writers]
            try:
                self.walk(by_ticks=number % 2 == 1)
            finally:
                stopped.set()
            for one in working:
                one.result()
        self._count_writes(writers, newest)
        allowed = {name: found for writer in writers for name, found in writer.allowed.items()}
        self.objects = {name for writer in writers for name in writer.objects}
        self._compare(allowed)
        self.harness.kv_delete(PROGRESS)
        self.walk(by_ticks=number % 2 == 0)
        settled = {name: found - {None} for name, found in allowed.items() if name in self.objects}
        base = {key(n) for n in range(OBJECTS)}
        settled |= {n: found - {None} or found for n, found in allowed.items() if n in base}
        self._compare(allowed | settled)

    def _compare(self, allowed: dict[str, Allowed]) -> None:
        """Compare every row: one per key, of a type that the key's writer allows, and none that no one wrote."""
        rows = rows_of(self.harness)
        wanted = {name: frozenset({type_of(name)}) for name in map(key, range(OBJECTS))} | allowed
        wrong = {name: (rows.get(name), set(one)) for name, one in wanted.items() if rows.get(name) not in one}
        self.outcome.expect(f"rows beside a writer, {len(wrong)} wrong", dict(list(wrong.items())[:3]), {})
        self.outcome.expect("rows that no one wrote", sorted(rows.keys() - wanted.keys())[:3], [])

    def _count_writes(self, writers: list[Writer], newest: int) -> None:
        """Count the writes between the start and the end of a run."""
        runs = self.harness.d1("SELECT * FROM steward_runs WHERE id > ?1", [newest]).rows
        spans = [tuple(datetime.fromisoformat(run[name]) for name in ("started_at", "finished_at")) for run in runs]
        within = [
            batch
            for writer in writers
            for batch in writer.batches
            if any(start <= batch.sent and batch.answered <= end for start, end in spans)
        ]
        self.writes.append(sum(batch.writes for batch in within))
        self.classified.append(sum(batch.classified for batch in within))
        for writer in writers:
            self.done.update(writer.done)

    def run(self, rounds: int) -> Outcome:
        """Walk so many passes."""
        for number in range(rounds):
            self.round(number)
            print(f"  writers: {number + 1} of {rounds} passes, {self.writes[-1]} writes meanwhile", flush=True)
        self.outcome.at_least("writes during the pass with the fewest", min(self.writes), LEAST_WRITES)
        self.outcome.at_least("of these on classified keys", min(self.classified), LEAST_WRITES // 2)
        unwell = count(self.harness, "SELECT count(*) FROM steward_runs WHERE status <> 'succeeded'")
        self.outcome.expect("runs that did not end well", unwell, 0)
        figures = {"passes": rounds, "writes during runs": sum(self.writes), "on classified": sum(self.classified)}
        self.outcome.figures = {**figures, **self.done}
        return self.outcome


def another_writer(seed: int, rounds: int) -> Outcome:
    """Walk pass after pass while several writers are at work."""
    with played("far") as harness:
        return Passes(harness, chance_of(seed, "writers")).run(rounds)
