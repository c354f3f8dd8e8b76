"""Versions are pinned once: the lock files hold what pyproject.toml and package.json ask for, and no address."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
WORKER: list[str] = PROJECT["project"]["dependencies"]
DEV: list[str] = PROJECT["dependency-groups"]["dev"]
NPM = json.loads((ROOT / "package.json").read_text())["devDependencies"]
NPM_LOCK = json.loads((ROOT / "package-lock.json").read_text())["packages"]


def locked(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", text, re.MULTILINE))


@pytest.mark.parametrize(
    ("lock", "wanted"), [("requirements-dev.lock", WORKER + DEV), ("requirements-worker.lock", WORKER)]
)
def test_python_locks_hold_the_pinned_versions(lock: str, wanted: list[str]) -> None:
    found = locked(lock)
    assert [f"{name}=={found.get(name)}" for name in (pin.partition("==")[0] for pin in wanted)] == wanted


def test_the_lock_of_the_documentation_holds_the_pinned_version() -> None:
    name, _, version = (ROOT / "docs" / "site.in").read_text().strip().partition("==")
    assert locked("docs/site.lock")[name] == version


def test_the_worker_runs_what_the_unit_tests_ran_on() -> None:
    dev = locked("requirements-dev.lock")
    assert {name: dev.get(name) for name in locked("requirements-worker.lock")} == locked("requirements-worker.lock")


def test_the_npm_lock_holds_the_pinned_versions() -> None:
    assert {name: NPM_LOCK[f"node_modules/{name}"]["version"] for name in NPM} == NPM


def test_miniflare_is_the_one_that_wrangler_brings() -> None:
    assert NPM["miniflare"] == NPM_LOCK["node_modules/wrangler"]["dependencies"]["miniflare"]


def test_every_action_of_the_workflows_is_pinned_by_commit() -> None:
    texts = [path.read_text() for path in (ROOT / ".github" / "workflows").glob("*.yml")]
    used = [action for text in texts for action in re.findall(r"uses: (.+)", text)]
    assert used
    assert [action for action in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[\d.]+", action)] == []


@pytest.mark.parametrize("lock", ["requirements-dev.lock", "requirements-worker.lock", "docs/site.lock"])
def test_python_locks_name_no_registry_and_no_machine(lock: str) -> None:
    assert not re.search(r"https?://|file:|--index-url|--find-links|/home/|/tmp/", (ROOT / lock).read_text())


def test_the_npm_lock_names_no_registry() -> None:
    assert [name for name, package in NPM_LOCK.items() if "resolved" in package] == []
