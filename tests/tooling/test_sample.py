"""The sample: dirty in every way it says, and counted right."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from tooling.sample import ATTIC_RULE, RULES, SCHEMA, Rule, Sample, classify, make_sample
from tooling.trees import MAX_BYTES, files_of, installed_files

KEYS = [f"folder/file-{number:03}.{kind}" for number in range(200) for kind in ("py", "md", "bin")]


@pytest.fixture(scope="module")
def sample() -> Sample:
    return make_sample(KEYS)


def test_the_same_keys_give_the_same_sample(sample: Sample) -> None:
    assert make_sample(reversed(KEYS)) == sample


def test_every_kind_of_dirt_is_there(sample: Sample) -> None:
    summary = dict(sample.summary([*KEYS, *sample.objects]))
    assert all(summary.values()), summary
    assert [name for name, rows in sample.violations().items() if not rows] == [
        "guards_present",
        "keys_are_text",
        "ids_are_unique",
        "references_by_id",
        "references_known",
    ]


def test_losers_carry_datapoints_and_known_types(sample: Sample) -> None:
    cited = {row.artifact_id for row in sample.datapoints}
    rows: dict[str, list[str]] = {}
    for row in sample.artifacts:
        rows.setdefault(row.r2_key, []).append(row.source_type)
    doubled = {key: kinds for key, kinds in rows.items() if len(kinds) > 1}
    assert all(row.id in cited for row in sample.artifacts if row.r2_key in doubled)
    assert {len(kinds) for kinds in doubled.values()} == {2, 3, 4}
    assert any(kinds[-1] == "unknown" and set(kinds) != {"unknown"} for kinds in doubled.values())


def test_lost_ids_are_free(sample: Sample) -> None:
    taken = {row.id for row in sample.artifacts}
    assert not taken & {row.id for row in sample.lost}
    assert max(row.id for row in sample.lost) < max(taken), "a new row could take the id of a lost one"


def test_the_attic_needs_its_rule() -> None:
    assert classify(["sample/attic/box-1"], RULES) == {"sample/attic/box-1": None}
    assert classify(["sample/attic/box-1"], [*RULES, ATTIC_RULE]) == {"sample/attic/box-1": "archive"}


def test_the_lowest_priority_then_the_longest_pattern_wins() -> None:
    rules = [Rule(2, "*.py", "late"), Rule(1, "a*", "short"), Rule(1, "a*.py", "long")]
    assert classify(["a.py", "b.py", "a", "B.PY"], rules) == {
        "a.py": "long",
        "b.py": "late",
        "a": "short",
        "B.PY": None,
    }


def test_the_old_schema_takes_duplicates_and_orphans() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("PRAGMA foreign_keys = ON")
        for statement in SCHEMA:
            database.execute(statement)
        database.execute("INSERT INTO artifacts (r2_bucket, r2_key) VALUES ('b', 'k'), ('b', 'k')")
        database.execute("INSERT INTO datapoints (artifact_id) VALUES (99)")


def test_a_folder_is_taken_whole_but_for_what_r2_refuses(tmp_path: Path) -> None:
    contents: Iterable[tuple[str, int]] = [("a/b.txt", 1), ("c", 0), ("large", MAX_BYTES + 1)]
    for name, size in contents:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * size)
    (tmp_path / "link").symlink_to(tmp_path / "c")
    files = files_of(tmp_path)
    assert [key for key, _ in files.found] == ["c", "a/b.txt"]
    assert files.passed_over == 2


def test_the_installed_packages_are_enough() -> None:
    assert len(installed_files().found) >= 2000
