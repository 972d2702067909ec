//! A study's file at the node (`study-<run>.sqlite`): all that it takes to go on with the study after a restart.
//!
//! It is a file of its own, not part of the node's memory: it holds pseudonyms beside CPR numbers, must never be in
//! a backup, and is erased as a whole when the study closes. What is secret in it is sealed to the node's own key. Its
//! writes are durable before what they allow is done, so that neither a counter nor a stage ever goes back.
//!
//! By what it keeps: [`record`] the study itself, [`account`] what this node has answered others, [`component`],
//! [`evaluated`] and
//! [`pseudonym`] its own persons, [`event`] whose events it is asked for and which they are, [`objection`] who objects
//! elsewhere, [`hand_back`] what came back. [`source`] is where rows come from.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Row as _, Sqlite, SqlitePool, Transaction};
use tvaers_host::private::{self, PrivateFileError};
use tvaers_protocol::codec;
use tvaers_protocol::study::Manifest;
use tvaers_warehouse::data::{OpenError, temp_store};
use tvaers_warehouse::sql::{FetchError, SqlError};

use crate::config::SourceFileError;
use crate::state::StateError;

pub(crate) mod account;
pub(crate) mod component;
pub(crate) mod evaluated;
pub(crate) mod event;
pub(crate) mod file;
pub(crate) mod hand_back;
pub(crate) mod objection;
pub(crate) mod pseudonym;
pub(crate) mod record;
pub(crate) mod source;
#[cfg(test)]
pub(crate) mod tests;

/// Rows written by one statement.
const ROWS_A_STATEMENT: usize = 500;

/// Rows written by one transaction: each ends with a sync, and until then nobody else writes.
const ROWS_A_TRANSACTION: usize = 20_000;

/// For another transaction to end. The longest writes [`ROWS_A_TRANSACTION`].
pub(crate) const BUSY_TIME: Duration = Duration::from_secs(60);

/// Connections to one study's file: no request holds one while it waits for the other side.
const CONNECTIONS: u32 = 4;

/// Marks the file (`PRAGMA application_id`): "tvst".
const APPLICATION_ID: i64 = 0x7476_7374;

/// The version of the tables (`PRAGMA user_version`). A study of another version is given up.
const SCHEMA_VERSION: i64 = 5;

