//! What the coordinator remembers: what was asked for, which studies there were, how each ended, and which nodes have yet
//! to be told. Nothing about any person, and no count of persons.

mod migrate;
mod request;
mod result;
mod series;
mod study;

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqlitePool};
use tvaers_host::private::{self, PrivateFileError};

pub use request::{RequestRow, StudyRow};
pub use result::ResultName;
pub use series::SeriesRow;

/// For the transaction of a serving coordinator to end.
const BUSY_TIME: Duration = Duration::from_secs(60);

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
    /// A schema that this version would have to change first.
    #[error("the coordinator's state database is of another version of this program")]
    Version,
    /// A stored value that nothing of this version writes.
    #[error("the state database holds an unreadable `{column}`")]
    Inconsistent {
        /// The column.
        column: &'static str,
    },
}

/// The open state database.
#[derive(Clone, Debug)]
pub struct State {
    pool: SqlitePool,
}

impl State {
    /// Opens the database, creating or migrating it. Before a migration, a copy of it is put beside it.
    ///
    /// # Errors
    /// [`StateError`]; a database of a newer version is refused and left as it is.
    pub async fn open(path: &Path) -> Result<Self, StateError> {
        // SQLite would create it as the umask says, and gives its side files the rights of the main one.
        drop(private::append(path)?);
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        migrate::run(&pool, path).await?;
        Ok(Self { pool })
    }

    /// The database, for what is remembered of heads of audit logs in it.
    pub(crate) const fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Opens the database to look at, beside a coordinator that serves: nothing is written to it, and one of another
    /// version is left as it is.
    ///
    /// # Errors
    /// [`StateError`]; [`StateError::Version`] where this version would migrate it first.
    pub async fn look(path: &Path) -> Result<Self, StateError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .busy_timeout(BUSY_TIME)
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        if migrate::is_of_this_version(&pool).await? { Ok(Self { pool }) } else { Err(StateError::Version) }
    }
}

#[cfg(test)]
mod tests;
