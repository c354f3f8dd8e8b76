-- chibisafe (chibisafe/chibisafe at 612e9b5d2d3c, MIT, Copyright (c) 2023 chibisafe):
-- packages/backend/src/prisma/schema.prisma. The structure of the tables around `files` as Prisma makes it for SQLite,
-- written down again, without data. README.md beside this has the licence.
CREATE TABLE albums (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, uuid TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
CREATE TABLE files (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, uuid TEXT NOT NULL UNIQUE, name TEXT NOT NULL, original TEXT NOT NULL,
  hash TEXT NOT NULL, "isS3" BOOLEAN NOT NULL DEFAULT false, "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE "_albumsTofiles" (
  "A" INTEGER NOT NULL REFERENCES albums (id) ON DELETE CASCADE, "B" INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX "_albumsTofiles_AB_unique" ON "_albumsTofiles" ("A", "B");
CREATE INDEX "_albumsTofiles_B_index" ON "_albumsTofiles" ("B");
CREATE TABLE "quarantineFiles" (
  "fileId" TEXT NOT NULL UNIQUE REFERENCES files (uuid) ON DELETE RESTRICT, name TEXT NOT NULL
)
