"""Read what items speak of as it is now, and make a transaction fail where it is no longer so."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence

import sql
from database.batch import Batch
from json_text import compact
from plans.items import About, Item, Lines
from ports import Database, Row, Statement
from words import PlanStep

Sources = Mapping[str, sql.Fragment]
"""The SQL of the lines of some items, by where they are from."""


async def read_lines(database: Database, sources: Sources) -> dict[About, Lines]:
    """Return the lines of each thing that there are any of."""
    batch = Batch()
    asked = {name: batch.add(sql.bind(lines)) for name, lines in sources.items()}
    await batch.run(database)
    return gathered({name: answer.rows for name, answer in asked.items()})


def gathered(rows: Mapping[str, Sequence[Row]]) -> dict[About, Lines]:
    """Return the lines of each thing, in order."""
    found: dict[About, dict[str, list[str]]] = {}
    for name, lines in rows.items():
        for row in lines:
            about = tuple(json.loads(str(row["about"])))
            found.setdefault(about, {}).setdefault(name, []).append(str(row["line"]))
    return {about: {name: tuple(sorted(lines)) for name, lines in one.items()} for about, one in found.items()}


def items_of(step: PlanStep, found: Mapping[About, Lines]) -> list[Item]:
    """Return an item of this step for each thing, in order."""
    return [Item(step, about, found[about]) for about in sorted(found, key=compact)]


def lines_from(found: Mapping[About, Lines], name: str) -> int:
    """Return how many lines are from there."""
    return sum(len(lines.get(name, ())) for lines in found.values())


def checks(sources: Sources, items: Iterable[Item]) -> list[Statement]:
    """Return the statements that fail a transaction unless the lines of these items are what was planned."""
    planned = list(items)
    return [_check(name, lines, planned) for name, lines in sources.items()]


def _check(name: str, lines: sql.Fragment, items: Sequence[Item]) -> Statement:
    expected = [line for item in items for line in item.lines.get(name, ())]
    return sql.statement("plans/check_lines", lines=lines, expected=compact(expected))


def up_to(sources: Sources, most: int) -> Sources:
    """Return the SQL of at most so many lines from each source."""
    return {name: sql.fragment("plans/up_to", lines=lines, most=most) for name, lines in sources.items()}


def counting(sources: Sources, names: Collection[str]) -> Sources:
    """Return the sources with the lines of these counted in place of listed."""
    return {name: _counted(lines) if name in names else lines for name, lines in sources.items()}


def _counted(lines: sql.Fragment) -> sql.Fragment:
    signs = " + ".join(f"coalesce(unicode(substr(line, {place}, 1)), 0) * {weight}" for place, weight in _SIGNS)
    return sql.fragment("plans/counted_lines", lines=lines, signs=signs)


_SIGNS = [(place, 31 * (place % 17) + 7) for place in (*range(6, 30), *range(-16, 0))]
"""The signs of a line that are summed, each with its weight: where keys and values begin, and where they end."""
