"""What a rule set would classify, shown on a listing before the rules are stored."""

from __future__ import annotations

import json
from collections.abc import Sequence

import sql
from backfill.page_sql import page_objects
from backfill.rules import Rule, RuleSet, check_rules, ordered
from ports import PAGE_OBJECTS, ListRequest, PagePart, Ports, Result, Statement


async def preview(ports: Ports, bucket: str, prefix: str, rules: Sequence[Rule]) -> dict[str, object]:
    """Return, for the first page of the bucket, how many objects each type would get, with samples.

    A null type stands for the objects that no rule matches. Raises InputError for a rule that could not be stored.
    """
    check_rules(rules)
    rule_set = ordered(rules)
    page = await ports.buckets[bucket].list_page(ListRequest(prefix, PAGE_OBJECTS))
    statements = [_preview(part, rule_set) for part in page.parts]
    results = await ports.database.batch(statements) if statements else []
    return {
        "scanned": page.span.count if page.span else 0,
        "truncated": page.truncated,
        "by_type": _by_type(results),
    }


def _preview(part: PagePart, rules: RuleSet) -> Statement:
    objects = page_objects(page=part.objects, first=0, end=part.count, after="")
    return sql.statement("backfill/preview_page", objects=objects, source_type=rules.classification())


def _by_type(results: Sequence[Result]) -> list[dict[str, object]]:
    found: dict[str | None, tuple[int, list[str]]] = {}
    for row in (row for result in results for row in result.rows):
        name = None if row["source_type"] is None else str(row["source_type"])
        objects, sample = found.get(name, (0, []))
        keys = [key for key in json.loads(str(row["sample"])) if key is not None]
        found[name] = (objects + int(row["objects"] or 0), (sample + keys)[:3])
    return [{"source_type": name, "objects": found[name][0], "sample": found[name][1]} for name in found]
