//! A database of an older version becomes one of this version, once a copy of it stands beside it.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use sqlx::SqlitePool;
use sqlx::migrate::Migrator;
use tvaers_host::private::{self, PrivateFileError};

use super::StateError;

static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// Where the copy stands that is made before a database leaves a version.
pub(super) fn copy_beside(path: &Path, version: i64) -> PathBuf {
    let mut name = path.as_os_str().as_bytes().to_vec();
    name.extend_from_slice(format!(".v{version}").as_bytes());
    PathBuf::from(OsString::from_vec(name))
}

pub(super) async fn run(pool: &SqlitePool, path: &Path) -> Result<(), StateError> {
    let newest = MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or(0);
    let version = version(pool).await?;
    // A newer one is refused below, before anything is changed.
    if (1..newest).contains(&version) {
        copy(pool, &copy_beside(path, version)).await?;
    }
    Ok(MIGRATOR.run(pool).await?)
}

/// Whether the database has been through the migrations of this version, and no others.
pub(super) async fn is_of_this_version(pool: &SqlitePool) -> Result<bool, StateError> {
    let done: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT checksum FROM _sqlx_migrations WHERE success ORDER BY version")
            .fetch_all(pool)
            .await?;
    Ok(done.iter().map(Vec::as_slice).eq(MIGRATOR.iter().map(|migration| &*migration.checksum)))
}

/// The newest migration that the database has been through; 0 for a new one.
async fn version(pool: &SqlitePool) -> Result<i64, StateError> {
    let known: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'")
            .fetch_optional(pool)
            .await?;
    if known.is_none() {
        return Ok(0);
    }
    let version: Option<i64> =
        sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(pool).await?;
    Ok(version.unwrap_or(0))
}

/// A copy of the whole database, on the disk before anything of the original is changed.
async fn copy(pool: &SqlitePool, to: &Path) -> Result<(), StateError> {
    // Made empty for its owner only: one that an earlier attempt left is in the way, and SQLite takes an empty file.
    drop(private::create(to)?);
    let name = to.to_str().ok_or(StateError::Inconsistent { column: "path" })?;
    sqlx::query("VACUUM INTO ?").bind(name).execute(pool).await?;
    let io = |source| PrivateFileError::Io { path: to.to_owned(), source };
    File::open(to).and_then(|file| file.sync_all()).map_err(io)?;
    Ok(())
}
