"""Many at once on the real runtime: ticks and manual runs together, another writer meanwhile, and odd buckets."""

from __future__ import annotations

import itertools
import random
import threading
import unicodedata
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.chaos.kills import VARIABLES, Outcome, count, key, post, put_rules, type_of
from tests.runtime import wipe
from tooling.fill import fill
from tooling.harness import Config, Harness

AT_ONCE = 10
OBJECTS = 8_000
INSERT = """
INSERT INTO artifacts (r2_bucket, r2_key, source_type) VALUES ('artifacts', ?1, '{kind}') ON CONFLICT DO NOTHING
"""
LIVE = {"dry_run": False, "max_objects": 1_000_000}


def fresh(harness: Harness) -> None:
    """Empty everything and begin anew."""
    wipe(harness)
    harness.apply_migrations()
    put_rules(harness)


def rows_of(harness: Harness) -> dict[str, str]:
    """Return the type of every key."""
    return {row["r2_key"]: row["source_type"] for row in harness.d1("SELECT r2_key, source_type FROM artifacts").rows}


def at_once(harness: Harness, rounds: int) -> Outcome:
    """Fire ten ticks and ten manual live runs together, several times: one owner at a time, and the same end state."""
    outcome = Outcome()
    fresh(harness)
    fill(harness, (key(number) for number in range(OBJECTS)))
    wanted = {key(n): type_of(key(n)) for n in range(OBJECTS) if type_of(key(n))}
    answers: Counter[str] = Counter()
    for _ in range(rounds):
        harness.d1("DELETE FROM artifacts")
        with ThreadPoolExecutor(2 * AT_ONCE) as pool:
            manual = [pool.submit(post, harness, "/backfill", LIVE) for _ in range(AT_ONCE)]
            ticks = [pool.submit(harness.scheduled) for _ in range(AT_ONCE)]
            answers.update(f"manual {one.result()[0]}" for one in manual)
            answers.update(f"tick {one.result()}" for one in ticks)
        outcome.expect("rows after all at once", rows_of(harness) == wanted, wanted=True)
    outcome.expect("answers", set(answers) - {"manual 200", "manual 409", "tick ok"}, set())
    overlap = (
        "SELECT count(*) FROM steward_runs AS a JOIN steward_runs AS b ON a.id < b.id"
        " WHERE a.mode = 'live' AND b.mode = 'live' AND b.started_at < a.finished_at"
    )
    outcome.expect("live runs that overlapped", count(harness, overlap), 0)
    unwell = count(harness, "SELECT count(*) FROM steward_runs WHERE status <> 'succeeded'")
    outcome.expect("runs that did not end well", unwell, 0)
    outcome.figures = {"rounds": rounds, "at once": 2 * AT_ONCE, **answers}
    return outcome


class Writer:
    """Another writer, that inserts, upgrades and deletes rows and objects while the backfill runs."""

    def __init__(self, harness: Harness, chance: random.Random) -> None:
        self.harness = harness
        self.chance = chance
        self.by_hand: set[str] = set()
        self.writes: Counter[str] = Counter()
        self.stopped = threading.Event()

    def run(self) -> None:
        """Write until stopped."""
        for number in itertools.count():
            if self.stopped.is_set():
                return
            name = key(self.chance.randrange(OBJECTS))
            kind = ("insert", "upgrade", "delete row", "put", "delete object")[number % 5]
            getattr(self, kind.replace(" ", "_"))(name)
            self.writes[kind] += 1

    def insert(self, name: str) -> None:
        """Insert a row of a known type, if there is none."""
        sql = INSERT.format(kind="by hand")
        if self.harness.d1(sql, [name]).meta["changes"]:
            self.by_hand.add(name)

    def upgrade(self, name: str) -> None:
        """Insert an unknown row, then give it a type, if it has none by then."""
        self.harness.d1(INSERT.format(kind="unknown"), [name])
        sql = "UPDATE artifacts SET source_type = 'by hand' WHERE r2_key = ?1 AND source_type = 'unknown'"
        if self.harness.d1(sql, [name]).meta["changes"]:
            self.by_hand.add(name)

    def delete_row(self, name: str) -> None:
        """Delete a row; the next pass brings it back from the object."""
        self.harness.d1("DELETE FROM artifacts WHERE r2_key = ?1", [name])
        self.by_hand.discard(name)

    def put(self, _name: str) -> None:
        """Store an object before, behind or beyond where the walk stands."""
        self.harness.r2_put([(f"raw/{self.chance.randrange(9):03}/new-{self.chance.randrange(10**6)}.pdf", "new")])

    def delete_object(self, _name: str) -> None:
        """Delete one of the objects that were put."""
        found = [one["key"] for one in self.harness.r2_list("raw/000/new-")]
        self.harness.r2_delete(found[:1])


