from __future__ import annotations

import asyncio
import json
import sqlite3

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import sql
from backfill.rules import MAX_PATTERN_BYTES, MAX_RULES, Rule, RuleSet, ordered, read_rules, replace_rules
from errors import InputError, RefusedError
from tests.support.fakes import World, migrated_world
from tests.support.shapes import examples

PATTERN_TEXT = st.text("ab/*?[]^-%_.é", min_size=1, max_size=8)
KEY_TEXT = st.text("ab/*?[]^-%_.é'\"\n", max_size=10)
RULES = st.lists(st.builds(Rule, st.integers(0, 2), PATTERN_TEXT, st.sampled_from(["one", "two", "three"])), max_size=6)


def classify(rules: RuleSet, keys: list[str]) -> dict[str, str | None]:
    """Return what the expression that the page statements use gives each key."""
    connection = sqlite3.connect(":memory:")
    query = "SELECT r2_key, {{source_type}} FROM (SELECT value AS r2_key FROM json_each(:keys))"
    wanted = sql.bind(sql.fill(query, source_type=rules.classification(), keys=json.dumps(keys)))
    found = connection.execute(wanted.sql, wanted.params).fetchall()
    connection.close()
    return dict(found)


def glob(pattern: str, key: str) -> bool:
    """Ask SQLite about one pattern and one key: the oracle."""
    connection = sqlite3.connect(":memory:")
    [(matches,)] = connection.execute("SELECT ? GLOB ?", (key, pattern)).fetchall()
    connection.close()
    return bool(matches)


def expected(rules: list[Rule], key: str) -> str | None:
    """Return the type of the best of all matching rules, by the words of the design."""
    matching = [rule for rule in rules if glob(rule.pattern, key)]
    best = min(matching, key=lambda rule: (rule.priority, -len(rule.pattern), rule.pattern), default=None)
    return best.source_type if best else None


@settings(max_examples=examples(150), deadline=None)
@given(rules=RULES, keys=st.lists(KEY_TEXT, max_size=6, unique=True))
@example(rules=[Rule(0, "[", "one")], keys=["["])
@example(rules=[Rule(0, "a%", "one"), Rule(0, "a_", "two")], keys=["ab", "a%", "a_"])
def test_classification_equals_glob_rule_by_rule(rules: list[Rule], keys: list[str]) -> None:
    unique = list({rule.pattern: rule for rule in rules}.values())
    assert classify(ordered(unique), keys) == {key: expected(unique, key) for key in keys}


@pytest.mark.parametrize(
    ("rules", "wins"),
    [
        ([Rule(2, "raw/*.pdf", "long"), Rule(1, "*", "first")], "first"),
        ([Rule(1, "raw/*", "short"), Rule(1, "raw/*.pdf", "longest")], "longest"),
        ([Rule(1, "raw/b*", "second"), Rule(1, "raw/?*", "earlier pattern")], "earlier pattern"),
        ([Rule(-5, "*", "negative"), Rule(0, "raw/b.pdf", "exact")], "negative"),
    ],
)
def test_the_lowest_priority_number_wins_then_the_longest_pattern_then_pattern_order(
    rules: list[Rule], wins: str
) -> None:
    assert classify(ordered(rules), ["raw/b.pdf"]) == {"raw/b.pdf": wins}
    assert classify(ordered(rules[::-1]), ["raw/b.pdf"]) == {"raw/b.pdf": wins}


@pytest.mark.parametrize(
    ("pattern", "key", "matches"),
    [
        ("raw/*", "raw/deep/er/still", True),
        ("raw/*", "RAW/a", False),
        ("raw/*", " raw/a", False),
        ("raw/*", "raw/", True),
        ("raw/?", "raw/é", True),
        ("raw/?", "raw/😀", True),
        ("raw/a%", "raw/ab", False),
        ("raw/a_", "raw/ab", False),
        ("raw/[[]x", "raw/[x", True),
        ("raw/[*]", "raw/*", True),
        ("raw/[*]", "raw/x", False),
        ("caf\u00e9", "cafe\u0301", False),
        ("line\nbreak*", "line\nbreak here", True),
        ('it\'s "quoted"', 'it\'s "quoted"', True),
        ("back\\slash", "back\\slash", True),
    ],
)
def test_a_pattern_means_what_glob_means(pattern: str, key: str, *, matches: bool) -> None:
    assert classify(ordered([Rule(1, pattern, "found")]), [key]) == {key: "found" if matches else None}


