"""Keep what Python's memory is like once it has started, as Cloudflare does: a start from it takes half of the time.

Nothing of the Worker is in it. It belongs to the bundle, and is kept beside it.
"""

import os
import sys
import tempfile
from pathlib import Path

from tooling.harness import Config, Harness, HarnessError
from tooling.paths import BUNDLE_LINK

FILE_NAME = "snapshot.bin"
"""The name that workerd gives it."""

ENTRY = """from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response("here")
"""


def save(at: Path) -> None:
    """Start a Worker that does nothing, and keep its memory."""
    with tempfile.TemporaryDirectory(dir=at.parent) as folder:
        entry = Path(folder) / "src" / "entry.py"
        entry.parent.mkdir()
        entry.write_text(ENTRY, encoding="utf-8")
        os.environ["SAVE_SNAPSHOT_IN"] = folder
        with Harness(Config(main=entry)) as harness:
            harness.fetch("GET", "/")
        (Path(folder) / FILE_NAME).replace(at)


def main() -> int:
    """Keep it beside the bundle in use."""
    try:
        save(BUNDLE_LINK.resolve() / FILE_NAME)
    except (HarnessError, FileNotFoundError) as error:
        print(f"snapshot: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
