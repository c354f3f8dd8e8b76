"""R2 pages split as if D1 took values of 20 kB only.

The local R2 refuses an answer over 1 MiB, so that no page of it reaches the 2 MB at which ours are split.
"""

from __future__ import annotations

from dataclasses import replace

from bindings.connect import WorkerEnvironment as LocalEnvironment
from bindings.r2 import R2Bucket
from ports import Ports
from settings import Settings

MAX_PART_BYTES = 20_000


class WorkerEnvironment(LocalEnvironment):
    """The Worker's own environment, with small chunks."""

    def ports(self, settings: Settings) -> Ports:
        """Return the platform as ports."""
        buckets = {
            name: R2Bucket(self._binding(to, "r2_buckets"), MAX_PART_BYTES) for name, to in settings.buckets.items()
        }
        return replace(super().ports(settings), buckets=buckets)
