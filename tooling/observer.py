"""What plain SQL and the bucket's own listing say: the Worker's answers are compared with it, never asked here.

The queries are the postmortem's own, written apart from the Worker's.
"""

import json
from typing import Any, NamedTuple

from tooling.harness import Harness

_GUARDS = 7
"""Three on artifacts alone, and four for each reference: the sample has one."""

_UNIQUE_INDEXES = """
SELECT count(*) FROM pragma_index_list('artifacts') AS listed
WHERE listed."unique" = 1 AND listed.partial = 0
  AND (SELECT group_concat(name) FROM pragma_index_info(listed.name)) = 'r2_bucket,r2_key'
"""
_VIOLATIONS = {
    "keys_are_text": "SELECT count(*) FROM artifacts WHERE typeof(r2_bucket) <> 'text' OR typeof(r2_key) <> 'text'",
    "no_directory_citations": "SELECT count(*) FROM datapoints WHERE source_url LIKE '%/'",
    "no_orphan_datapoints": (
        "SELECT count(*) FROM datapoints LEFT JOIN artifacts ON artifacts.id = datapoints.artifact_id"
        " WHERE artifacts.id IS NULL AND datapoints.artifact_id IS NOT NULL"
    ),
    "no_unknown_source_type": "SELECT count(*) FROM artifacts WHERE source_type = 'unknown'",
    "one_artifact_per_object": (
        "SELECT count(*) FROM (SELECT 1 FROM artifacts GROUP BY r2_bucket, r2_key HAVING count(*) > 1)"
    ),
    "unique_index_present": f"SELECT 1 - min(1, ({_UNIQUE_INDEXES}))",
}

Row = dict[str, Any]


class Picture(NamedTuple):
    """The two tables at one moment, by id."""

    artifacts: dict[int, Row]
    datapoints: dict[int, Row]

    def reach(self) -> dict[int, tuple[str, str] | None]:
        """Return the object that each datapoint is about, None where its artifact is missing."""
        return {number: self._object(row["artifact_id"]) for number, row in self.datapoints.items()}

    def _object(self, artifact_id: int) -> tuple[str, str] | None:
        row = self.artifacts.get(artifact_id)
        return None if row is None else (row["r2_bucket"], row["r2_key"])

    def types(self) -> dict[int, str]:
        """Return every artifact's source type."""
        return {number: row["source_type"] for number, row in self.artifacts.items()}

    def keys(self) -> set[str]:
        """Return every key that has a row."""
        return {row["r2_key"] for row in self.artifacts.values()}


class Observer:
    """Looks at the database and the bucket of one running Worker."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness

    def count(self, sql: str) -> int:
        """Return the one number that a query answers."""
        [row] = self.harness.d1(sql).rows
        return int(next(iter(row.values())))

    def violations(self) -> dict[str, int]:
        """Return how many rows break each invariant."""
        counts = {name: self.count(sql) for name, sql in _VIOLATIONS.items()}
        # The sample has ids of its own, and no reference that nobody declared.
        none = dict.fromkeys(("ids_are_unique", "references_by_id", "references_known"), 0)
        return {"guards_present": self._missing_guards(), **none, **counts}

    def _missing_guards(self) -> int:
        return _GUARDS - self.count(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'steward%'"
        )

    def picture(self) -> Picture:
        """Return both tables."""
        artifacts, datapoints = (
            {row["id"]: row for row in self.harness.d1(f"SELECT * FROM {table}").rows}  # noqa: S608  # two names
            for table in ("artifacts", "datapoints")
        )
        return Picture(artifacts, datapoints)

    def objects(self) -> set[str]:
        """Return every key in the bucket."""
        return {found["key"] for found in self.harness.r2_list()}

    def older_rows(self, before: str) -> set[str]:
        """Return the keys of the rows that say they were fetched before this moment, and whose object is there."""
        rows = self.harness.d1("SELECT r2_key FROM artifacts WHERE fetched_at < ?1", [before]).rows
        return {row["r2_key"] for row in rows} & self.objects()

    def stored_passes(self) -> dict[str, Row]:
        """Return what KV holds of every pass, by its key."""
        return {key: json.loads(self.harness.kv_get(key) or "{}") for key in self.harness.kv_list("backfill:")}

    def rows_by_type(self) -> list[tuple[str, int]]:
        """Return the number of rows of each source type, most first."""
        sql = "SELECT source_type, count(*) AS n FROM artifacts GROUP BY 1 ORDER BY 2 DESC, 1"
        return [(row["source_type"], row["n"]) for row in self.harness.d1(sql).rows]
