"""A deliberately dirty database and the bucket it is about: what `make run` and `make demo` start from.

The database is one that grew before the steward came: no unique index, no foreign key. What is wrong with it is
counted from the very rows that are inserted, so that no number shown is typed by hand.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

BUCKET = "artifacts"
UNKNOWN = "unknown"
CONTRADICTION = "manual-upload"
"""A known type that no rule gives: whoever wrote it knew better, so it has to stay."""

SCHEMA = (
    """CREATE TABLE artifacts (
      id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL,
      source_type TEXT NOT NULL DEFAULT 'unknown', fetched_at TEXT, note TEXT)""",
    "CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id INTEGER, source_url TEXT)",
)

_GLOBS = {
    "licence": (5, ("*LICENSE*", "*LICENCE*", "*COPYING*")),
    "documentation": (10, ("*.md", "*.rst", "*.txt", "*.html")),
    "source-code": (20, ("*.py", "*.pyi", "*.js", "*.mjs", "*.cjs", "*.ts", "*.mts", "*.c", "*.h")),
    "data": (30, ("*.json", "*.toml", "*.yaml", "*.yml", "*.csv")),
    "report": (40, ("*.pdf",)),
    "image": (40, ("*.png", "*.jpg", "*.svg")),
}


@dataclass(frozen=True)
class Rule:
    """A source type rule, as `PUT /rules` takes it."""

    priority: int
    pattern: str
    source_type: str


RULES = [Rule(priority, glob, kind) for kind, (priority, globs) in _GLOBS.items() for glob in globs]
ATTIC_RULE = Rule(50, "sample/attic/*", "archive")
"""The rule that the sample lacks: without it the attic's rows stay unknown."""


@dataclass(frozen=True)
class Artifact:
    """A row of `artifacts`."""

    id: int
    r2_key: str
    source_type: str
    fetched_at: str | None
    note: str
    r2_bucket: str = BUCKET


@dataclass(frozen=True)
class Datapoint:
    """A row of `datapoints`."""

    id: int
    artifact_id: int | None
    source_url: str


@dataclass
class Sample:
    """The rows of the dirty database, and the objects that are added to the real files."""

    artifacts: list[Artifact] = field(default_factory=list)
    datapoints: list[Datapoint] = field(default_factory=list)
    lost: list[Artifact] = field(default_factory=list)
    """Rows that datapoints point at and that someone deleted; their objects are still there."""
    objects: dict[str, str] = field(default_factory=dict)

    def violations(self) -> dict[str, int]:
        """Return how many rows break each invariant once the migrations are applied."""
        keys = Counter(row.r2_key for row in self.artifacts)
        ids = {row.id for row in self.artifacts}
        return {
            "guards_present": 0,
            "keys_are_text": 0,
            "ids_are_unique": 0,
            "no_directory_citations": sum(row.source_url.endswith("/") for row in self.datapoints),
            "no_orphan_datapoints": sum(
                row.artifact_id not in ids for row in self.datapoints if row.artifact_id is not None
            ),
            "no_unknown_source_type": sum(row.source_type == UNKNOWN for row in self.artifacts),
            "one_artifact_per_object": sum(rows > 1 for rows in keys.values()),
            "references_by_id": 0,
            "references_known": 0,
            "unique_index_present": 1,
        }

    def summary(self, objects: Iterable[str]) -> list[tuple[str, int]]:
        """Return what was made wrong on purpose, in words; `objects` are the bucket's keys."""
        stored, rows = set(objects), {row.r2_key for row in self.artifacts}
        keys, kinds = Counter(row.r2_key for row in self.artifacts), classify(stored, RULES)
        broken = self.violations()
        return [
            ("artifacts rows", len(self.artifacts)),
            ("datapoints rows", len(self.datapoints)),
            ("objects with several rows", broken["one_artifact_per_object"]),
            ("  rows too many because of it", sum(keys.values()) - len(keys)),
            ("rows of unknown type", broken["no_unknown_source_type"]),
            (
                "rows whose known type contradicts the rules",
                sum(r.source_type == CONTRADICTION for r in self.artifacts),
            ),
            ("rows without an object", len(rows - stored)),
            ("objects without a row", len(stored - rows)),
            ("objects that no rule matches", sum(kinds[key] is None and not key.endswith("/") for key in stored)),
            ("directory markers", sum(key.endswith("/") for key in stored)),
            ("datapoints whose artifact is gone", broken["no_orphan_datapoints"]),
            ("datapoints that cite a directory", broken["no_directory_citations"]),
        ]


def classify(keys: Iterable[str], rules: Sequence[Rule]) -> dict[str, str | None]:
    """Return the type that the rules give each key, by this Python's own SQLite and none of the Worker's SQL."""
    ordered = sorted(rules, key=lambda rule: (rule.priority, -len(rule.pattern), rule.pattern))
    with closing(sqlite3.connect(":memory:")) as glob:
        glob.execute("CREATE TABLE rules (place INTEGER PRIMARY KEY, pattern, source_type)")
        glob.executemany("INSERT INTO rules (pattern, source_type) VALUES (?, ?)", [_pair(rule) for rule in ordered])
        found = {key: glob.execute(_FIRST_MATCH, [key]).fetchone() for key in keys}
    return {key: row and str(row[0]) for key, row in found.items()}


