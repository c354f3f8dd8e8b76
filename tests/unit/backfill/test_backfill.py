from __future__ import annotations

import re
from typing import Any

import pytest

from errors import InputError, RefusedError
from settings import read_settings
from tests.support.actions import backfill, counts, everything, live, numbered, rows, types
from tests.support.fakes import DictBucket, World, migrate, migrated_world
from tests.support.shapes import chosen

UPLOADED = "2026-01-02T03:04:05.000Z"
TWO_BUCKETS = read_settings({"BUCKETS": {"artifacts": "ARTIFACTS", "archive": "ARCHIVE"}})


@pytest.fixture
def world() -> World:
    world = migrated_world()
    world.rules((10, "raw/*.pdf", "report"), (20, "raw/*", "raw"))
    return world


def add(world: World, key: str, source_type: str, bucket: str = "artifacts") -> None:
    insert = "INSERT INTO artifacts (r2_bucket, r2_key, source_type, fetched_at) VALUES (?, ?, ?, 'then')"
    world.database.connection.execute(insert, (bucket, key, source_type))


def dirty(world: World) -> World:
    """Fill the world with one object of every kind that a page can hold."""
    world.bucket.put("raw/new.pdf", "raw/new", "raw/unknown", "raw/known", "raw/contradicted.pdf", "other/x", "other/u")
    world.bucket.put("raw/dir/", "other/dir/", size=0)
    world.bucket.put("raw/not-a-marker/", size=1)
    for key, source_type in [
        ("raw/unknown", "unknown"),
        ("raw/known", "raw"),
        ("raw/contradicted.pdf", "by hand"),
        ("other/u", "unknown"),
        ("raw/gone", "unknown"),
        ("gone", "known"),
    ]:
        add(world, key, source_type)
    return world


def test_every_object_is_counted_as_one_thing(world: World) -> None:
    report = live(dirty(world))
    assert counts(report) == {
        "scanned": 10,
        "inserted": 3,
        "upgraded": 1,
        "unchanged": 2,
        "newer": 0,
        "unclassified": 2,
        "skipped": 2,
        "refused": 0,
    }


def test_a_live_backfill_inserts_upgrades_and_touches_nothing_else(world: World) -> None:
    live(dirty(world))
    assert rows(world) == [
        ("artifacts", "gone", "known", "then"),
        ("artifacts", "other/u", "unknown", "then"),
        ("artifacts", "raw/contradicted.pdf", "by hand", "then"),
        ("artifacts", "raw/gone", "unknown", "then"),
        ("artifacts", "raw/known", "raw", "then"),
        ("artifacts", "raw/new", "raw", UPLOADED),
        ("artifacts", "raw/new.pdf", "report", UPLOADED),
        ("artifacts", "raw/not-a-marker/", "raw", UPLOADED),
        ("artifacts", "raw/unknown", "raw", "then"),
    ]


def test_a_dry_backfill_counts_what_a_live_one_does(world: World) -> None:
    dry = backfill(dirty(world))
    real = live(world)
    assert counts(dry) == counts(real)
    assert dry["unclassified_sample"] == real["unclassified_sample"]
    assert (dry["dry_run"], real["dry_run"]) == (True, False)


def test_a_dry_backfill_changes_nothing_but_its_runs_row(world: World) -> None:
    before = everything(dirty(world))
    backfill(world)
    world.database.script("DELETE FROM steward_runs; DELETE FROM sqlite_sequence WHERE name = 'steward_runs'")
    assert everything(world) == before
    assert world.store.writes == 0


def test_a_second_live_backfill_changes_nothing(world: World) -> None:
    live(dirty(world))
    before = rows(world)
    again = live(world)
    assert rows(world) == before
    assert (again["inserted"], again["upgraded"], again["cost"]["rows_written"]) == (0, 0, 0)


@pytest.mark.parametrize("known", ["raw", "by hand", "UNKNOWN", "", " unknown"])
def test_a_known_type_never_changes(world: World, known: str) -> None:
    world.bucket.put("raw/a.pdf")
    add(world, "raw/a.pdf", known)
    assert counts(live(world))["unchanged"] == 1
    assert types(world) == {"raw/a.pdf": known}


def test_an_unknown_row_of_another_bucket_is_not_touched(world: World) -> None:
    world.bucket.put("raw/a.pdf")
    add(world, "raw/a.pdf", "unknown", bucket="archive")
    live(world)
    assert [row[:3] for row in rows(world)] == [
        ("archive", "raw/a.pdf", "unknown"),
        ("artifacts", "raw/a.pdf", "report"),
    ]


