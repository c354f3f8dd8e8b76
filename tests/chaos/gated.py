"""The scenarios on the real runtime: D1, R2 and KV as they are, with real error texts at one call of a raw binding."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tests.chaos.engines import Report
from tests.chaos.fault_cases import SCENARIOS, backfilled, between
from tests.chaos.fixtures import clean_world
from tests.chaos.setup import Outcome
from tests.support.fakes import World
from tests.support.runtime import wipe_records
from tooling.around import copy_of_src
from tooling.harness import Config, Harness

TOKEN = "chaos"
ENTRY = Path(__file__).parent / "worker" / "entry.py"
VARIABLES = {"STEWARD_TOKEN": TOKEN, "BACKFILL_MODE": "live", "MAX_DELETES": 1_000_000}
OK = 200
MOST_CALLS = 200
"""No scenario makes so many; a loop whose runs all fail ends here."""

TEXTS = (
    "D1_ERROR: D1 DB is overloaded. Too many requests queued.",
    "D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.",
    "Network connection lost.",
    "an error that is on no list",
    "list: We encountered an internal error. Please try again. (10001)",
)

LOOPED = (
    "manual backfill",
    "resumed backfill",
    "tick",
    "full check",
    "dry backfill",
    "recovery",
    "undo",
    "dry recovery",
)
"""One of each piece of work; the fakes play all of them, with every kind of fault."""


@contextmanager
def gated(**variables: object) -> Iterator[Harness]:
    """Lend a running Worker with the gate."""
    with copy_of_src(ENTRY) as main, Harness(Config(main=main, vars={**VARIABLES, **variables})) as harness:
        yield harness


@dataclass(frozen=True)
class Fault:
    """What strikes call number `at` on the real runtime; `after` it was done, or in its place."""

    at: int
    text: str = TEXTS[0]
    after: bool = False


@dataclass
class D1:
    """The database of a running Worker, asked from outside."""

    harness: Harness

    def all(self, query: str, *params: object) -> list[tuple[object, ...]]:
        """Return the rows of a query as tuples."""
        assert not params
        return [tuple(row.values()) for row in self.harness.d1(query).rows]

    def one(self, query: str, *params: object) -> object:
        """Return the first column of the first row."""
        return self.all(query, *params)[0][0]


@dataclass
class RuntimeEngine:
    """A running Worker, and the fault that waits for it."""

    harness: Harness
    fault: Fault
    calls: list[str] = field(default_factory=list)
    in_trouble: bool = False

    @property
    def database(self) -> D1:
        """The database."""
        return D1(self.harness)

    def gate(self, **wanted: object) -> None:
        """Set the gate."""
        assert self.harness.fetch("POST", "/gate", body=json.dumps({"page": 4, **wanted})).status == OK

    @contextmanager
    def trouble(self) -> Iterator[None]:
        """Arm the gate, then open it."""
        self.gate(at=self.fault.at, text=self.fault.text, after=self.fault.after)
        self.in_trouble = True
        yield
        self.in_trouble = False
        self.calls = self.harness.fetch("GET", "/gate").json()
        self.gate()

    @property
    def struck(self) -> bool:
        """Whether there was a call of the fault's number."""
        return len(self.calls) > self.fault.at

    def tick(self, *, dry: bool = False) -> Report | None:
        """Fire the cron, and read what it recorded."""
        assert not dry
        latest = "SELECT max(id) FROM steward_runs WHERE kind = 'tick' AND status <> 'running'"
        before = self.database.one(latest)
        outcome = self.harness.scheduled()
        assert outcome == "ok" or self.in_trouble
        if self.database.one(latest) == before:
            assert self.in_trouble
            return None
        [(status, counts)] = self.database.all(f"SELECT status, counts FROM steward_runs WHERE id = ({latest})")
        return {"status": status, "counts": json.loads(str(counts))}

    def post(self, path: str, body: Mapping[str, Any]) -> Report | None:
        """Ask the steward."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        reply = self.harness.fetch("POST", path, headers, json.dumps(body))
        if reply.status != OK:
            assert self.in_trouble, reply
            assert reply.headers["content-type"] == "application/problem+json"
            return None
        report: Report = reply.json()
        return report

    def wait(self) -> None:
        """Do what the passing of time does to a run that ended without a word."""
        past = "'2000-01-01T00:00:00.000Z'"
        self.harness.d1_batch(
            [
                (f"UPDATE steward_control SET lease_until = {past}", ()),
                (f"UPDATE steward_runs SET expires_at = {past} WHERE status = 'running'", ()),
            ]
        )

    def dump(self, but: tuple[str, ...]) -> object:
        """Return the schema and the rows."""
        schema = self.database.all(
            "SELECT name, type, sql FROM sqlite_schema WHERE name NOT GLOB '_cf_*' ORDER BY name"
        )
        tables = [str(name) for name, kind, _ in schema if kind == "table" and name not in but]
        return schema, {name: self.database.all(f'SELECT * FROM "{name}"') for name in tables}

    def uploaded(self) -> Mapping[str, str]:
        """Return the time of every object."""
        return {one["key"]: one["uploaded"] for one in self.harness.r2_list()}

    def stored(self) -> Mapping[str, str]:
        """Return what KV holds."""
        return {key: self.harness.kv_get(key) or "" for key in self.harness.kv_list()}


def install(harness: Harness, world: World) -> None:
    """Put the database of a world, and its objects, into the real ones."""
    present = {one["key"] for one in harness.r2_list()}
    wipe_records(harness)
    if present != set(world.bucket.sizes):
        harness.r2_put((key, "x" * size) for key, size in world.bucket.sizes.items())
    schema = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT GLOB 'sqlite_*'"
    made = [(str(kind), str(name), str(text)) for kind, name, text in world.database.all(schema)]
    statements: list[tuple[str, Any]] = [(text, ()) for kind, _, text in made if kind == "table"]
    for name in (name for kind, name, _ in made if kind == "table"):
        for row in world.database.all(f'SELECT * FROM "{name}"'):
            marks = ", ".join(f"?{number + 1}" for number in range(len(row)))
            statements.append((f'INSERT INTO "{name}" VALUES ({marks})', row))
    harness.d1_batch([*statements, *((text, ()) for kind, _, text in made if kind != "table")])


def play(harness: Harness, name: str, fault: Fault) -> RuntimeEngine:
    """Play one scenario with one fault; raises AssertionError where a promise is broken."""
    scenario = SCENARIOS[name]
    install(harness, scenario.world())
    engine = RuntimeEngine(harness, fault)
    engine.gate()
    scenario.play(engine)
    return engine


def loop(names: Sequence[str], seed: int) -> Outcome:
    """Play the scenarios with a fault at every single call, before it and after it; the texts take turns."""
    outcome = Outcome()
    with gated() as harness:
        for name in names:
            for at in count():
                text = TEXTS[(seed + at) % len(TEXTS)]
                struck = [_tried(harness, name, Fault(at, text, after), outcome) for after in (False, True)]
                if not any(struck):
                    break
            outcome.figures[f"calls of {name}"] = at
            outcome.expect(f"calls of {name}, at the least", at >= SCENARIOS[name].fewest, wanted=True)
            print(f"  {name}: a fault at each of {at} calls", flush=True)
    return outcome


def _tried(harness: Harness, name: str, fault: Fault, outcome: Outcome) -> bool:
    """Play once, keep what was wrong, and tell whether there was such a call."""
    try:
        return play(harness, name, fault).struck
    except AssertionError as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        outcome.differences.append(f"{name}, {fault}: {place.name}: {place.line} {error}"[:1000])
        return fault.at < MOST_CALLS


def faults(seed: int) -> dict[str, Outcome]:
    """Run the whole loop, on two runtimes at a time, and ticks whose KV is one value behind."""
    parts = LOOPED[:5], LOOPED[5:]
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(loop, part, seed) for part in parts]
        found = {
            f"faults at every call, {', '.join(part)}": one.result() for part, one in zip(parts, done, strict=True)
        }
    return {**found, "ticks with a KV that is one value behind": behind()}


def behind() -> Outcome:
    """Fire ticks that read the position before the last, and end with the right rows all the same."""
    outcome = Outcome()
    with gated(TICK_MAX_OBJECTS=3, PASS_INTERVAL_HOURS=0) as harness:
        install(harness, clean_world())
        engine = RuntimeEngine(harness, Fault(-1))
        engine.gate(stale=True)
        for _ in range(20):
            outcome.expect("a tick", harness.scheduled(), "ok")
            outcome.expect("rows on the way", between(engine), wanted=True)
        outcome.expect("rows", backfilled(engine), wanted=True)
        complete = "SELECT count(*) FROM steward_runs WHERE counts ->> '$.backfill.artifacts.complete'"
        fired = engine.database.one("SELECT count(*) FROM steward_runs WHERE kind = 'tick'")
        outcome.figures = {"ticks": fired, "ticks that ended a pass": engine.database.one(complete)}
        outcome.expect("a pass that ended", bool(engine.database.one(complete)), wanted=True)
    return outcome
