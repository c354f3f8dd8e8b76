"""What the summary says: bindings, invariants, guards, passes, alerts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from steward.client import Client
from steward.doctor.line import Line, State
from steward.harmless import harmless
from steward.judging import age, errors_of
from steward.summary import Pass, Summary

CHECK_HOURS = 48
"""A full check is due every 24 hours (FULL_CHECK_HOURS); by then one was missed."""

_SHOWN_APART = ("unique_index_present", "guards_present")


def read(client: Client) -> Summary:
    """Return the summary."""
    found: Summary = client.get("/summary")
    return found


def bindings(summary: Summary) -> Iterator[Line]:
    """Look at D1 and KV: the summary is made from both."""
    yield Line("D1", "ok", "it answers, and the tables that the Worker reads are there")
    hint = "npx wrangler d1 migrations list DB --remote"
    yield Line("migrations", "not checked", "HTTP does not tell which are applied", hint)
    errors = [one["error"] for one in summary["passes"] if "error" in one]
    if errors:
        yield Line(
            "KV", "failed", harmless(errors[0]), "Where the pass stands is not known: look at the binding STATE."
        )
    else:
        yield Line("KV", "ok", "it answers")


def invariants(summary: Summary) -> Iterator[Line]:
    """Look at what the last check found; the unique index and the guards each have a line."""
    found = errors_of(summary)
    if summary["last_check"] is None:
        yield Line("invariants", "failed", "nothing was checked yet", "steward check --full")
        return
    for name in _SHOWN_APART:
        what = name.removesuffix("_present").replace("_", " ")
        yield _outcome(what, dict(found).get(name, "not_checked"), summary["last_check"]["checked_at"])
    others = [one for one in found if one.name not in _SHOWN_APART]
    broken = [one.name for one in others if one.outcome == "violated"]
    unseen = [one.name for one in others if one.outcome not in ("holds", "violated")]
    if unseen:
        yield Line("invariants", "failed", f"not checked: {', '.join(unseen)}", "steward check --full says why.")
    if broken:
        yield Line("invariants", "wrong", f"violated: {', '.join(broken)}", "steward check --full, then the runbook.")
    if not unseen and not broken:
        yield Line("invariants", "ok", "the others hold")
    yield _full_check(summary)


def _outcome(what: str, outcome: str, moment: str) -> Line:
    if outcome == "holds":
        return Line(what, "ok", f"in place at the last check ({moment})")
    state: State = "wrong" if outcome == "violated" else "failed"
    return Line(
        what, state, f"{outcome.replace('_', ' ')} at the last check ({moment})", "steward recover puts it right."
    )


def _full_check(summary: Summary) -> Line:
    ended = summary["full_check"]["ended_at"]
    if ended is None:
        return Line("full check", "warning", "none has ended yet", "A tick does it; or steward check --full.")
    if age(summary["as_of"], ended) > timedelta(hours=CHECK_HOURS):
        return Line(
            "full check", "wrong", f"the last one ended at {ended}", "Are ticks failing? steward runs --kind tick"
        )
    return Line("full check", "ok", f"ended at {ended}")


def scheduled(summary: Summary) -> Iterator[Line]:
    """Look at what is switched off: guards, backfill, the schedule."""
    lifted = summary["guards"]["lifted_until"]
    if lifted:
        yield Line("guards lifted", "warning", f"until {lifted}", "steward guards installs them at once.")
    mode, paused = summary["backfill_mode"], summary["pause"]["paused_by"]
    if paused:
        reason = harmless(str(summary["pause"]["pause_reason"]))
        yield Line("backfill", "warning", f"paused by {harmless(paused)}: {reason}", "steward resume")
    elif mode == "live":
        yield Line("backfill", "ok", "live")
    else:
        yield Line(
            "backfill", "warning", f"BACKFILL_MODE is {mode}: cron writes no row", "Set it to live when you are ready."
        )
    yield from map(_pass, summary["passes"])


def _pass(one: Pass) -> Line:
    what = harmless(f"pass of {one['bucket']}")
    if "error" in one:
        return Line(what, "failed", "not known")
    counts = one.get("counts")
    if counts and counts["unclassified"]:
        text = f"no rule matches {counts['unclassified']:,} of {counts['scanned']:,} objects"
        return Line(what, "warning", text, "steward backfill shows some; steward rules put adds rules.")
    return Line(what, "ok", f"{one.get('state')}")


def alerts(summary: Summary) -> Iterator[Line]:
    """Look at whether alerts arrive."""
    parked, waiting, error = summary["alerts_parked"], summary["alerts_waiting"], summary["alert_error"]
    last = f": {harmless(error)}" if error else ""
    if parked:
        yield Line("alerts", "wrong", f"{parked} were given up{last}", "docs/http.md, Alerts: how to send them again.")
    elif waiting and error:
        yield Line("alerts", "wrong", f"{waiting} wait{last}", "Look at the receiver.")
    else:
        yield Line("alerts", "ok", f"none was refused, {waiting} wait for the next tick")
    yield Line("alert address", "not checked", "HTTP does not tell of ALERT_WEBHOOK_URL", "npx wrangler secret list")
