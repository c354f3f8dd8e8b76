"""A whole pass by flow with R2 and D1 at a distance, and how long it would take over ten and a hundred million objects.

The rate that is carried over is that of the slices after the first one, from one's beginning to the next one's: a long
pass has thousands of those, and one first slice that finds out where the keys are.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from bench.distance import Away
from bench.rounds import progress, spread
from bench.subject import Subject, entry, expected_types, started
from bench.verdicts import Results
from tooling.table import table

LIMITS = {10_000_000: 10, 100_000_000: 100}
"""Minutes that a pass over so many objects may take."""

LOOK_EVERY_SECONDS = 0.5
PASS_SECONDS = 120
FLOW = {"BACKFILL_MODE": "live", "PASS_ENGINE": "workflow", "PASS_INTERVAL_HOURS": 0}


def measure(results: Results, objects: int, away: Away, lanes: int) -> None:
    """Walk so many objects by flow, first and then unchanged, and hold what long passes would take."""
    with entry("distance") as main:
        progress(f"flow: starting the Worker and filling its bucket with {objects:,} objects")
        with started(main, objects=objects, WALK_LANES=lanes, **FLOW) as subject:
            subject.post("/distance", away._asdict())
            progress("flow: first pass")
            first = _pass(subject)
            if subject.types() != expected_types(objects):
                raise RuntimeError("a pass by flow left another table than it should")
            unchanged = []
            for number in range(results.rounds):
                progress(f"flow: unchanged pass {number + 1} of {results.rounds}")
                unchanged.append(_pass(subject))
            progress("")
    _tell(results, objects, away, {"first pass": [first], "unchanged pass": unchanged})


def _pass(subject: Subject) -> list[float]:
    """Let a tick start a pass, wait for its end, and return the seconds from each slice's beginning to the next's."""
    subject.tick()
    give_up = time.monotonic() + PASS_SECONDS
    while (found := subject.get("/summary")["passes"][0])["state"] != "complete":
        if time.monotonic() > give_up:
            raise RuntimeError(f"a pass by flow did not end within {PASS_SECONDS} s: {found}")
        time.sleep(LOOK_EVERY_SECONDS)
    runs = [one for one in subject.get("/runs?kind=slice&limit=100")["runs"] if _of(one, found["instance"])]
    moments = sorted(datetime.fromisoformat(one["started_at"]) for one in runs)
    ended = datetime.fromisoformat(found["completed_at"])
    return [(after - before).total_seconds() for before, after in pairwise([*moments, ended])]


def _of(run: dict[str, Any], instance: str) -> bool:
    return bool(run["request"]["instance"] == instance and run["status"] == "succeeded")


def _tell(results: Results, objects: int, away: Away, passes: dict[str, Sequence[list[float]]]) -> None:
    print(f"\n{objects:,} objects by flow, R2 and D1 {away} away\n")
    rows, steady = [], {}
    for kind, found in passes.items():
        each = objects / len(found[0])
        rate = spread(each / seconds for slices in found for seconds in slices[1:])
        whole = spread(objects / sum(slices) for slices in found)
        rows.append((kind, f"{whole.median:,.0f}", f"{rate.median:,.0f} ({rate.low:,.0f} to {rate.high:,.0f})"))
        results.keep(f"flow, {kind}", {"objects_per_second": whole.rounded(), "steady": rate.rounded()})
        steady[kind] = rate.median
    print(table(("", "objects a second", "in the slices after the first"), rows))
    print()
    for kind, pace in steady.items():
        for size, most in LIMITS.items():
            minutes = size / pace / 60
            what = f"{kind} over {size:,} objects at the steady rate, minutes"
            results.hold_timed(what, f"{minutes:.1f}", f"≤ {most}", holds=minutes <= most)
