"""Databases as people have them, on real D1; filled by SQL, for they are large."""

from __future__ import annotations

from typing import Any

from tests.support.databases import Shape
from tests.support.runtime import migrate
from tests.worker.conftest import Steward


def script(steward: Steward, text: str) -> None:
    """Run statements in one transaction. None of them may hold a semicolon of its own."""
    steward.harness.d1_batch((statement, ()) for statement in text.split(";") if statement.strip())


def install(steward: Steward, shape: Shape, further: str = "") -> None:
    """Create the tables that were there before the steward, then what the steward brings."""
    script(steward, shape.schema() + further)
    migrate(steward.harness)


def drop_guards(steward: Steward) -> None:
    """Take the guards away, so that a test can break what they protect."""
    for row in steward.sql("SELECT name FROM sqlite_schema WHERE type = 'trigger'"):
        steward.sql(f'DROP TRIGGER "{row["name"]}"')


def numbers(count: int) -> str:
    """Return the table expression n (i) with the numbers from 1 to `count`."""
    return f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"


def identifier(shape: Shape, number: str) -> str:
    """Return the SQL expression of the id with that number."""
    return number if shape.ids == "INTEGER" else f"printf('id-%07d', {number})"


def seed(steward: Steward, shape: Shape, objects: int, doubled: int, tripled: int) -> None:
    """Fill with `objects` objects, of which the first `doubled` have two rows and the first `tripled` three.

    One row in twenty is unknown; there are two datapoints a row, on losers and winners alike.
    """
    rows = objects + doubled + tripled
    extra = f"CASE WHEN i <= {doubled} THEN i ELSE i - {doubled} END"
    kind = "CASE i % 20 WHEN 0 THEN 'unknown' WHEN 1 THEN 'memo' ELSE 'report' END"
    newer = "CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN '2026-06-01T00:00:00Z' ELSE '2025-01-01T00:00:00Z' END"
    script(
        steward,
        f"""
        INSERT INTO artifacts {numbers(objects)}
        SELECT {identifier(shape, "i")}, 'artifacts', printf('raw/%06d.pdf', i), {kind}, '2026-01-01T00:00:00Z',
          'n' || i
        FROM n;
        INSERT INTO artifacts {numbers(doubled + tripled)}
        SELECT {identifier(shape, f"i + {objects}")}, 'artifacts', printf('raw/%06d.pdf', {extra}), {kind},
          {newer}, NULL
        FROM n;
        INSERT INTO datapoints (artifact_id, value) {numbers(rows * 2)}
        SELECT {identifier(shape, f"1 + (i * 7) % {rows}")}, i / 4.0 FROM n;
        CREATE TABLE reached AS
        SELECT d.id, a.r2_bucket AS place, a.r2_key AS called
        FROM datapoints AS d JOIN artifacts AS a ON a.id = d.artifact_id
        """,
    )


def lost(steward: Steward) -> int:
    """Return how many datapoints no longer reach the object that they reached when seeded."""
    [row] = steward.sql("""
      SELECT count(*) AS lost FROM reached
      WHERE NOT EXISTS (
        SELECT 1 FROM datapoints AS d JOIN artifacts AS a ON a.id = d.artifact_id
        WHERE d.id = reached.id AND a.r2_bucket = reached.place AND a.r2_key = reached.called
      )
    """)
    return int(row["lost"])


def verdicts(steward: Steward, mode: str) -> dict[str, dict[str, Any]]:
    """Check every invariant and return what was found, by name."""
    reply = steward.send("POST", "/check", {"mode": mode})
    assert reply.status == 200, reply.text
    return {one["name"]: one for one in reply.json()["invariants"]}


def recovered(steward: Steward, **request: object) -> dict[str, Any]:
    """Do one call of the recovery that must succeed."""
    reply = steward.send("POST", "/recover", request)
    assert reply.status == 200, reply.text
    report: dict[str, Any] = reply.json()
    assert "error" not in report["steps"][-1], report["steps"][-1]
    return report


def healed(steward: Steward, **request: object) -> list[dict[str, Any]]:
    """Call the live recovery until it is done, and return every report."""
    reports = [recovered(steward, dry_run=False, **request)]
    while not reports[-1]["done"]:
        assert len(reports) < 50
        reports.append(recovered(steward, dry_run=False, **request))
    return reports
