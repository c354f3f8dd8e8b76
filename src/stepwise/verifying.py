"""The last check, over as many calls as it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from database.schema import Schema
from invariants.look import QueryProgress
from invariants.outcome import verified
from invariants.spec import Checking, CheckSpec
from invariants.verdict import all_hold
from invariants.work import look
from recovery.call import Call
from recovery.checking import violations
from recovery.checkpoint import Looked
from runs.lease import write_held


@dataclass(frozen=True)
class LookedFurther:
    """How far the check has come, and what it says."""

    complete: bool
    ok: bool
    violations: int
    sample: tuple[object, ...]
    progress: Looked


async def look_further(call: Call, schema: Schema, before: Looked | None) -> LookedFurther:
    """Continue the check from where the call before left it; keep what it found once it is complete."""
    budget = call.budget.part("check")
    how = Checking("full", budget, resume=True, renew=call.run.renew)
    under_way = {name: QueryProgress(**one) for name, one in (before or {}).items()}
    report = await look(CheckSpec(how, call.ports.database, schema, under_way=under_way), call.settings)
    if report.complete:
        kept = verified(report, call.run.clock.now(), alerting=call.settings.alerting)
        await write_held(call.database, call.run, *kept)
    progress: Mapping[str, Mapping[str, object]] = {name: asdict(one) for name, one in report.progress.items()}
    sample = tuple(verdict.report() for verdict in report.verdicts)
    broken = violations(report.verdicts)
    return LookedFurther(report.complete, all_hold(report.verdicts), broken, sample, progress)
