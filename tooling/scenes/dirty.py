"""The dirty sample, what a check finds in it, and why live backfill waits."""

from tooling import promises
from tooling.reports import backfill_table, check_table
from tooling.sample import RULES
from tooling.scenes.cast import EVERYTHING, REFUSED, Demo
from tooling.stage import create_dirty_database, put_rules, store_objects
from tooling.table import number


def dirty_sample(demo: Demo) -> None:
    """Make the old database, migrate it, fill the bucket."""
    story = demo.story
    create_dirty_database(demo.harness, demo.sample)
    before = demo.witness.picture()
    applied = demo.harness.apply_migrations()
    story.say(f"migrations applied to the existing tables: {', '.join(applied)}")
    installed = demo.steward.post("/guards")["installed"]
    story.say(f"{len(installed)} guards installed through the binding, after a look at the schema")
    story.holds("neither changed a row", promises.unchanged(before, demo.witness.picture()))
    stored = store_objects(demo.harness, demo.files.found, demo.sample)
    put_rules(demo.steward)
    story.say(f"{number(stored)} objects in R2 from {demo.files.origin}; {number(len(RULES))} rules")
    story.show(("made wrong on purpose", "rows"), demo.sample.summary(demo.witness.objects()))


def full_check_finds_it(demo: Demo) -> None:
    """Compare the Worker's full check with what the sample was made to break, and with plain SQL."""
    report = demo.steward.post("/check", mode="full")
    demo.story.show(*check_table(report["invariants"]))
    expected = demo.sample.violations()
    demo.story.holds("it violates exactly what it was made to violate", promises.verdicts_match(expected, report))
    demo.story.holds("plain SQL counts the same", promises.differences(expected, demo.witness.violations()))


def live_backfill_is_refused(demo: Demo) -> None:
    """Show the 409 and that dry works."""
    story, before = demo.story, demo.witness.picture()
    answer = demo.steward.ask("POST", "/backfill", {"dry_run": False})
    story.say(f"live: {answer.status}: {answer.body['detail']}")
    story.equal("live is refused", (answer.status, answer.body.get("reason")), (REFUSED, "unique_index"))
    report = demo.backfill(max_objects=EVERYTHING)
    story.show(*backfill_table([("dry", report)], head="mode"))
    story.equal("dry works, and sees every object once", report["scanned"], len(demo.witness.objects()))
    story.holds("neither changed a row", promises.unchanged(before, demo.witness.picture()))
