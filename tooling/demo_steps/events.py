"""Events: an object's row within seconds of its PUT, and its mark within seconds of its DELETE."""

import time
from collections.abc import Callable

from tooling.demo_steps.context import Demo, on_a_copy
from tooling.notifications import LocalNotifications
from tooling.sample import BUCKET

LONGEST_SECONDS = 30
LOOK_EVERY_SECONDS = 0.1
KEYS = ("raw/demo/just stored.pdf", "raw/demo/50%2Foff+é.pdf")

_ROWS = "SELECT count(*) AS n FROM artifacts WHERE r2_bucket = ?1 AND r2_key IN (?2, ?3)"
_MARKS = (
    "SELECT count(*) AS n FROM steward_missing WHERE r2_key = ?1 AND verified_at IS NOT NULL AND resolved_at IS NULL"
)


def events_keep_it_fresh(demo: Demo) -> None:
    """Store two objects and delete one, on a copy, and wait for what the queue brings; no cron fires."""
    transcript = demo.transcript
    with on_a_copy(demo) as copy:
        harness = copy.harness
        service = LocalNotifications(harness, BUCKET)
        harness.r2_put((key, "a body") for key in KEYS)
        sent = service.look()
        took = _seconds_until(lambda: harness.d1(_ROWS, (BUCKET, *KEYS)).rows[0]["n"] == len(KEYS))
        transcript.say(f"{sent} notifications went through the queue (the notification service is a local stand-in)")
        transcript.equal("both objects have their row", harness.d1(_ROWS, (BUCKET, *KEYS)).rows[0]["n"], len(KEYS))
        transcript.say(f"{took:.1f} s from PUT to row")
        harness.r2_delete(KEYS[:1])
        service.look()
        took = _seconds_until(lambda: harness.d1(_MARKS, KEYS[:1]).rows[0]["n"] == 1)
        marked = harness.d1(_MARKS, KEYS[:1]).rows[0]["n"]
        transcript.equal("the deleted one is marked, once R2 said that it is gone", marked, 1)
        transcript.say(f"{took:.1f} s from DELETE to mark")
        told = copy.get("/summary")["events"]
        transcript.equal("the summary counts them", (told["puts"], told["deletes"]), (len(KEYS), 1))


def _seconds_until(what: Callable[[], bool]) -> float:
    started = time.monotonic()
    while not what() and time.monotonic() - started < LONGEST_SECONDS:
        time.sleep(LOOK_EVERY_SECONDS)
    return time.monotonic() - started