def test_unclassified_objects_are_sampled_from_the_first_twenty_on(world: World) -> None:
    keys = numbered(30, "other/")
    world.bucket.put(*keys)
    report = live(world)
    assert (report["unclassified"], report["unclassified_sample"]) == (30, keys[:20])
    assert rows(world) == []


def test_the_sample_is_filled_up_over_several_pages(world: World) -> None:
    world.bucket.put(*numbered(5, "a/"), *numbered(1000), *numbered(30, "z/"))
    sample = live(world, max_objects=5000)["unclassified_sample"]
    assert sample == numbered(5, "a/") + numbered(15, "z/")


def test_a_directory_marker_is_a_key_that_ends_in_a_slash_and_holds_nothing(world: World) -> None:
    world.bucket.put("raw/dir/", "dir/", "/", size=0)
    world.bucket.put("raw/with-content/", size=1)
    world.bucket.put("raw/empty", size=0)
    report = live(world)
    assert (report["skipped"], report["inserted"]) == (3, 2)
    assert set(types(world)) == {"raw/with-content/", "raw/empty"}


def test_a_rows_unknown_type_stays_where_its_object_is_a_directory_marker(world: World) -> None:
    world.bucket.put("raw/dir/", size=0)
    add(world, "raw/dir/", "unknown")
    assert live(world)["skipped"] == 1
    assert types(world) == {"raw/dir/": "unknown"}


KEYS = [
    "raw/it's",
    'raw/"quoted"',
    "raw/back\\slash",
    "raw/new\nline",
    "raw/carriage\r\n",
    "raw/tab\t",
    "raw/\x01\x02\x1f\x7f",
    "raw/\u0080\u2028\u2029\ufeff",
    "raw/ leading and trailing ",
    "raw/%_*?[a-z]",
    "raw/'; DROP TABLE artifacts; --",
    "raw/{{objects}}",
    "raw/$[0]",
    "raw/caf\u00e9",
    "raw/cafe\u0301",
    "raw/Raw",
    "raw/RAW",
    "raw/😀👩‍👩‍👧",
    "raw/\ue000",
    "raw/\U00010000",
    "raw//",
    "raw/../..",
    "raw/" + "é" * 510,
    "raw/" + "x" * 1020,
    "raw/" + "😀" * 255,
]


def test_keys_survive_byte_for_byte(world: World) -> None:
    world.bucket.put(*KEYS)
    report = live(world)
    assert report["inserted"] == len(KEYS)
    assert {str(key).encode() for key in types(world)} == {key.encode() for key in KEYS}
    assert live(world)["unchanged"] == len(KEYS)


@pytest.mark.parametrize("step", [1, 2, 7])
def test_such_keys_can_be_positions_too(world: World, step: int) -> None:
    world.bucket.put(*KEYS)
    cursor, scanned = None, 0
    while cursor or not scanned:
        report = live(world, max_objects=step, cursor=cursor)
        cursor, scanned = report["cursor"], scanned + report["scanned"]
    assert scanned == len(KEYS) == len(types(world))


def test_rules_see_keys_as_they_are(world: World) -> None:
    world.rules((1, "caf\u00e9*", "composed"), (2, "cafe*", "decomposed"))
    world.bucket.put("caf\u00e9", "cafe\u0301")
    live(world)
    assert types(world) == {"caf\u00e9": "composed", "cafe\u0301": "decomposed"}


def test_without_rules_everything_is_unclassified(world: World) -> None:
    world.rules()
    world.bucket.put("raw/a")
    add(world, "raw/a", "unknown")
    assert live(world)["unclassified"] == 1
    assert types(world) == {"raw/a": "unknown"}


def test_text_ids_are_given_to_new_rows() -> None:
    world = World()
    world.database.script(
        "CREATE TABLE artifacts (id TEXT PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL,"
        " source_type TEXT NOT NULL, fetched_at TEXT, UNIQUE (r2_bucket, r2_key))"
    )
    migrate(world.database)
    world.rules((1, "raw/*", "raw"))
    world.bucket.put(*numbered(50))
    world.database.script("INSERT INTO artifacts VALUES ('mine', 'artifacts', 'raw/00007', 'unknown', NULL)")
    report = live(world)
    assert (report["inserted"], report["upgraded"]) == (49, 1)
    ids = {str(one) for (one,) in world.database.all("SELECT id FROM artifacts")}
    assert "mine" in ids
    assert {len(one) for one in ids - {"mine"}} == {32}
    assert len(ids) == 50