_FIRST_MATCH = "SELECT source_type FROM rules WHERE ? GLOB pattern ORDER BY place LIMIT 1"


def _pair(rule: Rule) -> tuple[str, str]:
    return rule.pattern, rule.source_type


def make_sample(file_keys: Iterable[str]) -> Sample:
    """Return a dirty database about the files under these keys, the same for the same keys."""
    maker = _Maker()
    maker.add_lost()
    kinds = {key: kind for key, kind in classify(sorted(file_keys), RULES).items() if kind is not None}
    for index, (key, kind) in enumerate(kinds.items()):
        maker.add_file(index, key, kind)
    maker.add_rows_without_objects()
    maker.add_attic()
    maker.add_other_objects()
    return maker.sample


_GROUPS_MAX = 400
"""Objects with several rows, at most: a large folder does not need more of them."""

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class _Maker:
    """Makes the sample row by row; each number below decides only how much of a kind there is."""

    def __init__(self) -> None:
        self.sample = Sample()
        self.groups = 0
        self._artifact_ids = count(1)
        self._datapoint_ids = count(1)

    def add_file(self, index: int, key: str, kind: str) -> None:
        """Give a file several rows, one right, one contradicting, one unknown row, or (every other file) none."""
        turn = index % 8
        if turn == 0 and self.groups < _GROUPS_MAX:
            self._add_duplicates(key, kind)
        elif turn in _SINGLE:
            row = self._row(key, _SINGLE[turn] or kind, days=turn)
            self._cite(row.id)

    def _add_duplicates(self, key: str, kind: str) -> None:
        """Add two to four rows, each with datapoints; now and then the highest id is not the newest."""
        number, self.groups = self.groups, self.groups + 1
        types = _mixture(number, kind)
        for place in range(2 + number % 3):
            undated = number % 5 == 0 and place > 0
            row = self._row(key, types[place % len(types)], days=None if undated else place)
            for _ in range(1 + place % 2):
                self._cite(row.id)

    def add_lost(self) -> None:
        """Add datapoints of rows that are gone, though their objects are there. Their ids are never used again."""
        for number in range(1, 6):
            key = f"sample/lost/report-{number}.pdf"
            self.sample.objects[key] = "a report whose row was deleted"
            self.sample.lost.append(self._artifact(key, "report", days=number))
            self._cite(self.sample.lost[-1].id)

    def add_rows_without_objects(self) -> None:
        """Add rows whose objects were deleted from the bucket."""
        for number in range(1, 26):
            self._row(f"sample/gone/report-{number}.pdf", "report" if number % 2 else UNKNOWN, days=number)

    def add_attic(self) -> None:
        """Add unknown rows that no rule can name until someone writes the rule."""
        for number in range(1, 5):
            key = f"sample/attic/box-{number}"
            self.sample.objects[key] = "old"
            self._row(key, UNKNOWN, days=None)

    def add_other_objects(self) -> None:
        """Add a directory marker, objects that no rule matches, and keys that are easily got wrong."""
        self.sample.objects["sample/inbox/"] = ""
        self.sample.objects.update({f"sample/unsorted/scan-{number}": "?" for number in range(1, 4)})
        self.sample.objects.update(dict.fromkeys(_ODD_KEYS, "text"))

    def _row(self, key: str, kind: str, days: int | None) -> Artifact:
        self.sample.artifacts.append(self._artifact(key, kind, days))
        return self.sample.artifacts[-1]

    def _artifact(self, key: str, kind: str, days: int | None) -> Artifact:
        fetched_at = None if days is None else (_EPOCH + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
        number = next(self._artifact_ids)
        return Artifact(number, key, kind, fetched_at, f"row {number} of the sample")

    def _cite(self, artifact_id: int) -> None:
        number = next(self._datapoint_ids)
        page = "" if number % 20 == 0 else f"page-{number}.html"
        self.sample.datapoints.append(Datapoint(number, artifact_id, f"https://example.org/reports/{page}"))


_SINGLE: Mapping[int, str] = {1: CONTRADICTION, 2: UNKNOWN, 3: ""}
_ODD_KEYS = ("sample/odd/100%_*[?] 'quoted'.md", "sample/odd/na\u00efve.md", "sample/odd/nai\u0308ve.md")


def _mixture(number: int, kind: str) -> tuple[str, ...]:
    """Return the types of an object's rows, oldest first."""
    mixtures = ((UNKNOWN,), (CONTRADICTION, UNKNOWN), (UNKNOWN, kind), (CONTRADICTION,))
    return mixtures[number % len(mixtures)]


def as_rows(rows: Iterable[Artifact] | Iterable[Datapoint]) -> list[dict[str, object]]:
    """Return the rows as D1 would return them."""
    return [asdict(row) for row in rows]
