"""What a dry run forecasts beside what the live runs then really took, row by row at D1's own binding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bench.checks import GROW_CHILDREN
from bench.dedupe import TABLES
from bench.rounds import progress
from bench.subject import TOKEN, Subject, entry
from bench.verdicts import Results
from forecast.work import Table, full_check
from tests.support.runtime import migrate as set_up
from tooling.fill import fill
from tooling.harness import Config, Harness
from tooling.table import table

SMALL = 10_000
OBJECTS = 10_000
WITHIN = 0.10
WHAT = ("rows_read", "rows_written")
NOTABLE = 1_000
"""Fewer rows written are no share of anything: a check writes nine."""

CALLS = 60
EVENLY = """
INSERT INTO artifacts (id, r2_bucket, r2_key, source_type, fetched_at)
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
SELECT
  i,
  'artifacts',
  printf('raw/%08d.pdf', CASE WHEN i % 10 < 3 THEN i - i % 10 ELSE i END),
  iif(i % 5 = 0, 'unknown', 'report'),
  printf('2026-%02d-01T00:00:00.000Z', 1 + i % 12)
FROM n
"""
"""Three of each ten rows are of one object, evenly among the keys."""

Took = Mapping[str, float]


def measure(results: Results, most: int) -> None:
    """Measure at ten thousand rows, and at `most`."""
    rows: list[tuple[object, ...]] = []
    for size in sorted({SMALL, most}):
        for name, (forecast, took) in _measured(size).items():
            told = f"{name}, {size:,} rows"
            rows += [(told, what, *_beside(results, told, what, forecast, took)) for what in WHAT]
    progress("")
    print("\nForecast beside what was taken\n")
    print(table(("", "", "forecast", "taken", "forecast / taken"), rows))


def _beside(results: Results, name: str, what: str, forecast: Took, took: Took) -> tuple[str, str, str]:
    share = forecast[what] / took[what] if took[what] else 1.0
    if took[what] >= NOTABLE:
        told = f"forecast of {what.replace('_', ' ')}, {name}, beside what was taken"
        results.hold(told, round(share, 3), f"within {WITHIN:.0%}", holds=abs(share - 1) <= WITHIN)
    results.keep(f"{name}, {what}", {"forecast": forecast[what], "taken": took[what]})
    return f"{forecast[what]:,.0f}", f"{took[what]:,.0f}", f"{share:.3f}"


def _measured(rows: int) -> dict[str, tuple[Took, Took]]:
    with entry("doors") as main, Harness(Config(main=main, vars={"STEWARD_TOKEN": TOKEN})) as harness:
        subject = Subject(harness)
        harness.d1_batch((text, ()) for text in TABLES)
        set_up(harness)
        subject.sql("DROP TRIGGER steward_guard_insert_datapoints_artifact_id")
        progress(f"forecast: {rows:,} rows")
        for text in (EVENLY.format(rows=rows), GROW_CHILDREN.format(first=1, last=rows)):
            subject.sql(text)
        subject.sql("INSERT INTO source_type_rules VALUES (10, 'new/*', 'report'), (20, 'raw/*', 'report')")
        found = {"recovery": _recovery(subject)}
        found["check"] = _check(subject)
        found["backfill"] = _backfill(subject)
        return found


def _recovery(subject: Subject) -> tuple[Took, Took]:
    progress("forecast: a dry recovery")
    forecast = subject.post("/recover", {"dry_run": True}).body["forecast"]
    body = {"dry_run": False, "max_deletes": 10**6}

    def call() -> bool:
        progress("forecast: a live recovery")
        return bool(subject.post("/recover", body).body["done"])

    return forecast, _taken(subject, call)


def _check(subject: Subject) -> tuple[Took, Took]:
    [counts] = subject.sql(
        "SELECT (SELECT count(*) FROM artifacts) AS artifacts, (SELECT count(*) FROM datapoints) AS children,"
        " (SELECT count(*) FROM artifacts WHERE source_type = 'unknown') AS unknown"
    )
    needs = full_check(Table(**counts))
    return vars(needs), _taken(subject, lambda: bool(subject.post("/check", {"mode": "full"}).body["run_id"]))


def _backfill(subject: Subject) -> tuple[Took, Took]:
    progress("forecast: filling R2")
    fill(subject.harness, (f"{'new' if number % 10 else 'odd'}/{number:06}.pdf" for number in range(OBJECTS)))
    body = {"max_objects": OBJECTS}
    forecast = subject.post("/backfill", body).body["forecast"]
    return forecast, _taken(subject, lambda: bool(subject.post("/backfill", {**body, "dry_run": False}).body["run_id"]))


def _taken(subject: Subject, call: Callable[[], bool]) -> Took:
    """Return what calls took until one says that it is done."""
    subject.get("/doors")
    for _ in range(CALLS):
        if call():
            seen: dict[str, Any] = subject.get("/doors")
            return {name: float(seen[name]) for name in WHAT}
    raise RuntimeError(f"it is not done after {CALLS} calls")
