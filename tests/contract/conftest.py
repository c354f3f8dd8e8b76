from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from ports import Bucket, Database, KeyValue
from tests.contract.remote import RemoteBucket, RemoteDatabase, RemoteStore, Worker
from tests.support.fakes import DictBucket, DictStore, SqliteDatabase
from tests.support.runtime import wipe
from tooling.around import copy_of_src
from tooling.harness import Config, Harness

ENTRY = Path(__file__).parent / "worker" / "entry.py"
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


@pytest.fixture(scope="session")
def harness() -> Iterator[Harness]:
    """Start the Worker that lends its ports: the modules of `src` around another entry."""
    with copy_of_src(ENTRY) as main, Harness(Config(main=main)) as running:
        yield running


@pytest.fixture(params=["fakes", pytest.param("worker", marks=pytest.mark.worker)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each test runs on both."""
    if request.param == "fakes":
        bucket = DictBucket()
        small = DictBucket(bucket.sizes, max_part_bytes=SMALL_PART_BYTES)
        return Engine(SqliteDatabase(), bucket, DictStore(), small, bucket.sizes.update)
    harness: Harness = request.getfixturevalue("harness")
    wipe(harness)
    worker = Worker(harness)

    def put(sizes: Mapping[str, int]) -> None:
        harness.r2_put((key, "x" * size) for key, size in sizes.items())

    small_bucket = RemoteBucket(worker, SMALL_PART_BYTES)
    return Engine(RemoteDatabase(worker), RemoteBucket(worker), RemoteStore(worker), small_bucket, put)
