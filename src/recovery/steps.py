"""What the steps of a recovery bring, and how answers show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Literal, Self

from recovery.duplicates import ObjectKey

StepName = Literal[
    "pause", "measure", "bookmark", "dedupe", "index", "guards", "classify", "orphans", "verify", "resume"
]

SAMPLE = 20


@dataclass(frozen=True)
class Step:
    """One step: how many things were wrong before and are after, how many it changed, and examples.

    In a dry run `after` and `changed` are what a live run would bring.
    """

    name: StepName
    before: int = 0
    after: int = 0
    changed: int = 0
    sample: tuple[object, ...] = ()
    error: str | None = None

    def then(self, later: Self) -> Self:
        """Return both as one, where the same step was taken again in a later round."""
        further = tuple(one for one in later.sample if one not in self.sample)
        return replace(
            later, before=self.before, changed=self.changed + later.changed, sample=(self.sample + further)[:SAMPLE]
        )

    def failed(self, error: str) -> Self:
        """Return the step with what ended it."""
        return replace(self, error=error)

    def details(self) -> Mapping[str, object]:
        """Return what this kind of step shows beside the rest."""
        return {}

    def report(self) -> dict[str, object]:
        """Return the step as answers print it; `error` only where there is one."""
        shown = {"name": self.name, "before": self.before, "after": self.after, "changed": self.changed}
        rest = {name: list(value) if isinstance(value, tuple) else value for name, value in self.details().items()}
        body: dict[str, object] = {**shown, "sample": list(self.sample), **rest}
        return {**body, "error": self.error} if self.error else body


@dataclass(frozen=True)
class PauseStep(Step):
    """The pause of scheduled backfill."""

    paused_before_by: str | None = None

    def details(self) -> Mapping[str, object]:
        """Return who had paused before."""
        return {"paused_before_by": self.paused_before_by}


@dataclass(frozen=True)
class LeftWhole:
    """An object that was not merged, and why."""

    r2_bucket: str
    r2_key: str
    why: str


@dataclass(frozen=True)
class MergeStep(Step):
    """The merge of duplicates, or what a dry run says of it."""

    groups: int = 0
    types_carried: int = 0
    children_remapped: int = 0
    more: bool = False
    """Whether a further call is needed."""
    dates: tuple[object, ...] = ()
    deleted_columns: tuple[str, ...] = ()
    stopped_after: ObjectKey | None = None
    """Where the next call continues."""
    left: int = 0
    """How many objects are left as they are, those of the calls before among them."""
    left_whole: tuple[LeftWhole, ...] = ()
    """The first of those."""
    unmergeable: tuple[object, ...] = ()
    counted_before: ObjectKey | None = None
    """A dry run counted only the objects before this one."""

    def then(self, later: Self) -> Self:
        """Return both rounds as one: what was done is summed, anything else is as the later round found it."""
        return replace(
            super().then(later),
            groups=self.groups + later.groups,
            types_carried=self.types_carried + later.types_carried,
            children_remapped=self.children_remapped + later.children_remapped,
            dates=later.dates or self.dates,
        )

    def details(self) -> Mapping[str, object]:
        """Return the counts of the merge, and what of the rest there is."""
        goes_on = {"after": list(self.stopped_after), "left": self.left} if self.stopped_after else None
        counts = {"groups": self.groups, "types_carried": self.types_carried}
        rest = {
            "dates": self.dates,
            "deleted_columns": self.deleted_columns,
            "goes_on": goes_on,
            "left_whole": tuple(asdict(one) for one in self.left_whole),
            "unmergeable": self.unmergeable,
            "counted_before": self.counted_before,
        }
        known = {name: value for name, value in rest.items() if value}
        return {**counts, "children_remapped": self.children_remapped, "more": self.more, **known}


@dataclass(frozen=True)
class IndexStep(Step):
    """The unique index."""

    nullable: tuple[str, ...] = ()
    """The columns of it that may be NULL, so that it does not keep every duplicate out."""
    overtaken: bool = False
    """Whether a writer added a duplicate after the merge: a further round merges it."""

    def details(self) -> Mapping[str, object]:
        """Return the columns that may be NULL, where there are any."""
        return {"nullable": self.nullable} if self.nullable else {}


@dataclass(frozen=True)
class ClassifyStep(Step):
    """The classification of unknown rows."""

    stopped_after: ObjectKey | None = None
    """Where the next call continues; None where this one came to the end."""

    def details(self) -> Mapping[str, object]:
        """Return where the next call continues."""
        return {"goes_on": {"after": list(self.stopped_after)}} if self.stopped_after else {}


@dataclass(frozen=True)
class Repaired:
    """The repairs after a merge, as far as a forecast needs them."""

    index: IndexStep
    classify: ClassifyStep
    orphans: Step
