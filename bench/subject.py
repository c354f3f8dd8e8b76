"""A Worker under measurement: started on its own state, and asked over its own HTTP port."""

from __future__ import annotations

import http.client
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.support.runtime import migrate
from tooling.around import copy_of_src
from tooling.fill import fill
from tooling.harness import Config, Harness

TOKEN = "bench"  # noqa: S105  # of a Worker on this machine, for the time of a measurement
WORKERS = Path(__file__).parent / "workers"
OK = 200
CALL_SECONDS = 900

RULES: list[tuple[int, str, str]] = [
    *((100 + number, f"archive/{number:02}/*", "archive") for number in range(12)),
    (10, "raw/*.pdf", "report"),
    (20, "raw/*.html", "page"),
    (30, "raw/*.csv", "table"),
]
ENDS = (".pdf", ".pdf", ".html", ".csv", ".pdf", ".txt", ".html", ".pdf", ".csv", ".pdf")
"""One key in ten, a .txt, matches no rule."""

TYPES = {".pdf": "report", ".html": "page", ".csv": "table"}


class Timed(NamedTuple):
    """How long an answer took, and what it was."""

    seconds: float
    body: Any


@dataclass(frozen=True)
class Subject:
    """One running Worker."""

    harness: Harness

    def post(self, path: str, body: object) -> Timed:
        """Ask once over HTTP and return the time it took; the answer must be 200."""
        return self._ask("POST", path, json.dumps(body))

    def get(self, path: str) -> Any:  # noqa: ANN401  # the shape is the caller's to check
        """Return the body of an answer that must be 200."""
        return self._ask("GET", path).body

    def _ask(self, method: str, path: str, content: str | None = None) -> Timed:
        parts = urlsplit(self.harness.url)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=CALL_SECONDS)
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        began = time.perf_counter()
        connection.request(method, path, content, headers)
        answer = connection.getresponse()
        text = answer.read()
        took = time.perf_counter() - began
        connection.close()
        if answer.status != OK:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {text[:500]!r}")
        return Timed(took, json.loads(text))

    def tick(self) -> None:
        """Fire the cron trigger once; the tick must succeed."""
        outcome = self.harness.scheduled()
        if outcome != "ok":
            logged = [line.message for line in self.harness.logs()][-5:]
            raise RuntimeError(f"the tick ended as {outcome!r}: {logged}")

    def sql(self, statement: str) -> list[dict[str, Any]]:
        """Run one statement on D1 from outside."""
        return self.harness.d1(statement).rows

    def types(self) -> dict[str, int]:
        """Return how many artifacts there are of each type."""
        rows = self.sql("SELECT source_type, count(*) AS artifacts FROM artifacts GROUP BY 1")
        return {str(row["source_type"]): int(row["artifacts"]) for row in rows}


def keys(count: int) -> Iterator[str]:
    """Yield the keys of the bucket, in order."""
    for number in range(count):
        yield f"raw/{number // 1000:05}/{number:08}{ENDS[number % len(ENDS)]}"


def expected_types(count: int) -> dict[str, int]:
    """Return how many of the first `count` keys each rule matches, found out without any of the code measured."""
    found = Counter(TYPES.get(ENDS[number % len(ENDS)]) for number in range(count))
    return {name: objects for name, objects in found.items() if name is not None}


@contextmanager
def started(main: Path | None = None, objects: int = 0, **variables: object) -> Iterator[Subject]:
    """Start a Worker with a fresh database, the rules and so many objects."""
    config = Config(main=main, vars={"STEWARD_TOKEN": TOKEN, **variables})
    with Harness(config) as harness:
        migrate(harness)
        put_rules(harness)
        if objects:
            fill(harness, keys(objects))
        yield Subject(harness)


def put_rules(harness: Harness) -> None:
    """Store the rules."""
    harness.d1_batch([("INSERT INTO source_type_rules VALUES (?1, ?2, ?3)", rule) for rule in RULES])


def entry(name: str) -> AbstractContextManager[Path]:
    """Lend the path of an entry of `bench/workers` around our own modules."""
    return copy_of_src(WORKERS / name / "entry.py")
