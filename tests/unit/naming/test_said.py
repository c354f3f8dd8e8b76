"""Whoever reads of a database reads its own names: in answers, alerts, logs and on the page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from database.guards import expected_guards
from naming.names import TABLE, WORDS, Names
from profiles.apart import apart
from settings import read_settings
from tests.support.actions import TOKEN, Api, tick
from tests.support.databases import Shape
from tests.support.fakes import DictBucket, World, apply_migrations
from tests.support.shapes import SHAPES, own_words, shaped, statements, tables_setting

HOOK = {"ALERT_WEBHOOK_URL": "https://example.com/hook", "ALERT_WEBHOOK_SECRET": "s"}
KEY = "artifacts/r2_key/source_type"
"""An object's key is no text of ours: it stays as it is."""


@dataclass
class Dirty:
    """A database of other names in which nearly everything is wrong, and what is said of it."""

    names: Names
    world: World
    variables: dict[str, object]

    def ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Make a request, and return the answer."""
        ports = apart(self.world.ports(), read_settings(self.variables))
        answer: dict[str, Any] = (
            Api(self.world, {"STEWARD_TOKEN": TOKEN, **self.variables}, ports).json(method, path, body).json()
        )
        return answer

    def tick(self) -> None:
        """Fire the cron."""
        tick(apart(self.world.ports(), read_settings(self.variables)), **self.variables)

    def sql(self, text: str) -> None:
        """Run statements in the words."""
        said = own_words(self.names)
        for one in statements(text):
            self.world.database.connection.execute(said.said(one))


@pytest.fixture(params=["other", "bare"])
def dirty(request: pytest.FixtureRequest) -> Dirty:
    """Return such a database."""
    names = SHAPES[request.param]
    with shaped("canonical"):
        world = World(buckets={"media": DictBucket()})
    variables: dict[str, object] = {"BUCKETS": {"media": "MEDIA"}, "TABLES": tables_setting(names), **HOOK}
    if "r2_bucket" in names.absent:
        variables["TABLES"] = {**tables_setting(names), "r2_bucket": "literal:media"}
    found = Dirty(names, world, variables)
    own = own_words(names)
    for one in statements(Shape("TEXT", unique_index=False, loose=True).schema()):
        world.database.connection.execute(own.said(one))
    apply_migrations(world.database)
    for number in (1, 2):
        row = own.said(
            "INSERT INTO artifacts (id, r2_bucket, r2_key, source_type)"
            f" VALUES ('a-long-id-of-a-row-{number}', 'media', '{KEY}', 'unknown')"
        )
        world.database.connection.execute(row)
    table = names.table.replace('"', '""')
    world.database.connection.execute(f'ALTER TABLE "{table}" ADD COLUMN parent_id TEXT')
    world.database.connection.execute(f"UPDATE \"{table}\" SET parent_id = 'a-long-id-of-a-row-1'")
    return found


def texts(found: object, at: str = "") -> Iterator[tuple[str, str]]:
    """Give every text in an answer with where it is, but for what rows hold and for what the words are called."""
    if isinstance(found, dict):
        for name, value in found.items():
            if name not in ("names", "sample", "request"):
                yield from texts(value, f"{at}.{name}")
    elif isinstance(found, list):
        for value in found:
            yield from texts(value, at)
    elif isinstance(found, str):
        yield at, found


def words_in(names: Names, text: str) -> list[str]:
    """Return the words in a text that the database calls something else."""
    renamed = [TABLE, *(word for word in WORDS[1:] if word not in names.absent)]
    return [word for word in renamed if re.search(rf"(?<![\w/]){word}(?![\w/])", text)]


def left_in(names: Names, *answers: object) -> list[tuple[str, str]]:
    """Return the texts of the answers that have such a word."""
    return [(at, text) for answer in answers for at, text in texts(answer) if words_in(names, text)]


def test_every_answer_says_the_databases_own_names(dirty: Dirty) -> None:
    check = dirty.ask("POST", "/check", {"mode": "full"})
    refused = [
        dirty.ask("POST", "/backfill", {"dry_run": False}),
        dirty.ask("POST", "/recover", {"dry_run": False}),
        dirty.ask("POST", "/recover", {}),
        dirty.ask("POST", "/forget", {"dry_run": False}),
    ]
    rest = [dirty.ask("GET", path) for path in ("/summary", "/findings", "/runs", "/profiles")]
    assert left_in(dirty.names, check, *refused, *rest) == []
    pair = ", ".join(own for word in ("r2_bucket", "r2_key") if (own := dirty.names.of(word).own))
    assert refused[0]["detail"].startswith(f"The unique index on {dirty.names.table} ({pair}) is missing")
    assert f"Columns look like references to {dirty.names.table}: {dirty.names.table}.parent_id" in refused[1]["detail"]
    samples = {one["name"]: one["sample"] for one in check["invariants"]}
    assert samples["unique_index_present"][0]["missing"] == f"a unique index on exactly ({pair})"
    assert f"ids of {dirty.names.table}" in samples["references_known"][0]["why"]
    assert samples["one_artifact_per_object"][0]["r2_key"] == KEY


def test_the_page_is_given_what_the_words_are_called(dirty: Dirty) -> None:
    found = dirty.ask("GET", "/summary")
    assert found["names"] == {TABLE: dirty.names.table, **{one.word: one.own for one in dirty.names.columns}}
    holds = {one["name"]: one["holds"] for one in found["invariants"]}
    assert holds["one_artifact_per_object"].startswith(f"one {dirty.names.table} row per object")


def test_alerts_and_logs_say_them_too(dirty: Dirty, capsys: pytest.CaptureFixture[str]) -> None:
    dirty.tick()
    alerts = [json.loads(body) for _, _, body, _ in dirty.world.poster.sent]
    assert [one["kind"] for one in alerts].count("tick_failed") == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert left_in(dirty.names, alerts, lines) == []
    assert (
        f"The unique index on {dirty.names.table} ("
        in next(one for one in alerts if one["kind"] == "tick_failed")["text"]
    )


def found_in(dirty: Dirty, invariant: str) -> list[dict[str, Any]]:
    """Return the rows that a full check finds of an invariant."""
    found: list[dict[str, Any]] = dirty.ask("POST", "/check", {"mode": "full"})["invariants"]
    return next(one["sample"] for one in found if one["name"] == invariant)


def test_a_column_of_the_table_itself_is_excused_by_the_name_that_the_table_has(dirty: Dirty) -> None:
    assert [row["column"] for row in found_in(dirty, "references_known")] == ["parent_id"]
    dirty.variables["NOT_CHILDREN"] = [f"{dirty.names.table}.parent_id"]
    assert found_in(dirty, "references_known") == []


@pytest.mark.parametrize("dirty", ["bare"], indirect=True)
def test_an_id_inside_json_is_known_by_what_the_table_is_called(dirty: Dirty) -> None:
    dirty.sql("INSERT INTO artifacts (id, r2_bucket, r2_key, source_type) VALUES ('k7', 'media', 'k', 'unknown')")
    dirty.sql("CREATE TABLE notes (doc, about)")
    listed = json.dumps({f"{dirty.names.stem}_id": "k7"})
    dirty.world.database.connection.execute("INSERT INTO notes VALUES (?, ?)", (listed, '{"artifact_id": "k7"}'))
    assert [row["column"] for row in found_in(dirty, "references_by_id")] == ["doc"]


def test_a_guard_says_the_columns_name_to_whoever_wrote_the_row() -> None:
    names = SHAPES["other"]
    [guard] = [one for one in expected_guards([], names) if one.name == "steward_guard_known_type"]
    assert f"'steward: a known {names.of('source_type').own} is final;" in guard.create


@pytest.mark.parametrize(
    ("text", "other", "bare"),
    [
        ("on artifacts (r2_bucket, r2_key)", 'on my "Files" (select, Order`By)', "on uploads (storage_key)"),
        ("r2_bucket and r2_key of a row", "select and Order`By of a row", "storage_key of a row"),
        (
            "a key on artifacts (id), an id",
            'a key on my "Files" (Größe [id]), an id',
            "a key on uploads (object_uuid), an id",
        ),
        ("no artifacts.fetched_at", 'no my "Files".it\'s from', "no uploads.created_at"),
        (
            "no_unknown_source_type, artifacts_unknown",
            "no_unknown_source_type, artifacts_unknown",
            "no_unknown_source_type, artifacts_unknown",
        ),
        ("a row has a source_type", "a row has a having", "a row has a source_type"),
    ],
)
def test_a_text_of_ours_is_said_in_the_databases_names(text: str, other: str, bare: str) -> None:
    assert (Names().said(text), SHAPES["other"].said(text), SHAPES["bare"].said(text)) == (text, other, bare)
