"""Tell someone: a signed POST for every change of a finding and every failed tick, and a heartbeat after each tick.

An alert is a row, written in the transaction of the change it tells of; sending it marks the row. So a change is
sent once, even when the receiver was away: the next tick tries again. `alert_id` lets a receiver drop a repeat,
which only a lost answer can cause.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
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

PATIENCE = timedelta(seconds=10)
"""The same for a receiver that refuses one alert after the other."""

MAX_SILENT = 2
"""After so many alerts without an answer the receiver is away: the others wait for the next tick."""

MAX_REFUSED = 2
"""After so many refused alerts in a row it seems to be the receiver: the next get one try each in this tick."""

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
"""A refused alert waits twice as long after each try."""

REFUSED_TRIES, MAX_TRIES = 3, 12
"""An alert that the receiver refuses for good is parked after the first, any other after the second."""

_ANSWERED_WELL = range(200, 300)
_REFUSED = range(400, 500)
_MAY_PASS = (408, 425, 429)


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
    await database.batch([sql.statement("alerts/add_alert", now=timestamp(now), kind="tick_failed", body=body)])


def message(row: Row, profile: str | None = None) -> dict[str, object]:
    """Return the JSON that is sent for an alert's row: a Slack-shaped `text`, and the same as fields.

    Where there are several databases, both name the profile.
    """
    fields = json.loads(str(row["body"]))
    said = _said(row, fields)
    if profile is None:
        return said
    return {**said, "text": f"[{profile}] {said['text']}", "profile": profile}


def _said(row: Row, fields: dict[str, Any]) -> dict[str, object]:
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
        text = f"artifact-steward: {fields['invariant']} {fields['change'].replace('_', ' ')}{end}"
    return {"text": text, "alert_id": row["id"], "kind": row["kind"], "at": row["created_at"], **fields}


@dataclass(frozen=True)
class Attempt:
    """What came of trying to send one alert: nothing in `error` where it was taken."""

    count: int
    error: str = ""
    final: bool = False
    """Whether the receiver's answer says that the same alert will be refused again."""
    silent: bool = False
    """Whether no answer came: the receiver is away, whatever the alert."""


@dataclass
class Sender:
    """Sends what is due, within a budget of time."""

    ports: Ports
    url: str
    secret: str
    profile: str | None = None

    async def send_due(self) -> int:
        """Send the alerts that are due, oldest first, and return how many were taken.

        One that is refused waits longer each time and is parked in the end; it keeps no other from being sent.
        """
        now = self.ports.clock.now()
        [due] = await self.ports.database.batch([sql.statement("alerts/unsent", now=timestamp(now))])
        sent = silent = refused = 0
        for row in due.rows:
            patience = PATIENCE if refused >= MAX_REFUSED else BUDGET
            away = silent >= MAX_SILENT or (self.ports.asked and not self.ports.asked.has(ATTEMPTS + 2))
            if self.ports.clock.now() >= now + patience or away:
                break
            once = bool(row["attempts"]) or refused >= MAX_REFUSED
            attempt = await self._send(row, now + BUDGET, 1 if once else ATTEMPTS)
            sent += not attempt.error
            silent = silent + 1 if attempt.silent else 0
            refused = refused + 1 if attempt.error else 0
        return sent

    async def _send(self, row: Row, deadline: datetime, most: int) -> Attempt:
        attempt = await self._tried(json.dumps(message(row, self.profile), ensure_ascii=False), most, deadline)
        now = self.ports.clock.now()
        if not attempt.error:
            await self._mark(
                sql.statement("alerts/mark_sent", alert=row["id"], now=timestamp(now), attempts=attempt.count)
            )
            return attempt
        log.write(now, "warn", "alert_not_sent", alert_id=row["id"], error=attempt.error)
        tries = int(row["attempts"] or 0) + attempt.count
        again = timestamp(now + _wait(tries))
        parked = timestamp(now) if tries >= (REFUSED_TRIES if attempt.final else MAX_TRIES) else None
        await self._mark(
            sql.statement(
                "alerts/mark_failed",
                alert=row["id"],
                error=attempt.error,
                attempts=attempt.count,
                next_attempt_at=again,
                parked_at=parked,
            )
        )
        return attempt

    async def _tried(self, body: str, most: int, deadline: datetime) -> Attempt:
        """Try up to `most` times where another try may help."""
        attempt = Attempt(0)
        while attempt.count < most and (attempt.count == 0 or self.ports.clock.now() < deadline):
            if attempt.count:
                await self.ports.clock.sleep(FIRST_PAUSE_SECONDS * 2 ** (attempt.count - 1))
            attempt = await self._attempt(body, attempt.count + 1)
            if not attempt.error or attempt.final:
                break
        return attempt

    async def _mark(self, statement: Statement) -> None:
        await self.ports.database.batch([statement])

    async def _attempt(self, body: str, count: int) -> Attempt:
        """Make one POST and tell what came of it."""
        headers = {
            "Content-Type": "application/json",
            "X-Steward-Signature": signature(self.secret, self.ports.clock.now(), body),
        }
        try:
            status = await self.ports.poster.send("POST", self.url, body, headers, TIMEOUT_SECONDS)
        except OverloadedError as late:
            # It may have been taken: another attempt now would likely tell the change twice.
            return Attempt(ATTEMPTS, str(late), silent=True)
        except PlatformError as error:
            return Attempt(count, str(error), silent=True)
        if status in _ANSWERED_WELL:
            return Attempt(count)
        return Attempt(count, f"The receiver answered {status}.", final=status in _REFUSED and status not in _MAY_PASS)


def _wait(tries: int) -> timedelta:
    """Return how long an alert waits after so many tries: for the next tick at first, then twice as long each time."""
    if tries <= ATTEMPTS:
        return timedelta(0)
    return min(FIRST_WAIT * (1 << min(tries - ATTEMPTS, 12)), LONGEST_WAIT)


async def send_alerts(ports: Ports, settings: Settings) -> dict[str, int]:
    """Send what is due, where an address is configured; return how many were sent, how many wait and are parked."""
    sent = 0
    if settings.alert_webhook_url:
        secret = settings.alert_webhook_secret or ""
        sent = await Sender(ports, settings.alert_webhook_url, secret, settings.profile).send_due()
    [counted] = await ports.database.batch([sql.statement("alerts/waiting")])
    row = counted.rows[0]
    parked = {"parked": int(row["parked"])} if row["parked"] else {}
    return {"sent": sent, "waiting": int(row["waiting"] or 0), **parked}


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
