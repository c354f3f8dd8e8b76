"""The queues of event notifications on this machine, and a stand-in for R2's notification service.

The local runtime has the real engine of Queues (its messages live in memory), but nothing that notices what happens in
a bucket. `LocalNotifications` does: it lists the bucket, and sends what changed since it last looked. Cloudflare's own
sends a message for each action, in any order and now and then twice.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from tooling.harness import Harness
from tooling.paths import ROOT

QUEUE = "artifact-events"


def consumers(wrangler_toml: Path = ROOT / "wrangler.toml") -> tuple[Mapping[str, object], ...]:
    """Return the consumers that wrangler.toml holds as comments, for whoever has created the queues."""
    lines = wrangler_toml.read_text(encoding="utf-8").splitlines()
    start = lines.index("# [[queues.consumers]]")
    block = []
    for line in lines[start:]:
        if not line.startswith("#"):
            break
        block.append(line.removeprefix("#").strip())
    found: dict[str, dict[str, list[dict[str, object]]]] = tomllib.loads("\n".join(block))
    return tuple(found["queues"]["consumers"])


def quick_consumers() -> tuple[Mapping[str, object], ...]:
    """Return the consumers as a person at this machine wants them: messages wait a second at most."""
    return tuple({**one, "max_batch_timeout": 1} for one in consumers())


class LocalNotifications:
    """Stands in for R2's notification service: sends what changed in the local bucket since the last look."""

    def __init__(self, harness: Harness, bucket: str = "artifacts", binding: str = "ARTIFACTS") -> None:
        self._harness = harness
        self._bucket = bucket
        self._binding = binding
        self.look()

    def look(self) -> int:
        """Send a message for each object that came, changed or went since the last look, and return how many."""
        return self._harness.notify(QUEUE, bucket=self._bucket, binding=self._binding)
