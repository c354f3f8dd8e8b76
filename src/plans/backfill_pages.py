"""The objects of a page that are to be inserted or upgraded, as items of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sql
from backfill.page_sql import page_decisions, page_statements
from backfill.target import Target
from plans.items import About, Item, Lines
from plans.lines import read_lines
from plans.making import Draft
from ports import Database, Statement, Value


@dataclass(frozen=True)
class PageNoter:
    """Adds what is to be written of each page to a plan."""

    database: Database
    target: Target
    draft: Draft

    async def page(self, given: Mapping[str, Value]) -> None:
        """Add what is to be written of a page."""
        found = await read_lines(self.database, {"rows": page_source(self.target, given)})
        await self.draft.add(_item(about, found[about]) for about in sorted(found, key=_key))


def _key(about: About) -> str:
    return str(about[1])


def _item(about: About, lines: Lines) -> Item:
    upgrade = '{"decision":"upgraded"' in lines["rows"][0]
    return Item("upgrade" if upgrade else "insert", about, lines)


def page_source(target: Target, given: Mapping[str, Value]) -> sql.Fragment:
    """Return the SQL of what is to be written of a page, as lines."""
    return sql.fragment("plans/page_lines", decisions=page_decisions(target), **given)


def writing(target: Target, given: Mapping[str, Value]) -> Statement:
    """Return the statement that a backfill writes a page with."""
    return sql.bind(page_statements(target).write, **given)
