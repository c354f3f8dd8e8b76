"""Buckets that no one expects, each walked in manual slices and again by ticks, and compared row by row.

The local R2 refuses a list answer over 1 MiB, so a page of long keys is asked for again in halves and never reaches the
2 MB at which ours are split for D1; that split is shown with parts of 20 kB (`environments/small_parts.py`).
"""

from __future__ import annotations

import threading
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.chaos.setup import (
    EVERYTHING,
    HTTP_OK,
    PROGRESS,
    Outcome,
    fresh,
    key,
    played,
    post,
    rows_of,
    ticked_through,
    type_of,
)
from tests.chaos.writers import front
from tooling.harness import Harness

SLICE = 777
COUNTS = ("scanned", "inserted", "upgraded", "unchanged", "unclassified", "skipped")
RULES_AT_MOST = 300


@dataclass(frozen=True)
class Odd:
    """A bucket, the types that its keys must get, and how many objects are skipped."""

    keys: tuple[str, ...] = ()
    body: str = "body"
    type_of: Callable[[str], str | None] = type_of
    skipped: int = 0
    rules: tuple[tuple[int, str, str], ...] = ()

    @property
    def rows(self) -> dict[str, str]:
        """The rows that a walk must leave."""
        if self.skipped:
            return {}
        return {name: kind for name in self.keys if (kind := self.type_of(name))}

    @property
    def counts(self) -> dict[str, int]:
        """The counts of the walk that finds no row."""
        inserted, scanned = len(self.rows), len(self.keys)
        found = {"scanned": scanned, "inserted": inserted, "skipped": self.skipped}
        return {**dict.fromkeys(COUNTS, 0), **found, "unclassified": scanned - inserted - self.skipped}


def control_keys() -> tuple[str, ...]:
    """Return keys that as JSON are over 2 MB: a control character takes six bytes there."""
    return tuple(f"raw/{number:04}" + "\x01\x1f\x7f" * 330 + ".pdf" for number in range(1000))


def twins() -> tuple[str, ...]:
    """Return keys that look the same, in two normal forms of Unicode."""
    names = [f"raw/café-{number}.pdf" for number in range(500)]
    return (
        *(unicodedata.normalize("NFC", one) for one in names),
        *(unicodedata.normalize("NFD", one) for one in names),
    )


def many_rules() -> Odd:
    """Return a bucket of three hundred folders, each with a rule of its own."""
    rules = tuple((number, f"folder-{number:03}/*[0-9]", f"type-{number}") for number in range(RULES_AT_MOST))
    names = tuple(f"folder-{number % RULES_AT_MOST:03}/{number:05}" for number in range(2000))
    return Odd(names, type_of=lambda name: f"type-{int(name[7:10])}", rules=rules)


def buckets() -> dict[str, Odd]:
    """Return every odd bucket by its name."""
    markers = tuple(f"raw/{number:04}/" for number in range(1500))
    longest = tuple(f"raw/{number:04}" + "x" * 1012 + ".pdf" for number in range(1500))
    return {
        "an empty bucket": Odd(),
        "only directory markers": Odd(markers, body="", skipped=len(markers)),
        "keys of control characters": Odd(control_keys()),
        "1,024-byte keys": Odd(longest),
        "NFC and NFD twins": Odd(twins()),
        "300 rules": many_rules(),
    }


def by_slices(harness: Harness, outcome: Outcome) -> tuple[dict[str, int], Counter[str]]:
    """Walk everything in manual slices of an odd size; return the sums of the counts and of the cost."""
    sums: Counter[str] = Counter()
    cost: Counter[str] = Counter()
    cursor = None
    while True:
        status, report = post(harness, "/backfill", {"dry_run": False, "max_objects": SLICE, "cursor": cursor})
        if status != HTTP_OK:
            outcome.expect("a slice", report, "an answer 200")
            return dict(sums), cost
        sums.update({name: report[name] for name in COUNTS})
        cost.update(report["cost"])
        cursor = report["cursor"]
        if not report["truncated"]:
            return dict(sums), cost


