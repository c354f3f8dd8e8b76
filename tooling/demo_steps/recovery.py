"""Recovery: what dry foretells, what a person must decide, and what live then does."""

from tooling import promises
from tooling.demo_steps.context import REFUSED, Demo, until
from tooling.reports import recovery_table
from tooling.sample import ATTIC_RULE, RULES
from tooling.sample_loader import insert, put_rules
from tooling.table import number

RECOVERY_CALLS = 3
"""The merge is cut into so many calls."""


def dry_recovery(demo: Demo) -> None:
    """Show the numbers, and do the two things that only a person can."""
    transcript, before = demo.transcript, demo.observer.picture()
    report = demo.steward.post("/recover")
    transcript.show(*recovery_table(report))
    transcript.holds("dry changed no row", promises.unchanged(before, demo.observer.picture()))
    left = {step["name"]: step["after"] for step in report["steps"]}
    expected = (len(demo.sample.lost), sum(row.r2_key.startswith("sample/attic/") for row in demo.sample.artifacts))
    claim = "it foretells what only a person can decide: datapoints whose artifact is gone, unknowns without a rule"
    transcript.equal(claim, (left["orphans"], left["classify"], report["ok"]), (*expected, False))
    insert(demo.harness, "artifacts", demo.sample.lost)
    put_rules(demo.steward, [*RULES, ATTIC_RULE])
    transcript.say(f"so a person restores {len(demo.sample.lost)} lost rows and adds the rule {ATTIC_RULE.pattern}")


def live_recovery(demo: Demo) -> None:
    """Recover in several calls and compare with dry, row by row."""
    transcript = demo.transcript
    demo.dirty = demo.observer.picture()
    dry = demo.steward.post("/recover")
    deletes = promises.recovery_numbers(dry)["dedupe.changed"]
    _refuse_low_cap(demo, deletes)
    groups = demo.sample.violations()["one_artifact_per_object"]
    size = -(-groups // RECOVERY_CALLS)
    request = {"dry_run": False, "max_groups": size, "max_deletes": deletes}
    demo.recoveries = until(lambda: demo.steward.post("/recover", **request), "done")
    transcript.say(f"live, at most {number(size)} objects a call: {len(demo.recoveries)} calls; the last one:")
    transcript.show(*recovery_table(demo.recoveries[-1]))
    transcript.true("it took several calls and ended clean", len(demo.recoveries) > 1 and demo.recoveries[-1]["ok"])
    transcript.holds("live did what dry predicted", promises.same_recovery(dry, demo.recoveries))
    demo.clean = demo.observer.picture()
    _compare_recovered(demo)


def _refuse_low_cap(demo: Demo, deletes: int) -> None:
    answer = demo.steward.ask("POST", "/recover", {"dry_run": False, "max_deletes": deletes - 1})
    demo.transcript.say(f"live with max_deletes {number(deletes - 1)}: {answer.status}: {answer.body.get('detail')}")
    demo.transcript.equal(
        "a cap one too low stops it", (answer.status, answer.body.get("reason")), (REFUSED, "max_deletes")
    )
    demo.transcript.holds("before a row has changed", promises.unchanged(demo.dirty, demo.observer.picture()))


def _compare_recovered(demo: Demo) -> None:
    transcript, before, after = demo.transcript, demo.dirty, demo.clean
    errors = {name: n for name, n in demo.observer.violations().items() if name != "no_directory_citations"}
    transcript.holds("plain SQL finds no error", promises.differences(dict.fromkeys(errors, 0), errors))
    transcript.holds("every object that had rows has exactly one", promises.one_row_per_object(before, after))
    reach = f"each of the {number(len(before.datapoints))} datapoints reaches the same (bucket, key) as before"
    transcript.holds(reach, promises.same_reach(before, after))
    transcript.holds("no known type was touched", promises.known_types_kept(before, after))
