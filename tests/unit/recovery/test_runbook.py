"""The runbook is pasted at night: each of its commands is run here, in order, and prints what it says."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.support.actions import TOKEN, Api
from tests.support.command import Where
from tests.support.fakes import World, migrate
from tests.support.runbook import BEFORE, RULES, Command, commands, paste, shows, shows_text
from tests.support.served import Served


def night() -> World:
    world = World()
    world.database.script(BEFORE)
    migrate(world.database)
    world.rules(*RULES)
    return world


def prints(served: Served, where: Where, command: Command) -> str:
    """Return what the command prints where that is not what is shown, else nothing."""
    if not command.sql:
        printed = paste(where, command, served.turn)
        return "" if shows_text(command.printed, printed) else printed
    try:
        rows = [dict(row) for row in served.api.world.database.connection.execute(command.sql)]
        found: object = [{"results": rows, "success": True}]
    except sqlite3.Error as error:
        found = {"error": {"text": f"{error}: SQLITE_CONSTRAINT"}}
    return "" if shows(command.printed, found) else json.dumps(found, indent=1)


def test_every_command_prints_what_the_runbook_shows(tmp_path: Path) -> None:
    ran = 0
    with closing(Served(Api(night()))) as served:
        where = Where(tmp_path, {"STEWARD_URL": served.url, "STEWARD_TOKEN": TOKEN})
        for command in commands():
            other = prints(served, where, command)
            assert not other, f"{command.section}: {command.pasted}\n{other}"
            ran += 1
    assert ran > 20


def test_every_section_has_something_to_paste() -> None:
    sections = {command.section for command in commands()}
    assert sections >= {
        "Duplicates",
        "Unknown source types",
        "Orphans",
        "Unique index",
        "Guards",
        "Pausing and resuming",
        "Undo",
        "A run that failed",
    }


def test_what_is_shown_may_leave_fields_out_but_not_differ() -> None:
    assert shows({"a": 1}, {"a": 1, "b": 2})
    assert not shows({"a": 1}, {"b": 2})
    assert shows([{"a": 1}, {"a": 3}], [{"a": 1}, {"a": 2}, {"a": 3}])
    assert not shows([{"a": 3}, {"a": 1}], [{"a": 1}, {"a": 3}])
    assert not shows([], [1])
    assert shows("a…c", "abc")
    assert not shows("a…c", "ab")
    assert not shows({"a": 1}, {"a": True})


def test_text_may_leave_lines_out_and_be_narrower_but_not_differ() -> None:
    assert shows_text("a  b\nd …f\n", "a b\n\nc\nd   e f\n")
    assert not shows_text("a b\n", "a b c\n")
    assert not shows_text("b\na\n", "a\nb\n")
