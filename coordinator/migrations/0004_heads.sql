-- Heads of nodes' audit logs that this coordinator was shown, each as the node signed it, with the coordinator's own
-- signature that it saw it. Nothing in it is about a person.
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
    -- Milliseconds since 1970, by this machine's clock.
    at     INTEGER NOT NULL,
    UNIQUE (node, digest)
) STRICT;

CREATE INDEX log_head_of ON log_head (node, stands, number);
