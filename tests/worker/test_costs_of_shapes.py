"""What work costs on real D1 whatever the database's names are: the rows that it reads and writes.

`pytest tests/worker/test_costs_of_shapes.py` shows them (docs/measurements.md has what was measured).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from naming.names import TABLE, Names
from tests.support.actions import TOKEN
from tests.support.databases import Shape
from tests.support.fakes import MIGRATIONS
from tests.support.shapes import SHAPES, ShapedConnection, own_words, statements, tables_setting
from tooling.harness import Config, Harness
from tooling.table import table

OBJECTS = 1000
DOUBLED = 200
WORK = ("first pass", "unchanged pass", "pass without rules", "fast check", "dry recovery", "recovery", "full check")
RULES = [{"priority": 1, "pattern": "raw/*[0-8].pdf", "source_type": "report"}]
"""Nine objects in ten are classified."""

CONFIG = Config(
    vars={
        "STEWARD_TOKEN": TOKEN,
        "BACKFILL_MODE": "live",
        "WALK_LANES": 1,
        "MAX_DELETES": DOUBLED,
        "PROFILES": [
            {
                "name": name,
                "database": name.upper(),
                "BUCKETS": {"artifacts": f"{name.upper()}_R2"},
                "TABLES": tables_setting(names),
            }
            for name, names in SHAPES.items()
        ],
    },
    d1=tuple(name.upper() for name in SHAPES),
    r2=tuple(f"{name.upper()}_R2" for name in SHAPES),
)


@dataclass(frozen=True)
class Profile:
    """The database of one shape in the running Worker, spoken to in the words."""

    harness: Harness
    name: str
    said: ShapedConnection

    def sql(self, text: str) -> None:
        """Run statements, as a writer outside the Worker would."""
        texts = [(self.said.said(one), ()) for one in statements(text)]
        self.harness.d1_batch(texts, binding=self.name.upper())

    def send(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Return the answer to a request that succeeds."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body)
        reply = self.harness.fetch(method, f"{path}?profile={self.name}", headers, content)
        assert reply.status == 200, reply.text
        answer: dict[str, Any] = reply.json()
        return answer

    def cost(self, path: str, body: object) -> tuple[int, int]:
        """Return the rows that a run reads and writes, its opening and its end with it."""
        run = self.send("GET", f"/runs/{self.send('POST', path, body)['run_id']}")
        assert run["status"] == "succeeded", run
        parts = (run["cost"], run["cost"]["overhead"])
        return sum(one["rows_read"] for one in parts), sum(one["rows_written"] for one in parts)


def profile(harness: Harness, name: str, names: Names) -> Profile:
    """Return a shape's database, with the tables that were there, the steward's, a rule, and objects."""
    found = Profile(harness, name, own_words(names))
    found.sql(Shape("TEXT", foreign_keys=True).schema() + "CREATE INDEX cited ON datapoints (artifact_id)")
    harness.apply_migrations(MIGRATIONS, binding=name.upper())
    if not names.is_table(TABLE):
        # The migrations leave it where nothing has that name; each row of the schema is one that is read.
        harness.d1(f"DROP TABLE {TABLE}", binding=name.upper())
    found.send("PUT", "/rules", {"rules": RULES})
    found.send("POST", "/guards", {})
    harness.r2_put(((f"raw/{number:04}.pdf", "x") for number in range(OBJECTS)), binding=f"{name.upper()}_R2")
    return found


def costs(found: Profile) -> dict[str, tuple[int, int]]:
    """Return what each piece of work costs, in the order in which one would do it."""
    live = {"dry_run": False}
    passes = [found.cost("/backfill", live) for _ in range(2)]
    found.send("PUT", "/rules", {"rules": []})
    passes.append(found.cost("/backfill", live))
    found.send("PUT", "/rules", {"rules": RULES})
    fast = found.cost("/check", {"mode": "fast"})
    found.sql(f"""
      DROP INDEX mine;
      INSERT INTO artifacts SELECT 'x' || id, r2_bucket, r2_key, source_type, '2020-01-01', NULL FROM artifacts
      WHERE r2_key < 'raw/{DOUBLED:04}' LIMIT {DOUBLED};
      INSERT INTO datapoints (artifact_id) SELECT id FROM artifacts WHERE r2_key < 'raw/{DOUBLED:04}'
    """)
    recoveries = [found.cost("/recover", {"dry_run": dry}) for dry in (True, False)]
    return dict(zip(WORK, [*passes, fast, *recoveries, found.cost("/check", {"mode": "full"})], strict=True))


Costs = dict[str, dict[str, tuple[int, int]]]
"""By shape and work: the rows read, and written."""


@pytest.fixture(scope="module")
def measured(request: pytest.FixtureRequest) -> Costs:
    """Measure every shape in one Worker, and show it."""
    with Harness(CONFIG) as harness:
        found = {name: costs(profile(harness, name, names)) for name, names in SHAPES.items()}
    rows = [(work, *(f"{found[name][work][0]:,} / {found[name][work][1]:,}" for name in SHAPES)) for work in WORK]
    request.config.get_terminal_writer().line("\n" + table(("rows read / written", *SHAPES), rows))
    return found


@pytest.mark.parametrize("work", WORK)
def test_other_names_cost_no_row_more_or_less(measured: Costs, work: str) -> None:
    assert measured["other"][work] == measured["canonical"][work]


@pytest.mark.parametrize("work", WORK)
def test_without_a_bucket_and_a_type_nothing_costs_more(measured: Costs, work: str) -> None:
    """The index of the unknown rows and the guards of types are not there: what keeps them costs nothing."""
    for bare, canonical in zip(measured["bare"][work], measured["canonical"][work], strict=True):
        assert bare <= canonical
