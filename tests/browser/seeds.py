"""Databases that a page has to show: thirty days of history, and far more of everything than fits on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tooling.harness import Harness

ODD = (
    "\u202e\u0007e\u0301\u200d\U0001f469\u200d\U0001f467<b>&amp;\u2028\ufeff"
    "\u05e9\u05dc\u05d5\u05dd\t\u0639\u0631\u0628\u0649"
)
TYPES = [f"type-{number:02}" for number in range(38)] + [
    "a-type-" + "of-a-very-long-name-" * 9,
    "\u05e0\u05ea\u05d5\u05e0\u05d9\u05dd \u202e txet",
]


def odd_key(number: int) -> str:
    """Return a key of up to 1,024 bytes that is hard to show."""
    text = f"{number:06}{ODD}" * 40
    return text.encode()[:1024].decode(errors="ignore")


def history(harness: Harness, types: list[str], days: int = 30) -> None:
    """Fill the last days."""
    today = datetime.now(UTC)
    names = [row["invariant"] for row in harness.d1("SELECT DISTINCT invariant FROM steward_findings").rows]
    for back in range(days):
        told = {
            "violations": {
                name: (back * 7 + place) % 40 for place, name in enumerate(names or ["no_orphan_datapoints"])
            },
            "types": {name: 1000 * place + back for place, name in enumerate(types)},
            "rows_read": 10_000 + back,
            "rows_written": 900 + back,
            "runs": 96,
            "failed": 0,
            "lag_ms": 1500,
        }
        harness.d1(
            "INSERT INTO steward_days (day, rows_read, rows_written, history) VALUES (?1, 0, 0, ?2)"
            " ON CONFLICT (day) DO UPDATE SET history = excluded.history",
            [(today - timedelta(days=back)).strftime("%Y-%m-%d"), json.dumps(told)],
        )


def many(harness: Harness, buckets: list[str]) -> None:
    """Fill a database with 10,000 findings, 100,000 runs, 300 rules, and rows of 40 types in every bucket."""
    count = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})"
    harness.d1_batch((statement, ()) for statement in _counted(count))
    rows = [
        (bucket, odd_key(place * 40 + kind), name)
        for place, bucket in enumerate(buckets)
        for kind, name in enumerate(TYPES)
    ]
    rows += [(buckets[0], odd_key(90_000 + place), "unknown") for place in range(60)]
    harness.d1(
        "INSERT INTO artifacts (r2_bucket, r2_key, source_type)"
        " SELECT value ->> '$[0]', value ->> '$[1]', value ->> '$[2]' FROM json_each(?1)",
        [json.dumps(rows)],
    )
    history(harness, TYPES)


def _counted(count: str) -> Iterator[str]:
    yield "DELETE FROM source_type_rules"
    yield (
        f"INSERT INTO source_type_rules {count.format(300)}"
        " SELECT i, 'p' || i || '/' || char(1513) || '-*' || char(8238) || '.pdf', 'type-' || (i % 38) FROM n"
    )
    yield (
        "INSERT INTO steward_findings"
        " (invariant, severity, opened_at, last_seen_at, resolved_at, violations, peak, sample)"
        f" {count.format(10_000)} SELECT 'an_invariant_of_a_rather_long_name_' || (i % 12), 'error',"
        " strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-' || (10000 - i) || ' minutes'),"
        " strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-' || (10000 - i) || ' minutes'),"
        " strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-' || (9999 - i) || ' minutes'), i, i, '[]' FROM n"
    )
    yield (
        "INSERT INTO steward_runs"
        " (kind, mode, trigger, actor, token_name, status, started_at, expires_at, finished_at, request, cost, error)"
        f" {count.format(100_000)} SELECT 'tick', 'live', 'cron', char(8238) || 'anna' || i, 'operator', 'failed',"
        " '2026-11-01T00:00:00.000Z', '2026-11-01T00:00:00.000Z', '2026-11-01T00:00:01.000Z', '{}',"
        """ '{"rows_read":1,"rows_written":1,"d1_batches":1,"r2_lists":1}',"""
        " 'a ' || char(8238) || ' long' || char(7) || hex(zeroblob(300)) FROM n"
    )
