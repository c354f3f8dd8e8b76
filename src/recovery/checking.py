"""The steps that look: what is broken before, and what is after; a dry run predicts the latter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from database.sampling import Sampled
from database.schema import Schema
from invariants.outcome import verified
from invariants.spec import Checking, CheckReport, CheckSpec
from invariants.verdict import Verdict, all_hold
from invariants.work import look
from recovery.call import Call
from recovery.steps import MergeStep, Repaired, Step
from runs.budget import RECOVERY_SECONDS, Part
from runs.lease import write_held


@dataclass(frozen=True)
class Measured:
    """A full check: its verdicts, and whether every invariant of error severity was looked at to its end."""

    step: Step
    verdicts: tuple[Verdict, ...]

    @property
    def unknown(self) -> int:
        """How many artifacts are of unknown type."""
        return sum(one.violations or 0 for one in self.verdicts if one.name == "no_unknown_source_type")

    @property
    def looked_at_all(self) -> bool:
        """Whether no invariant of error severity was left unchecked."""
        return all(one.outcome != "not_checked" for one in self.verdicts if one.severity == "error")


@dataclass(frozen=True)
class Verified:
    """The last step of a round, and whether all is well."""

    step: Step
    ok: bool


async def measure(call: Call, schema: Schema, sampled: Sampled | None) -> Measured:
    """Check everything before anything is changed."""
    report = await _full_check(call, schema, "measure", sampled)
    broken = violations(report.verdicts)
    sample = tuple(verdict.report() for verdict in report.verdicts)
    return Measured(Step("measure", broken, broken, sample=sample), report.verdicts)


async def verify(call: Call, schema: Schema, before: int, sampled: Sampled | None) -> Verified:
    """Check everything again, and keep what was found as any check does."""
    report = await _full_check(call, schema, "verify", sampled)
    now = call.run.clock.now()
    kept = verified(report, now, alerting=call.settings.alerting)
    await write_held(call.database, call.run, *kept)
    sample = tuple(verdict.report() for verdict in report.verdicts)
    return Verified(Step("verify", before, violations(report.verdicts), sample=sample), all_hold(report.verdicts))


def predict(measured: Measured, schema: Schema, merge: MergeStep, repaired: Repaired, *, refused: bool) -> Verified:
    """Return the last step that a live run would have: what was measured, less what the steps would repair."""
    left = {
        "no_unknown_source_type": repaired.classify.after,
        "no_orphan_datapoints": repaired.orphans.after,
        "unique_index_present": 1 - repaired.index.after + len(schema.nullable_key),
        "guards_present": 0,
    }
    for verdict in measured.verdicts:
        if verdict.name == "one_artifact_per_object":
            left[verdict.name] = (verdict.violations or 0) - merge.groups
    errors = [verdict for verdict in measured.verdicts if verdict.severity == "error"]
    after = sum(left.get(verdict.name, verdict.violations or 0) for verdict in errors)
    return Verified(Step("verify", measured.step.before, after), after == 0 and measured.looked_at_all and not refused)


def violations(verdicts: Iterable[Verdict]) -> int:
    """Return how often the invariants of error severity are broken, all together."""
    return sum(verdict.violations or 0 for verdict in verdicts if verdict.severity == "error")


async def _full_check(call: Call, schema: Schema, part: Part, sampled: Sampled | None) -> CheckReport:
    # A look that takes long ends with the call's last queries, not with its last second.
    budget = replace(call.budget.part(part), deadline=call.run.clock.now() + timedelta(seconds=RECOVERY_SECONDS))
    how = Checking("full", budget, renew=call.run.renew)
    return await look(CheckSpec(how, call.ports.database, schema, sampled=sampled), call.settings)
