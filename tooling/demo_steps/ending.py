"""The guards, undo on a copy, and the end state."""

from tooling import promises
from tooling.client import Steward
from tooling.demo_steps.context import Demo, on_a_copy
from tooling.harness import Harness, HarnessError
from tooling.observer import Observer
from tooling.reports import check_table
from tooling.table import number

_FORBIDDEN = {
    "take a known type away": "UPDATE artifacts SET source_type = 'unknown' WHERE source_type <> 'unknown'",
    "delete an artifact that a datapoint cites": (
        "DELETE FROM artifacts WHERE id = (SELECT artifact_id FROM datapoints ORDER BY id DESC LIMIT 1)"
    ),
    "point a datapoint at an artifact that is not there": "INSERT INTO datapoints (artifact_id) VALUES (-1)",
    "insert a second row for an object": (
        "INSERT INTO artifacts (r2_bucket, r2_key) SELECT r2_bucket, r2_key FROM artifacts LIMIT 1"
    ),
}
"""What another writer may not do, and how it would."""


def guards_refuse(demo: Demo) -> None:
    """Try by plain SQL what the runbook forbids."""
    before = demo.observer.picture()
    for what, sql in _FORBIDDEN.items():
        refusal = _refusal(demo.harness, sql)
        demo.transcript.holds(f"no writer may {what}", [] if refusal else ["the database let it through"])
        demo.transcript.say(f"      {refusal}")
    demo.transcript.holds("none of it changed a row", promises.unchanged(before, demo.observer.picture()))


def _refusal(harness: Harness, sql: str) -> str:
    """Return the database's words, or nothing where it did as it was told."""
    try:
        harness.d1(sql)
    except HarnessError as error:
        return str(error).removeprefix("D1_ERROR: ").partition(": SQLITE_")[0]
    return ""


def undo_on_a_copy(demo: Demo) -> None:
    """Copy the state, undo the recovery there, and throw the copy away."""
    with on_a_copy(demo) as copy:
        _undo(demo, copy)


SAMPLE_ENDS = "2026-02"
"""The rows of the sample say that they were fetched before; every object was uploaded by this demo."""

FULL_ONLY = ("keys_are_text",)
"""What a fast check leaves out, because it would read every row."""


def _undo(demo: Demo, copy: Steward) -> None:
    transcript, losers = demo.transcript, demo.dirty.artifacts.keys() - demo.clean.artifacts.keys()
    reports = [copy.post(f"/runs/{run['run_id']}/undo") for run in reversed(demo.recoveries)]
    restored, children = (sum(report[name] for report in reports) for name in ("restored", "children_restored"))
    refused = [row for report in reports for row in report["refused"]]
    transcript.say(
        f"{number(restored)} rows restored, {number(children)} datapoints point back, {len(refused)} refused"
    )
    transcript.equal("every loser returned", (restored, len(refused)), (len(losers), 0))
    after = Observer(copy.harness).picture()
    transcript.holds("whole, and every datapoint cites what it cited", promises.rows_back(demo.dirty, after, losers))


def everything_holds(demo: Demo) -> None:
    """Check fast and full once more, and print the end state."""
    transcript = demo.transcript
    expected = {**dict.fromkeys(demo.sample.violations(), 0), **_warned(demo)}
    by_passes = {"objects_present": 0, "objects_unchanged": len(demo.observer.older_rows(SAMPLE_ENDS))}
    for mode, unlooked in (("fast", FULL_ONLY), ("full", ())):
        report = demo.steward.post("/check", mode=mode)
        looked_at = {name: count for name, count in {**expected, **by_passes}.items() if name not in unlooked}
        transcript.say(f"{mode} check:")
        transcript.show(*check_table(report["invariants"]))
        transcript.holds(f"every error invariant holds ({mode})", promises.verdicts_match(looked_at, report))
        transcript.true(f"and the answer says ok ({mode})", report["ok"])
    transcript.holds("plain SQL counts the same", promises.differences(expected, demo.observer.violations()))
    transcript.say("the warnings stay: which document was meant, and what a newer one says, only a person can say;")
    transcript.say("no object is known to be gone yet: that takes a second pass, an hour later")
    transcript.say("the end state:")
    by_type = demo.observer.rows_by_type()
    totals = [("all artifacts", sum(n for _, n in by_type)), ("datapoints", len(demo.observer.picture().datapoints))]
    transcript.show(("source_type", "rows"), [*by_type, *totals])


def _warned(demo: Demo) -> dict[str, int]:
    """Return what only a person can correct, and what therefore still warns."""
    return {"no_directory_citations": demo.sample.violations()["no_directory_citations"]}
