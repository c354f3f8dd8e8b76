from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import runbook
from tests.support.actions import Api
from tests.support.command import Ran, Started, Where
from tests.support.fakes import World, migrate, migrated_world
from tests.support.served import Asked, Instead, Served

STRONG = "0123456789abcdef0123456789abcdef"
RULES = ((10, "raw/*.pdf", "report"), (20, "raw/*", "raw"))


@dataclass
class Operator:
    """A person with a terminal, and the Worker that they look after."""

    world: World
    served: Served
    where: Where

    def start(self, *arguments: str, stdin: str = "", terminal: bool = False) -> Started:
        """Start a command."""
        return Started(self.where, *arguments, stdin=stdin, terminal=terminal)

    def run(self, *arguments: str, stdin: str = "", terminal: bool = False, code: int = 0) -> Ran:
        """Run a command that must end with this code."""
        ran = self.start(*arguments, stdin=stdin, terminal=terminal).finish(self.served.turn)
        assert ran.code == code, ran
        return ran

    def json(self, *arguments: str, stdin: str = "", code: int = 0) -> Any:  # noqa: ANN401  # JSON
        """Run a command and return the one document on its stdout."""
        return json.loads(self.run(*arguments, "--json", stdin=stdin, code=code).out)

    def instead(self, answer: Instead) -> None:
        """Let this look at each request first."""
        self.served.instead = answer

    def asked(self, path: str) -> list[Asked]:
        """Return the requests to a path."""
        return [one for one in self.served.asked if one.path.partition("?")[0] == path]

    def put(self, *keys: str) -> None:
        """Store objects."""
        for key in keys:
            self.world.bucket.put(key)


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    world = migrated_world()
    world.rules(*RULES)
    yield from operating(world, tmp_path)


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Operator]:
    """The database of the runbook, with duplicates, an orphan, and no unique index."""
    world = World()
    world.database.script(runbook.BEFORE)
    migrate(world.database)
    world.rules(*runbook.RULES)
    yield from operating(world, tmp_path)


def operating(world: World, home: Path) -> Iterator[Operator]:
    served = Served(Api(world, {"STEWARD_TOKEN": STRONG, "BACKFILL_MODE": "live"}))
    variables = {"STEWARD_URL": served.url, "STEWARD_TOKEN": STRONG}
    yield Operator(world, served, Where(home, variables))
    served.close()
