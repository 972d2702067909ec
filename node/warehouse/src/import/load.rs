//! Writes checked rows to a new database, drops the rows that stand twice, and makes the indices: the half of an
//! import that knows the database.
//!
//! A row's `rowid` is the line on which it starts in its file, so that a fault that shows only in the complete table
//! can still name its place. Sorting what does not fit the cache goes to SQLite's temporary files, which only their
//! owner can read and which have no name once they are open.

use std::path::Path;
use std::sync::Arc;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};
use tvaers_protocol::id::Sector;

use super::fault::ImportError;
use super::read::{Batch, rows_per_batch};
use crate::data::{self, Holds, Meta};
use crate::table::{Table, tables};

/// The most rows that can be set aside because they differ from an earlier row with their key: they are held in
/// memory, and more of them mean that the column is no key at all.
pub(super) const DIFFERING_MAX: usize = 100_000;

/// A database that is being loaded.
pub(super) struct Load {
    connection: SqliteConnection,
    name: String,
    /// The statement for a full batch of the table loaded now.
    full: Option<(&'static str, Arc<str>)>,
}

/// A row that differs from an earlier one with the same key.
pub(super) struct Differing {
    pub(super) line: u64,
    pub(super) first: u64,
}

impl Load {
    /// Opens the new file at `path`, which must exist and be empty, and creates the tables.
    pub(super) async fn begin(path: &Path, holds: Holds, sector: Sector) -> Result<Self, ImportError> {
        // Nothing is taken back in this file: it is made durable as a whole before it gets its name, or removed.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Off)
            .synchronous(SqliteSynchronous::Off)
            .locking_mode(SqliteLockingMode::Exclusive)
            .foreign_keys(false)
            // 64 MiB, in KiB: bounds the memory of sorting for the indices too.
            .pragma("cache_size", "-65536")
            .disable_statement_logging();
        let name = path.display().to_string();
        let connected = options.connect().await;
        let connection = connected.map_err(|error| ImportError::database(&name, &error))?;
        let mut load = Self { connection, name, full: None };
        load.run("BEGIN".into()).await?;
        load.run(holds.schema_sql()).await?;
        if holds == Holds::Rows {
            for table in tables(sector) {
                load.run(table.create_sql()).await?;
            }
        }
        Ok(load)
    }

    /// Inserts a batch.
    pub(super) async fn insert(&mut self, batch: Batch) -> Result<(), ImportError> {
        if batch.n_rows == 0 {
            return Ok(());
        }
        let sql = if batch.n_rows == rows_per_batch(batch.table) {
            match &self.full {
                Some((name, sql)) if *name == batch.table.name => Arc::clone(sql),
                _ => {
                    let sql: Arc<str> = insert_sql(batch.table, batch.n_rows).into();
                    self.full = Some((batch.table.name, Arc::clone(&sql)));
                    sql
                }
            }
        } else {
            insert_sql(batch.table, batch.n_rows).into()
        };
        let done = sqlx::query_with(AssertSqlSafe(sql), batch.arguments).execute(&mut self.connection).await;
        done.map_err(|error| ImportError::database(&self.name, &error)).map(|_| ())
    }

    /// Removes the rows whose key an earlier row has. Answers how many of them were identical to the first, and
    /// which were not; of these at most one more than [`DIFFERING_MAX`].
    pub(super) async fn drop_twice(
        &mut self,
        table: &Table,
        key: &str,
    ) -> Result<(u64, Vec<Differing>), ImportError> {
        let name = table.name;
        let find = format!(
            "CREATE TEMP TABLE twice AS SELECT later.rowid AS line, first.line AS first FROM \"{name}\" AS later \
             JOIN (SELECT \"{key}\" AS k, min(rowid) AS line FROM \"{name}\" GROUP BY \"{key}\" HAVING count(*) > 1) \
             AS first ON later.\"{key}\" = first.k WHERE later.rowid > first.line"
        );
        self.run(find).await?;
        let differs: Vec<String> = table
            .columns
            .iter()
            .map(|column| format!("later.\"{0}\" IS NOT earlier.\"{0}\"", column.name))
            .collect();
        let compare = format!(
            "SELECT line, first FROM twice JOIN \"{name}\" AS later ON later.rowid = line \
             JOIN \"{name}\" AS earlier ON earlier.rowid = first WHERE {} ORDER BY line LIMIT {}",
            differs.join(" OR "),
            DIFFERING_MAX + 1
        );
        let rows = sqlx::query(AssertSqlSafe(compare)).fetch_all(&mut self.connection).await;
        let rows = rows.map_err(|error| self.fault(&error))?;
        let differing: Result<Vec<Differing>, sqlx::Error> = rows
            .iter()
            .map(|row| {
                let line = |i| row.try_get::<i64, _>(i).map(i64::cast_unsigned);
                Ok(Differing { line: line(0)?, first: line(1)? })
            })
            .collect();
        let differing = differing.map_err(|error| self.fault(&error))?;
        let removed =
            self.run(format!("DELETE FROM \"{name}\" WHERE rowid IN (SELECT line FROM twice)")).await?;
        self.run("DROP TABLE twice".into()).await?;
        Ok((removed.saturating_sub(differing.len() as u64), differing))
    }

    /// Creates the indices of a table.
    pub(super) async fn index(&mut self, table: &Table) -> Result<(), ImportError> {
        for sql in table.index_sql() {
            self.run(sql).await?;
        }
        Ok(())
    }

    /// Writes what is known of the import, ends the transaction, and closes the file.
    pub(super) async fn finish(mut self, meta: &Meta) -> Result<(), ImportError> {
        let written = data::write(meta, &mut self.connection).await;
        written.map_err(|error| self.fault(&error))?;
        // The planner's statistics, from a sample: https://sqlite.org/lang_analyze.html.
        self.run("PRAGMA analysis_limit = 1000".into()).await?;
        self.run("ANALYZE".into()).await?;
        self.run("COMMIT".into()).await?;
        let Self { connection, name, .. } = self;
        connection.close().await.map_err(|error| ImportError::database(&name, &error))
    }

    async fn run(&mut self, sql: String) -> Result<u64, ImportError> {
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connection).await;
        done.map(|done| done.rows_affected()).map_err(|error| self.fault(&error))
    }

    fn fault(&self, error: &sqlx::Error) -> ImportError {
        ImportError::database(&self.name, error)
    }
}

fn insert_sql(table: &Table, n_rows: usize) -> String {
    let columns: Vec<String> = table.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let row = format!("(?{})", ",?".repeat(columns.len()));
    let rows = vec![row; n_rows].join(",");
    format!("INSERT INTO \"{}\" (rowid,{}) VALUES {rows}", table.name, columns.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::What;

    #[tokio::test]
    async fn a_full_disk_is_called_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("full.sqlite");
        std::fs::write(&path, "").unwrap();
        let mut load = Load::begin(&path, Holds::Rows, Sector::Region).await.unwrap();
        // The database itself refuses to grow, with the code that it has for a full disk.
        load.run("PRAGMA max_page_count = 1".into()).await.unwrap();
        let error = load.run("CREATE TABLE large AS SELECT zeroblob(1000000)".into()).await.unwrap_err();
        assert_eq!(error.what, What::DiskFull, "{error}");
    }
}
