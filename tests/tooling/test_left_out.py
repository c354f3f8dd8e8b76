"""What the suites leave out for a shape is listed, with its reason, and every entry names a test."""

from __future__ import annotations

import pytest

from tests.support.left_out import LEFT_OUT, Entries, caseless, entries, is_left_out, repeated, unnamed
from tests.support.shapes import SHAPES


@pytest.mark.parametrize("shape", SHAPES)
def test_every_entry_names_a_test_once(shape: str) -> None:
    assert unnamed(entries(shape)) == []
    assert repeated(LEFT_OUT[shape]) == []


def test_nothing_is_left_out_of_the_canonical_shape() -> None:
    assert entries("canonical") == []


def test_an_entry_that_names_no_test_is_found() -> None:
    here = "tooling/test_left_out.py"
    wrong = ["unit/nowhere.py", f"{here}::test_nothing", f"{here}::test_nothing[case"]
    assert unnamed([here, f"{here}::test_an_entry_that_names_no_test_is_found", *wrong]) == wrong


def test_an_entry_that_names_no_case_is_found() -> None:
    nodeids = ["tests/a.py::test_b[one-x]", "tests/a.py::test_b[two]"]
    assert caseless(["a.py::test_b[one", "a.py::test_b[three", "a.py::test_c[one", "a.py::test_b"], nodeids) == [
        "a.py::test_b[three"
    ]


def test_an_entry_that_another_one_says_is_found() -> None:
    listed: Entries = {
        "why": {"a.py": (), "b.py": ("test_one[case",), "c.py": ()},
        "another": {"a.py": ("test_b",), "c.py": ()},
    }
    assert repeated(listed) == ["c.py", "a.py::test_b", "c.py"]


def test_a_file_a_test_and_some_cases_are_left_out_and_nothing_beside_them() -> None:
    listed = entries("bare")
    file = next(one for one in listed if "::" not in one)
    test = next(one for one in listed if "::" in one and "[" not in one)
    assert is_left_out(f"tests/{file}::test_any[case]", "bare")
    assert is_left_out(f"tests/{test}", "bare")
    assert is_left_out(f"tests/{test}[case]", "bare")
    assert not is_left_out(f"tests/{test}_too", "bare")
    assert not is_left_out(f"tests/{file}.other", "bare")
    assert not is_left_out(f"tests/{file}::test_any", "canonical")
