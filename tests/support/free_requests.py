"""A request or more for each operation that there is."""

from __future__ import annotations

from collections.abc import Iterator

from api.operations import OPERATIONS

BODIES: dict[str, list[dict[str, object]]] = {
    "/backfill": [{}, {"dry_run": False}, {"dry_run": False, "resume": True, "max_objects": 100_000}],
    "/check": [{}, {"mode": "full"}],
    "/recover": [{}, {"dry_run": False}],
    "/forget": [{}, {"dry_run": False}],
    "/guards": [{}, {"lift": True, "reason": "a migration"}, {}],
    "/pause": [{"reason": "a test"}],
    "/rules": [{"rules": [{"priority": 1, "pattern": "raw/*", "source_type": "raw"}]}],
    "/runs/1/undo": [{"dry_run": True}, {}],
    "/plans/1/apply": [{}, {}],
    "/rules/preview": [{"rules": []}],
}


def requests() -> Iterator[tuple[str, str, dict[str, object] | None]]:
    """Yield them in the order of the operations, after one that makes plan 1."""
    yield "POST", "/forget", {}
    for operation in OPERATIONS:
        path = operation.path.replace("{run_id}", "1").replace("{pass_id}", "1").replace("{plan_id}", "1")
        bodies = [None] if operation.method == "GET" else BODIES.get(path, [{}])
        yield from ((operation.method, path, body) for body in bodies)
        for form in ("csv", "ndjson") if operation.files else ():
            yield operation.method, f"{path}?format={form}", None
