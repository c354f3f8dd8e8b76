"""A database is set up whole by whichever comes first, an upgrade leaves nothing behind, and only guards of ours go."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from cron.tick import run_tick
from database.guards import expected_guards, is_ours
from ports import Database, Ports, Result, Statement
from tests.support.actions import TOKEN, Api, everything, tick
from tests.support.databases import SETTINGS, recovered, verdicts
from tests.support.fakes import World, apply_migrations, migrated_world

OLD_INDEX = "CREATE INDEX artifacts_unknown ON artifacts (r2_bucket, r2_key) WHERE source_type = 'unknown'"


def fresh() -> World:
    world = World()
    apply_migrations(world.database)
    return world


def guards(world: World, **body: object) -> tuple[int, dict[str, Any]]:
    answer = Api(world).json("POST", "/guards", body)
    return answer.status_code, answer.json()


def older(world: World) -> World:
    """Return the database as the version before installed it: with the guards and the index that compare loosely."""
    for guard in expected_guards(()):
        if guard.older:
            world.database.script(f"DROP TRIGGER {guard.name}; {guard.older}")
    world.database.script(f"DROP INDEX artifacts_unknown; {OLD_INDEX}")
    return world


def by_tick(world: World) -> None:
    tick(world)


def by_guards(world: World) -> None:
    assert guards(world)[0] == 200


def by_recovery(world: World) -> None:
    assert recovered(world, dry_run=False)["ok"]


@pytest.mark.parametrize("first", [by_tick, by_guards, by_recovery], ids=lambda first: str(first.__name__))
def test_whichever_comes_first_sets_a_fresh_database_up_whole(first: Any) -> None:  # noqa: ANN401
    world = fresh()
    first(world)
    assert "REFERENCES" in str(world.database.one("SELECT sql FROM sqlite_schema WHERE name = 'datapoints'"))
    assert verdicts(world)["guards_present"]["outcome"] == "holds"
    assert world.database.one("SELECT set_up_at FROM steward_control") is not None
    before = everything(world)
    world.clock.advance(hours=30)
    tick(world)
    assert "CREATE TABLE datapoints" in everything(world)
    assert before.count("CREATE TRIGGER") == everything(world).count("CREATE TRIGGER") == 7


def test_a_tick_replaces_what_is_exactly_an_older_versions() -> None:
    world = older(migrated_world())
    assert verdicts(world)["guards_present"]["violations"] == 2
    tick(world)
    found = verdicts(world)
    assert {one["outcome"] for one in found.values() if one["severity"] == "error"} == {"holds"}
    assert OLD_INDEX not in everything(world)


def test_a_tick_leaves_a_guard_that_somebody_changed_and_the_check_says_so() -> None:
    world = older(migrated_world())
    changed = "CREATE TRIGGER steward_guard_known_type BEFORE UPDATE ON artifacts BEGIN SELECT 1; END"
    world.database.script(f"DROP TRIGGER steward_guard_known_type; {changed}")
    tick(world)
    assert changed in everything(world)
    found = verdicts(world)["guards_present"]
    assert [(one["guard"], one["state"]) for one in found["sample"]] == [("steward_guard_known_type", "changed")]


def test_lifting_drops_guards_of_ours_only() -> None:
    world = older(migrated_world())
    world.database.script("CREATE TRIGGER steward_guard_mine AFTER DELETE ON datapoints BEGIN SELECT 1; END")
    status, answer = guards(world, lift=True, reason="a rebuild")
    assert (status, len(answer["lifted"]), answer["not_ours"]) == (200, 7, ["steward_guard_mine"])
    assert "steward_guard_mine" in everything(world)
    assert guards(world)[0] == 200
    assert "steward_guard_mine" in everything(world)


def test_a_guard_is_known_by_its_text_whatever_the_child_is_called() -> None:
    for guard in expected_guards([('odd "name"', "it's"), ("datapoints", "artifact_id")]):
        assert is_ours(guard.stored)
        assert not is_ours(guard.stored.replace("BEGIN", "BEGIN SELECT 1;", 1))
        assert not is_ours(f"{guard.stored} -- mine")


def test_a_restore_brings_back_what_fits_and_names_what_is_gone() -> None:
    world = migrated_world()
    world.database.script("CREATE TABLE notes (id INTEGER PRIMARY KEY, about INTEGER)")
    alerts = {"ALERT_WEBHOOK_URL": "https://alerts.example/x", "ALERT_WEBHOOK_SECRET": "a-secret-of-the-tests"}
    settings: dict[str, object] = {"CHILDREN": ["datapoints.artifact_id", "notes.about"], **alerts}
    tick(world, **settings)
    guards(world, lift=True, minutes=5, reason="notes is renamed")
    world.database.script("ALTER TABLE notes RENAME TO remarks")
    world.clock.advance(minutes=6)
    outcome = tick(world, **settings)
    assert len(outcome["counts"]["guards"]["restored"]) == 7
    assert outcome["counts"]["guards"]["missing"] == ("notes.about",)
    assert any('"missing": ["notes.about"]' in body for _, _, body, _ in world.poster.sent)


def test_guards_are_refused_where_ids_repeat() -> None:
    world = World()
    world.database.script("CREATE TABLE artifacts (id TEXT, r2_bucket, r2_key, source_type, fetched_at)")
    apply_migrations(world.database)
    before = everything(world).count("CREATE TRIGGER")
    status, answer = guards(world)
    assert (status, answer["reason"], everything(world).count("CREATE TRIGGER")) == (409, "schema", before)


@pytest.mark.parametrize(
    "other",
    [
        "CREATE TABLE artifacts_unknown (x)",
        "CREATE VIEW artifacts_unknown AS SELECT 1",
        "CREATE TABLE t (x); CREATE INDEX artifacts_unknown ON t (x)",
    ],
)
def test_another_thing_of_the_indexs_name_is_left_and_the_guards_are_installed(other: str) -> None:
    world = World()
    world.database.script(other)
    apply_migrations(world.database)
    assert guards(world)[0] == 200
    assert verdicts(world)["guards_present"]["outcome"] == "holds"
    assert recovered(world, dry_run=False)["ok"]


@pytest.mark.parametrize(("body", "field"), [({"minutes": 5}, "minutes"), ({"reason": "why"}, "reason")])
def test_what_says_how_to_lift_is_refused_where_nothing_is_lifted(body: dict[str, object], field: str) -> None:
    world = fresh()
    before = everything(world)
    status, answer = guards(world, **body)
    assert (status, answer["field"]) == (422, field)
    assert everything(world) == before


@dataclass
class Meddling:
    """A database in which somebody acts right before datapoints is made again."""

    database: Database
    world: World
    act: str

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Act, then run the batch."""
        if any(one.sql == "DROP TABLE datapoints" for one in statements):
            self.world.database.script(self.act)
        return await self.database.batch(statements)

    async def bookmark(self) -> str | None:
        """Return no bookmark."""
        return None


