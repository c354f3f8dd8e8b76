"""Databases in every state that hand-written SQL can leave them in, for properties of the recovery."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from tests.support.databases import Shape, unguarded
from tests.support.fakes import World
from tests.support.shapes import held

RULES = ((1, "raw/*.pdf", "report"), (2, "raw/*", "raw"))
Row = tuple[str | None, str | None, str, object]
NOTES = "CREATE TABLE notes (about {ids} REFERENCES artifacts (id), word TEXT, UNIQUE (about, word));"


@dataclass(frozen=True)
class Dirt:
    """What is in a database. Numbers stand for ids; a number that is not an artifact's is an orphan's."""

    shape: Shape
    artifacts: tuple[Row, ...]
    datapoints: tuple[int | None, ...]
    notes: tuple[tuple[int, str | None], ...]
    merges: tuple[tuple[int, int], ...]
    """Earlier merges in the journal: loser and winner."""

    def world(self) -> World:
        """Return a world with all this in it."""
        shape = self.shape
        world = shape.world(NOTES.format(ids=shape.ids))
        with unguarded(world.database):
            for number, (bucket, key, source_type, fetched_at) in enumerate(self.artifacts, start=1):
                row: dict[str, Any] = {"bucket": bucket, "fetched_at": fetched_at, "note": f"note {number}"}
                shape.artifact(world, number, key, source_type, **row)  # type: ignore[arg-type]  # a loose key
            for number, artifact in enumerate(self.datapoints, start=1):
                shape.datapoint(world, number, artifact)
            notes = [(shape.id(artifact), word) for artifact, word in dict.fromkeys(self.notes)]
            world.database.connection.executemany("INSERT OR IGNORE INTO notes VALUES (?, ?)", notes)
            merges = [(shape.id(loser), shape.id(winner), self._lost(winner)) for loser, winner in self.merges]
            world.database.connection.executemany(
                "INSERT INTO steward_merges (run, chunk, loser_id, winner_id, loser) VALUES (0, 1, ?, ?, ?)", merges
            )
        world.rules(*RULES)
        return world

    def _lost(self, winner: int) -> str:
        """Return the journalled row of a loser: it stood for the object of the row that its trail leads to."""
        for _ in self.merges:
            winner = dict(self.merges).get(winner, winner)
        row = self.artifacts[winner - 1] if winner <= len(self.artifacts) else (None, None)
        return json.dumps({"r2_bucket": row[0], "r2_key": row[1]})


MOMENTS = [None, "2026-01-01T00:00:00Z", "2026-01-01T02:00:00+02:00", "2026-02-01", 1767225600, "someday"]
_keys = st.sampled_from(["raw/a.pdf", "raw/b", "raw/c", "odd", "other"])
_types = st.sampled_from(["unknown", "unknown", "report", "memo"])
_numbers = st.integers(1, 14)


def _row(bucket: str | None, key: str | None, source_type: str, moment: object) -> Row:
    return (*held(bucket, key, source_type), moment)


def dirt(*, loose: bool = False) -> st.SearchStrategy[Dirt]:
    """Generate databases; the `loose` ones may lack a bucket or a key."""
    shapes = st.builds(
        Shape, ids=st.sampled_from(["INTEGER", "TEXT"]), foreign_keys=st.booleans(), unique_index=st.just(value=False)
    )
    buckets: st.SearchStrategy[str | None] = st.sampled_from(["b", "b", "c", None] if loose else ["b", "b", "c"])
    keys: st.SearchStrategy[str | None] = st.one_of(_keys, st.none()) if loose else _keys
    return st.builds(
        Dirt,
        shape=shapes.map(lambda shape: replace(shape, loose=loose)),
        artifacts=st.lists(st.builds(_row, buckets, keys, _types, st.sampled_from(MOMENTS)), max_size=12).map(tuple),
        datapoints=st.lists(st.one_of(st.none(), _numbers), max_size=10).map(tuple),
        notes=st.lists(st.tuples(_numbers, st.sampled_from(["x", "y", None])), max_size=4).map(tuple),
        merges=st.lists(st.tuples(_numbers, _numbers), max_size=3).map(tuple),
    )


SAMPLE = Dirt(
    shape=Shape(unique_index=False),
    artifacts=(
        _row("b", "raw/a.pdf", "memo", "2026-01-01T00:00:00Z"),
        _row("b", "raw/a.pdf", "unknown", "2026-02-01T00:00:00Z"),
        _row("b", "raw/a.pdf", "report", None),
        _row("b", "raw/b", "unknown", None),
        _row("b", "raw/b", "unknown", None),
        _row("b", "odd", "unknown", None),
        _row("b", "odd", "odd one", None),
        _row("c", "odd", "other", None),
        _row("c", "raw/c", "unknown", None),
        _row("c", "raw/stuck", "raw", None),
        _row("c", "raw/stuck", "raw", None),
    ),
    datapoints=(1, 2, 3, 4, 5, 6, 7, 8, 9, None, 13, 14),
    notes=((1, "x"), (4, None), (10, "same"), (11, "same")),
    merges=((13, 12), (12, 8)),
)
"""One of everything: types to carry, a chain in the journal, an orphan without one, a group that must be left whole."""


def clean_sample(shape: Shape) -> Dirt:
    """Return the sample on another shape, without what no recovery can repair."""
    rows = list(SAMPLE.artifacts[:10])
    return replace(
        SAMPLE, shape=shape, artifacts=tuple(rows), datapoints=SAMPLE.datapoints[:11], notes=((1, "x"), (4, None))
    )
