"""A tick of every profile: each is a tick of its own, with a fair share of the time and of the queries.

One that fails, or is slow, takes nothing from the others. More profiles than an invocation has queries for take turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import log
from cron.tick import run_tick
from errors import StewardError, UnexpectedError
from ports import Clock, KeyValue
from profiles.overview import Connect
from reporting.alerts import heartbeat
from settings import Settings

MOST = 10
"""Profiles of one tick."""

TICK_QUERIES = 60
"""A tick that finds nothing to do takes up to so many of an invocation's queries."""

TURN_KEY = "profiles:last"
"""KV keeps which profile was the last of a tick: the next tick begins with the one after it."""

Outcome = dict[str, object]


@dataclass(frozen=True)
class Ticked:
    """What came of a tick of all profiles: an outcome for each that had its turn."""

    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> list[str]:
        """What failed, each with its profile and its run."""
        return [_failure(one) for one in self.outcomes if one["status"] == "failed"]


async def tick_all(settings: Settings, connect: Connect, cron: str) -> Ticked:
    """Do the ticks of the profiles whose turn it is; raises nothing for one that failed."""
    if settings.profile is None:
        return Ticked((await run_tick(connect(settings), settings, cron),))
    shared = connect(settings)
    chosen, clock = await _in_turn(settings.all, shared.store), shared.clock
    end = clock.now() + timedelta(seconds=settings.tick_seconds)
    outcomes = []
    for number, one in enumerate(chosen):
        share = (end - clock.now()).total_seconds() / (len(chosen) - number)
        fair = replace(one, tick_seconds=max(1, int(share)), tick_share=len(chosen), heartbeat_url=None)
        outcomes.append(await _tick(fair, connect, clock, cron))
    await shared.store.put(TURN_KEY, str(chosen[-1].profile))
    ticked = Ticked(tuple(outcomes))
    await heartbeat(shared, settings, failed=bool(ticked.failed))
    return ticked


async def _in_turn(profiles: Sequence[Settings], store: KeyValue) -> list[Settings]:
    """Return the profiles of this tick, beginning with the one after the last one's last."""
    names = [one.profile for one in profiles]
    last = await store.get(TURN_KEY)
    start = names.index(last) + 1 if last in names else 0
    return [*profiles[start:], *profiles[:start]][: _most(profiles[0])]


def _most(settings: Settings) -> int:
    return max(1, min(MOST, settings.limits.queries // TICK_QUERIES))


async def _tick(settings: Settings, connect: Connect, clock: Clock, cron: str) -> Outcome:
    """Do one profile's tick; its failure is an outcome, and takes no other's turn."""
    try:
        outcome = await run_tick(connect(settings), settings, cron)
    except StewardError as error:
        outcome = {"run_id": None, "status": "failed", "why": error.sentence()}
    except Exception as error:  # noqa: BLE001  # a defect, which is in the log
        log.unexpected(clock.now(), error, profile=settings.profile)
        outcome = {"run_id": None, "status": "failed", "why": UnexpectedError(error).sentence()}
    level = "error" if outcome["status"] == "failed" else "info"
    log.write(clock.now(), level, "profile_ticked", profile=settings.profile, **_told(outcome))
    return {"profile": settings.profile, **outcome}


def _told(outcome: Outcome) -> Outcome:
    return {name: outcome.get(name) for name in ("run_id", "status", "why")}


def _failure(outcome: Outcome) -> str:
    profile = f" of {outcome['profile']}" if "profile" in outcome else ""
    if outcome["run_id"] is None:
        return f"tick{profile} failed: {outcome['why']}"
    return f"tick {outcome['run_id']}{profile} failed: see GET /runs/{outcome['run_id']}"
