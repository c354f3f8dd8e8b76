"""Run the measurements: `make bench`, or `make bench ARGS='backfill --objects 2000'`."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench import backfill, checks, costs, dedupe, start
from bench.rounds import ROUNDS
from bench.verdicts import Results

RESULTS = Path(__file__).parent / "results.json"


def main() -> int:
    """Measure the parts that were asked for and write `results.json`; return 1 where a promise does not hold."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all of them unless given")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--objects", type=int, nargs="+", default=[2000, 20_000], help="sizes of the backfill part")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the largest tables")
    options = parser.parse_args()
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}: use {', '.join(PARTS)}")
    results = Results()
    for part in options.parts or PARTS:
        print(f"\n# {part}")
        PARTS[part](results, options)
    print("\n# What holds\n")
    print(results.summary())
    _write(results)
    return int(results.failed)


def _write(results: Results) -> None:
    where = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "command": " ".join(["make bench", *sys.argv[1:]]),
    }
    where["machine"] = f"{platform.machine()}, {platform.system()}"
    held = [dict(zip(("promise", "measured", "to_hold", "verdict"), row, strict=True)) for row in results.held]
    content = {**where, "holds": held, "figures": results.figures}
    RESULTS.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    print(f"\n  written to {RESULTS}")


Part = Callable[[Results, argparse.Namespace], None]
PARTS: dict[str, Part] = {
    "backfill": lambda results, options: backfill.measure(results, options.objects, options.rounds),
    "costs": lambda results, _options: costs.measure(results),
    "checks": lambda results, options: checks.measure(results, options.rows),
    "dedupe": lambda results, options: dedupe.measure(results, options.rows),
    "start": lambda results, options: start.measure_starts(results, options.rounds),
    "memory": lambda results, options: start.measure_memory(results, options.rows),
}

if __name__ == "__main__":
    sys.exit(main())
