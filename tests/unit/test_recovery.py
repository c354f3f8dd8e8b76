"""The saga as a whole: its order, what dry foretells, what may stop it, and what stays paused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import PlatformError, RefusedError
from ports import Database, Ports, Result, Statement
from settings import read_settings
from tests.databases import (
    DIRTY_SHAPES,
    SETTINGS,
    Shape,
    artifacts,
    broken,
    datapoints,
    every_dirty_shape,
    healed,
    numbers,
    recovered,
    steps,
    verdicts,
)
from tests.dirty import RULES, SAMPLE, Dirt, clean_sample, dirt
from tests.fakes import World
from tests.support import Api, everything, tick

STEPS = ["pause", "measure", "bookmark", "dedupe", "index", "guards", "classify", "orphans", "verify", "resume"]


@dataclass
class Meddled:
    """A database into which another writer writes, once, just before the first batch that holds `text`."""

    database: Database
    world: World
    text: str
    script: str
    seen: list[Any] = field(default_factory=list)
    look: str | None = None
    """A query whose rows are kept in `seen` at that moment."""
    done: bool = False

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Run the batch, after the other writer's script when its time has come."""
        if not self.done and any(self.text in statement.sql for statement in statements):
            self.done = True
            if self.look:
                self.seen += self.world.database.all(self.look)
            self.world.database.script(self.script)
        return await self.database.batch(statements)

    async def bookmark(self) -> str | None:
        """Return no bookmark."""
        return None


def meddled(world: World, text: str, script: str = "", look: str | None = None) -> tuple[Ports, Meddled]:
    database = Meddled(world.database, world, text, script, look=look)
    return replace(world.ports(), database=database), database


MERGE = "INSERT INTO steward_merges"
CREATE_INDEX = "CREATE UNIQUE INDEX"


def control(world: World, column: str) -> object:
    return world.database.one(f"SELECT {column} FROM steward_control")


def reaches(world: World) -> dict[object, object]:
    """Return the object that each datapoint's artifact stands for."""
    return dict(
        world.database.all("""
          SELECT d.id, a.r2_bucket || ' ' || a.r2_key FROM datapoints AS d JOIN artifacts AS a ON a.id = d.artifact_id
        """)  # type: ignore[arg-type]  # pairs
    )


# From dirty to clean


@every_dirty_shape
def test_a_live_recovery_takes_every_step_in_order_and_ends_clean(shape: Shape) -> None:
    world = clean_sample(shape).world()
    before = reaches(world)
    assert broken(verdicts(world)).keys() >= {"one_artifact_per_object", "unique_index_present"}
    report = recovered(world, dry_run=False)
    assert [step["name"] for step in report["steps"]] == STEPS
    assert (report["done"], report["ok"]) == (True, True)
    world.rules(*RULES, (3, "*", "odd"))
    assert broken(verdicts(world)) == {}
    assert {number: place for number, place in reaches(world).items() if number in before} == before
    assert control(world, "paused_by") is None


def test_the_steps_say_how_many_were_wrong_and_what_changed() -> None:
    report = recovered(SAMPLE.world(), dry_run=False)
    told = numbers(report)
    assert told["dedupe"] == (5, 1, 4)
    assert told["index"] == (0, 0, 0)
    assert told["guards"] == (6, 10, 4)
    assert told["classify"] == (2, 0, 2)
    assert told["orphans"] == (2, 1, 1)
    assert told["verify"][1] == 1 + 1 + 1
    found = steps(report)
    assert (found["dedupe"]["groups"], found["dedupe"]["types_carried"], found["dedupe"]["children_remapped"]) == (3, 1, 6)
    assert found["dedupe"]["sample"][0] == {"r2_bucket": "b", "r2_key": "odd", "winner_id": 7, "losers": 1}
    assert found["orphans"]["sample"] == [
        {"child": "datapoints.artifact_id", "row_key": 11, "missing_id": 13, "winner_id": 8},
        {"child": "datapoints.artifact_id", "row_key": 12, "missing_id": 14, "winner_id": None},
    ]
    assert (report["done"], report["ok"]) == (True, False)


@every_dirty_shape
def test_dry_foretells_and_changes_nothing_but_its_own_run(shape: Shape) -> None:
    world = replace(SAMPLE, shape=shape).world()
    before = everything(world).splitlines()
    dry = recovered(world)
    changed = [line for line in everything(world).splitlines() if line not in before]
    assert all("steward_runs" in line or "sqlite_sequence" in line for line in changed), changed
    live = recovered(world, dry_run=False)
    assert numbers(dry) == numbers(live)
    for name in ("dedupe", "orphans"):
        assert steps(dry)[name] == steps(live)[name]


@settings(max_examples=120, deadline=None)
@given(database=st.one_of(dirt(), dirt(loose=True)))
def test_the_counts_of_dry_are_those_of_live(database: Dirt) -> None:
    world = database.world()
    dry = recovered(world)
    live = recovered(world, dry_run=False)
    assert numbers(dry) == numbers(live)
    assert (dry["ok"], dry["done"]) == (live["ok"], live["done"])
    assert steps(dry)["dedupe"].get("left_whole") == steps(live)["dedupe"].get("left_whole")


@settings(max_examples=120, deadline=None)
@given(database=dirt(), max_groups=st.integers(1, 6))
def test_nothing_is_lost_whatever_the_database_was_like(database: Dirt, max_groups: int) -> None:
    world = database.world()
    reached, points, objects = reaches(world), datapoints(world), objects_of(world)
    known = known_types(world)
    report = healed(world, max_groups=max_groups)
    after = reaches(world)
    assert {number: after[number] for number in reached} == reached
    assert [row[0] for row in datapoints(world)] == [row[0] for row in points]
    assert objects_of(world) == objects
    left = {(one["r2_bucket"], one["r2_key"]) for one in steps(report)["dedupe"].get("left_whole", [])}
    doubled = world.database.all("SELECT r2_bucket, r2_key FROM artifacts GROUP BY 1, 2 HAVING count(*) > 1")
    assert set(doubled) == left
    for key, types in known_types(world).items():
        assert types <= known.get(key, set()) | {"report", "raw"}
        assert types or not known.get(key)
    once = everything(world, "artifacts", "datapoints", "notes")
    healed(world)
    assert everything(world, "artifacts", "datapoints", "notes") == once
