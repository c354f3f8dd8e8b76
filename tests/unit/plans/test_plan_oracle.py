"""Whatever another writer does between a plan and its application: what moved on is left out, nothing else is touched.

The oracle knows the plan's items and the owner's tables before and after, and none of the code.
"""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.databases import unguarded
from tests.support.dirty import Dirt, dirt
from tests.support.fakes import World
from tests.support.plans import Planner
from tests.support.shapes import examples

Rows = dict[Any, list[Any]]
"""A table's rows by the key of each."""

Tables = dict[str, Rows]

COLUMNS = {"datapoints.artifact_id": ("datapoints", 1), "notes.about": ("notes", 1)}
TYPE, FETCHED = 3, 4

_number = st.integers(1, 14)
MEDDLING = st.lists(
    st.one_of(
        st.builds("UPDATE artifacts SET source_type = 'memo' WHERE rowid = {}".format, _number),
        st.builds("UPDATE artifacts SET source_type = 'unknown' WHERE rowid = {}".format, _number),
        st.builds("UPDATE artifacts SET fetched_at = '2026-07-01' WHERE rowid = {}".format, _number),
        st.builds("UPDATE artifacts SET fetched_at = NULL WHERE rowid = {}".format, _number),
        st.builds("UPDATE artifacts SET r2_key = 'raw/b' WHERE rowid = {}".format, _number),
        st.builds("UPDATE artifacts SET note = 'read' WHERE rowid = {}".format, _number),
        st.builds("DELETE FROM artifacts WHERE rowid = {}".format, _number),
        st.builds(
            "INSERT OR IGNORE INTO artifacts SELECT id || '0', 'b', 'raw/a.pdf', 'unknown', NULL, NULL FROM artifacts"
            " WHERE rowid = {}".format,
            _number,
        ),
        st.builds(
            "UPDATE datapoints SET artifact_id = (SELECT id FROM artifacts WHERE rowid = {}) WHERE id = {}".format,
            _number,
            _number,
        ),
        st.builds("DELETE FROM datapoints WHERE id = {}".format, _number),
        st.builds("INSERT INTO datapoints (artifact_id) SELECT id FROM artifacts WHERE rowid = {}".format, _number),
    ),
    max_size=4,
)


def tables(world: World) -> Tables:
    """Return the owner's tables."""
    found: Tables = {}
    own = world.database.connection.every_column
    for name, key, columns in (("artifacts", "id", own), ("datapoints", "id", "*"), ("notes", "rowid", "*")):
        rows = world.database.all(f"SELECT {key}, {columns} FROM {name}")
        found[name] = (
            {row[0]: list(row) for row in rows} if name == "notes" else {row[0]: list(row[1:]) for row in rows}
        )
    return found


def rows_of(state: Tables, about: list[str]) -> list[list[Any]]:
    """Return the rows of an object, without what decides nothing."""
    return sorted((row[:5] for row in state["artifacts"].values() if row[1:3] == about), key=repr)


def children_of(state: Tables, ids: set[Any]) -> list[tuple[str, Any, Any]]:
    """Return the children of these artifacts: the reference, their key, and what they hold."""
    return sorted(
        (
            (name, key, row[place])
            for name, (table, place) in COLUMNS.items()
            for key, row in state[table].items()
            if row[place] in ids
        ),
        key=repr,
    )


def rule(key: str) -> str | None:
    """Return what the rules of `dirty` give."""
    if not key.startswith("raw/"):
        return None
    return "report" if key.endswith(".pdf") else "raw"


def merge(item: dict[str, Any], planned: Tables, state: Tables) -> bool:
    """Merge an object as its item says, where it is as it was; tell whether it is."""
    by_place = sorted(item["rows"], key=lambda row: int(row["place"]))
    winner, losers = by_place[0]["id"], [row["id"] for row in by_place[1:]]
    same = rows_of(state, item["about"]) == rows_of(planned, item["about"])
    if not same or children_of(state, set(losers)) != children_of(planned, set(losers)):
        return False
    for name, key, _ in children_of(state, set(losers)):
        table, place = COLUMNS[name]
        state[table][key][place] = winner
    known = [row["source_type"] for row in by_place[1:] if row["source_type"] != "unknown"]
    if state["artifacts"][winner][TYPE] == "unknown" and known:
        state["artifacts"][winner][TYPE] = known[0]
    for loser in losers:
        del state["artifacts"][loser]
    return True


def classify(item: dict[str, Any], state: Tables) -> bool:
    """Give the unknown rows of an object their type, where they are the ones of the item; tell whether they are."""
    unknown = [row for row in state["artifacts"].values() if row[1:3] == item["about"] and row[TYPE] == "unknown"]
    now = {repr(row[0]): rule(row[2]) for row in unknown}
    if now != {repr(row["id"]): row["becomes"] for row in item["rows"]}:
        return False
    for row in unknown:
        row[TYPE] = rule(row[2])
    return True


def point_back(item: dict[str, Any], state: Tables, *, left_out: bool) -> bool:
    """Point an orphan at the winner of the item, where it still misses the same id and the winner is there."""
    name, key = item["about"]
    (line,) = item[name]
    table, place = COLUMNS[name]
    row = state[table].get(key)
    missing = row is not None and row[place] == line["missing_id"] and line["missing_id"] not in state["artifacts"]
    # Where its trail ends is the journal's to say: the oracle only knows that the winner must be there.
    if row is None or not missing or line["winner_id"] not in state["artifacts"] or left_out:
        return False
    row[place] = line["winner_id"]
    return True


def expected(items: list[dict[str, Any]], planned: Tables, before: Tables) -> tuple[Tables, set[int]]:
    """Return the tables as they must be after the plan, and the items that must be left out."""
    state, left_out = copy.deepcopy(before), set()
    for item in items:
        refused = item["left_out"] is not None and "SQLITE_" in item["left_out"]
        if item["step"] == "schema" or refused:
            continue
        if item["step"] == "orphan":
            done = point_back(item, state, left_out=item["left_out"] is not None)
            if not done and item["left_out"] is not None:
                continue
        else:
            done = merge(item, planned, state) if item["step"] == "merge" else classify(item, state)
        if not done:
            left_out.add(item["item"])
    return state, left_out


@settings(max_examples=examples(150), deadline=None)
@given(found=dirt(), meddling=MEDDLING)
def test_a_plan_does_what_it_says_and_nothing_else(found: Dirt, meddling: list[str]) -> None:
    world = found.world()
    planner = Planner(world)
    planned = tables(world)
    plan = planner.planned()
    with unguarded(world.database):
        for script in meddling:
            world.database.script(script)
    before = tables(world)
    planner.applied(plan["id"])
    items = planner.items(plan["id"])
    wanted, left_out = expected(items, planned, before)
    refused = {item["item"] for item in items if "SQLITE_" in (item["left_out"] or "")}
    unsaid = {item["item"] for item in items if item["step"] == "orphan" and item["left_out"] is not None}
    assert {item["item"] for item in items if item["left_out"] is not None} == left_out | refused | unsaid
    assert tables(world) == wanted
