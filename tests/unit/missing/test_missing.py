"""No row is called missing whose object is there; what is gone is found, certified and told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

import sql
from errors import PlatformError
from ports import ListRequest, Page, PagePart
from tests.support.actions import live, numbered, tick
from tests.support.fakes import DictBucket, World, migrated_world

OBJECTS = 40
PAGE = 5


@dataclass
class BentBucket(DictBucket):
    """A bucket of a few objects a page, whose answers a test bends."""

    bend: Callable[[ListRequest, Page], Page] = lambda _request, page: page
    before: Callable[[], None] = lambda: None

    async def list_page(self, request: ListRequest) -> Page:
        """List a short page."""
        self.before()
        return self.bend(request, await super().list_page(replace(request, limit=min(request.limit, PAGE))))


@dataclass
class Scene:
    """A bucket and its index, and the passes over it."""

    world: World = field(default_factory=migrated_world)
    bucket: BentBucket = field(default_factory=BentBucket)
    settings: dict[str, object] = field(default_factory=lambda: {"MISSING_LIMIT_PERCENT": 50, "PASS_INTERVAL_HOURS": 0})

    def __post_init__(self) -> None:
        self.world.rules((1, "raw/*", "raw"))
        self.world.buckets["artifacts"] = self.bucket
        self.bucket.put(*numbered(OBJECTS))
        self.tick()

    def tick(self, **settings: object) -> dict[str, Any]:
        """Do one pass, and move the clock by two hours."""
        self.world.clock.advance(hours=2)
        return tick(self.world, **{**self.settings, **settings})

    def certificate(self) -> dict[str, Any]:
        """Return the certificate of the latest complete pass."""
        query = "SELECT certificate FROM steward_passes WHERE completed_at IS NOT NULL ORDER BY started_at DESC LIMIT 1"
        found: dict[str, Any] = json.loads(str(self.world.database.one(query)))
        return found

    def told(self) -> list[str]:
        """Return the keys of the rows that are called missing."""
        query = "SELECT r2_key FROM steward_missing WHERE verified_at IS NOT NULL AND resolved_at IS NULL"
        return sorted(str(key) for (key,) in self.world.database.all(query))

    def newer(self) -> list[str]:
        """Return the keys of the objects that are newer than their rows."""
        return sorted(str(key) for (key,) in self.world.database.all("SELECT r2_key FROM steward_newer"))


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_clean_pass_has_a_certificate_and_calls_nothing_missing(scene: Scene) -> None:
    scene.tick()
    found = scene.certificate()
    assert (found["certified"], found["why_not"], found["missing"]) == (True, [], 0)
    assert (found["abut"], found["chained"], found["canaries"], found["canaries_found"]) == (True, True, 5, 5)
    assert scene.told() == []


LOST = ["raw/00000", "raw/00007", "raw/00014", "raw/00015", "raw/00039"]


def test_what_is_gone_is_told_after_two_certified_passes_and_a_look(scene: Scene) -> None:
    for key in LOST:
        del scene.bucket.sizes[key]
    first = scene.tick()
    assert (scene.told(), scene.bucket.heads) == ([], 10)
    assert first["counts"]["missing"]["artifacts"]["asked"] == 0
    second = scene.tick()
    assert scene.told() == LOST
    assert second["counts"]["missing"]["artifacts"] == {"asked": 5, "gone": 5, "there": 0, "left": 0}
    assert len(scene.world.database.all("SELECT 1 FROM artifacts")) == OBJECTS


def test_a_mark_is_healed_when_the_object_is_listed_again(scene: Scene) -> None:
    for key in LOST:
        del scene.bucket.sizes[key]
    scene.tick()
    scene.tick()
    scene.bucket.put(*LOST[:2])
    scene.tick()
    assert scene.told() == LOST[2:]


def test_a_mark_is_settled_when_the_row_is_gone(scene: Scene) -> None:
    del scene.bucket.sizes["raw/00007"]
    scene.tick()
    scene.tick()
    scene.world.database.script("DELETE FROM artifacts WHERE r2_key = 'raw/00007'")
    scene.tick()
    assert scene.told() == []


def test_an_object_that_is_put_again_while_the_pass_runs_is_found_by_the_last_look(scene: Scene) -> None:
    del scene.bucket.sizes["raw/00007"]
    scene.tick()
    hidden = {"raw/00007"}

    def hide(_request: ListRequest, page: Page) -> Page:
        return page

    scene.bucket.bend = hide
    scene.tick(HEAD_LIMIT=0)
    scene.bucket.put(*hidden)
    scene.world.clock.advance(hours=1)
    report = tick(scene.world, PASS_INTERVAL_HOURS=99)
    assert report["counts"]["missing"]["artifacts"] == {"asked": 1, "gone": 0, "there": 1, "left": 0}
    assert scene.told() == []


@pytest.mark.parametrize("limit", [{"MISSING_LIMIT": 4}, {"MISSING_LIMIT_PERCENT": 5}])
def test_more_missing_than_a_limit_is_no_verdict(scene: Scene, limit: dict[str, object]) -> None:
    for key in LOST:
        del scene.bucket.sizes[key]
    scene.tick(**limit)
    scene.tick(**limit)
    assert "MISSING_LIMIT" in scene.certificate()["why_not"][0]
    assert scene.told() == []


def test_an_emptied_bucket_is_no_verdict(scene: Scene) -> None:
    scene.bucket.sizes.clear()
    for _ in range(3):
        scene.tick(MISSING_LIMIT_PERCENT=100, MISSING_LIMIT=10_000)
    assert "It listed no object." in scene.certificate()["why_not"]
    assert scene.told() == []


def test_passes_closer_than_the_grace_are_no_verdict(scene: Scene) -> None:
    for key in LOST:
        del scene.bucket.sizes[key]
    scene.tick(MISSING_GRACE_HOURS=3)
    scene.tick(MISSING_GRACE_HOURS=3)
    assert scene.told() == []
    scene.tick(MISSING_GRACE_HOURS=3)
    assert scene.told() == LOST


def test_heads_are_limited_for_each_pass(scene: Scene) -> None:
    for key in LOST:
        del scene.bucket.sizes[key]
    scene.tick(HEAD_LIMIT=2)
    scene.tick(HEAD_LIMIT=2)
    assert scene.told() == LOST[:2]
    tick(scene.world, **{**scene.settings, "HEAD_LIMIT": 2, "PASS_INTERVAL_HOURS": 99})
    assert scene.told() == LOST[:2]
    scene.tick(HEAD_LIMIT=2)
    assert scene.told() == LOST[:4]


def test_a_newer_object_is_counted_noted_and_forgotten_when_the_row_catches_up(scene: Scene) -> None:
    scene.world.database.script(
        "UPDATE artifacts SET fetched_at = '2025-12-31T00:00:00Z' WHERE r2_key IN ('raw/00003', 'raw/00021');"
        "UPDATE artifacts SET fetched_at = 'no date' WHERE r2_key = 'raw/00004'"
    )
    counts = scene.tick()["counts"]["backfill"]["artifacts"]
    assert (counts["newer"], counts["undated"], counts["unchanged"]) == (2, 1, OBJECTS - 2)
    assert counts["newer_sample"] == ["raw/00003", "raw/00021"]
    assert scene.newer() == [
        "raw/00003",
        "raw/00021",
    ]
    scene.world.database.script("UPDATE artifacts SET fetched_at = '2026-01-02T03:00:00Z' WHERE r2_key = 'raw/00003'")
    scene.tick()
    assert scene.newer() == ["raw/00021"]


@pytest.mark.parametrize("skew", [-600, 600])
def test_ten_minutes_of_skew_make_no_object_newer(scene: Scene, skew: int) -> None:
    scene.world.database.script(
        f"UPDATE artifacts SET fetched_at = strftime('%Y-%m-%dT%H:%M:%SZ', '2026-01-02T03:04:05Z', '{skew} seconds')"
    )
    assert scene.tick()["counts"]["backfill"]["artifacts"]["newer"] == 0


def without(page: Page) -> Page:
    """Return the page with none of its objects."""
    return replace(page, parts=())


def doubled(page: Page) -> Page:
    """Return the page with its objects twice."""
    return replace(page, parts=[*page.parts, *page.parts])


def cut(page: Page) -> Page:
    """Return the page as if nothing followed."""
    return replace(page, truncated=False, cursor=None)


def halved(page: Page) -> Page:
    """Return the page without the second half of its objects."""
    [part] = page.parts or (PagePart("[]", 0, "", ""),)
    keys = [one for group in json.loads(str(part.objects)) for one in group][: max(1, part.count // 2)]
    if not keys:
        return page
    return replace(page, parts=(PagePart(json.dumps([keys]), len(keys), keys[0]["key"], keys[-1]["key"]),))


MUTATIONS = (without, doubled, cut, halved)


@pytest.mark.parametrize("at", range(OBJECTS // PAGE))
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.__name__)
def test_a_listing_that_is_bent_at_any_page_makes_no_false_verdict(
    scene: Scene, mutation: Callable[[Page], Page], at: int
) -> None:
    lost = "raw/00017"
    del scene.bucket.sizes[lost]
    calls = [0]

    def bend(request: ListRequest, page: Page) -> Page:
        if request.limit == 1:
            return page
        calls[0] += 1
        return mutation(page) if calls[0] % (OBJECTS // PAGE) == at else page

    scene.bucket.bend = bend
    for _ in range(3):
        scene.tick()
    assert set(scene.told()) <= {lost}
    scene.bucket.bend = lambda _request, page: page
    scene.tick()
    scene.tick()
    scene.tick()
    assert scene.told() == [lost]


@pytest.mark.parametrize("name", ["objects_present", "objects_unchanged"])
@pytest.mark.parametrize("analyzed", [False, True])
def test_an_invariant_on_marks_reads_the_marks_and_never_the_whole_table(
    scene: Scene, name: str, *, analyzed: bool
) -> None:
    if analyzed:
        scene.world.database.script("ANALYZE")
    query = sql.fill(sql.load(f"invariants/{name}"), **({"cited": "0"} if name == "objects_present" else {}))
    steps = [str(row[-1]) for row in scene.world.database.all(f"EXPLAIN QUERY PLAN {query.text}")]
    assert [step for step in steps if step.startswith("SCAN") and "artifacts" in step] == []


def lose(scene: Scene, *keys: str) -> None:
    """Take objects away, and do the passes that must tell of it."""
    for key in keys:
        del scene.bucket.sizes[key]
    scene.tick()
    scene.tick()


def test_a_bucket_that_is_swapped_for_an_empty_one_in_mid_pass_is_no_verdict(scene: Scene) -> None:
    for _ in range(3):
        scene.world.clock.advance(hours=2)
        tick(scene.world, **{**scene.settings, "TICK_MAX_OBJECTS": OBJECTS // 2})
        scene.world.buckets["artifacts"] = BentBucket()
        scene.tick(MISSING_LIMIT_PERCENT=100)
        scene.world.buckets["artifacts"] = scene.bucket
    assert any("are not there" in why for why in scene.certificate()["why_not"])
    assert scene.told() == []


def test_rows_of_a_bucket_spelled_otherwise_are_no_rows_of_this_one(scene: Scene) -> None:
    scene.world.database.script(
        "INSERT INTO artifacts (r2_bucket, r2_key, source_type) VALUES"
        " ('Artifacts', 'raw/00007x', 'raw'), ('artifacts ', 'raw/00008x', 'raw'), ('artifact', 'zzz', 'raw')"
    )
    lose(scene, "raw/00007")
    assert scene.told() == ["raw/00007"]


def test_twins_in_unicode_are_two_keys(scene: Scene) -> None:
    scene.bucket.put("raw/caf\u00e9", "raw/cafe\u0301")
    scene.tick()
    lose(scene, "raw/cafe\u0301")
    assert scene.told() == ["raw/cafe\u0301"]


def test_rows_that_come_while_the_pass_runs_are_not_old_enough_to_be_missed(scene: Scene) -> None:
    behind_and_before = ("raw/00000x", "raw/00038x")

    def insert() -> None:
        for key in behind_and_before:
            insert = "INSERT OR IGNORE INTO artifacts (r2_bucket, r2_key, source_type) VALUES ('artifacts', ?, 'raw')"
            scene.world.database.connection.execute(insert, (key,))

    scene.bucket.before = insert
    scene.tick()
    assert scene.told() == []
    scene.bucket.put(*behind_and_before)
    scene.tick()
    scene.tick()
    assert scene.told() == []


@dataclass
class MuteBucket(BentBucket):
    """A bucket that answers for no single object."""

    mute: bool = False

    async def has(self, key: str) -> bool:
        """Answer, unless mute."""
        if self.mute:
            raise PlatformError(f"Asking R2 for {key!r} failed: internal error")
        return await super().has(key)


def test_an_object_that_r2_does_not_answer_for_is_not_missing() -> None:
    bucket = MuteBucket()
    scene = Scene(bucket=bucket)
    del bucket.sizes["raw/00007"]
    scene.tick()
    scene.tick(HEAD_LIMIT=0)
    bucket.mute = True
    outcome = tick(scene.world, **{**scene.settings, "PASS_INTERVAL_HOURS": 99})
    assert outcome["status"] == "failed"
    assert "Asking R2 for" in outcome["counts"]["missing"]["artifacts"]["error"]
    assert scene.told() == []
    scene.tick()
    assert (scene.told(), scene.certificate()["certified"]) == ([], False)
    bucket.mute = False
    scene.tick()
    scene.tick()
    assert scene.told() == ["raw/00007"]


def test_a_pass_over_a_prefix_tells_no_verdict(scene: Scene) -> None:
    del scene.bucket.sizes["raw/00007"]
    for _ in range(3):
        scene.world.clock.advance(hours=2)
        live(scene.world, resume=True, r2_prefix="raw/0", max_objects=1000)
    assert scene.world.database.all("SELECT * FROM steward_missing") == []
    prefixed = "SELECT certificate FROM steward_passes WHERE r2_prefix = 'raw/0'"
    assert set(scene.world.database.all(prefixed)) == {(None,)}
