"""What a test of the Worker begins with, whatever the one before it left."""

from __future__ import annotations

from tests.support.runtime import fresh, wipe
from tests.worker.conftest import Steward
from tooling.harness import Harness


def test_a_database_that_was_emptied_is_as_one_that_was_made(running: Harness) -> None:
    steward = Steward(running)
    wipe(running)
    fresh(running)
    made = steward.state()
    steward.sql("INSERT INTO artifacts (r2_bucket, r2_key) VALUES ('artifacts', 'raw/a')")
    steward.sql("INSERT INTO datapoints (artifact_id) VALUES (1)")
    steward.sql("UPDATE steward_control SET paused_by = 'operator'")
    steward.put("raw/a")
    running.kv_put("a value", "there")
    assert steward.tick()["id"] == 1
    fresh(running)
    assert (steward.state(), running.r2_list()) == (made, [])


def test_a_database_with_other_tables_is_made_anew(running: Harness) -> None:
    steward = Steward(running)
    fresh(running)
    steward.sql("CREATE TABLE left_behind (id)")
    steward.sql("DROP TRIGGER steward_guard_known_type")
    fresh(running)
    names = [row["name"] for row in steward.sql("SELECT name FROM sqlite_schema")]
    assert ("left_behind" in names, "steward_guard_known_type" in names) == (False, True)
