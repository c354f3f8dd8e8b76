"""The steps of the demo, in order. Each looks with plain SQL at what the Worker says it did."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tooling import promises
from tooling.client import OK, Steward
from tooling.harness import Harness, HarnessError
from tooling.reports import backfill_table, check_table, recovery_table
from tooling.sample import ATTIC_RULE, BUCKET, CONTRADICTION, RULES, UNKNOWN, Artifact, Sample, classify
from tooling.stage import create_dirty_database, insert, put_rules, store_objects
from tooling.story import Story
from tooling.table import number
from tooling.trees import Files
from tooling.witness import Picture, Witness

REFUSED = 409
EVERYTHING = 1_000_000
RECOVERY_CALLS = 3
SLICES = 5
"""The walk over the bucket is cut into about so many parts."""
LATE_ROWS = 6
MOST_CALLS = 50
"""More calls than any step can need: beyond it, something goes round in circles."""


@dataclass
class Demo:
    """The Worker of the demo, its sample, and what one step leaves for the next."""

    story: Story
    steward: Steward
    witness: Witness
    sample: Sample
    files: Files
    dirty: Picture = field(default_factory=lambda: Picture({}, {}))
    """The database before recovery."""
    clean: Picture = field(default_factory=lambda: Picture({}, {}))
    """The database before backfill."""
    recoveries: list[dict[str, Any]] = field(default_factory=list)

    @property
    def harness(self) -> Harness:
        """The running Worker."""
        return self.steward.harness

    def backfill(self, **request: object) -> dict[str, Any]:
        """Do one backfill and check that its counts add up."""
        report = self.steward.post("/backfill", **request)
        wrong = promises.adds_up(report)
        if wrong:
            self.story.holds("the counts of a backfill add up", wrong)
        return report


def dirty_sample(demo: Demo) -> None:
    """Make the old database, migrate it, fill the bucket."""
    story = demo.story
    create_dirty_database(demo.harness, demo.sample)
    before = demo.witness.picture()
    applied = demo.harness.apply_migrations()
    story.say(f"migrations applied to the existing tables: {', '.join(applied)}")
    story.holds("they changed no row", promises.unchanged(before, demo.witness.picture()))
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


def dry_recovery(demo: Demo) -> None:
    """Show the numbers, and do the two things that only a person can."""
    story, before = demo.story, demo.witness.picture()
    report = demo.steward.post("/recover")
    story.show(*recovery_table(report))
    story.holds("dry changed no row", promises.unchanged(before, demo.witness.picture()))
    left = {step["name"]: step["after"] for step in report["steps"]}
    expected = (len(demo.sample.lost), sum(row.r2_key.startswith("sample/attic/") for row in demo.sample.artifacts))
    claim = "it foretells what only a person can decide: datapoints whose artifact is gone, unknowns without a rule"
    story.equal(claim, (left["orphans"], left["classify"], report["ok"]), (*expected, False))
    insert(demo.harness, "artifacts", demo.sample.lost)
    put_rules(demo.steward, [*RULES, ATTIC_RULE])
    story.say(f"so a person restores {len(demo.sample.lost)} lost rows and adds the rule {ATTIC_RULE.pattern}")


def live_recovery(demo: Demo) -> None:
    """Recover in several calls and compare with dry, row by row."""
    story = demo.story
    demo.dirty = demo.witness.picture()
    dry = demo.steward.post("/recover")
    deletes = promises.recovery_numbers(dry)["dedupe.changed"]
    _refuse_low_cap(demo, deletes)
    groups = demo.sample.violations()["one_artifact_per_object"]
    size = -(-groups // RECOVERY_CALLS)
    request = {"dry_run": False, "max_groups": size, "max_deletes": deletes}
    demo.recoveries = _until(lambda: demo.steward.post("/recover", **request), "done")
    story.say(f"live, at most {number(size)} objects a call: {len(demo.recoveries)} calls; the last one:")
    story.show(*recovery_table(demo.recoveries[-1]))
    story.true("it took several calls and ended clean", len(demo.recoveries) > 1 and demo.recoveries[-1]["ok"])
    story.holds("live did what dry foretold", promises.same_recovery(dry, demo.recoveries))
    demo.clean = demo.witness.picture()
    _compare_recovered(demo)


def _refuse_low_cap(demo: Demo, deletes: int) -> None:
    answer = demo.steward.ask("POST", "/recover", {"dry_run": False, "max_deletes": deletes - 1})
    demo.story.say(f"live with max_deletes {number(deletes - 1)}: {answer.status}: {answer.body.get('detail')}")
    demo.story.equal("a cap one too low stops it", (answer.status, answer.body.get("reason")), (REFUSED, "max_deletes"))
    demo.story.holds("before a row has changed", promises.unchanged(demo.dirty, demo.witness.picture()))


def _compare_recovered(demo: Demo) -> None:
    story, before, after = demo.story, demo.dirty, demo.clean
    errors = {name: n for name, n in demo.witness.violations().items() if name != "no_directory_citations"}
    story.holds("plain SQL finds no error", promises.differences(dict.fromkeys(errors, 0), errors))
    story.holds("every object that had rows has exactly one", promises.one_row_per_object(before, after))
    reach = f"each of the {number(len(before.datapoints))} datapoints reaches the same (bucket, key) as before"
    story.holds(reach, promises.same_reach(before, after))
    story.holds("no known type was touched", promises.known_types_kept(before, after))


def _until(call: Callable[[], dict[str, Any]], flag: str) -> list[dict[str, Any]]:
    """Call again and again until the answer's flag is set, and return the answers."""
    answers: list[dict[str, Any]] = []
    while not (answers and answers[-1][flag]) and len(answers) < MOST_CALLS:
        answers.append(call())
    return answers


def backfill_in_slices(demo: Demo) -> None:
    """Walk the bucket by cursor, by start_after, by cron; then once more in vain."""
    story = demo.story
    _late_writer(demo)
    demo.clean = demo.witness.picture()
    dry = demo.backfill(max_objects=EVERYTHING)
    story.holds("dry changed no row", promises.unchanged(demo.clean, demo.witness.picture()))
    size = demo.slice_size
    first = demo.backfill(dry_run=False, max_objects=size)
    second = demo.backfill(dry_run=False, max_objects=size, cursor=first["cursor"])
    third = demo.backfill(dry_run=False, max_objects=size, start_after=second["start_after"], resume=True)
    by_hand = [("from the start", first), ("by cursor", second), ("by start_after", third)]
    story.say(f"KV now holds: {demo.witness.stored_position()}")
    ticks = _ticks_to_the_end(demo)
    by_cron = [(f"by cron, tick {place}", tick) for place, tick in zip(count(1), ticks, strict=False)]
    story.show(*backfill_table([("dry", dry), *by_hand, *by_cron], head="slice"))
    story.holds("the live slices sum up to what dry foretold", promises.same_counts(dry, [first, second, third, *ticks]))
    _nothing_left(demo)
