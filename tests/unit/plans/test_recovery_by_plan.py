"""A plan of a recovery: what it holds, what applying it does, and what it leaves as it is."""

from __future__ import annotations

import pytest

from tests.support.databases import (
    Shape,
    artifacts,
    broken,
    datapoints,
    every_dirty_shape,
    healed,
    unguarded,
    verdicts,
)
from tests.support.dirty import SAMPLE, clean_sample
from tests.support.fakes import World
from tests.support.plans import Planner, state_of


def world_of_groups() -> World:
    """Return a world with three objects of two rows each, a datapoint at each row, and an unknown row."""
    shape = Shape(unique_index=False)
    world = shape.world()
    for number, key in enumerate(("raw/a", "raw/b", "raw/c"), start=1):
        shape.artifact(world, 10 * number, key, "raw", fetched_at="2026-01-01T00:00:00Z")
        shape.artifact(world, 10 * number + 1, key, "raw", fetched_at="2026-02-01T00:00:00Z")
        shape.datapoint(world, 10 * number, 10 * number)
        shape.datapoint(world, 10 * number + 1, 10 * number + 1)
    shape.artifact(world, 40, "raw/u", "unknown")
    world.rules((1, "raw/*", "raw"))
    return world


def keys(items: list[dict[str, object]], step: str) -> list[object]:
    return [item["about"] for item in items if item["step"] == step]


# What a plan holds


def test_a_dry_recovery_answers_as_before_and_with_its_plan() -> None:
    planner = Planner(world_of_groups())
    report = planner.answer("POST", "/recover")
    assert report.keys() == {"run_id", "dry_run", "done", "steps", "ok", "forecast", "plan"}
    plan = report["plan"]
    assert plan["totals"] == {"merge": 3, "rows_deleted": 3, "children_moved": 3, "schema": 1, "classify": 1}
    assert (plan["items"], plan["complete"], plan["stopped_after"]) == (5, True, None)
    assert plan["forecast"] == report["forecast"]
    listed = planner.plan()
    assert {name: listed[name] for name in plan} == plan
    assert (listed["kind"], listed["state"], listed["made_by"], listed["made_run"]) == (
        "recovery",
        "made",
        "operator",
        1,
    )


def test_its_items_are_the_rows_as_they_are() -> None:
    planner = Planner(world_of_groups())
    planner.planned()
    items = planner.items()
    assert [item["item"] for item in items] == [1, 2, 3, 4, 5]
    assert items[0] == {
        "item": 1,
        "step": "merge",
        "about": ["b", "raw/a"],
        "rows": [
            {"id": 10, "place": 2, "source_type": "raw", "fetched_at": "2026-01-01T00:00:00Z", "winner_id": 11},
            {
                "id": 11,
                "place": 1,
                "source_type": "raw",
                "fetched_at": "2026-02-01T00:00:00Z",
                "r2_bucket": "b",
                "r2_key": "raw/a",
            },
        ],
        "datapoints.artifact_id": [{"row_key": 10, "points_at": 10}],
        "left_out": None,
    }
    assert items[3]["about"] == ["index", "artifacts_one_per_object"]
    assert (items[4]["about"], items[4]["rows"]) == (["b", "raw/u"], [{"id": 40, "becomes": "raw"}])


def test_the_items_come_as_csv_and_by_pages_and_by_step() -> None:
    planner = Planner(world_of_groups())
    planner.planned()
    lines = planner.ask("GET", "/plans/1/items?format=csv").text.splitlines()
    assert lines[0] == '"item","step","about","from","row","left_out"'
    assert (len(lines), lines[-1]) == (1 + 3 * 3 + 1 + 1 + 1, '"(end)",5')
    first = planner.answer("GET", "/plans/1/items?format=json&limit=2")
    assert ([item["item"] for item in first["items"]], first["next"]) == ([1, 2], 2)
    rest = planner.answer("GET", "/plans/1/items?format=json&after=2")
    assert ([item["item"] for item in rest["items"]], rest["next"]) == ([3, 4, 5], None)
    assert keys(planner.items(query="?step=classify"), "classify") == [["b", "raw/u"]]
    assert planner.items(query="?left_out=true") == []
    assert planner.ask("GET", "/plans/2/items").status_code == 404


def test_the_same_rows_make_the_same_digest_and_any_other_row_another() -> None:
    digests = []
    for script in (
        "",
        "",
        "UPDATE artifacts SET fetched_at = 'x' WHERE id = 10",
        "DELETE FROM datapoints WHERE id = 20",
    ):
        world = world_of_groups()
        world.database.script(script)
        digests.append(Planner(world).planned()["digest"])
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def test_a_token_that_may_only_read_makes_no_plan() -> None:
    planner = Planner(world_of_groups(), token="reads-0123456789abcdefghijklmnopqrstuvwxy")
    assert planner.answer("POST", "/recover")["plan"] is None
    assert planner.answer("GET", "/plans") == {"plans": [], "next": None}


