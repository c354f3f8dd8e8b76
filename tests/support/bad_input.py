"""Requests that must be refused, and what the answer must name: unit and Worker tests share them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from backfill.cursor import encode
from backfill.ranges import Position, whole

JSON = "application/json"
ANOTHER_PREFIX = encode("artifacts", "another/", whole(Position(None, "another/a")))


@dataclass(frozen=True)
class Bad:
    """A request, the status it must get, and the field that the answer must name."""

    name: str
    status: int
    names: str
    body: bytes
    method: str = "POST"
    path: str = "/backfill"
    content_type: str | None = JSON


def backfill(name: str, names: str, body: object, status: int = 422) -> Bad:
    return Bad(name, status, names, json.dumps(body).encode())


def rules(name: str, names: str, *rules: Any, status: int = 422) -> Bad:  # noqa: ANN401
    return Bad(name, status, names, json.dumps({"rules": rules}).encode(), "PUT", "/rules")


def rule(**changes: object) -> dict[str, object]:
    return {"priority": 1, "pattern": "a*", "source_type": "a", **changes}


BAD: tuple[Bad, ...] = (
    backfill("dry_run as text", "dry_run", {"dry_run": "false"}),
    backfill("dry_run as text with a space", "dry_run", {"dry_run": "false "}),
    backfill("dry_run as 0", "dry_run", {"dry_run": 0}),
    backfill("dry_run as null", "dry_run", {"dry_run": None}),
    backfill("resume as 1", "resume", {"resume": 1}),
    backfill("max_objects of 0", "max_objects", {"max_objects": 0}),
    backfill("max_objects of -1", "max_objects", {"max_objects": -1}),
    backfill("max_objects of 1.5", "max_objects", {"max_objects": 1.5}),
    backfill("max_objects as text", "max_objects", {"max_objects": "10"}),
    backfill("max_objects of a milliard", "max_objects", {"max_objects": 10**9}),
    backfill("max_objects of one too many", "max_objects", {"max_objects": 1_000_001}),
    backfill("max_objects as true", "max_objects", {"max_objects": True}),
    backfill("max_objects as null", "max_objects", {"max_objects": None}),
    backfill("max_objects beyond any integer", "max_objects", {"max_objects": 1e300}),
    backfill("r2_prefix as a number", "r2_prefix", {"r2_prefix": 1}),
    backfill("r2_prefix as null", "r2_prefix", {"r2_prefix": None}),
    backfill("r2_prefix longer than a key", "r2_prefix", {"r2_prefix": "x" * 1025}),
    backfill("an unknown field", "max_object", {"max_object": 1}),
    backfill("a field in capitals", "DRY_RUN", {"DRY_RUN": False}),
    backfill("an unknown bucket", "r2_bucket", {"r2_bucket": "nope"}),
    backfill("an empty bucket", "r2_bucket", {"r2_bucket": ""}),
    backfill("a bucket as a list", "r2_bucket", {"r2_bucket": ["artifacts"]}),
    backfill("a start_after outside the prefix", "start_after", {"r2_prefix": "raw/", "start_after": "other/a"}),
    backfill("a start_after as a number", "start_after", {"start_after": 7}),
    backfill("a cursor that is not ours", "cursor", {"cursor": "not ours"}, 400),
    backfill("an empty cursor", "cursor", {"cursor": ""}, 400),
    backfill("a cursor of another prefix", "cursor", {"cursor": ANOTHER_PREFIX}, 400),
    backfill("a cursor as a number", "cursor", {"cursor": 7}),
    Bad("no body", 400, "body", b""),
    Bad("not JSON", 400, "body", b"dry_run=false"),
    Bad("JSON cut short", 400, "body", b'{"dry_run": false'),
    Bad("two JSON values", 400, "body", b"{} {}"),
    Bad("a field given twice", 400, "body", b'{"dry_run": true, "dry_run": false}'),
    Bad("NaN", 400, "body", b'{"max_objects": NaN}'),
    Bad("not UTF-8", 400, "body", b'{"r2_prefix": "\xff"}'),
    Bad("a lone surrogate", 400, "body", b'{"r2_prefix": "\\ud800"}'),
    Bad("nested beyond reason", 400, "body", b"[" * 30_000 + b"]" * 30_000),
    Bad("objects nested beyond reason", 400, "body", b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
    Bad("nested beyond reason and never closed", 400, "body", b"[" * 60_000),
    Bad("a list", 422, "body", b"[]"),
    Bad("a text", 422, "body", b'"live"'),
    Bad("null", 422, "body", b"null"),
    Bad("over 64 KiB", 413, "body", b'{"r2_prefix": "' + b"x" * 65536 + b'"}'),
    Bad("no content type", 415, "content-type", b"{}", content_type=None),
    Bad("a form", 415, "content-type", b"{}", content_type="application/x-www-form-urlencoded"),
    Bad("text", 415, "content-type", b"{}", content_type="text/plain"),
    Bad("no reason", 422, "reason", b"{}", path="/pause"),
    Bad("an empty reason", 422, "reason", b'{"reason": ""}', path="/pause"),
    Bad("a field for resume", 422, "force", b'{"force": true}', path="/resume"),
    rules("a type of unknown", "rules[0].source_type", rule(source_type="unknown")),
    rules("an empty pattern", "rules[0].pattern", rule(pattern="")),
    rules("a pattern over 50 bytes", "rules[1].pattern", rule(), rule(pattern="é" * 26)),
    rules("a pattern given twice", "rules[1].pattern", rule(), rule(priority=2)),
    rules("a priority as text", "rules[0].priority", rule(priority="1")),
    rules("a rule without a pattern", "rules[0].pattern", {"priority": 1, "source_type": "a"}),
    rules("a rule with more", "rules[0].glob", rule(glob="a*")),
    rules("a rule as text", "rules[0]", "raw/*"),
    Bad("rules as a table", 422, "rules", b'{"rules": {}}', "PUT", "/rules"),
    Bad("no rules", 422, "rules", b"{}", "PUT", "/rules"),
    Bad("an unknown kind", 422, "kind", b"", "GET", "/runs?kind=unheard-of"),
    Bad("a limit of 0", 422, "limit", b"", "GET", "/runs?limit=0"),
    Bad("a limit that is no number", 422, "limit", b"", "GET", "/runs?limit=ten"),
    Bad("a limit given twice", 422, "limit", b"", "GET", "/runs?limit=1&limit=2"),
    Bad("an unknown parameter", 422, "page", b"", "GET", "/runs?page=2"),
    Bad("a before of 0", 422, "before", b"", "GET", "/runs?before=0"),
    Bad("a run that is not there", 404, "run_id", b"", "GET", "/runs/999"),
    Bad("a run beyond any database", 404, "run_id", b"", "GET", f"/runs/{10**30}"),
)
