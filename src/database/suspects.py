"""Columns that look like references to artifacts though nobody declared them, judged by their names.

A merge deletes rows: what still holds the id of one would dangle. So a live merge waits until every such column is in
CHILDREN or in NOT_CHILDREN. `sampling` judges by values as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from naming.names import Names

_OWN = re.compile(
    r"(parent|previous|prev|original|canonical|duplicate|root|successor|predecessor)(_id)?"
    r"|(supersedes|superseded_by|replaces|replaced_by|merged_into|duplicate_of|copy_of|version_of|derived_from)(_id)?"
)
_OURS = re.compile(r"steward_|_cf_|sqlite_|(d1_migrations|source_type_rules)$")
_BUCKET = {"bucket", "r2_bucket"}
_KEY = {"key", "object_key", "r2_key"}


@dataclass(frozen=True)
class Suspect:
    """A column that looks like a reference, and why; of `sampled` different values `ids` are ids of artifacts."""

    table: str
    column: str
    why: str
    sampled: int | None = None
    ids: int | None = None

    @property
    def name(self) -> str:
        """The column as `table.column`."""
        return f"{self.table}.{self.column}"


def folded(table: str, column: str) -> tuple[str, str]:
    """Return a column's name as SQLite compares it: upper and lower case are the same."""
    return table.lower(), column.lower()


def ours(table: str) -> bool:
    """Tell whether the table belongs to the steward, to D1 or to SQLite."""
    return _OURS.match(table.lower()) is not None


def _words(column: str) -> str:
    """Return the name in snake case: artifactId and ArtifactID become artifact_id."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column).lower()


def named_as_reference(column: str, stem: str) -> bool:
    """Tell whether the name says that the column holds the id of an artifact; `stem` is what one is called."""
    return re.fullmatch(rf"(\w+_)?{re.escape(stem)}s?_?id|{re.escape(stem)}s?", _words(column)) is not None


def named_as_own_reference(column: str) -> bool:
    """Tell whether a column of artifacts has a name that one row uses for another of the same table."""
    return _OWN.fullmatch(_words(column)) is not None


def by_name(columns: Iterable[tuple[str, str]], known: set[tuple[str, str]], stem: str) -> list[Suspect]:
    """Return the columns, given as (table, column), whose names say reference; `known` ones are left out, folded."""
    return [
        Suspect(table, column, "its name")
        for table, column in columns
        if named_as_reference(column, stem) and folded(table, column) not in known
    ]


def mentioned_by_name(columns: Iterable[tuple[str, str]], known: set[tuple[str, str]], names: Names) -> list[Suspect]:
    """Return the columns that name objects by bucket and key, or hold lists of ids, as their names say."""
    given = [pair for pair in columns if not names.is_table(pair[0])]
    buckets = {table for table, column in given if column.lower() in _BUCKET}
    found = []
    for table, column in given:
        if folded(table, column) in known:
            continue
        if re.fullmatch(rf"(\w+_)?{re.escape(names.stem)}s?_?ids", _words(column)):
            found.append(Suspect(table, column, "its name: a list of ids"))
        elif column.lower() in _KEY and (table in buckets or column.lower() == "r2_key"):
            found.append(Suspect(table, column, "it names objects by key"))
    return found


def listed(suspects: Iterable[Suspect]) -> str:
    """Return suspects as the JSON array that their invariant reads."""
    return json.dumps([asdict(one) for one in suspects], ensure_ascii=False)
