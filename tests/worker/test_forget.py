"""Rows whose object is gone, forgotten and brought back by the real Worker on real D1 and R2."""

from __future__ import annotations

from tests.worker.conftest import Steward

MARK = "INSERT INTO steward_missing SELECT r2_bucket, r2_key, id, '2', '1', '2', '3', NULL FROM artifacts"
EXACT = "SELECT id, r2_bucket, r2_key, source_type, fetched_at FROM artifacts ORDER BY id"
KEYS = [f"raw/{number:03}.pdf" for number in range(150)]


def lost(steward: Steward) -> None:
    """Mark every row; let every object be gone but the first ten, and cite two of the gone ones."""
    steward.put(*KEYS)
    steward.live(max_objects=1000)
    steward.sql(MARK)
    steward.harness.r2_delete(KEYS[10:])
    steward.sql(
        "INSERT INTO datapoints (id, artifact_id) SELECT id, id FROM artifacts WHERE r2_key IN (?1, ?2)", *KEYS[20:22]
    )


def test_dry_equals_live_and_undo_brings_back_each_row(steward: Steward) -> None:
    lost(steward)
    before = steward.sql(EXACT)
    dry = steward.send("POST", "/forget", {}).json()
    counted = {name: dry[name] for name in ("done", "gone", "forgotten", "still_there", "held", "refused")}
    assert counted == {
        "done": True,
        "gone": 150,
        "forgotten": 138,
        "still_there": 10,
        "held": {"datapoints.artifact_id": 2},
        "refused": None,
    }
    assert steward.sql(EXACT) == before
    live = steward.send("POST", "/forget", {"dry_run": False}).json()
    del dry["forecast"], dry["plan"]
    assert {**live, "dry_run": True, "run_id": dry["run_id"]} == dry
    assert sorted(steward.types()) == sorted([*KEYS[:10], *KEYS[20:22]])
    undone = steward.send("POST", f"/runs/{live['run_id']}/undo").json()
    assert (undone["done"], undone["restored"], undone["refused"]) == (True, 138, [])
    assert steward.sql(EXACT) == before


def test_what_somebody_cites_meanwhile_stays(steward: Steward) -> None:
    lost(steward)
    trigger = (
        "CREATE TRIGGER mine AFTER INSERT ON steward_merges"
        " WHEN NEW.loser_id = (SELECT id FROM artifacts WHERE r2_key = 'raw/100.pdf')"
        " BEGIN INSERT INTO datapoints (id, artifact_id) VALUES (9999, NEW.loser_id); END"
    )
    steward.sql(trigger)
    live = steward.send("POST", "/forget", {"dry_run": False}).json()
    assert live["done"]
    assert [row["r2_key"] for row in live["left"]] == ["raw/100.pdf"]
    assert "raw/100.pdf" in steward.types()
