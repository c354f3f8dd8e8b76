"""What a walk fills: a bucket and prefix, the rules, and what a new row of `artifacts` needs."""

from __future__ import annotations

from dataclasses import dataclass

import sql
from backfill.collisions import collisions
from backfill.new_rows import moment_of, refuse_unfilled, unindexed
from backfill.rules import RuleSet, stored
from database.batch import Batch
from database.rows import text
from database.schema import covers_object, new_id
from errors import PlatformError
from ports import Database, Row
from runs.record import paused_error


@dataclass(frozen=True)
class Target:
    """What is walked, and how its objects become rows."""

    bucket: str
    prefix: str
    live: bool
    rules: RuleSet
    new_id: str
    """The SQL expression of a new row's id."""
    moment: str
    """The SQL expression of a new row's fetched_at."""
    collides: str
    """The SQL condition of an object whose row another unique index would refuse, as far as a dry run foresees it."""
    indexed: bool
    """Whether the unique index is there, so that one look into it finds what is beside an object."""
    triggers: str | None
    """The owner's triggers on artifacts: what they do with a row is counted after each write."""


@dataclass(frozen=True)
class _Found:
    """What the database says, each as the statement of that name returned it."""

    columns: list[Row]
    keys: list[Row]
    rules: list[Row]
    triggers: Row
    control: Row
    form: Row | None


async def read_target(database: Database, bucket: str, prefix: str, *, live: bool, heed_pause: bool = False) -> Target:
    """Return what to walk; all that it takes is read in one batch.

    Raises RefusedError where no row could be inserted, where a live run would meet a table without the unique index,
    and, with `heed_pause`, where backfill is paused.
    """
    found = await _found(database, live=live)
    indexed = any(covers_object(text(row, "covered")) for row in found.keys)
    if live and not indexed:
        raise unindexed(found.columns)
    identity, rule_set = new_id(found.columns), stored(found.rules)
    if rule_set.rules:
        refuse_unfilled(found.columns)  # Without a rule no row is inserted: the walk only looks.
    if heed_pause and found.control["paused_by"] is not None:
        raise paused_error(found.control)
    moment = "uploaded" if found.form is None else moment_of(found.columns, found.form)
    collides = "0" if live else collisions(found.keys)
    names = found.triggers["names"]
    triggers = None if names is None else str(names)
    return Target(bucket, prefix, live, rule_set, identity, moment, collides, indexed, triggers)


async def _found(database: Database, *, live: bool) -> _Found:
    """Read everything, for a live run with the form of fetched_at.

    That names a column which an unknown table may lack; then the columns are read alone, and say what is missing.
    """
    try:
        return await _read(database, with_form=live)
    except PlatformError:
        if live:
            found = await _read(database, with_form=False)
            new_id(found.columns)
        raise


async def _read(database: Database, *, with_form: bool) -> _Found:
    batch = Batch()
    columns = batch.add(sql.statement("schema/artifact_columns"))
    keys = batch.add(sql.statement("schema/unique_keys"))
    rules = batch.add(sql.statement("rules/list_rules"))
    triggers = batch.add(sql.statement("backfill/triggers"))
    control = batch.add(sql.statement("control/read_control"))
    form = batch.add(sql.statement("schema/fetched_form")) if with_form else None
    await batch.run(database)
    return _Found(
        columns=columns.rows,
        keys=keys.rows,
        rules=rules.rows,
        triggers=triggers.row,
        control=control.row,
        form=form.row if form else None,
    )
