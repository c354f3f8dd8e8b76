"""Passes over listings that lie: no row may be called missing whose object is there, whatever R2 says meanwhile.

Every pass meets a mutation at one of its pages, or at each one by chance: dropped, doubled, reordered, cut short,
answered empty, answered with another page, or with another bucket. In between, objects are lost, put again and written
over. At the end clean passes must find every planted loss, and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from backfill.request import BackfillRequest
from backfill.run import run_backfill
from errors import StewardError
from missing.verify import Grace, Verifying
from ports import GROUP, ListRequest, Page, PagePart
from runs.budget import Budget
from runs.record import Opening, open_run
from settings import read_settings
from tests.chaos.setup import Outcome
from tests.support.fakes import DictBucket, World, migrated_world

OBJECTS, PAGE = 24, 4
PASSES_OF_A_WORLD = 8
SETTINGS = read_settings({"MISSING_LIMIT_PERCENT": 100, "PASS_INTERVAL_HOURS": 0})

Objects = list[dict[str, object]]
Mutation = Callable[[random.Random, Objects, Page], Page]


def objects_of(page: Page) -> Objects:
    """Return the objects of a page."""
    return [one for part in page.parts for group in json.loads(str(part.objects)) for one in group]


def page_of(page: Page, objects: Objects) -> Page:
    """Return the page with other objects."""
    if not objects:
        return replace(page, parts=())
    text = json.dumps([objects[at : at + GROUP] for at in range(0, len(objects), GROUP)])
    part = PagePart(text, len(objects), str(objects[0]["key"]), str(objects[-1]["key"]))
    return replace(page, parts=(part,))


def dropped(_chance: random.Random, _all: Objects, page: Page) -> Page:
    """Return the page without its objects."""
    return replace(page, parts=())


def doubled(_chance: random.Random, _all: Objects, page: Page) -> Page:
    """Return the page with its objects twice."""
    return replace(page, parts=[*page.parts, *page.parts])


def reordered(chance: random.Random, _all: Objects, page: Page) -> Page:
    """Return the page with its objects in another order."""
    objects = objects_of(page)
    return page_of(page, chance.sample(objects, len(objects)))


def thinned(chance: random.Random, _all: Objects, page: Page) -> Page:
    """Return the page without some of its objects."""
    return page_of(page, [one for one in objects_of(page) if chance.random() < 0.5])


def cut_short(_chance: random.Random, _all: Objects, page: Page) -> Page:
    """Return the page as if nothing followed."""
    return replace(page, truncated=False, cursor=None)


def ended(_chance: random.Random, _all: Objects, page: Page) -> Page:
    """Return an empty page as if nothing followed: what a stale cursor brings."""
    return replace(page, parts=(), truncated=False, cursor=None)


def replaced(chance: random.Random, everything: Objects, page: Page) -> Page:
    """Return another page of the bucket."""
    first = chance.randrange(len(everything) or 1)
    return page_of(page, everything[first : first + PAGE])


MUTATIONS: tuple[Mutation, ...] = (dropped, doubled, reordered, thinned, cut_short, ended, replaced)


@dataclass
class LyingBucket(DictBucket):
    """A bucket whose listings are bent by chance, and whose single objects are told as they are."""

    chance: random.Random = field(default_factory=lambda: random.Random(0))  # chance, not a secret
    mutation: Mutation | None = None
    at: int | None = None
    """The call that is bent; None: each one, with some chance."""
    calls: int = 0
    bent: int = 0

    async def list_page(self, request: ListRequest) -> Page:
        """List a page, or what a mutation makes of it."""
        page = await super().list_page(replace(request, limit=min(request.limit, PAGE)))
        self.calls += 1
        hit = self.calls - 1 == self.at if self.at is not None else self.chance.random() < 0.2
        if self.mutation is None or not hit:
            return page
        self.bent += 1
        everything: Objects = [{"key": key, "size": 5, "uploaded": self.uploaded} for key in sorted(self.sizes)]
        return self.mutation(self.chance, everything, page)


@dataclass
class Bent:
    """One world, and what it did."""

    chance: random.Random
    world: World = field(default_factory=migrated_world)

    def __post_init__(self) -> None:
        self.bucket = LyingBucket(chance=self.chance)
        self.world.buckets["artifacts"] = self.bucket
        self.world.rules((1, "raw/*", "raw"))
        self.bucket.put(*(f"raw/{number:03}" for number in range(OBJECTS)))
        self.one_pass()

    def one_pass(self) -> None:
        """Walk a whole pass as ticks do, or as far as a lie lets it come, and verify what it saw."""
        self.world.clock.advance(hours=2)
        self.bucket.calls = 0
        for _ in range(3):
            request = BackfillRequest(dry_run=False, resume=True, max_objects=1000)
            try:
                report = asyncio.run(run_backfill(self.world.ports(), SETTINGS, request))
            except StewardError:
                continue
            if not report["truncated"]:
                break
        asyncio.run(self._verify())

    async def _verify(self) -> None:
        ports = self.world.ports()
        run = await open_run(ports.database, ports.clock, Opening("tick", "live", "cron", {}, exclusive=True))
        budget = Budget.of_run(run, 60)
        await Verifying(ports, run, budget, "artifacts", Grace(1, 1000)).verify()
        await run.close("succeeded")

    def told(self) -> set[str]:
        """Return the keys that are called missing."""
        query = "SELECT r2_key FROM steward_missing WHERE verified_at IS NOT NULL AND resolved_at IS NULL"
        return {str(key) for (key,) in self.world.database.all(query)}

    def missing(self) -> set[str]:
        """Return the keys of the rows whose object is not there."""
        keys = {str(key) for (key,) in self.world.database.all("SELECT r2_key FROM artifacts")}
        return keys - self.bucket.sizes.keys()

    def change(self) -> None:
        """Lose an object, or put one again."""
        gone = sorted(self.missing())
        if gone and self.chance.random() < 0.4:
            self.bucket.put(self.chance.choice(gone))
        elif len(self.bucket.sizes) > OBJECTS * 2 // 3:
            del self.bucket.sizes[self.chance.choice(sorted(self.bucket.sizes))]


def bent_passes(seed: int, passes: int) -> Outcome:
    """Do so many passes over bent listings, and return every false verdict and every loss that was not found."""
    outcome, chance = Outcome(), random.Random(seed)  # chance, not a secret
    done = bent = told = 0
    while done < passes:
        scene = Bent(chance)
        for number in range(PASSES_OF_A_WORLD):
            scene.change()
            before = scene.told() & scene.bucket.sizes.keys()
            scene.bucket.mutation = MUTATIONS[(done + number) % len(MUTATIONS)]
            scene.bucket.at = chance.choice([None, *range(OBJECTS // PAGE + 2)])
            scene.one_pass()
            outcome.expect("rows called missing whose object is there", scene.told() - scene.missing() - before, set())
        done += PASSES_OF_A_WORLD
        bent += scene.bucket.bent
        scene.bucket.mutation = None
        for _ in range(3):
            scene.one_pass()
        told += len(scene.missing())
        outcome.expect("after clean passes, rows called missing", scene.told(), scene.missing())
    outcome.at_least("answers of R2 that were bent", bent, passes // 2)
    outcome.at_least("losses that were planted", told, passes // 20)
    outcome.figures = {"passes": done, "bent answers": bent, "losses found": told}
    return outcome
