"""Tell someone: a signed POST for every change of a finding and every failed tick, and a heartbeat after each tick.

An alert is a row, written in the transaction of the change it tells of; sending it marks the row. So a change is
told once, also when the receiver was away: the next tick tries again. `alert_id` lets a receiver drop a repeat,
which only a lost answer can cause.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

import log
import sql
from errors import OverloadedError, PlatformError
from log import timestamp
from ports import Database, Ports, Row, Statement
from settings import Settings

ATTEMPTS = 3
TIMEOUT_SECONDS = 8.0
FIRST_PAUSE_SECONDS = 0.5
BUDGET = timedelta(seconds=20)
"""No new attempt starts after this: a receiver that is away must not eat up the tick."""

_ANSWERED_WELL = range(200, 300)


def signature(secret: str, moment: datetime, body: str) -> str:
    """Return the value of `X-Steward-Signature`: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`.

    A receiver computes the same over the bytes it got, compares in constant time, and refuses an old `t`.
    """
    seconds = int(moment.timestamp())
    digest = hmac.new(secret.encode(), f"{seconds}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


async def add_failed_tick(database: Database, now: datetime, run_id: int, errors: list[str]) -> None:
    """Write the alert of a failed tick."""
    body = json.dumps({"run_id": run_id, "errors": errors}, ensure_ascii=False)
    await database.batch([sql.statement("alerts/add_alert", timestamp(now), "tick_failed", body)])


def message(row: Row) -> dict[str, object]:
    """Return the JSON that is sent for an alert's row: a Slack-shaped `text`, and the same as fields."""
    fields = json.loads(str(row["body"]))
    if row["kind"] == "tick_failed":
        text = f"artifact-steward: tick {fields['run_id']} failed. " + " ".join(fields["errors"])
    elif row["kind"] == "guards_lifted":
        text = f"artifact-steward: the guards are lifted until {fields['lifted_until']}: {fields['reason']}"
    elif row["kind"] == "guards_restored":
        text = "artifact-steward: the guards are back."
    else:
        number = fields["violations"]
        found = f": {number} violation{'' if number == 1 else 's'} ({fields['severity']})."
        end = "." if fields["change"] == "resolved" else found
        text = f"artifact-steward: {fields['invariant']} {fields['change']}{end}"
    return {"text": text, "alert_id": row["id"], "kind": row["kind"], "at": row["created_at"], **fields}


@dataclass
class Sender:
    """Sends what is waiting, within a budget of time."""

    ports: Ports
    url: str
    secret: str

    async def send_waiting(self) -> dict[str, int]:
        """Send the alerts that wait, oldest first; return how many were sent and how many still wait."""
        rows = await _unsent(self.ports.database)
        deadline = self.ports.clock.now() + BUDGET
        sent = 0
        for row in rows:
            if self.ports.clock.now() >= deadline:
                break
            sent += await self._send(row, deadline)
        return {"sent": sent, "waiting": _waiting(rows) - sent}

    async def _send(self, row: Row, deadline: datetime) -> int:
        body = json.dumps(message(row), ensure_ascii=False)
        attempts, error = 0, ""
        while attempts < ATTEMPTS and (attempts == 0 or self.ports.clock.now() < deadline):
            if attempts:
                await self.ports.clock.sleep(FIRST_PAUSE_SECONDS * 2 ** (attempts - 1))
            attempts += 1
            try:
                error = await self._attempt(body)
            except OverloadedError as late:
                # It may have been taken: another attempt now would likely tell the change twice.
                error = str(late)
                break
            if not error:
                now = timestamp(self.ports.clock.now())
                await self._mark(sql.statement("alerts/mark_sent", row["id"], now, attempts))
                return 1
        log.write(self.ports.clock.now(), "warn", "alert_not_sent", alert_id=row["id"], error=error)
        await self._mark(sql.statement("alerts/mark_failed", row["id"], error, attempts))
        return 0

    async def _mark(self, statement: Statement) -> None:
        await self.ports.database.batch([statement])

    async def _attempt(self, body: str) -> str:
        """Make one POST; return why it was not taken, or nothing. Raises OverloadedError where no answer came."""
        headers = {
            "Content-Type": "application/json",
            "X-Steward-Signature": signature(self.secret, self.ports.clock.now(), body),
        }
        try:
            status = await self.ports.poster.send("POST", self.url, body, headers, TIMEOUT_SECONDS)
        except OverloadedError:
            raise
        except PlatformError as error:
            return str(error)
        return "" if status in _ANSWERED_WELL else f"The receiver answered {status}."


async def _unsent(database: Database) -> list[Row]:
    [result] = await database.batch([sql.statement("alerts/unsent")])
    return result.rows


def _waiting(rows: list[Row]) -> int:
    return int(rows[0]["waiting"] or 0) if rows else 0


async def send_alerts(ports: Ports, settings: Settings) -> dict[str, int]:
    """Send what waits, where an address is configured; return how many alerts were sent and how many still wait."""
    if not settings.alert_webhook_url:
        return {"sent": 0, "waiting": _waiting(await _unsent(ports.database))}
    return await Sender(ports, settings.alert_webhook_url, settings.alert_webhook_secret or "").send_waiting()


async def heartbeat(ports: Ports, settings: Settings, *, failed: bool) -> None:
    """Call HEARTBEAT_URL, with `/fail` appended to its path after a failed tick (the healthchecks convention)."""
    if not settings.heartbeat_url:
        return
    parts = urlsplit(settings.heartbeat_url)
    url = urlunsplit(parts._replace(path=parts.path.rstrip("/") + "/fail")) if failed else settings.heartbeat_url
    try:
        status = await ports.poster.send("POST", url, "", {}, TIMEOUT_SECONDS)
        problem = None if status in _ANSWERED_WELL else f"answered {status}"
    except PlatformError as error:
        problem = str(error)
    if problem:
        log.write(ports.clock.now(), "warn", "heartbeat_not_taken", error=problem)
