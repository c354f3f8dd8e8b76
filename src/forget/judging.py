"""Whether rows may be forgotten in this database: the cap on deletes, and what is not understood."""

from __future__ import annotations

from dataclasses import dataclass, field

from database.sampling import refuse_unknown_references, sample
from database.schema import Schema
from errors import RefusedError
from forecast.needs import Needs
from forecast.quota import beyond_day
from forecast.work import forget as needed
from forget.call import Call
from forget.gone import Counted
from runs.record import no_unique_index


@dataclass(frozen=True)
class Judged:
    """Why a live call would refuse, and the columns that name artifacts in a way that nobody can follow."""

    refusal: RefusedError | None = None
    mentions: tuple[str, ...] = ()
    needs: Needs = field(default_factory=Needs)


async def judged(call: Call, schema: Schema, counted: Counted) -> Judged:
    """Return why no row may be forgotten, if that is so; a live call raises it, and nothing is changed by then."""
    needs = needed(counted.gone, counted.free)
    if not counted.free:
        return Judged(needs=needs)
    sampled = await sample(call.database, schema, call.budget.asked)
    refusal = (
        schema.mismatch()
        or refuse_unknown_references(sampled, schema.names)
        or (no_unique_index(schema.names.said) if schema.unique_index is None else None)
        or _over_cap(call, counted)
        or beyond_day(call.run, needs, spread=call.request.spread)
    )
    if refusal and call.live:
        raise refusal
    return Judged(refusal, tuple(f"{one.name} ({one.why})" for one in sampled.mentions), needs)


def _over_cap(call: Call, counted: Counted) -> RefusedError | None:
    if counted.free <= call.max_deletes:
        return None
    return RefusedError(
        "max_deletes",
        f"It would delete up to {counted.free} rows, and may delete {call.max_deletes}.",
        hint=f"Look at a dry run first, then send max_deletes: {counted.free} with this request.",
    )
