"""What a complete pass proves of the objects that it did not list: a certificate, or why there is none.

To say that an object is gone is the most dangerous thing such a tool can say: a listing may be empty, partial or of
another bucket. So a pass speaks of absence only where everything about it fits, and even then R2 is asked again.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass

from backfill.chain import WHOLE
from backfill.passes import Pass
from backfill.ranges import abut
from backfill.spec import Limits
from errors import PlatformError
from ports import Bucket, Clock
from runs.retry import retried


@dataclass(frozen=True)
class Certificate:
    """What was seen of a complete pass; certified where nothing speaks against it."""

    certified: bool
    why_not: tuple[str, ...]
    ranges: int
    abut: bool
    chained: bool
    """Whether the intervals of its pages follow each other without a gap and without a repetition."""
    errors: int
    scanned: int
    previous: int | None
    missing: int
    canaries: int
    canaries_found: int

    def report(self) -> dict[str, object]:
        """Return the certificate as JSON."""
        return {**asdict(self), "why_not": list(self.why_not)}


async def certify(bucket: Bucket, clock: Clock, ended: Pass, missing: int, limits: Limits) -> Certificate:
    """Return the certificate of a complete pass that listed no object for `missing` rows."""
    # They show that it is the same bucket.
    keys = ended.marks.spread(limits.canaries)
    found = sum(await asyncio.gather(*(_there(bucket, clock, key) for key in keys)))
    whole, chained = abut(ended.ranges), ended.chain == WHOLE
    against = {
        "Its ranges leave a gap.": not whole,
        "Its pages do not follow each other without a gap, or where it went on was read from KV's copy.": not chained,
        f"{ended.errors} of its slices ended with an error.": ended.errors > 0,
        "It listed no object.": ended.counts.scanned == 0,
        f"It listed under half of the {_previous(ended)} objects of the pass before.": _halved(ended),
        f"Of {len(keys)} objects that it listed, R2 says {len(keys) - found} are not there.": found < len(keys),
        _tripped(missing, ended, limits): _trips(missing, ended, limits),
    }
    why_not = tuple(why for why, holds in against.items() if holds)
    return Certificate(
        certified=not why_not,
        why_not=why_not,
        ranges=len(ended.ranges),
        abut=whole,
        chained=chained,
        errors=ended.errors,
        scanned=ended.counts.scanned,
        previous=_previous(ended),
        missing=missing,
        canaries=len(keys),
        canaries_found=found,
    )


async def _there(bucket: Bucket, clock: Clock, key: str) -> bool:
    try:
        return await retried(clock, lambda: bucket.has(key))
    except PlatformError:
        # What did not answer was not seen.
        return False


def _previous(ended: Pass) -> int | None:
    return None if ended.previous is None else ended.previous.scanned


def _halved(ended: Pass) -> bool:
    return 2 * ended.counts.scanned < (_previous(ended) or 0)


def _trips(missing: int, ended: Pass, limits: Limits) -> bool:
    rows = missing + ended.counts.scanned - ended.counts.unclassified - ended.counts.skipped
    return missing > limits.missing or missing * 100 > limits.percent * rows


def _tripped(missing: int, ended: Pass, limits: Limits) -> str:
    return (
        f"{missing} rows have no object, of {ended.counts.scanned} objects listed: more than MISSING_LIMIT"
        f" ({limits.missing}) or MISSING_LIMIT_PERCENT ({limits.percent}) lets it say."
    )
