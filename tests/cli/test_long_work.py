"""Long work: many calls as one, seen while it goes on, stopped and continued, whatever the Worker does meanwhile."""

from __future__ import annotations

import json
import re
import shlex
import time

import pytest

from steward.progress import duration, figures
from tests.cli.conftest import Operator
from tests.support.actions import numbered, rows, tick
from tests.support.command import Started, installed
from tests.support.served import CUT, Answered, Asked

BUSY = Answered(409, {"detail": "Run 7 is in progress.", "hint": "Wait.", "status": 409, "reason": "busy"})


def continuation(err: str) -> list[str]:
    """Return the arguments of the command that is said to continue."""
    return shlex.split(err.partition("to continue:\n")[2].splitlines()[0])[1:]


def test_slices_are_one_report(operator: Operator) -> None:
    operator.put(*numbered(25), "other/1", "other/2")
    whole = operator.json("backfill", code=3)
    sliced = operator.json("backfill", "--slice", "4", code=3)
    assert len(operator.asked("/backfill")) == 1 + 7
    changing = ("run_id", "pages", "cost", "duration_ms", "plan", "forecast")
    assert [name for name in whole if whole[name] != sliced[name] and name not in changing] == []
    assert rows(operator.world) == []
    assert sliced["pages"] == 7


def test_no_more_than_asked_for(operator: Operator) -> None:
    operator.put(*numbered(25))
    report = operator.json("backfill", "--max-objects", "10", "--slice", "4", code=3)
    assert (report["scanned"], report["truncated"]) == (10, True)


def test_a_recovery_in_slices_is_the_recovery(night: Operator) -> None:
    report = night.json("recover", "--live", "--max-groups", "1", code=3)
    assert len(night.asked("/recover")) == 2
    [merge] = [step for step in report["steps"] if step["name"] == "dedupe"]
    assert {name: merge[name] for name in ("before", "after", "changed", "groups", "children_remapped")} == {
        "before": 2,
        "after": 0,
        "changed": 2,
        "groups": 2,
        "children_remapped": 2,
    }
    assert report["done"]


def test_a_terminal_shows_a_bar_with_rate_and_time_left_and_stdout_only_data(operator: Operator) -> None:
    operator.put(*numbered(30))
    operator.run("pass", "--live")
    operator.instead(lambda asked: a_while() if asked.path == "/backfill" else None)
    ran = operator.run("backfill", "--slice", "10", "--json", terminal=True)
    assert json.loads(ran.out)["scanned"] == 30
    assert "backfill, dry" in ran.err
    assert "━" in ran.err
    assert re.search(r"\d+ of 30 objects, [\d,]+/s, \d+ s left", ran.err)
    assert "30 of 30 objects" in ran.err


def a_while() -> None:
    """Answer so late that the bar is drawn in between: it is, ten times a second."""
    time.sleep(0.3)


def test_without_a_terminal_there_is_no_bar(operator: Operator) -> None:
    operator.put(*numbered(30))
    assert "\x1b" not in operator.run("backfill", "--slice", "3", code=3).err


def test_figures_say_how_fast_and_how_long_yet() -> None:
    assert figures(500, 2000, "objects", 10.0) == "500 of 2,000 objects, 50/s, 30 s left"
    assert figures(1500, 2000, "objects", 10.0, begun_at=1000) == "1,500 of 2,000 objects, 50/s, 10 s left"
    assert figures(500, None, "rows", 10.0) == "500 rows, 50/s"
    assert figures(0, 10, "rows", 0.0) == "0 of 10 rows"
    assert [duration(seconds) for seconds in (12, 89, 150, 7500)] == ["12 s", "89 s", "2 min", "2 h 5 min"]


@pytest.mark.parametrize("command", ["backfill", "pass"])
def test_ctrl_c_ends_after_the_slice_and_what_it_says_continues(operator: Operator, command: str) -> None:
    operator.put(*numbered(20))
    started = operator.start(command, "--live", "--slice", "5", "--json")

    def press_in_the_second(asked: Asked) -> None:
        if asked.path == "/backfill" and len(operator.asked("/backfill")) == 2:
            started.interrupt()

    operator.instead(press_in_the_second)
    ran = started.finish(operator.served.turn)
    assert ran.code == 130
    assert "stopping after this slice" in ran.err
    report = json.loads(ran.out)
    assert (report["scanned"], report["truncated"]) == (10, True)
    assert len(rows(operator.world)) == 10
    operator.instead(lambda _asked: None)
    rest = operator.json(*continuation(ran.err))
    assert rest["scanned"] == rest["inserted"] == 10
    assert len(rows(operator.world)) == 20


def test_a_second_ctrl_c_ends_at_once(operator: Operator) -> None:
    operator.put(*numbered(20))
    started = operator.start("backfill", "--live", "--slice", "5")

    def press_twice(_asked: Asked) -> Answered:
        started.interrupt()
        time.sleep(0.3)
        started.interrupt()
        started.process.wait(10)
        return CUT

    operator.instead(press_twice)
    ran = started.finish(operator.served.turn)
    assert (ran.code, ran.out) == (130, "")
    assert continuation(ran.err) == ["backfill", "--live"]


