"""The queries of the runbook, as people typed them by hand, decide what our checks must say."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.databases import Shape, unguarded, verdicts
from tests.support.fakes import World
from tests.support.shapes import examples
from words import CheckMode

ORACLE = {
    "one_artifact_per_object": """
      SELECT r2_bucket, r2_key, COUNT(*) FROM artifacts GROUP BY r2_bucket, r2_key HAVING COUNT(*) > 1
    """,
    "no_unknown_source_type": "SELECT id FROM artifacts WHERE source_type = 'unknown'",
    "no_orphan_datapoints": """
      SELECT d.id FROM datapoints d LEFT JOIN artifacts a ON a.id = d.artifact_id
      WHERE a.id IS NULL AND d.artifact_id IS NOT NULL
    """,
    "ids_are_unique": "SELECT id FROM artifacts GROUP BY id HAVING count(*) > 1 OR id IS NULL",
}

Artifact = tuple[str | None, str | None, str | None]
Rows = tuple[list[Artifact], list[int | None]]

text = st.sampled_from(["a", "A", "a ", "", "é", "e\N{COMBINING ACUTE ACCENT}", None])
types = st.sampled_from(["unknown", "Unknown", "unknown ", "", "raw", None])
databases = st.tuples(
    st.lists(st.tuples(text, text, types), max_size=8), st.lists(st.sampled_from([None, *range(10)]), max_size=8)
)
shapes = st.builds(
    Shape,
    ids=st.sampled_from(["INTEGER", "TEXT"]),
    foreign_keys=st.booleans(),
    unique_index=st.just(value=False),
    loose=st.just(value=True),
)


def filled(shape: Shape, rows: Rows) -> World:
    world = shape.world()
    with unguarded(world.database):
        for number, (bucket, key, source_type) in enumerate(rows[0], start=1):
            shape.artifact(world, number, key, source_type, bucket=bucket)  # type: ignore[arg-type]  # NULL, on purpose
        for number, artifact in enumerate(rows[1], start=1):
            shape.datapoint(world, number, artifact)
    return world


def agree(world: World, mode: CheckMode) -> None:
    found = verdicts(world, mode)
    for name, query in ORACLE.items():
        if found[name]["method"] == "proof" and name == "no_orphan_datapoints":
            # The rows were planted with foreign keys off, which D1 does not let anyone do.
            continue
        count = len(world.database.all(query))
        expected = ("violated" if count else "holds", count)
        assert (found[name]["outcome"], found[name]["violations"]) == expected, name


@settings(max_examples=examples(150), deadline=None)
@given(shape=shapes, rows=databases, mode=st.sampled_from(["full", "fast"]))
def test_our_verdicts_and_counts_are_those_of_the_runbook(shape: Shape, rows: Rows, mode: CheckMode) -> None:
    agree(filled(shape, rows), mode)


CORNERS: dict[str, Rows] = {
    "empty tables": ([], []),
    "no artifacts": ([], [1, None]),
    "references that are NULL": ([("b", "k", "raw")], [None, None, 1]),
    "a NULL bucket, twice": ([(None, "k", "raw"), (None, "k", "raw")], [1, 2]),
    "a NULL key, twice": ([("b", None, "raw"), ("b", None, "unknown")], []),
    "both NULL, twice": ([(None, None, "raw"), (None, None, "raw")], []),
    "a NULL and an empty source type": ([("b", "k", None), ("b", "l", "")], []),
    "'Unknown ' is not 'unknown'": ([("b", "k", "Unknown "), ("b", "l", "unknown ")], []),
    "keys that differ in case and blanks": ([("b", "k", "raw"), ("b", "K", "raw"), ("b", "k ", "raw")], []),
    "a group of three": ([("b", "k", "unknown")] * 3, [1, 2, 3, 4, 4]),
}


@pytest.mark.parametrize("mode", ["full", "fast"])
@pytest.mark.parametrize("ids", ["INTEGER", "TEXT"])
@pytest.mark.parametrize("rows", CORNERS.values(), ids=CORNERS.keys())
def test_the_corners_are_judged_as_the_runbook_judges_them(rows: Rows, ids: str, mode: CheckMode) -> None:
    agree(filled(Shape(ids, unique_index=False, loose=True), rows), mode)


def test_a_type_that_only_looks_like_unknown_is_a_type() -> None:
    found = verdicts(filled(Shape(unique_index=False), CORNERS["'Unknown ' is not 'unknown'"]))
    assert found["no_unknown_source_type"]["outcome"] == "holds"


def test_a_sample_has_at_most_twenty_rows_and_the_count_is_exact() -> None:
    world = filled(Shape(), ([("b", f"k{number}", "unknown") for number in range(45)], []))
    found = verdicts(world)["no_unknown_source_type"]
    assert found["violations"] == 45
    assert len(found["sample"]) == 20
    assert found["sample"][0].keys() == {"id", "r2_bucket", "r2_key"}


@pytest.mark.parametrize(
    ("url", "cites"),
    [
        ("https://example.org", "a homepage"),
        ("https://example.org/", "a homepage"),
        ("HTTP://EXAMPLE.ORG", "a homepage"),
        ("https://example.org?page=2", "a homepage"),
        ("https://example.org/#top", "a homepage"),
        ("https://example.org/reports/", "a directory"),
        ("https://example.org/reports/?C=M;O=D", "a directory"),
        ("https://example.org/reports/#/a.pdf", "a directory"),
        ("https://example.org/reports/a.pdf", "a document"),
        ("https://example.org/reports", "a document"),
        ("https://example.org/a.pdf?next=/", "a document"),
        ("https://example.org/a.pdf#page=/", "a document"),
        ("ftp://example.org/", "not the web"),
        ("example.org/", "not a URL"),
        ("", "nothing"),
        (None, "nothing"),
    ],
)
def test_a_citation_of_a_homepage_or_a_directory_is_told_from_one_of_a_document(url: str | None, cites: str) -> None:
    shape = Shape()
    world = shape.world()
    shape.artifact(world, 1, "a")
    shape.datapoint(world, 1, 1, url)
    assert verdicts(world)["no_directory_citations"]["violations"] == int(cites in ("a homepage", "a directory"))
