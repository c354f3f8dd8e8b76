"""What the cases on the real runtime share: objects and rules, what was found, and calls that a kill cuts."""

from __future__ import annotations

import json
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.support.runtime import migrate, wipe
from tooling.around import copy_of_src
from tooling.harness import Config, Harness, HarnessError

TOKEN = "chaos"
TICK_OBJECTS = 3000
VARIABLES = {
    "STEWARD_TOKEN": TOKEN,
    "BACKFILL_MODE": "live",
    "TICK_MAX_OBJECTS": TICK_OBJECTS,
    "PASS_INTERVAL_HOURS": 0,
    "MAX_DELETES": 1_000_000,
}
CONFIG = Config(vars=VARIABLES)
ENVIRONMENTS = Path(__file__).parent / "environments"
RULES = ((10, "raw/*.pdf", "report"), (20, "raw/*.html", "page"))
ENDS = (".pdf", ".html", ".txt")
PROGRESS = "backfill:artifacts:"
EVERYTHING = 1_000_000
ENOUGH = 10
"""Runs cut from which on chance must have met what is most of the work."""
HTTP_OK = 200
HTTP_CONFLICT = 409


def key(number: int) -> str:
    """Return the key of an object; every third is unclassified."""
    return f"raw/{number // 1000:03}/{number:06}{ENDS[number % 3]}"


def type_of(name: str) -> str | None:
    """Return the type that `RULES` give a key: the oracle's own reading."""
    if not name.startswith("raw/"):
        return None
    return "report" if name.endswith(".pdf") else "page" if name.endswith(".html") else None


@dataclass
class Outcome:
    """What a case did, and every difference it found from what should be."""

    figures: dict[str, object] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)

    def expect(self, what: str, found: object, wanted: object) -> None:
        """Keep a difference."""
        if found != wanted:
            self.differences.append(f"{what}: found {found!r}, should be {wanted!r}"[:1000])

    def at_least(self, what: str, found: int, least: int) -> None:
        """Keep a difference where something happened too rarely to show anything."""
        if found < least:
            self.differences.append(f"{what}: {found}, should be at least {least}")

    def same(self, what: str, found: dict[Any, Any], wanted: dict[Any, Any]) -> None:
        """Keep the first few differences of two mappings."""
        wrong = [name for name in found.keys() | wanted.keys() if found.get(name, "-") != wanted.get(name, "-")]
        some = {name: (found.get(name, "-"), wanted.get(name, "-")) for name in sorted(wrong, key=str)[:3]}
        self.expect(f"{what}: {len(wrong)} differ (found, should be)", some, {})


