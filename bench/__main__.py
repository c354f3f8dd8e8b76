"""Run the measurements: `make bench`, or `make bench ARGS='backfill --objects 2000'`.

`bench/results.json` holds the last measurement of every part: one that was not asked for this time stays as it is.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from bench import backfill, checks, costs, cpu, dedupe, distance, events, flow, forecast, memory, profile, start
from bench.distance import DISTANCES, Away
from bench.kept import keep
from bench.rounds import ROUNDS
from bench.verdicts import Results, summary

FLOW_OBJECTS = 100_000
RESULTS = Path(__file__).parent / "results.json"


def main() -> int:
    """Measure the parts that were asked for and write `results.json`; return 1 where a promise does not hold."""
    options = _options()
    measured = []
    for part in options.parts or PARTS:
        print(f"\n# {part}")
        results = Results(options.rounds)
        PARTS[part](results, options)
        name = f"{part}, leaked" if options.leak else part  # a demonstration is not the measurement
        keep(RESULTS, name, " ".join(["make bench", *_arguments(sys.argv[1:])]), results)
        measured.append(results)
    if held := [row for results in measured for row in results.held]:
        print(f"\n# What holds\n\n{summary(held)}")
    print(f"\n  written to {RESULTS}")
    return int(any(results.failed for results in measured))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all of them unless given")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"with fewer than {ROUNDS}, no time is held")
    parser.add_argument("--objects", type=int, nargs="+", default=[2000, 20_000], help="sizes of the backfill part")
    parser.add_argument("--away", type=Away.read, nargs="+", default=DISTANCES, help="distances, as R2/D1 in ms")
    parser.add_argument("--lanes", type=int, choices=range(1, 7), default=4, help="WALK_LANES of the distance part")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the largest tables, objects of `memory`")
    parser.add_argument("--events", type=int, default=100_000, help="notifications of the events part")
    parser.add_argument("--leak", action="store_true", help="`memory` keeps every page: to see it fail")
    options = parser.parse_args()
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}: use {', '.join(PARTS)}")
    if options.rounds < 1:
        parser.error("--rounds must be 1 or more")
    return options


def _arguments(given: list[str]) -> list[str]:
    return [f"ARGS='{' '.join(given)}'"] if given else []


Part = Callable[[Results, argparse.Namespace], None]
PARTS: dict[str, Part] = {
    "backfill": lambda results, options: backfill.measure(results, options.objects),
    "distance": lambda results, options: distance.measure(
        results, distance.sizes_of(options.objects), options.away, options.lanes
    ),
    "flow": lambda results, options: flow.measure(results, FLOW_OBJECTS, max(options.away), options.lanes),
    "profile": lambda results, options: profile.measure(results, min(max(options.objects), 20_000)),
    "costs": lambda results, _options: costs.measure(results),
    "checks": lambda results, options: checks.measure(results, options.rows),
    "dedupe": lambda results, options: dedupe.measure(results, options.rows),
    "cpu": lambda results, _options: cpu.measure(results),
    "forecast": lambda results, options: forecast.measure(results, options.rows),
    "events": lambda results, options: events.measure(results, options.events),
    "start": lambda results, _options: start.measure(results),
    "memory": lambda results, options: memory.measure(results, options.rows, leak=options.leak),
}

if __name__ == "__main__":
    sys.exit(main())
