from __future__ import annotations

from dataclasses import dataclass

import pytest

from database.guards import expected_guards
from tests.support.databases import SHAPES, Shape, broken
from tests.worker.conftest import Steward
from tests.worker.databases import drop_guards, identifier, install, numbers, script, verdicts
from tooling.harness import HarnessError

FAST_ROWS = 70
"""What a fast check of a healthy database may read, whatever it holds: mostly a row per table, index and trigger."""

RELYING = {"objects_present", "objects_unchanged"}
"""Invariants that rely on a pass, of which there is none here."""

NOT_LOOKED_AT = {"no_directory_citations", *RELYING}


def healthy(steward: Steward, shape: Shape) -> None:
    install(steward, shape)
    script(
        steward,
        f"""
        INSERT INTO artifacts {numbers(5)}
        SELECT {identifier(shape, "i")}, 'artifacts', 'raw/' || i, 'raw', '2026-01-01', NULL FROM n;
        INSERT INTO datapoints (artifact_id, source_url) {numbers(5)}
        SELECT {identifier(shape, "i")}, 'https://example.org/report.pdf' FROM n
        """,
    )


@dataclass(frozen=True)
class Breakage:
    sql: str
    breaks: dict[str, int]
    unguarded: bool = False


BREAKAGES = {
    "duplicates": Breakage(
        "DROP INDEX mine; INSERT INTO artifacts SELECT id || '9', r2_bucket, r2_key, 'raw', NULL, NULL FROM artifacts",
        {"one_artifact_per_object": 5, "unique_index_present": 1},
    ),
    "unknowns": Breakage(
        "INSERT INTO artifacts VALUES ('99', 'artifacts', 'x', 'unknown', NULL, NULL)", {"no_unknown_source_type": 1}
    ),
    "orphans": Breakage("UPDATE datapoints SET artifact_id = '77' WHERE id < 3", {"no_orphan_datapoints": 2}, True),
    "no index": Breakage("DROP INDEX mine", {"unique_index_present": 1}),
    "citations": Breakage("UPDATE datapoints SET source_url = 'https://a.org/'", {"no_directory_citations": 5}),
}


@pytest.mark.parametrize("ids", ["INTEGER", "TEXT"])
def test_every_invariant_holds_and_fires_on_d1(empty: Steward, subtests: pytest.Subtests, ids: str) -> None:
    shape = Shape(ids)
    healthy(empty, shape)
    for mode in ("fast", "full"):
        found = {name: one["outcome"] for name, one in verdicts(empty, mode).items()}
        assert {name for name, outcome in found.items() if outcome != "holds"} == RELYING
    for name, breakage in BREAKAGES.items():
        with subtests.test(name):
            wiped(empty)
            healthy(empty, shape)
            expected = dict(breakage.breaks)
            if breakage.unguarded:
                drop_guards(empty)
                expected["guards_present"] = 7
            script(empty, breakage.sql)
            for mode in ("fast", "full"):
                found = verdicts(empty, mode)
                assert broken(found) == expected, mode
                assert all(found[name]["sample"] for name in expected)


def wiped(steward: Steward) -> None:
    drop_guards(steward)
    tables = steward.sql("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB '[_s]*_*'")
    kept = steward.sql("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'steward_*'")
    others = [{"name": name} for name in ("d1_migrations", "source_type_rules")]
    names = dict.fromkeys(row["name"] for row in [{"name": "datapoints"}, *tables, *kept, *others])
    script(steward, ";".join(f'DROP TABLE IF EXISTS "{name}"' for name in names))


