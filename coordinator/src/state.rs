//! What the coordinator remembers: which studies there were and how each ended.

use std::path::Path;

use jiff::Timestamp;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Row as _, SqlitePool};
use tvaers_host::private::{self, PrivateFileError};
use tvaers_protocol::id::{Digest, NodeId};
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

    /// Remembers, before a study begins, that its nodes will have to be told of its end.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn begin(&self, manifest: &Manifest) -> Result<(), StateError> {
        let mut transaction = self.pool.begin().await?;
        for participant in &manifest.participants {
            sqlx::query("INSERT INTO unclosed (manifest, node) VALUES (?, ?)")
                .bind(manifest.digest().0.as_slice())
                .bind(participant.node.as_str())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The studies of whose end a node has not been told, the one that is running among them.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn unclosed(&self, node: &NodeId) -> Result<Vec<Digest>, StateError> {
        let rows = sqlx::query("SELECT manifest FROM unclosed WHERE node = ?")
            .bind(node.as_str())
            .fetch_all(&self.pool)
            .await?;
        let digest = |row: &SqliteRow| {
            let bytes: Vec<u8> = row.try_get("manifest")?;
            // The table holds digests only, by its own check.
            Ok(Digest(bytes.try_into().unwrap_or_default()))
        };
        rows.iter().map(digest).collect()
    }

    /// Remembers that a node has been told of a study's end.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn told(&self, study: Digest, node: &NodeId) -> Result<(), StateError> {
        sqlx::query("DELETE FROM unclosed WHERE manifest = ? AND node = ?")
            .bind(study.0.as_slice())
            .bind(node.as_str())
            .execute(&self.pool)
            .await?;
        Ok(())
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
