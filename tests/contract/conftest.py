from __future__ import annotations

import asyncio
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from database.named import named
from naming.names import Names
from ports import Bucket, Database, Flows, KeyValue
from tests.contract.program import echo
from tests.contract.remote import RemoteBucket, RemoteDatabase, RemoteFlows, RemoteStore, Worker
from tests.support.fakes import DictBucket, DictStore, ManualClock, SqliteDatabase
from tests.support.flows import KeptFlows
from tests.support.runtime import wipe
from tests.support.shapes import SHAPES, chosen
from tooling.around import copy_of_src
from tooling.harness import Config, Harness

HERE = Path(__file__).parent
ENTRY = HERE / "worker" / "entry.py"
SMALL_PART_BYTES = 2000


@dataclass(frozen=True)
class Engine:
    """One implementation of the ports, empty, and how to store objects in its bucket (key → size)."""

    database: Database
    bucket: Bucket
    store: KeyValue
    small_parts: Bucket
    """The same bucket, its pages split over `SMALL_PART_BYTES`."""
    put: Callable[[Mapping[str, int]], None]
    flows: Flows
    run_flows: Callable[[], None]
    """Let the started instances run, where they do not by themselves."""
    names: Names
    """What the database calls the words that it is spoken to by."""
    unique: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    """Instances outlive a test: their names hold this."""


@pytest.fixture(scope="session")
def harness() -> Iterator[Harness]:
    """Start the Worker that lends its ports: the modules of `src` around another entry."""
    with copy_of_src(ENTRY) as main:
        shutil.copy(HERE / "program.py", main.with_name("program.py"))
        with Harness(Config(main=main)) as running:
            yield running


@pytest.fixture(params=["fakes", "other names", pytest.param("worker", marks=pytest.mark.worker)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each test runs on all; a database that is spoken to by the words is a database like any other."""
    if request.param != "worker":
        bucket = DictBucket()
        small = DictBucket(bucket.sizes, max_part_bytes=SMALL_PART_BYTES)
        store, flows = DictStore(), KeptFlows(ManualClock())
        names = SHAPES["other"] if request.param == "other names" else chosen()
        database = named(SqliteDatabase(), names)
        return Engine(database, bucket, store, small, bucket.sizes.update, flows, lambda: _run(flows, store), names)
    harness: Harness = request.getfixturevalue("harness")
    wipe(harness)
    worker = Worker(harness)

    def put(sizes: Mapping[str, int]) -> None:
        harness.r2_put((key, "x" * size) for key, size in sizes.items())

    small_bucket = RemoteBucket(worker, SMALL_PART_BYTES)
    return Engine(
        named(RemoteDatabase(worker), chosen()),
        RemoteBucket(worker),
        RemoteStore(worker),
        small_bucket,
        put,
        RemoteFlows(worker),
        lambda: None,
        chosen(),
    )


def _run(flows: KeptFlows, store: KeyValue) -> None:
    for one in flows.running():
        asyncio.run(flows.run(one, lambda steps, params: echo(steps, store, params)))
