-- What was charged and what was released for it: one row an entry, only ever added to, chained by SHA-256 (`head`).
-- A charge stands here before any data is read for it, a release before it leaves the node. `import` has no foreign
-- key: data may stand in an institution's own database, and a ledger outlives every import.
CREATE TABLE ledger (
    number        INTEGER PRIMARY KEY CHECK (number >= 1),
    -- charge, release, or repetition: a further request that an earlier charge covers.
    kind          TEXT    NOT NULL CHECK (kind IN ('charge', 'release', 'repetition')),
    -- Milliseconds since 1970; never before the entry before.
    at            INTEGER NOT NULL,
    -- The charge that the entry belongs to; a charge's own number.
    charge        INTEGER NOT NULL REFERENCES ledger (number),
    -- Charges and repetitions: the digest of the signed request.
    request       BLOB    UNIQUE CHECK (length(request) = 32),
    -- Charges: query or joined; permit; who asked, by name in the roster and by key; what, over which import.
    source        TEXT    CHECK (source IN ('query', 'joined')),
    permit        TEXT,
    requester     TEXT,
    requester_key BLOB    CHECK (length(requester_key) = 32),
    query         BLOB    CHECK (length(query) = 32),
    import        INTEGER CHECK (import >= 0),
    repetition    INTEGER CHECK (repetition >= 0),
    nano_rho      INTEGER CHECK (nano_rho > 0),
    -- The sums up to and with this charge: of its permit, and over all permits for life.
    permit_spent  INTEGER CHECK (permit_spent >= nano_rho),
    life_spent    INTEGER CHECK (life_spent >= permit_spent),
    -- Releases: the SHA-256 of `body`.
    result        BLOB    CHECK (length(result) = 32),
    -- The digest of this entry and of the head before it.
    head          BLOB    NOT NULL CHECK (length(head) = 32),
    -- Releases: the answer, byte for byte. Last, so that reading the other columns does not touch its pages.
    body          BLOB,
    CHECK ((kind = 'charge') = (charge = number)),
    CHECK ((kind = 'release') = (request IS NULL)),
    CHECK ((kind = 'release') = (result IS NOT NULL)),
    CHECK ((kind = 'release') = (body IS NOT NULL)),
    CHECK ((kind = 'charge') = (source IS NOT NULL)),
    CHECK ((kind = 'charge') = (permit IS NOT NULL)),
    CHECK ((kind = 'charge') = (requester IS NOT NULL)),
    CHECK ((kind = 'charge') = (requester_key IS NOT NULL)),
    CHECK ((kind = 'charge') = (query IS NOT NULL)),
    CHECK ((kind = 'charge') = (import IS NOT NULL)),
    CHECK ((kind = 'charge') = (repetition IS NOT NULL)),
    CHECK ((kind = 'charge') = (nano_rho IS NOT NULL)),
    CHECK ((kind = 'charge') = (permit_spent IS NOT NULL)),
    CHECK ((kind = 'charge') = (life_spent IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX ledger_release ON ledger (charge) WHERE kind = 'release';
CREATE UNIQUE INDEX ledger_query ON ledger (permit, query, import, repetition) WHERE kind = 'charge';
CREATE INDEX ledger_repetition ON ledger (charge) WHERE kind = 'repetition';
-- Sums by time are differences of two running sums; these find them without reading what lies between.
CREATE INDEX ledger_life ON ledger (at) WHERE kind = 'charge';
CREATE INDEX ledger_permit ON ledger (permit, at) WHERE kind = 'charge';

CREATE TRIGGER ledger_never_changes BEFORE UPDATE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'the ledger is only ever added to');
END;

CREATE TRIGGER ledger_never_forgets BEFORE DELETE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'the ledger is only ever added to');
END;

-- INSERT OR REPLACE deletes what it replaces without calling the trigger above, so what it would replace is refused.
CREATE TRIGGER ledger_never_replaces BEFORE INSERT ON ledger
WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM ledger)
    OR EXISTS (SELECT 1 FROM ledger WHERE request = NEW.request)
    OR (NEW.kind = 'release'
        AND EXISTS (SELECT 1 FROM ledger WHERE kind = 'release' AND charge = NEW.charge))
    OR (NEW.kind = 'charge'
        AND EXISTS (SELECT 1 FROM ledger WHERE kind = 'charge' AND permit = NEW.permit AND query = NEW.query
                    AND import = NEW.import AND repetition = NEW.repetition))
BEGIN
    SELECT RAISE(ABORT, 'the ledger is only ever added to, at its end, and each thing once');
END;
