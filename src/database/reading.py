"""Read what the database at hand looks like.

Everything here costs the same whatever the tables hold: that is what makes a fast check's proofs fast.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import sql
from database.rows import number
from database.schema import Reference, Schema, Table, covers_object
from database.suspects import by_name, folded, mentioned_by_name, ours
from naming.names import TABLE, Names
from ports import Database, Result, Row


@dataclass(frozen=True)
class _Read:
    """What the statements returned; `unique` are the keys of artifacts as (index, origin, columns)."""

    columns: list[Row]
    pair: str | None
    unique: list[tuple[str, str, list[str]]]
    overview: Result
    cost: int

    @property
    def id_proof(self) -> str | None:
        """What makes the id unique: `rowid` where it is one, `pk` or `index` where an index on it alone does."""
        primary = [str(row["name"]) for row in self.columns if row["pk"]]
        if primary == ["id"] and all(origin != "pk" for _, origin, _ in self.unique):
            return "rowid"
        origins = [origin for _, origin, key in self.unique if key == ["id"]]
        return None if not origins else "pk" if "pk" in origins else "index"

    def further(self, references: tuple[Reference, ...]) -> set[str]:
        """Return the tables beside those of references whose text speaks of artifacts, or of keys."""
        named = {reference.table.lower() for reference in references} | {"artifacts"}
        found = {str(row["name"]) for row in self.overview.rows if row["type"] == "table"}
        return {name for name in found if name.lower() not in named and not ours(name)}


async def read_schema(
    database: Database, children: tuple[tuple[str, str], ...], not_children: tuple[tuple[str, str], ...] = ()
) -> Schema:
    """Return the facts; `children` are the configured references, beside those that foreign keys declare.

    `not_children` are the columns that are said to be none, whatever they look like.
    """
    read = await _read(database)
    names = Names.of_rows(read.columns)
    found = _references(read.overview, children, names)
    further = read.further(found)
    tables_named = json.dumps(sorted({reference.table for reference in found} | further))
    wanted = [sql.statement("schema/columns", tables=tables_named)]
    if read.id_proof in ("pk", "index"):
        wanted.append(sql.statement("schema/null_ids"))
    details, *nulls = await database.batch(wanted)
    tables = _tables(details)
    if read.columns:
        tables[TABLE] = Table(TABLE, tuple(str(row["name"]) for row in read.columns), ("id",))
    references = tuple(_as_declared(reference, tables) for reference in found)
    excused = _excused(references, read.overview, not_children, names)
    called = {name: names.table if name == TABLE else name for name in tables}
    looked_at = [(called[name], column) for name, one in tables.items() if one.kind != "view" for column in one.columns]
    return replace(
        _schema(read),
        references=references,
        tables={name: table for name, table in tables.items() if name not in further},
        null_ids=any(bool(result.rows[0]["found"]) for result in nulls),
        suspects=tuple(by_name(looked_at, excused, names.stem)),
        mentions=tuple(mentioned_by_name(looked_at, excused, names)),
        excused=frozenset(excused),
        rows_read=read.cost + sum(result.rows_read for result in (details, *nulls)),
    )


async def _read(database: Database) -> _Read:
    columns, unique, overview = await database.batch(
        [
            sql.statement("schema/artifact_columns"),
            sql.statement("schema/unique_keys"),
            sql.statement("schema/overview"),
        ]
    )
    keys = [(str(row["name"]), str(row["origin"]), _names(str(row["covered"]))) for row in unique.rows]
    pair = [str(row["name"]) for row in unique.rows if covers_object(str(row["covered"]))]
    cost = sum(result.rows_read for result in (columns, unique, overview))
    return _Read(list(columns.rows), pair[0] if pair else None, keys, overview, cost)


def _names(covered: str) -> list[str]:
    """Return the columns that an index covers, without their collations; an expression has no name."""
    return [(one or " ").rpartition(" ")[0] for one in json.loads(covered)]


def _schema(read: _Read) -> Schema:
    """Return what the first statements say, without the references and what depends on them."""
    rows, keys = read.overview.rows, _foreign_keys(read.overview, Names.of_rows(read.columns))
    return Schema(
        artifacts=tuple(read.columns),
        unique_index=read.pair,
        unknown_index=any(row["type"] == "index" for row in rows),
        references=(),
        tables={},
        triggers={str(row["name"]): str(row["sql"]) for row in rows if row["type"] == "trigger"},
        cascades=_cascades(read.overview, Names.of_rows(read.columns)),
        mismatched=_mismatched(keys, read.columns, [key for _, _, key in read.unique]),
        on_pair=tuple(name for name, parents in keys if sorted(parents) == ["r2_bucket", "r2_key"]),
        id_proof=read.id_proof,
    )


def _tables(details: Result) -> dict[str, Table]:
    names = {str(row["table_name"]): row for row in details.rows}.keys()
    return {name: _table(name, [row for row in details.rows if row["table_name"] == name]) for name in names}


def _as_declared(reference: Reference, tables: dict[str, Table]) -> Reference:
    """Return the reference with its column spelled as the table declares it."""
    columns = tables[reference.table].columns if reference.table in tables else ()
    declared = [name for name in columns if name.lower() == reference.column.lower()]
    return replace(reference, column=declared[0]) if declared else reference


def _references(overview: Result, children: tuple[tuple[str, str], ...], names: Names) -> tuple[Reference, ...]:
    """Return every reference once; SQLite's names are the same in upper and lower case."""
    found = {
        folded(str(row["name"]), str(row["child_column"])): Reference(
            str(row["name"]), str(row["child_column"]), declared=True, called=names.table
        )
        for row in _keys_on_artifacts(overview)
        if row["by_id"]
    }
    for table, column in children:
        own = TABLE if names.is_table(table) else table
        found.setdefault(folded(own, column), Reference(own, column, declared=False, called=names.table))
    return tuple(found[key] for key in sorted(found))


