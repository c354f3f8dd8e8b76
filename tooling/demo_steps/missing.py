"""Rows whose object is not there: found, certified, listed; nothing else is, and nothing is deleted."""

import csv
import io
from typing import Any

from tooling import promises
from tooling.client import OK, Steward
from tooling.demo_steps.context import EVERYTHING, Demo, on_a_copy
from tooling.observer import Observer
from tooling.table import number

AT_ONCE = {"PASS_INTERVAL_HOURS": 0, "MISSING_GRACE_HOURS": 0, "TICK_MAX_OBJECTS": EVERYTHING}
"""A pass a tick, and no hour between the two that must miss an object."""

MARKED = "SELECT artifact_id, r2_key FROM steward_missing WHERE verified_at IS NOT NULL AND resolved_at IS NULL"
CLASSES = (*promises.COUNTS, "missing")


def rows_without_an_object(demo: Demo) -> None:
    """Compare on a copy what the passes say with the table and the listing, row by row; then put one object again."""
    transcript, picture = demo.transcript, demo.observer.picture()
    objects = demo.observer.objects()
    expected = {row["id"]: row["r2_key"] for row in picture.artifacts.values() if row["r2_key"] not in objects}
    transcript.equal("the sample has rows without an object", len(expected), len(_planted(demo, objects)))
    with on_a_copy(demo, **AT_ONCE) as copy:
        _two_passes(demo, copy)
        transcript.holds("plain SQL finds just those marked", promises.differences(expected, _marked(copy)))
        listed = copy.get("/missing?limit=1000")["missing"]
        found = {row["artifact_id"]: row["r2_key"] for row in listed}
        transcript.holds("GET /missing lists just those", promises.differences(expected, found))
        cited = {identity: _citing(picture.datapoints, identity) for identity in expected}
        by_answer = {row["artifact_id"]: row["cited"] for row in listed}
        transcript.holds("and how many datapoints cite each", promises.differences(cited, by_answer))
        _file(demo, copy, len(expected))
        transcript.holds("not a row was changed", promises.unchanged(picture, Observer(copy.harness).picture()))
        _put_again(demo, copy, expected)


def _planted(demo: Demo, objects: set[str]) -> set[str]:
    return demo.dirty.keys() - objects


def _two_passes(demo: Demo, copy: Steward) -> None:
    """Walk the bucket twice, and show what each pass counted and whether it is certified."""
    transcript = demo.transcript
    for _ in range(2):
        transcript.equal("a tick ends well", copy.harness.scheduled(), "ok")
    passes = copy.get("/passes?limit=2")["passes"]
    rows = [[one["id"], *(one["counts"][name] for name in CLASSES), one["certified"]] for one in reversed(passes)]
    transcript.show(("pass", *CLASSES, "certified"), rows)
    for one in passes:
        transcript.equal(f"pass {one['id']} is certified", one["why_not"], [])
        transcript.holds(f"and each object is in one class of pass {one['id']}", promises.adds_up(one["counts"]))
    transcript.say(f"R2 was asked for {number(sum(one['heads'] for one in passes))} objects, one by one")


def _marked(copy: Steward) -> dict[Any, object]:
    return {row["artifact_id"]: row["r2_key"] for row in copy.harness.d1(MARKED).rows}


def _citing(datapoints: dict[int, dict[str, Any]], identity: int) -> int:
    return sum(row["artifact_id"] == identity for row in datapoints.values())


def _file(demo: Demo, copy: Steward, rows: int) -> None:
    reply = copy.harness.fetch("GET", "/missing?format=csv", {"authorization": f"Bearer {copy.token}"})
    lines = list(csv.reader(io.StringIO(reply.text, newline="")))
    demo.transcript.equal("the CSV file is whole", (reply.status, lines[-1]), (OK, ["(end)", str(rows)]))
    demo.transcript.equal("a line for its heads, each row, and its end", len(lines), rows + 2)


def _put_again(demo: Demo, copy: Steward, expected: dict[int, str]) -> None:
    """Put one of the objects again: the next pass heals its mark, and no other."""
    identity, key = min(expected.items())
    copy.harness.r2_put([(key, "restored")])
    copy.harness.scheduled()
    left = {other: name for other, name in expected.items() if other != identity}
    demo.transcript.holds("an object that is put again is missing no more", promises.differences(left, _marked(copy)))
