"""A recovery of a million rows is quick only while each statement finds its rows by an index.

The statements are those that reach the database; each is explained on the schema as it was at that moment.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from ports import Database, Result, Statement
from tests.support.databases import Shape, recovered, undone
from tests.support.dirty import clean_sample
from tests.support.fakes import World
from tests.support.shapes import typed

TABLES = "artifacts|datapoints|notes|child|steward_merges|steward_remaps|steward_overrides"


@dataclass
class Explained:
    """A database that explains every statement before it runs it."""

    database: Database
    world: World
    plans: list[tuple[str, list[str]]] = field(default_factory=list)

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Explain the statements, then run the batch."""
        for statement in statements:
            if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)", statement.sql):
                rows = self.world.database.all(f"EXPLAIN QUERY PLAN {statement.sql}", *statement.params)
                self.plans.append((statement.sql, [str(row[-1]) for row in rows]))
        return await self.database.batch(statements)

    async def bookmark(self) -> str | None:
        """Return no bookmark."""
        return None


def explained(shape: Shape, *, analyzed: bool, undo: bool = False) -> list[tuple[str, list[str]]]:
    """Return every statement of a live recovery, or of its undo, with its plan."""
    world = clean_sample(shape).world()
    world.database.script("CREATE INDEX by_artifact ON datapoints (artifact_id)")
    if undo:
        recovered(world, dry_run=False)
    world.database.script(filling(shape))
    if analyzed:
        world.database.script("ANALYZE")
    database = Explained(world.database, world)
    ports = replace(world.ports(), database=database)
    if undo:
        undone(ports, 1)
    else:
        recovered(ports, dry_run=False)
    return database.plans


def filling(shape: Shape) -> str:
    """Return SQL for so many rows that reading them all would not seem cheap to the planner."""
    key = "i + 1000" if shape.ids == "INTEGER" else "printf('id-%06d', i + 1000)"
    numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
    return f"""
      INSERT INTO artifacts {numbers} SELECT {key}, 'd', 'key ' || i, 'raw', NULL, NULL FROM n;
      INSERT INTO datapoints (artifact_id) {numbers} SELECT {key} FROM n;
      INSERT INTO notes {numbers} SELECT {key}, 'word' FROM n;
      INSERT INTO steward_merges (run, chunk, loser_id, winner_id, loser)
        {numbers} SELECT 1000 + i / 100, i % 100, 'none ' || i, 'none', '{{}}' FROM n;
      INSERT INTO steward_remaps (run, child_table, child_column, row_key, loser_id)
        {numbers} SELECT 1000 + i / 100, 'datapoints', 'artifact_id', i, 'none ' || i FROM n;
    """


def scans(plan: list[str]) -> list[str]:
    return [step for step in plan if re.match(rf"SCAN ({TABLES})\b", step)]


EVERY_GROUP = ", '$.left')"
"""In what is done once before the first chunk, over all objects: it must look at every artifact."""

ROWS_OF_A_CHUNK = {
    "journal": "INSERT INTO steward_merges",
    "cap": "UPDATE steward_control\nSET deletes_left = deletes_left",
    "carry": "UPDATE artifacts SET source_type = carried",
    "journal of children": "INSERT INTO steward_remaps",
    "remap": 'SET "artifact_id" = merged.winner_id',
    "remap of notes": 'SET "about" = merged.winner_id',
    "delete": "DELETE FROM artifacts",
    "next groups": "r2_key COLLATE BINARY >= ?",
    "conflicts": "SELECT DISTINCT r2_bucket",
    "classify": "UPDATE artifacts SET source_type = classified",
    "boundary": "ORDER BY r2_bucket, r2_key\nLIMIT 1 OFFSET ?",
    "point orphans": 'SET "artifact_id" = lost.winner_id',
}
ROWS_OF_AN_UNDO = {
    "mark": "UPDATE steward_merges SET undone_by",
    "restore": "INSERT INTO artifacts",
    "point back": 'SET "artifact_id" = moved.loser_id',
    "point notes back": 'SET "about" = moved.loser_id',
    "refused": "AS points_at",
    "refused merges": "'the id is in use again'",
    "chunks": "GROUP BY chunk",
    "orphans": "SELECT count(*) AS orphans FROM steward_remaps",
    "mark orphans": "UPDATE steward_remaps SET undone_by",
    "point orphans back": "SELECT row_key, loser_id, winner_id FROM steward_remaps",
    "refused orphans": "WHERE points_at IS NOT loser_id",
}

every_id = pytest.mark.parametrize("ids", ["INTEGER", "TEXT"])
stats = pytest.mark.parametrize("analyzed", [False, True], ids=["never analyzed", "analyzed"])


@stats
@every_id
def test_every_statement_of_a_chunk_finds_its_rows_by_an_index(ids: str, *, analyzed: bool) -> None:
    plans = explained(Shape(ids, unique_index=False), analyzed=analyzed)
    for name, text in ROWS_OF_A_CHUNK.items():
        if name in ("carry", "classify") and not typed():
            continue  # What sets a type is said as WHERE 0 then, which reads no row whatever the plan is.
        found = [(statement, plan) for statement, plan in plans if text in statement and EVERY_GROUP not in statement]
        assert found, name
        for statement, plan in found:
            assert scans(plan) == [], (name, statement)


@stats
@every_id
def test_every_statement_of_an_undo_finds_its_rows_by_an_index(ids: str, *, analyzed: bool) -> None:
    plans = explained(Shape(ids, unique_index=False), analyzed=analyzed, undo=True)
    for name, text in ROWS_OF_AN_UNDO.items():
        found = [(statement, plan) for statement, plan in plans if text in statement]
        assert found, name
        for statement, plan in found:
            assert scans(plan) == [], (name, statement)


@every_id
def test_the_remap_searches_the_children_by_an_index_with_the_affinity_of_the_journal(ids: str) -> None:
    """An INTEGER column compared with one of TEXT affinity cannot use its index: the remap would be quadratic."""
    plans = explained(Shape(ids, unique_index=False), analyzed=False)
    [plan] = [plan for statement, plan in plans if 'SET "artifact_id" = merged.winner_id' in statement][:1]
    assert any(re.match(r"SEARCH datapoints USING .*INDEX by_artifact \(artifact_id=\?\)", step) for step in plan), plan
    [plan] = [plan for statement, plan in plans if "DELETE FROM artifacts" in statement][:1]
    assert any(re.match(r"SEARCH artifacts USING .*(PRIMARY KEY|sqlite_autoindex_artifacts_1)", step) for step in plan)


@every_id
def test_an_orphan_is_looked_up_in_the_journal_by_its_index(ids: str) -> None:
    plans = explained(Shape(ids, unique_index=False), analyzed=False)
    # The notes have a constraint, so their statement also looks for orphans that it keeps from the winner.
    found = [plan for statement, plan in plans if "AS orphans, count(" in statement and '"datapoints"' in statement]
    assert found
    for plan in found:
        journal = [step for step in plan if "steward_merges" in step or " merged " in step]
        assert len(journal) == 2
        assert all("steward_merges_by_loser" in step for step in journal), plan


@every_id
def test_where_a_child_has_no_index_on_its_reference_recovery_makes_one(ids: str) -> None:
    world = clean_sample(Shape(ids, unique_index=False)).world()
    recovered(world, dry_run=False)
    indexes = world.database.all(
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name IN ('datapoints', 'notes')"
    )
    assert ("steward_children_datapoints_artifact_id",) in indexes
    assert len([name for (name,) in indexes if "steward" in str(name)]) == 1