def test_a_plan_is_written_in_few_rows() -> None:
    shape = Shape(unique_index=False)
    world = shape.world(
        "CREATE INDEX by_artifact ON datapoints (artifact_id); CREATE INDEX by_key ON artifacts (r2_bucket, r2_key);"
    )
    rows = [(number, "b", f"raw/{number // 2:06}", "raw", None, None) for number in range(10_000)]
    world.database.connection.executemany("INSERT INTO artifacts VALUES (?, ?, ?, ?, ?, ?)", rows)
    world.database.script("INSERT INTO datapoints (id, artifact_id) SELECT id, id FROM artifacts")
    planner = Planner(world)
    plan = planner.planned()
    assert (plan["totals"]["merge"], plan["complete"]) == (5_000, True)
    sizes = world.database.all("SELECT length(items) FROM steward_plan_slices")
    assert len(sizes) <= 12
    assert max(sizes) < (450_000,)
    assert len(planner.items()) == plan["items"]


# Applying it


@every_dirty_shape
def test_applied_it_does_what_a_recovery_without_a_plan_does(shape: Shape) -> None:
    with_plan, without = clean_sample(shape).world(), clean_sample(shape).world()
    healed(without)
    planner = Planner(with_plan)
    planner.planned()
    report = planner.applied()
    assert (report["done"], report["ok"], report["plan"]["left_out"]) == (True, True, 0)
    assert artifacts(with_plan) == artifacts(without)
    assert datapoints(with_plan) == datapoints(without)
    assert broken(verdicts(with_plan)) == broken(verdicts(without))
    assert planner.plan()["state"] == "applied"
    assert with_plan.database.one("SELECT paused_by FROM steward_control") is None


def test_a_live_recovery_may_name_its_plan() -> None:
    planner = Planner(world_of_groups())
    plan = planner.planned()
    report = planner.answer("POST", "/recover", {"dry_run": False, "plan": plan["id"]})
    assert report["plan"] == {"id": 1, "items": 5, "dealt_with": 5, "left_out": 0, "shown": []}
    assert planner.plan()["applied_run"] == report["run_id"]


def test_it_is_applied_in_as_many_calls_as_it_takes() -> None:
    whole, parts = world_of_groups(), world_of_groups()
    for world in (whole, parts):
        Planner(world).planned()
    Planner(whole).applied()
    planner = Planner(parts)
    done = [planner.answer("POST", "/plans/1/apply", {"max_groups": 1})["done"] for _ in range(2)]
    assert done == [False, False]
    assert planner.plan()["state"] == "applying"
    assert planner.applied(max_groups=1)["done"]
    assert state_of(parts) == state_of(whole)


def test_it_is_used_once() -> None:
    planner = Planner(world_of_groups())
    planner.planned()
    planner.applied()
    after = state_of(planner.world)
    assert planner.refused("POST", "/plans/1/apply") == "plan_applied"
    assert state_of(planner.world) == after


# What another writer does meanwhile

MOVED_ON = {
    "the winner's type": "UPDATE artifacts SET source_type = 'memo' WHERE id = 21",
    "the winner's date": "UPDATE artifacts SET fetched_at = '2026-03-01' WHERE id = 21",
    "the loser's date": "UPDATE artifacts SET fetched_at = NULL WHERE id = 20",
    "the order": "UPDATE artifacts SET fetched_at = '2027-01-01' WHERE id = 20",
    "the winner is gone": "UPDATE datapoints SET artifact_id = 20 WHERE id = 21; DELETE FROM artifacts WHERE id = 21",
    "the loser is gone": "UPDATE datapoints SET artifact_id = 21 WHERE id = 20; DELETE FROM artifacts WHERE id = 20",
    "the loser is another object's": "UPDATE artifacts SET r2_key = 'raw/z' WHERE id = 20",
    "a further row": "INSERT INTO artifacts VALUES (22, 'b', 'raw/b', 'raw', NULL, NULL)",
    "a child moved": "UPDATE datapoints SET artifact_id = 11 WHERE id = 20",
    "a further child": "INSERT INTO datapoints (id, artifact_id) VALUES (99, 20)",
    "a child is gone": "DELETE FROM datapoints WHERE id = 20",
}


@pytest.mark.parametrize("script", MOVED_ON.values(), ids=MOVED_ON)
def test_an_object_that_moved_on_is_left_out_and_listed_and_the_others_are_merged(script: str) -> None:
    planner = Planner(world_of_groups())
    planner.planned()
    with unguarded(planner.world.database):
        planner.world.database.script(script)
    query = "SELECT * FROM artifacts WHERE r2_key IN ('raw/b', 'raw/z') ORDER BY id"
    before = planner.world.database.all(query)
    report = planner.applied()
    [left_out] = report["plan"]["shown"]
    assert (left_out["item"], left_out["step"], left_out["about"]) == (2, "merge", ["b", "raw/b"])
    assert left_out["why"].startswith("changed since the plan")
    assert planner.world.database.all(query) == before
    assert planner.world.database.all("SELECT id FROM artifacts WHERE r2_key IN ('raw/a', 'raw/c')") == [(11,), (31,)]
    assert [item["item"] for item in planner.items(query="?left_out=true")] == [2]
    assert planner.plan()["left_out"] == 1


