//! A node's data, open for reading: the file that an import makes, or an institution's PostgreSQL server.
//!
//! Either way an import leaves a file that is written once and then never changes. It says of itself what the data
//! are ([`Meta`]). After an import of CSV files it holds the rows too; after a [`Source`] was registered the rows stay
//! at the server, and the file's digest tells whether they are still the same. Whatever is read is read of one moment
//! ([`Reading`]).

mod file;
mod reading;
mod salt;

use std::path::Path;

use jiff::civil::Date;
use serde::Serialize;
use sqlx::sqlite::SqlitePool;
use tvaers_protocol::id::{Digest, Sector};

pub use self::file::temp_store;
pub(crate) use self::file::{Holds, write};
pub use self::reading::Reading;
pub use self::salt::Salt;
use crate::source::{Source, SourceError};
use crate::sql::{Dialect, FetchError, Holding};

/// Marks the file as a data database of a node (`PRAGMA application_id`): "tvad".
pub const APPLICATION_ID: i64 = 0x7476_6164;
/// Marks the file as the registration of a source, whose rows are at a server: "tvas".
pub const SOURCE_ID: i64 = 0x7476_6173;
/// The version of the tables (`PRAGMA user_version`). A file of another version is refused: it is imported again.
pub const SCHEMA_VERSION: i64 = 2;

/// What a data database says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Meta {
    /// Names the content to others: the files imported, or the rows of the source, and what the import was told and
    /// set aside, under the salt.
    pub digest: Digest,
    /// What keeps the digest from telling the content. It stays in the file.
    #[serde(skip)]
    pub salt: Salt,
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
    /// What became of each table's rows, in the order of [`tables`](crate::table::tables).
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

impl Meta {
    /// How many rows were set aside in all; every answer shows it.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.tables.iter().map(|table| table.rejected).sum()
    }
}

/// A node's data, open for reading.
#[derive(Clone)]
pub struct Warehouse {
    file: SqlitePool,
    server: Option<Source>,
    meta: Meta,
}

/// Why a node's data cannot be opened.
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
    /// The rows are at a server, and none is known.
    #[error("`{0}` registers a source, and the configuration names none")]
    NoSource(String),
}

impl Warehouse {
    /// Opens the file at `path`, which holds the rows, with at most `n_connections` (at least 1) at work at a time.
    ///
    /// # Errors
    /// [`OpenError`] where the file cannot be read, others than its owner may read it, or it is not what an import
    /// of this version makes.
    pub async fn open(path: &Path, n_connections: u32) -> Result<Self, OpenError> {
        Self::open_with(path, None, n_connections).await
    }

    /// Opens the file at `path`. Where it registers a source, `source` is the server that holds the rows; it is not
    /// connected to before something is read.
    ///
    /// # Errors
    /// [`OpenError`] as of [`Self::open`], and where the file registers a source and `source` is `None`.
    pub async fn open_with(
        path: &Path,
        source: Option<&Source>,
        n_connections: u32,
    ) -> Result<Self, OpenError> {
        let (file, holds, meta) = file::open(path, n_connections).await?;
        let server = match (holds, source) {
            (Holds::Rows, _) => None,
            (Holds::Registration, Some(source)) => Some(source.clone()),
            (Holds::Registration, None) => return Err(OpenError::NoSource(path.display().to_string())),
        };
        Ok(Self { file, server, meta })
    }

    /// What the import says of the data.
    #[must_use]
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// For which database its statements are to be made.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        if self.server.is_some() { Dialect::Postgres } else { Dialect::Sqlite }
    }

    /// How many persons a statement over this holding gives.
    ///
    /// At a server they are counted as they are now: a change since the registration shows in [`Self::reading`] only.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn count_contributors(&self, holding: Holding<'_>) -> Result<u64, FetchError> {
        match (holding, &self.server) {
            (Holding::Municipality { .. }, _) => Ok(self.meta.persons),
            (Holding::Region { members }, None) => Ok(file::count_patients(&self.file, members).await?),
            (Holding::Region { members }, Some(source)) => Ok(source.count_patients(members).await?),
        }
    }

    /// Begins to read: all that is read is of one moment, and of the very content that was imported.
    ///
    /// At a server the digest of the content is worked out first, which reads every table once.
    ///
    /// # Errors
    /// [`FetchError`]; [`SourceError::Changed`] in it where the content is no longer what was registered.
    pub async fn reading(&self) -> Result<Reading, FetchError> {
        let Some(source) = &self.server else {
            return Ok(Reading::of_file(self.file.acquire().await?));
        };
        let mut moment = source.moment().await?;
        let content = moment.content(self.meta.sector).await?;
        let found = content.digest(self.meta.member, self.meta.extracted_on, self.meta.made_up);
        if self.meta.salt.name(found) != self.meta.digest {
            let place = moment.place().to_owned();
            moment.end().await;
            return Err(SourceError::Changed { place }.into());
        }
        Ok(Reading::of_moment(moment))
    }

    /// The connections to the file.
    #[must_use]
    pub fn pool(&self) -> &SqlitePool {
        &self.file
    }

    /// Closes the connections when what is at work has ended.
    pub async fn close(self) {
        self.file.close().await;
    }
}
