"""The triggers that make every writer keep the promises, not only this Worker.

A trap they do not cover: INSERT OR REPLACE deletes without firing delete triggers. Foreign keys do, and so does the
next full check.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import sql
from ports import Statement

_ALONE = ("known_type", "used_override", "reused_id")
_BYTES = " COLLATE BINARY"
_ON_CHILD = ("delete", "rekey", "insert", "update")


@dataclass(frozen=True)
class Guard:
    """A trigger: its name and the statement that installs it where it is missing."""

    name: str
    create: str
    table: str = "artifacts"
    kind: str = ""
    """What of a child it guards: delete, rekey, insert, update; or nothing."""

    @property
    def stored(self) -> str:
        """The text that SQLite keeps in its schema for it."""
        return self.create.replace("CREATE TRIGGER IF NOT EXISTS ", "CREATE TRIGGER ", 1)

    @property
    def older(self) -> str | None:
        """The text that an older version installed, which compared types as their column does; None: the same."""
        return self.stored.replace(_BYTES, "") if _BYTES in self.stored else None

    @property
    def drop(self) -> Statement:
        """The statement that takes down whatever has its name."""
        return Statement(f"DROP TRIGGER IF EXISTS {sql.quote(self.name)}")

    def install(self) -> list[Statement]:
        """Return the statements that put this guard in place of whatever has its name."""
        return [self.drop, Statement(self.create)]


def expected_guards(children: Iterable[tuple[str, str]]) -> list[Guard]:
    """Return the guards of a database whose artifacts are referenced by these (table, column) pairs."""
    guards = [Guard(f"steward_guard_{kind}", sql.load(f"guards/{kind}")) for kind in _ALONE]
    for table, column in children:
        for kind in _ON_CHILD:
            name = f"steward_guard_{kind}_{table}_{column}"
            if any(guard.name == name for guard in guards):  # a_b.c after a.b_c
                name = f"steward_guard_{kind}_{table}__{column}"
            slots = {"name": sql.quote(name), "child_table": sql.quote(table), "child_column": sql.quote(column)}
            guarded = table if kind in ("insert", "update") else "artifacts"
            guards.append(Guard(name, _filled(kind, slots), guarded, kind))
    return guards


def _filled(kind: str, slots: dict[str, str]) -> str:
    return sql.fragment(f"guards/{kind}", **slots).text


def is_ours(text: str) -> bool:
    """Tell whether a trigger's text is one that this Worker installs, or an older version did, for any child."""
    return any(pattern.fullmatch(text) for pattern in _patterns())


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """Return the texts of all guards, in which any quoted name stands for a child's table, column, or own name."""
    guards = expected_guards([("child", "column")])
    texts = [guard.stored for guard in guards] + [guard.older for guard in guards if guard.older]
    names = re.compile(r'"steward_guard_\w+"|"child"|"column"')
    return tuple(re.compile(r'"(?:[^"]|"")*"'.join(map(re.escape, names.split(text)))) for text in texts)


def as_parameter(guards: Iterable[Guard]) -> str:
    """Return the guards as the JSON array of {name, sql} that `guards_present` compares with the schema."""
    return json.dumps([{"name": guard.name, "sql": guard.stored} for guard in guards])
