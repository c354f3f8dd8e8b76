"""What people say about a finding: that they have it, or that it may wait; its alerts heed that.

A quiet finding is not alerted again while its violations are at most twice what they were then. A snooze ends at its
time as well, which is alerted where the finding is still open; until then it also holds for a finding that is resolved
and opened again. That a finding is resolved is always alerted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

import sql
from database.batch import ask
from errors import InputError, RefusedError
from invariants.findings import readable
from log import timestamp
from ports import Asker, Database, Ports
from words import MAX_INTEGER, Quiet, Said

MAX_HISTORY = 50
"""Entries kept of a finding; its row stays small whatever a script does."""

LONGEST_SNOOZE = timedelta(days=90)


@dataclass(frozen=True)
class Word:
    """What a person says about a finding."""

    did: Said
    note: str | None
    until: str | None = None

    @property
    def quiet(self) -> Quiet | None:
        """How the finding is from then on."""
        return None if self.did == "woken" else self.did

    def entry(self, asker: Asker, now: datetime) -> str:
        """Return it as an entry of the history."""
        who = {"actor": asker.actor, "token_name": asker.token_name}
        return json.dumps({"at": timestamp(now), "did": self.did, **who, "note": self.note, "until": self.until})


def snooze(until: str, note: str | None, now: datetime) -> Word:
    """Return the word that a finding may wait until a moment; raises InputError where that is none to come."""
    right = "a moment to come, in ISO 8601 with its zone, at most 90 days away"
    try:
        moment = datetime.fromisoformat(until)
    except ValueError:
        raise InputError("until", f"{until[:80]!r} is no moment.", hint=f"Send {right}.") from None
    if moment.tzinfo is None or not now < moment <= now + LONGEST_SNOOZE:
        raise InputError("until", f"{until!r} is not a moment to come.", hint=f"Send {right}.")
    return Word("snoozed", note, timestamp(moment))


async def say(ports: Ports, finding_id: int, word: Word) -> dict[str, object]:
    """Record a word about an open finding, with who says it, and return the finding.

    Raises InputError (404) where there is none, RefusedError where it is resolved.
    """
    entry = word.entry(ports.asker, ports.clock.now())
    wanted = sql.statement(
        "findings/handle",
        columns=sql.load("findings/columns"),
        finding=min(finding_id, MAX_INTEGER),
        quiet=word.quiet,
        until=word.until,
        entry=entry,
        most=MAX_HISTORY,
    )
    rows = await ask(ports.database, wanted)
    if rows:
        return readable(rows)[0]
    found = await read_finding(ports.database, finding_id)
    hint = "A finding that is resolved needs nobody; one that opens again has a number of its own."
    raise RefusedError("resolved", f"Finding {finding_id} was resolved at {found['resolved_at']}.", hint=hint)


async def read_finding(database: Database, finding_id: int) -> dict[str, object]:
    """Return one finding; raises InputError (404) where there is none."""
    number, columns = min(finding_id, MAX_INTEGER), sql.load("findings/columns")
    rows = await ask(database, sql.statement("findings/read_finding", finding=number, columns=columns))
    if not rows:
        hint = "GET /findings lists them."
        raise InputError("finding_id", f"There is no finding {finding_id}.", hint=hint, status=404)
    return readable(rows)[0]
