"""What an owner's own constraints and triggers refuse on real D1: counted, parked, and in the way of nothing else."""

from __future__ import annotations

import pytest

from tests.support.actions import numbered
from tests.support.runtime import migrate
from tests.worker.conftest import Steward

TABLE = """CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL,
  source_type TEXT NOT NULL CHECK (source_type IN ('unknown', 'raw')), fetched_at TEXT, UNIQUE (r2_bucket, r2_key))"""
BEFORE = "BEFORE INSERT ON artifacts WHEN NEW.r2_key GLOB '*[37]'"
OWNERS = {
    "check": "",
    "strict": " STRICT",
    "unique": "CREATE UNIQUE INDEX one_key ON artifacts (r2_key)",
    "ignored": f"CREATE TRIGGER ignored {BEFORE} BEGIN SELECT RAISE(IGNORE); END",
    "aborted": f"CREATE TRIGGER aborted {BEFORE} BEGIN SELECT RAISE(ABORT, 'not this one'); END",
    "deleted": "CREATE TRIGGER deleted AFTER INSERT ON artifacts WHEN NEW.r2_key GLOB '*[37]'"
    " BEGIN DELETE FROM artifacts WHERE id = NEW.id; END",
}
REFUSED = {"check": 3, "strict": 3, "unique": 4, "ignored": 11, "aborted": 11, "deleted": 11}


@pytest.mark.parametrize("owner", OWNERS)
def test_each_pass_counts_what_is_refused_and_writes_the_rest(empty: Steward, owner: str) -> None:
    empty.sql(TABLE + (OWNERS[owner] if owner == "strict" else ""))
    if owner not in ("check", "strict"):
        empty.sql(OWNERS[owner])
    migrate(empty.harness)
    empty.rules((1, "raw/*", "raw"), (2, "bad/*", "bad"))
    empty.sql("INSERT INTO artifacts VALUES (1, 'another', 'raw/00005', 'raw', NULL)")
    empty.put(*numbered(40), *numbered(3, "bad/"))
    if owner == "unique":
        assert empty.backfill()["refused"] == 1  # what a dry run foresees: the CHECK it does not
    for _ in range(2):
        report = empty.live()
        assert (report["refused"], report["truncated"]) == (REFUSED[owner], False)
    assert empty.count() == 1 + 43 - REFUSED[owner]
    shown = empty.send("GET", "/summary").json()["refused"]
    assert len(shown) == REFUSED[owner]
    assert {"reason", "first_refused_at", "refused_at", "r2_bucket", "r2_key"} == shown[0].keys()