def post(harness: Harness, path: str, body: object) -> tuple[int, Any]:
    """Ask the Worker as its operator."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    reply = harness.fetch("POST", path, headers, json.dumps(body))
    return reply.status, reply.json()


def count(harness: Harness, query: str) -> int:
    """Return the one number of a query."""
    return int(next(iter(harness.d1(query).rows[0].values())) or 0)


def rows_of(harness: Harness) -> dict[str, str]:
    """Return the type of every key; one with several rows has none that any oracle would know."""
    found: dict[str, str] = {}
    for row in harness.d1("SELECT r2_key, source_type FROM artifacts").rows:
        name = row["r2_key"]
        found[name] = f"{found[name]} and {row['source_type']}" if name in found else row["source_type"]
    return found


def put_rules(harness: Harness) -> None:
    """Store the rules."""
    harness.d1_batch([("INSERT INTO source_type_rules VALUES (?1, ?2, ?3)", rule) for rule in RULES])


def fresh(harness: Harness, *tables: str) -> None:
    """Empty everything and begin anew, on those tables where any are given."""
    wipe(harness)
    for table in tables:
        harness.d1(table)
    migrate(harness)
    put_rules(harness)
    harness.clear_logs()


def stored_pass(harness: Harness) -> dict[str, Any]:
    """Return what KV remembers of the pass; nothing where there is none."""
    stored: dict[str, Any] = json.loads(harness.kv_get(PROGRESS) or "{}")
    return stored


def ticked_through(harness: Harness, outcome: Outcome) -> dict[str, Any]:
    """Go on by ticks until the pass is complete, and return it as KV remembers it."""
    for _ in range(200):
        outcome.expect("a tick", harness.scheduled(), "ok")
        if stored_pass(harness).get("completed_at"):
            return stored_pass(harness)
    outcome.differences.append("a pass did not end within 200 ticks")
    return {"counts": {}}


def free_the_lease(harness: Harness) -> None:
    """Do what the passing of time does to a run that was killed."""
    harness.d1("UPDATE steward_control SET lease_until = '2000-01-01T00:00:00.000Z'")
    harness.d1("UPDATE steward_runs SET expires_at = '2000-01-01T00:00:00.000Z' WHERE status = 'running'")


class Caller:
    """Calls the Worker, and keeps each answer that it should not give; a call cut by a kill has none."""

    def __init__(self, harness: Harness, outcome: Outcome) -> None:
        self.harness = harness
        self.outcome = outcome
        self.kills = 0
        self._killing = threading.Event()

    def post(self, path: str, body: object) -> tuple[int, Any]:
        """Ask the Worker as its operator."""
        status, report = post(self.harness, path, body)
        if status not in (HTTP_OK, HTTP_CONFLICT) and not self._killing.is_set():
            self.outcome.differences.append(f"{path} answered {status}: {report}"[:1000])
        return status, report

    def tick(self) -> None:
        """Fire the cron."""
        result = self.harness.scheduled()
        if result != "ok" and not self._killing.is_set():
            self.outcome.differences.append(f"a tick ended with {result}: {self.harness.logs()[-3:]}"[:1000])

    def killed_within(self, work: Callable[[], object], seconds: float) -> bool:
        """Kill the runtime after so long in the work and bring it back; False where the work was done before."""
        thread = threading.Thread(target=self._doomed, args=[work])
        thread.start()
        thread.join(seconds)
        if not thread.is_alive():
            return False
        self._killing.set()
        self.harness.kill()
        thread.join()
        self.harness.start()
        self._killing.clear()
        self.kills += 1
        return True

    def _doomed(self, work: Callable[[], object]) -> None:
        try:
            work()
        except HarnessError as error:
            if not self._killing.is_set():
                self.outcome.differences.append(f"the runtime failed without a kill: {error}"[:1000])
        except Exception as error:  # noqa: BLE001  # any other is a difference too, told at the end
            if not self._killing.is_set():
                self.outcome.differences.append(f"the case itself failed: {error!r}"[:1000])


@dataclass
class Cuts:
    """Kills until so many runs were cut at work: a kill that hit no run shows nothing."""

    what: str
    caller: Caller
    wanted: int
    cut: int = 0
    told_at: float = 0.0

    def wanting(self) -> Iterator[int]:
        """Yield until enough runs were cut, or there were too many tries."""
        for number in range(6 * self.wanted + 10):
            self.cut = count(
                self.caller.harness, "SELECT count(*) FROM steward_runs WHERE status IN ('abandoned', 'running')"
            )
            if time.monotonic() - self.told_at > 5 or self.cut >= self.wanted:
                self.told_at = time.monotonic()
                print(f"  {self.what}: {self.cut} of {self.wanted} runs cut, {self.caller.kills} kills", flush=True)
            if self.cut >= self.wanted:
                return
            yield number

    def close(self) -> None:
        """Compare what the runs' rows say at the end."""
        outcome, harness = self.caller.outcome, self.caller.harness
        statuses = {
            row["status"]: row["n"]
            for row in harness.d1("SELECT status, count(*) AS n FROM steward_runs GROUP BY status").rows
        }
        outcome.at_least("runs found abandoned", statuses.get("abandoned", 0), self.wanted)
        outcome.expect("runs failed or left running", statuses.keys() & {"failed", "running"}, set())
        outcome.figures = {"kills": self.caller.kills, "runs cut": statuses.get("abandoned", 0), **outcome.figures}


@contextmanager
def played(environment: str | None = None) -> Iterator[Harness]:
    """Lend a runtime with migrations and rules on a state of its own, in one of the `environments` where given."""
    with configured(environment) as config, Harness(config) as harness:
        fresh(harness)
        yield harness


@contextmanager
def configured(environment: str | None) -> Iterator[Config]:
    """Lend a configuration: our own Worker, whose entry finds its platform in that environment."""
    if environment is None:
        yield CONFIG
        return
    with copy_of_src() as entry:
        shutil.copy(ENVIRONMENTS / f"{environment}.py", entry.with_name("environment.py"))
        before, line, after = entry.read_text().partition("from bindings.connect import WorkerEnvironment\n")
        if not line:
            raise ValueError("src/entry.py no longer imports its environment the way this needs")
        entry.write_text(f"{before}from environment import WorkerEnvironment\n{after}")
        yield replace(CONFIG, main=entry)


def chance_of(seed: int, what: str) -> random.Random:
    """Return the chance of one case: the same for the same seed, whichever cases run beside it."""
    return random.Random(f"{seed} {what}")
