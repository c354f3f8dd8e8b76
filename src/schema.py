"""Read what the database at hand looks like: columns, the unique index, and who references `artifacts`."""

from __future__ import annotations

from dataclasses import dataclass

import sql
from errors import RefusedError
from ports import Database, Row


@dataclass(frozen=True)
class ArtifactsTable:
    """What a backfill must know of `artifacts`."""

    new_id: str
    """SQL expression for the id of a new row: NULL where SQLite assigns it."""
    has_unique_index: bool


async def read_artifacts(database: Database) -> ArtifactsTable:
    """Return the shape of `artifacts`; raises RefusedError where the table cannot take a backfill."""
    columns, indexes = await database.batch(
        [sql.statement("schema/artifact_columns"), sql.statement("schema/unique_index")]
    )
    by_name = {str(row["name"]): row for row in columns.rows}
    missing = {"id", "r2_bucket", "r2_key", "source_type", "fetched_at"} - by_name.keys()
    if missing:
        hint = "Apply the migrations, or add what is missing (docs/deploy.md)."
        raise RefusedError("schema", f"The table artifacts has no column {', '.join(sorted(missing))}.", hint=hint)
    return ArtifactsTable(new_id=_new_id(by_name["id"]), has_unique_index=bool(indexes.rows))


def _new_id(column: Row) -> str:
    declared = str(column["type"]).upper()
    if column["assigned"]:
        return "NULL"
    if "CHAR" in declared or "TEXT" in declared:
        return "lower(hex(randomblob(16)))"
    hint = "Declare it INTEGER PRIMARY KEY, or TEXT."
    raise RefusedError("schema", f"artifacts.id is declared {declared!r}, which gives a new row no id.", hint=hint)
