"""How the rows of one object are ranked: which one a merge keeps."""

from __future__ import annotations

from dataclasses import dataclass

import sql

_MONTHS = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"


@dataclass(frozen=True)
class Ranking:
    """What a request and the settings say of the order; `live` is a SQL condition for the rows that count."""

    live: str = "1"
    by_id: bool = False
    """Where a date of a group cannot be read: its highest id wins."""

    def rows(self, groups: sql.Fragment) -> sql.Fragment:
        """Return the fragment that ranks the rows of the objects that the fragment `groups` selects."""
        months = {"http_month": _month("substr(text, 9, 3)"), "script_month": _month("substr(text, 5, 3)")}
        live = f"(({self.live}\n) IS TRUE)" if self.live != "1" else "1"
        moments = sql.fragment("recovery/moments", groups=groups, live=live, **months)
        return sql.fragment("recovery/ranked", moments=moments, by_id=str(int(self.by_id)))


def _month(name: str) -> str:
    """Return the SQL expression of a month's two digits by the three letters of its name; 00 where it is none."""
    place = f"instr('{_MONTHS}', {name})"
    return f"CASE WHEN {place} % 3 = 1 THEN printf('%02d', ({place} + 2) / 3) ELSE '00' END"
