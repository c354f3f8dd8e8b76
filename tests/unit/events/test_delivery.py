"""What becomes of a batch: applied as a whole, put off, counted, or given up; and what R2 is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest

from errors import PlatformError
from events.delivery import FAILED, HELD
from ports import Result, Statement
from settings import read_settings
from tests.support.actions import rows, types
from tests.support.events import DEAD, LIVE, counted, delivered, letters, notification, now, told
from tests.support.fakes import DictBucket, SqliteDatabase, World, migrated_world
from tests.support.shapes import kind

DAY_SECONDS = 86_400


@dataclass
class WatchedBucket(DictBucket):
    """A bucket in which something happens right after R2 was asked, or which does not answer."""

    after: Callable[[], None] = lambda: None
    failing: bool = False
    asked: list[str] = field(default_factory=list)

    async def has(self, key: str) -> bool:
        """Answer, then let something happen."""
        self.asked.append(key)
        if self.failing:
            raise PlatformError("R2 is away")
        found = await super().has(key)
        after, self.after = self.after, lambda: None
        after()
        return found


@pytest.fixture
def bucket() -> WatchedBucket:
    return WatchedBucket()


@pytest.fixture
def world(bucket: WatchedBucket) -> World:
    world = migrated_world()
    world.rules((1, "raw/*.pdf", "report"), (2, "raw/*", "raw"))
    world.buckets["artifacts"] = bucket
    return world


def put(world: World, key: str = "raw/a") -> None:
    """Store an object, and deliver its event."""
    world.bucket.put(key)
    assert delivered(world, notification(key, at=now(world))) is None


def delete(world: World, key: str = "raw/a") -> None:
    """Delete an object, and deliver its event."""
    world.bucket.sizes.pop(key, None)
    assert delivered(world, notification(key, "DeleteObject", at=now(world))) is None


@pytest.mark.parametrize("action", ["PutObject", "CopyObject", "CompleteMultipartUpload"])
def test_a_put_is_a_row_of_its_moment_and_asks_r2_nothing(world: World, bucket: WatchedBucket, action: str) -> None:
    at = now(world)
    assert delivered(world, notification("raw/é%2F.pdf", action, at=at)) is None
    assert rows(world) == [("artifacts", "raw/é%2F.pdf", kind("report"), at)]
    assert bucket.asked == []


def test_a_known_type_is_never_changed_and_an_unknown_one_upgraded(world: World) -> None:
    insert = "INSERT INTO artifacts (r2_bucket, r2_key, source_type) VALUES ('artifacts', ?, ?)"
    world.database.connection.executemany(insert, [("raw/a", "by hand"), ("raw/b", "unknown")])
    delivered(world, notification("raw/a", at=now(world)), notification("raw/b", at=now(world)))
    assert types(world) == {"raw/a": "by hand", "raw/b": kind("raw")}


def test_markers_and_objects_without_a_rule_are_no_rows(world: World) -> None:
    delivered(world, notification("raw/", size=0, at=now(world)), notification("other", at=now(world)))
    assert types(world) == {}


@pytest.mark.parametrize("action", ["DeleteObject", "LifecycleDeletion"])
def test_a_delete_is_a_mark_once_r2_says_so_and_the_row_stays(world: World, action: str) -> None:
    put(world)
    world.bucket.sizes.clear()
    delivered(world, notification("raw/a", action, at=now(world)))
    assert (told(world), types(world)) == ({"raw/a"}, {"raw/a": kind("raw")})


def test_a_delete_of_what_is_there_marks_nothing(world: World) -> None:
    put(world)
    assert delivered(world, notification("raw/a", "DeleteObject", at=now(world))) is None
    assert told(world) == set()


def test_a_put_heals_a_mark_only_if_r2_has_the_object(world: World) -> None:
    put(world)
    delete(world)
    delivered(world, notification("raw/a", at=now(world)))
    assert told(world) == {"raw/a"}
    put(world)
    assert told(world) == set()


def test_a_late_put_of_what_was_deleted_ends_with_a_mark(world: World) -> None:
    at = now(world)
    delete(world)
    delivered(world, notification("raw/a", at=at))
    assert told(world) == {"raw/a"}


def test_a_put_and_its_delete_in_one_batch_are_no_row(world: World) -> None:
    delivered(world, notification("raw/a", "DeleteObject", at=now(world)), notification("raw/a", at=now(world)))
    assert types(world) == {}


def test_an_old_put_is_believed_only_if_r2_has_the_object(world: World, bucket: WatchedBucket) -> None:
    old = now(world)
    world.clock.advance(seconds=DAY_SECONDS)
    bucket.put("raw/there")
    delivered(world, notification("raw/gone", at=old), notification("raw/there", at=old))
    assert (types(world), sorted(bucket.asked)) == ({"raw/there": kind("raw")}, ["raw/gone", "raw/there"])


def test_a_put_right_after_the_look_leaves_no_mark(world: World, bucket: WatchedBucket) -> None:
    # The put's event is delivered while the delete's batch waits for the answer that there is no object.
    put(world)
    bucket.sizes.clear()

    def put_again() -> None:
        bucket.put("raw/a")
        world.database.script("UPDATE steward_missing SET resolved_at = 'by the other batch'")

    bucket.after = put_again
    delivered(world, notification("raw/a", "DeleteObject", at=now(world)))
    assert told(world) == set()


def test_where_r2_does_not_answer_nothing_is_marked_and_the_batch_comes_again(
    world: World, bucket: WatchedBucket
) -> None:
    put(world)
    bucket.sizes.clear()
    bucket.failing = True
    event = notification("raw/a", "DeleteObject", at=now(world))
    assert (delivered(world, event), told(world)) == (FAILED, set())
    bucket.failing = False
    assert (delivered(world, event), told(world)) == (None, {"raw/a"})


def test_several_buckets_are_one_transaction(world: World) -> None:
    world.buckets["scans"] = DictBucket()
    settings = read_settings({"BACKFILL_MODE": "live", "BUCKETS": {"artifacts": "A", "scans": "S"}})
    both = [notification("raw/a", at=now(world), bucket=name) for name in ("artifacts", "scans")]
    assert delivered(world, *both, settings=settings) is None
    assert [row[0] for row in rows(world)] == ["artifacts", "scans"]


def refuse(world: World) -> None:
    """Let the database refuse one key."""
    world.database.script(
        "CREATE TRIGGER refuse BEFORE INSERT ON artifacts WHEN new.r2_key = 'raw/bad'"
        " BEGIN SELECT RAISE(ABORT, 'no'); END"
    )


def test_what_the_database_refuses_is_parked_and_the_rest_is_written(world: World) -> None:
    refuse(world)
    events = [notification(f"raw/{name}", at=now(world)) for name in ("a", "bad", "c")]
    assert delivered(world, *events) is None
    assert types(world) == {"raw/a": kind("raw"), "raw/c": kind("raw")}
    assert world.database.all("SELECT r2_key FROM steward_refused") == [("raw/bad",)]


HOLDS = {
    "a pause": "UPDATE steward_control SET paused_by = 'operator', pause_reason = 'why'",
    "no unique index": (
        "ALTER TABLE artifacts RENAME TO a; CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL,"
        " r2_key TEXT NOT NULL, source_type TEXT NOT NULL DEFAULT 'unknown', fetched_at TEXT)"
    ),
    "a recovery": (
        "INSERT INTO steward_runs (id, kind, mode, trigger, status, started_at, expires_at, request)"
        " VALUES (9, 'recovery', 'live', 'http', 'running', '', '', '{}');"
        "UPDATE steward_control SET lease_run = 9, lease_token = 't', lease_until = '2999'"
    ),
}


@pytest.mark.parametrize("why", HOLDS)
def test_messages_are_put_off_and_nothing_is_written(world: World, why: str) -> None:
    if why == "no unique index":
        world.database.script("PRAGMA legacy_alter_table = ON; PRAGMA foreign_keys = OFF;")
        world.database.script("".join(f"DROP TRIGGER {name};" for name in triggers(world)))
    world.database.script(HOLDS[why])
    assert delivered(world, notification("raw/a", at=now(world))) == HELD
    assert types(world) == {}
    assert counted(world)["held_why"]
    assert counted(world)["received"] == 0


def triggers(world: World) -> list[str]:
    """Return the names of all triggers."""
    return [str(name) for (name,) in world.database.all("SELECT name FROM sqlite_master WHERE type = 'trigger'")]


@dataclass
class Pausing:
    """A database in which somebody pauses after its first transaction."""

    database: SqliteDatabase
    batches: int = 0

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Run the batch, then let somebody pause."""
        found = await self.database.batch(statements)
        self.batches += 1
        if self.batches == 1:
            self.database.script(HOLDS["a pause"])
        return found

    async def bookmark(self) -> str | None:
        """Return no bookmark."""
        return None