const SCHEMA: &str = "
    PRAGMA application_id = 1953919860;
    PRAGMA user_version = 5;
    -- One row: the study, how far it has come, and its secrets, sealed to the node's own key.
    CREATE TABLE study (
        manifest      BLOB    NOT NULL,
        stage         TEXT    NOT NULL,
        confirmations BLOB,
        share         BLOB,
        seed          BLOB,
        persons       INTEGER NOT NULL DEFAULT 0,
        -- Of them, those who are not known from a run before.
        evaluated     INTEGER NOT NULL DEFAULT 0,
        -- The signed commitment to those.
        population    BLOB
    ) STRICT;
    -- What has left or come in, by its digest: it can be said again, and nothing else in its place.
    CREATE TABLE frozen (
        what   TEXT PRIMARY KEY,
        digest BLOB NOT NULL CHECK (length(digest) = 32)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE account (
        requester  TEXT    PRIMARY KEY,
        -- The first that came: its digest, and how many persons it has.
        commitment BLOB    NOT NULL CHECK (length(commitment) = 32),
        persons    INTEGER NOT NULL,
        evaluated  INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE batch (
        requester TEXT    NOT NULL,
        sequence  INTEGER NOT NULL,
        digest    BLOB    NOT NULL CHECK (length(digest) = 32),
        -- Of the tree over its elements.
        root      BLOB    NOT NULL CHECK (length(root) = 32),
        times     INTEGER NOT NULL,
        PRIMARY KEY (requester, sequence)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE component (
        row       INTEGER PRIMARY KEY,
        person_id TEXT    NOT NULL,
        resident  INTEGER NOT NULL,
        eligible  INTEGER NOT NULL,
        -- Nothing is said of the person but this.
        objects   INTEGER NOT NULL,
        kommune   INTEGER NOT NULL,
        touches   INTEGER NOT NULL,
        -- Values of four bytes, recencies of two, big endian.
        vals      BLOB    NOT NULL,
        recencies BLOB    NOT NULL
    ) STRICT;
    CREATE TABLE pseudonym (
        pseudonym BLOB    PRIMARY KEY CHECK (length(pseudonym) = 16),
        row       INTEGER NOT NULL UNIQUE REFERENCES component (row),
        -- The event secret, hidden by the seed; at grain events only.
        secret    BLOB
    ) STRICT, WITHOUT ROWID;
    -- Of a run that follows another: the persons who are not known from it, counted from 1.
    CREATE TABLE newcomer (
        position INTEGER PRIMARY KEY,
        row      INTEGER NOT NULL UNIQUE REFERENCES component (row)
    ) STRICT;
    -- A list that is coming in, and the one that has.
    CREATE TABLE asking (
        pseudonym BLOB    PRIMARY KEY,
        groups    INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE asked (
        pseudonym BLOB    PRIMARY KEY,
        groups    INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE event (
        pseudonym BLOB    NOT NULL,
        touch     INTEGER NOT NULL,
        place     INTEGER NOT NULL,
        -- The record as it leaves.
        record    BLOB    NOT NULL,
        PRIMARY KEY (pseudonym, touch, place)
    ) STRICT, WITHOUT ROWID;
    -- Who objects at another node: as it is coming in, and as it has. The node is the one that says so.
    CREATE TABLE objecting (
        pseudonym BLOB    PRIMARY KEY,
        node      TEXT    NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE objection (
        pseudonym BLOB    PRIMARY KEY,
        node      TEXT    NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE hand_back (
        pseudonym BLOB    PRIMARY KEY,
        included  INTEGER NOT NULL,
        missing   INTEGER NOT NULL,
        fell_back INTEGER NOT NULL,
        stratum   INTEGER NOT NULL,
        total     INTEGER NOT NULL,
        items     BLOB    NOT NULL
    ) STRICT, WITHOUT ROWID;";

/// The persons who are evaluated, counted from 1 without gaps: everybody, or in a run that follows another the newcomers.
const EVERYBODY: &str = "CREATE VIEW evaluated AS SELECT row AS position, row, person_id FROM component";
const NEWCOMERS: &str = "CREATE VIEW evaluated AS
    SELECT n.position, n.row, c.person_id FROM newcomer AS n JOIN component AS c ON c.row = n.row";

/// What went wrong with a study's file or with the rows that go into it. It names no row.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkError {
    #[error("the study's file failed")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    File(#[from] PrivateFileError),
    #[error(transparent)]
    Source(#[from] SourceFileError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Sql(#[from] SqlError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("the file is not a study's of this version")]
    Foreign,
    #[error("there is no policy in force any more that has the study's permits")]
    NoPolicy,
    #[error("the work was interrupted")]
    Interrupted,
    #[error("the study's file is damaged")]
    Damaged,
    #[error("the study's file holds an unreadable `{0}`")]
    Inconsistent(&'static str),
    #[error("someone whose events are asked for has none, though the contribution says so")]
    NoEvent,
    #[error(
        "someone whose events are asked for has more than {} of a kind",
        tvaers_protocol::limit::EVENTS_MAX
    )]
    ManyEvents,
    #[error(
        "the data was imported for another node, or for another kind of data than the configuration says now"
    )]
    OtherNode,
}

/// A study's file.
pub(crate) struct Work {
    pool: SqlitePool,
    path: PathBuf,
}

impl Work {
    /// Makes the file of a study that this node has agreed to.
    pub(crate) async fn create(path: PathBuf, manifest: &Manifest) -> Result<Self, WorkError> {
        file::erase(&path)?;
        drop(private::create(&path)?);
        let work = Self::connect(path).await?;
        let begun = async {
            sqlx::raw_sql(SCHEMA).execute(&work.pool).await?;
            let evaluated = if manifest.follows.is_some() { NEWCOMERS } else { EVERYBODY };
            sqlx::raw_sql(evaluated).execute(&work.pool).await?;
            let stage = crate::study::Stage::Accepted.name();
            sqlx::query("INSERT INTO study (manifest, stage) VALUES (?, ?)")
                .bind(codec::canonical(manifest))
                .bind(stage)
                .execute(&work.pool)
                .await
        };
        if let Err(error) = begun.await {
            // Nobody else knows of the file.
            work.erase()?;
            return Err(error.into());
        }
        Ok(work)
    }

    /// Opens the file that a stopped node has left, and checks that it is whole.
    pub(crate) async fn open(path: PathBuf) -> Result<Self, WorkError> {
        file::check_private(&path)?;
        let work = Self::connect(path).await?;
        match work.check().await {
            Ok(()) => Ok(work),
            Err(error) => {
                work.pool.close().await;
                Err(error)
            }
        }
    }

    async fn connect(path: PathBuf) -> Result<Self, WorkError> {
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIME)
            .pragma("secure_delete", "ON")
            .pragma("temp_store", temp_store())
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?;
        Ok(Self { pool, path })
    }

    async fn check(&self) -> Result<(), WorkError> {
        let marks = sqlx::query(
            "SELECT application_id, user_version FROM pragma_application_id(), pragma_user_version()",
        );
        let marks = marks.fetch_one(&self.pool).await?;
        if (marks.try_get::<i64, _>(0)?, marks.try_get::<i64, _>(1)?) != (APPLICATION_ID, SCHEMA_VERSION) {
            return Err(WorkError::Foreign);
        }
        let found = sqlx::query("PRAGMA quick_check(1)").fetch_one(&self.pool).await?;
        if found.try_get::<&str, _>(0)? == "ok" { Ok(()) } else { Err(WorkError::Damaged) }
    }

    /// Begins to write: at once, as one that has read before could not wait for another to end.
    async fn write(&self) -> Result<Transaction<'_, Sqlite>, WorkError> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Closes every connection, once what is at work has ended.
    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    /// Erases the file. Its name goes at once; what a statement at work still holds goes when it has ended.
    pub(crate) fn erase(&self) -> Result<(), PrivateFileError> {
        let (pool, path) = (self.pool.clone(), self.path.clone());
        tokio::spawn(async move {
            pool.close().await;
            // A connection that was opened in that instant has made its side files anew.
            if let Err(error) = file::erase(&path) {
                tracing::error!(error = %error, "a study's file could not be erased; the next start tries again");
            }
        });
        file::erase(&self.path)
    }

    /// Where the file is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// A number of the database that cannot be negative or larger than its type.
pub(crate) fn narrow<T: TryFrom<i64>>(number: i64, column: &'static str) -> Result<T, WorkError> {
    T::try_from(number).map_err(|_| WorkError::Inconsistent(column))
}

/// Two bytes each, big endian.
fn numbers(bytes: &[u8], column: &'static str) -> Result<Vec<u16>, WorkError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(WorkError::Inconsistent(column));
    }
    Ok(pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect())
}

/// Four bytes each, big endian.
fn wide_numbers(bytes: &[u8], column: &'static str) -> Result<Vec<u32>, WorkError> {
    let (parts, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(WorkError::Inconsistent(column));
    }
    Ok(parts.iter().map(|part| u32::from_be_bytes(*part)).collect())
}

fn wide_bytes_of(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

fn bytes_of(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}
