"""Tests that say nothing of a database of some shape, and why: `pytest --shape` leaves them out there, and only them.

An entry is a file of `tests`, a test of it, or the beginning of some of its cases: `unit/a.py::test_b[one`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

TESTS = Path(__file__).parents[1]

MADE = "it is about the tables that the migrations make, which have the words"
ITS_NAMES = "it is about a name: of an index, of a column in a plan, or as what makes a column a suspect"
ORDER = "it reads rows or columns in an order that no statement asks for"
TYPES = "it is about a type that is unknown or changes, and where one type stands for every row there is neither"
PAIR = "it is about rows of several buckets, or about a key on bucket and key, and there is one bucket and no such key"
NULLS = "it is about a bucket or a type that is NULL or no text, and what stands for every row is neither"
AS_TABLES = "it makes its tables, or triggers on them, in a way that has no meaning without the columns it names"

OF_BOTH: dict[str, tuple[str, ...]] = {
    MADE: (
        "unit/database/test_migrations.py",
        "unit/recovery/test_set_up.py",
        "unit/backfill/test_bytes_of_types.py::test_the_index_of_before_is_replaced_by_the_next_tick",
        "unit/recovery/test_guards.py::test_the_schema_keeps_the_text_that_a_check_compares_with",
    ),
    ITS_NAMES: (
        "unit/database/test_references.py",
        "unit/recovery/test_recovery_plans.py",
        "unit/recovery/test_runbook.py",
        "unit/backfill/test_query_plans.py::test_a_page_is_looked_up_in_the_unique_index_and_the_index_of_unknowns",
        "unit/backfill/test_backfill.py::test_a_column_that_no_new_row_can_fill_is_refused_dry_and_live_alike",
        "unit/backfill/test_refusals_counted.py::test_a_foreseen_collision_is_looked_up_by_its_index",
        "unit/api/test_rows_over_http.py::test_a_page_is_found_by_an_index",
        "unit/invariants/test_proofs.py::test_a_nullable_column_is_no_proof_for_a_unique_index_lets_nulls_through",
        "unit/forget/test_forget.py::test_where_a_recovery_refuses_it_refuses_and_changes_nothing",
        "unit/forget/test_forget.py::test_dry_says_why_live_would_refuse",
    ),
    ORDER: (
        "unit/recovery/test_undo_indexes.py",
        "unit/recovery/test_counted_merges.py::test_duplicates_whose_key_is_no_plain_text_are_left_whole_named_and_not_tried_without_end",
        "unit/recovery/test_counted_merges.py::test_rows_without_an_id_are_left_whole",
        "unit/recovery/test_counted_merges.py::test_fifty_thousand_rows_of_one_object_end_well",
    ),
}

LEFT_OUT: dict[str, dict[str, tuple[str, ...]]] = {"canonical": {}, "other": OF_BOTH, "bare": OF_BOTH}


def entries(shape: str) -> list[str]:
    """Return every entry of a shape."""
    return [one for listed in LEFT_OUT[shape].values() for one in listed]


def is_left_out(nodeid: str, shape: str) -> bool:
    """Tell whether a test is left out for a shape."""
    name = nodeid.removeprefix("tests/")
    return any(_is_of(name, entry) for entry in entries(shape))


def _is_of(name: str, entry: str) -> bool:
    """Tell whether the test is in the file, is the test, or is one of the cases."""
    return name.startswith(entry) if "[" in entry else name == entry or name.startswith((f"{entry}::", f"{entry}["))


def unnamed(listed: Iterable[str], root: Path = TESTS) -> list[str]:
    """Return the entries that name no test there is."""
    return [one for one in listed if not _is_there(root, *one.partition("[")[0].partition("::")[::2])]


def _is_there(root: Path, file: str, test: str) -> bool:
    path = root / file
    if not path.is_file():
        return False
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return not test or any(isinstance(one, ast.FunctionDef) and one.name == test for one in ast.walk(tree))


def caseless(listed: Iterable[str], nodeids: Sequence[str]) -> list[str]:
    """Return the entries whose test is among these, but none of its cases."""
    names = [one.removeprefix("tests/") for one in nodeids]
    tests = {name.partition("[")[0] for name in names}
    cases = [one for one in listed if "[" in one and one.partition("[")[0] in tests]
    return [one for one in cases if not any(_is_of(name, one) for name in names)]


def repeated(reasons: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the entries that another one says already."""
    listed = [one for found in reasons.values() for one in found]
    return [
        one for place, one in enumerate(listed) for other in listed[:place] + listed[place + 1 :] if _is_of(one, other)
    ]
