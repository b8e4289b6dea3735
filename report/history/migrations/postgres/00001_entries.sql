-- +goose Up
-- Times are microseconds since 1970. The content is compressed already.
CREATE TABLE infraopt_entry (
	id         TEXT COLLATE "C" PRIMARY KEY,
	estate     TEXT NOT NULL,
	taken_at   BIGINT NOT NULL,
	added_at   BIGINT NOT NULL,
	tool       TEXT NOT NULL,
	rules      TEXT NOT NULL,
	score_low  DOUBLE PRECISION,
	score_high DOUBLE PRECISION,
	level      INTEGER NOT NULL,
	machines   INTEGER NOT NULL,
	size       BIGINT NOT NULL
);
CREATE INDEX infraopt_entry_taken ON infraopt_entry (estate, taken_at);
CREATE TABLE infraopt_content (
	id         TEXT COLLATE "C" PRIMARY KEY REFERENCES infraopt_entry (id) ON DELETE CASCADE,
	snapshot   BYTEA NOT NULL,
	assessment BYTEA NOT NULL
);
ALTER TABLE infraopt_content ALTER COLUMN snapshot SET STORAGE EXTERNAL;
ALTER TABLE infraopt_content ALTER COLUMN assessment SET STORAGE EXTERNAL;
