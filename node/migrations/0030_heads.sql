-- Heads of nodes' audit logs that other nodes showed this one, each as the node signed it, with this node's own
-- signature that it saw it.
CREATE TABLE log_head (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    node   TEXT    NOT NULL,
    -- Of the signed head.
    digest BLOB    NOT NULL CHECK (length(digest) = 32),
    head   BLOB    NOT NULL,
    word   BLOB    NOT NULL,
    -- 1: it went on from the one before, and the node has the signature; the newest is what is remembered. 0: it did not,
    -- and is kept as evidence.
    stands INTEGER NOT NULL CHECK (stands IN (0, 1)),
    -- Milliseconds since 1970, by this node's clock.
    at     INTEGER NOT NULL,
    UNIQUE (node, digest)
) STRICT;

CREATE INDEX log_head_of ON log_head (node, stands, number);

-- Heads of this node's own audit log that others showed it and that its log does not contain: proof that the log was cut
-- or replaced. Each as this node once signed it.
CREATE TABLE log_lost (
    digest   BLOB    PRIMARY KEY CHECK (length(digest) = 32),
    head     BLOB    NOT NULL,
    -- Who showed it.
    seer     TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    -- The entry of the log by which two persons answer for it; none before they do.
    answered INTEGER CHECK (answered >= 1)
) STRICT, WITHOUT ROWID;
