"""Fill a local R2 bucket with very many objects: a million in seconds rather than half an hour.

They are copies of one small object, written into the file the local bucket keeps its listing in while the runtime is
stopped. Listing, head and get see objects like any other; deleting one takes the body of all. For measurements only.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from uuid import uuid4

from tooling.harness import Harness, HarnessError

_COPY = """
INSERT OR IGNORE INTO _mf_objects
SELECT ?1, blob_id, version, size, etag, uploaded, checksums, http_metadata, custom_metadata
FROM _mf_objects WHERE key = ?2
"""


def fill(harness: Harness, keys: Iterable[str], *, body: str = "body", binding: str = "ARTIFACTS") -> None:
    """Store an object under every key, leaving those that exist; the runtime restarts."""
    template = f"template-{uuid4()}"
    harness.r2_put([(template, body)], binding=binding)
    harness.stop()
    try:
        with closing(sqlite3.connect(_bucket_file(harness.state, template))) as file, file:
            file.executemany(_COPY, ((key, template) for key in keys))
            file.execute("DELETE FROM _mf_objects WHERE key = ?1", [template])
    finally:
        harness.start()


def _bucket_file(state: Path, key: str) -> Path:
    for path in state.glob("**/miniflare-R2BucketObject/*.sqlite"):
        if path.name != "metadata.sqlite" and _holds(path, key):
            return path
    raise HarnessError(f"no bucket under {state} holds {key}: has miniflare changed where it keeps R2?")


def _holds(path: Path, key: str) -> bool:
    with closing(sqlite3.connect(path)) as file:
        return file.execute("SELECT 1 FROM _mf_objects WHERE key = ?1", [key]).fetchone() is not None
