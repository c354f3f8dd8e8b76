"""What the summary tells of events: how fresh the index is, and what was not applied."""

from __future__ import annotations

import sql
from database.batch import Batch
from ports import Database
from words import LETTER_REASONS

SHOWN = 100


async def read_events(database: Database) -> dict[str, object]:
    """Return the counts, the lag, the oldest mark that is not confirmed, and the messages that were not applied."""
    batch = Batch()
    state = batch.add(sql.statement("events/read_state"))
    letters = batch.add(sql.statement("events/list_letters", most=SHOWN))
    await batch.run(database)
    not_taken = {reason: state.row[reason] for reason in LETTER_REASONS}
    counts = {name: value for name, value in state.row.items() if name not in not_taken}
    return {**counts, "not_taken": not_taken, "letters": letters.rows}
