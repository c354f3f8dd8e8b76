"""How much processor time a tick takes, beside a tick of an empty Python Worker: the free plan gives it 10 ms.

Locally D1, R2 and KV run in the same process, so this is more than what Cloudflare would count; what a fast check takes
outside D1 is told apart. It is no promise, only what can be known here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.memory import workerd
from bench.rounds import progress
from bench.subject import entry, started
from bench.verdicts import Results
from tooling.harness import Config, Harness
from tooling.table import table

TICKS = 60
EMPTY = Path(__file__).parent / "workers" / "empty" / "entry.py"
FREE: dict[str, Any] = {"PLAN_LIMITS": "free", "BACKFILL_MODE": "live"}
ALLOWED_MS = 10


def measure(results: Results) -> None:
    """Measure, and say it; nothing is held."""
    found: dict[str, float] = {}
    with Harness(Config(main=EMPTY)) as harness:
        progress("cpu: ticks of an empty Python Worker")
        found["an empty Python Worker"] = _milliseconds(harness, harness.scheduled)
    with started(objects=2000, **FREE) as subject:
        for _ in range(8):
            subject.tick()
        progress("cpu: ticks while the pass rests")
        found["this Worker, PLAN_LIMITS = free, while the pass rests"] = _milliseconds(subject.harness, subject.tick)
        found["GET /healthz"] = _milliseconds(subject.harness, lambda: subject.get("/healthz"))
        found["GET /summary"] = _milliseconds(subject.harness, lambda: subject.get("/summary"))
    with started(objects=2000, BACKFILL_MODE="live") as subject:
        for _ in range(3):
            subject.tick()
        progress("cpu: the same on the paid plan")
        found["this Worker, PLAN_LIMITS = paid, while the pass rests"] = _milliseconds(subject.harness, subject.tick)
    progress("cpu: Python's part of a fast check")
    found["POST /check, fast: outside D1, the least of them by the clock"] = _outside_d1()
    progress("")
    print(f"\nProcessor time of workerd, ms, mean of {TICKS}; Cloudflare's free plan allows {ALLOWED_MS}\n")
    print(table(("", "ms"), [(name, f"{value:.1f}") for name, value in found.items()]))
    results.keep("cpu ms", {name: round(value, 2) for name, value in found.items()})


def _outside_d1() -> float:
    """Return the least time of a fast check, by its clock, that does not go by while D1 is waited for."""
    found = []
    with entry("doors") as main, started(main) as subject:
        subject.tick()
        for _ in range(TICKS):
            subject.get("/doors")
            subject.post("/check", {"mode": "fast"})
            took: dict[str, float] = {"whole": 0.0}
            for door, began, ended in subject.get("/doors")["doors"]:
                took[door] = took.get(door, 0.0) + ended - began
            found.append(took.pop("whole") - sum(took.values()))
    return 1000 * min(found)


def _milliseconds(harness: Harness, work: Callable[[], object]) -> float:
    pid = workerd(harness.state)
    for _ in range(5):
        work()
    before = _processor_seconds(pid)
    for _ in range(TICKS):
        work()
    return 1000 * (_processor_seconds(pid) - before) / TICKS


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
