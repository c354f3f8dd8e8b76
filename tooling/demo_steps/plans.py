"""A recovery by plan: all of it looked at and approved, and what moved on meanwhile left as it is."""

import json
from typing import Any

from tooling import promises
from tooling.client import Steward
from tooling.demo_steps.context import REFUSED, Demo, on_a_copy, until
from tooling.observer import Observer
from tooling.table import number

TWICE = "SELECT r2_key FROM artifacts GROUP BY r2_bucket, r2_key HAVING count(*) > 1"
BY_HAND = "UPDATE artifacts SET source_type = 'by hand' WHERE r2_key = ?1"
TYPES = "SELECT DISTINCT source_type FROM artifacts WHERE r2_key = ?1"


def plan_approve_apply(demo: Demo) -> None:
    """Plan on a copy of the dirty state, compare with plain SQL, let another writer change a row, approve, apply."""
    with on_a_copy(demo) as copy:
        observer = Observer(copy.harness)
        before, plan = observer.picture(), copy.post("/recover")["plan"]
        demo.transcript.say(f"plan {plan['id']}: {number(plan['items'])} items, expires {plan['expires_at']}")
        items = _items(demo, copy, plan)
        merged = {str(one["about"][1]) for one in items if one["step"] == "merge"}
        twice = {str(row["r2_key"]) for row in copy.harness.d1(TWICE).rows}
        demo.transcript.holds("it merges what plain SQL finds twice, and no more", promises.same_keys(twice, merged))
        demo.transcript.holds("to plan changed no row", promises.unchanged(before, observer.picture()))
        moved = next(one for one in items if one["step"] == "classify" and one["about"][1] not in merged)
        copy.harness.d1(BY_HAND, (moved["about"][1],))
        demo.transcript.say(f"another writer gives {moved['about'][1]} its type by hand")
        _apply(demo, copy, plan, moved)
        after = observer.picture()
        wrong = {name: n for name, n in observer.violations().items() if name != "no_directory_citations"}
        demo.transcript.holds("plain SQL finds no error", promises.differences(dict.fromkeys(wrong, 0), wrong))
        demo.transcript.holds("every object that had rows has one", promises.one_row_per_object(before, after))
        demo.transcript.holds("each datapoint reaches the same (bucket, key)", promises.same_reach(before, after))


def _items(demo: Demo, copy: Steward, plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all that a plan would do, from its file."""
    reply = copy.harness.fetch("GET", f"/plans/{plan['id']}/items", {"authorization": f"Bearer {copy.token}"})
    *items, end = map(json.loads, reply.text.splitlines())
    demo.transcript.equal("the file of its items is whole", (end["end"], len(items)), (True, plan["items"]))
    return items


def _apply(demo: Demo, copy: Steward, plan: dict[str, Any], moved: dict[str, Any]) -> None:
    """Approve the plan by its digest, apply it to its end, and try it once more."""
    transcript, plan_id = demo.transcript, plan["id"]
    approved = copy.post(f"/plans/{plan_id}/approve", digest=plan["digest"])
    transcript.equal("it is approved, by its digest", approved["state"], "approved")
    request = {"dry_run": False, "plan": plan_id, "max_deletes": plan["totals"]["rows_deleted"]}
    calls = until(lambda: copy.post("/recover", **request), "done")
    left = [one["about"] for call in calls for one in call["plan"]["shown"]]
    transcript.equal("only the row that moved on was left out", left, [moved["about"]])
    [row] = copy.harness.d1(TYPES, (moved["about"][1],)).rows
    transcript.equal("it has the type of the other writer", row["source_type"], "by hand")
    again = copy.ask("POST", "/recover", request)
    transcript.equal("a plan is used once", (again.status, again.body.get("reason")), (REFUSED, "plan_applied"))
