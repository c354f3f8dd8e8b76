from __future__ import annotations

import itertools
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.actions import TOKEN, counts, numbered
from tests.support.runtime import migrate
from tests.worker.conftest import Steward
from tooling.harness import HarnessError

OLD_TABLES = (
    """CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL,
       source_type TEXT NOT NULL DEFAULT 'unknown', fetched_at TEXT)""",
    "CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id INTEGER)",
    "INSERT INTO artifacts (r2_bucket, r2_key) VALUES ('artifacts', 'raw/a'), ('artifacts', 'raw/a')",
    "INSERT INTO artifacts (r2_bucket, r2_key) VALUES ('artifacts', 'b')",
    "INSERT INTO datapoints (artifact_id) VALUES (1), (2), (99)",
)


def add(steward: Steward, key: str, source_type: str) -> None:
    insert = "INSERT INTO artifacts (r2_bucket, r2_key, source_type) VALUES ('artifacts', ?1, ?2)"
    steward.sql(insert, key, source_type)


def test_dry_tells_what_live_then_does_and_a_second_live_run_does_nothing(steward: Steward) -> None:
    steward.put("raw/new.pdf", "raw/new", "raw/unknown", "raw/known", "other")
    steward.harness.r2_put([("raw/dir/", "")])
    add(steward, "raw/unknown", "unknown")
    add(steward, "raw/known", "by hand")
    expected = {
        "scanned": 6,
        "inserted": 2,
        "upgraded": 1,
        "unchanged": 1,
        "newer": 0,
        "unclassified": 1,
        "skipped": 1,
        "refused": 0,
    }
    dry = steward.backfill()
    assert counts(dry) == expected
    assert steward.types() == {"raw/unknown": "unknown", "raw/known": "by hand"}
    live = steward.live()
    assert counts(live) == expected
    assert live["unclassified_sample"] == dry["unclassified_sample"] == ["other"]
    assert steward.types() == {
        "raw/new.pdf": "report",
        "raw/new": "raw",
        "raw/unknown": "raw",
        "raw/known": "by hand",
    }
    again = steward.live()
    assert (again["unchanged"], again["cost"]["rows_written"]) == (4, 0)


def test_the_time_of_a_new_row_is_that_of_its_object(steward: Steward) -> None:
    steward.put("raw/a")
    steward.live()
    [found] = steward.harness.r2_list()
    assert steward.sql("SELECT fetched_at FROM artifacts") == [{"fetched_at": found["uploaded"]}]
    assert found["uploaded"].endswith("Z")


@pytest.mark.parametrize("position", ["cursor", "start_after"])
def test_slices_resumed_by_either_position_cover_the_bucket_exactly(steward: Steward, position: str) -> None:
    steward.put(*numbered(25))
    at, scanned = None, []
    for _ in range(4):
        report = steward.live(max_objects=7, **({position: at} if at else {}))
        scanned.append(report["scanned"])
        at = report[position]
    assert (scanned, at) == ([7, 7, 7, 4], None)
    assert list(steward.types()) == numbered(25)


def test_a_thousand_objects_cost_one_list_one_batch_and_few_rows(steward: Steward) -> None:
    steward.put(*numbered(2000))
    first = steward.live(max_objects=2000)
    assert (first["inserted"], first["cost"]["r2_lists"], first["cost"]["d1_batches"]) == (2000, 2, 2)
    assert first["cost"]["rows_written"] == 2 * 2000
    second = steward.live(max_objects=2000)
    assert (second["unchanged"], second["cost"]["r2_lists"], second["cost"]["d1_batches"]) == (2000, 2, 2)
    assert second["cost"]["rows_written"] == 0
    assert second["cost"]["rows_read"] <= 1.1 * 2000


KEYS = [
    "raw/it's",
    'raw/"quoted"',
    "raw/back\\slash",
    "raw/new\nline\r\n",
    "raw/\x01\x02\x1f\x7f",
    "raw/\u0080\u2028\ufeff",
    "raw/ spaces ",
    "raw/%_*?[a-z]",
    "raw/'; DROP TABLE artifacts; --",
    "raw/caf\u00e9",
    "raw/cafe\u0301",
    "raw/Raw",
    "raw/😀",
    "raw/\ue000",
    "raw/\U00010000",
    "raw//..//",
    "raw/" + "é" * 510,
    "raw/" + "x" * 1020,
]


def test_keys_survive_byte_for_byte(steward: Steward) -> None:
    steward.put(*KEYS)
    cursor, scanned = None, 0
    while cursor or not scanned:
        report = steward.live(max_objects=4, cursor=cursor)
        cursor, scanned = report["cursor"], scanned + report["scanned"]
    found = {bytes.fromhex(row["h"]) for row in steward.sql("SELECT hex(r2_key) AS h FROM artifacts")}
    assert found == {key.encode() for key in KEYS}
    assert steward.live()["unchanged"] == len(KEYS)


def test_a_key_with_a_nul_is_taken_whole_and_matches_no_rule(steward: Steward) -> None:
    steward.put("raw/a\0b", "raw/a", "raw/dir/\0")
    report = steward.live()
    assert (report["inserted"], report["unclassified"]) == (1, 2)
    assert report["unclassified_sample"] == ["raw/a\0b", "raw/dir/\0"]
    assert steward.types() == {"raw/a": "raw"}


