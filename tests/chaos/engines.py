"""Where a scenario runs: the fakes here, the real runtime in `gated`; a fault waits at one numbered call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from backfill.request import BackfillRequest
from backfill.run import run_backfill
from errors import StewardError
from ports import Ports
from recovery.undo_run import undo_run
from settings import Settings, read_settings
from tests.chaos.faults import Fault
from tests.chaos.fixtures import (
    SETTINGS,
    UPLOADED,
    Asked,
    check_once,
    dump,
    let_the_lease_run_out,
    recover_once,
    tick_once,
)
from tests.support.databases import recovered
from tests.support.fakes import World
from tests.support.interruption import fused

Report = dict[str, Any]
DRY = read_settings({"BACKFILL_MODE": "dry"})


class Engine(Protocol):
    """A platform in a known state, and the steward at work on it."""

    @property
    def database(self) -> Asked:
        """The database."""
        ...

    def trouble(self) -> AbstractContextManager[None]:
        """Let the fault strike meanwhile; outside, a failure of the steward is a failure of the test."""
        ...

    def tick(self, *, dry: bool = False) -> Report | None:
        """Fire the cron; return status and counts, None where the tick did not come to record them."""
        ...

    def post(self, path: str, body: Mapping[str, Any]) -> Report | None:
        """Ask the steward; return its report, None where it says that it failed."""
        ...

    def wait(self) -> None:
        """Let the lease of a run that ended without a word run out."""
        ...

    def dump(self, but: tuple[str, ...]) -> object:
        """Return the schema, and every row of every table that is not in `but`."""
        ...

    def uploaded(self) -> Mapping[str, str]:
        """Return the time of every object."""
        ...

    def stored(self) -> Mapping[str, str]:
        """Return what KV holds."""
        ...


def answered(ports: Ports, path: str, body: Mapping[str, Any]) -> Report:
    """Do what the API does with a request."""
    match path.split("/"):
        case ["", "backfill"]:
            return asyncio.run(run_backfill(ports, SETTINGS, BackfillRequest(**body)))
        case ["", "check"]:
            return check_once(ports, body["mode"])
        case ["", "recover"] if body["dry_run"]:
            return recovered(ports)
        case ["", "recover"]:
            return recover_once(ports, max_groups=body["max_groups"])
        case ["", "runs", number, "undo"]:
            return asyncio.run(undo_run(ports, SETTINGS, int(number)))
    raise AssertionError(path)


class FakeEngine:
    """The fakes, with one fault."""

    def __init__(self, world: World, fault: Fault) -> None:
        self.world = world
        self.fault = fault
        self.ports = world.ports()
        self.in_trouble = False

    @property
    def database(self) -> Asked:
        """The database."""
        return self.world.database

    @contextmanager
    def trouble(self) -> Iterator[None]:
        """Put the fault between the steward and the platform."""
        self.ports, self.in_trouble = fused(self.world, self.fault), True
        yield
        self.ports, self.in_trouble = self.world.ports(), False

    def tick(self, *, dry: bool = False) -> Report | None:
        """Fire the cron."""
        settings: Settings = DRY if dry else SETTINGS
        return self._told(lambda: tick_once(self.ports, settings))

    def post(self, path: str, body: Mapping[str, Any]) -> Report | None:
        """Do what the API does."""
        return self._told(lambda: answered(self.ports, path, body))

    def _told(self, work: Callable[[], Report]) -> Report | None:
        try:
            return work()
        except StewardError:
            if not self.in_trouble:
                raise
            return None

    def wait(self) -> None:
        """Move the clock on."""
        let_the_lease_run_out(self.world)

    def dump(self, but: tuple[str, ...]) -> object:
        """Return the database as text."""
        return dump(self.world, but=but)

    def uploaded(self) -> Mapping[str, str]:
        """Return the time of every object."""
        return dict.fromkeys(self.world.bucket.sizes, UPLOADED)

    def stored(self) -> Mapping[str, str]:
        """Return what the store holds."""
        return dict(self.world.store.values)
