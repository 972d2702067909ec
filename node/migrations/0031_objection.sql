-- Citizens who object to the processing (GDPR Art. 21): as this node's staff entered it, and as another node said in a
-- study. A person can be here in both ways.
CREATE TABLE objection (
    person_id TEXT    NOT NULL,
    -- 1: entered here, and told to the other nodes of a study. 0: received from another node, and not told on.
    own       INTEGER NOT NULL CHECK (own IN (0, 1)),
    -- Received: the digest of the study's manifest, and the node that said so.
    study     BLOB    CHECK (length(study) = 32),
    node      TEXT,
    since     TEXT    NOT NULL,
    PRIMARY KEY (person_id, own),
    CHECK ((own = 1) = (study IS NULL)),
    CHECK ((own = 1) = (node IS NULL))
) STRICT, WITHOUT ROWID;

-- Counts changes, so that a serving node sees by one number whether it knows them.
CREATE TABLE objection_change (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    changes INTEGER NOT NULL
) STRICT;
INSERT INTO objection_change VALUES (1, 0);

CREATE TRIGGER objection_entered AFTER INSERT ON objection
BEGIN
    UPDATE objection_change SET changes = changes + 1;
END;

CREATE TRIGGER objection_lifted AFTER DELETE ON objection
BEGIN
    UPDATE objection_change SET changes = changes + 1;
END;