def another_writer(harness: Harness, seed: int, passes: int) -> Outcome:
    """Walk pass after pass while another writer is at work: known types survive, and there are no duplicates."""
    outcome = Outcome()
    fresh(harness)
    harness.r2_put((key(number), "body") for number in range(OBJECTS))
    writer = Writer(harness, random.Random(seed))
    thread = threading.Thread(target=writer.run)
    thread.start()
    answers: Counter[int] = Counter()
    for number in range(passes):
        if number % 3 == 2:
            harness.d1("DELETE FROM artifacts WHERE source_type <> 'by hand' AND id % 3 = 0")
        answers[post(harness, "/backfill", LIVE)[0]] += 1
    writer.stopped.set()
    thread.join()
    post(harness, "/backfill", LIVE)
    rows = rows_of(harness)
    outcome.expect("answers", set(answers), {200})
    outcome.expect("keys with several rows", count(harness, "SELECT count(*) FROM artifacts"), len(rows))
    lost = {name: rows.get(name) for name in writer.by_hand if rows.get(name) != "by hand"}
    outcome.expect("known types that did not survive", lost, {})
    objects = {one["key"] for one in harness.r2_list()}
    missing = [name for name in objects if type_of(name) and rows.get(name) not in (type_of(name), "by hand")]
    outcome.expect("objects without their row", missing[:3], [])
    outcome.figures = {"passes": passes, "seed": seed, **writer.writes}
    return outcome


def walked(harness: Harness, outcome: Outcome, what: str, **wanted: int) -> None:
    """Do one live run over everything, in slices of an odd size, and compare its sums."""
    sums: Counter[str] = Counter()
    cursor = None
    while True:
        status, report = post(harness, "/backfill", {"dry_run": False, "max_objects": 777, "cursor": cursor})
        if status != 200:
            outcome.expect(what, report, "an answer 200")
            return
        sums.update({name: report[name] for name in ("scanned", "inserted", "unclassified", "skipped", "unchanged")})
        cursor = report["cursor"]
        if not report["truncated"]:
            break
    outcome.expect(what, {name: sums[name] for name in wanted}, wanted)


def control_keys() -> list[str]:
    """Return keys that fill a page past 2 MB as JSON: a control character takes six bytes there."""
    return [f"raw/{number:04}" + "\x01\x1f\x7f" * 330 + ".pdf" for number in range(1000)]


def odd_inputs(harness: Harness) -> Outcome:
    """Walk what no one expects in a bucket."""
    outcome = Outcome()
    fresh(harness)
    walked(harness, outcome, "an empty bucket", scanned=0)
    harness.r2_put((f"raw/{number:04}/", "") for number in range(1500))
    walked(harness, outcome, "only directory markers", scanned=1500, skipped=1500, inserted=0)
    fresh(harness)
    harness.r2_put((name, "body") for name in control_keys())
    walked(harness, outcome, "keys of control characters", scanned=1000, inserted=1000)
    outcome.expect("keys of control characters, stored", rows_of(harness).keys() ^ set(control_keys()), set())
    fresh(harness)
    longest = [f"raw/{number:04}" + "x" * 1012 + ".pdf" for number in range(1500)]
    harness.r2_put((name, "body") for name in longest)
    walked(harness, outcome, "1,024-byte keys", scanned=1500, inserted=1500)
    fresh(harness)
    twins = [unicodedata.normalize(form, f"raw/café-{number}.pdf") for number in range(500) for form in ("NFC", "NFD")]
    harness.r2_put((name, "body") for name in twins)
    walked(harness, outcome, "NFC and NFD twins", scanned=1000, inserted=1000)
    _many_rules(harness, outcome)
    _shrinking(harness, outcome)
    outcome.figures = {"scenes": 7}
    return outcome


def _many_rules(harness: Harness, outcome: Outcome) -> None:
    fresh(harness)
    rules = [(number, f"folder-{number:03}/*[0-9]", f"type-{number}") for number in range(300)]
    harness.d1_batch([("INSERT INTO source_type_rules VALUES (?1, ?2, ?3)", rule) for rule in rules])
    names = [f"folder-{number % 300:03}/{number:05}" for number in range(2000)]
    harness.r2_put((name, "body") for name in names)
    walked(harness, outcome, "300 rules", scanned=2000, inserted=2000)
    outcome.expect("types by 300 rules", rows_of(harness), {name: f"type-{int(name[7:10])}" for name in names})


def _shrinking(harness: Harness, outcome: Outcome) -> None:
    fresh(harness)
    names = [key(number) for number in range(3000)]
    harness.r2_put((name, "body") for name in names)
    cursor, scanned = None, 0
    while True:
        _, report = post(harness, "/backfill", {"dry_run": False, "max_objects": 500, "cursor": cursor})
        scanned += report["scanned"]
        cursor = report["cursor"]
        if not report["truncated"]:
            break
        left = [one["key"] for one in harness.r2_list()]
        # The very key that the position stands on goes too.
        harness.r2_delete([report["start_after"], *left[-400:]])
    outcome.expect("a shrinking bucket ends", report["stopped_because"], "end")
    still = {one["key"] for one in harness.r2_list() if type_of(one["key"])}
    outcome.expect("rows of a shrinking bucket", sorted(still - rows_of(harness).keys()), [])


def crowds(seed: int) -> dict[str, Outcome]:
    """Run every scene on one runtime."""
    scenes: dict[str, Callable[[Harness], Outcome]] = {
        "ten ticks and ten manual runs at once": lambda harness: at_once(harness, 5),
        "another writer meanwhile": lambda harness: another_writer(harness, seed, 40),
        "odd inputs": odd_inputs,
    }
    found: dict[str, Outcome] = {}
    with Harness(Config(vars=VARIABLES)) as harness:
        for name, scene in scenes.items():
            print(f"  {name}", flush=True)
            found[name] = scene(harness)
    return found
