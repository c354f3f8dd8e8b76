"""The folder that is deployed: our Worker's source with the bench's entry beside its own, and the packages it needs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tooling.around import SRC
from tooling.paths import PYTHON_MODULES, ROOT

MAIN = "src/cloud_entry.py"
INSIDE = Path("bench/cloud/inside.py")


@contextmanager
def packed() -> Iterator[Path]:
    """Lend the folder; what is written into it goes with it."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shutil.copytree(SRC, folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "bench" / "workers" / "cloud" / "entry.py", folder / MAIN)
        (folder / "src" / INSIDE).parent.mkdir(parents=True)
        shutil.copy(ROOT / INSIDE, folder / "src" / INSIDE)
        (folder / "python_modules").symlink_to(PYTHON_MODULES.resolve())
        yield folder