def test_columns_that_are_not_ours_are_left_alone(world: World) -> None:
    world.database.script("ALTER TABLE artifacts ADD COLUMN source_url TEXT DEFAULT 'none'")
    world.bucket.put("raw/a", "raw/b")
    world.database.script(
        "INSERT INTO artifacts (r2_bucket, r2_key, source_type, source_url)"
        " VALUES ('artifacts', 'raw/a', 'unknown', 'https://example.com/a')"
    )
    live(world)
    assert world.database.all("SELECT r2_key, source_type, source_url FROM artifacts ORDER BY 1") == [
        ("raw/a", "raw", "https://example.com/a"),
        ("raw/b", "raw", "none"),
    ]


def test_each_bucket_is_indexed_under_its_own_name(world: World) -> None:
    world.buckets["archive"] = DictBucket()
    world.buckets["archive"].put("raw/a", "raw/b")
    world.bucket.put("raw/a")
    assert live(world, settings=TWO_BUCKETS, r2_bucket="archive")["inserted"] == 2
    assert live(world, settings=TWO_BUCKETS, r2_bucket="artifacts")["inserted"] == 1
    assert [row[:2] for row in rows(world)] == [("archive", "raw/a"), ("archive", "raw/b"), ("artifacts", "raw/a")]


def test_among_several_buckets_one_must_be_named(world: World) -> None:
    world.buckets["archive"] = DictBucket()
    with pytest.raises(InputError, match="Several buckets") as refused:
        backfill(world, settings=TWO_BUCKETS)
    assert refused.value.field == "r2_bucket"
    assert "artifacts, archive" in refused.value.hint


def test_an_unknown_bucket_is_refused_by_name(world: World) -> None:
    with pytest.raises(InputError, match="There is no bucket 'nope'") as refused:
        backfill(world, r2_bucket="nope")
    assert refused.value.field == "r2_bucket"
    assert "artifacts" in refused.value.hint


def without_index(world: World, *indexes: str) -> World:
    world.database.script(
        "DROP TABLE datapoints; DROP TABLE artifacts; CREATE TABLE artifacts (id INTEGER PRIMARY KEY,"
        " r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL, source_type TEXT NOT NULL, fetched_at TEXT);"
        "CREATE INDEX artifacts_unknown ON artifacts (r2_bucket, r2_key) WHERE source_type = 'unknown';"
        + ";".join(indexes)
    )
    return world


@pytest.mark.parametrize(
    "indexes",
    [
        (),
        ("CREATE INDEX i ON artifacts (r2_bucket, r2_key)",),
        ("CREATE UNIQUE INDEX i ON artifacts (r2_bucket, r2_key) WHERE source_type <> 'unknown'",),
        ("CREATE UNIQUE INDEX i ON artifacts (r2_bucket, r2_key, source_type)",),
        ("CREATE UNIQUE INDEX i ON artifacts (r2_key)",),
        ("CREATE UNIQUE INDEX i ON artifacts (r2_bucket, r2_key COLLATE NOCASE)",),
        ("CREATE UNIQUE INDEX i ON artifacts (r2_bucket, lower(r2_key))",),
    ],
)
def test_live_is_refused_while_no_unique_index_keeps_duplicates_out(world: World, indexes: tuple[str, ...]) -> None:
    before = everything(without_index(world, *indexes))
    with pytest.raises(RefusedError) as refused:
        live(world)
    assert refused.value.reason == "unique_index"
    assert "recover" in refused.value.hint
    assert everything(world) == before


@pytest.mark.parametrize("columns", ["r2_bucket, r2_key", "r2_key, r2_bucket"])
def test_live_goes_on_with_any_unique_index_on_bucket_and_key(world: World, columns: str) -> None:
    without_index(world, f"CREATE UNIQUE INDEX mine ON artifacts ({columns})")
    world.bucket.put("raw/a")
    assert live(world)["inserted"] == 1


