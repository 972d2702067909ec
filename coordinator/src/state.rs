//! What the coordinator remembers: which studies there were and how each ended.

use std::path::Path;

use jiff::Timestamp;
use sqlx::{ConnectOptions as _, SqlitePool};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tvaers_host::private::{self, PrivateFileError};
use tvaers_protocol::study::Manifest;

/// What went wrong with the state database.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The database could not do it.
    #[error("the coordinator's state database failed")]
    Database(#[from] sqlx::Error),
    /// The file cannot be made for its owner only.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// A schema that this version does not know, or a broken migration.
    #[error("the coordinator's state database has a schema that this version cannot use")]
    Schema(#[from] sqlx::migrate::MigrateError),
}

/// The open state database.
#[derive(Clone, Debug)]
pub struct State {
    pool: SqlitePool,
}

impl State {
    /// Opens the database, creating or migrating it.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn open(path: &Path) -> Result<Self, StateError> {
        // SQLite would create it as the umask says, and gives its side files the rights of the main one.
        drop(private::append(path)?);
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        sqlx::migrate!("./migrations").run(&pool).await?;
        Ok(Self { pool })
    }

    /// Records a study that has ended.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn record(&self, manifest: &Manifest, outcome: &str, now: Timestamp) -> Result<(), StateError> {
        let names: Vec<&str> =
            manifest.participants.iter().map(|participant| participant.node.as_str()).collect();
        sqlx::query("INSERT INTO study VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(manifest.digest().0.as_slice())
            .bind(manifest.run.to_string())
            .bind(&manifest.model)
            .bind(manifest.as_of.to_string())
            .bind(manifest.grain.to_string())
            .bind(names.join(" "))
            .bind(manifest.created.to_string())
            .bind(now.to_string())
            .bind(outcome)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
