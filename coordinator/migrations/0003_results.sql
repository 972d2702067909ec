-- What was released, one row an answer: noisy values and public parameters, nothing about any person.
CREATE TABLE result (
    request TEXT    NOT NULL REFERENCES request (id),
    -- Counts the answers to one request from 0.
    number  INTEGER NOT NULL CHECK (number >= 0),
    -- The query's name, or the model's.
    name    TEXT    NOT NULL,
    -- Tables: the run that released them.
    run     TEXT,
    made    TEXT    NOT NULL,
    -- The result object as JSON.
    content TEXT    NOT NULL,
    PRIMARY KEY (request, number)
) STRICT;

CREATE INDEX result_name ON result (name);
