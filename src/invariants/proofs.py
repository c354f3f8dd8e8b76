"""What the schema alone proves, at a cost that does not grow with the tables.

A proof says yes only where the database itself makes a violation impossible; otherwise the check scans.
"""

from __future__ import annotations

from database.schema import Reference, Schema


def unique_index(schema: Schema, _reference: Reference | None) -> bool:
    """Tell whether a unique index on exactly the key columns, both NOT NULL, makes a duplicate impossible."""
    return schema.unique_index is not None and not schema.nullable_key


def foreign_key(_schema: Schema, reference: Reference | None) -> bool:
    """Tell whether the reference is a declared foreign key: D1 enforces them always, for REPLACE too."""
    return reference is not None and reference.declared


def guards(schema: Schema, _reference: Reference | None) -> bool:
    """Tell whether every guard is in the schema with the text we install."""
    return all(schema.triggers.get(guard.name) == guard.stored for guard in schema.guards)


def unique_id(schema: Schema, _reference: Reference | None) -> bool:
    """Tell whether the id is the rowid, or unique and never NULL now."""
    return schema.id_proof is not None and not schema.null_ids


def references(schema: Schema, _reference: Reference | None) -> bool:
    """Tell whether no column's name says reference: values are for a full check."""
    return not schema.suspects


def mentions(schema: Schema, _reference: Reference | None) -> bool:
    """Tell whether no column's name says that it mentions artifacts."""
    return not schema.mentions


PROOFS = {
    "unique_index": unique_index,
    "foreign_key": foreign_key,
    "guards": guards,
    "unique_id": unique_id,
    "references": references,
    "mentions": mentions,
}
