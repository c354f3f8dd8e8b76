from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from database.reading import read_schema
from invariants.catalogue import FOLDER, Invariant, read_catalogue, read_invariant
from invariants.verdict import Verdict
from sql import SqlFileError
from tests.support.databases import SETTINGS, Shape, full_check
from tests.support.fakes import World
from tests.support.shapes import chosen

DOCS = Path(__file__).parents[3] / "docs"
BUILT_IN = {
    "one_artifact_per_object": "error",
    "no_unknown_source_type": "error",
    "no_orphan_datapoints": "error",
    "unique_index_present": "error",
    "guards_present": "error",
    "keys_are_text": "error",
    "no_directory_citations": "warn",
    "ids_are_unique": "error",
    "references_known": "error",
    "references_by_id": "warn",
    "objects_present": "warn",
    "objects_unchanged": "warn",
    "coverage": "warn",
}
HEADER = """\
-- holds: no artifact is called naughty
-- severity: warn
-- row: an artifact that is
-- do: rename it
-- needs: artifacts.r2_key
"""
QUERY = "SELECT id, r2_key FROM artifacts WHERE r2_key = 'naughty'\n"


def dropped_in(folder: Path, text: str, name: str = "no_naughty_keys") -> Invariant:
    path = folder / f"{name}.sql"
    path.write_text(text, encoding="utf-8")
    return read_invariant(path)


def judged(world: World, invariants: list[Invariant]) -> list[Verdict]:
    async def run() -> list[Verdict]:
        schema = await read_schema(world.database, SETTINGS.children)
        return list(await full_check(world, schema, invariants))

    return asyncio.run(run())


def test_the_built_in_invariants_are_there_with_their_severities() -> None:
    assert {one.name: one.severity for one in read_catalogue()} == BUILT_IN


def test_dropping_in_a_file_adds_a_check_that_holds_and_fires(tmp_path: Path) -> None:
    dropped_in(tmp_path, HEADER + QUERY)
    shape = Shape()
    world = shape.world()
    shape.artifact(world, 1, "nice")
    assert [(one.name, one.outcome) for one in judged(world, read_catalogue(tmp_path))] == [
        ("no_naughty_keys", "holds")
    ]
    shape.artifact(world, 2, "naughty")
    [found] = judged(world, read_catalogue(tmp_path))
    assert (found.outcome, found.severity, found.violations) == ("violated", "warn", 1)
    assert found.sample == [{"id": 2, "r2_key": "naughty"}]


def test_a_dropped_in_check_says_when_the_database_lacks_what_it_needs(tmp_path: Path) -> None:
    text = HEADER.replace("artifacts.r2_key", "artifacts.r2_key, artifacts.mood") + QUERY
    [found] = judged(Shape().world(), [dropped_in(tmp_path, text)])
    assert (found.outcome, found.reason) == ("not_checked", chosen().said("The database has no artifacts.mood."))


def test_a_dropped_in_check_whose_sql_is_wrong_is_not_checked_and_spoils_no_other(tmp_path: Path) -> None:
    wrong = dropped_in(tmp_path, HEADER + "SELECT no_such_column FROM artifacts\n", "a_wrong_one")
    right = dropped_in(tmp_path, HEADER + QUERY, "b_right_one")
    first, second = judged(Shape().world(), [wrong, right])
    assert first.outcome == "not_checked"
    assert "no_such_column" in str(first.reason)
    assert second.outcome == "holds"


def test_a_dropped_in_check_may_look_at_every_child(tmp_path: Path) -> None:
    text = HEADER.replace(
        "-- needs: artifacts.r2_key\n", "-- needs: artifacts.id\n-- for: each child\n-- walks: table\n"
    )
    query = (
        "SELECT :label AS child, child.{{row_key}} AS row_key FROM {{rows}} AS child WHERE child.{{column}} IS NULL\n"
    )
    shape = Shape()
    world = shape.world("CREATE TABLE notes (about INTEGER REFERENCES artifacts (id));")
    shape.datapoint(world, 5, None)
    world.database.script("INSERT INTO notes VALUES (NULL)")
    [found] = judged(world, [dropped_in(tmp_path, text + query)])
    assert found.violations == 2
    assert {row["child"] for row in found.sample} == {"datapoints.artifact_id", "notes.about"}


