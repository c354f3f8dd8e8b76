"""Objects to rows: backfill, and the pass that cron began."""

from __future__ import annotations

from typing import Annotated

import typer

from steward import reports
from steward.command import command
from steward.exits import Exit
from steward.options import PATIENCE, Bucket, Live, Patience, PlanId, Prefix, Slice, Spread
from steward.progress import Meter
from steward.session import Session
from steward.slices import take_all
from steward.summary import Pass, Summary
from steward.walking import Route, Walk

SLICE, DRY_SLICE = 5000, 50_000
"""Objects per call: some seconds of work, so that the bar moves and Ctrl-C does not wait long. A dry call writes
nothing, and makes one plan: so it looks at more."""


def register(app: typer.Typer) -> None:
    """Add these commands."""
    command(app)(backfill)
    command(app, "pass")(go_on)


def backfill(
    session: Session,
    *,
    live: Live = False,
    plan: PlanId = None,
    bucket: Bucket = None,
    prefix: Prefix = "",
    max_objects: Annotated[int | None, typer.Option(min=1, help="Stop after so many objects.")] = None,
    cursor: Annotated[str | None, typer.Option(help="Continue from the cursor of an earlier report.")] = None,
    start_after: Annotated[str | None, typer.Option(help="Start after this key.")] = None,
    slice_: Slice = None,
    spread: Spread = False,
    patience: Patience = PATIENCE,
) -> Exit:
    """Walk a bucket to its end: dry it counts what is missing in D1, live it inserts and upgrades."""
    size = slice_ or (SLICE if live else DRY_SLICE)
    route = Route(live, bucket, prefix, cursor, start_after, most=max_objects, slice=size, plan=plan, spread=spread)
    return _walk(session, "backfill", route, 0, patience)


def go_on(
    session: Session,
    *,
    live: Live = False,
    bucket: Bucket = None,
    slice_: Slice = None,
    spread: Spread = False,
    patience: Patience = PATIENCE,
) -> Exit:
    """Take cron's pass over a bucket to its end now, from where it stands; a complete one begins again."""
    stands = _pass(session, bucket)
    counts = stands.get("counts") if stands and stands.get("state") == "under way" else None
    route = Route(live, bucket, resume=True, slice=slice_ or (SLICE if live else DRY_SLICE), spread=spread)
    return _walk(session, "pass", route, counts["scanned"] if counts else 0, patience)


def _walk(session: Session, what: str, route: Route, before: int, patience: float) -> Exit:
    if route.live:
        session.announce_live(what)
    walk = Walk(session.client, route, before)
    title = f"{what}, {'live' if route.live else 'dry'}"
    with Meter(session.screen, title, "objects", _expected(session, route), begun_at=before) as meter:
        ended = take_all(walk, meter, patience)
    session.tell(ended, walk, walk.route.command())
    if walk.report is not None:
        reports.backfill(session.screen, walk.report, walk.calls)
    return ended.exit(walk.verdict)


def _expected(session: Session, route: Route) -> int | None:
    """Return how many objects there will be, as the pass before counted them; None where nobody knows."""
    if route.most is not None:
        return route.most
    if not (route.from_the_start or route.resume) or not session.screen.err.is_terminal:
        return None
    stands = _pass(session, route.bucket)
    if stands is None:
        return None
    counts = stands.get("counts") if stands.get("state") == "complete" else stands.get("previous")
    return counts["scanned"] if counts else None


def _pass(session: Session, bucket: str | None) -> Pass | None:
    found: Summary = session.client.get("/summary")
    return next((one for one in found["passes"] if bucket in (None, one["bucket"])), None)
