"""What a database looks like: columns, the unique index, guards, who references `artifacts`, and what that forbids."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import sql
from database.guards import Guard, expected_guards
from database.suspects import Suspect
from errors import RefusedError
from naming.names import TABLE, WORDS, Names
from naming.renaming import renamed
from ports import Row


@dataclass(frozen=True)
class Table:
    """A table's columns, and those that together name its rows."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    kind: str = "table"
    """What pragma_table_list calls it: table, view, virtual, shadow."""
    computed: tuple[str, ...] = ()
    """Its generated columns, which nobody can set."""

    def has(self, column: str) -> bool:
        """Tell whether the column is there, in whatever case."""
        return any(name.lower() == column.lower() for name in self.columns)

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
    called: str = TABLE
    """What the database calls the table of artifacts, which may be the child itself."""

    @property
    def name(self) -> str:
        """The reference as `table.column`, as the database calls it."""
        return f"{self.called if self.table == TABLE else self.table}.{self.column}"

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
    mismatched: tuple[str, ...] = ()
    """Foreign keys on columns of artifacts that no unique index covers: while one is there, no artifact can go."""
    on_pair: tuple[str, ...] = ()
    """Foreign keys on the bucket and key: they need the unique index."""
    id_proof: str | None = None
    """What makes the id unique: rowid, pk, index; or None."""
    null_ids: bool = False
    """Whether an artifact has no id, though ids are unique."""
    suspects: tuple[Suspect, ...] = ()
    """Columns that look like references by their names, and are neither known nor excused."""
    mentions: tuple[Suspect, ...] = ()
    """Columns that name artifacts in a way that no merge follows, by their names."""
    excused: frozenset[tuple[str, str]] = frozenset()
    """Columns that are known references, foreign keys on other tables, or said to be none; folded."""
    rows_read: int = 0
    """What reading these facts cost."""

    @cached_property
    def names(self) -> Names:
        """What the database calls the table and its columns."""
        return Names.of_rows(self.artifacts)

    def said(self, statement: str) -> str:
        """Return a statement in the database's own names, for a person who runs it there."""
        return renamed(statement, self.names)

    @property
    def object_keys(self) -> tuple[str, ...]:
        """The columns of the unique index: without the bucket where one value stands for it."""
        return ("r2_key",) if "r2_bucket" in self.names.absent else ("r2_bucket", "r2_key")

    @property
    def cited(self) -> str:
        """The SQL expression that counts the children of the row `artifacts`, in all tables together."""
        return " + ".join(reference.counted for reference in self.references) or "0"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of `artifacts`, in order."""
        return tuple(str(row["name"]) for row in self.artifacts)

    @property
    def nullable_key(self) -> tuple[str, ...]:
        """Those of the bucket's and the key's columns that may be NULL, as the database calls them."""
        nullable = [str(row["name"]) for row in self.artifacts if not row["not_null"]]
        return tuple(str(self.names.of(word).own) for word in ("r2_bucket", "r2_key") if word in nullable)

    @property
    def guards(self) -> list[Guard]:
        """The guards that this database should have."""
        return expected_guards(((reference.table, reference.column) for reference in self.references), self.names)

    @property
    def fitting_guards(self) -> list[Guard]:
        """The guards of the references that are there."""
        there = [one for one in self.references if not self.missing_column(one.table, one.column)]
        return expected_guards(((reference.table, reference.column) for reference in there), self.names)

    @property
    def missing_children(self) -> list[str]:
        """The configured references that the database does not have."""
        return [one.name for one in self.references if self.missing_column(one.table, one.column)]

    def child_slots(self, reference: Reference) -> dict[str, str]:
        """Return the identifiers of a reference, and the expression that names a row of its table."""
        return {**reference.slots, "row_key": self.tables[reference.table].row_key_beside(reference.column)}

    def missing_column(self, table: str, column: str) -> bool:
        """Tell whether the table, or the column in it, is not there."""
        return table not in self.tables or not self.tables[table].has(column)

    def refuse_unmergeable(self) -> None:
        """Raise RefusedError where no row of this database may be merged."""
        new_id(self.artifacts)
        self.refuse_missing_children()
        self.refuse_cascades()
        self.refuse_repeated_ids()

    def refuse_repeated_ids(self) -> None:
        """Raise RefusedError unless the database itself keeps any two artifacts from having one id.

        In a primary key that is not the rowid SQLite takes NULLs: such a row is in no merge.
        """
        if self.id_proof is None or (self.id_proof == "index" and self.null_ids):
            hint = 'Give each artifact an id of its own, and declare it (docs/runbook.md, "Ids that are not unique").'
            message = self.names.said("Nothing keeps two rows of artifacts from having the same id.")
            raise RefusedError("schema", message, hint=hint)

    def refuse_missing_children(self) -> None:
        """Raise RefusedError where a configured reference is not in the database."""
        if self.missing_children:
            hint = "Correct CHILDREN (docs/configuration.md), or create what is missing."
            raise RefusedError(
                "schema", f"CHILDREN names {', '.join(self.missing_children)}, which is not there.", hint=hint
            )
        self._refuse_unmovable()

    def _refuse_unmovable(self) -> None:
        """Raise RefusedError where a reference is there, but nothing can be written to it."""
        fixed = [f"{one.name} ({what})" for one in self.references if (what := self._fixed(one))]
        if fixed:
            hint = (
                "Rebuild the table with an ordinary column. Where it may be left as it is, take it out of CHILDREN and "
                "put it in NOT_CHILDREN (docs/configuration.md)."
            )
            message = f"{', '.join(fixed)}: the reference exists, but a merge cannot change it."
            raise RefusedError("schema", message, hint=hint)

    def _fixed(self, reference: Reference) -> str | None:
        table = self.tables[reference.table]
        if table.kind in ("view", "virtual"):
            return f"a {table.kind}{' table' * (table.kind == 'virtual')}"
        return "a generated column" if reference.column in table.computed else None

    def refuse_pair_keys(self) -> None:
        """Raise RefusedError where a child's foreign key needs the unique index that is to be dropped."""
        if self.on_pair:
            hint = self.names.said("Rebuild that table without the key, or with one on artifacts (id).")
            message = f"{', '.join(self.on_pair)}: this foreign key needs the unique index, so no duplicate can return."
            raise RefusedError("schema", message, hint=hint)

    def mismatch(self) -> RefusedError | None:
        """Return why no artifact can be deleted, where a foreign key points at columns that are not unique."""
        if not self.mismatched:
            return None
        hint = (
            "SQLite deletes no artifact while such a key is there, and duplicates keep the index from being created. "
            + self.names.said("Rebuild that table without the key, or with one on artifacts (id); then recover.")
        )
        message = f"No unique index covers the columns that a foreign key points at: {', '.join(self.mismatched)}."
        return RefusedError("schema", message, hint=hint)

    def refuse_cascades(self) -> None:
        """Raise RefusedError where a deleted artifact would take with it what no merge moves and no journal keeps."""
        if self.cascades:
            hint = "Rebuild that table: with a key on artifacts (id), which is followed to the winner, or NO ACTION."
            message = f"Deleting an artifact would change rows of a child: {', '.join(self.cascades)}."
            raise RefusedError("schema", message, hint=self.names.said(hint))


