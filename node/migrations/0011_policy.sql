-- The versions of this node's policy that were in force: an older one is not loaded again.
CREATE TABLE policy (
    version INTEGER PRIMARY KEY CHECK (version >= 1),
    -- SHA-256 of its file.
    digest  BLOB    NOT NULL CHECK (length(digest) = 32),
    since   TEXT    NOT NULL
) STRICT;
