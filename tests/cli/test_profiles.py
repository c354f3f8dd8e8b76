"""The command and the databases of a Worker: which one is meant, how all stand, and what one could be."""

from __future__ import annotations

from tests.cli.conftest import Operator


def test_profiles_shows_the_only_database_too(operator: Operator) -> None:
    [found] = operator.json("profiles")["profiles"]
    assert (found["name"], found["database"], found["table"], found["error"]) == (None, "DB", "artifacts", None)
    assert "(the only one)" in operator.run("profiles").out


def test_each_request_names_the_profile_and_one_that_is_not_there_is_refused(operator: Operator) -> None:
    ran = operator.run("summary", "--profile", "media", code=2)
    assert "There is no profile 'media'" in ran.err
    assert all("profile=media" in one.path for one in operator.served.asked)


def test_the_doctor_proposes_what_tables_could_say(operator: Operator) -> None:
    operator.world.database.script(
        "CREATE TABLE files (uuid TEXT PRIMARY KEY, storage_key TEXT NOT NULL, created_at TEXT);"
        "CREATE TABLE pages (id INTEGER PRIMARY KEY, cover TEXT REFERENCES files (uuid), file_id TEXT);"
        "INSERT INTO files VALUES ('a', 'raw/a', NULL), ('b', 'raw/gone', NULL)"
    )
    operator.put("raw/a")
    first = operator.json("doctor", "--propose")["proposals"][0]
    assert first["tables"] == {
        "artifacts": "files",
        "id": "uuid",
        "r2_bucket": "literal:artifacts",
        "r2_key": "storage_key",
        "source_type": "literal:files",
        "fetched_at": "created_at",
    }
    assert (first["references"], first["children"]) == (["pages.cover"], ["pages.file_id"])
    assert (first["sampled"], first["found"]) == (2, 1)
    out = operator.run("doctor", "--propose").out
    assert 'TABLES = { artifacts = "files", id = "uuid"' in out
    assert 'CHILDREN = ["pages.file_id"]' in out
