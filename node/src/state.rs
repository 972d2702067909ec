//! The node's own memory (`state.sqlite`): imports, studies, work lists. WAL with full sync; a newer schema is refused.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, Row as _, Sqlite, SqlitePool, Transaction};
use tvaers_host::private::{self, PrivateFileError};
use tvaers_protocol::id::{Digest, Sector};
use tvaers_protocol::message::DataStatement;
use tvaers_protocol::study::Manifest;

/// For another transaction to end.
const BUSY_TIME: Duration = Duration::from_secs(60);

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// What went wrong with the state database. Never carries a value of a row.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The database could not do it.
    #[error("the node's state database failed")]
    Database(#[from] sqlx::Error),
    /// A schema that this version does not know, or a broken migration.
    #[error(
        "the node's state database has a schema that this version cannot use; a newer version may have written it"
    )]
    Schema(#[from] sqlx::migrate::MigrateError),
    /// A schema that this version would have to change first.
    #[error("the node's state database is of another version of this program")]
    Version,
    /// The file cannot be made for its owner only.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// A stored value that nothing of this version writes.
    #[error("the state database holds an unreadable `{column}` in `{table}`")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A run's state that does not follow the one before it.
    #[error("the study is not in the state `{expected}`")]
    Transition {
        /// The state it should have been in.
        expected: &'static str,
    },
}

impl StateError {
    /// Whether the database refused because the same is there already.
    #[must_use]
    pub fn is_repetition(&self) -> bool {
        match self {
            Self::Database(error) => {
                error.as_database_error().is_some_and(|error| error.is_unique_violation())
            }
            _ => false,
        }
    }
}

/// How far a study has come, as it is remembered over a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StudyState {
    /// The node has agreed to it.
    Accepted,
    /// The node's contributions have begun to leave; they never do so twice.
    Submitted,
    /// The work list is written.
    HandedBack,
    /// Shares and pseudonyms are erased.
    Closed,
}

impl StudyState {
    const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Submitted => "submitted",
            Self::HandedBack => "handed_back",
            Self::Closed => "closed",
        }
    }
}

/// One import, as recorded.
#[derive(Clone, Debug)]
pub struct ImportRecord {
    /// What requests are told about it.
    pub statement: DataStatement,
    /// The data database's file name within the node's folder.
    pub file: String,
}

/// An import that nothing is answered from yet.
#[derive(Debug)]
pub struct NewImport {
    transaction: Transaction<'static, Sqlite>,
    number: u32,
}

impl NewImport {
    /// The number that it will have.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Makes it the newest: from now on requests are answered from it.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn commit(self) -> Result<(), StateError> {
        Ok(self.transaction.commit().await?)
    }
}

/// One row of a work list. It holds a CPR number and cannot be printed.
pub struct WorklistRow {
    /// The citizen.
    pub person_id: String,
    /// The total; none where not disclosed.
    pub total: Option<u16>,
    /// The stratum's name; empty where not disclosed.
    pub stratum: String,
    /// Whether the model includes the citizen.
    pub included: bool,
    /// Sectors that the model needs and of which a member took no part.
    pub missing: Vec<Sector>,
    /// Touch groups of the model for which the fall-back was used, by name.
    pub fell_back: Vec<String>,
    /// The points of each criterion; empty where not disclosed.
    pub items: Vec<u16>,
}

impl WorklistRow {
    /// Whether everything that the model needs was there.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.fell_back.is_empty()
    }
}

