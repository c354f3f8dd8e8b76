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
from recovery.call import RecoverRequest
from recovery.run import recover
from runs.pause import pause
from settings import read_settings
from tests.support.actions import Api, everything, tick
from tests.support.databases import (
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
from tests.support.dirty import RULES, SAMPLE, Dirt, clean_sample, dirt
from tests.support.fakes import World, migrate
from tests.support.shapes import chosen, examples, held

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
    assert told["guards"] == (7, 11, 4)
    assert told["classify"] == (2, 0, 2)
    assert told["orphans"] == (2, 1, 1)
    assert told["verify"][1] == 1 + 1 + 1
    found = steps(report)
    assert (found["dedupe"]["groups"], found["dedupe"]["types_carried"], found["dedupe"]["children_remapped"]) == (
        3,
        1,
        6,
    )
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


@settings(max_examples=examples(60), deadline=None)
@given(database=st.one_of(dirt(), dirt(loose=True)))
def test_the_counts_of_dry_are_those_of_live(database: Dirt) -> None:
    world = database.world()
    dry = recovered(world)
    live = recovered(world, dry_run=False)
    assert numbers(dry) == numbers(live)
    assert (dry["ok"], dry["done"]) == (live["ok"], live["done"])
    assert steps(dry)["dedupe"].get("left_whole") == steps(live)["dedupe"].get("left_whole")


def test_what_is_left_whole_stands_in_the_order_of_its_keys_whatever_keeps_it() -> None:
    rows = [
        (*held("b", key, "raw"), date) for key, date in 2 * [("odd", None)] + [("raw/c", "someday"), ("raw/c", None)]
    ]
    same = ((1, "same"), (2, "same"))
    world = Dirt(Shape(unique_index=False), tuple(rows), datapoints=(), notes=same, merges=()).world()
    for report in (recovered(world), recovered(world, dry_run=False)):
        assert [one["r2_key"] for one in steps(report)["dedupe"]["left_whole"]] == ["odd", "raw/c"]


@settings(max_examples=examples(40), deadline=None)
@given(database=dirt(), max_groups=st.integers(2, 9))
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
    once = tables(world)
    healed(world)
    assert tables(world) == once


def tables(world: World) -> list[object]:
    """Return what the database is for, without the steward's own tables."""
    notes = world.database.all("SELECT * FROM notes ORDER BY about, word")
    return [artifacts(world), datapoints(world), notes, schema(world)]


def schema(world: World) -> list[tuple[object, ...]]:
    return world.database.all("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name")


def objects_of(world: World) -> list[tuple[object, ...]]:
    return world.database.all("SELECT DISTINCT r2_bucket, r2_key FROM artifacts ORDER BY 1, 2")


def known_types(world: World) -> dict[object, set[object]]:
    """Return the known types that the rows of each object have."""
    found: dict[object, set[object]] = {}
    for bucket, key, source_type in world.database.all("SELECT r2_bucket, r2_key, source_type FROM artifacts"):
        found.setdefault((bucket, key), set())
        if source_type != "unknown":
            found[bucket, key].add(source_type)
    return found


# Several calls


def many_groups(groups: int) -> World:
    shape = Shape(unique_index=False)
    world = shape.world()
    for number in range(1, groups * 2 + 1):
        shape.artifact(world, number, f"k{(number + 1) // 2:03}")
        shape.datapoint(world, number, number)
    return world


def test_a_bounded_recovery_is_done_in_several_calls_that_add_up() -> None:
    world = many_groups(23)
    dry = recovered(world)
    deleted, calls = 0, 0
    report: dict[str, Any] = {"done": False}
    while not report["done"]:
        report = recovered(world, dry_run=False, max_groups=5)
        deleted += steps(report)["dedupe"]["changed"]
        calls += 1
        assert report["done"] or (control(world, "paused_by"), report["ok"]) == ("recovery", False)
    assert calls == 5
    assert deleted == steps(dry)["dedupe"]["changed"] == 23
    assert report["ok"]
    assert control(world, "paused_by") is None


def test_a_call_that_stopped_early_is_a_stopped_run_and_one_that_came_to_the_end_a_succeeded_one() -> None:
    world = many_groups(3)
    for _ in range(2):
        recovered(world, dry_run=False, max_groups=2)
    assert world.database.all("SELECT status FROM steward_runs") == [("stopped",), ("succeeded",)]


def test_many_chunks_in_one_call_share_no_number() -> None:
    world = many_groups(600)
    assert recovered(world, dry_run=False)["ok"]
    chunks = world.database.all("SELECT chunk, count(*) FROM steward_merges GROUP BY chunk")
    assert chunks == [(1, 250), (2, 250), (3, 100)]


def test_a_second_round_merges_what_a_writer_doubled_meanwhile_and_deletes_nothing_else() -> None:
    """The deleted loser had the highest id, so SQLite gives it to the next row: that row is another's."""
    shape = Shape(unique_index=False)
    world = shape.world()
    shape.artifact(world, 1, "a", fetched_at="2026-01-01")
    shape.artifact(world, 2, "a")
    shape.artifact(world, 3, "c")
    shape.artifact(world, 4, "c", fetched_at="2025-01-01")
    shape.artifact(world, 5, "a")
    script = """
      INSERT INTO artifacts (r2_bucket, r2_key, source_type) VALUES ('b', 'new', 'raw');
      INSERT INTO artifacts (r2_bucket, r2_key, source_type) VALUES ('b', 'a', 'raw');
    """
    ports, database = meddled(world, CREATE_INDEX, script)
    report = recovered(ports, dry_run=False)
    assert database.done
    assert report["ok"]
    assert [(row[0], row[2]) for row in artifacts(world)] == [(1, "a"), (4, "c"), (5, "new")]
    assert numbers(report)["dedupe"] == (3, 0, 4)
    assert steps(report)["dedupe"]["groups"] == 3


# The cap


def test_a_call_over_the_cap_refuses_with_the_number_and_changes_nothing() -> None:
    world = many_groups(5)
    capped = read_settings({"MAX_DELETES": 4})
    before = tables_and_control(world)
    with pytest.raises(RefusedError, match="would delete 5 duplicate rows, and may delete 4") as refused:
        recovered(world, capped, dry_run=False)
    assert "max_deletes: 5" in refused.value.hint
    assert tables_and_control(world) == before
    assert control(world, "paused_by") is None
    [run] = world.database.all("SELECT status, error FROM steward_runs")
    assert run[0] == "failed"
    assert "max_deletes: 5" in str(run[1])
    assert recovered(world, capped, dry_run=False, max_deletes=5)["ok"]


def tables_and_control(world: World) -> list[object]:
    held = "SELECT paused_by, lease_token, lease_until, deletes_left FROM steward_control"
    merges = world.database.all("SELECT * FROM steward_merges")
    return [artifacts(world), datapoints(world), schema(world), world.database.all(held), merges]


def test_a_request_may_lower_the_cap_to_nothing() -> None:
    with pytest.raises(RefusedError, match="may delete 0"):
        recovered(many_groups(1), dry_run=False, max_deletes=0)
    clean = many_groups(0)
    assert recovered(clean, dry_run=False, max_deletes=0)["ok"]


def test_a_dry_run_is_not_capped() -> None:
    assert steps(recovered(many_groups(5), read_settings({"MAX_DELETES": 0})))["dedupe"]["changed"] == 5


def test_the_cap_holds_in_the_transaction_of_the_delete_against_rows_that_appear_after_the_plan() -> None:
    world = many_groups(5)
    script = "INSERT INTO artifacts (r2_bucket, r2_key, source_type) VALUES ('b', 'k003', 'raw')"
    ports, database = meddled(world, MERGE, script)
    report = recovered(ports, dry_run=False, max_deletes=5)
    assert database.done
    assert len(artifacts(world)) == 11
    assert world.database.all("SELECT * FROM steward_merges") == []
    told = steps(report)["dedupe"]["error"]
    assert "cap on deletes" in told
    assert "max_deletes" in told
    assert (report["done"], report["ok"]) == (False, False)
    assert control(world, "paused_by") == "recovery"
    assert healed(world, max_deletes=6)["ok"]


# The lease


def test_a_recovery_whose_lease_was_taken_writes_nothing_more() -> None:
    """Whatever batch it is at: the loop takes the lease before each one in turn."""
    at = 0
    while True:
        world = clean_sample(Shape(unique_index=False)).world()
        world.database.script(OPEN_FINDING)
        thief = Thief(world.database, world, at)
        report = recovered(replace(world.ports(), database=thief), dry_run=False)
        if thief.kept is None:
            break
        assert written(world) == thief.kept, f"after batch {at}"
        assert control(world, "lease_token") == "thief"
        assert not report["ok"]
        at += 1
    assert at > 30


OPEN_FINDING = """
  INSERT INTO steward_findings (invariant, severity, opened_at, last_seen_at, violations, peak, sample)
  VALUES ('one_artifact_per_object', 'error', '2026', '2026', 1, 1, '[]');
"""
"""Something for verify to write: it resolves this."""


def written(world: World) -> list[object]:
    ours = ("steward_merges", "steward_remaps", "steward_control", "steward_findings", "steward_alerts")
    names = ("artifacts", "datapoints", "notes", *ours)
    return [schema(world), *(world.database.all(f"SELECT * FROM {name}") for name in names)]


@dataclass
class Thief:
    """A database in which another run takes the lease before batch number `at` of those after the opening."""

    database: Database
    world: World
    at: int
    kept: list[object] | None = None
    """What the database held when the lease was taken."""
    batches: int = -1

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Run the batch, after the theft when its time has come."""
        if self.batches == self.at and not any("UPDATE steward_runs SET status" in one.sql for one in statements):
            self.world.database.script("""
              UPDATE steward_control SET lease_token = 'thief', fence = fence + 1, lease_until = '2999';
            """)
            self.kept = written(self.world)
        self.batches += 1
        return await self.database.batch(statements)

    async def bookmark(self) -> str | None:
        """Return no bookmark."""
        return None


def test_a_recovery_beside_another_live_run_is_refused() -> None:
    world = many_groups(2)
    ports, _ = meddled(world, MERGE)
    inner: list[RefusedError] = []

    @dataclass
    class Nested:
        database: Database

        async def batch(self, statements: Sequence[Statement]) -> list[Result]:
            if any(MERGE in one.sql for one in statements) and not inner:
                with pytest.raises(RefusedError, match="is in progress") as refused:
                    await recover(world.ports(), SETTINGS, RecoverRequest(dry_run=False))
                inner.append(refused.value)
            return await self.database.batch(statements)

        async def bookmark(self) -> str | None:
            return None

    report = recovered(replace(ports, database=Nested(ports.database)), dry_run=False)
    assert report["ok"]
    assert inner[0].reason == "busy"


# Pause and resume


def test_backfill_is_paused_while_it_runs_and_a_tick_is_skipped() -> None:
    world = many_groups(2)
    ports, database = meddled(world, MERGE, look="SELECT paused_by, pause_reason, lease_run FROM steward_control")
    recovered(ports, dry_run=False)
    assert database.seen == [("recovery", "recovery, run 1", 1)]
    assert control(world, "paused_by") is None


def test_an_operators_pause_stays() -> None:
    world = many_groups(2)
    Api(world).json("POST", "/pause", {"reason": "a move"})
    report = recovered(world, dry_run=False)
    assert report["ok"]
    assert steps(report)["pause"]["paused_before_by"] == "operator"
    assert numbers(report)["resume"] == (1, 1, 0)
    assert (control(world, "paused_by"), control(world, "pause_reason")) == ("operator", "a move")


@pytest.mark.parametrize("moment", [MERGE, "SET paused_by = NULL"], ids=["in the middle", "just before the resume"])
def test_an_operators_pause_while_a_recovery_works_outlives_it(moment: str) -> None:
    world = many_groups(2)

    @dataclass
    class Interrupted:
        database: Database

        async def batch(self, statements: Sequence[Statement]) -> list[Result]:
            if any(moment in one.sql for one in statements):
                await pause(world.database, world.clock, by="operator", reason="hands off")
            return await self.database.batch(statements)

        async def bookmark(self) -> str | None:
            return None

    report = recovered(replace(world.ports(), database=Interrupted(world.database)), dry_run=False)
    assert report["ok"]
    assert numbers(report)["resume"] == (1, 1, 0)
    assert (control(world, "paused_by"), control(world, "pause_reason")) == ("operator", "hands off")


def test_what_cannot_be_made_clean_stays_paused_unless_the_request_says_so() -> None:
    world = SAMPLE.world()
    report = recovered(world, dry_run=False)
    assert (report["done"], report["ok"]) == (True, False)
    assert control(world, "paused_by") == "recovery"
    assert "paused by recovery" in str(tick(world)["counts"]["backfill"])
    assert not recovered(world, dry_run=False, resume=True)["ok"]
    assert control(world, "paused_by") is None


# Failures


@dataclass(frozen=True)
class Failing:
    """A database on which every batch that holds `text` fails."""

    database: Database
    text: str

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Run the batch unless it holds the text."""
        if any(self.text in statement.sql for statement in statements):
            raise PlatformError("A D1 batch failed: D1_ERROR: the disk is on fire.")
        return await self.database.batch(statements)

    async def bookmark(self) -> str | None:
        """Return no bookmark."""
        return None


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ("dedupe", MERGE),
        ("index", CREATE_INDEX),
        ("guards", "CREATE TRIGGER"),
        ("classify", "UPDATE artifacts SET source_type = classified"),
        ("orphans", 'SET "artifact_id" = lost.winner_id'),
        ("verify", "INSERT INTO steward_findings"),
        ("resume", "SET paused_by = NULL"),
    ],
)
def test_a_failed_step_is_named_with_its_cause_and_how_to_go_on_and_the_next_call_does(step: str, text: str) -> None:
    database = clean_sample(Shape(unique_index=False))
    database = replace(database, datapoints=(*database.datapoints, 13))
    world, whole = database.world(), database.world()
    healed(whole)
    report = recovered(replace(world.ports(), database=Failing(world.database, text)), dry_run=False)
    assert report["steps"][-1]["name"] == step
    assert (report["done"], report["ok"]) == (False, False)
    run = Api(world).json("GET", f"/runs/{report['run_id']}").json()
    assert run["status"] == "failed"
    for told in (report["steps"][-1]["error"], run["error"]):
        assert told.startswith(f"Step {step}: ")
        assert "the disk is on fire" in told
        assert "stays paused" in told
        assert "POST /recover continues from here" in told
        assert 'docs/runbook.md, "A run that failed"' in told
    assert control(world, "paused_by") == "recovery"
    assert control(world, "lease_token") is None
    assert healed(world)["ok"]
    assert tables(world) == tables(whole)
    assert control(world, "paused_by") is None


