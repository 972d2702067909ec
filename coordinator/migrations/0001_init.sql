-- What the coordinator remembers of studies. No column is about a person, and none is a count of persons.
CREATE TABLE study (
    manifest     BLOB PRIMARY KEY CHECK (length(manifest) = 32),
    run          TEXT NOT NULL UNIQUE,
    model        TEXT NOT NULL,
    as_of        TEXT NOT NULL,
    grain        TEXT NOT NULL,
    participants TEXT NOT NULL,
    created      TEXT NOT NULL,
    closed       TEXT NOT NULL,
    outcome      TEXT NOT NULL
) STRICT;

-- Which nodes have yet to be told that a study is closed, so that they erase what they hold for it.
CREATE TABLE unclosed (
    manifest BLOB NOT NULL CHECK (length(manifest) = 32),
    node     TEXT NOT NULL,
    PRIMARY KEY (manifest, node)
) STRICT, WITHOUT ROWID;
