"""A pass by flow: one firing of the cron, and the engine takes slice after slice until the pass is complete."""

import time
from typing import Any

from tooling import promises
from tooling.client import Steward
from tooling.demo_steps.context import Demo, on_a_copy
from tooling.observer import Observer, Picture
from tooling.sample import BUCKET
from tooling.table import number

BY_FLOW = {"PASS_ENGINE": "workflow", "PASS_INTERVAL_HOURS": 0}
LONGEST_SECONDS = 120
LOOK_EVERY_SECONDS = 0.2


def pass_by_flow(demo: Demo) -> None:
    """Take away on a copy what backfill inserted, fire the cron once, and wait until the flow brought it back."""
    transcript, before = demo.transcript, demo.observer.picture()
    with on_a_copy(demo, **BY_FLOW) as copy:
        taken = _taken_away(copy, before, demo.clean)
        started = time.monotonic()
        copy.harness.scheduled()
        instance = copy.last_tick()["counts"]["backfill"][BUCKET]["instance"]
        transcript.say(f"{number(taken)} rows are gone; the cron fired once and started {instance}")
        ended = _ended(copy)
        slices = copy.get("/runs?kind=slice&limit=100")["runs"]
        transcript.say(f"{len(slices)} slices in {time.monotonic() - started:.1f} s, each one step of the Workflow")
        transcript.equal("the pass is complete in one go", (ended["state"], ended["instance"]), ("complete", instance))
        transcript.equal("each object was listed once", ended["counts"]["scanned"], len(demo.observer.objects()))
        transcript.equal("what was gone was inserted again", ended["counts"]["inserted"], taken)
        found = Observer(copy.harness).picture()
        transcript.holds(
            "and the table has the same keys and types", promises.differences(_types(before), _types(found))
        )


def _taken_away(copy: Steward, before: Picture, clean: Picture) -> int:
    """Delete the rows that backfill inserted, and return how many they were."""
    were_there = clean.keys()
    inserted = [identity for identity, row in before.artifacts.items() if row["r2_key"] not in were_there]
    copy.harness.d1_batch(("DELETE FROM artifacts WHERE id = ?1", (identity,)) for identity in inserted)
    return len(inserted)


def _ended(copy: Steward) -> dict[str, Any]:
    """Wait until the pass is complete, for so long as no pass of the sample takes, and return it."""
    end = time.monotonic() + LONGEST_SECONDS
    while True:
        found: dict[str, Any] = copy.get("/summary")["passes"][0]
        if found["state"] == "complete" or time.monotonic() > end:
            return found
        time.sleep(LOOK_EVERY_SECONDS)


def _types(picture: Picture) -> dict[str, object]:
    return {str(row["r2_key"]): row["source_type"] for row in picture.artifacts.values()}
