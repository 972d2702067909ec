//! One file of a series.

use std::path::Path;

use jiff::civil::Date;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Row as _, SqlitePool};
use tvaers_protocol::codec;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::study::Manifest;
use tvaers_pseudonym::key::PublicKeys;

use crate::work::{BUSY_TIME, WorkError, file, narrow};

/// Marks the file (`PRAGMA application_id`): "tvsr".
const APPLICATION_ID: i64 = 0x7476_7372;

/// The version of the tables (`PRAGMA user_version`).
const SCHEMA_VERSION: i64 = 1;

/// The tables, in a database that is attached as `kept`.
pub(crate) const SCHEMA: &str = "
    PRAGMA kept.application_id = 1953919858;
    PRAGMA kept.user_version = 1;
    -- One row: the series' name, a run of it for its holders, its last day, and what hides event secrets, sealed.
    CREATE TABLE kept.series (
        first    BLOB NOT NULL CHECK (length(first) = 32),
        manifest BLOB NOT NULL,
        until    TEXT NOT NULL,
        hiding   BLOB NOT NULL
    ) STRICT;
    -- The epochs that a next run may be refreshed from: two at most.
    CREATE TABLE kept.epoch (
        keys    BLOB    PRIMARY KEY CHECK (length(keys) = 32),
        epoch   INTEGER NOT NULL,
        content BLOB    NOT NULL,
        -- Sealed to the node's own key; none at a node that holds none.
        share   BLOB
    ) STRICT, WITHOUT ROWID;
    -- What this node has evaluated as a holder, by run, so that a run whose end is taken twice counts once.
    CREATE TABLE kept.account (
        run       BLOB    NOT NULL CHECK (length(run) = 32),
        requester TEXT    NOT NULL,
        evaluated INTEGER NOT NULL,
        PRIMARY KEY (run, requester)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE kept.known (
        person_id TEXT PRIMARY KEY,
        pseudonym BLOB NOT NULL CHECK (length(pseudonym) = 16),
        secret    BLOB
    ) STRICT, WITHOUT ROWID;";

/// What a series is.
pub(crate) struct Head {
    /// The digest of its first run's manifest.
    pub(crate) first: Digest,
    /// A run of it: the holders are those of all.
    pub(crate) manifest: Manifest,
    /// Its last day.
    pub(crate) until: Date,
    /// The seed that hides event secrets, sealed.
    pub(crate) hiding: Vec<u8>,
}

/// One epoch of its key.
pub(crate) struct Epoch {
    pub(crate) keys: PublicKeys,
    /// This node's share, sealed.
    pub(crate) share: Option<Vec<u8>>,
}

/// An open file, to be read alone.
pub(crate) struct Kept {
    pool: SqlitePool,
}

impl Kept {
    pub(crate) async fn open(path: &Path) -> Result<Self, WorkError> {
        file::check_private(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Delete)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIME)
            .disable_statement_logging();
        let kept = Self { pool: SqlitePoolOptions::new().max_connections(1).connect_with(options).await? };
        match kept.check().await {
            Ok(()) => Ok(kept),
            Err(error) => {
                kept.close().await;
                Err(error)
            }
        }
    }

    async fn check(&self) -> Result<(), WorkError> {
        let marks = sqlx::query(
            "SELECT application_id, user_version FROM pragma_application_id(), pragma_user_version()",
        );
        let marks = marks.fetch_one(&self.pool).await?;
        let found: (i64, i64) = (marks.try_get(0)?, marks.try_get(1)?);
        if found == (APPLICATION_ID, SCHEMA_VERSION) { Ok(()) } else { Err(WorkError::Foreign) }
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    /// What the series is.
    pub(crate) async fn head(&self) -> Result<Head, WorkError> {
        let row =
            sqlx::query("SELECT first, manifest, until, hiding FROM series").fetch_one(&self.pool).await?;
        let first: &[u8] = row.try_get("first")?;
        let until: &str = row.try_get("until")?;
        Ok(Head {
            first: first.try_into().map(Digest).map_err(|_| WorkError::Inconsistent("first"))?,
            manifest: codec::decode(row.try_get("manifest")?)
                .map_err(|_| WorkError::Inconsistent("manifest"))?,
            until: until.parse().map_err(|_| WorkError::Inconsistent("until"))?,
            hiding: row.try_get("hiding")?,
        })
    }

    /// The epochs that are kept, the newest first.
    pub(crate) async fn epochs(&self) -> Result<Vec<Epoch>, WorkError> {
        let rows = sqlx::query("SELECT content, share FROM epoch ORDER BY epoch DESC, keys")
            .fetch_all(&self.pool)
            .await?;
        let epoch = |row: &sqlx::sqlite::SqliteRow| {
            let keys =
                codec::decode(row.try_get("content")?).map_err(|_| WorkError::Inconsistent("content"))?;
            Ok(Epoch { keys, share: row.try_get("share")? })
        };
        rows.iter().map(epoch).collect()
    }

    /// What each requester has had evaluated in all runs but the one of this manifest, which has an account of its own.
    pub(crate) async fn accounts(&self, but: Digest) -> Result<Vec<(NodeId, u32)>, WorkError> {
        let accounts =
            "SELECT requester, SUM(evaluated) AS evaluated FROM account WHERE run <> ? GROUP BY requester";
        let rows = sqlx::query(accounts).bind(but.0.as_slice()).fetch_all(&self.pool).await?;
        let account = |row: &sqlx::sqlite::SqliteRow| {
            let requester: &str = row.try_get("requester")?;
            let requester = NodeId::new(requester).map_err(|_| WorkError::Inconsistent("requester"))?;
            Ok((requester, narrow(row.try_get("evaluated")?, "evaluated")?))
        };
        rows.iter().map(account).collect()
    }

    /// How many persons have pseudonyms.
    pub(crate) async fn persons(&self) -> Result<u32, WorkError> {
        let row = sqlx::query("SELECT COUNT(*) FROM known").fetch_one(&self.pool).await?;
        narrow(row.try_get(0)?, "known")
    }
}
