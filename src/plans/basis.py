"""What a plan was made on: the schema, the rules, and the settings that decide. Where one changed, it is stale."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Protocol

import sql
from backfill.rules import read_rules
from database.batch import ask
from database.reading import read_schema
from database.schema import Schema
from json_text import compact
from naming.names import Names
from plans.items import sha256
from ports import Database

_REFERENCE = " REFERENCES artifacts (id)"
"""What the first tick adds to a fresh database's datapoints: a plan from before it stays good."""

Pairs = tuple[tuple[str, str], ...]


class Deciding(Protocol):
    """The settings that decide what a plan holds."""

    @property
    def buckets(self) -> dict[str, str]:
        """The buckets and their bindings."""
        ...

    @property
    def tables(self) -> Names:
        """What the database calls the words."""
        ...

    @property
    def children(self) -> Pairs:
        """The references that are configured."""
        ...

    @property
    def not_children(self) -> Pairs:
        """The columns that are said to be none."""
        ...

    @property
    def live_where(self) -> str | None:
        """The condition of the rows that count."""
        ...


@dataclass(frozen=True)
class Basis:
    """A digest of each part."""

    schema: str
    rules: str
    settings: str

    def text(self) -> str:
        """Return it as it is stored."""
        return compact(asdict(self))

    def changed(self, now: Basis) -> list[str]:
        """Return the names of the parts that are different now."""
        return [name for name in asdict(self) if getattr(self, name) != getattr(now, name)]


def read_basis(text: str) -> Basis:
    """Return a basis as it was stored."""
    return Basis(**json.loads(text))


async def basis_now(database: Database, settings: Deciding, schema: Schema | None = None) -> Basis:
    """Return what a plan that is made now is made on; the `schema`, where it was read, is not read again."""
    schema = schema or await read_schema(database, settings.children, settings.not_children)
    named = asdict(settings.tables)
    decides = (sorted(settings.buckets.items()), named, settings.children, settings.not_children, settings.live_where)
    rules = await read_rules(database)
    listed = [[rule.priority, rule.pattern, rule.source_type] for rule in rules.rules]
    return Basis(sha256(await _schema(database, schema)), sha256(compact(listed)), sha256(compact(decides)))


async def _schema(database: Database, schema: Schema) -> str:
    tables = json.dumps(sorted({"artifacts", *(one.table for one in schema.references)}))
    pairs = sql.fragment("schema/pair_indexes")
    rows = await ask(database, sql.statement("plans/basis", tables=tables, pair_indexes=pairs))
    texts = [[row["type"], row["name"], _as_set_up(str(row["name"]), row["sql"])] for row in rows]
    return compact([[one.name for one in schema.references], texts])


def _as_set_up(name: str, text: object) -> object:
    fresh = name == "datapoints" and isinstance(text, str) and text.count(_REFERENCE) == 1
    return text.replace(_REFERENCE, "") if fresh and isinstance(text, str) else text
