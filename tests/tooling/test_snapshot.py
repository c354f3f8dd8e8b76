"""The memory of a Python that has started: kept beside the bundle, and what every runtime starts from."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tooling.paths import BUNDLE_LINK, WORKERD
from tooling.snapshot import FILE_NAME

REAL = '#!/bin/sh\necho "$@"\n'


@pytest.fixture
def started(tmp_path: Path) -> Callable[..., list[str]]:
    """Give what starts a runtime in a checkout whose `workerd` tells what it is given."""
    wrapper = tmp_path / "tooling" / "workerd"
    real = tmp_path / "node_modules" / "@cloudflare" / "workerd-here" / "bin" / "workerd"
    for program in (wrapper, real):
        program.parent.mkdir(parents=True)
    shutil.copy(WORKERD, wrapper)
    real.write_text(REAL)
    real.chmod(0o700)
    (tmp_path / ".cache" / "bundle").mkdir(parents=True)

    def run(**variables: str) -> list[str]:
        environment = {"PATH": os.environ["PATH"], **variables}
        found = subprocess.run([wrapper, "serve"], env=environment, capture_output=True, text=True, check=True)  # noqa: S603  # our own
        return found.stdout.split()

    return run


def test_set_up_keeps_it_beside_the_bundle() -> None:
    assert (BUNDLE_LINK / FILE_NAME).stat().st_size > 2**20


def test_a_runtime_starts_from_what_is_kept(started: Callable[..., list[str]], tmp_path: Path) -> None:
    bundle = tmp_path / ".cache" / "bundle"
    (bundle / FILE_NAME).write_bytes(b"memory")
    given = started()
    assert given[:3] == ["serve", "--pyodide-bundle-disk-cache-dir", str(bundle)]
    assert given[3:] == ["--python-load-snapshot", FILE_NAME, "--python-snapshot-dir", str(bundle)]


def test_where_none_is_kept_a_runtime_starts_without(started: Callable[..., list[str]]) -> None:
    assert not any("snapshot" in word for word in started())


def test_what_is_to_be_kept_is_not_made_of_what_is_kept(started: Callable[..., list[str]], tmp_path: Path) -> None:
    (tmp_path / ".cache" / "bundle" / FILE_NAME).write_bytes(b"memory")
    assert started(SAVE_SNAPSHOT_IN="/elsewhere")[3:] == [
        "--python-save-baseline-snapshot",
        "--python-snapshot-dir",
        "/elsewhere",
    ]
