"""What the page statements read must not depend on how many artifacts there are."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import pytest

from backfill.request import BackfillRequest
from backfill.run import run_backfill
from ports import Ports, Statement
from tests.support.actions import SETTINGS, RecordingDatabase, numbered
from tests.support.fakes import World, migrate, migrated_world

TEXT_IDS = (
    "CREATE TABLE artifacts (id TEXT PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL,"
    " source_type TEXT NOT NULL DEFAULT 'unknown', fetched_at TEXT);"
    "CREATE UNIQUE INDEX mine ON artifacts (r2_bucket, r2_key);"
)


def integer_ids() -> World:
    return migrated_world()


def text_ids() -> World:
    world = World()
    world.database.script(TEXT_IDS)
    migrate(world.database)
    return world


def page_statements(world: World) -> list[Statement]:
    """Return the statements of the one page of a live backfill, as they reached the database."""
    world.rules((1, "raw/*.pdf", "report"), (2, "raw/*", "raw"))
    world.bucket.put(*numbered(10))
    recorder = RecordingDatabase(world.database)
    ports = Ports(recorder, world.buckets, world.store, world.clock, world.poster)
    asyncio.run(run_backfill(ports, SETTINGS, BackfillRequest(dry_run=False)))
    [page] = [batch for batch in recorder.batches if any("INSERT INTO artifacts" in one.sql for one in batch)]
    return page


def plan(world: World, statement: Statement) -> list[str]:
    found = world.database.all(f"EXPLAIN QUERY PLAN {statement.sql}", *statement.params)
    return [str(row[-1]) for row in found]


@pytest.mark.parametrize("analyzed", [False, True])
@pytest.mark.parametrize("make", [integer_ids, text_ids], ids=lambda make: make.__name__)
def test_no_page_statement_scans_a_table(make: Callable[[], World], *, analyzed: bool) -> None:
    world = make()
    statements = page_statements(world)
    statements = [one for one in statements if "changes()" not in one.sql]
    assert len(statements) == 2
    if analyzed:
        world.database.script("ANALYZE")
    for statement in statements:
        steps = plan(world, statement)
        scans = [
            step
            for step in steps
            if re.match(r"SCAN (?!json_each|\(subquery|page\b|classified\b|.*CONSTANT ROW)", step)
        ]
        assert scans == []


@pytest.mark.parametrize("statement", [0, 1], ids=["counting", "writing"])
@pytest.mark.parametrize("make", [integer_ids, text_ids], ids=lambda make: make.__name__)
def test_a_page_is_looked_up_in_the_unique_index_and_the_index_of_unknowns(
    make: Callable[[], World], statement: int
) -> None:
    world = make()
    steps = plan(world, page_statements(world)[statement])
    assert any(re.search(r"INDEX (sqlite_autoindex_artifacts_\d|mine) FOR IN-OPERATOR", step) for step in steps)
    beside = [step for step in steps if step.startswith("SEARCH artifacts USING") and "r2_key<" in step]
    assert ["(r2_bucket=? AND r2_key>? AND r2_key<?)" in step for step in beside] == [True] * (2 - statement)
    unknown = [step for step in steps if "artifacts_unknown" in step]
    assert ["(r2_bucket=? AND r2_key>? AND r2_key<?)" in step for step in unknown] == [True]
