"""A whole pass with R2 and D1 as far away as a network puts them, beside JavaScript that lists ahead and in lanes.

The local bindings answer within the process. Here every R2 list and every D1 batch takes so many milliseconds longer,
by the same timer at the raw binding in both Workers, so that what waits for what can be seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import pairwise
from typing import NamedTuple, Self

from backfill.cursor import encode
from backfill.ranges import Range
from bench.backfill import HELD_FROM, LARGE, Pair, Way, javascript_job
from bench.rounds import Ratio, interleaved, progress, ratio, spread
from bench.subject import WORKERS, Subject, entry, keys, started
from bench.verdicts import Results
from tooling.table import table

OURS = "this Worker"
ALONE = "this Worker, splitting by itself"
SEQUENTIAL = "JavaScript, one after the other"
AHEAD = "JavaScript, listing ahead"
LANES = "JavaScript, lanes"
BARE = "a bare Python loop, lanes"

BEYOND = 10_000
"""A pass may take so many objects more than there are, so that it ends because R2 says that nothing follows."""

PASSES = 3
"""In a round without a distance; with one, the waits leave less to chance."""

FAIR = """\
  Both walk all of the same bucket with the same list, page text and statements, and wait on the same timer, which is
  JavaScript's in both. Their {lanes} lanes have the same {lanes} ranges, cut at keys evenly spaced, as a pass before
  leaves them; ours is also timed without (it finds where to cut while it walks). Every lane lists one page ahead.
  JavaScript's lanes send their batches to D1 without regard to each other, and do nothing else: no lease, no run's row,
  no schema and rules read, no limit kept. The bare Python loop does just that too: what it is slower than JavaScript by
  is the language's. Rounds are interleaved; a ratio compares what one round holds.\
"""


class Away(NamedTuple):
    """How much longer an R2 list and a D1 batch take, in milliseconds."""

    r2_ms: int
    d1_ms: int

    def __str__(self) -> str:
        return f"{self.r2_ms}/{self.d1_ms} ms"

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the distance that is written as R2/D1; raises ValueError for anything else."""
        r2_ms, d1_ms = (int(part) for part in text.split("/"))
        if min(r2_ms, d1_ms) < 0:
            raise ValueError(f"{text} is no distance")
        return cls(r2_ms, d1_ms)


DISTANCES = (Away(0, 0), Away(50, 10), Away(150, 20))
NEAR, FARTHEST = DISTANCES[0], DISTANCES[-1]


def least(way: str, away: Away) -> float | None:
    """Return how many times as long as ours `way` must take at least; None where nothing is promised."""
    if way == LANES and away != NEAR:
        return 0.95
    if way == SEQUENTIAL:
        return {NEAR: 1.0, FARTHEST: 4.0}.get(away)
    return None


def boundaries(listed: Sequence[str], lanes: int) -> list[str]:
    """Return the last keys of all ranges but the last, where `lanes` ranges hold equally many keys."""
    return [listed[len(listed) * number // lanes - 1] for number in range(1, lanes)]


def pairs(at: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """Return the ranges between these keys, each as what it comes after and its last key."""
    return list(pairwise([None, *at, None]))


def our_job(objects: int, at: Sequence[str] = ()) -> dict[str, object]:
    """Return what our own Worker is asked: a whole pass, in the ranges between `at` where there are any."""
    job: dict[str, object] = {"dry_run": False, "max_objects": objects + BEYOND}
    if at:
        job["cursor"] = encode("artifacts", "", tuple(Range(after, until) for after, until in pairs(at)))
    return job


def javascript_jobs(objects: int, away: Away, at: Sequence[str]) -> dict[str, dict[str, object]]:
    """Return what the JavaScript Worker is asked, by the way it works."""
    job = {**javascript_job("json_each", objects + BEYOND), "away": away._asdict()}
    return {
        SEQUENTIAL: job,
        AHEAD: {**job, "lanes": 1, "ranges": pairs(())},
        LANES: {**job, "lanes": len(at) + 1, "ranges": pairs(at)},
    }


def measure(results: Results, sizes: Sequence[int], distances: Sequence[Away], lanes: int) -> None:
    """Measure every size at every distance, first and unchanged pass."""
    print(FAIR.format(lanes=lanes))
    for size in sizes:
        with ExitStack() as stack:
            progress(f"distance: starting the Workers and filling their buckets with {size:,} objects")
            main = stack.enter_context(entry("distance"))
            ours = stack.enter_context(started(main, objects=size, WALK_LANES=lanes))
            other = stack.enter_context(started(WORKERS / "javascript" / "index.js", objects=size))
            bare = stack.enter_context(started(stack.enter_context(entry("bare")), objects=size))
            for away in distances:
                _one_distance(results, (ours, other, bare), (size, away, lanes))


def _one_distance(results: Results, subjects: tuple[Subject, Subject, Subject], what: tuple[int, Away, int]) -> None:
    (ours, other, bare), (size, away, lanes) = subjects, what
    ours.post("/distance", away._asdict())
    passes = PASSES if away == NEAR and size < LARGE else 1
    at = boundaries(list(keys(size)), lanes)
    jobs = javascript_jobs(size, away, at)
    ways = {
        OURS: Way(ours, our_job(size, at), size, passes),
        ALONE: Way(ours, our_job(size), size, passes),
        **{name: Way(other, job, size, passes) for name, job in jobs.items()},
        BARE: Way(bare, jobs[LANES], size, passes),
    }
    for name in (OURS, LANES, BARE):
        ways[name]()  # the first request of an isolate compiles what the others find compiled
    found = interleaved(ways, results.rounds, f"{size:,} objects, {away}")
    tell(results, f"{size:,} objects, R2 and D1 {away} away", away, found)


def tell(results: Results, title: str, away: Away, found: Mapping[str, Sequence[Pair]]) -> None:
    """Print how fast each way was, keep it, and hold what is promised at this distance."""
    kinds = {"first pass": 0, "unchanged pass": 1}
    beside = {
        kind: {way: ratio([one[at] for one in taken], [one[at] for one in found[OURS]]) for way, taken in found.items()}
        for kind, at in kinds.items()
    }
    paces = {
        kind: {way: spread(1 / one[at] for one in taken) for way, taken in found.items()} for kind, at in kinds.items()
    }
    print(f"\n{title}: objects a second, and the time they took beside ours\n")
    heads = ("", *(head for kind in kinds for head in (kind, "beside ours")))
    rows = [
        (way, *(cell for kind in kinds for cell in (f"{paces[kind][way].median:,.0f}", str(beside[kind][way].rounds))))
        for way in found
    ]
    print(table(heads, rows))
    print()
    for kind in kinds:
        figures = {
            way: {"objects_per_second": paces[kind][way].rounded(), "ratio": beside[kind][way].rounded()}
            for way in found
        }
        results.keep(f"{kind}, {title}", figures)
        _hold(results, f"{kind}, {title}", away, beside[kind])


def _hold(results: Results, title: str, away: Away, beside: Mapping[str, Ratio]) -> None:
    for way, found in beside.items():
        wanted = least(way, away)
        if wanted is not None:
            results.hold_timed(f"{way}, {title}", found, f"≥ {wanted}", holds=found.median >= wanted)


def sizes_of(asked: Sequence[int]) -> list[int]:
    """Return the sizes worth a measurement: in a shorter pass what a run costs besides its pages weighs too much."""
    return [size for size in asked if size >= HELD_FROM] or [max(asked)]
