"""The triggers that make every writer keep the promises, not only this Worker.

A trap they do not cover: INSERT OR REPLACE deletes without firing delete triggers. Foreign keys do, and so does the
next full check.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

import sql
from naming.names import TABLE, Names
from naming.renaming import direct
from ports import Statement

_ON_TYPE = ("known_type", "used_override")
_ALONE = (*_ON_TYPE, "reused_id")
_WORDS = Names()
_BYTES = " COLLATE BINARY"
_ON_CHILD = ("delete", "rekey", "insert", "update")


@dataclass(frozen=True)
class Guard:
    """A trigger: its name and the statement that installs it where it is missing."""

    name: str
    create: str
    table: str = TABLE
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


def expected_guards(children: Iterable[tuple[str, str]], names: Names = _WORDS) -> list[Guard]:
    """Return the guards of a database of these names whose artifacts are referenced by these (table, column) pairs."""
    return list(_expected(tuple(children), names))


@lru_cache(maxsize=64)
def _expected(children: tuple[tuple[str, str], ...], names: Names) -> tuple[Guard, ...]:
    alone = [kind for kind in _ALONE if "source_type" not in names.absent or kind not in _ON_TYPE]
    guards = [Guard(f"steward_guard_{kind}", direct(sql.load(f"guards/{kind}"), names)) for kind in alone]
    for table, column in children:
        for kind in _ON_CHILD:
            name = f"steward_guard_{kind}_{table}_{column}"
            if any(guard.name == name for guard in guards):  # a_b.c after a.b_c
                name = f"steward_guard_{kind}_{table}__{column}"
            own_table = names.table if table == TABLE else table
            slots = {"name": sql.quote(name), "child_table": sql.quote(own_table), "child_column": sql.quote(column)}
            guarded = table if kind in ("insert", "update") else TABLE
            guards.append(Guard(name, _filled(kind, slots, names), guarded, kind))
    return tuple(guards)


def _filled(kind: str, slots: dict[str, str], names: Names) -> str:
    # The names of a child are quoted, and no words.
    return sql.fill(direct(sql.load(f"guards/{kind}"), names), **slots).text


def is_ours(text: str, names: Names = _WORDS) -> bool:
    """Tell whether a trigger's text is one that this Worker installs, or an older version did, for any child."""
    return any(pattern.fullmatch(text) for pattern in _patterns(names))


@cache
def _patterns(names: Names) -> tuple[re.Pattern[str], ...]:
    """Return the texts of all guards, in which any quoted name stands for a child's table, column, or own name."""
    guards = expected_guards([("child", "column")], names)
    texts = [guard.stored for guard in guards] + [guard.older for guard in guards if guard.older]
    given = re.compile(r'"steward_guard_\w+"|"child"|"column"')
    return tuple(re.compile(r'"(?:[^"]|"")*"'.join(map(re.escape, given.split(text)))) for text in texts)


def as_parameter(guards: Iterable[Guard]) -> str:
    """Return the guards as the JSON array of {name, sql} that `guards_present` compares with the schema."""
    return json.dumps([{"name": guard.name, "sql": guard.stored} for guard in guards])
