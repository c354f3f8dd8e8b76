"""The operations that the page lives on, and any other client may ask for: findings, rows, history, what is at work."""

from __future__ import annotations

from api import routes_page, schemas_page
from api.operation import FILES, Operation

PAGE_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET", "/findings/{finding_id}", routes_page.get_finding, "One finding, its history", "Finding", refusals=(404,)
    ),
    Operation(
        "POST",
        "/findings/{finding_id}/acknowledge",
        routes_page.post_acknowledge,
        "Say that you have a finding: it is not alerted again until its violations more than double",
        "Finding",
        body=schemas_page.SAY,
        body_optional=True,
        refusals=(404, 409),
        example={"note": "The import of Monday; Anna repairs it."},
    ),
    Operation(
        "POST",
        "/findings/{finding_id}/snooze",
        routes_page.post_snooze,
        "Let a finding wait: it is not alerted again before a moment, or until its violations more than double",
        "Finding",
        body=schemas_page.SNOOZE,
        refusals=(404, 409),
        example={"until": "2026-12-01T08:00:00Z", "note": "The owner is back on Tuesday."},
    ),
    Operation(
        "POST",
        "/findings/{finding_id}/wake",
        routes_page.post_wake,
        "Take an acknowledgement or a snooze back",
        "Finding",
        body=schemas_page.SAY,
        body_optional=True,
        refusals=(404, 409),
    ),
    Operation(
        "GET",
        "/invariants/{name}/rows",
        routes_page.get_rows,
        "All rows that break an invariant now; as JSON by pages, or all as a file",
        "ViolatingRows",
        query=schemas_page.ROWS_QUERY,
        refusals=(404, 409),
        files=FILES,
    ),
    Operation("GET", "/live", routes_page.get_live, "What is at work at this moment", "Live"),
    Operation(
        "GET",
        "/history",
        routes_page.get_history,
        "What the last days were like; 120 days are kept",
        "History",
        query=schemas_page.HISTORY_QUERY,
    ),
)
"""Their roles follow the method: to read is `read`, to say something of a finding is `operate`."""
