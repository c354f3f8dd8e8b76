"""Enter the modules of `src` elsewhere: a Worker of another entry around the very code that goes to production."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tooling.paths import ROOT

SRC = ROOT / "src"


@contextmanager
def copy_of_src(entry: Path | None = None) -> Iterator[Path]:
    """Lend the path of the entry in a copy of `src`; `entry` takes its place where it is given."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "src"
        shutil.copytree(SRC, root, ignore=shutil.ignore_patterns("__pycache__"))
        if entry:
            shutil.copy(entry, root / "entry.py")
        yield root / "entry.py"
