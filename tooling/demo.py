"""`make demo`: every step on a throwaway state. Exits 0 only if every claim of it is true."""

import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tooling.client import Steward, UnexpectedAnswerError
from tooling.demo_steps import backfill, dirty, ending, events, flow, missing, plans, recovery
from tooling.demo_steps.context import Demo
from tooling.harness import Config, Harness, HarnessError
from tooling.notifications import quick_consumers
from tooling.observer import Observer
from tooling.sample import make_sample
from tooling.table import number
from tooling.transcript import ClaimFailedError, Transcript
from tooling.trees import installed_files

SLICES = 5
"""The walk over the bucket is cut into so many parts."""

INTERRUPTED = 130

SCENES: tuple[tuple[str, Callable[[Demo], None]], ...] = (
    ("An old database without a unique index, and its bucket", dirty.dirty_sample),
    ("A full check finds what is wrong", dirty.full_check_finds_it),
    ("Live backfill waits for the unique index; dry does not", dirty.live_backfill_is_refused),
    ("Dry recovery", recovery.dry_recovery),
    ("Plan, approval, apply, on a copy", plans.plan_approve_apply),
    ("Live recovery", recovery.live_recovery),
    ("Backfill in slices", backfill.backfill_in_slices),
    ("Bucket and table agree", backfill.bucket_and_table_agree),
    ("A pass as one durable flow, on a copy", flow.pass_by_flow),
    ("A row within seconds, by events, on a copy", events.events_keep_it_fresh),
    ("Rows whose object is not there, on a copy", missing.rows_without_an_object),
    ("The database refuses what the runbook forbids", ending.guards_refuse),
    ("Undo, on a copy", ending.undo_on_a_copy),
    ("Everything holds", ending.everything_holds),
)


def take_steps(transcript: Transcript, state: Path) -> None:
    """Take every step on a Worker of its own; raises ClaimFailedError at the first claim that is not true."""
    files = installed_files()
    sample = make_sample(key for key, _ in files.found)
    slice_size = -(-(len(files.found) + len(sample.objects)) // SLICES)
    token = secrets.token_hex()
    variables = {"STEWARD_TOKEN": token, "BACKFILL_MODE": "live", "TICK_MAX_OBJECTS": slice_size}
    print("demo: starting the Worker on a throwaway state", flush=True)
    with Harness(Config(vars=variables, queues=quick_consumers()), state=state) as harness:
        demo = Demo(transcript, Steward(harness, token), Observer(harness), sample, files, slice_size=slice_size)
        for title, step in SCENES:
            transcript.step(title)
            step(demo)


def main(steps: Callable[[Transcript, Path], None] = take_steps) -> int:
    """Take the steps and return the exit code."""
    started = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    transcript = Transcript()
    try:
        with tempfile.TemporaryDirectory(prefix="steward-demo-") as folder:
            steps(transcript, Path(folder) / "state")
    except (ClaimFailedError, UnexpectedAnswerError, HarnessError) as error:
        print(f"\ndemo: FAILED: step {transcript.steps}: {error}")
        return 1
    except KeyboardInterrupt:
        print("\ndemo: interrupted; its throwaway state is removed")
        return INTERRUPTED
    print(f"\n{number(transcript.claims)} claims checked in {time.monotonic() - started:.0f} s")
    print("demo: ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
