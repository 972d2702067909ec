-- What this node remembers of other nodes as their witness: for each of them the newest presentation that it kept, in
-- the bytes that the other node signed. `chain` leaves room for witnessing audit logs.
CREATE TABLE witnessed (
    node         TEXT    NOT NULL,
    chain        TEXT    NOT NULL CHECK (chain IN ('ledger')),
    presentation BLOB    NOT NULL,
    -- Milliseconds since 1970, by this node's clock.
    at           INTEGER NOT NULL,
    PRIMARY KEY (node, chain)
) STRICT, WITHOUT ROWID;

-- What witnesses showed of this node's own ledger that it does not hold: proof that an older or another copy was put in
-- its place. Each in the bytes that this node once signed.
CREATE TABLE ledger_lost (
    head         BLOB    PRIMARY KEY CHECK (length(head) = 32),
    presentation BLOB    NOT NULL,
    at           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
