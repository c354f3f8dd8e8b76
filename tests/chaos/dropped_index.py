"""A writer drops the unique index while a live run walks: the run must not end as if all were well."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.chaos.merges import INTEGERS
from tests.chaos.setup import (
    EVERYTHING,
    HTTP_CONFLICT,
    PROGRESS,
    Outcome,
    fresh,
    key,
    played,
    post,
    rows_of,
    ticked_through,
    type_of,
)
from tests.chaos.writers import front
from tooling.fill import fill
from tooling.harness import Harness

OBJECTS = 30_000
FAILED = 500


class DroppedIndex:
    """A writer drops the unique index while a live run walks.

    The promise: every batch that writes needs the index, so the first one after the drop is refused whole and changes
    nothing; the run ends as failed and says so; what follows is refused (409) until a recovery restores the index.
    Pages that were committed before stay, each object with one row.
    """

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.outcome = Outcome()
        fresh(harness, *INTEGERS.tables)
        fill(harness, (key(number) for number in range(OBJECTS)))
        self.wanted = {key(n): kind for n in range(OBJECTS) if (kind := type_of(key(n)))}

    def round(self) -> int:
        """Drop the index in the middle of a run, and return how many rows that run had inserted by then."""
        self.harness.d1("DELETE FROM artifacts")
        self.outcome.expect("a recovery", post(self.harness, "/recover", {"dry_run": False})[1]["ok"], wanted=True)
        with ThreadPoolExecutor(1) as pool:
            run = pool.submit(post, self.harness, "/backfill", {"dry_run": False, "max_objects": EVERYTHING})
            while not front(self.harness) and not run.done():
                pass
            _, counted = self.harness.d1_batch(
                [("DROP INDEX artifacts_one_per_object", ()), ("SELECT count(*) AS n FROM artifacts", ())]
            )
            status, report = run.result()
        self._failed(status, report)
        left = rows_of(self.harness)
        self.outcome.expect("rows after the drop", len(left), counted.rows[0]["n"])
        self.outcome.expect("rows, each right", {n: k for n, k in left.items() if self.wanted.get(n) != k}, {})
        self._refused()
        return len(left)

    def _failed(self, status: int, report: Any) -> None:  # noqa: ANN401  # as JSON has it
        self.outcome.expect("the run is an error", status >= FAILED, wanted=True)
        [row] = self.harness.d1("SELECT * FROM steward_runs WHERE kind = 'backfill' ORDER BY id DESC LIMIT 1").rows
        self.outcome.expect("its row", (row["status"], bool(row["error"])), ("failed", True))
        self.outcome.expect("its answer names the run", report.get("run_id"), row["id"])

    def _refused(self) -> None:
        """See that nothing live goes on before a recovery, and all does after it."""
        before = rows_of(self.harness)
        status, _ = post(self.harness, "/backfill", {"dry_run": False})
        self.outcome.expect("the next live run", status, HTTP_CONFLICT)
        self.outcome.expect("a tick without the index", self.harness.scheduled(), "exception")
        self.outcome.same("rows after a refusal", rows_of(self.harness), before)
        self.outcome.expect("a recovery", post(self.harness, "/recover", {"dry_run": False})[1]["ok"], wanted=True)
        self.harness.kv_delete(PROGRESS)
        ticked_through(self.harness, self.outcome)
        self.outcome.same("rows after the recovery", rows_of(self.harness), self.wanted)

    def run(self, rounds: int) -> Outcome:
        """Do so many rounds."""
        inserted = [self.round() for _ in range(rounds)]
        print(f"  dropped index: {rounds} rounds", flush=True)
        midway = sum(0 < number < len(self.wanted) for number in inserted)
        self.outcome.at_least("drops in the middle of a walk", midway, 1)
        self.outcome.figures = {"rounds": rounds, "dropped in the middle": midway}
        return self.outcome


def dropped_index(rounds: int) -> Outcome:
    """Drop the unique index in the middle of live runs."""
    with played("far") as harness:
        return DroppedIndex(harness).run(rounds)