def walked_twice(harness: Harness, outcome: Outcome, name: str, odd: Odd) -> Counter[str]:
    """Fill the bucket, walk it in slices and then anew by ticks, and compare counts and rows; return the cost."""
    fresh(harness)
    if odd.rules:
        harness.d1("DELETE FROM source_type_rules")
        harness.d1_batch([("INSERT INTO source_type_rules VALUES (?1, ?2, ?3)", rule) for rule in odd.rules])
    harness.r2_put((one, odd.body) for one in odd.keys)
    counts, cost = by_slices(harness, outcome)
    outcome.same(f"{name}, counts by slices", counts, dict(odd.counts))
    outcome.same(f"{name}, rows by slices", rows_of(harness), odd.rows)
    harness.d1("DELETE FROM artifacts")
    stored = ticked_through(harness, outcome)["counts"]
    outcome.same(f"{name}, counts by ticks", {one: stored.get(one) for one in COUNTS}, dict(odd.counts))
    outcome.same(f"{name}, rows by ticks", rows_of(harness), odd.rows)
    print(f"  {name}: {len(odd.keys)} objects", flush=True)
    return cost


def odd_inputs(names: Iterable[str] | None = None) -> Outcome:
    """Walk every odd bucket, or those of the names given."""
    outcome = Outcome()
    chosen = buckets() if names is None else {name: buckets()[name] for name in names}
    with played() as harness:
        for name, odd in chosen.items():
            walked_twice(harness, outcome, name, odd)
    outcome.figures = {"buckets": len(chosen), "objects": sum(len(odd.keys) for odd in chosen.values())}
    return outcome


def split_pages() -> Outcome:
    """Walk keys of control characters where a page is split at 20 kB: more batches than lists, and nothing lost."""
    outcome = Outcome()
    odd = buckets()["keys of control characters"]
    with played("small_parts") as harness:
        cost = walked_twice(harness, outcome, "pages split in many", odd)
    outcome.at_least("D1 batches, lists being few", cost["d1_batches"], 20 * cost["r2_lists"])
    outcome.figures = dict(cost)
    return outcome


class Shrinking:
    """A bucket that shrinks from a thread of its own while one run, or one pass of ticks, walks it."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.outcome = Outcome()
        self.deleted: list[str] = []
        self.deletions_meanwhile = 0

    def walk(self, *, by_ticks: bool) -> None:
        """Walk while the bucket shrinks; every object that is left has its row, and no other key has one."""
        fresh(self.harness)
        names = [key(number) for number in range(9000)]
        self.harness.r2_put((name, "body") for name in names)
        self.deleted = []
        ended = threading.Event()
        shrink = threading.Thread(target=self._shrink, args=[names, ended])
        shrink.start()
        try:
            self._once(by_ticks=by_ticks)
        finally:
            ended.set()
            shrink.join()
        rows, gone = rows_of(self.harness), set(self.deleted)
        left = {name: kind for name in names if name not in gone and (kind := type_of(name))}
        self.outcome.same("rows of what is left", {n: k for n, k in rows.items() if n not in gone}, left)
        wrong = {name: rows[name] for name in gone & rows.keys() if rows[name] != type_of(name)}
        self.outcome.expect("rows of what is gone", wrong, {})
        self.outcome.at_least("objects deleted during the walk", self.deletions_meanwhile, 100)

    def _once(self, *, by_ticks: bool) -> None:
        if by_ticks:
            self.harness.kv_delete(PROGRESS)
            ticked_through(self.harness, self.outcome)
            return
        status, report = post(self.harness, "/backfill", {"dry_run": False, "max_objects": EVERYTHING})
        self.outcome.expect("a shrinking bucket ends", (status, report.get("stopped_because")), (HTTP_OK, "end"))

    def _shrink(self, names: list[str], ended: threading.Event) -> None:
        """Delete from the end, and what lies right behind and before the walk, the key that it stands on too."""
        self.deletions_meanwhile = 0
        while not ended.is_set():
            at, left = front(self.harness), sorted(set(names) - set(self.deleted))
            near = [name for name in left if at - 10 < int(name[8:14]) < at + 30]
            batch = [*near, *left[-20:]] if len(left) > len(names) // 3 else near
            self.harness.r2_delete(batch)
            self.deleted += batch
            self.deletions_meanwhile += 0 if ended.is_set() else len(batch)


def shrinking_bucket() -> Outcome:
    """Walk a bucket that shrinks meanwhile, by one run and by ticks."""
    with played("far") as harness:
        case = Shrinking(harness)
        deleted: dict[str, Any] = {}
        for by_ticks in (False, True):
            case.walk(by_ticks=by_ticks)
            deleted[f"deleted during {'ticks' if by_ticks else 'one run'}"] = case.deletions_meanwhile
    case.outcome.figures = deleted
    return case.outcome
