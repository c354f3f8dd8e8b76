-- Payload (payloadcms/payload at db7543c2121f, MIT, Copyright (c) 2018-2026 Payload CMS, LLC):
-- templates/with-cloudflare-d1, its first migration. The structure of the tables around `media`, written down again,
-- without data. README.md beside this has the licence.
CREATE TABLE media (
  id INTEGER PRIMARY KEY NOT NULL, alt TEXT NOT NULL, created_at TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
  url TEXT, filename TEXT, mime_type TEXT, filesize NUMERIC
);
CREATE UNIQUE INDEX media_filename_idx ON media (filename);
CREATE TABLE payload_locked_documents (id INTEGER PRIMARY KEY NOT NULL, global_slug TEXT);
CREATE TABLE payload_locked_documents_rels (
  id INTEGER PRIMARY KEY NOT NULL, parent_id INTEGER NOT NULL REFERENCES payload_locked_documents (id) ON DELETE CASCADE,
  path TEXT NOT NULL, media_id INTEGER REFERENCES media (id) ON DELETE CASCADE
)
