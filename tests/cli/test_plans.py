"""Plans by the command: made dry, looked at, approved, applied; each refusal with its exit code."""

from __future__ import annotations

import json
import re
import shlex
import time
from typing import Any

import pytest

from tests.cli.conftest import Operator
from tests.support.actions import Api, numbered, rows
from tests.support.command import Started, Where
from tests.support.described import unlike
from tests.support.plans import APPROVER, OPERATE, TOKENS, state_of
from tests.support.served import CUT, Answered, Asked

MOVED = "UPDATE artifacts SET fetched_at = '2026-04-01T00:00:00Z' WHERE id = 103"


def following(err: str) -> list[list[str]]:
    """Return the arguments of the commands that are said to follow."""
    lines = err.partition("approve it, and do it:\n")[2].splitlines()
    return [shlex.split(line)[1:] for line in lines if line.startswith("  steward")]


def items(operator: Operator, *arguments: str) -> list[dict[str, Any]]:
    """Return the items that are printed, after a last line that says that they are all."""
    *found, end = map(json.loads, operator.run("plan", *arguments, "--items", "--json").out.splitlines())
    assert end == {"end": True, "items": len(found), "next": None}
    assert [wrong for one in found for wrong in unlike("PlanItem", one)] == []
    return found


def test_what_a_dry_recovery_says_is_pasted_and_does_it(night: Operator) -> None:
    dry = night.run("recover", code=3)
    assert re.search(r"^plan +1, \d+ items: .*merge 2", dry.out, re.MULTILINE)
    assert re.search(r"^digest +[0-9a-f]{64}$", dry.out, re.MULTILINE)
    assert re.search(r"^forecast +[\d,]+ rows read, [\d,]+ written, 1 call, about \d+ s, \$0", dry.out, re.MULTILINE)
    look, approve, apply = following(dry.err)
    assert (look, approve, apply) == (
        ["plan", "1", "--items"],
        ["approve", "1"],
        ["recover", "--live", "--plan", "1"],
    )
    assert re.search(r"^ +\d+  merge +artifacts  mail/0001.eml$", night.run(*look).out, re.MULTILINE)
    approved = night.run(*approve)
    assert "state     approved" in approved.out
    assert following(approved.err)[-1] == apply
    live = night.run(*apply, code=3)
    assert re.search(r"plan 1: (\d+) of \1 items dealt with, 0 left out", live.out)
    assert night.world.database.all("SELECT count(*) FROM artifacts") == [(4,)]
    assert "[plan_applied]" in night.run(*apply, code=6).err
    assert "state     applied" in night.run("plan", "1").out


def test_a_row_that_moved_on_is_left_out_and_that_is_6(operator: Operator) -> None:
    operator.world.database.script(
        "INSERT INTO artifacts (id, r2_bucket, r2_key, source_type) VALUES"
        " (1, 'artifacts', 'raw/a', 'unknown'), (2, 'artifacts', 'raw/b', 'unknown')"
    )
    operator.run("recover", code=3)
    operator.world.database.script("UPDATE artifacts SET source_type = 'mine' WHERE id = 2")
    ran = operator.run("recover", "--live", "--plan", "1", code=6)
    assert re.search(r"left out: \d+  classify  artifacts  raw/b: ", ran.out)
    assert "1 left out" in ran.out
    [left] = items(operator, "1", "--left-out")
    assert (left["about"], left["step"]) == (["artifacts", "raw/b"], "classify")
    assert re.search(r"raw/b  left out: ", operator.run("plan", "1", "--items", "--step", "classify").out)
    assert items(operator, "1", "--step", "merge") == []
    types = operator.world.database.all("SELECT source_type FROM artifacts ORDER BY id")
    assert types == [("raw",), ("mine",)]


def test_what_fails_because_rows_moved_on_is_1_and_says_both(night: Operator) -> None:
    night.run("recover", code=3)
    night.world.database.script(MOVED)
    ran = night.run("recover", "--live", "--plan", "1", "--max-groups", "1", code=1)
    assert re.search(r"left out: \d+  merge  artifacts  mail/0001.eml: ", ran.out)
    assert "index cannot be created" in ran.err


def test_a_backfill_by_plan_writes_what_it_says_and_nothing_else(operator: Operator) -> None:
    operator.put(*numbered(3))
    dry = operator.run("backfill", code=3)
    assert re.search(r"^plan +1, 3 items: insert 3$", dry.out, re.MULTILINE)
    operator.put("raw/later")
    live = operator.run(*following(dry.err)[-1])
    assert "plan 1: 3 of 3 items dealt with, 0 left out" in live.out
    assert [row[1] for row in rows(operator.world)] == numbered(3)
    [asked] = [one for one in operator.asked("/backfill") if not one.body["dry_run"]]
    assert asked.body == {"dry_run": False, "r2_prefix": "", "resume": False, "plan": 1}


