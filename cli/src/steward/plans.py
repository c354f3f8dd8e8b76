"""Plans as a person reads them: what a dry run made, what a live one left out, and the commands that follow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from steward.forecasts import Forecast, ShareOfDay
from steward.harmless import harmless
from steward.planned import NewPlan, Plan, PlanLeftOut, PlanWork
from steward.progress import duration
from steward.screen import Screen

_SHOWN = 100
"""As many as one answer names."""

OfPlan = NewPlan | PlanWork | None
"""What a report says of its plan."""


def work_of_both(before: OfPlan, later: OfPlan) -> OfPlan:
    """Return what two calls of one piece of work say of its plan: each names only what it left out itself."""
    if before and later and "shown" in before and "shown" in later:
        return {**later, "shown": [*before["shown"], *later["shown"]][:_SHOWN]}
    return later


def left_out(plan: OfPlan) -> int:
    """Return how many items of a plan were left out."""
    return plan["left_out"] if plan and "shown" in plan else 0


def forecast_text(forecast: Forecast) -> str:
    """Return a forecast in one line."""
    known = [share for share in forecast["share_of_day"].values() if isinstance(share, float)]
    share = f", {max(known):.1%} of what the day has left" if known else ""
    rows = f"{forecast['rows_read']:,} rows read, {forecast['rows_written']:,} written"
    calls = f"{forecast['calls']:,} call{'' if forecast['calls'] == 1 else 's'}"
    return f"{rows}, {calls}, about {duration(forecast['seconds'])}, ${forecast['dollars']:.4f}{share}"


def forecast_of_both(before: Forecast, later: Forecast) -> Forecast:
    """Return two forecasts as one: all of it is added."""
    figures = {name: before[name] + later[name] for name in before if name != "share_of_day"}  # type: ignore[literal-required]  # all are numbers
    shares = [(before["share_of_day"][name], later["share_of_day"][name]) for name in ShareOfDay.__annotations__]  # type: ignore[literal-required]  # its members
    added = [None if one is None or other is None else one + other for one, other in shares]
    return cast(Forecast, {**figures, "share_of_day": dict(zip(ShareOfDay.__annotations__, added, strict=True))})


def totals_text(totals: dict[str, int]) -> str:
    """Return what the items of a plan come to, in one line."""
    return ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in totals.items())


def made(screen: Screen, plan: OfPlan, forecast: Forecast | None, apply: str) -> None:
    """Print the plan that a dry run made, and the commands that follow; nothing where it would do nothing."""
    if screen.as_json or not plan or "shown" in plan or not plan["items"]:
        return
    number = str(plan["id"])
    facts: dict[str, object] = {
        "plan": f"{number}, {plan['items']:,} item{'' if plan['items'] == 1 else 's'}: {totals_text(plan['totals'])}",
        "digest": plan["digest"],
        "expires": plan["expires_at"],
        "forecast": forecast_text(forecast) if forecast else None,
    }
    screen.line("")
    screen.facts(facts)
    if not plan["complete"]:
        screen.line("It is a part: do it, then run this again.")
    next_commands(screen, [f"steward plan {number} --items", f"steward approve {number}", f"{apply} --plan {number}"])


def next_commands(screen: Screen, commands: Iterable[str]) -> None:
    """Say which commands follow."""
    screen.say("\n  ".join(["to look at all of it, approve it, and do it:", *commands]))


def worked(screen: Screen, plan: OfPlan) -> None:
    """Print how far a plan is applied, and what was left out."""
    if not plan or "shown" not in plan:
        return
    counts = f"{plan['dealt_with']:,} of {plan['items']:,} items dealt with, {plan['left_out']:,} left out"
    screen.line(f"\nplan {plan['id']}: {counts}")
    for one in plan["shown"]:
        screen.line(f"  left out: {_left_out(one)}")
    if plan["left_out"] > len(plan["shown"]):
        screen.say(f"all of them: steward plan {plan['id']} --items --left-out")


def _left_out(one: PlanLeftOut) -> str:
    return f"{one['item']}  {one['step']}  {about(one['about'])}: {harmless(one['why'])}"


def about(parts: Iterable[str | int]) -> str:
    """Return what an item is about."""
    return "  ".join(harmless(str(part)) for part in parts)


def apply_command(plan: Plan) -> str:
    """Return the command that applies a plan."""
    does = {"recovery": "recover --live", "backfill": "backfill --live", "forget": "forget --live"}
    does["undo"] = f"undo {plan['request'].get('run')}"
    return f"steward {does[plan['kind']]} --plan {plan['id']}"
