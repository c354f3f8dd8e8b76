"""The fast check's cost at several sizes, and the full check beside the postmortem's three queries.

Every row is counted at the raw binding: of the check and of what surrounds it (its run's row, the schema, findings).
"""

from __future__ import annotations

from typing import NamedTuple

from bench.rounds import ROUNDS, interleaved, progress, ratio, spread
from bench.subject import Subject, entry, started
from bench.verdicts import Results
from tooling.table import table

MAX_FAST_ROWS_READ = 60
SIZES = (10_000, 100_000, 1_000_000)
OURS = "full check, every invariant"
THEIRS = "the postmortem's three queries"

POSTMORTEM = {
    "duplicate keys": "SELECT r2_bucket, r2_key, count(*) FROM artifacts GROUP BY 1, 2 HAVING count(*) > 1",
    "unknown count": "SELECT count(*) FROM artifacts WHERE source_type = 'unknown'",
    "orphans": (
        "SELECT count(*) FROM datapoints LEFT JOIN artifacts ON artifacts.id = datapoints.artifact_id"
        " WHERE artifacts.id IS NULL"
    ),
}

GROW = """
INSERT INTO artifacts (id, r2_bucket, r2_key, source_type, fetched_at)
WITH RECURSIVE n (i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})
SELECT i, 'artifacts', printf('raw/%05d/%08d.pdf', i / 1000, i), 'report', '2026-01-01T00:00:00.000Z' FROM n
"""
GROW_CHILDREN = """
INSERT INTO datapoints (id, artifact_id)
WITH RECURSIVE n (i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}) SELECT i, i FROM n
"""


class Checked(NamedTuple):
    """One check: seconds seen from outside, rows read by its queries, and rows read by all of the request."""

    seconds: float
    rows_read: int
    all_rows_read: int


def measure(results: Results, most: int) -> None:
    """Measure at every size up to `most`."""
    with entry("doors") as main, started(main) as subject:
        there, fast = 0, {}
        for size in [size for size in SIZES if size <= most] or [most]:
            progress(f"checks: growing to {size:,} rows")
            for text in (GROW, GROW_CHILDREN):
                subject.sql(text.format(first=there + 1, last=size))
            there = size
            progress(f"checks: fast, at {size:,} rows")
            fast[size] = [_check(subject, "fast") for _ in range(max(results.rounds, ROUNDS) + 1)][1:]
        progress("")
        _tell_fast(results, fast)
        ways = {OURS: lambda: _check(subject, "full"), THEIRS: lambda: _queries(subject)}
        _tell_full(results, interleaved(ways, results.rounds, "the full check"), there)


def _check(subject: Subject, mode: str) -> Checked:
    """Check once. Raises RuntimeError where anything does not hold: the table is healthy."""
    subject.get("/doors")
    answer = subject.post("/check", {"mode": mode})
    verdicts = answer.body["invariants"]
    if not answer.body["ok"] or any(one["outcome"] == "violated" for one in verdicts):
        raise RuntimeError(f"a check of a healthy table found {verdicts}")
    seen = subject.get("/doors")
    return Checked(answer.seconds, sum(one["rows_read"] for one in verdicts), int(seen["rows_read"]))


def _queries(subject: Subject) -> Checked:
    answer = subject.post("/queries", list(POSTMORTEM.values()))
    read = int(answer.body["rows_read"])
    return Checked(answer.seconds, read, read)


def _tell_fast(results: Results, fast: dict[int, list[Checked]]) -> None:
    rows, figures = [], {}
    for size, checks in fast.items():
        took = spread(1000 * one.seconds for one in checks)
        by_check, by_all = {one.rows_read for one in checks}, {one.all_rows_read for one in checks}
        rows.append((size, _listed(by_check), _listed(by_all), str(took)))
        figures[f"{size} rows"] = {"rows_read": sorted(by_check), "all_rows_read": sorted(by_all), "ms": took.rounded()}
    print("\nFast check of a healthy database, from outside\n")
    heads = ("rows", "rows read by the check", "by all of the request", "ms: median (min to max)")
    print(table(heads, rows))
    print()
    reads = {one.rows_read for checks in fast.values() for one in checks}
    holds = len(reads) == 1 and max(reads) <= MAX_FAST_ROWS_READ
    results.hold("rows read by a fast check", sorted(reads), f"≤ {MAX_FAST_ROWS_READ}, the same", holds=holds)
    whole = {one.all_rows_read for checks in fast.values() for one in checks}
    told = "rows read by a fast check's whole request"
    results.hold(told, sorted(whole), "the same at every size", holds=len(whole) == 1)
    results.keep("fast check", figures)


def _listed(values: set[int]) -> str:
    return ", ".join(f"{value:,}" for value in sorted(values))


def _tell_full(results: Results, found: dict[str, list[Checked]], size: int) -> None:
    times = {name: [1000 * one.seconds for one in checks] for name, checks in found.items()}
    beside = ratio(times[OURS], times[THEIRS])
    rows = [(name, str(spread(times[name])), checks[0].all_rows_read) for name, checks in found.items()]
    print(f"\nFull check at {size:,} artifacts and as many datapoints, from outside\n")
    print(table(("", "ms: median (min to max)", "rows read"), rows))
    print(f"\n  the full check takes {beside} times as long\n")
    figures = {
        name: {"ms": spread(times[name]).rounded(), "rows_read": checks[0].all_rows_read}
        for name, checks in found.items()
    }
    results.keep("full check", {**figures, "ratio": beside.rounded()})
