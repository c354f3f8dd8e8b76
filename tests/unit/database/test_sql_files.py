from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

import sql
from ports import Statement
from sql import SqlFileError

SRC = Path(__file__).parents[3] / "src"
NAMES = sorted(str(path.relative_to(sql.ROOT).with_suffix("")) for path in sql.ROOT.rglob("*.sql"))
OWN_READERS = ("migrations/", "invariants/")
"""Folders that are read as folders: by wrangler, and one check per file."""
NAMED = [name for name in NAMES if not name.startswith(OWN_READERS)]
MODULES = [path.read_text(encoding="utf-8") for path in SRC.rglob("*.py")]


def used(name: str, module: str) -> bool:
    """Tell whether the module names the file, as a whole or as `f"folder/{kind}"` with the kind beside it."""
    folder, _, kind = name.rpartition("/")
    return f'"{name}"' in module or (f'f"{folder}/{{' in module and f'"{kind}"' in module)


@pytest.mark.parametrize("name", NAMED)
def test_every_file_is_one_statement_that_d1_can_take(name: str) -> None:
    statement = sql.load(name)
    assert not re.search(r"(;|--[^\n]*)\s*\Z", statement)
    # A trigger holds statements of its own; everything else is one statement.
    assert ";" not in re.sub(r"'[^']*'|--[^\n]*", "", statement) or "CREATE TRIGGER" in statement


@pytest.mark.parametrize("name", NAMED)
def test_every_file_says_in_its_first_line_what_it_returns(name: str) -> None:
    header = (sql.ROOT / f"{name}.sql").read_text(encoding="utf-8").partition("\n")[0]
    assert re.match(r"-- \S.{10,}", header)


@pytest.mark.parametrize("name", NAMED)
def test_the_header_names_just_the_parameters_of_its_statement(name: str) -> None:
    lines = (sql.ROOT / f"{name}.sql").read_text(encoding="utf-8").splitlines()
    header = " ".join(itertools.takewhile(lambda line: line.startswith("--"), lines))
    assert set(re.findall(r"(?<![\w:]):([a-z]\w*)", header)) == set(sql.parameters(sql.load(name)))


@pytest.mark.parametrize("name", NAMES)
def test_no_file_numbers_its_parameters(name: str) -> None:
    assert "?" not in sql.bare((sql.ROOT / f"{name}.sql").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMED)
def test_every_file_is_used_by_name(name: str) -> None:
    assert any(used(name, module) for module in MODULES)


def test_every_name_that_is_used_has_its_file() -> None:
    mentioned = {
        name for module in MODULES for name in re.findall(r"sql\.(?:load|statement|fragment)\(\s*\"([^\"]+)\"", module)
    }
    assert mentioned
    assert mentioned <= set(NAMES)


def test_no_two_files_hold_the_same_statement() -> None:
    by_text: dict[str, list[str]] = {}
    for name in NAMED:
        by_text.setdefault(" ".join(sql.load(name).split()), []).append(name)
    assert [names for names in by_text.values() if len(names) > 1] == []


@pytest.mark.parametrize("text", ["", "\n", "-- Only a header.\n", "-- A header.\n;\n", "-- A header.\n-- Nothing.\n"])
def test_a_file_without_a_statement_is_refused_by_name(text: str) -> None:
    with pytest.raises(SqlFileError, match=r"^some/name\.sql: "):
        sql.parse("some/name", text)


@pytest.mark.parametrize("text", ["SELECT 1\n", "\n-- Late.\nSELECT 1\n", "--No space.\nSELECT 1\n"])
def test_a_file_without_a_header_is_refused_by_name(text: str) -> None:
    with pytest.raises(SqlFileError, match=r"^some/name\.sql: the first line"):
        sql.parse("some/name", text)


def test_a_missing_file_is_refused_by_name() -> None:
    with pytest.raises(SqlFileError, match=r"^no/such\.sql: no such file"):
        sql.load("no/such")


@pytest.mark.parametrize(
    "tail", ["", ";", ";\n", " ; \n", "; -- why\n", "\n-- why\n-- more\n", ";\n-- why", ";;\n;", "-- a\n;\n--b\n"]
)
def test_what_d1_cannot_take_after_the_statement_is_stripped(tail: str) -> None:
    assert sql.parse("some/name", "-- A header.\n-- More of it.\nSELECT 1" + tail) == "SELECT 1"


def test_a_comment_inside_the_statement_stays() -> None:
    assert sql.parse("some/name", "-- A header.\nSELECT 1 -- one\n, 2;\n") == "SELECT 1 -- one\n, 2"


@pytest.mark.parametrize("given", [{}, {"a": "x"}, {"a": "x", "b": "y", "c": "z"}, {"a": "x", "b": 1}])
def test_a_slot_without_a_text_and_a_text_without_a_slot_are_refused(given: dict[str, str | int]) -> None:
    with pytest.raises(SqlFileError):
        sql.fill("SELECT {{a}}, {{b}}", **given)


def test_a_slot_takes_its_value_as_it_is() -> None:
    assert sql.fill("SELECT {{a}}, {{b}}", a=r"\1 {{b}}", b="y").text == r"SELECT \1 {{b}}, y"


def test_parameters_are_numbered_in_the_order_of_their_first_use() -> None:
    wanted = sql.bind(sql.Fragment("SELECT :two, :one, :two"), one=1, two="b")
    assert (wanted.sql, wanted.params) == ("SELECT ?1, ?2, ?1", ("b", 1))


@pytest.mark.parametrize("given", [{}, {"one": 1}, {"one": 1, "two": 2, "three": 3}])
def test_a_missing_an_unknown_and_an_unused_parameter_are_refused(given: dict[str, int]) -> None:
    with pytest.raises(SqlFileError, match="parameters"):
        sql.bind(sql.Fragment("SELECT :one, :two"), **given)


def test_a_fragment_brings_its_values_along_and_two_values_for_one_name_are_refused() -> None:
    inner = sql.fill("SELECT :one", one=1)
    outer = sql.fill("SELECT * FROM ({{inner}}) WHERE x = :one", inner=inner)
    assert sql.bind(outer) == Statement("SELECT * FROM (SELECT ?1) WHERE x = ?1", (1,))
    with pytest.raises(SqlFileError, match="two values"):
        sql.fill("SELECT * FROM ({{inner}}) WHERE x = :one", inner=inner, one=2)
    with pytest.raises(SqlFileError, match="no slot"):
        sql.fill("SELECT :one", one=inner)


@pytest.mark.parametrize(
    "text", ["':one'", '":one"', "`:one`", "[:one]", "-- :one\n1", "/* :one\n */ 1", "'it''s :one'", "x::one", "a:one"]
)
def test_what_is_quoted_or_a_comment_names_no_parameter(text: str) -> None:
    assert sql.parameters(f"SELECT {text}") == ()


@pytest.mark.parametrize("name", ["plain", 'with "quotes"', "it's", "semi;colon", "é", ""])
def test_a_quoted_identifier_names_exactly_that(name: str) -> None:
    assert sql.quote(name).startswith('"')
    assert sql.quote(name)[1:-1].replace('""', '"') == name
