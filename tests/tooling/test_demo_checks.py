"""Each claim of the demo is seen to hold and seen to fail: a story that cannot fail proves nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from tooling import promises
from tooling.observer import Picture
from tooling.transcript import ClaimFailedError, Transcript

COUNTS = {
    "scanned": 6,
    "inserted": 1,
    "upgraded": 2,
    "unchanged": 1,
    "newer": 0,
    "unclassified": 1,
    "skipped": 1,
    "refused": 0,
}


def artifact(key: str, source_type: str = "report", note: str = "") -> dict[str, Any]:
    return {"r2_bucket": "b", "r2_key": key, "source_type": source_type, "note": note}


def picture(artifacts: dict[int, dict[str, Any]], cites: dict[int, int | None]) -> Picture:
    return Picture(artifacts, {number: {"id": number, "artifact_id": cited} for number, cited in cites.items()})


BEFORE = picture({1: artifact("a"), 2: artifact("a", "unknown"), 3: artifact("c")}, {1: 1, 2: 2, 3: 3, 4: None})
MERGED = picture({2: artifact("a", "report"), 3: artifact("c")}, {1: 2, 2: 2, 3: 3, 4: None})


def check(
    outcome: str = "violated", violations: int = 3, severity: str = "error", *, ok: bool = False
) -> dict[str, Any]:
    verdict = {"name": "one", "outcome": outcome, "violations": violations, "severity": severity}
    return {"ok": ok, "invariants": [verdict]}


def recovery(changed: int, classified: int | None) -> dict[str, Any]:
    numbers = {"groups": changed, "types_carried": 1, "children_remapped": changed}
    steps: list[dict[str, Any]] = [{"name": "dedupe", "changed": changed, **numbers}]
    if classified is not None:
        steps += [{"name": name, "changed": classified} for name in promises.REPAIRS]
    return {"steps": steps}


DRY = recovery(5, 4) | {"steps": [{**recovery(5, 4)["steps"][0], "types_carried": 2}, *recovery(5, 4)["steps"][1:]]}

KEPT = {
    "violations": lambda: promises.verdicts_match({"one": 3}, check()),
    "a warning leaves ok": lambda: promises.verdicts_match({"one": 3}, check(severity="warn", ok=True)),
    "holding": lambda: promises.verdicts_match({"one": 0}, check("holds", 0, ok=True)),
    "not checked, as expected": lambda: promises.verdicts_match(
        {"one": None},
        {"ok": True, "invariants": [{"name": "one", "outcome": "not_checked", "violations": None, "severity": "warn"}]},
    ),
    "adds up": lambda: promises.adds_up(COUNTS),
    "same counts": lambda: promises.same_counts({n: 2 * c for n, c in COUNTS.items()}, [COUNTS, COUNTS]),
    "same recovery": lambda: promises.same_recovery(DRY, [recovery(3, None), recovery(2, 4)]),
    "unchanged": lambda: promises.unchanged(BEFORE, BEFORE),
    "same reach": lambda: promises.same_reach(BEFORE, MERGED),
    "one row per object": lambda: promises.one_row_per_object(BEFORE, MERGED),
    "known types kept": lambda: promises.known_types_kept(BEFORE, MERGED),
    "types follow rules": lambda: promises.types_follow_rules({"a": "report"}, BEFORE, MERGED),
    "same keys": lambda: promises.same_keys({"a"}, {"a"}),
    "wrote nothing": lambda: promises.wrote_nothing({"inserted": 0, "upgraded": 0, "cost": {"rows_written": 0}}),
    "rows back": lambda: promises.rows_back(BEFORE, BEFORE, [1]),
}

BROKEN = {
    "one violation too few": lambda: promises.verdicts_match({"one": 4}, check()),
    "an invariant not reported": lambda: promises.verdicts_match({"one": 3, "two": 0}, check()),
    "an invariant that no one expected": lambda: promises.verdicts_match({}, check()),
    "violated rows that read as holding": lambda: promises.verdicts_match({"one": 3}, check("holds")),
    "not checked": lambda: promises.verdicts_match({"one": 0}, check("not_checked", 0)),
    "ok in spite of an error": lambda: promises.verdicts_match({"one": 3}, check(ok=True)),
    "not ok without an error": lambda: promises.verdicts_match({"one": 0}, check("holds", 0, ok=False)),
    "an object not counted": lambda: promises.adds_up({**COUNTS, "skipped": 0}),
    "a slice missing": lambda: promises.same_counts({n: 2 * c for n, c in COUNTS.items()}, [COUNTS]),
    "live merged fewer": lambda: promises.same_recovery(DRY, [recovery(4, 4)]),
    "live stopped before the repairs": lambda: promises.same_recovery(DRY, [recovery(3, None), recovery(2, None)]),
    "live did nothing": lambda: promises.same_recovery(DRY, []),
    "a value changed": lambda: promises.unchanged(BEFORE, picture({**BEFORE.artifacts, 3: artifact("d")}, {})),
    "a row is new": lambda: promises.unchanged(MERGED, BEFORE),
    "a datapoint lost": lambda: promises.same_reach(BEFORE, picture(MERGED.artifacts, {1: 2, 2: 2, 3: 3})),
    "a datapoint more": lambda: promises.same_reach(
        MERGED, picture(MERGED.artifacts, {1: 2, 2: 2, 3: 3, 4: None, 5: 3})
    ),
    "a datapoint orphaned": lambda: promises.same_reach(BEFORE, picture(MERGED.artifacts, {1: 1, 2: 2, 3: 3, 4: None})),
    "a datapoint of another object": lambda: promises.same_reach(
        BEFORE, picture(MERGED.artifacts, {1: 3, 2: 2, 3: 3, 4: None})
    ),
    "an object with two rows": lambda: promises.one_row_per_object(BEFORE, BEFORE),
    "an object that lost its row": lambda: promises.one_row_per_object(BEFORE, picture({2: artifact("a")}, {})),
    "a known type overwritten": lambda: promises.known_types_kept(BEFORE, picture({3: artifact("c", "image")}, {})),
    "a known type gone unknown": lambda: promises.known_types_kept(BEFORE, picture({3: artifact("c", "unknown")}, {})),
    "an unknown row of a wrong type": lambda: promises.types_follow_rules({"a": "image"}, BEFORE, MERGED),
    "a row for an unclassified object": lambda: promises.types_follow_rules({"a": None}, BEFORE, MERGED),
    "a key missing": lambda: promises.same_keys({"a", "b"}, {"a"}),
    "a key too many": lambda: promises.same_keys({"a"}, {"a", "b"}),
    "a row inserted": lambda: promises.wrote_nothing({"inserted": 1, "upgraded": 0, "cost": {"rows_written": 0}}),
    "a row written": lambda: promises.wrote_nothing({"inserted": 0, "upgraded": 0, "cost": {"rows_written": 1}}),
    "a loser not back": lambda: promises.rows_back(BEFORE, MERGED, [1]),
    "a loser back without a column": lambda: promises.rows_back(
        BEFORE, picture({**BEFORE.artifacts, 1: artifact("a", note="?")}, {1: 1, 2: 2, 3: 3, 4: None}), [1]
    ),
    "a datapoint not pointing back": lambda: promises.rows_back(BEFORE, picture(BEFORE.artifacts, {1: 2}), [1]),
}

Claim = Callable[[], list[str]]


@pytest.mark.parametrize("claim", KEPT.values(), ids=KEPT.keys())
def test_a_kept_promise_has_nothing_wrong(claim: Claim) -> None:
    assert claim() == []


@pytest.mark.parametrize("claim", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_promise_is_told(claim: Claim) -> None:
    assert claim() != []


def test_every_promise_is_seen_both_ways() -> None:
    claims = {
        name for name, value in vars(promises).items() if callable(value) and value.__module__ == promises.__name__
    }
    used = [{n for claim in both.values() for n in claim.__code__.co_names} for both in (KEPT, BROKEN)]
    assert claims - {"differences", "recovery_numbers"} == used[0] & used[1] & claims


def test_the_first_claim_that_is_not_true_ends_the_story(capsys: pytest.CaptureFixture[str]) -> None:
    story = Transcript()
    story.step("a step")
    story.equal("one is one", 1, 1)
    with pytest.raises(ClaimFailedError, match="one is two: expected 2, found 1"):
        story.equal("one is two", 1, 2)
    with pytest.raises(ClaimFailedError, match="it is there"):
        story.true("it is there", fact=None)
    with pytest.raises(ClaimFailedError, match="and 2 more"):
        story.holds("many", [str(n) for n in range(7)])
    assert story.claims == 1
    assert "one is two" not in capsys.readouterr().out
