"""Rows that their owner marked as deleted: found by the names of columns, and never taken for live ones."""

from __future__ import annotations

import re

import sql
from database.schema import Schema
from errors import PlatformError, RefusedError
from naming.names import Names
from ports import Database

_DELETED = re.compile(
    r"(is_?)?(deleted|removed|trashed|archived|tombstoned?|soft_?deleted)(_?(at|on|time|date|ts|by))?", re.IGNORECASE
)
_ALIVE = re.compile(r"(is_?)?(active|alive|live)", re.IGNORECASE)
_STATUS = re.compile(r"(row_?)?(status|state)", re.IGNORECASE)
_NO = "('', '0', '0.0', 'f', 'n', 'no', 'false', 'null', 'none')"
_GONE = "('deleted', 'removed', 'trashed', 'archived', 'tombstone', 'soft_deleted', 'gone', 'inactive')"
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[()]|;|--|/\*|'|\"|\?|[:@$]\w")


def deleted_columns(schema: Schema) -> dict[str, str]:
    """Return the columns of `artifacts` that may mark a row as deleted, each with its condition for a deleted row."""
    found = {}
    for name in schema.columns:
        column = f"artifacts.{sql.quote(name)}"
        value = f"coalesce(lower(CAST({column} AS TEXT)), '')"
        if _DELETED.fullmatch(name):
            found[name] = f"({value} NOT IN {_NO})"
        elif _ALIVE.fullmatch(name):
            found[name] = f"({value} IN {_NO} AND {column} IS NOT NULL)"
        elif _STATUS.fullmatch(name):
            found[name] = f"({value} IN {_GONE})"
    return found


async def refuse_deleted_rows(database: Database, schema: Schema) -> RefusedError | None:
    """Return the refusal to merge where a row marked as deleted stands beside one that is not; None where none does."""
    columns = deleted_columns(schema)
    if not columns:
        return None
    slots = {"plain": sql.load("recovery/plain"), "deleted": f"({' OR '.join(columns.values())})"}
    [counted] = await database.batch([sql.statement("recovery/deleted_rows", **slots)])
    objects = int(counted.rows[0]["objects"] or 0)
    if not objects:
        return None
    message = f"{objects} objects have rows marked as deleted beside rows that are not (by {', '.join(columns)})."
    hint = (
        'Set LIVE_WHERE to the condition of the rows that count, such as "deleted_at IS NULL", or send '
        '"include_deleted": true to rank them all alike.'
    )
    return RefusedError("deleted_rows", message, hint=hint)


async def check_live_where(database: Database, names: Names, condition: str) -> None:
    """Raise RefusedError where LIVE_WHERE is no condition on the columns of `artifacts`; nothing is changed."""
    hint = names.said('Set LIVE_WHERE to one condition on the columns of artifacts, such as "deleted_at IS NULL".')
    if not is_closed(condition):
        raise RefusedError("live_where", f"LIVE_WHERE is not one condition: {condition[:100]!r}.", hint=hint)
    try:
        await database.batch([sql.statement("recovery/live_where", live=condition)])
    except PlatformError as error:
        if "SQLITE_" not in str(error):
            raise
        raise RefusedError("live_where", f"LIVE_WHERE cannot be evaluated: {error}", hint=hint) from error


def is_closed(condition: str) -> bool:
    """Tell whether a text stays within the parentheses it is put in: no comment, no statement's end, no parameter."""
    depth = 0
    for token in _QUOTED.finditer(condition):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth < 0 or token[0] in (";", "--", "/*", "'", '"', "?") or token[0][0] in ":@$":
            return False
    return depth == 0 and bool(condition.strip())
