"""Run the whole chaos suite: `make chaos`, or `make chaos ARGS='--kills 10 --seed 7 kills'`. Takes some ten minutes."""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.chaos.crowds import crowds
from tests.chaos.gated import faults
from tests.chaos.kills import KilledBackfill, KilledRecovery, Outcome, killed
from tooling.paths import ROOT
from tooling.table import table

RESULTS = ROOT / "bench" / "chaos.json"
PARTS = ("ports", "faults", "kills", "crowds")


def main() -> int:
    """Run the parts that were asked for and write `bench/chaos.json`; return 1 where there is any difference."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all of them unless given")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--kills", type=int, default=100, help="half of them in backfills, half in recoveries")
    parser.add_argument("--steps", type=int, default=10_000, help="steps of the random histories")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    began = time.monotonic()
    outcomes: dict[str, Outcome] = {}
    for part in options.parts or PARTS:
        print(f"\n# {part}", flush=True)
        outcomes.update(_PARTS[part](options))
    _write(outcomes, options.seed, time.monotonic() - began)
    return int(any(outcome.differences for outcome in outcomes.values()))


def _ports(options: argparse.Namespace) -> dict[str, Outcome]:
    """Run the suites at the ports, the histories long."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "histories.json"
        variables = {"STEWARD_HISTORY_STEPS": str(options.steps), "STEWARD_HISTORY_REPORT": str(report)}
        command = [sys.executable, "-m", "pytest", "-q", "tests/chaos", f"--hypothesis-seed={options.seed}"]
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, check=False)
        taken = json.loads(report.read_text()) if report.exists() else {}
    failed = [] if done.returncode == 0 else [f"pytest ended with {done.returncode}: its output tells which test"]
    return {"faults at every call, and random histories": Outcome(taken, failed)}


def _kills(options: argparse.Namespace) -> dict[str, Outcome]:
    """Kill backfills and recoveries, each kind on a runtime of its own, at the same time."""
    half = options.kills // 2
    with ThreadPoolExecutor(2) as pool:
        backfill = pool.submit(killed, KilledBackfill, options.kills - half, options.seed)
        recovery = pool.submit(killed, KilledRecovery, half, options.seed + 1)
        return {"kills in live backfill": backfill.result(), "kills in live recovery": recovery.result()}


def _crowds(options: argparse.Namespace) -> dict[str, Outcome]:
    return crowds(options.seed)


_PARTS: dict[str, Callable[[argparse.Namespace], dict[str, Outcome]]] = {
    "ports": _ports,
    "faults": lambda options: faults(options.seed),
    "kills": _kills,
    "crowds": _crowds,
}


def _write(outcomes: dict[str, Outcome], seed: int, seconds: float) -> None:
    """Print the table, and every difference, and keep both."""
    rows = []
    for name, outcome in outcomes.items():
        figures = ", ".join(f"{what} {number}" for what, number in outcome.figures.items())
        rows.append((name, len(outcome.differences), figures))
    print("\n" + table(("scene", "differences", "what was done"), rows))
    for name, outcome in outcomes.items():
        for difference in outcome.differences:
            print(f"  {name}: {difference}")
    content = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "command": " ".join(["make chaos", *sys.argv[1:]]),
        "seed": seed,
        "seconds": round(seconds),
        "scenes": {name: {"figures": o.figures, "differences": o.differences} for name, o in outcomes.items()},
    }
    RESULTS.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    print(f"\n  written to {RESULTS}")


if __name__ == "__main__":
    sys.exit(main())