def test_dry_works_without_the_unique_index(world: World) -> None:
    without_index(world).bucket.put("raw/a")
    assert backfill(world)["inserted"] == 1


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_column_that_no_new_row_can_fill_is_refused_dry_and_live_alike(*, dry_run: bool) -> None:
    world = World()
    world.database.script(
        "CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL, source_type"
        " TEXT NOT NULL, fetched_at TEXT, owner TEXT NOT NULL, size INT NOT NULL DEFAULT 0, UNIQUE (r2_bucket, r2_key))"
    )
    migrate(world.database)
    world.rules((1, "raw/*", "raw"))
    world.bucket.put("raw/a")
    with pytest.raises(RefusedError, match=r"artifacts\.owner: NOT NULL without a default") as refused:
        backfill(world, dry_run=dry_run)
    assert refused.value.reason == "schema"
    world.database.script("ALTER TABLE artifacts DROP COLUMN owner")
    assert backfill(world, dry_run=dry_run)["inserted"] == 1


def test_keys_are_bytes_whatever_the_collation_of_the_columns() -> None:
    world = World()
    world.database.script(
        "CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL COLLATE NOCASE,"
        " source_type TEXT NOT NULL, fetched_at TEXT);"
        "CREATE UNIQUE INDEX mine ON artifacts (r2_bucket COLLATE BINARY, r2_key COLLATE BINARY)"
    )
    migrate(world.database)
    world.rules((1, "*", "raw"))
    world.bucket.put("A", "Z", "a")
    add(world, "Z", "unknown")
    report = live(world)
    assert (report["inserted"], report["upgraded"]) == (2, 1)
    assert sorted(row[1:3] for row in rows(world)) == [("A", "raw"), ("Z", "raw"), ("a", "raw")]
    assert live(world)["unchanged"] == 3


def test_live_is_refused_while_paused_and_dry_is_not(world: World) -> None:
    world.database.script("UPDATE steward_control SET paused_by = 'operator', pause_reason = 'moving house'")
    with pytest.raises(RefusedError, match="moving house") as refused:
        live(world)
    assert refused.value.reason == "paused"
    assert backfill(world)["scanned"] == 0
    assert world.database.one("SELECT count(*) FROM steward_runs") == 1


@pytest.mark.parametrize("column", ["id", "r2_key", "source_type", "fetched_at"])
def test_a_table_without_a_column_we_need_is_refused_by_its_name(column: str) -> None:
    world = World()
    columns = [name for name in ("id", "r2_bucket", "r2_key", "source_type", "fetched_at") if name != column]
    migrate(world.database)
    world.database.script(f"DROP TABLE datapoints; DROP TABLE artifacts; CREATE TABLE artifacts ({', '.join(columns)})")
    with pytest.raises(RefusedError, match=re.escape(f"no column {chosen().of(column).own}.")) as refused:
        backfill(world)
    assert refused.value.reason == "schema"


REPORT = {
    "run_id",
    "dry_run",
    "r2_bucket",
    "r2_prefix",
    "scanned",
    "inserted",
    "upgraded",
    "unchanged",
    "unclassified",
    "skipped",
    "refused",
    "unclassified_sample",
    "newer",
    "newer_sample",
    "undated",
    "truncated",
    "cursor",
    "start_after",
    "pages",
    "cost",
    "duration_ms",
    "stopped_because",
}


@pytest.mark.parametrize("request_", [{}, {"dry_run": False}, {"max_objects": 1}, {"r2_prefix": "raw/"}])
def test_a_report_has_exactly_the_fields_of_the_contract(world: World, request_: dict[str, Any]) -> None:
    report = backfill(dirty(world), **request_)
    assert set(report) == (REPORT | {"forecast"} if request_.get("dry_run", True) else REPORT)
    assert set(report["cost"]) == {"r2_lists", "d1_batches", "rows_read", "rows_written"}
    assert report["r2_bucket"] == "artifacts"


def test_the_runs_row_keeps_the_request_the_counts_and_the_cost(world: World) -> None:
    report = live(dirty(world), max_objects=4)
    [(kind, mode, trigger, status, scanned, cursor, lists)] = world.database.all(
        "SELECT kind, mode, trigger, status, counts ->> 'scanned', counts ->> 'cursor', cost ->> 'r2_lists'"
        " FROM steward_runs WHERE id = ?",
        report["run_id"],
    )
    assert (kind, mode, trigger, status) == ("backfill", "live", "http", "succeeded")
    assert (scanned, cursor, lists) == (4, report["cursor"], 1)


@pytest.mark.parametrize("objects", [1000, 3000])
def test_a_thousand_objects_cost_one_list_and_one_batch(world: World, objects: int) -> None:
    world.bucket.put(*numbered(objects))
    cost = live(world, max_objects=objects)["cost"]
    assert (cost["r2_lists"], cost["d1_batches"]) == (objects // 1000, objects // 1000)