def test_a_missing_and_a_changed_guard_are_found_on_d1(empty: Steward) -> None:
    healthy(empty, Shape())
    empty.sql("DROP TRIGGER steward_guard_used_override")
    empty.sql("DROP TRIGGER steward_guard_known_type")
    empty.sql("CREATE TRIGGER steward_guard_known_type BEFORE DELETE ON artifacts BEGIN SELECT 1; END")
    for mode in ("fast", "full"):
        found = verdicts(empty, mode)
        assert broken(found) == {"guards_present": 2}
        states = {(row["guard"], row["state"]) for row in found["guards_present"]["sample"]}
        assert states == {("steward_guard_known_type", "changed"), ("steward_guard_used_override", "missing")}


def test_d1_stores_the_guards_with_the_text_that_a_check_compares_with(steward: Steward) -> None:
    stored = {
        row["name"]: row["sql"] for row in steward.sql("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    }
    assert stored == {guard.name: guard.stored for guard in expected_guards([("datapoints", "artifact_id")])}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_guards_bind_every_writer_on_d1(empty: Steward, shape: Shape) -> None:
    healthy(empty, shape)
    one, gone = (f"'{shape.id(number)}'" for number in (1, 77))
    if shape.ids == "TEXT":
        one = "'id-0000001'"
    refused = {
        f"DELETE FROM artifacts WHERE id = {one}": "still referenced",
        f"UPDATE artifacts SET source_type = 'unknown' WHERE id = {one}": "a known source_type is final",
        f"UPDATE artifacts SET id = {gone} WHERE id = {one}": "still referenced",
        f"INSERT INTO datapoints (artifact_id) VALUES ({gone})": "there is no artifact with that id",
        f"UPDATE datapoints SET artifact_id = {gone} WHERE id = 1": "there is no artifact with that id",
    }
    for statement, why in refused.items():
        with pytest.raises(HarnessError, match=why):
            empty.sql(statement)
    empty.sql(
        "INSERT INTO steward_overrides (artifact_id, from_type, to_type, reason)"
        f" VALUES ({one}, 'raw', 'report', 'it was misfiled')"
    )
    empty.sql(f"UPDATE artifacts SET source_type = 'report' WHERE id = {one}")
    assert empty.sql("SELECT used_at IS NOT NULL AS used FROM steward_overrides") == [{"used": 1}]
    with pytest.raises(HarnessError, match="a known source_type is final"):
        empty.sql(f"UPDATE artifacts SET source_type = 'raw' WHERE id = {one}")


@pytest.mark.parametrize("ids", ["INTEGER", "TEXT"])
def test_a_fast_check_reads_the_same_few_rows_at_ten_thousand_and_at_a_million(empty: Steward, ids: str) -> None:
    shape = Shape(ids, foreign_keys=True)
    # Without the index, dropping the tables after the test would look for the children of each of a million rows.
    install(empty, shape, "CREATE INDEX by_artifact ON datapoints (artifact_id)")
    read: list[dict[str, int]] = []
    for start, rows in ((0, 10_000), (10_000, 990_000)):
        for first in range(start, start + rows, 250_000):
            fill(empty, shape, first, min(250_000, start + rows - first))
        found = verdicts(empty, "fast")
        assert {
            (one["outcome"], one["method"])
            for name, one in found.items()
            if name not in {"no_directory_citations", *RELYING}
        } == {("holds", "proof")}
        del found["no_directory_citations"]  # it has nothing to prove it by, so it reads the rows
        read.append({name: one["rows_read"] for name, one in found.items()})
    assert empty.count() == 1_000_000
    assert read[0] == read[1]
    assert sum(read[0].values()) <= FAST_ROWS


def fill(steward: Steward, shape: Shape, first: int, rows: int) -> None:
    """Insert so many artifacts after number `first`, with one datapoint for every tenth."""
    number = f"{first} + i"
    script(
        steward,
        f"""
        INSERT INTO artifacts {numbers(rows)}
        SELECT {identifier(shape, number)}, 'artifacts', printf('raw/%09d', {number}), 'raw', NULL, NULL FROM n;
        INSERT INTO datapoints (artifact_id) {numbers(rows // 10)} SELECT {identifier(shape, number)} FROM n
        """,
    )
