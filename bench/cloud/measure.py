"""Ask the deployed Worker for every figure; each is a row (what, how, found, unit) of the table that is sent back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any, TypeVar

from bench.cloud.account import AccountError
from bench.cloud.site import Site
from bench.cloud.stand import Stand, engines
from bench.cloud.wrangler import EVENTS
from bench.subject import RULES, keys

STREAMS = (1, 3, 6)
PAGES = 5
CALLS = 20
PAGE = 1000
PUTS = 500
"""Objects a request stores: a Worker on the paid plan may make 10,000 such calls."""
FILLERS = 4
SINGLES = 1_100
BATCHED = 1_200
BATCH = 100
"""D1 allows an invocation 1,000 queries (50 on the free plan): 12 batches of 100 pass only if each is one."""
EVENT_OBJECTS = 20
SLICES = 4
READY_SECONDS = 180
EVENT_SECONDS = 180
PASS_SECONDS = 1800
"""A new cron may take 15 minutes to fire."""

T = TypeVar("T")


@dataclass
class Table:
    """The rows found so far: kept where a later measurement fails."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, what: str, how: str, found: str) -> None:
        """Keep one figure."""
        self.rows.append((what, how, found))


def measure(stand: Stand, table: Table, objects: int, with_engines: Sequence[str]) -> None:
    """Fill the bucket and take every figure."""
    wait_until_ready(stand, table)
    fill(stand, objects)
    listed(stand.site, table, objects)
    batched(stand.site, table)
    counted(stand.site, table)
    lagging(stand, table)
    for number, engine in enumerate(with_engines):
        if number:
            forget(stand)
        passed(stand, table, objects, engine)


def wait_until_ready(stand: Stand, table: Table) -> None:
    """Wait until the new address answers; say where Worker and database are."""

    def ready() -> Any:  # noqa: ANN401  # as JSON has it
        try:
            return stand.site.bench("ready")
        except AccountError as error:
            return error

    where = until(ready, lambda found: not isinstance(found, AccountError), stand, READY_SECONDS)
    if isinstance(where, AccountError):
        raise where
    table.add("D1", "served by", f"{where['served_by_region']}, {where['served_by_colo']}")


def fill(stand: Stand, objects: int) -> None:
    """Store the rules and the objects."""
    rules = [dict(zip(("priority", "pattern", "source_type"), rule, strict=True)) for rule in RULES]
    stand.site.ask("PUT", "/rules", {"rules": rules})
    listed = list(keys(objects))
    chunks = [listed[first : first + PUTS] for first in range(0, objects, PUTS)]
    with ThreadPoolExecutor(FILLERS) as pool:
        for done, _ in enumerate(pool.map(stand.put, chunks), start=1):
            stand.say(f"stored: {min(done * PUTS, objects):,} of {objects:,} objects")


