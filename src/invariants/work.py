"""Check a database, bring the findings up to date, and keep what was found."""

from __future__ import annotations

from dataclasses import replace

from database.reading import read_schema
from invariants import findings
from invariants.check import check_database
from invariants.full_check import keeping, read_progress
from invariants.inventory import inventory
from invariants.outcome import Outcome, last_check
from invariants.passes import read_evidence
from invariants.spec import Checking, CheckReport, CheckSpec
from ports import Ports
from settings import Settings


async def check(ports: Ports, settings: Settings, how: Checking) -> Outcome:
    """Check every invariant and bring the findings up to date.

    Raises PlatformError only where the schema itself could not be read: then nothing was checked.
    """
    database = how.budget.metered(ports.database)
    schema = await read_schema(database, settings.children, settings.not_children)
    under_way = {} if how.mode == "fast" else await read_progress(ports.database, ports.clock.now())
    distrusted = await findings.open_invariants(ports.database)
    spec = CheckSpec(how, ports.database, schema, distrusted, under_way if how.resume else {})
    report, now = await look(spec, settings), ports.clock.now()
    # An unfinished check that started over leaves its work to the ticks, unless they are at one of their own.
    if how.mode == "full" and (report.complete or how.resume or not under_way):
        await ports.database.batch([keeping(report, now, {} if report.complete else report.progress)])
    kept = await findings.record(ports.database, report.verdicts, now, alerting=settings.alerting)
    outcome = Outcome(how.mode, now, kept.verdicts, kept.changes, report.complete)
    await ports.database.batch([last_check(outcome, await inventory(database, outcome))])
    return outcome


async def look(spec: CheckSpec, settings: Settings) -> CheckReport:
    """Return a verdict on every invariant, those that rely on the passes over the buckets with them."""
    evidence = await read_evidence(spec.how.budget.metered(spec.database), settings, spec.how.budget.clock.now())
    return await check_database(replace(spec, evidence=evidence))