def test_a_backfill_by_plan_that_leaves_objects_out_is_6(operator: Operator) -> None:
    operator.put(*numbered(3))
    operator.run("backfill", code=3)
    operator.world.bucket.sizes.pop("raw/00001")
    found = operator.json("backfill", "--live", "--plan", "1", code=6)
    assert (found["inserted"], found["plan"]["left_out"], len(found["plan"]["shown"])) == (2, 1, 1)


def test_many_dry_calls_are_no_plan_of_the_whole(operator: Operator) -> None:
    operator.put(*numbered(4))
    ran = operator.run("backfill", "--slice", "2", "--json", code=3)
    found = json.loads(ran.out)
    assert (found["plan"], found["forecast"]["rows_written"] > 0) == (None, True)
    assert "--slice 1000000" in operator.run("backfill", "--slice", "2", code=3).err


def test_an_undo_is_planned_dry_and_done_by_its_plan(night: Operator) -> None:
    before = night.world.database.all("SELECT id FROM artifacts ORDER BY id")
    night.run("recover", "--live", code=3)
    merged = state_of(night.world)
    dry = night.run("undo", "1", "--dry", code=3)
    assert "rows to restore  2" in dry.out
    assert state_of(night.world) == merged
    assert following(dry.err)[-1] == ["undo", "1", "--plan", "1"]
    assert "plan 1: 2 of 2 items dealt with, 0 left out" in night.run(*following(dry.err)[-1]).out
    assert night.world.database.all("SELECT id FROM artifacts ORDER BY id") == before
    assert night.run("undo", "1", "--dry").err == ""


def test_a_wrong_digest_or_number_is_2(night: Operator) -> None:
    night.run("recover", code=3)
    assert "digest: Plan 1 has another digest" in night.run("approve", "1", "--digest", "0" * 64, code=2).err
    assert "There is no plan 9" in night.run("plan", "9", code=2).err
    assert "There is no plan 9" in night.run("recover", "--live", "--plan", "9", code=2).err
    assert "a plan of kind recovery" in night.run("undo", "1", "--plan", "1", code=2).err
    for wrong in (("plan", "--items"), ("plan", "1", "--left-out"), ("recover", "--plan", "1")):
        night.run(*wrong, code=2)
    digest = night.json("plan", "1")["digest"]
    assert night.json("approve", "1", "--digest", digest)["approved_by"]


def test_too_small_a_role_is_4_and_no_plan_where_one_is_required_is_6(night: Operator) -> None:
    night.run("recover", code=3)
    night.served.api = Api(night.world, {"STEWARD_TOKENS": TOKENS, "REQUIRE_PLAN": True})

    def ran(token: str, *arguments: str, code: int) -> str:
        where = Where(night.where.home, {"STEWARD_URL": night.served.url, "STEWARD_TOKEN": token})
        found = Started(where, *arguments).finish(night.served.turn)
        assert found.code == code, found
        return found.err

    night.served.api.send("POST", "/recover", b'{"dry_run": true}', {"Authorization": f"Bearer {OPERATE}"})
    assert "Run it dry: that makes a plan" in ran(OPERATE, "recover", "--live", code=6)
    ran(OPERATE, "recover", code=3)
    assert "steward approve 2" in ran(OPERATE, "recover", "--live", "--plan", "2", code=6)
    assert '"approve"' in ran(OPERATE, "approve", "2", code=4)
    ran(APPROVER, "approve", "2", code=0)
    ran(OPERATE, "recover", "--live", "--plan", "2", code=3)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        ("UPDATE source_type_rules SET priority = 7 WHERE priority = 10", "stale_plan"),
        ("UPDATE steward_plans SET expires_at = '2026-01-01T00:00:00.000Z'", "plan_expired"),
        ("UPDATE steward_plans SET ended_at = '2026-01-01', ended_as = 'superseded'", "plan_superseded"),
    ],
)
def test_a_plan_that_is_not_good_any_more_is_6(night: Operator, spoil: str, reason: str) -> None:
    night.run("recover", code=3)
    night.world.database.script(spoil)
    for command in (("approve", "1"), ("recover", "--live", "--plan", "1")):
        assert f"[{reason}]" in night.run(*command, code=6).err
    assert "run it dry again" in night.run("approve", "1", code=6).err


