-- The node's own memory: what was imported, which studies it took part in, and the work lists of its own citizens.
-- Rows of the source systems live elsewhere (data-<digest>.sqlite), so restoring data never touches this file.
CREATE TABLE import (
    number        INTEGER PRIMARY KEY AUTOINCREMENT,
    digest        BLOB    NOT NULL CHECK (length(digest) = 32),
    file          TEXT    NOT NULL,
    extracted_on  TEXT    NOT NULL,
    imported_at   TEXT    NOT NULL,
    rows          INTEGER NOT NULL,
    rejected_rows INTEGER NOT NULL
) STRICT;

CREATE TABLE study (
    manifest  BLOB PRIMARY KEY CHECK (length(manifest) = 32),
    run       TEXT NOT NULL UNIQUE,
    permit    TEXT NOT NULL,
    model     TEXT NOT NULL,
    as_of     TEXT NOT NULL,
    import    INTEGER NOT NULL REFERENCES import (number),
    -- accepted, submitted, handed_back or closed: a run is submitted once, also over a restart.
    state     TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    closed_at TEXT
) STRICT;

CREATE TABLE worklist (
    manifest  BLOB    NOT NULL REFERENCES study (manifest),
    person_id TEXT    NOT NULL,
    -- Empty where the policy does not disclose it, as are stratum and items.
    total     INTEGER,
    stratum   TEXT    NOT NULL,
    included  INTEGER NOT NULL,
    complete  INTEGER NOT NULL,
    -- Points per criterion in the model's order, separated by spaces.
    items     TEXT    NOT NULL,
    PRIMARY KEY (manifest, person_id)
) STRICT, WITHOUT ROWID;