@pytest.mark.parametrize("prefix", ["raw/%", "raw/_", "raw/*", "raw/?", "raw/["])
def test_a_prefix_is_literal(steward: Steward, prefix: str) -> None:
    steward.put("raw/a", "raw/bc", f"{prefix}x")
    assert steward.live(r2_prefix=prefix)["scanned"] == 1
    assert set(steward.types()) == {f"{prefix}x"}


def test_a_thousand_keys_of_full_length_go_through_in_shorter_pages(steward: Steward) -> None:
    keys = [f"raw/{number:04}" + "x" * 1016 for number in range(1000)]
    steward.put(*keys)
    assert steward.live(max_objects=5000)["inserted"] == 1000
    assert steward.count() == 1000


def test_text_ids_are_given_to_new_rows(empty: Steward) -> None:
    empty.sql(
        "CREATE TABLE artifacts (id TEXT PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL,"
        " source_type TEXT NOT NULL, fetched_at TEXT, owner TEXT DEFAULT 'nobody', UNIQUE (r2_bucket, r2_key))"
    )
    migrate(empty.harness)
    empty.rules((1, "raw/*", "raw"))
    empty.sql("INSERT INTO artifacts VALUES ('mine', 'artifacts', 'raw/00003', 'unknown', NULL, 'me')")
    empty.put(*numbered(10))
    report = empty.live()
    assert (report["inserted"], report["upgraded"]) == (9, 1)
    rows = empty.sql("SELECT id, owner FROM artifacts ORDER BY r2_key")
    assert rows[3] == {"id": "mine", "owner": "me"}
    assert len({row["id"] for row in rows}) == 10
    assert {row["owner"] for row in rows} == {"me", "nobody"}


def test_the_migrations_take_a_database_with_duplicates_as_it_is(empty: Steward) -> None:
    for statement in OLD_TABLES:
        empty.sql(statement)
    migrate(empty.harness)
    assert migrate(empty.harness) == []
    assert empty.count() == 3
    empty.rules((1, "raw/*", "raw"))
    empty.put("raw/a", "raw/new")
    refused = empty.send("POST", "/backfill", {"dry_run": False})
    assert (refused.status, refused.json()["reason"]) == (409, "unique_index")
    assert empty.count() == 3
    dry = empty.backfill()
    assert (dry["upgraded"], dry["inserted"]) == (1, 1)


def dwell_at(steward: Steward, key: str, millions: int) -> None:
    """Make D1 count so many million rows while it inserts a key that comes after a thousand others."""
    steward.sql(
        f"CREATE TRIGGER dwell AFTER INSERT ON artifacts WHEN new.r2_key = '{key}' BEGIN"
        f" SELECT count(*) FROM artifacts AS a, artifacts AS b, (SELECT 1 FROM artifacts LIMIT {millions}) AS c; END"
    )


def test_of_live_runs_asked_for_at_once_each_works_alone_or_is_refused(steward: Steward) -> None:
    steward.put(*numbered(1500))
    dwell_at(steward, "raw/00999", 50)
    with ThreadPoolExecutor(4) as pool:
        request = {"dry_run": False, "max_objects": 5000}
        replies = list(pool.map(lambda _: steward.send("POST", "/backfill", request), range(4)))
    done = [reply.json()["run_id"] for reply in replies if reply.status == 200]
    assert {reply.json()["reason"] for reply in replies if reply.status != 200} == {"busy"}
    assert {reply.status for reply in replies} == {200, 409}
    runs = steward.send("GET", "/runs").json()["runs"][::-1]
    assert [run["id"] for run in runs] == sorted(done)
    assert all(before["finished_at"] <= after["started_at"] for before, after in itertools.pairwise(runs))
    assert steward.count() == 1500


def test_a_worker_killed_in_mid_page_left_whole_pages_and_a_later_run_completes_them(steward: Steward) -> None:
    steward.put(*numbered(1500))
    dwell_at(steward, "raw/01200", 1000)
    with ThreadPoolExecutor(1) as pool:
        doomed = pool.submit(steward.live, max_objects=5000)
        with pytest.raises(TimeoutError):
            doomed.result(timeout=2)
        steward.harness.kill()
        assert isinstance(doomed.exception(), HarnessError)
    steward.harness.start()
    steward.sql("DROP TRIGGER dwell")
    assert steward.count() == 1000
    busy = steward.send("POST", "/backfill", {"dry_run": False})
    assert (busy.status, busy.json()["reason"]) == (409, "busy")
    steward.let_the_lease_run_out()
    report = steward.live(max_objects=5000)
    assert (report["unchanged"], report["inserted"]) == (1000, 500)
    statuses = [run["status"] for run in steward.send("GET", "/runs").json()["runs"]]
    assert statuses == ["succeeded", "abandoned"]


def test_every_log_line_is_one_json_object_without_the_token(steward: Steward) -> None:
    steward.put("raw/new\nline", "raw/\u2028")
    steward.live()
    steward.send("GET", "/runs", token="wrong-secret")
    steward.tick()
    lines = [log.message for log in steward.harness.logs()]
    assert lines
    for line in lines:
        found = json.loads(line)
        assert {"ts", "level", "event"} <= found.keys()
        assert "\n" not in line.strip()
    assert not [line for line in lines if "wrong-secret" in line or TOKEN in line]
    assert {json.loads(line)["event"] for line in lines} >= {"page", "tick"}
