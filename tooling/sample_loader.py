"""Put a sample on a running Worker: first the old, dirty database, then the migrations, the bucket and the rules."""

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from itertools import islice
from pathlib import Path

from tooling.client import Steward
from tooling.harness import Harness
from tooling.sample import RULES, SCHEMA, Artifact, Datapoint, Rule, Sample, as_rows
from tooling.table import counted

_ROWS_PER_STATEMENT = 2000
"""Keeps each parameter well under D1's 2 MB."""

_FILES_PER_CALL = 100


def create_dirty_database(harness: Harness, sample: Sample) -> None:
    """Create the tables as they were before the steward, with the sample's rows in them."""
    harness.d1_batch([(sql, ()) for sql in SCHEMA])
    insert(harness, "artifacts", sample.artifacts)
    insert(harness, "datapoints", sample.datapoints)


def insert(harness: Harness, table: str, rows: Sequence[Artifact] | Sequence[Datapoint]) -> None:
    """Insert rows by plain SQL, as any other writer would."""
    columns = [column.name for column in fields(rows[0])] if rows else []
    values = ", ".join(f"value ->> '$.{column}'" for column in columns)
    sql = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM json_each(?1)"  # noqa: S608  # our names
    remaining = iter(as_rows(rows))
    while chunk := list(islice(remaining, _ROWS_PER_STATEMENT)):
        harness.d1(sql, [json.dumps(chunk)])


def store_objects(harness: Harness, files: Sequence[tuple[str, Path]], sample: Sample) -> int:
    """Store the files and the sample's own objects in R2, and return how many."""
    harness.r2_put(sample.objects.items())
    waiting = iter(counted(files, "files stored"))
    while chunk := list(islice(waiting, _FILES_PER_CALL)):
        harness.r2_put_files(chunk)
    return len(files) + len(sample.objects)


def put_rules(steward: Steward, rules: Sequence[Rule] = RULES) -> None:
    """Put the rules in place through the API."""
    steward.put_rules([asdict(rule) for rule in rules])
