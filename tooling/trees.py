"""Choose real files for the sample's bucket: a folder that was named, or what set-up installed."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tooling.paths import NODE_MODULES, VENV

MAX_BYTES = 1_000_000
"""Larger files only take time: a backfill never looks at a body."""

MAX_KEY_BYTES = 1024
"""R2's own limit."""

PER_TREE = 1300
"""Files from each of the two installed trees: together over 2,000, and three pages of R2's listing."""


@dataclass(frozen=True)
class Files:
    """What goes into the bucket as (key, file), where it is from, and how many files could not be taken."""

    found: list[tuple[str, Path]]
    origin: str
    passed_over: int = 0


def installed_files() -> Files:
    """Return files of the installed Python and npm packages."""
    trees = {"pypi": VENV / "lib", "npm": NODE_MODULES}
    found = [item for name, root in trees.items() for item in islice(_usable(root, f"{name}/"), PER_TREE)]
    return Files(found, "the installed packages' own files (.venv and node_modules)")


def files_of(folder: Path) -> Files:
    """Return every file of a folder that R2 can take; the key is its path below the folder."""
    found = list(_usable(folder, ""))
    total = sum(1 for path in _every_file(folder))
    return Files(found, str(folder), total - len(found))


def _usable(root: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    for path in _every_file(root):
        key = prefix + path.relative_to(root).as_posix()
        if _fits(key) and not path.is_symlink() and path.is_file() and path.stat().st_size <= MAX_BYTES:
            yield key, path


def _fits(key: str) -> bool:
    """Tell whether a name is UTF-8 and short enough to be a key."""
    try:
        return len(key.encode()) <= MAX_KEY_BYTES
    except UnicodeEncodeError:
        return False


def _every_file(root: Path) -> Iterator[Path]:
    """Yield files in the same order on every machine."""
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name != "__pycache__")
        yield from (Path(folder, name) for name in sorted(files))
