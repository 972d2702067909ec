//! The data database: the file that an import makes, opened for reading only.
//!
//! A file is written once and then never changes, so it is opened as immutable, without locks or journals; a new
//! import makes a new file beside it. It says of itself what it holds ([`Meta`]).

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use jiff::civil::Date;
use serde::Serialize;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions, SqliteRow};
use sqlx::{ConnectOptions as _, Row as _};
use tvaers_protocol::id::{Digest, Sector};

use crate::table::{Table, tables};

/// Marks the file as a data database of a node (`PRAGMA application_id`): "tvad".
pub const APPLICATION_ID: i64 = 0x7476_6164;
/// The version of the tables (`PRAGMA user_version`). A file of another version is refused: it is imported again.
pub const SCHEMA_VERSION: i64 = 1;

/// How long to wait for a connection of the pool that others use.
const ACQUIRE_TIMEOUT: Duration = Duration::from_mins(10);

/// Creates the tables of [`Meta`] and marks the file.
pub(crate) const SCHEMA_SQL: &str = "
    PRAGMA application_id = 1953915236;
    PRAGMA user_version = 1;
    CREATE TABLE meta (digest TEXT NOT NULL, sector TEXT NOT NULL, member INTEGER NOT NULL,
        extracted_on TEXT NOT NULL, made_up INTEGER NOT NULL, persons INTEGER NOT NULL,
        made_up_persons INTEGER NOT NULL) STRICT;
    CREATE TABLE meta_tables (name TEXT NOT NULL, rows INTEGER NOT NULL, duplicates INTEGER NOT NULL,
        rejected INTEGER NOT NULL) STRICT";

/// What a data database says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Meta {
    /// Names the content: the files imported, and what the import was told and set aside.
    pub digest: Digest,
    /// The sector whose tables it holds.
    pub sector: Sector,
    /// The code of the municipality or region whose data it is, such as 360 or 1085.
    pub member: u16,
    /// The day on which the data were taken from their source.
    pub extracted_on: Date,
    /// Whether the database is for made-up persons only.
    pub made_up: bool,
    /// How many persons the register of persons has.
    pub persons: u64,
    /// How many of them have a number with the day raised by 60. In a database that is not made up these are local
    /// replacement numbers, which two systems may give to two people: they stay out of every join.
    pub made_up_persons: u64,
    /// What became of each table's rows, in the order of [`tables`].
    pub tables: Vec<TableCount>,
}

/// What became of the rows of one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TableCount {
    /// The table's name.
    pub name: &'static str,
    /// How many rows it holds.
    pub rows: u64,
    /// How many rows were dropped because an identical one with the same key was there.
    pub duplicates: u64,
    /// How many rows were bad and set aside.
    pub rejected: u64,
}

/// A data database that is open for reading.
#[derive(Clone, Debug)]
pub struct Warehouse {
    pool: SqlitePool,
    meta: Meta,
}

