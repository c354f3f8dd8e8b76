"""What is so: status, check, summary, events, runs, profiles."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from steward.answers import Check, Runs, Verdict
from steward.command import command
from steward.databases import Profile, Profiles
from steward.exits import Exit
from steward.harmless import harmless
from steward.judging import Found, judge, state_of
from steward.reports import fields, one_run, runs_table
from steward.screen import Screen
from steward.session import Session
from steward.summary import Events, Summary

Kind = Literal["tick", "backfill", "slice", "check", "recovery", "undo", "forget", "guards", "rules", "resume"]

_SHOWN = 3

_STYLES = {Exit.CLEAN: "bold green", Exit.DRIFT: "bold red", Exit.FAILED: "bold yellow"}


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for work in (status, check, summary, events, runs, profiles):
        command(app)(work)


def status(session: Session) -> Exit:
    """Say in one line whether all is well, as of the last check."""
    found: Summary = session.client.get("/summary")
    state = state_of(found)
    if session.screen.as_json:
        session.screen.json(found)
    else:
        session.screen.line(state.sentence, _STYLES[state.exit])
        session.screen.facts(_facts(found))
    return state.exit


def check(
    session: Session,
    *,
    full: Annotated[bool, typer.Option("--full", help="Look at every row, also where the schema is a proof.")] = False,
) -> Exit:
    """Check every invariant now."""
    found: Check = session.client.post("/check", mode="full" if full else "fast")
    if session.screen.as_json:
        session.screen.json(found)
    else:
        _show_verdicts(session.screen, found["invariants"])
    return judge(Found(one["name"], one["outcome"]) for one in found["invariants"] if one["severity"] == "error")


def summary(session: Session) -> Exit:
    """Show the Artifacts Summary."""
    found: Summary = session.client.get("/summary")
    screen = session.screen
    if screen.as_json:
        screen.json(found)
        return Exit.CLEAN
    screen.facts(_facts(found))
    by_type = found["rows"]["by_type"]
    _titled(screen, f"rows, counted {found['rows']['counted']}", [list(row.values()) for row in by_type], by_type)
    _titled(screen, "refused objects", [list(row.values()) for row in found["refused"]], found["refused"])
    screen.line("")
    runs_table(screen, found["runs"])
    return Exit.CLEAN


def events(session: Session) -> Exit:
    """Say how fresh event notifications keep the index, and which messages were not applied."""
    whole: Summary = session.client.get("/summary")
    found, screen = whole["events"], session.screen
    if screen.as_json:
        screen.json(found)
        return Exit.CLEAN
    screen.facts(_freshness(found))
    _titled(screen, "not applied, the last ones", [list(row.values()) for row in found["letters"]], found["letters"])
    return Exit.CLEAN


def runs(
    session: Session,
    *,
    run: Annotated[int | None, typer.Argument(min=1, help="Show this run alone.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="Only runs of this kind.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    before: Annotated[int | None, typer.Option(min=1, help="Only runs older than this one.")] = None,
) -> Exit:
    """List runs, newest first, or show one."""
    path = "/runs" if run is None else f"/runs/{run}"
    query = {"kind": kind, "limit": limit, "before": before} if run is None else {}
    found: Any = session.client.get(path, **query)
    if session.screen.as_json:
        session.screen.json(found)
    elif run is None:
        _list_runs(session.screen, found)
    else:
        one_run(session.screen, found)
    return Exit.CLEAN


def _facts(found: Summary) -> dict[str, object]:
    last = found["last_check"] or {}
    pause, lifted, unknown = found["pause"], found["guards"], found["unknown"]
    lease = found["lease"]["lease_run"]
    passes = {f"pass of {one['bucket']}": _pass(one) for one in found["passes"]}
    parked = f", {found['alerts_parked']} parked" if found["alerts_parked"] else ""
    facts: dict[str, object] = {
        "last check": f"{last['checked_at']} ({last['mode']})" if last else None,
        "last full check": found["full_check"]["ended_at"],
        "open findings": len(found["findings"]),
        "unknown types": f"{'at least ' if unknown['at_least'] else ''}{unknown['artifacts']:,}",
        "backfill mode": found["backfill_mode"],
        "paused": f"by {pause['paused_by']}: {pause['pause_reason']}" if pause["paused_by"] else False,
        "guards lifted": lifted["lifted_until"] or False,
        "live run": lease,
        "alerts": f"{found['alerts_waiting']} waiting{parked}",
        **passes,
    }
    return {harmless(name): value for name, value in facts.items()}


def _freshness(found: Events) -> dict[str, object]:
    lag, longest = found["lag_ms"], found["longest_lag_ms"]
    dropped = {f"not taken: {name.replace('_', ' ')}": count for name, count in found["not_taken"].items() if count}
    return {
        "received": found["received"],
        "puts": found["puts"],
        "deletes": found["deletes"],
        "last event": found["last_event_at"],
        "committed": found["committed_at"],
        "lag": None if lag is None else f"{lag:,} ms",
        f"longest on {found['lag_day']}" if longest is not None else "longest lag": (
            None if longest is None else f"{longest:,} ms"
        ),
        "put off": f"{found['held_at']}: {found['held_why']}" if found["held_at"] else False,
        "oldest unverified delete": found["oldest_candidate_at"],
        **dropped,
    }


def _pass(one: Any) -> str:  # noqa: ANN401  # of a summary
    if "error" in one:
        return f"not known: {one['error']}"
    counts = one["counts"]
    scanned = f", {counts['scanned']:,} objects" if counts else ""
    return f"{one['state']}{scanned}{', ' + one['completed_at'] if one['completed_at'] else ''}"


def _show_verdicts(screen: Screen, verdicts: list[Verdict]) -> None:
    rows = [(one["name"], one["severity"], one["outcome"], one["violations"], one["method"]) for one in verdicts]
    screen.table(("invariant", "severity", "outcome", "violations", "method"), rows)
    for one in verdicts:
        if one["outcome"] == "violated":
            screen.line(f"\n{harmless(one['name'])}:")
            for row in one["sample"][:_SHOWN]:
                screen.line("  " + fields(row))
            if len(one["sample"]) > _SHOWN:
                screen.line("  and more: --json has up to 20")
        elif "reason" in one:
            screen.line(f"\n{harmless(one['name'])}: {harmless(one['reason'])}")


def _titled(screen: Screen, title: str, rows: list[list[object]], source: list[dict[str, Any]]) -> None:
    if rows:
        screen.line(f"\n{title}", "bold")
        screen.table([harmless(str(name)) for name in source[0]], rows)


def _list_runs(screen: Screen, found: Runs) -> None:
    runs_table(screen, found["runs"])
    if found["next"]:
        screen.say(f"older ones: --before {found['next']}")


def profiles(session: Session) -> Exit:
    """Show every database of the Worker, a line each."""
    found: Profiles = session.client.get("/profiles")
    listed = found["profiles"]
    if session.screen.as_json:
        session.screen.json(found)
    else:
        heads = ("profile", "database", "table", "buckets", "open", "last tick", "")
        session.screen.table(heads, [_profile_row(one) for one in listed])
    if any(one["error"] for one in listed):
        return Exit.FAILED
    return Exit.DRIFT if any(one["state"] and one["state"]["open_errors"] for one in listed) else Exit.CLEAN


def _profile_row(one: Profile) -> tuple[str, ...]:
    state = one["state"]
    named = (one["name"] or "(the only one)", one["database"], one["table"], ", ".join(one["buckets"]))
    if state is None:
        return tuple(map(harmless, (*named, "", "", str(one["error"]))))
    paused = f"paused by {state['paused_by']}" if state["paused_by"] else ""
    tick = f"{state['last_tick_status']} {state['last_tick_at']}" if state["last_tick"] else "never"
    return tuple(map(harmless, (*named, f"{state['open_errors']} + {state['open_warnings']}", tick, paused)))
