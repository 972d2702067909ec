-- Who has accepted a head of this node's audit log since two persons answered for what it lacks: what else they saw and
-- the log lacks was lost later, and is not forgiven.
CREATE TABLE log_accepted (
    -- Of the head that was answered for.
    digest BLOB NOT NULL REFERENCES log_lost (digest),
    seer   TEXT NOT NULL,
    PRIMARY KEY (digest, seer)
) STRICT, WITHOUT ROWID;
