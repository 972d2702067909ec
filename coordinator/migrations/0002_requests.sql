-- What was asked for and what came of it, so that a coordinator that stops can go on and a client that lost it can ask
-- again. The outcome is what the client was told; no column is about a person, and none is a count of persons.
CREATE TABLE request (
    id      TEXT PRIMARY KEY CHECK (length(id) = 32),
    content TEXT NOT NULL,
    asked   TEXT NOT NULL,
    ended   TEXT,
    outcome TEXT,
    CHECK ((ended IS NULL) = (outcome IS NULL))
) STRICT;

-- Studies, now also those under way. A request may need more than one: a study is begun anew where a node is given up.
CREATE TABLE study_2 (
    manifest     BLOB PRIMARY KEY CHECK (length(manifest) = 32),
    run          TEXT NOT NULL UNIQUE,
    -- None for a study of a version that did not remember requests.
    request      TEXT REFERENCES request (id),
    model        TEXT NOT NULL,
    as_of        TEXT NOT NULL,
    grain        TEXT NOT NULL,
    participants TEXT NOT NULL,
    missing      TEXT NOT NULL,
    created      TEXT NOT NULL,
    closed       TEXT,
    outcome      TEXT,
    -- What it takes to go on, until it is closed: the manifest, which names quotas, and what is told of the data.
    content      BLOB,
    data         TEXT,
    pinned       INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1)),
    CHECK ((closed IS NULL) = (outcome IS NULL)),
    CHECK ((closed IS NULL) = (content IS NOT NULL)),
    CHECK ((content IS NULL) = (data IS NULL))
) STRICT;

INSERT INTO study_2 (manifest, run, model, as_of, grain, participants, missing, created, closed, outcome)
SELECT manifest, run, model, as_of, grain, participants, '', created, closed, outcome FROM study;
DROP TABLE study;
ALTER TABLE study_2 RENAME TO study;

CREATE INDEX study_request ON study (request);
