"""The runbook is pasted at night: each of its commands is run here, in order, and prints what it says."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from tests.support.actions import Api
from tests.support.fakes import World, migrate
from tests.support.runbook import BEFORE, RULES, Command, commands, shows


def night() -> World:
    world = World()
    world.database.script(BEFORE)
    migrate(world.database)
    world.rules(*RULES)
    return world


def run(world: World, command: Command) -> Any:  # noqa: ANN401  # JSON
    """Return what the command prints."""
    if command.sql:
        try:
            rows = [dict(row) for row in world.database.connection.execute(command.sql)]
        except sqlite3.Error as error:
            return {"error": {"text": f"{error}: SQLITE_CONSTRAINT"}}
        return [{"results": rows, "success": True}]
    method, path, body = command.request
    return Api(world).json(method, path, None if body is None else json.loads(body)).json()


def test_every_command_prints_what_the_runbook_shows() -> None:
    world = night()
    ran = 0
    for command in commands():
        printed = run(world, command)
        assert shows(command.printed, printed), f"{command.section}: {command.line}\n{json.dumps(printed, indent=1)}"
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