def listed(site: Site, table: Table, objects: int) -> None:
    """List pages at several streams, each from its own part of the bucket."""
    all_keys = list(keys(objects))
    for streams in STREAMS:
        after = [all_keys[number * objects // streams] for number in range(streams)]
        # A stream stays within the bucket, or it would time the listing of nothing.
        pages = max(1, min(PAGES, objects // streams // PAGE))
        _add_times(table, "R2 list of 1,000", streams, site.bench("lists", after=after, pages=pages))


def batched(site: Site, table: Table) -> None:
    """Run D1 batches: none of whose work counts, then of a page's rows, new and again unchanged."""
    for lanes in STREAMS:
        _add_times(table, "D1 batch, SELECT 1", lanes, site.bench("batches", rows=0, lanes=lanes, calls=CALLS))
    _add_times(table, "D1 batch, 1,000 rows new", 1, site.bench("batches", rows=PAGE, lanes=1, calls=1))
    _add_times(table, "D1 batch, 1,000 rows unchanged", 1, site.bench("batches", rows=PAGE, lanes=1, calls=CALLS))


def counted(site: Site, table: Table) -> None:
    """Find out how D1 counts the statements of a batch toward the queries of an invocation."""
    singles = site.bench("counted", size=1, most=SINGLES)
    batches = site.bench("counted", size=BATCH, most=BATCHED)
    for found, how in ((singles, "one a batch"), (batches, f"{BATCH} a batch")):
        table.add("D1 statements an invocation", how, f"{found['statements']:,}, {found['refused'] or 'not refused'}")
    table.add("D1 counts a batch of N as", "", counts_as(singles, batches))


def counts_as(singles: dict[str, Any], batches: dict[str, Any]) -> str:
    """Return what the two probes say."""
    if singles["refused"] is None:
        return "not known: single statements were not refused"
    if batches["refused"] is None or batches["statements"] > singles["statements"] + BATCH:
        return "one query"
    return "N queries"


def lagging(stand: Stand, table: Table) -> None:
    """Store objects that are announced, and compare each event's time with the consumer's."""
    for number in range(EVENT_OBJECTS):
        stand.put([f"{EVENTS}{number:03}"])
    arrived = until(lambda: stand.site.bench("events"), lambda rows: len(rows) >= EVENT_OBJECTS, stand, EVENT_SECONDS)
    found = [_seconds(row["event_time"], row["seen_at"]) for row in arrived]
    lag = f"{median(found):.2f} s, longest {max(found):.2f} s" if found else f"none within {EVENT_SECONDS} s"
    table.add("event → consumer", f"{len(found)} of {EVENT_OBJECTS}", lag)


def passed(stand: Stand, table: Table, objects: int, engine: str) -> None:
    """Let a first pass run to its end by an engine, in four slices."""
    chosen = {"PASS_ENGINE": engine} if "workflow" in engines() else {}
    stand.say(f"a pass by {engine}: waiting for its end, {PASS_SECONDS // 60} minutes at most")
    stand.deploy(BACKFILL_MODE="live", TICK_MAX_OBJECTS=max(1, objects // SLICES), **chosen)
    last = until(lambda: _pass(stand.site), lambda found: found.get("completed_at") is not None, stand, PASS_SECONDS)
    if last.get("completed_at") is None:
        table.add(f"a pass by {engine}", "", f"not complete after {PASS_SECONDS} s: {last.get('state', last)}")
        return
    runs = [run for run in stand.site.ask("GET", "/runs?limit=100")["runs"] if _walked(run)]
    working = sum(_seconds(run["started_at"], run["finished_at"]) for run in runs if run["finished_at"])
    rate = f"{last['counts']['scanned'] / working:,.0f} objects a second of work" if working else "no time on its runs"
    whole = _seconds(last["pass_started_at"], last["completed_at"])
    table.add(f"a pass by {engine}", f"{len(runs)} runs", f"{whole:,.1f} s, {rate}")


def forget(stand: Stand) -> None:
    """Stop the passes and remove what they left, so that the next one is a first pass too."""
    stand.deploy(BACKFILL_MODE="off")
    stand.sleep(60)  # a tick of the version before may still be at work
    stand.site.bench("forget")


def until(ask: Callable[[], T], done: Callable[[T], bool], stand: Stand, seconds: int) -> T:
    """Ask every ten seconds until it is done or the time is over; return the last answer."""
    for _ in range(seconds // 10):
        if done(found := ask()):
            return found
        stand.sleep(10)
    return ask()


def _pass(site: Site) -> dict[str, Any]:
    [found] = site.ask("GET", "/summary")["passes"]
    return dict(found)


def _walked(run: dict[str, Any]) -> bool:
    return re.search(r'"scanned": [1-9]', json.dumps(run["counts"])) is not None


def _add_times(table: Table, what: str, lanes: int, found: dict[str, Any]) -> None:
    each = found["each_ms"]
    table.add(what, f"{lanes} at once", f"{median(each):.1f} ms each, {len(each) / found['seconds']:.1f} a second")


def _seconds(began: str, ended: str) -> float:
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()