/// A study that is not closed, as recorded.
#[derive(Clone, Debug)]
pub struct StudyRecord {
    /// The digest of its manifest.
    pub manifest: Digest,
    /// The run's name.
    pub run: String,
    /// The number of the import that it is over.
    pub import: u32,
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
            .foreign_keys(true)
            // Another process may be importing, or a ledger's transaction be under way.
            .busy_timeout(BUSY_TIME)
            // What is deleted is overwritten: pages of an erased work list do not linger in the file.
            .pragma("secure_delete", "ON")
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            // Where SQLite gave up a transaction by itself, as on a full disk, the library counts one too many on the
            // connection for ever: the next transaction on it would fail, with room again as well.
            .after_release(|connection, _| {
                Box::pin(async move {
                    if connection.is_in_transaction() {
                        // After what is queued for it, such as the end of a transaction that was dropped.
                        connection.ping().await?;
                    }
                    Ok(!connection.is_in_transaction())
                })
            })
            .connect_with(options)
            .await?;
        MIGRATIONS.run(&pool).await?;
        Ok(Self { pool })
    }

    /// Opens the database to look at: nothing is written to it, and one of another version is left as it is.
    ///
    /// # Errors
    /// [`StateError`]; [`StateError::Version`] where this version would migrate it first.
    pub async fn look(path: &Path) -> Result<Self, StateError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIME)
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new().max_connections(2).connect_with(options).await?;
        let rows = sqlx::query("SELECT checksum FROM _sqlx_migrations WHERE success ORDER BY version")
            .fetch_all(&pool)
            .await?;
        let done = rows.iter().map(|row| row.try_get("checksum")).collect::<Result<Vec<Vec<u8>>, _>>()?;
        let known: Vec<&[u8]> = MIGRATIONS.iter().map(|migration| &*migration.checksum).collect();
        if done == known { Ok(Self { pool }) } else { Err(StateError::Version) }
    }

    /// The database, for the ledger that stands in it.
    #[must_use]
    pub fn pool(&self) -> SqlitePool {
        self.pool.clone()
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// The highest version of a policy that was in force; none before the first that counts versions.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn policy_seen(&self) -> Result<Option<(u64, Digest)>, StateError> {
        let row = sqlx::query("SELECT version, digest FROM policy ORDER BY version DESC LIMIT 1")
            .fetch_optional(&self.pool)
            .await?;
        let broken = |column| StateError::Inconsistent { table: "policy", column };
        row.map(|row| {
            let version = u64::try_from(row.try_get::<i64, _>("version")?).map_err(|_| broken("version"))?;
            let digest: Vec<u8> = row.try_get("digest")?;
            Ok((version, Digest(digest.try_into().map_err(|_| broken("digest"))?)))
        })
        .transpose()
    }

    /// Remembers that a version of the policy is in force. Gives whether it is new.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn note_policy(
        &self,
        version: u64,
        digest: Digest,
        now: Timestamp,
    ) -> Result<bool, StateError> {
        let done = sqlx::query(
            "INSERT INTO policy (version, digest, since) VALUES (?, ?, ?) ON CONFLICT (version) DO NOTHING",
        )
        .bind(i64::try_from(version).unwrap_or(i64::MAX))
        .bind(digest.0.as_slice())
        .bind(now.to_string())
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Records an import. It counts once it is [committed](NewImport::commit), and not at all where it is dropped.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn record_import(
        &self,
        digest: Digest,
        file: &str,
        extracted_on: Date,
        rows: u64,
        rejected_rows: u64,
        now: Timestamp,
    ) -> Result<NewImport, StateError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let done = sqlx::query(
            "INSERT INTO import (digest, file, extracted_on, imported_at, rows, rejected_rows) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(digest.0.as_slice())
        .bind(file)
        .bind(extracted_on.to_string())
        .bind(now.to_string())
        .bind(i64::try_from(rows).unwrap_or(i64::MAX))
        .bind(i64::try_from(rejected_rows).unwrap_or(i64::MAX))
        .execute(&mut *transaction)
        .await?;
        let number = u32::try_from(done.last_insert_rowid())
            .map_err(|_| StateError::Inconsistent { table: "import", column: "number" })?;
        Ok(NewImport { transaction, number })
    }

    /// The data databases of the newest `count` different imports.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn newest_data(&self, count: u32) -> Result<Vec<String>, StateError> {
        let rows = sqlx::query("SELECT file FROM import GROUP BY file ORDER BY MAX(number) DESC LIMIT ?")
            .bind(count)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| row.try_get("file").map_err(StateError::from)).collect()
    }

    /// The newest import; none before the first.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn latest_import(&self) -> Result<Option<ImportRecord>, StateError> {
        let row = sqlx::query(
            "SELECT number, digest, file, extracted_on, rejected_rows FROM import ORDER BY number DESC LIMIT 1",
        )
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(import).transpose()
    }

    /// The import of this number; none where there is none.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn import(&self, number: u32) -> Result<Option<ImportRecord>, StateError> {
        let row = sqlx::query(
            "SELECT number, digest, file, extracted_on, rejected_rows FROM import WHERE number = ?",
        )
        .bind(number)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(import).transpose()
    }

    /// Remembers that the node has agreed to a study. A run is agreed to once.
    ///
    /// # Errors
    /// [`StateError`]; the same run twice is refused by the database.
    pub async fn accept_study(
        &self,
        manifest: &Manifest,
        import: u32,
        now: Timestamp,
    ) -> Result<(), StateError> {
        sqlx::query(
            "INSERT INTO study (manifest, run, permit, model, as_of, import, state, opened_at) VALUES (?, ?, ?, ?, ?, ?, 'accepted', ?)",
        )
        .bind(manifest.digest().0.as_slice())
        .bind(manifest.run.to_string())
        .bind(permit(manifest))
        .bind(&manifest.model)
        .bind(manifest.as_of.to_string())
        .bind(import)
        .bind(now.to_string())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Moves a study on; all legal moves are those that callers name here. One that was made before is made.
    ///
    /// # Errors
    /// [`StateError::Transition`] where the study is neither in `from` nor in `to`.
    pub async fn move_study(
        &self,
        study: Digest,
        from: StudyState,
        to: StudyState,
    ) -> Result<(), StateError> {
        let done = sqlx::query("UPDATE study SET state = ?1 WHERE manifest = ?2 AND state IN (?1, ?3)")
            .bind(to.name())
            .bind(study.0.as_slice())
            .bind(from.name())
            .execute(&self.pool)
            .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(StateError::Transition { expected: from.name() }) }
    }

    /// Closes a study from whatever state it is in.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn close_study(&self, study: Digest, now: Timestamp) -> Result<(), StateError> {
        sqlx::query(
            "UPDATE study SET state = 'closed', closed_at = ? WHERE manifest = ? AND state <> 'closed'",
        )
        .bind(now.to_string())
        .bind(study.0.as_slice())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The studies that are not closed.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn open_studies(&self) -> Result<Vec<StudyRecord>, StateError> {
        let rows =
            sqlx::query("SELECT manifest, run, import FROM study WHERE state <> 'closed' ORDER BY opened_at")
                .fetch_all(&self.pool)
                .await?;
        let broken = |column| StateError::Inconsistent { table: "study", column };
        rows.iter()
            .map(|row| {
                let manifest: Vec<u8> = row.try_get("manifest")?;
                Ok(StudyRecord {
                    manifest: Digest(manifest.try_into().map_err(|_| broken("manifest"))?),
                    run: row.try_get("run")?,
                    import: u32::try_from(row.try_get::<i64, _>("import")?).map_err(|_| broken("import"))?,
                })
            })
            .collect()
    }

    /// Whether a study was closed here, now or before a restart.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn is_closed(&self, study: Digest) -> Result<bool, StateError> {
        let row = sqlx::query("SELECT 1 FROM study WHERE manifest = ? AND state = 'closed'")
            .bind(study.0.as_slice())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.is_some())
    }

    /// Writes a study's work list, all of it or nothing, in place of the model's older ones: what staff no longer work
    /// from is not kept.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn store_worklist(&self, study: Digest, rows: &[WorklistRow]) -> Result<(), StateError> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(
            "DELETE FROM worklist WHERE manifest IN (SELECT older.manifest FROM study AS older
             JOIN study AS this ON this.model = older.model WHERE this.manifest = ?)",
        )
        .bind(study.0.as_slice())
        .execute(&mut *transaction)
        .await?;
        for row in rows {
            sqlx::query(
                "INSERT INTO worklist (manifest, person_id, total, stratum, included, complete, items, missing, fell_back)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(study.0.as_slice())
            .bind(&row.person_id)
            .bind(row.total)
            .bind(&row.stratum)
            .bind(row.included)
            .bind(row.is_complete())
            .bind(row.items.iter().map(u16::to_string).collect::<Vec<_>>().join(" "))
            .bind(row.missing.iter().map(Sector::to_string).collect::<Vec<_>>().join(" "))
            .bind(row.fell_back.join(" "))
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// The permit of the work list, or of the tables where there is no list.
fn permit(manifest: &Manifest) -> &str {
    let asked = &manifest.request.content;
    let under = asked.list.as_ref().or(asked.tables.as_ref().map(|tables| &tables.under));
    under.map_or("", |under| under.permit.as_str())
}

fn import(row: &SqliteRow) -> Result<ImportRecord, StateError> {
    let broken = |column| StateError::Inconsistent { table: "import", column };
    let digest: Vec<u8> = row.try_get("digest")?;
    let statement = DataStatement {
        import: u32::try_from(row.try_get::<i64, _>("number")?).map_err(|_| broken("number"))?,
        digest: Digest(digest.try_into().map_err(|_| broken("digest"))?),
        extracted_on: row
            .try_get::<String, _>("extracted_on")?
            .parse()
            .map_err(|_| broken("extracted_on"))?,
        rejected_rows: u64::try_from(row.try_get::<i64, _>("rejected_rows")?)
            .map_err(|_| broken("rejected_rows"))?,
    };
    Ok(ImportRecord { statement, file: row.try_get("file")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_whose_transaction_the_database_gave_up_is_not_used_again() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(&dir.path().join("state.sqlite")).await.unwrap();
        // More often than there are connections.
        for round in 0..9 {
            let mut transaction = state.pool().begin_with("BEGIN IMMEDIATE").await.unwrap_or_else(|error| {
                panic!("round {round}: {error}");
            });
            // As SQLite does by itself when a disk is full.
            sqlx::raw_sql("ROLLBACK").execute(&mut *transaction).await.unwrap();
        }
        // One that is dropped in good order stays.
        drop(state.pool().begin().await.unwrap());
        state.note_policy(1, Digest::NONE, Timestamp::UNIX_EPOCH).await.unwrap();
    }
}
