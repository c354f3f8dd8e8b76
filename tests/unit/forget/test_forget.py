"""What is gone and cited by nobody is deleted, journalled whole, and comes back; nothing else is touched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from errors import InputError, PlatformError, RefusedError
from settings import read_settings
from tests.support.actions import Api, Interposed, everything, live, numbered, tick
from tests.support.databases import Shape, artifacts, every_shape, undone
from tests.support.fakes import DictBucket, World, migrated_world
from tests.support.forgetting import BUCKET, SETTINGS, forgotten, forgotten_all, keys, mark, world_of
from tests.support.shapes import chosen

KEYS = ("a", "b", "c", "d")


def lost(shape: Shape, *gone: str, cited: tuple[int, ...] = (), further: str = "") -> World:
    """Return a world of four rows, of which some are gone and some are cited."""
    world = world_of(shape, KEYS, further)
    for number, artifact in enumerate(cited, start=1):
        shape.datapoint(world, number, artifact)
    for key in gone:
        mark(world, key)
    return world


@every_shape
def test_dry_says_what_live_deletes_and_why_others_stay_and_changes_nothing(shape: Shape) -> None:
    world = lost(shape, "a", "b", "c", cited=(2, 2, 4))
    mark(world, "d", verified=False)
    before = artifacts(world)
    dry = forgotten(world)
    assert (dry["done"], dry["gone"], dry["forgotten"], dry["still_there"]) == (True, 3, 2, 0)
    assert dry["held"] == {"datapoints.artifact_id": 1}
    assert dry["sample"] == [{"r2_bucket": "b", "r2_key": key} for key in ("a", "c")]
    [held] = dry["sample_held"]
    assert (held["r2_key"], held["held_by"]) == ("b", "datapoints.artifact_id")
    assert artifacts(world) == before
    [report] = forgotten_all(world)
    del dry["forecast"]
    assert {**report, "dry_run": True, "run_id": dry["run_id"]} == dry
    assert keys(world) == ["b", "d"]


@every_shape
def test_what_was_forgotten_comes_back_whole_and_only_once(shape: Shape) -> None:
    world = lost(shape, "a", "c")
    before = artifacts(world)
    run = forgotten_all(world)[0]["run_id"]
    assert len(artifacts(world)) == 2
    back = undone(world, run)
    assert (back["done"], back["restored"], back["refused"], artifacts(world)) == (True, 2, [], before)
    assert world.database.one("SELECT paused_by FROM steward_control") is None
    assert undone(world, run)["restored"] == 0
    assert artifacts(world) == before


def test_a_row_of_the_object_that_came_meanwhile_stays_and_the_old_one_is_refused() -> None:
    shape = Shape()
    world = lost(shape, "a", "d")
    run = forgotten_all(world)[0]["run_id"]
    shape.artifact(world, 9, "a")
    # The id of the last row is given again.
    world.database.script("INSERT INTO artifacts (r2_bucket, r2_key, source_type) VALUES ('b', 'new', 'raw')")
    world.database.script("UPDATE artifacts SET id = 4 WHERE r2_key = 'new'")
    back = undone(world, run)
    assert back["restored"] == 0
    assert sorted((row["r2_key"], row["why"]) for row in back["refused"]) == [
        ("a", "the object has a row again"),
        ("d", "the id is in use again"),
    ]


def test_an_object_that_is_there_after_all_keeps_its_row_and_loses_its_mark() -> None:
    world = lost(Shape(), "a", "c")
    world.bucket.put("c")
    assert (forgotten(world)["forgotten"], forgotten(world)["still_there"]) == (1, 1)
    [report] = forgotten_all(world)
    assert (report["forgotten"], report["still_there"], keys(world)) == (1, 1, ["b", "c", "d"])
    marks = "SELECT r2_key FROM steward_missing WHERE resolved_at IS NULL"
    assert world.database.all(marks) == []


@pytest.mark.parametrize("chunk", [1, 2])
def test_a_row_that_is_cited_while_r2_is_asked_stays(chunk: int) -> None:
    shape = Shape()
    world = lost(shape, "a", "b")

    @dataclass
    class Busy(DictBucket):
        async def has(self, key: str) -> bool:
            if len(world.database.all("SELECT 1 FROM datapoints")) < chunk:
                shape.datapoint(world, len(world.database.all("SELECT 1 FROM datapoints")) + 1, 2)
            return await super().has(key)

    world.buckets = {BUCKET: Busy(dict(world.bucket.sizes))}
    [report] = forgotten_all(world)
    assert (report["forgotten"], keys(world)) == (1, ["b", "c", "d"])


def test_a_row_that_cites_another_stays_and_the_other_too() -> None:
    further = "ALTER TABLE artifacts ADD COLUMN parent INTEGER REFERENCES artifacts (id);"
    world = world_of(Shape(), (), further)
    insert = "INSERT INTO artifacts VALUES (?, 'b', ?, 'raw', NULL, NULL, ?)"
    for row in [(1, "a", None), (2, "b", 1), (3, "c", None)]:
        world.database.connection.execute(insert, row)
    for key in ("a", "b", "c"):
        mark(world, key)
    dry = forgotten(world)
    assert dry["held"] == {f"{chosen().table}.parent": 1, "its own parent": 1}
    forgotten_all(world)
    assert keys(world) == ["a", "b"]


def test_a_row_that_a_trigger_keeps_is_left_and_told_and_the_next_call_goes_past_it() -> None:
    keep = (
        "CREATE TRIGGER mine BEFORE DELETE ON artifacts WHEN OLD.r2_key IN ('b')"
        " BEGIN SELECT RAISE(ABORT, 'kept for the auditors'); END;"
    )
    world = lost(Shape(), *KEYS, further=keep)
    [report] = forgotten_all(world)
    assert (report["forgotten"], keys(world)) == (3, ["b"])
    [left] = report["left"]
    assert left["r2_key"] == "b"
    assert "kept for the auditors" in left["why"]
    assert "Triggers there: mine." in left["why"]


def test_a_child_that_compares_otherwise_keeps_its_row() -> None:
    world = lost(Shape("TEXT"), "a", "b", further="CREATE TABLE notes (about TEXT COLLATE NOCASE);")
    settings = replace(SETTINGS, children=(("datapoints", "artifact_id"), ("notes", "about")))
    world.database.script("INSERT INTO notes VALUES ('ID-000001')")
    report = forgotten_all(world, settings)[-1]
    assert keys(world) == ["a", "c", "d"]
    assert "as its column compares" in report["left"][0]["why"]


@pytest.mark.parametrize(
    ("further", "reason"),
    [
        ("CREATE TABLE t (artifact_id INTEGER);", "references"),
        (
            """
            CREATE UNIQUE INDEX keys ON artifacts (r2_key);
            CREATE TABLE t (k TEXT REFERENCES artifacts (r2_key) ON DELETE CASCADE);
            """,
            "schema",
        ),
        ("CREATE TABLE t (k TEXT REFERENCES artifacts (note));", "schema"),
    ],
)
def test_where_a_recovery_refuses_it_refuses_and_changes_nothing(further: str, reason: str) -> None:
    world = lost(Shape(), "a")
    world.database.script(further)
    before = artifacts(world), world.database.all("SELECT * FROM steward_missing")
    with pytest.raises(RefusedError) as refused:
        forgotten(world, dry_run=False)
    assert refused.value.reason == reason
    assert (artifacts(world), world.database.all("SELECT * FROM steward_missing")) == before


def test_dry_says_why_live_would_refuse() -> None:
    world = lost(Shape(), "a", further="CREATE TABLE t (artifact_id INTEGER);")
    assert "t.artifact_id" in forgotten(world)["refused"]
    assert "max_deletes: 1" in forgotten(lost(Shape(), "a"), replace(SETTINGS, max_deletes=0))["refused"]
    assert "unique index" in forgotten(lost(Shape(unique_index=False), "a"))["refused"]
    assert forgotten(lost(Shape(), "a"))["refused"] is None


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("UPDATE steward_control SET paused_by = 'me', pause_reason = 'x'", "paused"),
        ("UPDATE steward_control SET lease_token = 'x', lease_run = 1, lease_until = '2999'", "busy"),
        ("UPDATE steward_control SET lifted_until = '2999', lifted_reason = 'x'", "guards_lifted"),
        ("DROP INDEX mine", "unique_index"),
    ],
)
def test_it_waits_for_whoever_is_at_work(state: str, reason: str) -> None:
    world = lost(Shape(), "a")
    world.database.script(state)
    with pytest.raises(RefusedError) as refused:
        forgotten(world, dry_run=False)
    assert (refused.value.reason, keys(world)) == (reason, list(KEYS))


def test_the_cap_is_what_it_may_delete_and_what_the_request_says() -> None:
    world = lost(Shape(), "a", "b")
    capped = replace(SETTINGS, max_deletes=1)
    with pytest.raises(RefusedError) as refused:
        forgotten(world, capped, dry_run=False)
    assert (refused.value.reason, keys(world)) == ("max_deletes", list(KEYS))
    assert forgotten(world, capped, dry_run=False, max_deletes=2)["forgotten"] == 2


def test_rows_that_become_gone_meanwhile_do_not_pass_the_cap() -> None:
    world = lost(Shape(), "a")

    def more(_number: int, statements: Any) -> None:  # noqa: ANN401  # a sequence of statements
        if any("steward_merges" in one.sql for one in statements) and not marked:
            marked.append(True)
            mark(world, "b")

    marked: list[bool] = []
    ports = replace(world.ports(), database=Interposed(world.database, more))
    capped = replace(SETTINGS, max_deletes=1)
    with pytest.raises(RefusedError, match="cap on deletes"):
        forgotten(ports, capped, dry_run=False)
    assert keys(world) == ["b", "c", "d"]


def test_a_bucket_that_is_not_configured_is_no_field_and_its_rows_stay() -> None:
    shape = Shape()
    world = lost(shape, "a")
    shape.artifact(world, 9, "z", bucket="other")
    mark(world, "z")
    with pytest.raises(InputError) as wrong:
        forgotten(world, r2_bucket="other")
    assert wrong.value.field == "r2_bucket"
    assert forgotten(world)["gone"] == 1


@how(deadline=None)
@given(st.data())
def test_dry_equals_live_and_undo_takes_all_of_it_back(data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from([Shape(ids, fk) for ids in ("INTEGER", "TEXT") for fk in (False, True)]))
    names = data.draw(st.lists(st.sampled_from([*"abcdefgh", "A", "a/é", "\U0001f4c4", "x\ny"]), unique=True))
    world = world_of(shape, names)
    for number, artifact in enumerate(data.draw(st.lists(st.integers(1, len(names) or 1), max_size=4)), start=1):
        if names:
            shape.datapoint(world, number, artifact)
    for key in names:
        state = data.draw(st.sampled_from(["there", "candidate", "gone", "gone", "back"]))
        if state != "there":
            mark(world, key, verified=state != "candidate", gone=state != "back")
    before = artifacts(world)
    told = [row for row in before if row[2] in gone_and_free(world)]
    dry = forgotten(world)
    assert artifacts(world) == before
    reports = forgotten_all(world)
    assert dry["forgotten"] == sum(report["forgotten"] for report in reports) == len(told)
    assert [row for row in before if row not in told] == artifacts(world)
    for report in reversed(reports):
        undone(world, report["run_id"])
    assert artifacts(world) == before


def gone_and_free(world: World) -> set[object]:
    """Return the keys that are to go, by an oracle of its own."""
    marks = world.database.all("SELECT r2_key, artifact_id, verified_at FROM steward_missing WHERE resolved_at IS NULL")
    cited = {row[0] for row in world.database.all("SELECT artifact_id FROM datapoints")}
    return {key for key, row, at in marks if at and row not in cited and key not in world.bucket.sizes}


def test_a_call_that_dies_anywhere_is_continued_by_the_next() -> None:
    for at in range(1, 40):
        world = lost(Shape(), "a", "b", "c", cited=(2,))

        def die(number: int, _statements: Any, at: int = at) -> None:  # noqa: ANN401  # as above
            if number == at:
                raise PlatformError("D1_ERROR: gone")

        database = Interposed(world.database, die)
        try:
            forgotten(replace(world.ports(), database=database), dry_run=False)
        except PlatformError:
            assert {"b", "d"} <= set(keys(world))
        else:
            assert at > 5
            return
        world.clock.advance(minutes=5)
        forgotten_all(world)
        assert keys(world) == ["b", "d"]
        assert world.database.one("SELECT count(*) FROM steward_merges") == 2
    raise AssertionError("it never came to its end")


def test_a_small_budget_takes_several_calls_which_come_to_the_same_end() -> None:
    world = world_of(Shape(), numbered(200))
    for key in numbered(150):
        mark(world, key)
    before = everything(world)
    assert forgotten(world)["forgotten"] == 150
    slow = replace(world.ports(), database=Interposed(world.database, lambda *_: world.clock.advance(seconds=20)))
    reports = forgotten_all(slow)
    assert len(reports) > 1
    assert sum(report["forgotten"] for report in reports) == 150
    assert keys(world) == numbered(200)[150:]
    assert everything(world) != before


def test_from_the_object_that_is_lost_to_the_row_that_is_forgotten_and_back() -> None:
    world = migrated_world()
    world.rules((1, "raw/*", "raw"))
    world.bucket.put(*numbered(20))
    live(world)
    del world.bucket.sizes["raw/00007"]
    for _ in range(3):
        world.clock.advance(hours=25)
        tick(world, MISSING_LIMIT_PERCENT=50)
    settings = read_settings({})
    run = forgotten_all(world, settings)[0]["run_id"]
    assert keys(world) == [key for key in numbered(20) if key != "raw/00007"]
    assert undone(world, run)["restored"] == 1
    assert keys(world) == numbered(20)


def test_over_http_it_is_dry_unless_told_otherwise_and_has_its_role() -> None:
    api = Api(migrated_world())
    answer = api.json("POST", "/forget", {})
    assert (answer.status_code, answer.json()["dry_run"], answer.json()["gone"]) == (200, True, 0)
    assert api.json("POST", "/forget", {"dry_run": False}).status_code == 200
    assert api.json("POST", "/forget", {"r2_bucket": "none"}).status_code == 422
    assert api.json("GET", "/runs?kind=forget").json()["runs"][0]["mode"] == "live"
