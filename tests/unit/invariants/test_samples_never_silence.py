"""Whatever one invariant finds, its sample stays small and its finding silences no other."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from database.reading import read_schema
from errors import PlatformError
from invariants import findings
from invariants.catalogue import read_invariant
from invariants.verdict import Verdict
from tests.support.actions import Api, tick
from tests.support.databases import Shape, broken, checked, full_check, verdicts
from tests.support.fakes import World

HEADER = "-- holds: x\n-- severity: error\n-- row: x\n-- do: x\n-- needs: artifacts.id\n"
SMALL = 100_000
"""What all rows of one sample may take, in bytes of JSON."""


def world_of(rows: int = 30) -> World:
    world = Shape().world()
    for number in range(1, rows + 1):
        Shape().artifact(world, number, f"k{number}", "unknown")
    return world


def looked(world: World, folder: Path, query: str, invariants: int = 1) -> list[Verdict]:
    """Run an invariant that somebody dropped in, as often as told."""
    path = folder / "dropped_in.sql"
    path.write_text(HEADER + query)

    async def run() -> list[Verdict]:
        schema = await read_schema(world.database, ())
        return list(await full_check(world, schema, [read_invariant(path)] * invariants))

    return asyncio.run(run())


def size(sample: list[dict[str, Any]]) -> int:
    return len(json.dumps(sample, ensure_ascii=False, allow_nan=False).encode())


NUL = "'a' || char(0) || hex(zeroblob(800000))"
WIDE = ", ".join(f"replace(hex(zeroblob(140)), '0', char(1)) AS c{number}" for number in range(90))


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(NUL + " AS v", id="a NUL before the rest"),
        pytest.param("zeroblob(1900000) AS v", id="bytes"),
        pytest.param("hex(zeroblob(950000)) AS v", id="text"),
        pytest.param("9e999 AS v, -9e999 AS w", id="infinite"),
        pytest.param(WIDE, id="ninety columns of what JSON writes with six bytes each"),
        pytest.param("id AS 'a \"b', id AS 'a', id, id", id="odd and repeated names"),
    ],
)
def test_a_sample_is_small_and_is_json_whatever_the_rows_hold(tmp_path: Path, value: str) -> None:
    [verdict] = looked(world_of(), tmp_path, f"SELECT {value} FROM artifacts")
    assert (verdict.outcome, verdict.violations) == ("violated", 30)
    assert verdict.sample
    assert 0 < size(verdict.sample) < SMALL


def test_an_infinite_number_is_shown_as_a_word(tmp_path: Path) -> None:
    [verdict] = looked(world_of(1), tmp_path, "SELECT 9e999 AS v, -9e999 AS w, 1.5 AS x FROM artifacts")
    assert verdict.sample == [{"v": "Inf", "w": "-Inf", "x": 1.5}]


def test_all_samples_of_a_check_together_fit_into_one_value(tmp_path: Path) -> None:
    many = looked(world_of(), tmp_path, f"SELECT {WIDE} FROM artifacts", invariants=60)
    assert {one.violations for one in many} == {30}
    assert sum(size(one.sample) for one in many) < 1_000_000


def test_where_no_row_can_be_shown_the_number_is_still_exact_and_the_sample_says_why(tmp_path: Path) -> None:
    [verdict] = looked(world_of(), tmp_path, "SELECT json(r2_key) AS v FROM artifacts")
    assert (verdict.outcome, verdict.violations) == ("violated", 30)
    assert "malformed JSON" in verdict.sample[0]["not_shown"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM artifacts ORDER BY id DESC LIMIT 30",
        "WITH a AS (SELECT * FROM artifacts) SELECT * FROM a UNION ALL SELECT * FROM a LIMIT 30",
        "SELECT r2_bucket, count(*) AS n FROM artifacts GROUP BY id",
        "VALUES (1), (2)",
        "SELECT id, row_number() OVER (ORDER BY id) AS place FROM artifacts",
    ],
)
def test_a_query_of_any_form_can_be_dropped_in(tmp_path: Path, query: str) -> None:
    [verdict] = looked(world_of(), tmp_path, query)
    assert verdict.violations in (2, 30)
    assert len(verdict.sample) == min(verdict.violations, 20)


def test_nothing_long_leaves_the_database() -> None:
    world = world_of()
    for number in range(1, 31):
        Shape().datapoint(world, number, number, "https://example.com/" + "d" * 1_000_000 + "/")
    longest = 0

    class Measured(type(world.database)):  # type: ignore[misc]  # the class of the fake
        async def batch(self, statements: Any) -> Any:  # noqa: ANN401  # as the port has it
            nonlocal longest
            results = await super().batch(statements)
            longest = max([longest, *(len(json.dumps(result.rows)) for result in results)])
            return results

    world.database.__class__ = Measured
    assert broken(verdicts(world))["no_directory_citations"] == 30
    assert longest < SMALL


def test_a_finding_that_cannot_be_stored_leaves_the_others_stored_and_is_not_taken_for_checked() -> None:
    world = world_of()
    world.database.script("""
      CREATE TRIGGER mine BEFORE INSERT ON steward_findings WHEN NEW.invariant = 'no_unknown_source_type'
      BEGIN SELECT RAISE(ABORT, 'not in my table'); END;
      DROP INDEX mine;
    """)
    report = checked(world)
    found = {one["name"]: one for one in report["invariants"]}
    assert world.database.all("SELECT invariant FROM steward_findings") == [("unique_index_present",)]
    assert found["no_unknown_source_type"]["outcome"] == "not_checked"
    assert "not in my table" in found["no_unknown_source_type"]["reason"]
    assert "30" in found["no_unknown_source_type"]["reason"]
    assert not report["ok"]
    told = tick(world, BACKFILL_MODE="off")
    assert told["status"] == "failed"
    assert "not in my table" in str(world.database.one("SELECT error FROM steward_runs ORDER BY id DESC"))


def test_where_no_finding_can_be_stored_the_check_fails() -> None:
    world = world_of()
    world.database.script("DROP TABLE steward_alerts")
    both = [Verdict(name, "error", "violated", 1, [], "scan", 0, 0) for name in ("a", "b")]
    with pytest.raises(PlatformError, match="steward_alerts"):
        asyncio.run(findings.record(world.database, both, world.clock.moment, alerting=True))


def test_a_finding_of_one_verdict_is_stored_as_with_others() -> None:
    world = world_of()
    both = [Verdict(name, "error", "violated", 1, [], "scan", 0, 0) for name in ("a", "b")]
    kept = asyncio.run(findings.record(world.database, both, world.clock.moment, alerting=True))
    assert [one.invariant for one in kept.changes] == ["a", "b"]


def test_ten_thousand_types_make_an_inventory_of_a_few_hundred_rows_that_adds_up() -> None:
    world = world_of(0)
    world.database.connection.executemany(
        "INSERT INTO artifacts (id, r2_bucket, r2_key, source_type) VALUES (?, 'b', ?, ?)",
        [(n, f"k{n}", "report" if n < 5000 else f"t{n}" + "x" * 400) for n in range(10_000)],
    )
    assert checked(world)["mode"] == "full"
    kept = json.loads(str(world.database.one("SELECT inventory FROM steward_control")))["by_type"]
    shown = Api(world).json("GET", "/summary").json()["rows"]["by_type"]
    for rows in (kept, shown):
        assert sum(row["artifacts"] for row in rows) == 10_000
        assert len(rows) <= 501
        assert {"r2_bucket": "b", "source_type": "report", "artifacts": 5000} in rows
        assert size(rows) < 500_000
