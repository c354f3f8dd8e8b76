"""What people read is plain English, and the map of the source is the source."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from api.openapi import describe
from backfill.counts import Counts
from tooling import promises, reports
from tooling.paths import ROOT
from words import COUNTS, SAMPLES

ODD = re.compile(
    r"\b(told|goes on|go on|gone on|anew|behind|foretold|foretells?|is to be had|come to (its|their|the) end"
    r"|takes? off|taken off|left of it|be it)\b",
    re.IGNORECASE,
)
"""Words that a colleague would not use so; each stood in these texts once."""

TEXTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "Makefile", *(ROOT / "docs").glob("*.md")]
TEXTS += [*(ROOT / "cli").rglob("*.py"), *(ROOT / ".github").rglob("*.yml")]
PAGE = [path for path in (ROOT / "public").rglob("*") if path.suffix in (".html", ".js")]


@pytest.mark.parametrize("path", [*TEXTS, *PAGE], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_text_for_people_has_none_of_the_odd_words(path: Path) -> None:
    found = [f"line {number}: {match[0]}" for number, match in _odd(path.read_text(encoding="utf-8"))]
    assert found == []


def test_the_api_describes_itself_without_odd_words() -> None:
    assert [match[0] for _, match in _odd(json.dumps(describe(), indent=0))] == []


def _odd(text: str) -> list[tuple[int, re.Match[str]]]:
    lines = enumerate(text.splitlines(), start=1)
    return [(number, match) for number, line in lines for match in ODD.finditer(line)]


def test_the_tree_of_the_architecture_is_the_source() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    tree = text.split("```")[1].strip().splitlines()
    shown: set[str] = set()
    for line in tree:
        name, described = line.split(maxsplit=1)
        if name.endswith(".py"):
            shown.add(name)
        elif name != "sql/":
            shown |= {f"{name}{module}.py" for module in described.partition(":")[0].split(" · ")}
    source = ROOT / "src"
    modules = (path.relative_to(source) for path in source.rglob("*.py") if path.name != "__init__.py")
    assert shown == {str(path) for path in modules}


def test_whoever_names_the_counts_names_those_of_the_source() -> None:
    assert [field.name for field in fields(Counts)] == [*COUNTS, "undated", *SAMPLES]
    assert (COUNTS[1:], COUNTS) == (promises.COUNTS, reports._COUNTS)
    for path in ("public/page/backfill.js", "bench/workers/javascript/index.js"):
        assert json.dumps(COUNTS) in (ROOT / path).read_text(encoding="utf-8")