def test_a_recovery_that_failed_before_it_paused_says_that_backfill_is_not_paused() -> None:
    world = SAMPLE.world()
    ports = replace(world.ports(), database=Failing(world.database, "AS losers"))
    told = recovered(ports, dry_run=False)["steps"][-1]["error"]
    assert "Scheduled backfill is not paused. POST /recover continues from here" in told
    assert control(world, "paused_by") is None
    Api(world).json("POST", "/pause", {"reason": "a move"})
    told = recovered(ports, dry_run=False)["steps"][-1]["error"]
    assert "stays paused (by operator)" in told


def test_a_recovery_that_cannot_ask_whether_it_paused_says_who_can() -> None:
    world = SAMPLE.world()
    ports = replace(world.ports(), database=Failing(world.database, "paused_by"))

    @dataclass(frozen=True)
    class Gone:
        database: Database
        opened: list[bool]

        async def batch(self, statements: Sequence[Statement]) -> list[Result]:
            database = world.database if not self.opened else self.database
            self.opened.append(True)
            return await database.batch(statements)

        async def bookmark(self) -> str | None:
            return None

    told = recovered(replace(ports, database=Gone(ports.database, [])), dry_run=False)["steps"][-1]["error"]
    assert told.startswith("Step pause: ")
    assert "GET /summary says whether scheduled backfill is paused." in told


