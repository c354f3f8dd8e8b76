"""Events: how many a second the Worker takes, how far behind it is, and that a pass then finds what was lost.

What is held is the rate by the runtime's processor time, which includes its D1: what else runs on the machine does not
change that. Batches of 100 come from inside the runtime, two at a time, so that the local queue, which is an emulator,
is not what is measured. Lag is measured through that queue, at a rate that it keeps up with.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench.memory import workerd
from bench.rounds import progress
from bench.subject import TOKEN, Subject, expected_types, keys, put_rules
from bench.verdicts import Results
from tests.support.events import QUEUE, notification
from tests.support.runtime import migrate
from tooling.fill import fill
from tooling.harness import Config, Harness
from tooling.notifications import quick_consumers

BATCH = 100
WANTED = 5000
"""Events a second: what a queue carries at most (queues/platform/limits)."""

CHUNK = 10_000
USER_AND_SYSTEM = slice(11, 13)
"""The places of a process's two times, in clock ticks, after its name in /proc/…/stat."""

REPEATED = 0.2
LOST = 0.01
LAG_EVENTS = 2000
LAG_SECONDS = 20


def measure(results: Results, events: int) -> None:
    """Deliver so many events in random order, a fifth of them repeats and one in a hundred lost; then do a pass."""
    objects = int(events * (1 - REPEATED))
    with _started(objects) as subject:
        found = _shuffled(objects, events)
        before = _processor_seconds(subject)
        seconds = _deliver(subject, found)
        spent = _processor_seconds(subject) - before
        rate, by_clock = events / spent, events / seconds
        results.keep("events", {"a_processor_second": round(rate), "a_second": round(by_clock), "events": events})
        what = "events a second of processor time, in batches of 100"
        results.hold_timed(what, f"{rate:,.0f}", f"≥ {WANTED:,}", holds=rate >= WANTED)
        print(f"  by the clock: {by_clock:,.0f} a second; {sum(subject.types().values()):,} rows inserted")
        _pass(subject, objects)
        same = subject.types() == expected_types(objects)
        table = "the same" if same else "another"
        results.hold("after the next pass, the table of the pass alone", table, "the same", holds=same)
        lag = _lag(subject)
        results.keep("events, lag", lag)
        even = LAG_EVENTS / LAG_SECONDS
        print(f"  lag through the local queue at {even:.0f} a second: the longest {lag['longest_ms']} ms")


@contextmanager
def _started(objects: int) -> Iterator[Subject]:
    progress("events: starting the Worker and filling its bucket")
    variables = {"STEWARD_TOKEN": TOKEN, "BACKFILL_MODE": "live"}
    with Harness(Config(vars=variables, queues=quick_consumers(), assets=False)) as harness:
        migrate(harness)
        put_rules(harness)
        fill(harness, keys(objects))
        yield Subject(harness)


def _shuffled(objects: int, events: int) -> list[str]:
    """Return the key of each event, in random order, without those that are lost."""
    chance = random.Random(14)  # noqa: S311  # no secret
    found = list(keys(objects))
    found += chance.choices(found, k=events - objects)
    lost = set(chance.sample(found, int(objects * LOST)))
    kept = [key for key in found if key not in lost]
    kept += chance.choices(kept, k=events - len(kept))
    chance.shuffle(kept)
    return kept


def _processor_seconds(subject: Subject) -> float:
    """Return the processor time that the runtime has used."""
    stat = Path(f"/proc/{workerd(subject.harness.state)}/stat").read_text(encoding="utf-8")
    user, system = stat.rpartition(")")[2].split()[USER_AND_SYSTEM]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _deliver(subject: Subject, found: Sequence[str]) -> float:
    """Deliver events, and return the seconds that it took."""
    seconds = 0.0
    for first in range(0, len(found), CHUNK):
        progress(f"events: {first:,} of {len(found):,}")
        bodies = [notification(key, at=_now()) for key in found[first : first + CHUNK]]
        done = subject.harness.deliver(QUEUE, [bodies[at : at + BATCH] for at in range(0, len(bodies), BATCH)])
        if set(done.outcomes) != {"ok"}:
            raise RuntimeError(f"batches ended as {done.outcomes}")
        seconds += done.seconds
    return seconds


def _pass(subject: Subject, objects: int) -> None:
    body = {"dry_run": False, "max_objects": max(objects, 1), "resume": True}
    while subject.post("/backfill", body).body["stopped_because"] != "end":
        pass


def _lag(subject: Subject) -> dict[str, int]:
    """Send events through the queue at an even rate, and return how long they took to the commit."""
    subject.harness.d1("UPDATE steward_control SET longest_lag_ms = NULL, lag_day = NULL")
    for number in range(LAG_SECONDS):
        began = time.monotonic()
        some = [notification(f"raw/lag/{number}/{one}.pdf", at=_now()) for one in range(LAG_EVENTS // LAG_SECONDS)]
        subject.harness.send(QUEUE, some)
        time.sleep(max(0.0, 1 - (time.monotonic() - began)))
    [row] = subject.sql("SELECT lag_ms, longest_lag_ms FROM steward_control")
    return {"last_ms": row["lag_ms"], "longest_ms": row["longest_lag_ms"]}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
