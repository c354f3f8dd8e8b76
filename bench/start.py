"""A cold start beside an empty Python Worker, and the runtime's memory while a million objects are walked."""

from __future__ import annotations

import http.client
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from bench.backfill import javascript_job
from bench.rounds import interleaved, progress, ratios, spread
from bench.subject import TOKEN, WORKERS, started
from bench.verdicts import Results
from tooling.harness import Config, Harness
from tooling.table import table

MAX_RATIO = 1.3
STEP = 100_000
SETTLED = 300_000
"""V8 plateaus late: what is held until here is not counted as growth."""

ALLOWED_GROWTH_MIB = 10
"""A hundredth of this per thousand objects would already show: a leaked proxy of each object is 100 MiB."""


def measure_starts(results: Results, rounds: int) -> None:
    """Start both Workers again and again, and time the first request and the first tick."""
    with ExitStack() as stack:
        ours = stack.enter_context(Harness(Config(vars={"STEWARD_TOKEN": TOKEN, "BACKFILL_MODE": "off"})))
        empty = stack.enter_context(Harness(Config(main=WORKERS / "empty" / "entry.py")))
        ours.apply_migrations()
        both = {"this Worker": ours, "an empty Python Worker": empty}
        for what, first in {"request": _request, "tick": _tick}.items():
            ways = {
                name: (lambda harness=harness, first=first: _start(harness, first)) for name, harness in both.items()
            }
            found = interleaved(ways, rounds, f"start to first {what}")
            _tell_start(results, what, found)


def _start(harness: Harness, first: object) -> tuple[float, float]:
    """Return the seconds from the start of the runtime to the first answer, and those of that answer alone."""
    harness.stop()
    began = time.perf_counter()
    harness.start()
    ready = time.perf_counter()
    first(harness)  # type: ignore[operator]  # one of the two below
    ended = time.perf_counter()
    return ended - began, ended - ready


def _request(harness: Harness) -> None:
    parts = urlsplit(harness.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
    connection.request("GET", "/healthz")
    connection.getresponse().read()
    connection.close()


def _tick(harness: Harness) -> None:
    harness.scheduled()


def _tell_start(results: Results, what: str, found: dict[str, list[tuple[float, float]]]) -> None:
    ours, empty = found["this Worker"], found["an empty Python Worker"]
    whole = ratios([one[0] for one in empty], [one[0] for one in ours])
    alone = ratios([one[1] for one in empty], [one[1] for one in ours])
    rows = [
        (name, str(spread(1000 * one[0] for one in times)), str(spread(1000 * one[1] for one in times)))
        for name, times in found.items()
    ]
    print(f"\nFirst {what} after a start, ms\n")
    print(
        table(
            ("", "start to answer: median (min to max)", "the answer alone"), [*rows, ("ratio", str(whole), str(alone))]
        )
    )
    print()
    results.hold(
        f"start to first {what}, beside an empty Worker", whole, f"≤ {MAX_RATIO}", holds=whole.median <= MAX_RATIO
    )
    results.keep(f"first {what}", {"whole_ratio": whole.rounded(), "answer_alone_ratio": alone.rounded()})


def measure_memory(results: Results, objects: int) -> None:
    """Walk so many objects, slice by slice, and look at the runtime's resident memory after each.

    One process holds the Worker and the local R2 and D1, which keep pages of their own, so a JavaScript Worker that
    makes the same calls is the control: what only we grow by is ours.
    """
    ours = _walk(None, objects, lambda after: {"max_objects": STEP, "start_after": after})
    script = WORKERS / "javascript" / "index.js"
    control = _walk(script, objects, lambda after: {**javascript_job("plan", STEP), "start_after": after})
    progress("")
    rows = [(walked, mine, theirs) for (walked, mine), (_, theirs) in zip(ours, control, strict=True)]
    print(f"\nResident memory of workerd, which holds the Worker, R2 and D1 alike, over {objects:,} objects, MiB\n")
    print(table(("objects walked", "this Worker", "JavaScript control"), rows))
    print()
    grown, theirs = _growth(ours), _growth(control)
    wanted = f"at most {ALLOWED_GROWTH_MIB} MiB more than the control's, after {SETTLED:,} objects"
    holds = grown - theirs <= ALLOWED_GROWTH_MIB
    results.hold("growth of memory over the walk", f"{grown:+} MiB, control {theirs:+} MiB", wanted, holds=holds)
    results.keep("memory, MiB by objects walked", {"this Worker": dict(ours), "JavaScript control": dict(control)})


def _walk(main: Path | None, objects: int, body: Callable[[str | None], object]) -> list[tuple[int, int]]:
    progress(f"memory: filling a bucket with {objects:,} objects")
    with started(main, objects=objects) as subject:
        pid = _workerd(subject.harness.state)
        seen, after = [(0, _resident(pid))], None
        while True:
            answer = subject.post("/backfill", body(after))
            seen.append((seen[-1][0] + int(answer.body["scanned"]), _resident(pid)))
            progress(f"memory: {seen[-1][0]:,} objects, {seen[-1][1]:,} MiB")
            after = answer.body["start_after"]
            if after is None:
                return seen


def _growth(seen: list[tuple[int, int]]) -> int:
    settled = max(mib for walked, mib in seen if walked <= SETTLED)
    return seen[-1][1] - settled


def _workerd(state: Path) -> int:
    """Return the process that has the state's files open."""
    listed = subprocess.run(["pgrep", "-x", "workerd"], capture_output=True, text=True, check=True).stdout.split()
    for pid in map(int, listed):
        for opened in Path(f"/proc/{pid}/fd").iterdir():
            if opened.exists() and str(opened.resolve()).startswith(str(state)):
                return pid
    raise RuntimeError("no workerd has the state open")


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    raise RuntimeError(f"process {pid} has no VmRSS")
