"""The list of the rows that break an invariant, for one request."""

from __future__ import annotations

from database.key_ranges import RANGE_ROWS
from database.reading import read_schema
from errors import InputError, RefusedError
from invariants.catalogue import Invariant, read_catalogue
from invariants.listing import RowList
from invariants.passes import read_evidence
from invariants.spec import Checking, CheckSpec
from ports import Ports
from runs.budget import Budget
from settings import Settings


async def row_list(ports: Ports, settings: Settings, name: str, range_rows: int = RANGE_ROWS) -> RowList:
    """Return the list, in ranges of so many rows of a table.

    Raises InputError (404) for an unknown name, RefusedError where the database cannot be asked.
    """
    invariant = _named(name)
    schema = await read_schema(ports.database, settings.children, settings.not_children)
    now = ports.clock.now()
    evidence = await read_evidence(ports.database, settings, now) if invariant.evidence else None
    how = Checking("full", Budget(ports.clock, now), range_rows=range_rows)
    rows = RowList(CheckSpec(how, ports.database, schema, evidence=evidence), invariant)
    if rows.unmet is not None:
        raise RefusedError("not_checked", rows.unmet, hint="GET /summary says of each invariant whether it is checked.")
    return rows


def _named(name: str) -> Invariant:
    for invariant in read_catalogue():
        if invariant.name == name:
            return invariant
    raise InputError("name", "There is no such invariant.", hint="GET /summary lists them.", status=404)