def covers_object(covered: str) -> bool:
    """Tell whether an index covers exactly bucket and key, compared byte for byte.

    `covered` is what `schema/unique_keys` says of it: a JSON array of "column COLLATION", null for an expression.
    """
    return sorted(one or "" for one in json.loads(covered)) == ["r2_bucket BINARY", "r2_key BINARY"]


def new_id(columns: Sequence[Row]) -> str:
    """Return the SQL expression for the id of a new artifact: NULL where SQLite assigns it.

    `columns` are those of `artifacts`. Raises RefusedError where the declared type gives a new row no id, or a column
    is missing.
    """
    names = Names.of_rows(columns)
    missing = [name for name in WORDS if name not in {row["name"] for row in columns}]
    if missing:
        hint = "Apply the migrations, or add what is missing (docs/deploy.md); or say in TABLES what it is called."
        called = ", ".join(str(names.of(word).own) for word in missing)
        raise RefusedError("schema", f"The table {names.table} has no column {called}.", hint=hint)
    if columns[0]["kind"] != "table":
        hint = "Rename it, and keep the index of the objects in a table of that name (docs/deploy.md)."
        raise RefusedError("schema", f"{names.table} is a {columns[0]['kind']}, not a table.", hint=hint)
    _refuse_ambiguous(columns, names)
    [column] = [row for row in columns if row["name"] == "id"]
    declared = str(column["type"]).upper()
    if declared == "INTEGER" and [row["name"] for row in columns if row["pk"]] == ["id"]:
        return "NULL"
    if "CHAR" in declared or "TEXT" in declared:
        return "lower(hex(randomblob(16)))"
    hint = "Declare it INTEGER PRIMARY KEY, or TEXT."
    message = f"{names.table}.{column['own']} is declared {declared!r}, which gives a new row no id."
    raise RefusedError("schema", message, hint=hint)


def _refuse_ambiguous(columns: Sequence[Row], names: Names) -> None:
    """Raise RefusedError where a column has the name of a word that another column, or one value, stands for."""
    words = [str(row["name"]).lower() for row in columns]
    twice = [word for word in WORDS if words.count(word) > 1]
    if twice:
        message = f"{names.table} has a column {', '.join(twice)}, and TABLES gives that word to something else."
        hint = "Rename the column, or take the word out of TABLES: what the journal keeps would be ambiguous."
        raise RefusedError("schema", message, hint=hint)
