-- SonicJS (lane711/sonicjs at 7a9d71dc0295, MIT, Copyright (c) 2025 SonicJS Team): packages/core/migrations/001 and
-- 003. The structure of the tables around `media`, written down again, without data. README.md beside this has the
-- licence.
CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE);
CREATE TABLE media (
  id TEXT PRIMARY KEY, filename TEXT NOT NULL, original_name TEXT NOT NULL, mime_type TEXT NOT NULL, size INTEGER NOT NULL,
  folder TEXT NOT NULL DEFAULT 'uploads', r2_key TEXT NOT NULL, public_url TEXT NOT NULL, tags TEXT,
  uploaded_by TEXT NOT NULL REFERENCES users (id), uploaded_at INTEGER NOT NULL, archived_at INTEGER, deleted_at INTEGER
);
CREATE TABLE content (
  id TEXT PRIMARY KEY, title TEXT NOT NULL, data TEXT NOT NULL, author_id TEXT NOT NULL REFERENCES users (id),
  featured_image_id TEXT REFERENCES media (id)
);
CREATE INDEX idx_media_uploaded_by ON media (uploaded_by);
CREATE INDEX idx_media_deleted ON media (deleted_at)
