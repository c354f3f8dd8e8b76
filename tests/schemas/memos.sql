-- Memos (usememos/memos at 76a762924306, MIT, Copyright (c) 2025 Memos): store/migration/sqlite/LATEST.sql. The
-- structure of the tables around `attachment`, written down again, without data. README.md beside this has the licence.
CREATE TABLE memo (id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, content TEXT NOT NULL DEFAULT '');
CREATE TABLE attachment (
  id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, creator_id INTEGER NOT NULL,
  created_ts BIGINT NOT NULL DEFAULT (strftime('%s', 'now')), filename TEXT NOT NULL DEFAULT '', blob BLOB DEFAULT NULL,
  size INTEGER NOT NULL DEFAULT 0, memo_id INTEGER, storage_type TEXT NOT NULL DEFAULT '',
  reference TEXT NOT NULL DEFAULT '', payload TEXT NOT NULL DEFAULT '{}'
)
