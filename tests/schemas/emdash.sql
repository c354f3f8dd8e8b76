-- EmDash (emdash-cms/emdash at 353ff4fd2e05, MIT, Copyright 2026 Cloudflare Inc.):
-- packages/core/src/database/migrations 001 and 031. The structure of the tables around `media`, written down again,
-- without data. README.md beside this has the licence.
CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE);
CREATE TABLE media (
  id TEXT PRIMARY KEY, filename TEXT NOT NULL, mime_type TEXT NOT NULL, size INTEGER, alt TEXT, storage_key TEXT NOT NULL,
  content_hash TEXT, created_at TEXT DEFAULT CURRENT_TIMESTAMP, author_id TEXT
);
CREATE TABLE _emdash_bylines (
  id TEXT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, display_name TEXT NOT NULL,
  avatar_media_id TEXT REFERENCES media (id) ON DELETE SET NULL, user_id TEXT REFERENCES users (id) ON DELETE SET NULL
);
CREATE INDEX idx_media_content_hash ON media (content_hash)
