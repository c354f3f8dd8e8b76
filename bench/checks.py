"""The fast check's cost at several sizes, and the full check beside the postmortem's three queries."""

from __future__ import annotations

import statistics

from bench.rounds import ROUNDS, progress, ratios, spread
from bench.subject import Subject, started
from bench.verdicts import Results
from tooling.table import table

MAX_FAST_ROWS_READ = 60
SIZES = (10_000, 100_000, 1_000_000)

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


def measure(results: Results, most: int) -> None:
    """Measure at every size up to `most`."""
    with started() as subject:
        there, fast = 0, []
        for size in [size for size in SIZES if size <= most]:
            progress(f"growing to {size:,} rows")
            for text in (GROW, GROW_CHILDREN):
                subject.sql(text.format(first=there + 1, last=size))
            there = size
            fast.append(_fast(subject, size))
        progress("the full check")
        _tell_fast(results, fast)
        _full(results, subject, there)


def _fast(subject: Subject, size: int) -> tuple[int, int, float]:
    answers = [subject.post("/check", {"mode": "fast"}) for _ in range(ROUNDS + 1)][1:]
    [read] = {sum(one["rows_read"] for one in answer.body["invariants"]) for answer in answers}
    return size, read, statistics.median(answer.seconds for answer in answers)


def _tell_fast(results: Results, fast: list[tuple[int, int, float]]) -> None:
    print("\nFast check of a healthy database\n")
    print(table(("rows", "rows read", "ms"), [(size, read, f"{1000 * took:.1f}") for size, read, took in fast]))
    print()
    reads = {read for _, read, _ in fast}
    holds = len(reads) == 1 and max(reads) <= MAX_FAST_ROWS_READ
    results.hold("rows read by a fast check", sorted(reads), f"≤ {MAX_FAST_ROWS_READ}, the same", holds=holds)
    results.keep("fast check", {f"{size} rows": {"rows_read": read, "ms": 1000 * took} for size, read, took in fast})


def _full(results: Results, subject: Subject, size: int) -> None:
    ours, theirs, read, their_read = [], [], 0, 0
    for _ in range(ROUNDS):
        answer = subject.post("/check", {"mode": "full"})
        ours.append(sum(one["duration_ms"] for one in answer.body["invariants"]))
        read = sum(one["rows_read"] for one in answer.body["invariants"])
        metas = [subject.harness.d1(query).meta for query in POSTMORTEM.values()]
        theirs.append(sum(float(meta["duration"]) for meta in metas))
        their_read = sum(int(meta["rows_read"]) for meta in metas)
    beside = ratios(theirs, ours)
    rows = [
        ("full check, six invariants", str(spread(ours)), read),
        ("the postmortem's three queries", str(spread(theirs)), their_read),
    ]
    print(f"\nFull check at {size:,} artifacts and as many datapoints\n")
    print(table(("", "ms: median (min to max)", "rows read"), rows))
    print(f"\n  the full check takes {beside} times as long\n")
    results.keep(
        "full check",
        {"ms": spread(ours).rounded(), "three_queries_ms": spread(theirs).rounded(), "ratio": beside.rounded()},
    )
