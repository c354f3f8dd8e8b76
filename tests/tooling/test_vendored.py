"""What the page takes from npm is in public/vendor as the package has it, and nothing is fetched when it runs."""

from __future__ import annotations

import json

import pytest

from tooling.paths import NODE_MODULES, ROOT

VENDORED = {
    "uPlot.iife.min.js": "dist/uPlot.iife.min.js",
    "uPlot.min.css": "dist/uPlot.min.css",
    "LICENSE": "LICENSE",
}


@pytest.mark.parametrize("name", VENDORED)
def test_a_file_is_the_one_of_the_pinned_package(name: str) -> None:
    package = NODE_MODULES / "uplot"
    pinned = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]["uplot"]
    assert json.loads((package / "package.json").read_text(encoding="utf-8"))["version"] == pinned
    assert (ROOT / "public" / "vendor" / "uplot" / name).read_bytes() == (package / VENDORED[name]).read_bytes()


def test_nothing_else_is_vendored() -> None:
    found = [path.name for path in (ROOT / "public" / "vendor").rglob("*") if path.is_file()]
    assert sorted(found) == sorted(VENDORED)


def test_nothing_vendored_runs_what_the_policy_forbids() -> None:
    text = (ROOT / "public" / "vendor" / "uplot" / "uPlot.iife.min.js").read_text(encoding="utf-8")
    assert [word for word in ("innerHTML", "eval(", "new Function", "document.write") if word in text] == []
