"""Make, look at, approve and apply plans on a `World`, over the application as its operator does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import httpx

import sql
from tests.support.actions import TOKEN, Api
from tests.support.fakes import World

APPROVER = "approver-0123456789abcdefghijklmnopqrstuv"
OPERATE = "operate-0123456789abcdefghijklmnopqrstuvw"
READ = "reads-0123456789abcdefghijklmnopqrstuvwxy"
TOKENS = f"anna:approve:{APPROVER} ole:operate:{OPERATE} rita:read:{READ}"


@dataclass(frozen=True)
class Planner:
    """Somebody at the Worker of a world, with a token that may do all unless told otherwise."""

    world: World
    variables: dict[str, object] = field(default_factory=dict)
    token: str = TOKEN

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Make a request."""
        variables = {"STEWARD_TOKEN": TOKEN, "STEWARD_TOKENS": TOKENS, "MAX_DELETES": 1_000_000, **self.variables}
        content = None if method == "GET" else json.dumps(body or {}).encode()
        said = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers}
        return Api(self.world, variables).send(method, path, content, said)

    def answer(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Make a request that must succeed, and return the answer."""
        answer = self.ask(method, path, body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def refused(self, method: str, path: str, body: object = None, status: int = 409) -> str:
        """Make a request that must be refused, and return the reason, or the field that is wrong."""
        answer = self.ask(method, path, body)
        assert answer.status_code == status, answer.text
        found = answer.json()
        return str(found.get("reason") or found.get("field"))

    def planned(self, path: str = "/recover", **request: object) -> dict[str, Any]:
        """Do a dry run, and return its plan."""
        plan: dict[str, Any] = self.answer("POST", path, {**request})["plan"]
        return plan

    def plan(self, number: int = 1) -> dict[str, Any]:
        """Return a plan as it is listed."""
        return self.answer("GET", f"/plans/{number}")

    def items(self, number: int = 1, query: str = "") -> list[dict[str, Any]]:
        """Return what a plan would do."""
        lines = self.ask("GET", f"/plans/{number}/items{query}").text.rstrip("\n").split("\n")
        *items, end = map(json.loads, lines)
        assert end == {"end": True, "items": len(items), "next": None}
        return items

    def applied(self, number: int = 1, **request: object) -> dict[str, Any]:
        """Apply a plan to its end, and return the last report."""
        report: dict[str, Any] = {}
        for _ in range(100):
            report = self.answer("POST", f"/plans/{number}/apply", request)
            if report.get("done", not report.get("truncated")):
                return report
        raise AssertionError(f"the plan does not come to an end: {report}")


def state_of(world: World) -> dict[str, list[tuple[object, ...]]]:
    """Return the owner's tables."""
    tables = world.database.all(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'steward_*' AND name NOT GLOB 'sqlite_*'"
    )
    look = "SELECT rowid, * FROM {} ORDER BY rowid"
    return {str(name): world.database.all(look.format(sql.quote(str(name)))) for (name,) in tables}