/// Why a data database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be found or read.
    #[error("the data database `{0}` cannot be read")]
    Unreadable(String, #[source] std::io::Error),
    /// Others than its owner may read the file.
    #[error("the data database `{path}` may be read by others (mode {mode:o}); set it to 600")]
    Permissions {
        /// The file.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// The database refuses, mostly because the file is damaged.
    #[error("the data database `{0}` cannot be used; import the data again")]
    Database(String, #[source] sqlx::Error),
    /// The file is a database of something else.
    #[error("`{0}` is no data database of a node")]
    Foreign(String),
    /// The file has the tables of another version.
    #[error("`{path}` has schema version {found}, expected {SCHEMA_VERSION}; import the data again")]
    Version {
        /// The file.
        path: String,
        /// The version it has.
        found: i64,
    },
    /// What the file says of itself cannot be read.
    #[error("the data database `{0}` does not say what it holds; import the data again")]
    Meta(String),
}

impl Warehouse {
    /// Opens the file at `path` with at most `n_connections` (at least 1) at work at a time.
    ///
    /// # Errors
    /// [`OpenError`] where the file cannot be read, others than its owner may read it, or it is not what an import
    /// of this version makes.
    pub async fn open(path: &Path, n_connections: u32) -> Result<Self, OpenError> {
        let name = path.display().to_string();
        let metadata = std::fs::metadata(path).map_err(|error| OpenError::Unreadable(name.clone(), error))?;
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(OpenError::Permissions { path: name, mode });
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .immutable(true)
            .create_if_missing(false)
            .pragma("query_only", "ON")
            // 64 MiB, in KiB, a connection.
            .pragma("cache_size", "-65536")
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new()
            .max_connections(n_connections.max(1))
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options)
            .await;
        let pool = pool.map_err(|error| OpenError::Database(name.clone(), error))?;
        let meta = read_meta(&pool, &name).await?;
        Ok(Self { pool, meta })
    }

    /// What the database says of itself.
    #[must_use]
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// The connections, for the statements of the features.
    #[must_use]
    pub fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Closes the connections when what is at work has ended.
    pub async fn close(self) {
        self.pool.close().await;
    }
}

impl Meta {
    /// How many rows were set aside in all; every answer shows it.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.tables.iter().map(|table| table.rejected).sum()
    }

    pub(crate) async fn write(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        sqlx::query("INSERT INTO meta VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(self.digest.to_string())
            .bind(self.sector.to_string())
            .bind(self.member)
            .bind(self.extracted_on.to_string())
            .bind(self.made_up)
            .bind(self.persons.cast_signed())
            .bind(self.made_up_persons.cast_signed())
            .execute(&mut *connection)
            .await?;
        for table in &self.tables {
            sqlx::query("INSERT INTO meta_tables VALUES (?, ?, ?, ?)")
                .bind(table.name)
                .bind(table.rows.cast_signed())
                .bind(table.duplicates.cast_signed())
                .bind(table.rejected.cast_signed())
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }
}

async fn read_meta(pool: &SqlitePool, name: &str) -> Result<Meta, OpenError> {
    let database = |error| OpenError::Database(name.to_owned(), error);
    let marks = sqlx::query(
        "SELECT application_id, user_version FROM pragma_application_id(), pragma_user_version()",
    );
    let marks = marks.fetch_one(pool).await.map_err(database)?;
    if marks.try_get::<i64, _>(0).map_err(database)? != APPLICATION_ID {
        return Err(OpenError::Foreign(name.to_owned()));
    }
    let found = marks.try_get(1).map_err(database)?;
    if found != SCHEMA_VERSION {
        return Err(OpenError::Version { path: name.to_owned(), found });
    }
    let columns = "digest, sector, member, extracted_on, made_up, persons, made_up_persons";
    let sql = sqlx::AssertSqlSafe(format!("SELECT {columns} FROM meta"));
    let row = sqlx::query(sql).fetch_one(pool).await.map_err(database)?;
    let rows = sqlx::query("SELECT name, rows, duplicates, rejected FROM meta_tables ORDER BY rowid");
    let rows = rows.fetch_all(pool).await.map_err(database)?;
    parse_meta(&row, &rows).ok_or_else(|| OpenError::Meta(name.to_owned()))
}

fn parse_meta(row: &SqliteRow, counts: &[SqliteRow]) -> Option<Meta> {
    let mut digest = Digest::NONE;
    hex::decode_to_slice(text(row, 0)?, &mut digest.0).ok()?;
    let sectors = [Sector::Region, Sector::Municipality];
    let sector =
        sectors.into_iter().find(|sector| text(row, 1).is_some_and(|name| name == sector.to_string()))?;
    let count = |row: &SqliteRow, table: &Table| {
        let matches = text(row, 0)? == table.name;
        let (rows, duplicates, rejected) = (number(row, 1)?, number(row, 2)?, number(row, 3)?);
        matches.then_some(TableCount { name: table.name, rows, duplicates, rejected })
    };
    let same_tables = counts.len() == tables(sector).len();
    let counts = counts.iter().zip(tables(sector)).map(|(row, table)| count(row, table));
    Some(Meta {
        digest,
        sector,
        member: number(row, 2)?.try_into().ok()?,
        extracted_on: text(row, 3)?.parse().ok()?,
        made_up: row.try_get(4).ok()?,
        persons: number(row, 5)?,
        made_up_persons: number(row, 6)?,
        tables: same_tables.then(|| counts.collect::<Option<_>>())??,
    })
}

fn text(row: &SqliteRow, column: usize) -> Option<&str> {
    row.try_get(column).ok()
}

fn number(row: &SqliteRow, column: usize) -> Option<u64> {
    row.try_get::<i64, _>(column).ok()?.try_into().ok()
}
