"""What several test modules need: run a backfill or a tick on a `World`, and look at what came of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from api.app import create_app
from backfill.request import BackfillRequest
from backfill.run import run_backfill
from cron.tick import run_tick
from ports import Database, Ports, Result, Statement
from settings import Settings, read_settings, read_tokens
from tests.support.fakes import SqliteDatabase, World
from tests.support.shapes import ShapedConnection
from tokens import Token
from words import COUNTS

TOKEN = "a-token-of-the-tests"
SETTINGS = read_settings({"STEWARD_TOKEN": TOKEN, "BACKFILL_MODE": "live"})


def backfill(on: World | Ports, settings: Settings = SETTINGS, **request: Any) -> dict[str, Any]:  # noqa: ANN401
    """Do one manual backfill and check that its counts add up."""
    ports = on.ports() if isinstance(on, World) else on
    report: dict[str, Any] = asyncio.run(run_backfill(ports, settings, BackfillRequest(**request)))
    assert report["scanned"] == sum(report[name] for name in COUNTS[1:])
    return report


def live(on: World | Ports, **request: Any) -> dict[str, Any]:  # noqa: ANN401
    """Do one manual live backfill."""
    return backfill(on, dry_run=False, **request)


def tick(on: World | Ports, **variables: object) -> dict[str, Any]:
    """Fire one cron tick, in mode `live` unless told otherwise."""
    ports = on.ports() if isinstance(on, World) else on
    settings = read_settings({"BACKFILL_MODE": "live", **variables})
    return asyncio.run(run_tick(ports, settings, "*/15 * * * *"))


def walked(outcome: Mapping[str, Any], bucket: str = "artifacts") -> dict[str, Any]:
    """Return what a tick reports of one bucket's backfill."""
    found: dict[str, Any] = outcome["counts"]["backfill"][bucket]
    return found


def counts(report: Mapping[str, Any]) -> dict[str, int]:
    """Return the six counts of a report."""
    return {name: report[name] for name in COUNTS}


def rows(world: World) -> list[tuple[object, ...]]:
    """Return bucket, key, type and time of every artifact, in key order."""
    return world.database.all(
        "SELECT r2_bucket, r2_key, source_type, fetched_at FROM artifacts ORDER BY r2_bucket, r2_key"
    )


def types(world: World) -> dict[object, object]:
    """Return the source type of every key."""
    return {key: kind for _, key, kind, _ in rows(world)}


def everything(world: World) -> str:
    """Return the whole database as text, so that a test can show that nothing changed."""
    return "\n".join(world.database.connection.iterdump())


def numbered(count: int, prefix: str = "raw/") -> list[str]:
    """Return `count` keys under a prefix, in order."""
    return [f"{prefix}{number:05}" for number in range(count)]


@dataclass
class RecordingDatabase:
    """A database that remembers each batch."""

    database: Database
    batches: list[list[Statement]] = field(default_factory=list)

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Remember the batch and run it."""
        self.batches.append(list(statements))
        return await self.database.batch(statements)

    async def bookmark(self) -> str | None:
        """Return the database's bookmark."""
        return await self.database.bookmark()


@dataclass
class Interposed:
    """A database before whose batches something else happens: `before` is given each batch and its number."""

    database: Database
    before: Callable[[int, Sequence[Statement]], None]
    batches: int = 0

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Let the other thing happen, then run the batch."""
        self.batches += 1
        self.before(self.batches, statements)
        return await self.database.batch(statements)

    async def bookmark(self) -> str | None:
        """Return the database's bookmark."""
        return await self.database.bookmark()


class DefectiveDatabase(SqliteDatabase):
    """A database on which a statement that holds a text raises what nobody foresaw."""

    def __init__(self, connection: ShapedConnection, text: str, error: BaseException) -> None:
        self.connection = connection
        self.text = text
        self.error = error

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Raise, or run the batch."""
        if any(self.text in one.sql for one in statements):
            raise self.error
        return await super().batch(statements)


@dataclass(frozen=True)
class FakeEnvironment:
    """Where the application finds its configuration and platform in a unit test."""

    world: World
    variables: Mapping[str, object]
    own_ports: Ports | None = None

    def tokens(self) -> tuple[Token, ...]:
        """Return the tokens."""
        return read_tokens(self.variables.get("STEWARD_TOKEN"), self.variables.get("STEWARD_TOKENS"))

    def settings(self) -> Settings:
        """Return the settings, or raise ConfigError."""
        return read_settings(self.variables)

    def ports(self, settings: Settings) -> Ports:  # noqa: ARG002  # part of the protocol
        """Return the ports."""
        return self.own_ports or self.world.ports()

    async def may_fail_again(self, client: str) -> bool:
        """Count the failure; no more than three of a client, and ten of all."""
        self.world.failures[client] = self.world.failures.get(client, 0) + 1
        return self.world.failures[client] <= 3 and sum(self.world.failures.values()) <= 10


@dataclass(frozen=True)
class Api:
    """The HTTP application on a world of fakes."""

    world: World
    variables: Mapping[str, object] = field(default_factory=lambda: {"STEWARD_TOKEN": TOKEN})
    ports: Ports | None = None
    """In place of the world's own."""

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Make one request with exactly these bytes and headers."""
        app = create_app(lambda: FakeEnvironment(self.world, self.variables, self.ports))
        raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]

        async def request() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://steward") as client:
                return await client.request(method, path, content=body, headers=raw)

        return asyncio.run(request())

    def json(self, method: str, path: str, body: object = None) -> httpx.Response:
        """Make one authenticated request with a JSON body."""
        content = None if body is None else json.dumps(body).encode()
        return self.send(method, path, content, {"Authorization": f"Bearer {TOKEN}", **JSON_TYPE})


JSON_TYPE = {"Content-Type": "application/json"}
