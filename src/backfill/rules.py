"""Source type rules: which `source_type` a key gets.

A rule is a GLOB on the whole key. The lowest priority number wins, then the longest pattern, then pattern order.
SQL classifies: `classification` is one CASE over the rules, which costs no row read however many rules there are
(a subquery on the table costs one per rule and object).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import sql
from database.batch import ask
from errors import InputError, RefusedError
from ports import Database, Ports, Row
from runs.noted import noting

MAX_PATTERN_BYTES = 50
"""D1 refuses a longer LIKE/GLOB pattern (SQLITE_LIMIT_LIKE_PATTERN_LENGTH)."""

MAX_RULES = 500
"""Keeps the statement of a page well under D1's 100,000 bytes."""


SHOWN = 100
"""Rules that a replacement's run lists of those that came, and of those that went."""


@dataclass(frozen=True)
class Rule:
    """A row of `source_type_rules`."""

    priority: int
    pattern: str
    source_type: str


@dataclass(frozen=True)
class RuleSet:
    """The rules in the order they are tried."""

    rules: tuple[Rule, ...]

    def classification(self, key: str = "r2_key") -> sql.Fragment:
        """Return the SQL expression giving column `key`'s source type, NULL where no rule matches.

        Only the number of rules shapes its text. GLOB reads a text up to its first NUL, so a key that holds one
        matches no rule.
        """
        if not self.rules:
            return sql.Fragment("NULL")
        arms = " ".join(
            f"WHEN {key} GLOB :rules ->> '$[{index}][0]' THEN :rules ->> '$[{index}][1]'"
            for index in range(len(self.rules))
        )
        listed = json.dumps([[rule.pattern, rule.source_type] for rule in self.rules], ensure_ascii=False)
        return sql.Fragment(f"CASE WHEN instr({key}, char(0)) = 0 THEN CASE {arms} END END", {"rules": listed})


def ordered(rules: Sequence[Rule]) -> RuleSet:
    """Return the rules in the order they are tried."""
    return RuleSet(tuple(sorted(rules, key=lambda rule: (rule.priority, -len(rule.pattern), rule.pattern))))


async def read_rules(database: Database) -> RuleSet:
    """Return the rules stored in the database; raises RefusedError where one of them is not valid."""
    [result] = await database.batch([sql.statement("rules/list_rules")])
    return stored(result.rows)


def stored(rows: Sequence[Row]) -> RuleSet:
    """Return the rules in rows of `source_type_rules`; raises RefusedError where one of them is not valid."""
    try:
        rules = [_rule(f"rules[{index}]", row) for index, row in enumerate(rows)]
        check_rules(rules)
    except InputError as error:
        hint = "A rule stored by plain SQL is not valid. Replace the rules with PUT /rules."
        raise RefusedError("rules", f"source_type_rules, {error.field}: {error}", hint=hint) from error
    return ordered(rules)


def _rule(where: str, row: Row) -> Rule:
    """Return a row as a rule; raises InputError for a value of another type, which SQLite keeps in any column."""
    priority, pattern, source_type = row["priority"], row["pattern"], row["source_type"]
    if not isinstance(pattern, str) or not isinstance(source_type, str):
        raise InputError(where, f"The pattern {pattern!r} or the source_type {source_type!r} is not a text.")
    if not isinstance(priority, int | float) or priority % 1:
        raise InputError(f"{where}.priority", f"{priority!r}, of the rule {pattern!r}, is not a whole number.")
    return Rule(int(priority), pattern, source_type)


async def replace_rules(ports: Ports, rules: Sequence[Rule]) -> None:
    """Put `rules` in place of all there are, in one transaction that records who asked, and what changed.

    Raises InputError naming the rule where one is empty, too long, doubled, or would give `unknown`.
    """
    check_rules(rules)
    listed = json.dumps([[rule.priority, rule.pattern, rule.source_type] for rule in rules], ensure_ascii=False)
    before = await ask(ports.database, sql.statement("rules/list_rules"))
    changed = _changed([tuple(row.values()) for row in before], [astuple(rule) for rule in rules])
    statements = [sql.statement("rules/delete_rules"), sql.statement("rules/insert_rules", rules=listed)]
    await ports.database.batch([*statements, noting(ports, "rules", {"rules": len(rules)}, changed)])


def _changed(before: Sequence[tuple[object, ...]], after: Sequence[tuple[object, ...]]) -> dict[str, object]:
    """Return how many rules there were and are, and the first of those that came and went."""
    came, went = [one for one in after if one not in before], [one for one in before if one not in after]
    return {"before": len(before), "after": len(after), "came": came[:SHOWN], "went": went[:SHOWN]}


def check_rules(rules: Sequence[Rule]) -> None:
    """Raise InputError naming the first rule that is empty, too long, doubled, or would give `unknown`."""
    if len(rules) > MAX_RULES:
        raise InputError("rules", f"{len(rules)} rules are too many.", hint=f"Send at most {MAX_RULES}.")
    seen: set[str] = set()
    for index, rule in enumerate(rules):
        where = f"rules[{index}]"
        size = len(rule.pattern.encode())
        if not rule.pattern:
            raise InputError(
                f"{where}.pattern", "An empty pattern matches nothing.", hint="Send a GLOB, as in raw/*.pdf."
            )
        if size > MAX_PATTERN_BYTES:
            hint = f"D1 takes at most {MAX_PATTERN_BYTES} bytes: shorten it or split the rule."
            raise InputError(f"{where}.pattern", f"The pattern is {size} bytes long.", hint=hint)
        if "\0" in rule.pattern:
            raise InputError(f"{where}.pattern", "The pattern holds a NUL character.", hint="Use ? in its place.")
        if rule.pattern in seen:
            raise InputError(
                f"{where}.pattern", f"The pattern {rule.pattern!r} is given twice.", hint="Keep one of them."
            )
        seen.add(rule.pattern)
        if not rule.source_type.strip() or rule.source_type.strip().lower() == "unknown":
            hint = "A rule names where an object came from; leave out the rule and the object stays unclassified."
            raise InputError(f"{where}.source_type", f"{rule.source_type!r} is not a known source type.", hint=hint)