def test_a_dry_run_that_failed_says_that_nothing_was_changed() -> None:
    world = SAMPLE.world()
    ports = replace(world.ports(), database=Failing(world.database, "AS orphans, count("))
    told = recovered(ports)["steps"][-1]["error"]
    assert told.startswith("Step orphans: ")
    assert told.endswith("Nothing was changed.")


def test_a_schema_that_cannot_be_read_frees_the_lease_and_ends_the_run() -> None:
    world = SAMPLE.world()
    with pytest.raises(PlatformError):
        recovered(replace(world.ports(), database=Failing(world.database, "pragma_table_info")), dry_run=False)
    assert world.database.all("SELECT status FROM steward_runs") == [("failed",)]
    assert control(world, "lease_token") is None


def test_rules_that_are_not_valid_stop_it_at_the_step_that_needs_them() -> None:
    world = SAMPLE.world()
    world.rules((1, "", "nothing"))
    report = recovered(world, dry_run=False)
    assert "PUT /rules" in report["steps"][-1]["error"]
    assert "cap" not in report["steps"][-1]["error"]


def test_a_running_recovery_shows_its_step_and_one_that_died_shows_where() -> None:
    world = SAMPLE.world()
    ports, database = meddled(world, MERGE, look="SELECT counts FROM steward_runs")
    recovered(ports, dry_run=False)
    noted = json.loads(str(database.seen[0][0]))
    assert noted["step"] == "dedupe"
    assert [step["name"] for step in noted["steps"]] == ["pause", "measure", "bookmark"]
    assert "POST /recover continues from here" in noted["next"]


