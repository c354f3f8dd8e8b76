"""`steward forget` and `steward findings`: what is gone, deleted; what is broken, said to be seen."""

from __future__ import annotations

import json
import re
from datetime import timedelta

from tests.cli.conftest import Operator
from tests.support.actions import Api
from tests.support.command import Started, Where
from tests.support.forgetting import keys, mark
from tests.support.plans import READ, TOKENS
from tests.support.served import Answered


def gone(operator: Operator, *names: str) -> None:
    """Take objects away whose rows are known to miss them."""
    operator.put(*names, "raw/stays")
    operator.run("backfill", "--live")
    for name in names:
        mark(operator.world, name)


def test_what_is_gone_is_told_dry_and_deleted_live(operator: Operator) -> None:
    gone(operator, "raw/a", "raw/b")
    dry = operator.run("forget", code=3)
    assert re.search(r"^would be forgotten +2$", dry.out, re.MULTILINE)
    assert re.search(r"^forecast +[\d,]+ rows read", dry.out, re.MULTILINE)
    assert "Nothing was changed." in dry.out
    assert keys(operator.world) == ["raw/a", "raw/b", "raw/stays"]
    assert "[max_deletes]" in operator.run("forget", "--live", "--max-deletes", "1", code=6).err
    live = operator.run("forget", "--live", "--max-deletes", "2", "--bucket", "artifacts")
    assert re.search(r"^forgotten +2$", live.out, re.MULTILINE)
    assert keys(operator.world) == ["raw/stays"]
    assert operator.json("forget")["gone"] == 0


def test_a_forgetting_by_plan_leaves_out_what_is_there_again_and_that_is_6(operator: Operator) -> None:
    gone(operator, "raw/a", "raw/b")
    dry = operator.run("forget", code=3)
    number = re.findall(r"^plan +(\d+), 2 items: ", dry.out, re.MULTILINE)[0]
    assert f"  steward forget --live --plan {number}" in dry.err
    assert f"steward forget --live --plan {number}" in operator.run("plan", number).err
    operator.put("raw/b")
    ran = operator.run("forget", "--live", "--plan", number, code=6)
    assert re.search(r"left out: \d+  forget  artifacts  raw/b: ", ran.out)
    assert keys(operator.world) == ["raw/b", "raw/stays"]


def test_forgetting_goes_on_until_done_and_is_one_report(operator: Operator) -> None:
    gone(operator, "raw/a")
    whole = operator.json("forget", code=3)
    first = {**whole, "dry_run": False, "done": False, "forgotten": 2, "gone": 3, "held": {"a.b": 1}}
    answers = [first, {**first, "done": True, "forgotten": 1, "gone": 1, "held": {}}]
    operator.instead(lambda _asked: Answered(200, answers.pop(0)))
    ran = operator.run("forget", "--live", "--json")
    found = json.loads(ran.out)
    assert (found["forgotten"], found["gone"], found["held"], answers) == (3, 3, {"a.b": 1}, [])


def test_what_the_database_refuses_to_delete_is_6(operator: Operator) -> None:
    gone(operator, "raw/a")
    operator.world.database.script(
        "CREATE TRIGGER kept BEFORE DELETE ON artifacts BEGIN SELECT RAISE(ABORT, 'kept for ever'); END"
    )
    ran = operator.run("forget", "--live", code=6)
    assert "kept for ever" in ran.out
    operator.run("pause", "INC-1")
    assert "[paused]" in operator.run("forget", "--live", code=6).err


def test_ctrl_c_ends_a_forgetting_after_its_call(operator: Operator) -> None:
    gone(operator, "raw/a")
    report = {**operator.json("forget", code=3), "dry_run": False, "done": False, "plan": None}
    started = operator.start("forget", "--live", "--max-deletes", "5", "--spread")

    def press(_asked: object) -> Answered:
        started.interrupt()
        return Answered(200, report)

    operator.instead(press)
    ran = started.finish(operator.served.turn)
    assert ran.code == 130
    assert ran.err.partition("to continue:\n")[2].strip() == "steward forget --max-deletes 5 --live --spread"


def test_findings_are_acknowledged_snoozed_and_woken_by_whom(operator: Operator) -> None:
    operator.world.database.script(
        "INSERT INTO artifacts (r2_bucket, r2_key, source_type) VALUES ('artifacts', 'raw/\x1b', 'unknown')"
    )
    operator.run("check", "--full", code=3)
    [found] = operator.json("findings", "--open", "--invariant", "no_unknown_source_type")["findings"]
    number = str(found["id"])
    out = operator.run("findings", "ack", number, "mine \x1b[2J").out
    assert re.search(r"acknowledged by \w+: mine \\x1b\[2J$", out, re.MULTILINE)
    tomorrow = (operator.world.clock.moment + timedelta(days=1)).isoformat()
    snoozed = operator.run("findings", "snooze", number, "--until", tomorrow, "--note", "later")
    assert re.search(r"snoozed until \S+ by \w+: later$", snoozed.out, re.MULTILINE)
    assert "snooze finding" in snoozed.err
    assert "snoozed" in operator.run("findings").out
    assert operator.json("findings", "wake", number)["quiet"] is None
    assert [one["did"] for one in operator.json("findings", "show", number)["history"]] == [
        "acknowledged",
        "snoozed",
        "woken",
    ]
    assert "until" in operator.run("findings", "snooze", number, "--until", "yesterday", code=2).err
    assert "There is no finding 999" in operator.run("findings", "ack", "999", "mine", code=2).err
    for wrong in (("ack", number), ("snooze", number), ("ack", "x", "mine"), ("nope",)):
        operator.run("findings", *wrong, code=2)
    operator.world.database.script("DELETE FROM artifacts")
    operator.run("check", "--full")
    assert "[resolved]" in operator.run("findings", "ack", number, "mine", code=6).err


def test_too_small_a_role_says_nothing_of_a_finding(operator: Operator) -> None:
    operator.served.api = Api(operator.world, {"STEWARD_TOKENS": TOKENS})
    where = Where(operator.where.home, {"STEWARD_URL": operator.served.url, "STEWARD_TOKEN": READ})
    for command, code in ((("findings",), 0), (("findings", "ack", "1", "mine"), 4), (("forget", "--live"), 4)):
        assert Started(where, *command).finish(operator.served.turn).code == code
