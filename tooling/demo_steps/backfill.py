"""Backfill: the same bucket by cursor, by start_after and by cron, and what is in the table then."""

from itertools import count
from typing import Any

from tooling import promises
from tooling.demo_steps.context import EVERYTHING, Demo, until
from tooling.reports import backfill_table
from tooling.sample import ATTIC_RULE, BUCKET, RULES, UNKNOWN, Artifact, classify
from tooling.sample_loader import insert
from tooling.table import number

LATE_ROWS = 6


def backfill_in_slices(demo: Demo) -> None:
    """Walk the bucket by cursor and by start_after, dry; then live by hand and by cron; then once more in vain."""
    transcript = demo.transcript
    _late_writer(demo)
    demo.clean = demo.observer.picture()
    dry = demo.backfill(max_objects=EVERYTHING)
    transcript.holds("dry changed no row", promises.unchanged(demo.clean, demo.observer.picture()))
    size = demo.slice_size
    transcript.holds("dry slices add up to the full count", promises.same_counts(dry, _dry_slices(demo, size)))
    first = demo.backfill(dry_run=False, max_objects=size, resume=True)
    for key, stored in demo.observer.stored_passes().items():
        transcript.say(f"KV, for cron to go on from: {key} at {stored['last_key']}")
    ticks = _ticks_to_the_end(demo)
    by_cron = [(f"by cron, tick {place}", tick) for place, tick in zip(count(1), ticks, strict=False)]
    transcript.show(*backfill_table([("dry", dry), ("by hand", first), *by_cron], head="slice"))
    transcript.holds("the live slices add up to what dry predicted", promises.same_counts(dry, [first, *ticks]))
    _nothing_left(demo)


def _dry_slices(demo: Demo, size: int) -> list[dict[str, Any]]:
    """Walk in three slices that change nothing: from the start, by cursor, by start_after."""
    first = demo.backfill(max_objects=size)
    second = demo.backfill(max_objects=size, cursor=first["cursor"])
    return [first, second, demo.backfill(max_objects=EVERYTHING, start_after=second["start_after"])]


def _late_writer(demo: Demo) -> None:
    """Add rows as an ingester that knows no rules would: of unknown type, for objects that have no row yet."""
    missing = sorted(demo.observer.objects() - demo.clean.keys())
    kinds = classify(missing, RULES)
    keys = [key for key in missing if kinds[key] is not None][:LATE_ROWS]
    highest = max(demo.clean.artifacts)
    late = [Artifact(highest + n, key, UNKNOWN, None, "late") for n, key in enumerate(keys, start=1)]
    insert(demo.harness, "artifacts", late)
    demo.transcript.say(f"meanwhile another writer added {len(late)} rows of unknown type")


def _ticks_to_the_end(demo: Demo) -> list[dict[str, Any]]:
    """Fire the cron until its pass is complete, and return what each tick did in the bucket."""
    return until(lambda: _tick(demo), "complete")


def _tick(demo: Demo) -> dict[str, Any]:
    outcome = demo.harness.scheduled()
    run = demo.steward.last_tick()
    if outcome != "ok" or run["status"] != "succeeded":
        demo.transcript.equal("a tick ends well", (outcome, run["status"], run["error"]), ("ok", "succeeded", None))
    report: dict[str, Any] = run["counts"]["backfill"][BUCKET]
    return report


def _nothing_left(demo: Demo) -> None:
    transcript, before = demo.transcript, demo.observer.picture()
    idle = _tick(demo)
    transcript.say(f"one more tick: {idle.get('not_walked', idle)}")
    transcript.true("cron has nothing left to do", "not_walked" in idle)
    again = demo.backfill(dry_run=False, max_objects=EVERYTHING)
    transcript.say(
        f"a second pass by hand: {number(again['scanned'])} scanned, {again['cost']['rows_written']} rows written"
    )
    transcript.holds("a second pass writes nothing", promises.wrote_nothing(again))
    transcript.holds("and the tables are as they were", promises.unchanged(before, demo.observer.picture()))


def bucket_and_table_agree(demo: Demo) -> None:
    """Compare the table with the bucket, key by key, classified by this Python's SQLite."""
    transcript, after, objects = demo.transcript, demo.observer.picture(), demo.observer.objects()
    kinds = classify(objects, [*RULES, ATTIC_RULE])
    classified = {key for key, kind in kinds.items() if kind is not None}
    gone = demo.dirty.keys() - objects
    transcript.say(f"{number(len(classified))} of {number(len(objects))} objects match a rule")
    transcript.say(f"{number(len(gone))} rows have no object any more: they are left alone")
    transcript.holds(
        "the keys in D1 are the classified keys in R2 plus those, and no other",
        promises.same_keys(classified | gone, after.keys()),
    )
    transcript.holds("new and unknown rows follow the rules", promises.types_follow_rules(kinds, demo.clean, after))
    transcript.holds("no known type was touched", promises.known_types_kept(demo.clean, after))
    transcript.holds("every datapoint is where it was", promises.same_reach(demo.dirty, after))
