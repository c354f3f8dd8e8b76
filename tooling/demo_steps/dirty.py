"""The dirty sample, what a check finds in it, and why live backfill waits."""

from tooling import promises
from tooling.demo_steps.context import EVERYTHING, REFUSED, Demo
from tooling.reports import backfill_table, check_table
from tooling.sample import RULES
from tooling.sample_loader import create_dirty_database, put_rules, store_objects
from tooling.table import number


def dirty_sample(demo: Demo) -> None:
    """Make the old database, migrate it, fill the bucket."""
    transcript = demo.transcript
    create_dirty_database(demo.harness, demo.sample)
    before = demo.observer.picture()
    applied = demo.harness.apply_migrations()
    transcript.say(f"migrations applied to the existing tables: {', '.join(applied)}")
    installed = demo.steward.post("/guards")["installed"]
    transcript.say(f"{len(installed)} guards installed through the binding, after a look at the schema")
    transcript.holds("neither changed a row", promises.unchanged(before, demo.observer.picture()))
    stored = store_objects(demo.harness, demo.files.found, demo.sample)
    put_rules(demo.steward)
    transcript.say(f"{number(stored)} objects in R2 from {demo.files.origin}; {number(len(RULES))} rules")
    transcript.show(("made wrong on purpose", "rows"), demo.sample.summary(demo.observer.objects()))


def full_check_finds_it(demo: Demo) -> None:
    """Compare the Worker's full check with what the sample was made to break, and with plain SQL."""
    report = demo.steward.post("/check", mode="full")
    demo.transcript.show(*check_table(report["invariants"]))
    expected = demo.sample.violations()
    demo.transcript.holds(
        "it violates exactly what it was made to violate",
        promises.verdicts_match({**expected, **dict.fromkeys(promises.BY_PASSES)}, report),
    )
    demo.transcript.holds("plain SQL counts the same", promises.differences(expected, demo.observer.violations()))


def live_backfill_is_refused(demo: Demo) -> None:
    """Show the 409 and that dry works."""
    transcript, before = demo.transcript, demo.observer.picture()
    answer = demo.steward.ask("POST", "/backfill", {"dry_run": False})
    transcript.say(f"live: {answer.status}: {answer.body['detail']}")
    transcript.equal("live is refused", (answer.status, answer.body.get("reason")), (REFUSED, "unique_index"))
    report = demo.backfill(max_objects=EVERYTHING)
    transcript.show(*backfill_table([("dry", report)], head="mode"))
    transcript.equal("dry works, and sees every object once", report["scanned"], len(demo.observer.objects()))
    transcript.holds("neither changed a row", promises.unchanged(before, demo.observer.picture()))