def test_ctrl_c_during_a_recovery_leaves_it_to_be_continued(night: Operator) -> None:
    started = night.start("recover", "--live", "--max-groups", "1")
    night.instead(lambda asked: started.interrupt() if asked.path == "/recover" else None)
    ran = started.finish(night.served.turn)
    assert (ran.code, len(night.asked("/recover"))) == (130, 1)
    night.instead(lambda _asked: None)
    assert night.json(*continuation(ran.err), code=3)["done"]


@pytest.mark.parametrize("trouble", [CUT, BUSY, Answered(502, "<html>")])
def test_trouble_in_the_middle_is_waited_for(operator: Operator, trouble: Answered) -> None:
    operator.put(*numbered(20))
    operator.instead(lambda asked: trouble if asked.number == 2 else None)
    ran = operator.run("backfill", "--live", "--slice", "5", "--json")
    assert json.loads(ran.out)["scanned"] == 20
    assert "Trying again in 1 s" in ran.err
    assert len(rows(operator.world)) == 20


@pytest.mark.parametrize(("trouble", "code"), [(CUT, 1), (BUSY, 5)])
def test_patience_ends_and_what_was_done_is_said(operator: Operator, trouble: Answered, code: int) -> None:
    operator.put(*numbered(20))
    operator.instead(lambda asked: trouble if asked.number >= 2 else None)
    ran = operator.run("backfill", "--live", "--slice", "5", "--patience", "0", "--json", code=code)
    assert json.loads(ran.out)["scanned"] == 5
    operator.instead(lambda _asked: None)
    assert operator.json(*continuation(ran.err))["scanned"] == 15


def test_a_refusal_in_the_middle_ends_it_at_once(operator: Operator) -> None:
    operator.put(*numbered(20))
    paused = Answered(409, {"detail": "Backfill is paused.", "status": 409, "reason": "paused"})
    operator.instead(lambda asked: paused if asked.number == 2 else None)
    ran = operator.run("backfill", "--live", "--slice", "5", code=6)
    assert "paused" in ran.err
    assert continuation(ran.err)[0] == "backfill"


def test_calls_that_list_nothing_are_not_made_for_ever(operator: Operator) -> None:
    operator.put(*numbered(20))
    stuck = operator.json("backfill", "--max-objects", "5", code=3)
    nothing = {**stuck, "scanned": 0, "truncated": True, "stopped_because": "overloaded"}
    operator.instead(lambda _asked: Answered(200, nothing))
    assert "listed nothing (overloaded)" in operator.run("backfill", "--patience", "0", code=5).err


def test_a_key_that_no_shell_line_should_hold_is_continued_by_its_cursor(operator: Operator) -> None:
    operator.put(*(f"raw/\x1b[31m{number}" for number in range(4)))
    operator.instead(lambda asked: CUT if asked.number == 2 else None)
    ran = operator.run("backfill", "--slice", "2", "--patience", "0", code=1)
    assert "\x1b" not in ran.err
    assert continuation(ran.err)[:2] == ["backfill", "--cursor"]
    assert operator.json(*continuation(ran.err), code=3)["scanned"] == 2


def test_ctrl_c_in_short_work_ends_it_without_a_traceback(operator: Operator) -> None:
    started = operator.start("check", "--json")

    def press(_asked: Asked) -> Answered:
        started.interrupt()
        started.process.wait(10)
        return CUT

    operator.instead(press)
    ran = started.finish(operator.served.turn)
    assert (ran.code, ran.out, ran.err) == (130, "", "")


def test_a_reader_that_stops_reading_is_no_traceback(operator: Operator) -> None:
    started = Started(installed(operator.where), "steward rules get | true", program=("bash", "-c"))
    assert started.finish(operator.served.turn).err == ""


def test_a_bar_of_a_pass_under_way_begins_where_the_pass_stands(operator: Operator) -> None:
    operator.put(*numbered(30))
    operator.run("pass", "--live")
    tick(operator.world, TICK_MAX_OBJECTS=10, PASS_INTERVAL_HOURS=0)
    ran = operator.run("pass", "--live", "--slice", "5", "--json", terminal=True)
    assert json.loads(ran.out)["scanned"] == 20
    assert "10 of 30 objects" in ran.err
    assert "30 of 30 objects" in ran.err


def test_a_command_to_continue_stays_one_line_on_a_narrow_terminal(operator: Operator) -> None:
    operator.put(*(f"raw/{'long' * 60}/{number}" for number in range(4)))
    operator.instead(lambda _asked: CUT if len(operator.asked("/backfill")) > 1 else None)
    ran = operator.run("backfill", "--slice", "2", "--patience", "0", terminal=True, code=1)
    assert continuation(ran.err.replace("\r\n", "\n"))[0] == "backfill"
    operator.instead(lambda _asked: None)
    assert operator.json(*continuation(ran.err.replace("\r\n", "\n")), code=3)["scanned"] == 2
