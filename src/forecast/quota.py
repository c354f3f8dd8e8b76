"""Refuse what the day has too little left for, unless it may be spread over several."""

from __future__ import annotations

from errors import RefusedError
from forecast.needs import Needs
from runs.costs import next_day
from runs.record import Run


def beyond_day(run: Run, needs: Needs, *, spread: bool) -> RefusedError | None:
    """Return the refusal of a live run that needs more than the day has left; None where it may begin."""
    if spread or not run.rest.limited or not needs.passes(run.rest):
        return None
    left = f"today {run.rest.rows_read:,.0f} and {run.rest.rows_written:,.0f} are left"
    message = f"It may read {needs.rows_read:,.0f} rows and write {needs.rows_written:,.0f}; {left}."
    hint = f'Send "spread": true to work until they are used and go on later, or wait until {next_day(run.started_at)}.'
    return RefusedError("quota", message, hint=hint)