def test_plans_are_listed_by_pages(operator: Operator) -> None:
    operator.put("raw/a")
    for _ in range(3):
        operator.run("backfill", code=3)
    ran = operator.run("plan", "--limit", "2")
    assert re.findall(r"^ +(\d) +backfill +(\w+)", ran.out, re.MULTILINE) == [("3", "made"), ("2", "superseded")]
    assert "superseded by plan 3" in operator.run("plan", "2").out
    assert "--before 2" in ran.err
    assert [one["id"] for one in operator.json("plan", "--before", "2")["plans"]] == [1]
    assert operator.json("plan", "--kind", "undo")["plans"] == []


def test_ctrl_c_ends_a_plan_after_its_call_and_what_it_says_continues(night: Operator) -> None:
    night.run("recover", code=3)
    started = night.start("recover", "--live", "--plan", "1", "--max-groups", "1")
    night.instead(lambda asked: started.interrupt() if asked.path == "/recover" else None)
    ran = started.finish(night.served.turn)
    assert ran.code == 130
    again = shlex.split(ran.err.partition("to continue:\n")[2].splitlines()[0])[1:]
    assert again == ["recover", "--max-groups", "1", "--plan", "1", "--live"]
    night.instead(lambda _asked: None)
    report = night.json(*again, code=3)
    assert (report["done"], report["plan"]["dealt_with"]) == (True, report["plan"]["items"])


def test_a_bar_shows_how_far_a_plan_is(operator: Operator) -> None:
    operator.put(*numbered(30))
    operator.run("backfill", code=3)
    operator.instead(lambda asked: time.sleep(0.3) if asked.path == "/backfill" else None)
    ran = operator.run("backfill", "--live", "--plan", "1", "--json", terminal=True)
    assert json.loads(ran.out)["inserted"] == 30
    assert "30 of 30 objects" in ran.err


ODD = ["raw/a\u2028b", "raw/c\x85d", "raw/\x1b[31m", "raw/line\nfeed", "raw/\u05d0"]


def test_items_are_lines_whatever_the_keys_hold(operator: Operator) -> None:
    operator.put(*ODD)
    operator.run("backfill", code=3)
    ran = operator.run("plan", "1", "--items", "--json")
    assert ran.out.isascii()
    assert {one["about"][1] for one in items(operator, "1")} == set(ODD)
    table = operator.run("plan", "1", "--items").out
    assert len(table.splitlines()) == len(ODD) + 1
    assert "\x1b" not in table


def test_items_come_file_after_file_until_the_last_says_so(operator: Operator) -> None:
    operator.put(*numbered(3))
    operator.run("backfill", code=3)
    one = {"step": "insert", "about": ["artifacts", "a"], "left_out": None}

    def two_files(asked: Asked) -> Answered | None:
        if "/items" not in asked.path:
            return None
        after = int(re.findall(r"after=(\d+)", asked.path)[0])
        end = {"end": False, "items": 1, "next": 1} if after == 0 else {"end": True, "items": 1, "next": None}
        return Answered(200, f"{json.dumps({'item': after + 1, **one})}\n{json.dumps(end)}\n")

    operator.instead(two_files)
    assert [found["item"] for found in items(operator, "1")] == [1, 2]


@pytest.mark.parametrize(
    "answer",
    [CUT, Answered(200, '{"item":1,"step":"insert","about":["a"],"left_out":null}\n'), Answered(200, '{"item"')],
)
def test_a_list_that_breaks_off_is_1_and_never_looks_whole(operator: Operator, answer: Answered) -> None:
    operator.put("raw/a")
    operator.run("backfill", code=3)
    operator.instead(lambda asked: answer if "/items" in asked.path else None)
    assert '"end"' not in operator.run("plan", "1", "--items", "--json", code=1).out


def test_items_of_a_damaged_plan_are_6(operator: Operator) -> None:
    operator.put("raw/a")
    operator.run("backfill", code=3)
    operator.world.database.script("UPDATE steward_plan_slices SET items = '[]'")
    assert "[plan_damaged]" in operator.run("plan", "1", "--items", code=6).err


def test_spread_is_sent_where_it_is_asked_for_and_the_end_of_the_day_is_6(operator: Operator) -> None:
    operator.put(*numbered(2))
    operator.run("backfill", "--live", "--spread")
    operator.run("backfill", "--live")
    operator.run("recover", "--live", "--spread")
    assert [one.body.get("spread") for one in operator.served.asked] == [True, None, True]
    report = operator.json("backfill", "--live", "--max-objects", "1")
    used = {**report, "truncated": True, "stopped_because": "quota", "continues_at": "2026-11-30T00:00:00.000Z"}
    operator.instead(lambda _asked: Answered(200, used))
    ran = operator.run("backfill", "--live", "--spread", code=6)
    assert "it continues at 2026-11-30" in ran.err
    assert "--live --spread" in ran.err.partition("to continue:")[2]