def _keys_on_artifacts(overview: Result) -> list[Row]:
    return [row for row in overview.rows if row["type"] == "table" and row["parent"] == "artifacts"]


def _called(row: Row, names: Names) -> str:
    """Return what the database calls the table of a row."""
    return names.table if row["name"] == TABLE else str(row["name"])


def _excused(
    references: tuple[Reference, ...], overview: Result, not_children: tuple[tuple[str, str], ...], names: Names
) -> set[tuple[str, str]]:
    """Return what is no suspect: known references, keys on other tables, and what is said to be no reference."""
    elsewhere = [row for row in overview.rows if row["parent"] not in (None, "artifacts")]
    pairs = [row for row in _keys_on_artifacts(overview) if not row["by_id"]]
    found = [(one.table, one.column) for one in references]
    found += [(str(row["name"]), str(row["child_column"])) for row in [*elsewhere, *pairs]]
    called = [(names.table if table == TABLE else table, column) for table, column in found]
    return {folded(table, column) for table, column in [*called, *not_children]}


def _foreign_keys(overview: Result, names: Names) -> list[tuple[str, list[str]]]:
    """Return the foreign keys on artifacts, as (table and its columns, the parent's columns)."""
    grouped: dict[tuple[str, int], list[Row]] = {}
    for row in _keys_on_artifacts(overview):
        grouped.setdefault((_called(row, names), number(row, "key_number")), []).append(row)
    return [
        (
            f"{table} ({', '.join(str(row['child_column']) for row in rows)})",
            [str(row["parent_column"]) for row in rows if row["parent_column"] is not None],
        )
        for (table, _), rows in grouped.items()
    ]


def _mismatched(keys: list[tuple[str, list[str]]], columns: Sequence[Row], unique: list[list[str]]) -> tuple[str, ...]:
    """Return the foreign keys whose parent columns are not unique; without columns they mean the primary key."""
    primary = [str(row["name"]).lower() for row in columns if row["pk"]]
    known = [sorted(key) for key in unique] + ([primary] if len(primary) == 1 else [])
    return tuple(name for name, parents in keys if sorted(parents or primary) not in known)


def _cascades(overview: Result, names: Names) -> tuple[str, ...]:
    return tuple(
        f"{_called(row, names)}.{row['child_column']} ON DELETE {row['on_delete']}"
        for row in _keys_on_artifacts(overview)
        if not row["by_id"] and row["on_delete"] in ("CASCADE", "SET NULL", "SET DEFAULT")
    )


def _table(name: str, rows: list[Row]) -> Table:
    keys = tuple(str(row["name"]) for row in rows if row["pk"])
    named = keys if len(keys) == 1 or rows[0]["without_rowid"] else ("rowid",)
    computed = tuple(str(row["name"]) for row in rows if row["computed"])
    return Table(name, tuple(str(row["name"]) for row in rows), named, str(rows[0]["kind"]), computed)
