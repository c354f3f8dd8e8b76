"""What a dry run says that its live one would take. A test holds it to the component of `/openapi.json`."""

from __future__ import annotations

from typing import TypedDict


class ShareOfDay(TypedDict):
    """How much of the rows that the day has left a piece of work needs; None where there is no limit."""

    rows_read: float | None
    rows_written: float | None


class Forecast(TypedDict):
    """What a live run would take."""

    rows_read: int
    rows_written: int
    r2_lists: int
    r2_heads: int
    d1_statements: int
    calls: int
    dollars: float
    seconds: float
    share_of_day: ShareOfDay
