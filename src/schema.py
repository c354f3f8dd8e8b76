"""Read what the database at hand looks like: columns, the unique index, guards, and who references `artifacts`.

Everything here costs the same whatever the tables hold: that is what makes a fast check's proofs fast.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import sql
from errors import RefusedError
from guards import Guard, expected_guards
from ports import Database, Result, Row

WANTED = ("id", "r2_bucket", "r2_key", "source_type", "fetched_at")


@dataclass(frozen=True)
class Table:
    """A table's columns, and those that together name its rows."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def row_key(self) -> str | None:
        """The one column that names its rows, or None where only several together do."""
        return self.key[0] if len(self.key) == 1 else None

    def row_key_beside(self, column: str) -> str:
        """Return the SQL expression that names a row of this table, called `child`, whatever `column` holds.

        A merge changes `column`; where it is part of the key, the rest of the key names the row beside it.
        """
        rest = [name for name in self.key if name != column]
        named = [f"child.{name if name == 'rowid' else sql.quote(name)}" for name in rest]
        return named[0] if len(named) == 1 else f"json_array({', '.join(named)})"


@dataclass(frozen=True)
class Reference:
    """A column of a child table that holds ids of artifacts; `declared` as a foreign key, or only configured."""

    table: str
    column: str
    declared: bool

    @property
    def name(self) -> str:
        """The reference as `table.column`."""
        return f"{self.table}.{self.column}"

    @property
    def counted(self) -> str:
        """The SQL expression that counts the children of the row `artifacts`."""
        table, column = sql.quote(self.table), sql.quote(self.column)
        return f"(SELECT count(*) FROM {table} AS child WHERE artifacts.id = child.{column})"  # noqa: S608  # names alone

    @property
    def slots(self) -> dict[str, str]:
        """Its table and column as the identifiers that a statement takes."""
        return {"child_table": sql.quote(self.table), "child_column": sql.quote(self.column)}


@dataclass(frozen=True)
class Schema:
    """The facts about one database that checks, backfill and recovery work from."""

    artifacts: tuple[Row, ...]
    unique_index: str | None
    unknown_index: bool
    references: tuple[Reference, ...]
    tables: dict[str, Table]
    triggers: dict[str, str]
    cascades: tuple[str, ...] = ()
    """Keys on other columns than the id that change a child when an artifact is deleted: no merge moves that child."""
    rows_read: int = 0
    """What reading these facts cost."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of `artifacts`, in order."""
        return tuple(str(row["name"]) for row in self.artifacts)

    @property
    def nullable_key(self) -> tuple[str, ...]:
        """Those of r2_bucket and r2_key that may be NULL."""
        return tuple(
            str(row["name"]) for row in self.artifacts if row["name"] in ("r2_bucket", "r2_key") and not row["not_null"]
        )

    @property
    def guards(self) -> list[Guard]:
        """The guards that this database should have."""
        return expected_guards((reference.table, reference.column) for reference in self.references)

    @property
    def missing_children(self) -> list[str]:
        """The configured references that the database does not have."""
        return [one.name for one in self.references if self.missing_column(one.table, one.column)]

    def child_slots(self, reference: Reference) -> dict[str, str]:
        """Return the identifiers of a reference, and the expression that names a row of its table."""
        return {**reference.slots, "row_key": self.tables[reference.table].row_key_beside(reference.column)}

    def missing_column(self, table: str, column: str) -> bool:
        """Tell whether the table, or the column in it, is not there."""
        return table not in self.tables or column not in self.tables[table].columns

    def refuse_missing_children(self) -> None:
        """Raise RefusedError where a configured reference is not in the database."""
        if self.missing_children:
            hint = "Correct CHILDREN (docs/configuration.md), or create what is missing."
            raise RefusedError(
                "schema", f"CHILDREN names {', '.join(self.missing_children)}, which is not there.", hint=hint
            )

    def refuse_cascades(self) -> None:
        """Raise RefusedError where a deleted artifact would take with it what no merge moves and no journal keeps."""
        if self.cascades:
            hint = "Rebuild that table: with a key on artifacts (id), which is followed to the winner, or NO ACTION."
            raise RefusedError(
                "schema", f"Deleting an artifact would change rows of a child: {', '.join(self.cascades)}.", hint=hint
            )


