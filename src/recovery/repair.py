"""What the repairs after a merge work from."""

from __future__ import annotations

from dataclasses import dataclass

import sql
from backfill.rules import RuleSet
from database.schema import Schema
from recovery.call import Call
from recovery.duplicates import ObjectKey


@dataclass(frozen=True)
class Repair:
    """The state after a merge, or the one that a dry run foresees."""

    call: Call
    schema: Schema
    rules: RuleSet
    merged: sql.Fragment
    """The objects that a dry run counts as merged; none in a live one, which has merged them."""
    clean_of_duplicates: bool
    """Whether the unique index can be created: no object is, or would be, left with several rows."""
    classify_from: ObjectKey | None
    """The object after which the classification begins."""
