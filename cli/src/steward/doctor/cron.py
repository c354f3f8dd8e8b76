"""Whether cron fires, and what its runs say of the plan."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from statistics import median

from steward.answers import Run, Runs
from steward.client import Client
from steward.doctor.line import Line
from steward.harmless import harmless
from steward.judging import age
from steward.summary import Summary
from steward.wording import in_commands

LOOKED_AT = 20
LATE = 3
"""So many times the usual distance of two ticks without one: cron does not fire."""

USUAL_SECONDS = 900.0
"""The schedule of wrangler.toml, where there are too few ticks to tell."""

FREE_QUERIES = 50
"""D1's queries per invocation on the free plan: a run that made more is on a paid one."""


def cron(client: Client, summary: Summary) -> Iterator[Line]:
    """Look at the last ticks."""
    found: Runs = client.get("/runs", kind="tick", limit=LOOKED_AT)
    ticks = found["runs"]
    yield _firing(ticks, summary["as_of"])
    ended = [tick for tick in ticks if tick["finished_at"]]
    bad = [tick for tick in ended if tick["status"] in ("failed", "abandoned")]
    if bad:
        why = in_commands(harmless(str(bad[0]["error"])))
        text = f"{len(bad)} of the last {len(ended)} failed; run {bad[0]['id']}: {why}"
        yield Line("ticks", "wrong" if bad[0] is ended[0] else "warning", text, f"steward runs {bad[0]['id']}")
    elif ended:
        yield Line("ticks", "ok", f"the last {len(ended)} succeeded")
    yield _plan([*ticks, *summary["runs"]])


def _firing(ticks: list[Run], now: str) -> Line:
    hint = "Look at [triggers] crons in wrangler.toml, and at the Worker's cron events in the dashboard."
    if not ticks:
        return Line("cron", "wrong", "it never fired", hint)
    gaps = [age(newer["started_at"], older["started_at"]).total_seconds() for newer, older in pairwise(ticks)]
    usual = median(gaps) if len(gaps) >= LATE else USUAL_SECONDS
    since = age(now, ticks[0]["started_at"])
    if since > timedelta(seconds=max(LATE * usual, 60.0)):
        return Line("cron", "wrong", f"it last fired at {ticks[0]['started_at']}", hint)
    return Line("cron", "ok", f"it fired at {ticks[0]['started_at']}")


def _plan(runs: list[Run]) -> Line:
    most = max((_batches(run) for run in runs), default=0)
    if most > FREE_QUERIES:
        return Line("plan", "ok", f"a run asked D1 {most} times, which the free plan would have cut")
    hint = "On the free plan: TICK_MAX_OBJECTS of 8000 or less (docs/configuration.md)."
    return Line("plan", "not checked", "no run was large enough to tell the plan", hint)


def _batches(run: Run) -> int:
    cost = run["cost"]
    return int(cost.get("d1_batches", 0)) if isinstance(cost, dict) else 0
