from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.databases import (
    DIRTY_SHAPES,
    Shape,
    artifacts,
    datapoints,
    every_dirty_shape,
    healed,
    numbers,
    recovered,
    steps,
    undone,
)
from tests.support.fakes import World, migrate
from tests.support.shapes import examples

DIRTY = Shape(unique_index=False)


# Who wins


@dataclass(frozen=True)
class Fetched:
    """A `fetched_at` as a writer stored it, and the instant it means (None: none)."""

    stored: object
    instant: Fraction | None


BASES = [
    datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC),
    datetime(2026, 3, 2, tzinfo=UTC),
    datetime(1969, 12, 31, tzinfo=UTC),
]
DIGITS = ["", "5", "500", "123", "1234", "1239", "1241", "12345", "123450", "1234567", "1234568", "9999", "999999999"]
ZONES = {"Z": 0, "": 0, "+00:00": 0, "+02:00": 120, "-05:30": -330}
NONE = [None, "", "yesterday", "now", "12:34", "unknown", "2026-13-45T00:00:00Z", "T", "-"]


@st.composite
def iso(draw: st.DrawFn) -> Fetched:
    base, digits = draw(st.sampled_from(BASES)), draw(st.sampled_from(DIGITS))
    zone = draw(st.sampled_from(list(ZONES)))
    wall = base.astimezone(timezone(timedelta(minutes=ZONES[zone])))
    text = wall.strftime(draw(st.sampled_from(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"])))
    fraction = Fraction(int(digits), 10 ** len(digits)) if digits else Fraction(0)
    return Fetched(text + (f".{digits}" if digits else "") + zone, Fraction(int(base.timestamp())) + fraction)


@st.composite
def epoch(draw: st.DrawFn) -> Fetched:
    seconds = int(draw(st.sampled_from(BASES[:2])).timestamp())
    thousandths = draw(st.sampled_from([0, 123, 500, 875]))
    exact = Fraction(seconds * 1000 + thousandths, 1000)
    form = draw(st.sampled_from(["seconds", "milliseconds", "text"]))
    if form == "milliseconds":
        stored: object = seconds * 1000 + thousandths
        return Fetched(draw(st.sampled_from([stored, str(stored)])), exact)
    if thousandths == 123:
        return Fetched(seconds, Fraction(seconds))
    return Fetched(float(exact) if form == "seconds" else str(float(exact)), exact)


fetched = st.one_of(iso(), epoch(), st.sampled_from([Fetched(stored, None) for stored in NONE]))
Row = tuple[Fetched, str]
groups = st.lists(st.tuples(fetched, st.sampled_from(["unknown", "report", "memo"])), min_size=2, max_size=5)


def winner(rows: list[Row]) -> int:
    """Return the number of the row that should be kept, by the rule as design.md has it."""
    ranked = [
        (one.instant is not None, one.instant or 0, source_type != "unknown", number)
        for number, (one, source_type) in enumerate(rows, start=1)
    ]
    return max(ranked)[-1]


def kept_type(rows: list[Row]) -> str:
    """Return the type the kept row should have: its own, or that of the newest known row."""
    best = rows[winner(rows) - 1][1]
    if best != "unknown":
        return best
    known = [
        (one.instant is not None, one.instant or 0, number) for number, (one, t) in enumerate(rows, 1) if t != "unknown"
    ]
    return rows[max(known)[-1] - 1][1] if known else "unknown"


@settings(max_examples=examples(100), deadline=None)
@given(rows=groups, ids=st.sampled_from(["INTEGER", "TEXT"]), column=st.sampled_from(["", "TEXT"]))
def test_the_newest_wins_then_a_known_type_then_the_highest_id(rows: list[Row], ids: str, column: str) -> None:
    shape = replace(DIRTY, ids=ids, fetched=column)
    world = shape.world()
    for number, (one, source_type) in enumerate(rows, start=1):
        shape.artifact(world, number, "k", source_type, fetched_at=one.stored)
    healed(world, unreadable="oldest")
    [kept] = artifacts(world)
    assert (kept[0], kept[3]) == (shape.id(winner(rows)), kept_type(rows))


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (None, "1970-01-01"),
        ("2026-01-01", "2026-01-01T00:00:00.001Z"),
        ("2026-01-01T00:00:00.1239Z", "2026-01-01T00:00:00.1241Z"),
        ("2026-01-01T00:00:00.9999999Z", "2026-01-01T00:00:01Z"),
        ("2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00.5"),
        ("2026-01-01T00:00:00Z", 1767225600.5),
        (1767225600, 1767225600001),
        ("1767225600", "2026-01-01T00:00:00.25Z"),
        ("now", "2001-01-01"),
    ],
)
def test_instants_are_compared_and_not_their_texts(older: object, newer: object) -> None:
    for first, second, kept in ((older, newer, 2), (newer, older, 1)):
        world = DIRTY.world()
        DIRTY.artifact(world, 1, "k", fetched_at=first)
        DIRTY.artifact(world, 2, "k", fetched_at=second)
        healed(world, unreadable="oldest")
        assert [row[0] for row in artifacts(world)] == [kept]


# What moves


@every_dirty_shape
def test_every_child_of_a_loser_follows_to_the_winner(shape: Shape) -> None:
    further = f"""
      CREATE TABLE notes (name TEXT PRIMARY KEY, about {shape.ids} REFERENCES artifacts (id)) WITHOUT ROWID;
      CREATE TABLE links (source {shape.ids} REFERENCES artifacts (id), target {shape.ids} REFERENCES artifacts (id));
    """
    world = shape.world(further)
    for number in (1, 2, 3):
        shape.artifact(world, number, "k", fetched_at=f"2026-01-0{number}")
        shape.datapoint(world, number, number)
    shape.artifact(world, 4, "other")
    connection = world.database.connection
    connection.executemany("INSERT INTO notes VALUES (?, ?)", [("a", shape.id(1)), ("b", shape.id(3)), ("c", None)])
    connection.executemany("INSERT INTO links VALUES (?, ?)", [(shape.id(1), shape.id(2)), (shape.id(4), shape.id(1))])
    report = steps(healed(world))["dedupe"]
    assert report["children_remapped"] == 2 + 1 + 3
    assert {row[1] for row in datapoints(world)} == {shape.id(3)}
    assert world.database.all("SELECT * FROM notes ORDER BY name") == [
        ("a", shape.id(3)),
        ("b", shape.id(3)),
        ("c", None),
    ]
    assert world.database.all("SELECT * FROM links") == [(shape.id(3), shape.id(3)), (shape.id(4), shape.id(3))]


def test_artifacts_that_reference_artifacts_are_children_too() -> None:
    world = World()
    world.database.script("""
      CREATE TABLE artifacts (
        id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL, source_type TEXT NOT NULL,
        fetched_at TEXT, parent INTEGER REFERENCES artifacts (id)
      );
      INSERT INTO artifacts VALUES
        (1, 'b', 'k', 'raw', NULL, NULL), (2, 'b', 'k', 'raw', NULL, 1), (3, 'b', 'child', 'raw', NULL, 1),
        (4, 'b', 'child', 'raw', NULL, 2), (5, 'b', 'top', 'raw', NULL, NULL), (6, 'b', 'top', 'raw', NULL, NULL),
        (7, 'b', 'below', 'raw', NULL, 5);
    """)
    migrate(world.database)
    report = healed(world)
    assert world.database.all("SELECT id, parent FROM artifacts ORDER BY id") == [
        (1, None),
        (2, 1),
        (4, 2),
        (6, None),
        (7, 6),
    ]
    [left] = steps(report)["dedupe"]["left_whole"]
    assert (left["r2_key"], "would refer to itself" in left["why"]) == ("k", True)


def test_triggers_of_the_owners_are_not_counted_as_our_changes() -> None:
    world = DIRTY.world("""
      CREATE TABLE log (what);
      CREATE TRIGGER theirs AFTER UPDATE ON artifacts BEGIN INSERT INTO log VALUES ('a'), ('b'); END;
      CREATE TRIGGER theirs_too AFTER UPDATE ON datapoints BEGIN INSERT INTO log VALUES ('c'), ('d'); END;
    """)
    world.rules((1, "*", "raw"))
    DIRTY.artifact(world, 1, "k", "report", fetched_at="2026-01-01")
    DIRTY.artifact(world, 2, "k", "unknown", fetched_at="2026-01-02")
    DIRTY.artifact(world, 3, "l", "unknown")
    DIRTY.datapoint(world, 1, 1)
    dry = steps(recovered(world))
    live = steps(healed(world))
    for name in ("dedupe", "classify", "orphans"):
        assert {**dry[name], "sample": None} == {**live[name], "sample": None}


# What cannot move


UNIQUE = {
    "on the reference alone": "CREATE TABLE notes (about INTEGER UNIQUE REFERENCES artifacts (id), word TEXT);",
    "with another column": """
      CREATE TABLE notes (about INTEGER REFERENCES artifacts (id), word TEXT, UNIQUE (word, about));
    """,
    "as its primary key": "CREATE TABLE notes (about INTEGER PRIMARY KEY REFERENCES artifacts (id), word TEXT);",
    "as its primary key, without rowid": """
      CREATE TABLE notes (about INTEGER PRIMARY KEY REFERENCES artifacts (id), word TEXT) WITHOUT ROWID;
    """,
    "as part of its primary key": """
      CREATE TABLE notes (word TEXT, about INTEGER REFERENCES artifacts (id), PRIMARY KEY (word, about)) WITHOUT ROWID;
    """,
    "on some rows only": """
      CREATE TABLE notes (about INTEGER REFERENCES artifacts (id), word TEXT, "a (where" DEFAULT 1);
      CREATE UNIQUE INDEX partly ON notes (about) /* (where */ WHERE notes."a (where" > 0 AND lower(word) = 'same' -- so
      ;
    """,
    "folding case": """
      CREATE TABLE notes (about INTEGER REFERENCES artifacts (id), word TEXT);
      CREATE UNIQUE INDEX folded ON notes (about, word COLLATE NOCASE);
    """,
}


@pytest.mark.parametrize("child", UNIQUE.values(), ids=UNIQUE.keys())
def test_a_group_whose_merge_would_break_a_child_is_left_whole_and_the_rest_goes_on(child: str) -> None:
    world = DIRTY.world(child)
    for number, key in enumerate(["stuck", "stuck", "free", "free", "far", "far"], start=1):
        DIRTY.artifact(world, number, key)
        DIRTY.datapoint(world, number, number)
    rows = [(1, "same"), (2, "SAME" if "folded" in child else "same"), (3, "same")]
    world.database.connection.executemany("INSERT INTO notes (about, word) VALUES (?, ?)", rows)
    dry = steps(recovered(world))["dedupe"]
    live = steps(healed(world))["dedupe"]
    for told in (dry, live):
        [left] = told["left_whole"]
        assert (left["r2_bucket"], left["r2_key"]) == ("b", "stuck")
        assert "notes" in left["why"]
        assert "about" in left["why"]
        assert told["error"]
        assert (told["before"], told["after"], told["changed"]) == (3, 1, 2)
        assert told["groups"] == 2
    assert [row[0] for row in artifacts(world)] == [1, 2, 4, 6]
    assert world.database.all("SELECT about FROM notes ORDER BY 1") == [(1,), (2,), (4,)]


@pytest.mark.parametrize("where", ["value > 5", "datapoints.value > 5", "rowid > 5"])
def test_an_index_on_some_rows_keeps_no_object_whole_whose_rows_it_does_not_hold(where: str) -> None:
    world = DIRTY.world(f"CREATE UNIQUE INDEX partly ON datapoints (artifact_id) WHERE {where};")
    for number in range(1, 9):
        DIRTY.artifact(world, number, f"k{(number + 1) // 2}")
        DIRTY.datapoint(world, number, number)
    dry, live = steps(recovered(world))["dedupe"], steps(recovered(world, dry_run=False))["dedupe"]
    expected = ["k4"] if where == "rowid > 5" else ["k3", "k4"]
    assert [one["r2_key"] for one in dry["left_whole"]] == expected
    assert dry["left_whole"] == live["left_whole"]
    assert (dry["before"], dry["after"]) == (live["before"], live["after"]) == (4, len(expected))


@pytest.mark.parametrize("where", ["artifact_id > 5", "artifact_id IS NOT NULL"])
def test_dry_and_live_agree_where_a_merge_may_bring_a_row_into_an_index(where: str) -> None:
    world = DIRTY.world(f"CREATE UNIQUE INDEX partly ON datapoints (artifact_id) WHERE {where};")
    for number in range(5, 9):
        DIRTY.artifact(world, number, f"k{(number + 1) // 2}")
        DIRTY.datapoint(world, number, number)
    dry, live = steps(recovered(world))["dedupe"], steps(recovered(world, dry_run=False))["dedupe"]
    assert [one["r2_key"] for one in dry["left_whole"]] == ["k3", "k4"]
    assert dry["left_whole"] == live["left_whole"]


@pytest.mark.parametrize(
    "refusal",
    [
        "CREATE TABLE notes (about INTEGER REFERENCES artifacts (id) CHECK (about <> 12));",
        """
        CREATE TABLE notes (about INTEGER REFERENCES artifacts (id));
        CREATE TRIGGER no BEFORE UPDATE ON notes WHEN NEW.about = 12 BEGIN SELECT RAISE(ABORT, 'not twelve'); END;
        """,
        """
        CREATE TABLE notes (about INTEGER REFERENCES artifacts (id), word DEFAULT 'x');
        CREATE UNIQUE INDEX partly ON notes (about) WHERE word = 'x';
        """,
    ],
    ids=["a check", "a trigger", "a partial index"],
)
def test_what_only_the_database_can_refuse_is_found_by_halving(refusal: str) -> None:
    world = DIRTY.world(refusal)
    for number in range(1, 31):
        DIRTY.artifact(world, number, f"k{(number + 1) // 2:02}")
        DIRTY.datapoint(world, number, number)
    world.database.script("INSERT INTO notes (about) VALUES (1), (5), (11), (29)")
    if "partly" in refusal:
        world.database.script("INSERT INTO notes (about) VALUES (12)")
    found = steps(healed(world))["dedupe"]
    assert [left["r2_key"] for left in found["left_whole"]] == ["k06"]
    assert (found["before"], found["after"], found["changed"]) == (15, 1, 14)
    assert len(artifacts(world)) == 16
    assert {row[0] for row in world.database.all("SELECT about FROM notes")} >= {2, 6, 11, 30}


def test_a_row_too_big_for_the_journal_is_left_and_the_rest_goes_on() -> None:
    world = DIRTY.world()
    DIRTY.artifact(world, 1, "big", fetched_at="2026-01-01", note=b"x" * 1_100_000)
    DIRTY.artifact(world, 2, "big", fetched_at="2026-02-01")
    for number in range(3, 13):
        DIRTY.artifact(world, number, f"k{number // 2:02}")
    report = healed(world)
    [left] = steps(report)["dedupe"]["left_whole"]
    assert (left["r2_bucket"], left["r2_key"]) == ("b", "big")
    assert "too big" in left["why"]
    assert numbers(report)["dedupe"] == (5, 1, 4)


def test_a_left_group_does_not_use_up_what_a_call_may_do() -> None:
    child = "CREATE TABLE notes (about INTEGER UNIQUE REFERENCES artifacts (id));"
    world = DIRTY.world(child)
    for number in range(1, 21):
        DIRTY.artifact(world, number, f"k{(number + 1) // 2:02}")
    world.database.script("INSERT INTO notes VALUES (1), (2), (3), (4), (9), (10)")
    dry = steps(recovered(world, max_groups=4))["dedupe"]
    live = recovered(world, dry_run=False, max_groups=4)
    told = steps(live)["dedupe"]
    assert not live["done"]
    assert dry["changed"] == told["changed"] == dry["groups"] == told["groups"] == 4
    assert dry["left_whole"] == told["left_whole"]
    report = healed(world, max_groups=4)
    assert [left["r2_key"] for left in steps(report)["dedupe"]["left_whole"]] == ["k01", "k02", "k05"]
    assert len(artifacts(world)) == 13


# Rows that name no object


def test_rows_without_a_bucket_or_a_key_name_no_object_and_stay() -> None:
    shape = replace(DIRTY, loose=True)
    world = shape.world()
    for number, (bucket, key) in enumerate(
        [(None, "k"), (None, "k"), ("b", None), ("b", None), ("b", "k"), ("b", "k")], 1
    ):
        shape.artifact(world, number, key, bucket=bucket)  # type: ignore[arg-type]  # NULL, on purpose
    dry, live = recovered(world), healed(world)
    assert len(artifacts(world)) == 5
    assert (dry["ok"], live["ok"]) == (False, False)
    assert steps(dry)["verify"]["after"] == steps(live)["verify"]["after"]


@pytest.mark.parametrize("shape", DIRTY_SHAPES, ids=str)
def test_keys_are_compared_byte_for_byte(shape: Shape) -> None:
    world = shape.world()
    for number, key in enumerate(["a", "A", "a ", " a", "é", "e\N{COMBINING ACUTE ACCENT}", "a/", "a//"], start=1):
        shape.artifact(world, number, key)
    healed(world)
    assert len(artifacts(world)) == 8


@pytest.mark.parametrize("ids", ["INTEGER", "TEXT"])
@pytest.mark.parametrize("collation", ["NOCASE", "RTRIM"])
def test_a_collation_of_the_columns_makes_no_two_keys_one(collation: str, ids: str) -> None:
    world = World()
    world.database.script(f"""
      CREATE TABLE artifacts (
        id {ids} PRIMARY KEY, r2_bucket TEXT NOT NULL COLLATE {collation}, r2_key TEXT NOT NULL COLLATE {collation},
        source_type TEXT NOT NULL, fetched_at TEXT
      );
      CREATE TABLE notes (about {ids} REFERENCES artifacts (id), word TEXT, UNIQUE (about, word));
    """)
    migrate(world.database)
    keys = ["A", "a", "a ", "a  ", "A", "a", "stuck", "STUCK", "stuck", "STUCK"]
    rows = [(number, "b", key, "raw", None) for number, key in enumerate(keys, start=11)]
    world.database.connection.executemany("INSERT INTO artifacts VALUES (?, ?, ?, ?, ?)", rows)
    world.database.script("INSERT INTO notes VALUES (17, 'x'), (19, 'x'), (18, 'x'), (20, 'x')")
    dry, live = recovered(world), healed(world)
    for report in (dry, live):
        told = steps(report)["dedupe"]
        assert (told["groups"], told["changed"], told["after"]) == (2, 2, 2)
        assert [left["r2_key"] for left in told["left_whole"]] == ["STUCK", "stuck"]
    world.database.script("DELETE FROM notes")
    assert healed(world)["ok"]
    assert sorted(str(row[2]) for row in artifacts(world)) == sorted(set(keys))
    undone(world, 2)
    assert len(artifacts(world)) == 8


@every_dirty_shape
def test_the_object_with_an_empty_bucket_and_an_empty_key_is_one_like_any_other(shape: Shape) -> None:
    world = shape.world()
    for number in (1, 2):
        shape.artifact(world, number, "", bucket="")
    dry, live = recovered(world), recovered(world, dry_run=False)
    for report in (dry, live):
        assert (steps(report)["dedupe"]["changed"], report["ok"]) == (1, True)
    assert len(artifacts(world)) == 1


# The type


@pytest.mark.parametrize("winner", ["unknown", None])
def test_a_known_type_is_carried_to_a_winner_that_has_none(winner: str | None) -> None:
    shape = replace(DIRTY, loose=True)
    world = shape.world()
    shape.artifact(world, 1, "k", "report", fetched_at="2026-01-01")
    shape.artifact(world, 2, "k", winner, fetched_at="2026-02-01")
    dry, live = steps(recovered(world))["dedupe"], steps(healed(world))["dedupe"]
    assert dry["types_carried"] == live["types_carried"] == 1
    assert [(row[0], row[3]) for row in artifacts(world)] == [(2, "report")]


def test_at_the_same_time_a_known_type_goes_before_none_and_none_is_as_good_as_unknown() -> None:
    shape = replace(DIRTY, loose=True)
    for first, second, kept in (("raw", None, 1), (None, "raw", 2), ("unknown", None, 2), (None, "unknown", 2)):
        world = shape.world()
        shape.artifact(world, 1, "k", first)
        shape.artifact(world, 2, "k", second)
        healed(world)
        assert [row[0] for row in artifacts(world)] == [kept]
