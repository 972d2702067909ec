//! What the coordinator remembers: which studies there were and how each ended.

use std::path::Path;

use jiff::Timestamp;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tvaers_protocol::study::Manifest;

/// What went wrong with the state database.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The database could not do it.
    #[error("the coordinator's state database failed")]
    Database(#[from] sqlx::Error),
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
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
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