# Configuration and shapes


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_configured_child_that_is_not_there_is_refused_before_anything_is_changed(*, dry_run: bool) -> None:
    world = many_groups(2)
    before = tables_and_control(world)
    wrong = read_settings({"CHILDREN": ["datapoints.artifact_id", "gone.artifact_id"]})
    with pytest.raises(RefusedError, match=r"CHILDREN names gone\.artifact_id"):
        recovered(world, wrong, dry_run=dry_run)
    assert tables_and_control(world) == before


CASCADES = {
    "on another column": "artifact_uuid TEXT REFERENCES artifacts (uuid) ON DELETE {action}",
    "on several": """
      id INTEGER, artifact_uuid TEXT,
      FOREIGN KEY (id, artifact_uuid) REFERENCES artifacts (id, uuid) ON DELETE {action}
    """,
}


def with_uuids(child: str) -> World:
    world = World()
    world.database.script(f"""
      CREATE TABLE artifacts (
        id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL, source_type TEXT NOT NULL,
        fetched_at TEXT, uuid TEXT UNIQUE, UNIQUE (id, uuid)
      );
      CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id INTEGER REFERENCES artifacts (id) ON DELETE CASCADE);
      CREATE TABLE pages (body TEXT DEFAULT 'precious', {child});
    """)
    migrate(world.database)
    world.database.script("""
      INSERT INTO artifacts VALUES (1, 'b', 'k', 'raw', '2026-01-01', 'u1'), (2, 'b', 'k', 'raw', '2026-02-01', 'u2');
      INSERT INTO datapoints VALUES (1, 1);
    """)
    columns = "id, artifact_uuid" if "(id, artifact_uuid)" in child else "artifact_uuid"
    world.database.script(f"INSERT INTO pages ({columns}) VALUES ({'1, ' if ',' in columns else ''}'u1')")
    return world