def test_a_pause_that_comes_between_the_look_and_the_write_holds_too(world: World) -> None:
    ports = replace(world.ports(), database=Pausing(world.database))
    assert delivered(ports, notification("raw/a", at=now(world))) == HELD
    assert types(world) == {}


@pytest.mark.parametrize("mode", ["dry", "off"])
def test_events_are_only_counted_where_backfill_is_not_live(world: World, mode: str) -> None:
    settings = read_settings({"BACKFILL_MODE": mode})
    assert delivered(world, notification("raw/a", at=now(world)), settings=settings) is None
    assert (types(world), counted(world)["not_applied"]) == ({}, 1)


def test_dead_letters_are_counted_and_kept_and_not_applied(world: World) -> None:
    assert delivered(world, notification("raw/a"), "what", queue=DEAD) is None
    assert (types(world), counted(world)["dead"]) == ({}, 2)
    assert [reason for reason, _ in letters(world)] == ["dead", "dead"]


def test_the_last_hundred_are_kept(world: World) -> None:
    for number in range(3):
        delivered(world, *[f"no event {number} {one}" for one in range(60)])
    assert counted(world)["malformed"] == 180
    assert (len(letters(world)), letters(world)[-1]) == (100, ("malformed", "no event 2 59"))


def test_a_batch_of_a_hundred_the_same_is_one_row(world: World) -> None:
    delivered(world, *[notification("raw/a", at=now(world))] * 100)
    assert (types(world), counted(world)["puts"]) == ({"raw/a": kind("raw")}, 100)


def test_the_lag_is_from_the_oldest_event_to_the_commit(world: World) -> None:
    at = now(world)
    world.clock.advance(seconds=7)
    delivered(world, notification("raw/a", at=at), notification("raw/b", at=now(world)))
    assert 7000 <= int(str(counted(world)["lag_ms"])) < 7100


def test_a_pause_of_days_does_not_end_in_the_dead_letter_queue() -> None:
    waits = [HELD.seconds(attempts) for attempts in range(1, 101)]
    assert waits[:3] == [60, 120, 240]
    assert 95 < sum(waits) / 3600 < 96
    assert 7 < sum(FAILED.seconds(attempts) for attempts in range(1, 101)) / 3600 < 8


def test_live_settings_name_the_dead_letter_queue() -> None:
    assert LIVE.dead_letter_queue == DEAD
