"""What refers to tables that no migration can look at first, and how far this database has it.

The guards, the index of the unknown rows, and the foreign key of a fresh database's own datapoints.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import log
import sql
from database.batch import ask_one
from database.rows import optional_text
from errors import ConstraintError, RefusedError
from log import timestamp
from ports import Database, Ports, Row, Statement
from runs.lease import write_held
from runs.record import Run

_OWN_DATAPOINTS = sql.load("set_up/datapoints").replace(" REFERENCES artifacts (id)", "")
"""The table as its migration makes it."""


@dataclass(frozen=True)
class SetUp:
    """How far a database is set up."""

    set_up_at: str | None
    lifted_until: str | None
    lifted_reason: str | None
    fresh: bool
    """Whether both tables are exactly what the migrations made, and nobody has built on datapoints."""
    guards: Mapping[str, str]
    """The stored texts of the guards of artifacts alone, by their names."""
    old_index: bool
    """Whether the index of the unknown rows is an older version's, which compares as its column does."""
    name_taken: bool
    """Whether something else has the name of that index."""
    typed: bool
    """Whether the table has a column for the source type."""

    def unknown_index(self) -> list[Statement]:
        """Return the statements that create the index of the unknown rows, in place of an older version's.

        None where something else has its name, or no row has a type of its own: it makes checks faster, nothing else.
        """
        if self.name_taken or not self.typed:
            return []
        old = [Statement("DROP INDEX artifacts_unknown")] if self.old_index else []
        return [*old, sql.statement("set_up/create_unknown_index")]


async def read_set_up(database: Database) -> SetUp:
    """Return how far the database is set up."""
    wanted = sql.statement("set_up/read_set_up", old_index=sql.load("set_up/old_index"))
    row = await ask_one(database, wanted)
    return SetUp(
        set_up_at=optional_text(row, "set_up_at"),
        lifted_until=optional_text(row, "lifted_until"),
        lifted_reason=optional_text(row, "lifted_reason"),
        fresh=is_fresh(row),
        guards=json.loads(str(row["guards"])),
        old_index=bool(row["old_index"]),
        name_taken=bool(row["name_taken"]),
        typed=bool(row["typed"]),
    )


def is_fresh(found: Row) -> bool:
    """Tell from the row of `read_set_up` whether the database is as the migrations made it."""
    tables = (found["artifacts"], found["datapoints"])
    return tables == (sql.load("set_up/artifacts"), _OWN_DATAPOINTS) and not found["others"]


async def refuse_lifted(ports: Ports) -> None:
    """Raise RefusedError while the guards are lifted: somebody is rebuilding a table."""
    found = await read_set_up(ports.database)
    if found.lifted_until is not None and found.lifted_until > timestamp(ports.clock.now()):
        message = f"The guards are lifted until {found.lifted_until} ({found.lifted_reason})."
        hint = "Wait for that, or POST /guards {} to restore them now. A dry run is possible."
        raise RefusedError("guards_lifted", message, hint=hint)


async def declare_key(database: Database, run: Run) -> None:
    """Give a fresh database's datapoints their foreign key, in a transaction that fails where they are in use.

    Then they stay as they are: the guards hold their references, and a check scans them.
    """
    unused = sql.statement("set_up/check_unused", datapoints=_OWN_DATAPOINTS)
    try:
        await write_held(database, run, unused, Statement("DROP TABLE datapoints"), sql.statement("set_up/datapoints"))
    except ConstraintError as error:
        log.write(run.clock.now(), "info", "datapoints_in_use", run_id=run.id, error=str(error))
