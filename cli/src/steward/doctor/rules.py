"""Whether R2 answers, and which rules never match.

A preview says how many objects each *type* gets. So the rules are previewed with a type of their own each: nothing is
stored, and one listing tells of all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from steward.answers import Preview, Rule, Rules
from steward.client import Client
from steward.doctor.line import Line
from steward.errors import CliError
from steward.harmless import harmless
from steward.summary import Summary

LOOKS = 40
"""Listings of up to 1,000 objects that one look at the rules may cost, for each bucket."""

_SHOWN = 5


@dataclass
class _Seen:
    """By number: which rules gave an object its type, and which may still do so beyond what was listed."""

    rules: list[Rule]
    matched: set[int] = field(default_factory=set)
    open: set[int] = field(default_factory=set)

    @property
    def never(self) -> list[str]:
        """The patterns that give no object its type."""
        unseen = set(range(len(self.rules))) - self.matched - self.open
        return [self.rules[number]["pattern"] for number in sorted(unseen)]

    def open_without(self, types: set[str]) -> int:
        """Return how many rules are open whose type no row has either: a row was most likely given it by the rule."""
        left = self.open - self.matched
        return sum(self.rules[number]["source_type"] not in types for number in left)


def rules(client: Client, summary: Summary) -> Iterator[Line]:
    """Look at every bucket through the rules."""
    listed: Rules = client.get("/rules")
    seen = _Seen(listed["rules"])
    failed = False
    for one in summary["passes"]:
        what = f"R2 {harmless(one['bucket'])}"
        try:
            _look(client, one["bucket"], seen)
            yield Line(what, "ok", "it lists its objects")
        except CliError as error:
            failed = True
            yield Line(what, "failed", str(error), error.hint)
    if not seen.rules:
        yield Line("rules", "wrong", "there are none: every object is unclassified", "steward rules put FILE")
    elif not failed:
        types = {row["source_type"] for row in summary["rows"]["by_type"]}
        yield from _judged(seen, seen.open_without(types))


def _judged(seen: _Seen, left: int) -> Iterator[Line]:
    never = ", ".join(map(harmless, seen.never[:_SHOWN]))
    if never:
        text = f"{len(seen.never)} give no object its type: {never}"
        yield Line("rules", "warning", text, "They match nothing, or only what an earlier rule takes.")
    if left:
        yield Line(
            "rules",
            "not checked",
            f"{left} matched none of the first 1,000 objects they could match, and no row has their type",
        )
    if not never and not left:
        yield Line("rules", "ok", f"each of the {len(seen.rules)} gives an object, or a row, its type")


def _look(client: Client, bucket: str, seen: _Seen) -> None:
    """List the bucket, then only what each rule that has matched nothing could match."""
    if not _preview(client, bucket, "", seen):
        return
    waiting = [number for number in range(len(seen.rules)) if number not in seen.matched]
    for count, number in enumerate(waiting):
        prefix = literal(seen.rules[number]["pattern"])
        if number in seen.matched:
            continue
        if not prefix or count >= LOOKS or _preview(client, bucket, prefix, seen):
            seen.open.add(number)


def _preview(client: Client, bucket: str, prefix: str, seen: _Seen) -> bool:
    """Note which rules match below a prefix, and return whether there is more than was listed."""
    marked = [{**rule, "source_type": str(number)} for number, rule in enumerate(seen.rules)]
    found: Preview = client.post("/rules/preview", rules=marked, r2_bucket=bucket, r2_prefix=prefix)
    seen.matched |= {int(one["source_type"]) for one in found["by_type"] if one["source_type"] is not None}
    return found["truncated"]


def literal(pattern: str) -> str:
    """Return what every key that a GLOB matches begins with."""
    return re.split(r"[*?\[]", pattern, maxsplit=1)[0]