@pytest.mark.parametrize(
    "act",
    [
        "INSERT INTO datapoints VALUES (1, NULL)",
        "ALTER TABLE datapoints ADD COLUMN value REAL",
        "DROP TABLE datapoints; CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id INTEGER, other)",
        "CREATE INDEX mine ON datapoints (artifact_id)",
        "CREATE VIEW mine AS SELECT * FROM datapoints",
        "CREATE TRIGGER mine AFTER INSERT ON datapoints BEGIN SELECT 1; END",
    ],
)
def test_datapoints_that_somebody_uses_meanwhile_are_left_as_they_are(act: str) -> None:
    world = fresh()
    ports: Ports = replace(world.ports(), database=Meddling(world.database, world, act))
    outcome = asyncio.run(run_tick(ports, SETTINGS, "* * * * *"))
    assert outcome["status"] == "succeeded", outcome
    assert "REFERENCES artifacts" not in str(
        world.database.one("SELECT sql FROM sqlite_schema WHERE name = 'datapoints'")
    )
    kept = everything(world)
    assert verdicts(world)["guards_present"]["outcome"] == "holds"
    assert ("mine" in kept) == ("mine" in act)


def test_an_upgrade_brings_the_guard_that_older_versions_did_not_have() -> None:
    world = older(migrated_world())
    world.database.script("DROP TRIGGER steward_guard_reused_id")
    tick(world)
    assert verdicts(world)["guards_present"]["outcome"] == "holds"


def test_a_restore_leaves_a_guard_that_somebody_changed() -> None:
    world = migrated_world()
    guards(world, lift=True, minutes=5, reason="a rebuild")
    changed = "CREATE TRIGGER steward_guard_known_type BEFORE UPDATE ON artifacts BEGIN SELECT 1; END"
    world.database.script(changed)
    world.clock.advance(minutes=6)
    assert len(tick(world)["counts"]["guards"]["restored"]) == 6
    assert changed in everything(world)
    assert guards(world)[0] == 200
    assert changed not in everything(world)


def test_while_the_guards_are_lifted_a_tick_makes_no_table_again() -> None:
    world = fresh()
    assert guards(world, lift=True, minutes=30, reason="a migration of ours")[0] == 200
    before = world.database.all("SELECT name, sql FROM sqlite_schema")
    tick(world)
    assert world.database.all("SELECT name, sql FROM sqlite_schema") == before


def test_datapoints_that_were_in_use_before_the_first_tick_stay_for_good(capsys: pytest.CaptureFixture[str]) -> None:
    world = fresh()
    world.database.script("INSERT INTO datapoints VALUES (1, NULL)")
    tick(world)
    world.database.script("DELETE FROM datapoints")
    capsys.readouterr()
    tick(world)
    assert "datapoints_in_use" not in capsys.readouterr().out
    assert "REFERENCES" not in str(world.database.one("SELECT sql FROM sqlite_schema WHERE name = 'datapoints'"))


def test_a_wrong_setting_refuses_before_anything_is_made_again() -> None:
    world = fresh()
    before = everything(world).split("INSERT INTO")[0]
    variables = {"STEWARD_TOKEN": TOKEN, "CHILDREN": ["nowhere.at_all"]}
    answer = Api(world, variables).json("POST", "/guards", {})
    assert (answer.status_code, answer.json()["reason"]) == (409, "schema")
    assert everything(world).split("INSERT INTO")[0] == before


def test_a_view_that_has_every_column_is_refused() -> None:
    world = World()
    world.database.script("""
      CREATE TABLE files (id INTEGER PRIMARY KEY, r2_bucket, r2_key, source_type, fetched_at);
      CREATE VIEW artifacts AS SELECT * FROM files;
    """)
    apply_migrations(world.database)
    status, answer = guards(world)
    assert (status, answer["reason"]) == (409, "schema")
    assert "artifacts is a view" in answer["detail"]
