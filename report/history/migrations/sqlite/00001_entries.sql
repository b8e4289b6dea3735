-- +goose Up
-- Times are microseconds since 1970. The content has a table of its own, so that listing does not step over it.
CREATE TABLE infraopt_entry (
	id         TEXT PRIMARY KEY NOT NULL,
	estate     TEXT NOT NULL,
	taken_at   INTEGER NOT NULL,
	added_at   INTEGER NOT NULL,
	tool       TEXT NOT NULL,
	rules      TEXT NOT NULL,
	score_low  REAL,
	score_high REAL,
	level      INTEGER NOT NULL,
	machines   INTEGER NOT NULL,
	size       INTEGER NOT NULL
) STRICT;
CREATE INDEX infraopt_entry_taken ON infraopt_entry (estate, taken_at);
CREATE TABLE infraopt_content (
	id         TEXT PRIMARY KEY NOT NULL REFERENCES infraopt_entry (id) ON DELETE CASCADE,
	snapshot   BLOB NOT NULL,
	assessment BLOB NOT NULL
) STRICT;
-- By this number a history is told from a database of another program: "iopt".
PRAGMA application_id = 1768910964;
