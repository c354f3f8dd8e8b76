"""Run the chaos suite: `make chaos`, or `make chaos ARGS='--cuts 10 --seed 7 kills'`. It takes some fifteen minutes."""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.chaos.bent_listings import bent_passes
from tests.chaos.crowds import crowd
from tests.chaos.dropped_index import dropped_index
from tests.chaos.gated import faults
from tests.chaos.interrupted import killed_check, killed_undo, lost_lease
from tests.chaos.killed_recovery import killed_recovery
from tests.chaos.kills import killed_backfill
from tests.chaos.merges import VARIANTS
from tests.chaos.odd import odd_inputs, shrinking_bucket, split_pages
from tests.chaos.setup import Outcome
from tests.chaos.writers import another_writer
from tooling.paths import ROOT
from tooling.table import table

RESULTS = ROOT / "bench" / "chaos.json"
Scenes = Mapping[str, Callable[[], Outcome]]


def main() -> int:
    """Run the parts that were asked for and keep each in `bench/chaos.json`; return 1 where there is any difference."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(_PARTS)}; all of them unless given")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--cuts", type=int, default=100, help="runs to be cut: half backfills, half recoveries")
    parser.add_argument("--rounds", type=int, default=6, help="of crowds, writers and lost leases")
    parser.add_argument("--passes", type=int, default=10_000, help="over listings that lie")
    parser.add_argument("--steps", type=int, default=10_000, help="steps of the random histories")
    options = parser.parse_args()
    unknown = set(options.parts) - _PARTS.keys()
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(_PARTS)}")
    print(f"seed {options.seed}", flush=True)
    differences = 0
    for part in options.parts or _PARTS:
        print(f"\n# {part}", flush=True)
        began = time.monotonic()
        outcomes = _PARTS[part](options)
        _print(outcomes)
        keep(RESULTS, part, content(outcomes, options.seed, time.monotonic() - began))
        differences += sum(len(outcome.differences) for outcome in outcomes.values())
    print(f"\n  {differences} differences; written to {RESULTS}")
    return int(differences > 0)


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
    """Kill backfills, and recoveries of each kind of database; two runtimes at a time."""
    half = options.cuts // 2
    shares = [half // 3 + (number < half % 3) for number in range(len(VARIANTS))]
    backfill: Scenes = {
        "kills in live backfill": lambda: killed_backfill(options.seed, options.cuts - half),
    }
    recoveries: Scenes = {
        f"kills in live recovery, {variant.name}": (
            lambda variant=variant, share=share: killed_recovery(  # type: ignore[misc]
                options.seed, share, variant, wait=variant is VARIANTS[0]
            )
        )
        for variant, share in zip(VARIANTS, shares, strict=True)
    }
    return _beside(backfill, recoveries)


def _interrupted(options: argparse.Namespace) -> dict[str, Outcome]:
    some = max(1, options.cuts // 10)
    return _beside(
        {"kills in undo": lambda: killed_undo(options.seed, some)},
        {
            "kills in full checks": lambda: killed_check(options.seed, some),
            "a lease lost at work": lambda: lost_lease(options.seed, options.rounds),
        },
    )


def _crowds(options: argparse.Namespace) -> dict[str, Outcome]:
    return _beside({"ten ticks, ten manual runs, recoveries": lambda: crowd(options.seed, options.rounds)})


def _writers(options: argparse.Namespace) -> dict[str, Outcome]:
    return _beside(
        {
            "other writers meanwhile": lambda: another_writer(options.seed, options.rounds),
            "the unique index dropped meanwhile": lambda: dropped_index(max(1, options.rounds // 2)),
        }
    )


def _odd(_: argparse.Namespace) -> dict[str, Outcome]:
    return _beside(
        {
            "odd buckets": odd_inputs,
            "pages split in many batches": split_pages,
            "a bucket that shrinks meanwhile": shrinking_bucket,
        }
    )


_PARTS: dict[str, Callable[[argparse.Namespace], dict[str, Outcome]]] = {
    "ports": _ports,
    "faults": lambda options: faults(options.seed),
    "kills": _kills,
    "interrupted": _interrupted,
    "crowds": _crowds,
    "writers": _writers,
    "odd": _odd,
    "bent": lambda options: {"listings that lie": bent_passes(options.seed, options.passes)},
}


def _beside(*lines: Scenes) -> dict[str, Outcome]:
    """Play the cases of each line one after another, and the lines beside each other."""
    with ThreadPoolExecutor(len(lines)) as pool:
        played = list(pool.map(lambda line: {name: case() for name, case in line.items()}, lines))
    return {name: outcome for line in played for name, outcome in line.items()}


def _print(outcomes: Mapping[str, Outcome]) -> None:
    """Print the table, and every difference."""
    rows = []
    for name, outcome in outcomes.items():
        figures = ", ".join(f"{what} {number}" for what, number in outcome.figures.items())
        rows.append((name, len(outcome.differences), figures))
    print("\n" + table(("case", "differences", "what was done"), rows))
    for name, outcome in outcomes.items():
        for difference in outcome.differences:
            print(f"  {name}: {difference}")


def content(outcomes: Mapping[str, Outcome], seed: int, seconds: float) -> dict[str, object]:
    """Return what is kept of a part: when, how and on what it was run, and what came of it."""
    git = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    commit = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "command": " ".join(["make chaos", f"ARGS='{' '.join(sys.argv[1:])}'"] if sys.argv[1:] else ["make chaos"]),
        "commit": commit or None,
        "seed": seed,
        "seconds": round(seconds),
        "cases": {name: {"figures": o.figures, "differences": o.differences} for name, o in outcomes.items()},
    }


def keep(results: Path, part: str, found: Mapping[str, object]) -> None:
    """Write one part's results; those of the other parts stay."""
    known = json.loads(results.read_text()) if results.exists() else {}
    parts = known.get("parts", {})
    text = json.dumps({"parts": {**parts, part: found}}, indent=2, ensure_ascii=False)
    results.write_text(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