@pytest.mark.parametrize("action", ["CASCADE", "SET NULL", "SET DEFAULT"])
@pytest.mark.parametrize("child", CASCADES.values(), ids=CASCADES.keys())
def test_a_key_that_would_change_a_child_unjournalled_is_refused_by_name_before_anything_is_changed(
    child: str, action: str
) -> None:
    world = with_uuids(child.format(action=action))
    before = tables_and_control(world)
    for dry_run in (True, False):
        with pytest.raises(RefusedError, match=rf"pages\.artifact_uuid ON DELETE {action}") as refused:
            recovered(world, dry_run=dry_run)
        assert refused.value.reason == "schema"
        assert chosen().said("artifacts (id)") in refused.value.hint
    assert tables_and_control(world) == before
    assert world.database.one("SELECT body FROM pages WHERE artifact_uuid = 'u1'") == "precious"


@pytest.mark.parametrize("child", CASCADES.values(), ids=CASCADES.keys())
def test_a_key_that_restricts_is_the_databases_own_refusal_of_one_object(child: str) -> None:
    world = with_uuids(child.format(action="NO ACTION"))
    report = recovered(world, dry_run=False)
    [left] = steps(report)["dedupe"]["left_whole"]
    assert "FOREIGN KEY" in left["why"]
    assert len(artifacts(world)) == 2
    assert world.database.one("SELECT count(*) FROM pages WHERE artifact_uuid = 'u1'") == 1


