"""Schemas of public projects that keep keys of objects in SQLite, each with a profile and rows made dirty for it.

`tests/schemas/` has their structure, with where it is from and its licence.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "schemas"


@dataclass(frozen=True)
class RealSchema:
    """A project's schema, what TABLES says of it, and rows of two objects: `a.png` three times, `b.png` once."""

    name: str
    tables: dict[str, str]
    rows: str
    children: str
    """The query of what refers to a row, by the key that it reaches."""
    reached: tuple[tuple[object, ...], ...]
    """What that query gives, before and after."""
    live_where: str | None = None

    @property
    def binding(self) -> str:
        """The binding of its database, and with `_R2` of its bucket."""
        return self.name.upper()

    @property
    def profile(self) -> dict[str, object]:
        """The profile, as PROFILES has it."""
        tables = {"r2_bucket": f"literal:{self.name}", "source_type": "literal:upload", **self.tables}
        own = {"BUCKETS": {self.name: f"{self.binding}_R2"}, "TABLES": tables}
        condition = {} if self.live_where is None else {"LIVE_WHERE": self.live_where}
        return {"name": self.name, "database": self.binding, **own, **condition}

    def statements(self) -> list[str]:
        """Return its tables, and its rows."""
        text = (FOLDER / f"{self.name}.sql").read_text(encoding="utf-8") + ";" + self.rows
        return [one.strip() for one in text.split(";") if one.strip()]


SCHEMAS = (
    RealSchema(
        name="sonicjs",
        tables={"artifacts": "media", "fetched_at": "uploaded_at"},
        rows="""
          INSERT INTO users VALUES ('u', 'u@example.com');
          INSERT INTO media (
            id, filename, original_name, mime_type, size, r2_key, public_url, uploaded_by, uploaded_at, deleted_at
          ) VALUES ('m1', 'a', 'a', 'image/png', 1, 'a.png', '/a', 'u', 1767225600000, NULL),
            ('m2', 'a', 'a', 'image/png', 1, 'a.png', '/a', 'u', 1767225700000, NULL),
            ('m3', 'a', 'a', 'image/png', 1, 'a.png', '/a', 'u', 1767225800000, 1767225900000),
            ('m4', 'b', 'b', 'image/png', 1, 'b.png', '/b', 'u', 1767225600000, NULL);
          INSERT INTO content VALUES ('c1', 'one', '{}', 'u', 'm1'), ('c2', 'two', '{}', 'u', 'm2'),
            ('c3', 'three', '{}', 'u', 'm4'), ('c4', 'four', '{}', 'u', NULL)
        """,
        children="SELECT c.id, r2_key FROM content AS c JOIN media ON media.id = featured_image_id ORDER BY c.id",
        reached=(("c1", "a.png"), ("c2", "a.png"), ("c3", "b.png")),
        live_where="deleted_at IS NULL",
    ),
    RealSchema(
        name="emdash",
        tables={"artifacts": "media", "r2_key": "storage_key", "fetched_at": "created_at"},
        rows="""
          INSERT INTO media (id, filename, mime_type, storage_key, created_at)
          VALUES ('m1', 'a', 'image/png', 'a.png', '2026-01-01 00:00:00'),
            ('m2', 'a', 'image/png', 'a.png', '2026-01-02 00:00:00'),
            ('m3', 'a', 'image/png', 'a.png', NULL), ('m4', 'b', 'image/png', 'b.png', '2026-01-01 00:00:00');
          INSERT INTO _emdash_bylines (id, slug, display_name, avatar_media_id)
          VALUES ('b1', 'one', 'One', 'm1'), ('b2', 'two', 'Two', 'm3'), ('b3', 'three', 'Three', 'm4')
        """,
        children="SELECT b.id, storage_key FROM _emdash_bylines b JOIN media m ON m.id = avatar_media_id ORDER BY b.id",
        reached=(("b1", "a.png"), ("b2", "a.png"), ("b3", "b.png")),
    ),
    RealSchema(
        name="chibisafe",
        tables={"artifacts": "files", "r2_key": "name", "fetched_at": "createdAt"},
        rows="""
          INSERT INTO albums VALUES (1, 'x', 'X'), (2, 'y', 'Y');
          INSERT INTO files (id, uuid, name, original, hash, isS3, createdAt)
          VALUES (1, 'f1', 'a.png', 'a', 'h', 1, '2026-01-01 00:00:00'),
            (2, 'f2', 'a.png', 'a', 'h', 1, '2026-01-02 00:00:00'),
            (3, 'f3', 'a.png', 'a', 'h', 1, '2026-01-03 00:00:00'),
            (4, 'f4', 'b.png', 'b', 'i', 1, '2026-01-01 00:00:00');
          INSERT INTO "_albumsTofiles" VALUES (1, 1), (2, 2), (1, 4)
        """,
        children='SELECT "A", name FROM "_albumsTofiles" JOIN files ON files.id = "B" ORDER BY "A", name',
        reached=((1, "a.png"), (1, "b.png"), (2, "a.png")),
    ),
    RealSchema(
        name="memos",
        tables={"artifacts": "attachment", "r2_key": "reference", "fetched_at": "created_ts"},
        rows="""
          INSERT INTO attachment (id, uid, creator_id, reference, storage_type, blob)
          VALUES (1, 'u1', 1, 'a.png', 'S3', NULL), (2, 'u2', 1, 'a.png', 'S3', NULL),
            (3, 'u3', 1, 'b.png', 'S3', NULL),
            (4, 'u4', 1, '', '', x'01'), (5, 'u5', 1, '', '', x'02'), (6, 'u6', 1, '', '', x'03')
        """,
        children="SELECT id, uid FROM attachment WHERE reference = '' ORDER BY id",
        reached=((4, "u4"), (5, "u5"), (6, "u6")),
    ),
    RealSchema(
        name="payload",
        tables={"artifacts": "media", "r2_key": "filename", "fetched_at": "created_at"},
        rows="""
          INSERT INTO media (id, alt, filename) VALUES (1, 'A', 'a.png'), (2, 'B', 'b.png'), (3, 'none', NULL);
          INSERT INTO payload_locked_documents VALUES (1, NULL);
          INSERT INTO payload_locked_documents_rels VALUES (1, 1, 'document', 1), (2, 1, 'document', 2)
        """,
        children="SELECT r.id, filename FROM payload_locked_documents_rels AS r JOIN media ON media.id = media_id",
        reached=((1, "a.png"), (2, "b.png")),
    ),
)
"""The first three come clean; what the last two declare keeps a recovery from that."""

CLEAN = SCHEMAS[:3]
MEMOS, PAYLOAD = SCHEMAS[3:]
