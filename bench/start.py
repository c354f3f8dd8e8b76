"""A cold start: the first request and the first tick beside those of an empty Python Worker and a JavaScript one.

The local runtime starts Python before it says that it is ready, so the first answer alone would leave it out. A start
is therefore timed from the birth of the workerd process to its first answer; the JavaScript Worker's is what any Worker
pays, the rest is Python's: `(ours - JavaScript) / (empty - JavaScript)` is held. node and wrangler are left out.
"""

from __future__ import annotations

import http.client
import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from bench.memory import workerd
from bench.rounds import Ratio, interleaved, ratio, spread
from bench.subject import OK, TOKEN, WORKERS
from bench.verdicts import Results
from tests.support.runtime import migrate
from tooling.harness import Config, Harness
from tooling.table import table

MAX_RATIO = 1.3
STARTED_AT = 19
"""The place of a process's start, in clock ticks since the machine's, after its name in /proc/…/stat."""

OURS = "this Worker"
EMPTY = "an empty Python Worker"
JAVASCRIPT = "a JavaScript Worker"


class Start(NamedTuple):
    """Seconds from the birth of workerd to the first answer, of that answer alone, and of the one after it."""

    whole: float
    first: float
    second: float


def measure(results: Results) -> None:
    """Start the three Workers again and again, and time the first request and the first tick."""
    configs = {
        OURS: Config(vars={"STEWARD_TOKEN": TOKEN, "BACKFILL_MODE": "off"}),
        EMPTY: Config(main=WORKERS / "empty" / "entry.py"),
        JAVASCRIPT: Config(main=WORKERS / "javascript" / "index.js"),
    }
    with ExitStack() as stack:
        running = {name: stack.enter_context(Harness(config)) for name, config in configs.items()}
        migrate(running[OURS])
        for harness in running.values():
            harness.stop()
        for what, ask in {"request": _request, "tick": _tick}.items():
            ways = {name: _starting(harness, ask) for name, harness in running.items()}
            _tell(results, what, interleaved(ways, results.rounds, f"start to first {what}"))


def _starting(harness: Harness, ask: Callable[[Harness], None]) -> Callable[[], Start]:
    def start() -> Start:
        harness.start()
        try:
            ready = time.perf_counter()
            ask(harness)
            answered = time.perf_counter()
            whole = _age(workerd(harness.state)) - (time.perf_counter() - answered)
            again = time.perf_counter()
            ask(harness)
            return Start(whole, answered - ready, time.perf_counter() - again)
        finally:
            harness.stop()

    return start


def _age(pid: int) -> float:
    """Return the seconds since the process began, to the clock tick (10 ms)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[STARTED_AT]) / os.sysconf("SC_CLK_TCK")


def _request(harness: Harness) -> None:
    parts = urlsplit(harness.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != OK:
        raise RuntimeError(f"the first request was answered {answer.status}")


def _tick(harness: Harness) -> None:
    outcome = harness.scheduled()
    if outcome != "ok":
        raise RuntimeError(f"the first tick ended as {outcome!r}: {harness.logs()[-5:]}")


def pythons_part(found: dict[str, list[Start]]) -> Ratio:
    """Return the ratio of what Python adds to a start: ours beside the empty Worker's, each less JavaScript's."""
    added = {
        name: [mine.whole - other.whole for mine, other in zip(found[name], found[JAVASCRIPT], strict=True)]
        for name in (OURS, EMPTY)
    }
    return ratio(added[OURS], added[EMPTY])


def _tell(results: Results, what: str, found: dict[str, list[Start]]) -> None:
    rows = [
        (name, *(str(spread(1000 * one[column] for one in starts)) for column in range(len(Start._fields))))
        for name, starts in found.items()
    ]
    heads = ("", f"workerd's birth to the first {what}", "that answer alone", "the next one")
    print(f"\nFirst {what} after a start, ms: median (min to max)\n")
    print(table(heads, rows))
    whole, alone = (ratio([s[at] for s in found[OURS]], [s[at] for s in found[EMPTY]]) for at in (0, 1))
    added = pythons_part(found)
    print(f"\n  this Worker beside the empty one: to the first answer {whole}; that answer alone {alone}\n")
    told = f"start to first {what}, beside an empty Worker's, both less JavaScript's"
    results.hold_timed(told, added, f"≤ {MAX_RATIO}", holds=added.median <= MAX_RATIO)
    figures = {
        name: {field: spread(getattr(s, field) for s in starts).rounded() for field in Start._fields}
        for name, starts in found.items()
    }
    ratios = {"held": added.rounded(), "whole": whole.rounded(), "answer alone": alone.rounded()}
    results.keep(f"first {what}", {"seconds": figures, "ratios": ratios})
