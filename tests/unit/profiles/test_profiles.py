"""Several databases in one Worker: each has its turn, and nothing of one reaches another."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

from cron.profiles import MOST, tick_all
from errors import ConfigError, PlatformError
from events.profiles import deliver_all
from ports import Ports, Result, Statement
from profiles.apart import apart
from profiles.overview import overview
from runs.asked import counted
from settings import Settings, read_settings
from tests.support.actions import numbered
from tests.support.events import delivery, notification, now
from tests.support.fakes import DictBucket, DictStore, ManualClock, RecordingPoster, SqliteDatabase, World, migrate
from tests.support.flows import KeptFlows

CRON = "*/15 * * * *"
HOOK = {"ALERT_WEBHOOK_URL": "https://example.com/hook", "ALERT_WEBHOOK_SECRET": "s"}


class SilentDatabase(SqliteDatabase):
    """A database that gives no answer."""

    async def batch(self, statements: list[Statement]) -> list[Result]:  # type: ignore[override]  # it takes any
        raise PlatformError(f"D1 does not take {len(statements)} statements.")


@dataclass
class Worlds:
    """The databases of one Worker, which shares its KV, its clock and its outgoing HTTP between them."""

    names: tuple[str, ...]
    variables: dict[str, object] = field(default_factory=dict)
    worlds: dict[str, World] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store, self.clock, self.poster = DictStore(), ManualClock(), RecordingPoster()
        self.flows = KeptFlows(self.clock)
        for name in self.names:
            world = World(store=self.store, clock=self.clock, poster=self.poster, flows=self.flows)
            migrate(world.database)
            world.rules((1, "raw/*", "raw"))
            world.bucket.put(*numbered(3))
            self.worlds[name] = world

    @property
    def settings(self) -> Settings:
        """The settings of the first profile."""
        profiles = [{"name": name, "database": "DB" if at == 0 else f"D{at}"} for at, name in enumerate(self.names)]
        return read_settings({"BACKFILL_MODE": "live", **self.variables, "PROFILES": profiles})

    def connect(self, settings: Settings) -> Ports:
        """Return the platform of a profile."""
        ports = apart(self.worlds[str(settings.profile)].ports(), settings)
        return counted(ports, settings.limits.queries // settings.tick_share)

    def tick(self) -> list[dict[str, Any]]:
        """Fire the cron once and return what came of each profile."""
        return list(asyncio.run(tick_all(self.settings, self.connect, CRON)).outcomes)

    def rows(self, name: str) -> int:
        """Return how many artifacts a profile has."""
        return int(str(self.worlds[name].database.one("SELECT count(*) FROM artifacts")))


def ten() -> Worlds:
    return Worlds(tuple(f"p{number}" for number in range(10)))


def test_a_tick_goes_through_all_and_one_that_fails_or_is_paused_takes_nothing_from_the_others() -> None:
    worlds = ten()
    worlds.worlds["p3"].database = SilentDatabase()
    worlds.worlds["p5"].database.script("UPDATE steward_control SET paused_by = 'ann', paused_at = 'now'")
    outcomes = {one["profile"]: one for one in worlds.tick()}
    assert {name: one["status"] for name, one in outcomes.items()} == {
        name: "failed" if name == "p3" else "succeeded" for name in worlds.names
    }
    assert {name: worlds.rows(name) for name in worlds.names if name != "p3"} == {
        name: 0 if name == "p5" else 3 for name in worlds.names if name != "p3"
    }
    assert "D1 does not take" in str(outcomes["p3"]["why"])


class SlowBucket(DictBucket):
    """A bucket whose every list takes long."""

    clock: ManualClock

    async def list_page(self, request: Any) -> Any:  # noqa: ANN401  # as it is of a bucket
        self.clock.advance(seconds=5)
        return await super().list_page(request)


def test_a_slow_one_leaves_the_others_their_share_of_the_time() -> None:
    worlds = ten()
    slow = SlowBucket()
    slow.clock = worlds.clock
    slow.put(*numbered(20_000))
    worlds.worlds["p0"].buckets = {"artifacts": slow}
    began = worlds.clock.moment
    worlds.tick()
    assert all(worlds.rows(name) == 3 for name in worlds.names[1:])
    assert 0 < worlds.rows("p0") < 20_000
    assert (worlds.clock.moment - began).total_seconds() < 60


def test_more_profiles_than_a_tick_takes_have_their_turns() -> None:
    worlds = Worlds(tuple(f"p{number:02}" for number in range(25)))
    turns = [[one["profile"] for one in worlds.tick()] for _ in range(5)]
    assert [len(turn) for turn in turns] == [MOST] * 5
    assert [name for turn in turns for name in turn] == [*worlds.names, *worlds.names]
    assert all(worlds.rows(name) == 3 for name in worlds.names)


def test_a_hundred_databases_are_all_walked_after_ten_ticks() -> None:
    worlds = Worlds(tuple(f"p{number:02}" for number in range(100)))
    for _ in range(10):
        worlds.tick()
    assert [worlds.rows(name) for name in worlds.names] == [3] * 100


def test_what_is_shared_carries_the_profiles_name() -> None:
    worlds = Worlds(("first", "second"))
    worlds.tick()
    assert set(worlds.store.values) == {
        "backfill:artifacts:",
        "profile:second:backfill:artifacts:",
        "profiles:last",
    }


def test_the_flows_of_two_databases_that_began_at_once_are_two() -> None:
    worlds = Worlds(("first", "second"), {"PASS_ENGINE": "workflow"})
    worlds.clock.per_look *= 0
    worlds.tick()
    started = worlds.flows.instances
    assert {one.params["profile"] for one in started.values()} == {"first", "second"}
    assert max(map(len, started)) <= 64 - len("-9999")


def test_alerts_say_whose_they_are_and_the_heartbeat_comes_once() -> None:
    worlds = Worlds(("first", "second"), {**HOOK, "HEARTBEAT_URL": "https://example.com/beat"})
    worlds.worlds["second"].database.script("DROP TRIGGER steward_guard_known_type")
    worlds.worlds["second"].database.script("UPDATE steward_control SET set_up_at = 'then'")
    worlds.tick()
    bodies = [body for _, url, body, _ in worlds.poster.sent if url.endswith("/hook")]
    assert any("[second] artifact-steward: guards_present" in body for body in bodies)
    assert all("[first]" not in body for body in bodies)
    assert [url for _, url, _, _ in worlds.poster.sent if "/beat" in url] == ["https://example.com/beat"]


def test_the_overview_has_a_line_for_each_and_hides_none_behind_one_that_fails() -> None:
    worlds = Worlds(("first", "second", "third"))
    worlds.worlds["second"].database = SilentDatabase()

    def connect(settings: Settings) -> Ports:
        if settings.profile == "third":
            raise ConfigError("D2", "the binding is missing.", hint="Add it.")
        return worlds.connect(settings)

    first, second, third = asyncio.run(overview(worlds.settings, connect))
    assert (first["error"], first["state"]["open_errors"]) == (None, 0)  # type: ignore[index]  # a state is there
    assert "D1 does not take" in str(second["error"])
    assert "the binding is missing" in str(third["error"])


def test_events_go_to_the_profiles_whose_buckets_they_are_about() -> None:
    worlds = Worlds(("first", "second"))
    settings = worlds.settings
    second = replace(settings.all[1], buckets={"media": "MEDIA"})
    settings = replace(settings, beside=(settings.all[0], second))
    worlds.worlds["second"].buckets = {"media": DictBucket()}
    worlds.worlds["second"].bucket.put("raw/m")
    at = now(worlds.worlds["first"])
    keys = (("artifacts", "raw/a"), ("media", "raw/m"), ("other", "x"))
    bodies = [notification(key, bucket=bucket, at=at) for bucket, key in keys]
    assert asyncio.run(deliver_all(settings, worlds.connect, delivery(bodies))) is None
    look = "SELECT events_received, events_puts, events_other_bucket FROM steward_control"
    counts = {name: worlds.worlds[name].database.all(look) for name in worlds.names}
    assert counts == {"first": [(2, 1, 1)], "second": [(1, 1, 0)]}
