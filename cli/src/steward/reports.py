"""Parts of answers as a person reads them; more than one command prints these."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast, get_type_hints

from steward import plans
from steward.answers import Backfill, Counts, Recovery, Run, Step
from steward.forgetting import Forget
from steward.harmless import harmless, shown
from steward.progress import duration
from steward.screen import Screen
from steward.wording import in_commands

BOOKKEEPING = ("pause", "measure", "bookmark", "verify", "resume")
"""Steps of a recovery whose `changed` is no repair."""

COUNTED = tuple(name for name, kind in get_type_hints(Counts).items() if kind is int)
SAMPLES = {"unclassified_sample": "no rule matches", "newer_sample": "uploaded after what their row tells of"}
"""The keys that a report names some of, and why."""

_SHOWN = 3


def fields(row: object) -> str:
    """Return a row of a sample as `name=value` pairs."""
    if not isinstance(row, dict):
        return shown(row)
    return "  ".join(
        f"{harmless(str(name))}={'-' if value is None else harmless(str(value))}" for name, value in row.items()
    )


def counted(number: int, word: str) -> str:
    """Return a number with its noun: 1 page, 2 pages."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def backfill(screen: Screen, report: Backfill, calls: int) -> None:
    """Print what a walk did, or would do."""
    if screen.as_json:
        screen.json(report)
        return
    would = "would be " if report["dry_run"] else ""
    names = {"inserted": f"{would}inserted", "upgraded": f"{would}upgraded"}
    screen.facts({names.get(name, name): report[name] for name in COUNTED})  # type: ignore[literal-required]  # members of a report
    for name, why in SAMPLES.items():
        keys = report[name]  # type: ignore[literal-required]  # members of a report
        if keys:
            screen.line(f"\n{why}, among others:")
        for key in keys:
            screen.line(f"  {harmless(key)}")
    screen.say(f"{counted(report['pages'], 'page')} in {duration(report['duration_ms'] / 1000)} of the Worker's time")
    plans.worked(screen, report.get("plan"))
    plans.made(screen, report.get("plan"), report.get("forecast"), "steward backfill --live")
    if report["dry_run"] and calls > 1:
        screen.say(f"{calls} calls make no plan of the whole: --slice 1000000 does, as far as one call comes")


def forget(screen: Screen, report: Forget) -> None:
    """Print what a forgetting did, or would do."""
    if screen.as_json:
        screen.json(report)
        return
    forgotten = "would be forgotten" if report["dry_run"] else "forgotten"
    facts: dict[str, object] = {"gone": report["gone"], forgotten: report["forgotten"]}
    facts["still there"] = report["still_there"]
    facts |= {f"held by {harmless(name)}": count for name, count in report["held"].items()}
    if "forecast" in report:
        facts["forecast"] = plans.forecast_text(report["forecast"])
    screen.facts(facts)
    for title, rows in ((forgotten, report["sample"]), ("stays", report["sample_held"]), ("refused", report["left"])):
        for row in rows[:_SHOWN]:
            screen.line(f"  {title}: {fields(row)}")
    for one in report["mentions"]:
        screen.line(f"  look first: {harmless(one)} may name artifacts in a way that no check follows")
    if report["refused"]:
        screen.line(f"\nLive it would be refused: {in_commands(harmless(report['refused']))}")
    elif report["dry_run"]:
        screen.line("\nNothing was changed.")
    if report["dry_run"] and not report["done"]:
        screen.say("this is a part: one call looks at no more")
    plans.worked(screen, report.get("plan"))
    plans.made(screen, report.get("plan"), report.get("forecast"), "steward forget --live")


def runs_table(screen: Screen, listed: list[Run]) -> None:
    """Print runs, one a line."""
    heads = ("run", "kind", "mode", "trigger", "status", "started", "error")
    names = ("id", "kind", "mode", "trigger", "status", "started_at", "error")
    screen.table(heads, [[run[name] for name in names] for run in listed])  # type: ignore[literal-required]  # members of a run


def one_run(screen: Screen, run: Run) -> None:
    """Print one run with all that it has kept."""
    kept: dict[str, Any] = {"request": run["request"], "counts": run["counts"], "cost": run["cost"]}
    screen.facts({name: value for name, value in run.items() if name not in kept})
    for name, value in kept.items():
        if isinstance(value, dict) and "steps" in value:
            screen.line("")
            steps(screen, cast(Recovery, value))
        elif value:
            screen.line(f"\n{name}:", "bold")
            screen.line(json.dumps(value, indent=2))


def steps(screen: Screen, report: Recovery) -> None:
    """Print the steps of a recovery, with examples of what each repairs."""
    changed = "would change" if report["dry_run"] else "changed"
    rows = [(one["name"], one["before"], one["after"], one["changed"], _details(one)) for one in report["steps"]]
    screen.table(("step", "before", "after", changed, ""), rows)
    for step in report["steps"]:
        samples = list(_samples(step))
        if samples:
            screen.line(f"\n{harmless(step['name'])}:", "bold")
            for text in samples:
                screen.line(f"  {text}")


def still_violated(report: Recovery) -> list[str]:
    """Return the invariants of error severity that the last check of a recovery found violated."""
    verify = next((step for step in report["steps"] if step["name"] == "verify"), None)
    verdicts = verify["sample"] if verify else []
    names = [
        harmless(str(one["name"])) for one in verdicts if one["outcome"] == "violated" and one["severity"] == "error"
    ]
    return list(dict.fromkeys(names))


def _details(step: Step) -> str:
    """Return what only this step counts, where there is any of it; a space, so that no dash stands for nothing."""
    known = ("groups", "types_carried", "children_remapped")
    found = [f"{name.replace('_', ' ')} {step[name]:,}" for name in known if step.get(name)]  # type: ignore[literal-required]  # members of a merge
    return ", ".join(found) or " "


def _samples(step: Step) -> Iterator[str]:
    if step["name"] not in BOOKKEEPING:
        yield from map(fields, step["sample"][:_SHOWN])
    left: object = step.get("left_whole")
    for one in left if isinstance(left, list) else []:
        yield f"left as it is: {fields(one)}"
    unmergeable: object = step.get("unmergeable")
    for one in unmergeable if isinstance(unmergeable, list) else []:
        yield f"cannot be merged: {fields(one)}"
