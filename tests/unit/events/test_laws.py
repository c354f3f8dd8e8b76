"""The laws of events: whatever order, repetition or loss, the table is that of a pass, and no mark is wrong."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from runs.lease import LEASE
from tests.support.actions import tick, types
from tests.support.events import delivered, notification, now, told
from tests.support.fakes import World, migrated_world
from tests.support.interruption import Fuse, KilledError, fused
from tests.support.shapes import examples, typed

RULES = ((1, "raw/*.pdf", "report"), (2, "raw/*", "raw"))
KEYS = ["raw/a", "raw/a", "raw/\U00010000.pdf", "raw/\ufffd %2F", "raw/folder/", "other"]
"""Few, so that one is put, deleted and put again."""

KEY = st.sampled_from(KEYS)
PUT = st.tuples(st.just("put"), KEY)
DELETE = st.tuples(st.just("delete"), KEY)
WRITE = st.tuples(st.just("write"), KEY)
PASS = st.tuples(st.just("pass"), st.just(""))
WAIT = st.tuples(st.just("wait"), st.just(""))
STEPS = st.lists(st.one_of(PUT, PUT, PUT, DELETE, DELETE, WRITE, PASS, WAIT), min_size=6, max_size=16)
CHANCE = st.randoms(use_true_random=False)
KILLS = st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=4)

bounded = settings(max_examples=examples(60), deadline=None)


@dataclass
class Scene:
    """A bucket whose changes are notified, the index, and other writers."""

    chance: Random
    lossy: bool
    world: World = field(default_factory=migrated_world)
    waiting: list[dict[str, object]] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)
    """Keys of which a delete was delivered."""
    times: dict[str, set[str]] = field(default_factory=dict)
    kills: list[tuple[int, bool]] = field(default_factory=list)
    written: set[str] = field(default_factory=set)
    """Keys of the rows that another writer wrote."""

    def __post_init__(self) -> None:
        self.world.rules(*RULES)

    def step(self, what: str, key: str) -> None:
        """Do one thing, and let the queue deliver some of what waits."""
        getattr(self, f"_{what}")(key)
        self.world.clock.advance(seconds=1)
        self.deliver(self.chance.randint(0, 3))

    def _put(self, key: str) -> None:
        at, bucket = now(self.world), self.world.bucket
        bucket.put(key, size=0 if key.endswith("/") else 5)
        bucket.times[key] = at
        self.times.setdefault(key, set()).add(at)
        self.waiting.append(notification(key, at=at, size=bucket.sizes[key]))

    def _delete(self, key: str) -> None:
        if self.world.bucket.sizes.pop(key, None) is not None:
            self.waiting.append(notification(key, "DeleteObject", at=now(self.world)))

    def _write(self, key: str) -> None:
        insert = "INSERT OR IGNORE INTO artifacts (r2_bucket, r2_key, source_type) VALUES ('artifacts', ?, ?)"
        self.world.database.connection.execute(insert, (key, self.chance.choice(["unknown", "by hand"])))
        self.written.add(key)
        # A row that comes after the delete was delivered is for the next pass to tell.
        self.deleted.discard(key)

    def _pass(self, _key: str) -> None:
        tick(self.world, **PASSES)

    def _wait(self, _key: str) -> None:
        self.world.clock.advance(hours=2)

    def deliver(self, most: int, *, again: bool = True) -> None:
        """Deliver up to so many messages in any order; some `again` later, or never where messages are lost."""
        some = self.chance.sample(self.waiting, min(most, len(self.waiting)))
        for body in some:
            if not again or self.chance.random() < 2 / 3:
                self.waiting.remove(body)
        if self.lossy:
            some = [body for body in some if self.chance.random() < 1 / 2]
        self._until_done(some)

    def _until_done(self, bodies: list[dict[str, object]]) -> None:
        while self.kills:
            calls, takes_effect = self.kills.pop()
            with contextlib.suppress(KilledError):
                if delivered(fused(self.world, Fuse(calls, takes_effect)), *bodies) is None:
                    break
        assert delivered(self.world, *bodies) is None
        self.deleted |= {str(body["object"]["key"]) for body in bodies if body["action"] == "DeleteObject"}  # type: ignore[index]  # as `notification` makes it

    def rest(self) -> None:
        """Deliver all that waits."""
        while self.waiting:
            self.deliver(2, again=False)


PASSES: dict[str, object] = {"PASS_INTERVAL_HOURS": 0, "MISSING_LIMIT_PERCENT": 100}


def of_the_pass_alone(scene: Scene) -> dict[object, object]:
    """Return the types of the objects that are there, as a pass alone gives them to a table with the same writers."""
    other = migrated_world()
    other.rules(*RULES)
    other.buckets = scene.world.buckets
    tick(other, **PASSES)
    return types(other)


def of_what_is_there(scene: Scene) -> dict[object, object]:
    """Return the types of the rows whose objects are there, but of those that only another writer knows."""
    there, others = scene.world.bucket.sizes, by_hand(scene)
    found = {key: kind for key, kind in types(scene.world).items() if key in there and key not in others}
    return {key: kind for key, kind in found.items() if kind != "unknown"}


def by_hand(scene: Scene) -> set[object]:
    """Return the keys of the rows that another writer typed; where none has a type, of all that one wrote."""
    if not typed():
        return {*scene.written}
    return {key for key, kind in types(scene.world).items() if kind == "by hand"}


def expected(scene: Scene) -> dict[object, object]:
    """Return the types that a pass gives, but to the rows that another writer typed."""
    others = by_hand(scene)
    return {key: kind for key, kind in of_the_pass_alone(scene).items() if key not in others}


def played(chance: Random, steps: list[tuple[str, str]], kills: list[tuple[int, bool]], *, lossy: bool) -> Scene:
    """Return the scene after all its steps."""
    scene = Scene(chance, lossy, kills=list(kills))
    for what, key in steps:
        scene.step(what, key)
    return scene


@bounded
@given(chance=CHANCE, steps=STEPS, kills=KILLS)
def test_without_loss_the_table_is_that_of_the_pass_before_there_is_one(
    chance: Random, steps: list[tuple[str, str]], kills: list[tuple[int, bool]]
) -> None:
    scene = played(chance, steps, kills, lossy=False)
    scene.rest()
    there = scene.world.bucket.sizes
    assert of_what_is_there(scene) == expected(scene)
    assert told(scene.world).isdisjoint(there)
    rows = types(scene.world)
    assert {key for key in scene.deleted if key in rows and key not in there} <= told(scene.world)


@bounded
@given(chance=CHANCE, steps=STEPS, kills=KILLS)
def test_with_any_loss_the_next_pass_makes_it_so(
    chance: Random, steps: list[tuple[str, str]], kills: list[tuple[int, bool]]
) -> None:
    scene = played(chance, steps, kills, lossy=True)
    scene.world.clock.advance(seconds=LEASE.total_seconds())
    scene.step("pass", "")
    assert of_what_is_there(scene) == expected(scene)
    assert told(scene.world).isdisjoint(scene.world.bucket.sizes)


@bounded
@given(chance=CHANCE, steps=STEPS)
def test_a_row_tells_when_its_object_was_put(chance: Random, steps: list[tuple[str, str]]) -> None:
    scene = played(chance, [step for step in steps if step[0] != "write"], [], lossy=False)
    scene.rest()
    for key, at in scene.world.database.all("SELECT r2_key, fetched_at FROM artifacts"):
        assert at in scene.times[str(key)]