def test_a_change_that_decides_nothing_does_not_matter() -> None:
    planner = Planner(world_of_groups())
    planner.planned()
    planner.world.database.script("UPDATE artifacts SET note = 'read' ; UPDATE datapoints SET value = 7")
    assert planner.applied()["plan"]["left_out"] == 0


def test_what_appeared_since_is_not_touched() -> None:
    planner = Planner(world_of_groups())
    planner.planned()
    planner.world.database.script("""
      INSERT INTO artifacts VALUES (50, 'b', 'raw/new', 'raw', NULL, NULL), (51, 'b', 'raw/new', 'raw', NULL, NULL),
        (60, 'b', 'raw/v', 'unknown', NULL, NULL);
    """)
    report = planner.applied()
    assert planner.world.database.all("SELECT id, source_type FROM artifacts WHERE id >= 40 ORDER BY id") == [
        (40, "raw"),
        (50, "raw"),
        (51, "raw"),
        (60, "unknown"),
    ]
    assert not report["ok"]
    assert planner.world.database.one("SELECT paused_by FROM steward_control") == "recovery"


def test_an_unknown_row_that_moved_on_is_left_out() -> None:
    planner = Planner(world_of_groups())
    planner.planned()
    planner.world.database.script("UPDATE artifacts SET source_type = 'memo' WHERE id = 40")
    report = planner.applied()
    assert [one["about"] for one in report["plan"]["shown"]] == [["b", "raw/u"]]
    assert planner.world.database.one("SELECT source_type FROM artifacts WHERE id = 40") == "memo"


def test_an_orphan_that_moved_on_is_left_out() -> None:
    for script, points_at in (("", 8), ("UPDATE datapoints SET artifact_id = 10 WHERE id = 11", 10)):
        planner = Planner(SAMPLE.world())
        planner.planned()
        planner.world.database.script(script)
        report = planner.applied()
        assert planner.world.database.one("SELECT artifact_id FROM datapoints WHERE id = 11") == points_at
        assert [one["step"] for one in report["plan"]["shown"]] == (["orphan"] if script else [])


BASIS = {
    "rules": "INSERT INTO source_type_rules VALUES (5, 'new/*', 'new')",
    "a column": "ALTER TABLE artifacts ADD COLUMN title",
    "a trigger": "CREATE TRIGGER theirs AFTER DELETE ON artifacts BEGIN SELECT 1; END",
    "a constraint": "CREATE UNIQUE INDEX once ON datapoints (artifact_id)",
    "a child": "CREATE TABLE cites (artifact INTEGER REFERENCES artifacts (id))",
}


@pytest.mark.parametrize("script", BASIS.values(), ids=BASIS)
def test_with_other_rules_or_another_schema_the_plan_is_stale_and_nothing_is_changed(script: str) -> None:
    world = world_of_groups()
    planner = Planner(world)
    planner.planned()
    world.database.script(script)
    before = state_of(world)
    assert planner.refused("POST", "/plans/1/apply") == "stale_plan"
    assert state_of(world) == before
    assert planner.plan()["state"] == "stale"
    assert planner.refused("POST", "/plans/1/approve") == "stale_plan"


def test_with_other_settings_the_plan_is_stale() -> None:
    world = world_of_groups()
    Planner(world).planned()
    assert Planner(world, {"LIVE_WHERE": "note IS NULL"}).refused("POST", "/plans/1/apply") == "stale_plan"


def test_an_index_that_no_rule_of_the_plan_depends_on_does_not_make_it_stale() -> None:
    world = world_of_groups()
    Planner(world).planned()
    world.database.script("CREATE INDEX theirs ON datapoints (value)")
    assert Planner(world).applied()["ok"]


def test_the_cap_on_deletes_is_looked_at_again() -> None:
    world = world_of_groups()
    Planner(world).planned()
    before = state_of(world)
    assert Planner(world, {"MAX_DELETES": 2}).refused("POST", "/plans/1/apply") == "max_deletes"
    assert state_of(world) == before
    assert Planner(world, {"MAX_DELETES": 2}).applied(max_deletes=3)["ok"]


def test_the_request_may_not_say_another_ranking_than_the_plan() -> None:
    planner = Planner(world_of_groups())
    planner.planned(unreadable="oldest")
    wanted = {"dry_run": False, "plan": 1, "unreadable": "highest_id"}
    assert planner.refused("POST", "/recover", wanted, 422) == "unreadable"
    assert planner.answer("POST", "/recover", {**wanted, "unreadable": "oldest"})["ok"]


def test_a_dry_request_names_no_plan() -> None:
    planner = Planner(world_of_groups())
    planner.planned()
    assert planner.refused("POST", "/recover", {"plan": 1}, 422) == "plan"
    assert planner.refused("POST", "/recover", {"dry_run": False, "plan": 7}, 404) == "plan"
