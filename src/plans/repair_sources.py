"""The SQL of what a recovery repairs beside the merges, as lines."""

from __future__ import annotations

import sql
from backfill.rules import RuleSet
from plans.values import exact
from recovery.orphans import Orphans

_ORPHAN = {"key": "row_key", "missing_id": "missing_id", "winner_id": "winner_id"}


def type_rows(rules: RuleSet, unknown: sql.Fragment) -> sql.Fragment:
    """Return the SQL of those of the unknown rows that a rule matches, with the type that it gives."""
    return sql.fragment("plans/classified", unknown=unknown, source_type=rules.classification())


def type_source(rows: sql.Fragment) -> sql.Fragment:
    """Return the SQL of the lines of such rows."""
    return sql.fragment("plans/type_lines", classified=rows, id=exact("id"))


def orphan_source(found: Orphans, merged: sql.Fragment) -> sql.Fragment:
    """Return the SQL of the lines of orphans, with the winner of each once the `merged` rows are."""
    values = {name: exact(column) for name, column in _ORPHAN.items()}
    given = {"orphans": found.listed, "free": found.free, "ranked": merged}
    return sql.fragment("plans/orphan_lines", child=found.reference.name, **given, **values)
