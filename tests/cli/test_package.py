"""The package: what it needs, what it must not know, and that it can be installed as it is."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

from steward import __version__
from tooling.paths import COMMAND, ROOT

PROJECT = tomllib.loads((COMMAND / "pyproject.toml").read_text())["project"]
DEV: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["dev"]


def imported() -> set[str]:
    """Return the first names of all that the package imports."""
    found: set[str] = set()
    for path in (COMMAND / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            if isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
    return {name.partition(".")[0] for name in found}


def test_it_imports_what_it_declares_and_nothing_of_the_worker() -> None:
    declared = {one.partition(" ")[0] for one in PROJECT["dependencies"]}
    assert imported() - set(sys.stdlib_module_names) - {"steward"} == declared


def test_what_it_needs_is_locked_with_the_rest() -> None:
    pinned = {one.partition("==")[0] for one in DEV}
    assert {one.partition(" ")[0] for one in PROJECT["dependencies"]} | {"flit-core"} <= pinned


def test_it_installs_without_a_network_as_set_up_does(tmp_path: Path) -> None:
    flags = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(tmp_path))
    subprocess.run([sys.executable, "-m", "pip", "install", *flags, str(COMMAND)], check=True)  # noqa: S603  # our own
    command = [str(tmp_path / "bin" / "steward"), "--version"]
    ran = subprocess.run(command, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True)  # noqa: S603  # likewise
    assert ran.stdout == f"steward {__version__}\n"
