"""What a walk fills: a bucket and prefix, the rules, and what a new row of `artifacts` needs."""

from __future__ import annotations

from dataclasses import dataclass

import sql
from backfill.collisions import collisions
from backfill.new_rows import moment_of, refuse_unfilled
from backfill.rules import RuleSet, stored
from database.batch import Batch, ask_one
from database.rows import optional_text
from database.schema import new_id
from ports import Database
from runs.pause import paused_error
from runs.record import no_unique_index


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
    triggers: str | None
    """The owner's triggers on artifacts: what they do with a row is counted after each write."""


async def read_target(database: Database, bucket: str, prefix: str, *, live: bool, heed_pause: bool = False) -> Target:
    """Return what to walk; all that it takes is read in one batch, or two for a live run.

    Raises RefusedError where no row could be inserted, where a live run would meet a table without the unique index,
    and, with `heed_pause`, where backfill is paused.
    """
    batch = Batch()
    columns = batch.add(sql.statement("schema/artifact_columns"))
    unique = batch.add(sql.statement("schema/unique_index"))
    keys = batch.add(sql.statement("schema/unique_keys"))
    rules = batch.add(sql.statement("rules/list_rules"))
    triggers = batch.add(sql.statement("backfill/triggers"))
    control = batch.add(sql.statement("control/read_control"))
    await batch.run(database)
    if live and not unique.rows:
        raise no_unique_index()
    identity, rule_set = new_id(columns.rows), stored(rules.rows)
    refuse_unfilled(columns.rows)
    moment = "uploaded"
    if live:
        # Apart from the batch: it names a column that an unknown table may lack.
        moment = moment_of(columns.rows, await ask_one(database, sql.statement("schema/fetched_form")))
    if heed_pause and control.row["paused_by"] is not None:
        raise paused_error(control.row)
    collides = "0" if live else collisions(keys.rows)
    return Target(bucket, prefix, live, rule_set, identity, moment, collides, optional_text(triggers.row, "names"))
