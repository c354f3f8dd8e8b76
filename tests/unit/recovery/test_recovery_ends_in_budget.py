"""Every loop of a recovery ends within one call's budget, and continues in the next call."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from errors import PlatformError
from ports import Database, Result, Statement
from recovery.call import RecoverRequest, Sizes
from recovery.run import recover
from tests.support.actions import types
from tests.support.databases import SETTINGS, Shape, steps
from tests.support.fakes import World

QUERIES = 1_000


@dataclass
class LimitedDatabase:
    """A database that refuses the query after the thousandth, as D1 does within one invocation."""

    database: Database
    queries: int = 0

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        self.queries += len(statements)
        if self.queries > QUERIES:
            raise PlatformError(f"Too many API requests by single Worker invocation: {self.queries}.")
        return await self.database.batch(statements)

    async def bookmark(self) -> str | None:
        return await self.database.bookmark()


def call(world: World, **request: Any) -> dict[str, Any]:  # noqa: ANN401  # the fields of a request
    """Do one live call of a recovery that classifies two rows a batch, in an invocation of its own."""
    ports = replace(world.ports(), database=LimitedDatabase(world.database))
    asked = RecoverRequest(dry_run=False, **request)
    return asyncio.run(recover(ports, SETTINGS, asked, sizes=Sizes(classify_rows=2)))


def calls(world: World) -> list[dict[str, Any]]:
    """Call the recovery until it is done."""
    reports = [call(world)]
    while not reports[-1]["done"]:
        assert "error" not in str(reports[-1]["steps"][-1].get("error", "")), reports[-1]
        reports.append(call(world))
        assert len(reports) < 20
    return reports


@pytest.fixture
def world() -> World:
    world = Shape().world()
    for number in range(1, 1201):
        Shape().artifact(world, number, f"{'raw' if number % 2 else 'odd'}/{number:05}", "unknown")
    world.rules((1, "raw/*", "raw"))
    return world


def test_a_classification_of_more_rows_than_one_call_can_do_continues_in_the_next(world: World) -> None:
    reports = calls(world)
    assert len(reports) > 1
    assert not reports[0]["done"]
    assert "goes_on" in steps(reports[0])["classify"]
    assert sum(steps(report)["classify"]["changed"] for report in reports) == 600
    assert list(types(world).values()).count("raw") == 600
    assert world.database.all("SELECT DISTINCT status FROM steward_runs WHERE id > 1 OR 1 ORDER BY 1") == [
        ("stopped",), ("succeeded",),
    ]  # fmt: skip


def test_rows_that_no_rule_matches_are_not_walked_again_by_each_call(world: World) -> None:
    world.database.script("DELETE FROM source_type_rules")
    reports = calls(world)
    ends = [steps(report)["classify"].get("goes_on", {}).get("after") for report in reports]
    assert all(first < second for first, second in itertools.pairwise(ends[:-1]))
    assert reports[-1]["done"]


def test_a_call_that_merges_classifies_and_checks_stays_within_a_thousand_queries(world: World) -> None:
    world.database.script("DROP INDEX mine")
    for number in range(2001, 2301):
        Shape().artifact(world, number, f"two/{number // 2:05}", "raw")
    assert calls(world)[-1]["done"]


def test_a_further_round_classifies_from_the_beginning_and_not_from_where_an_earlier_call_stopped() -> None:
    world = Shape().world()
    world.rules((1, "*", "raw"))
    for number in range(1, 1201):
        Shape().artifact(world, number, f"raw/{number:05}", "unknown")
    first = call(world)
    assert "goes_on" in steps(first)["classify"]
    Shape().artifact(world, 5000, "raw/00000", "unknown")
    last = calls(world)[-1]
    assert (last["done"], last["ok"]) == (True, True)
    assert set(types(world).values()) == {"raw"}