def new_id(columns: Sequence[Row]) -> str:
    """Return the SQL expression for the id of a new artifact: NULL where SQLite assigns it.

    `columns` are those of `artifacts`. Raises RefusedError where the declared type gives a new row no id, or a column
    is missing.
    """
    missing = [name for name in WANTED if name not in {row["name"] for row in columns}]
    if missing:
        hint = "Apply the migrations, or add what is missing (docs/deploy.md)."
        raise RefusedError("schema", f"The table artifacts has no column {', '.join(missing)}.", hint=hint)
    [column] = [row for row in columns if row["name"] == "id"]
    declared = str(column["type"]).upper()
    if declared == "INTEGER" and [row["name"] for row in columns if row["pk"]] == ["id"]:
        return "NULL"
    if "CHAR" in declared or "TEXT" in declared:
        return "lower(hex(randomblob(16)))"
    hint = "Declare it INTEGER PRIMARY KEY, or TEXT."
    raise RefusedError("schema", f"artifacts.id is declared {declared!r}, which gives a new row no id.", hint=hint)


def refuse_unfilled(columns: Sequence[Row]) -> None:
    """Raise RefusedError where `artifacts` has a column that a new row must fill and this Worker knows nothing of."""
    needed = [row for row in columns if row["not_null"] and not row["has_default"] and not row["pk"]]
    unknown = [str(row["name"]) for row in needed if row["name"] not in WANTED]
    if unknown:
        message = f"artifacts.{', artifacts.'.join(unknown)}: NOT NULL without a default, so no row can be inserted."
        raise RefusedError("schema", message, hint="Give the column a default, or allow NULL (docs/deploy.md).")


async def read_schema(database: Database, children: tuple[tuple[str, str], ...]) -> Schema:
    """Return the facts; `children` are the configured references, beside those that foreign keys declare."""
    columns, unique, overview = await database.batch(
        [
            sql.statement("schema/artifact_columns"),
            sql.statement("schema/unique_index"),
            sql.statement("schema/overview"),
        ]
    )
    references = _references(overview, children)
    names = json.dumps(sorted({reference.table for reference in references}))
    [details] = await database.batch([sql.statement("schema/columns", names)])
    tables = {str(row["table_name"]): row for row in details.rows}.keys()
    known = {name: _table(name, [row for row in details.rows if row["table_name"] == name]) for name in tables}
    if columns.rows:
        known["artifacts"] = Table("artifacts", tuple(str(row["name"]) for row in columns.rows), ("id",))
    return Schema(
        artifacts=tuple(columns.rows),
        unique_index=str(unique.rows[0]["name"]) if unique.rows else None,
        unknown_index=any(row["type"] == "index" for row in overview.rows),
        references=references,
        tables=known,
        triggers={str(row["name"]): str(row["sql"]) for row in overview.rows if row["type"] == "trigger"},
        cascades=_cascades(overview),
        rows_read=sum(result.rows_read for result in (columns, unique, overview, details)),
    )


def _references(overview: Result, children: tuple[tuple[str, str], ...]) -> tuple[Reference, ...]:
    """Return every reference once; SQLite's names are the same in upper and lower case."""
    found = {
        (str(row["name"]).lower(), str(row["child_column"]).lower()): Reference(
            str(row["name"]), str(row["child_column"]), declared=True
        )
        for row in overview.rows
        if row["type"] == "table" and row["by_id"]
    }
    for table, column in children:
        found.setdefault((table.lower(), column.lower()), Reference(table, column, declared=False))
    return tuple(found[key] for key in sorted(found))


def _cascades(overview: Result) -> tuple[str, ...]:
    return tuple(
        f"{row['name']}.{row['child_column']} ON DELETE {row['on_delete']}"
        for row in overview.rows
        if row["type"] == "table" and not row["by_id"] and row["on_delete"] in ("CASCADE", "SET NULL", "SET DEFAULT")
    )


def _table(name: str, rows: list[Row]) -> Table:
    keys = tuple(str(row["name"]) for row in rows if row["pk"])
    named = keys if len(keys) == 1 or rows[0]["without_rowid"] else ("rowid",)
    return Table(name, tuple(str(row["name"]) for row in rows), named)