@pytest.mark.parametrize(
    ("line", "replacement", "complaint"),
    [
        ("-- holds: no artifact is called naughty\n", "", "no line '-- holds: …'"),
        ("-- severity: warn\n", "", "no line '-- severity: …'"),
        ("-- row: an artifact that is\n", "", "no line '-- row: …'"),
        ("-- do: rename it\n", "", "no line '-- do: …'"),
        ("-- needs: artifacts.r2_key\n", "", "no line '-- needs: …'"),
        ("-- severity: warn\n", "-- severity: fatal\n", "severity must be one of error, warn"),
        ("-- do: rename it\n", "-- do: rename it\n-- for: each row\n", "for must be one of"),
        ("-- do: rename it\n", "-- do: rename it\n-- walks: about\n", "walks must be one of"),
        ("-- do: rename it\n", "-- do: rename it\n-- proof: by intimidation\n", "proof must be one of"),
        ("-- do: rename it\n", "-- do: rename it\n-- mood: good\n", "is not one of ours"),
        ("-- do: rename it\n", "-- do: rename it\n-- just a remark\n", "is not one of ours"),
        ("-- do: rename it\n", "-- do:\n", "is not one of ours"),
        (QUERY, "SELECT :child FROM artifacts\n", "child is not one of"),
        (QUERY, "SELECT ?2 FROM artifacts\n", "? is not one of"),
        (QUERY, "SELECT {{rowkey}} FROM artifacts\n", "rowkey is not one of"),
        (QUERY, "", "no statement in it"),
    ],
)
def test_a_bad_file_is_refused_by_name_and_by_what_it_lacks(
    tmp_path: Path, line: str, replacement: str, complaint: str
) -> None:
    text = (HEADER + QUERY).replace(line, replacement)
    with pytest.raises(SqlFileError, match=re.escape(complaint)) as refused:
        dropped_in(tmp_path, text)
    assert "invariants/no_naughty_keys" in str(refused.value)


def test_one_bad_file_stops_the_whole_catalogue_for_a_check_left_out_would_look_like_one_that_holds(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.sql").write_text(HEADER + QUERY)
    (tmp_path / "b.sql").write_text(QUERY)
    with pytest.raises(SqlFileError):
        read_catalogue(tmp_path)


def documented_example() -> tuple[str, str]:
    text = (DOCS / "invariants.md").read_text(encoding="utf-8")
    found = re.search(r"`src/sql/invariants/(\w+)\.sql`[^`]*```sql\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1], found[2]


def test_the_worked_example_of_the_documentation_works(tmp_path: Path) -> None:
    name, text = documented_example()
    invariant = dropped_in(tmp_path, text, name)
    shape = Shape()
    world = shape.world()
    shape.artifact(world, 1, "a", fetched_at="2026-01-01T00:00:00Z")
    shape.artifact(world, 2, "b")
    [found] = judged(world, [invariant])
    assert found.outcome == "holds", found.reason
    shape.artifact(world, 3, "c", fetched_at="2999-01-01T00:00:00Z")
    [found] = judged(world, [invariant])
    assert (found.outcome, found.violations) == ("violated", 1)
    assert not (FOLDER / f"{name}.sql").exists()


def test_the_documentation_names_every_invariant_and_every_header_line() -> None:
    text = (DOCS / "invariants.md").read_text(encoding="utf-8")
    for name in BUILT_IN:
        assert f"`{name}`" in text
    for line in ("holds", "severity", "row", "do", "needs", "for", "walks", "proof"):
        assert f"`{line}`" in text


def test_every_section_of_the_runbook_that_is_pointed_at_exists() -> None:
    sources = [*FOLDER.glob("*.sql"), *FOLDER.parents[1].rglob("*.py")]
    pointed = {
        name
        for path in sources
        for name in re.findall(r'docs/runbook\.md, "([^"]+)"', path.read_text(encoding="utf-8"))
    }
    assert {"Duplicates", "Guards", "Unique index"} <= pointed
    runbook = (DOCS / "runbook.md").read_text(encoding="utf-8")
    assert pointed <= set(re.findall(r"^## (.+)$", runbook, re.MULTILINE))