def test_a_cascade_on_the_id_is_followed_to_the_winner_and_takes_nothing_with_it() -> None:
    world = with_uuids("artifact_uuid TEXT")
    assert healed(world)["ok"]
    assert datapoints(world) == [(1, 2)]


def test_the_guards_of_a_table_that_was_dropped_stop_nothing() -> None:
    """They name the dropped table, so every delete fails until they are gone."""
    shape = Shape(unique_index=False)
    world = shape.world("CREATE TABLE notes (about INTEGER REFERENCES artifacts (id));")
    healed(world)
    world.database.script("DROP TABLE notes; DROP INDEX artifacts_one_per_object")
    for number in (1, 2):
        shape.artifact(world, number, "k")
    with pytest.raises(Exception, match="no such table"):
        world.database.script("DELETE FROM artifacts WHERE id = 1")
    assert healed(world)["ok"]
    assert len(artifacts(world)) == 1
    world.database.script("DELETE FROM artifacts")


def test_an_index_on_other_columns_does_not_count_as_the_unique_index() -> None:
    shape = Shape(unique_index=False)
    world = shape.world("CREATE UNIQUE INDEX decoy ON artifacts (r2_bucket, r2_key, source_type);")
    shape.artifact(world, 1, "k", "raw")
    shape.artifact(world, 2, "k", "memo")
    report = recovered(world, dry_run=False)
    assert numbers(report)["index"] == (0, 1, 1)
    assert report["ok"]
    with pytest.raises(Exception, match="UNIQUE"):
        shape.artifact(world, 3, "k", "other")


def test_the_index_that_served_the_merge_goes_when_the_unique_one_is_there() -> None:
    world = many_groups(2)
    healed(world)
    names = [row[1] for row in schema(world) if row[0] == "index"]
    assert "artifacts_one_per_object" in names
    assert "steward_objects" not in names


def test_a_nullable_key_is_named_for_no_index_can_mend_it() -> None:
    shape = Shape(unique_index=False, loose=True)
    dry, live = recovered(shape.world()), recovered(shape.world(), dry_run=False)
    for report in (dry, live):
        assert steps(report)["index"]["nullable"] == [chosen().of(word).own for word in ("r2_bucket", "r2_key")]
        assert steps(report)["verify"]["after"] == 2
        assert not report["ok"]


@pytest.mark.parametrize("shape", DIRTY_SHAPES, ids=str)
def test_a_healthy_database_is_left_as_it_is(shape: Shape) -> None:
    world = replace(shape, unique_index=True).world()
    before = schema(world)
    report = recovered(world, dry_run=False)
    assert report["ok"]
    assert {step["changed"] for step in report["steps"] if step["name"] not in ("pause", "resume")} == {0}
    assert schema(world) == before