def test_without_rules_nothing_is_classified() -> None:
    assert classify(ordered([]), ["raw/a", ""]) == {"raw/a": None, "": None}


def test_the_most_rules_there_may_be_fit_into_one_statement() -> None:
    rules = ordered([Rule(1, f"{number:03}*" + "x" * (MAX_PATTERN_BYTES - 4), "t") for number in range(MAX_RULES)])
    assert len(rules.classification().text.encode()) < 90_000
    assert classify(rules, ["499" + "x" * 46]) == {"499" + "x" * 46: "t"}


REFUSED = [
    ([Rule(1, "", "a")], "rules[0].pattern"),
    ([Rule(1, "a", "a"), Rule(1, "é" * 26, "a")], "rules[1].pattern"),
    ([Rule(1, "a\0b", "a")], "rules[0].pattern"),
    ([Rule(1, "a", "a"), Rule(2, "a", "b")], "rules[1].pattern"),
    ([Rule(1, "a", "unknown")], "rules[0].source_type"),
    ([Rule(1, "a", " Unknown ")], "rules[0].source_type"),
    ([Rule(1, "a", "")], "rules[0].source_type"),
    ([Rule(1, "a", "  ")], "rules[0].source_type"),
    ([Rule(1, str(number), "a") for number in range(MAX_RULES + 1)], "rules"),
]


@pytest.fixture
def world() -> World:
    world = migrated_world()
    world.rules((1, "kept/*", "kept"))
    return world


@pytest.mark.parametrize(("rules", "field"), REFUSED)
def test_rules_that_are_not_right_are_refused_by_field_and_nothing_changes(
    world: World, rules: list[Rule], field: str
) -> None:
    with pytest.raises(InputError) as refused:
        asyncio.run(replace_rules(world.ports(), rules))
    assert refused.value.field == field
    assert refused.value.hint
    assert asyncio.run(read_rules(world.database)).rules == (Rule(1, "kept/*", "kept"),)


def test_new_rules_take_the_place_of_all_there_were_in_the_order_they_are_tried(world: World) -> None:
    rules = [Rule(2, "z/*", "last"), Rule(1, "b", "third"), Rule(1, "bb*", "first"), Rule(1, "aa*", "zero")]
    asyncio.run(replace_rules(world.ports(), rules))
    assert [rule.pattern for rule in asyncio.run(read_rules(world.database)).rules] == ["aa*", "bb*", "b", "z/*"]


def test_no_rules_at_all_is_a_right_value(world: World) -> None:
    asyncio.run(replace_rules(world.ports(), []))
    assert asyncio.run(read_rules(world.database)).rules == ()


@pytest.mark.parametrize("rule", [(1, "", "a"), (1, "a*", "unknown"), (1, "x" * 51, "a")])
def test_a_wrong_rule_stored_by_plain_sql_is_refused_and_says_how_to_mend_it(
    world: World, rule: tuple[int, str, str]
) -> None:
    world.rules(rule)
    with pytest.raises(RefusedError, match=r"rules\[0\]") as refused:
        asyncio.run(read_rules(world.database))
    assert "PUT /rules" in refused.value.hint


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        ("'high', 'raw/*', 'raw'", r"rules\[1\]\.priority: 'high', of the rule 'raw/\*'"),
        ("1.5, 'raw/*', 'raw'", r"rules\[1\]\.priority: 1.5, of the rule 'raw/\*'"),
        ("9e999, 'raw/*', 'raw'", r"rules\[1\]\.priority: None, of the rule 'raw/\*'"),
        ("1, x'00', 'raw'", r"rules\[1\]: The pattern \[0\]"),
        ("1, 'raw/*', x'00'", r"rules\[1\]: .* source_type \[0\]"),
    ],
)
def test_a_rule_of_another_type_stored_by_plain_sql_is_refused_by_name(world: World, rule: str, names: str) -> None:
    world.database.script(f"INSERT INTO source_type_rules VALUES ({rule})")
    with pytest.raises(RefusedError, match=names) as refused:
        asyncio.run(read_rules(world.database))
    assert "PUT /rules" in refused.value.hint
