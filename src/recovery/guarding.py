"""Install the guards, drop those that hinder, and lift all of them for a migration of the owner's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sql
from database.guards import Guard, is_ours
from database.schema import Schema, new_id
from log import timestamp
from ports import Database, Statement
from recovery.set_up import SetUp, declare_key, read_set_up
from runs.lease import Holder, write_held
from runs.record import Run


@dataclass(frozen=True)
class Installed:
    """The guards that were missing or changed, and the references whose guards cannot be."""

    names: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


async def prepared(database: Database, run: Run) -> SetUp:
    """Return how far the database is set up, once a fresh one has its foreign key; then the schema is to be read.

    That is tried once: datapoints that are in use by then stay as they are.
    """
    found = await read_set_up(database)
    if found.fresh and found.set_up_at is None:
        await declare_key(database, run)
    return found


def refuse_unfit(schema: Schema, *, forgiving: bool = False) -> None:
    """Raise RefusedError where the guards do not fit the schema; with `forgiving`, references may be gone."""
    new_id(schema.artifacts)
    schema.refuse_repeated_ids()
    if not forgiving:
        schema.refuse_missing_children()


async def install(
    database: Database, run: Run, schema: Schema, found: SetUp, *further: Statement, forgiving: bool = False
) -> Installed:
    """Install every guard that is missing or changed, and the index of the unknown rows, with `further` statements.

    With `forgiving`, as a tick restores them, guards of references that are gone are left out, and what somebody
    changed is left as it is. Raises RefusedError where the guards do not fit the schema; then nothing is changed.
    """
    refuse_unfit(schema, forgiving=forgiving)
    await drop_stale_guards(database, run, schema)
    wrong = [guard for guard in wrong_guards(schema) if not forgiving or may_replace(schema, guard)]
    statements = [statement for guard in wrong for statement in guard.install()]
    noted = sql.statement("set_up/note_set_up", now=timestamp(run.clock.now()))
    await write_held(database, run, *statements, *found.unknown_index(), noted, *further)
    return Installed(tuple(guard.name for guard in wrong), tuple(schema.missing_children))


def wrong_guards(schema: Schema) -> list[Guard]:
    """Return the guards that are missing or have another text, of the references that are there."""
    return [guard for guard in schema.fitting_guards if schema.triggers.get(guard.name) != guard.stored]


def may_replace(schema: Schema, guard: Guard) -> bool:
    """Tell whether nothing has the guard's name but, at most, a text of ours."""
    stored = schema.triggers.get(guard.name)
    return stored is None or is_ours(stored, schema.names)


async def drop_stale_guards(database: Database, run: Holder, schema: Schema) -> None:
    """Drop the guards of references that are gone: one that names a dropped table fails every delete."""
    wanted = {guard.name for guard in schema.fitting_guards}
    stale = [_drop(name) for name in our_triggers(schema) if name not in wanted]
    if stale:
        await write_held(database, run, *stale)


def our_triggers(schema: Schema) -> list[str]:
    """Return the triggers that this Worker, or an older version of it, installed: by their texts, not their names."""
    return [name for name, text in schema.triggers.items() if is_ours(text, schema.names)]


async def lift(database: Database, run: Holder, schema: Schema, *further: Statement) -> tuple[str, ...]:
    """Drop all guards of ours, with `further` statements, and return their names."""
    names: Sequence[str] = our_triggers(schema)
    await write_held(database, run, *(_drop(name) for name in names), *further)
    return tuple(names)


def _drop(name: str) -> Statement:
    return Statement(f"DROP TRIGGER IF EXISTS {sql.quote(name)}")
