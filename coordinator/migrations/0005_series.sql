-- Runs under one key. Of a study that is one of them: the first run's manifest and name, and the last day on which its
-- nodes keep what later runs need.
ALTER TABLE study ADD COLUMN first BLOB CHECK (length(first) = 32);
ALTER TABLE study ADD COLUMN first_run TEXT;
ALTER TABLE study ADD COLUMN until TEXT;

-- Series that have ended, and the nodes that have yet to be told of it.
CREATE TABLE series_end (
    first  BLOB PRIMARY KEY CHECK (length(first) = 32),
    closed TEXT NOT NULL
) STRICT;
CREATE TABLE unclosed_series (
    first BLOB NOT NULL REFERENCES series_end (first),
    node  TEXT NOT NULL,
    PRIMARY KEY (first, node)
) STRICT;
