//! The file of an import: opened as immutable, without locks or journals, for it never changes once it has its name.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, QueryBuilder, Row as _, Sqlite};
use tvaers_protocol::id::{Digest, Sector};

use super::{APPLICATION_ID, Meta, OpenError, SCHEMA_VERSION, SOURCE_ID, Salt, TableCount};
use crate::table::{Table, tables};

/// How long to wait for a connection of the pool that others use.
const ACQUIRE_TIMEOUT: Duration = Duration::from_mins(10);

/// The tables of [`Meta`].
const META_SQL: &str = "
    CREATE TABLE meta (digest TEXT NOT NULL, salt TEXT NOT NULL, sector TEXT NOT NULL, member INTEGER NOT NULL,
        extracted_on TEXT NOT NULL, made_up INTEGER NOT NULL, persons INTEGER NOT NULL,
        made_up_persons INTEGER NOT NULL) STRICT;
    CREATE TABLE meta_tables (name TEXT NOT NULL, rows INTEGER NOT NULL, duplicates INTEGER NOT NULL,
        rejected INTEGER NOT NULL) STRICT";

/// What a file holds beside what it says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// The rows.
    Rows,
    /// Nothing: the rows are at a server.
    Registration,
}

impl Holds {
    const fn application_id(self) -> i64 {
        match self {
            Self::Rows => APPLICATION_ID,
            Self::Registration => SOURCE_ID,
        }
    }

    /// The statements that mark the file and create the tables of [`Meta`].
    pub(crate) fn schema_sql(self) -> String {
        let id = self.application_id();
        format!("PRAGMA application_id = {id}; PRAGMA user_version = {SCHEMA_VERSION};{META_SQL}")
    }
}

/// Where SQLite puts what it sorts and groups, which holds CPR numbers: in memory, as it would write it to /var/tmp; or
/// where `SQLITE_TMPDIR` names a folder that its owner alone can enter, in files there that have no name, so that memory
/// does not grow with the population.
#[must_use]
pub fn temp_store() -> &'static str {
    let is_private = |dir: &std::ffi::OsStr| {
        std::fs::metadata(dir).is_ok_and(|found| found.is_dir() && found.permissions().mode() & 0o077 == 0)
    };
    match std::env::var_os("SQLITE_TMPDIR") {
        Some(dir) if is_private(&dir) => "FILE",
        _ => "MEMORY",
    }
}

/// Opens the file and reads what it says of itself.
pub(super) async fn open(path: &Path, n_connections: u32) -> Result<(SqlitePool, Holds, Meta), OpenError> {
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
        .pragma("temp_store", temp_store())
        // 64 MiB, in KiB, a connection.
        .pragma("cache_size", "-65536")
        .disable_statement_logging();
    let pool = SqlitePoolOptions::new()
        .max_connections(n_connections.max(1))
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options)
        .await;
    let pool = pool.map_err(|error| OpenError::Database(name.clone(), error))?;
    let (holds, meta) = read(&pool, &name).await?;
    Ok((pool, holds, meta))
}

/// How many patients live in one of these municipalities.
pub(super) async fn count_patients(pool: &SqlitePool, members: &[u16]) -> Result<u64, sqlx::Error> {
    let mut count = QueryBuilder::<Sqlite>::new("SELECT COUNT(*) FROM patients WHERE kommune IN (");
    let mut codes = count.separated(", ");
    for code in members {
        codes.push_bind(*code);
    }
    count.push(")");
    Ok(count.build().fetch_one(pool).await?.try_get::<i64, _>(0)?.unsigned_abs())
}

/// Writes what the file says of itself.
pub(crate) async fn write(meta: &Meta, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO meta VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(meta.digest.to_string())
        .bind(meta.salt.to_hex())
        .bind(meta.sector.to_string())
        .bind(meta.member)
        .bind(meta.extracted_on.to_string())
        .bind(meta.made_up)
        .bind(meta.persons.cast_signed())
        .bind(meta.made_up_persons.cast_signed())
        .execute(&mut *connection)
        .await?;
    for table in &meta.tables {
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

async fn read(pool: &SqlitePool, name: &str) -> Result<(Holds, Meta), OpenError> {
    let database = |error| OpenError::Database(name.to_owned(), error);
    let marks = sqlx::query(
        "SELECT application_id, user_version FROM pragma_application_id(), pragma_user_version()",
    );
    let marks = marks.fetch_one(pool).await.map_err(database)?;
    let id: i64 = marks.try_get(0).map_err(database)?;
    let known = [Holds::Rows, Holds::Registration].into_iter().find(|holds| holds.application_id() == id);
    let holds = known.ok_or_else(|| OpenError::Foreign(name.to_owned()))?;
    let found = marks.try_get(1).map_err(database)?;
    if found != SCHEMA_VERSION {
        return Err(OpenError::Version { path: name.to_owned(), found });
    }
    let columns = "digest, salt, sector, member, extracted_on, made_up, persons, made_up_persons";
    let sql = AssertSqlSafe(format!("SELECT {columns} FROM meta"));
    let row = sqlx::query(sql).fetch_one(pool).await.map_err(database)?;
    let rows = sqlx::query("SELECT name, rows, duplicates, rejected FROM meta_tables ORDER BY rowid");
    let rows = rows.fetch_all(pool).await.map_err(database)?;
    Ok((holds, parse(&row, &rows).ok_or_else(|| OpenError::Meta(name.to_owned()))?))
}

fn parse(row: &SqliteRow, counts: &[SqliteRow]) -> Option<Meta> {
    let mut digest = Digest::NONE;
    hex::decode_to_slice(text(row, 0)?, &mut digest.0).ok()?;
    let sectors = [Sector::Region, Sector::Municipality];
    let sector =
        sectors.into_iter().find(|sector| text(row, 2).is_some_and(|name| name == sector.to_string()))?;
    let count = |row: &SqliteRow, table: &Table| {
        let matches = text(row, 0)? == table.name;
        let (rows, duplicates, rejected) = (number(row, 1)?, number(row, 2)?, number(row, 3)?);
        matches.then_some(TableCount { name: table.name, rows, duplicates, rejected })
    };
    let same_tables = counts.len() == tables(sector).len();
    let counts = counts.iter().zip(tables(sector)).map(|(row, table)| count(row, table));
    Some(Meta {
        digest,
        salt: Salt::from_hex(text(row, 1)?)?,
        sector,
        member: number(row, 3)?.try_into().ok()?,
        extracted_on: text(row, 4)?.parse().ok()?,
        made_up: row.try_get(5).ok()?,
        persons: number(row, 6)?,
        made_up_persons: number(row, 7)?,
        tables: same_tables.then(|| counts.collect::<Option<_>>())??,
    })
}

fn text(row: &SqliteRow, column: usize) -> Option<&str> {
    row.try_get(column).ok()
}

fn number(row: &SqliteRow, column: usize) -> Option<u64> {
    row.try_get::<i64, _>(column).ok()?.try_into().ok()
}
