//! An institution's PostgreSQL server as a node's source: the rows stay there, and are read, never written.
//!
//! Way of the data: a URL ([`Source::parse`]) → a connection whose every transaction is read-only → [`Source::look`]
//! (are the views there) → [`Source::register`] (is the content what an import would accept; its digest) → `data`,
//! which reads only while the digest is the same. Whatever is asked is asked of one moment: one read-only transaction
//! that sees all tables as they were when it began. The server works set-based; one row a person leaves it.
//!
//! No error says a value of a row: what the server says of a failing statement may quote one, and is not passed on.

mod content;
mod digest;
mod error;
mod moment;
mod register;
mod url;
mod view;

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use tokio::time::timeout;

pub use self::error::{Count, SourceError};
pub(crate) use self::moment::Moment;
pub use self::register::Registration;
pub use self::url::UrlError;
pub use self::view::{Look, Writable};

/// The oldest server that is tested for (14.0).
const VERSION_MIN: i32 = 140_000;

/// For a server to answer and let the node in.
const CONNECT_TIME: Duration = Duration::from_secs(20);

/// What a connection is set to, whatever the role's own settings are. Notices of a view's functions could hold values
/// of rows, so none are sent. A statement over a country's rows takes minutes; after hours something is wrong.
const SETTINGS: &str = "SET default_transaction_read_only = on; SET client_min_messages = error; \
    SET statement_timeout = '4h'; SET lock_timeout = '5min'; SET idle_in_transaction_session_timeout = '1h'; \
    SET DateStyle = 'ISO, YMD'; SET TimeZone = 'UTC'; SET extra_float_digits = 3; \
    SET standard_conforming_strings = on";

/// A server that holds the canonical tables as views or tables, and how to get in. It holds a password and has no
/// `Debug`.
#[derive(Clone)]
pub struct Source {
    options: PgConnectOptions,
    schema: Option<String>,
    place: String,
}

impl Source {
    /// Reads a URL such as `postgres://role:password@host:5432/database?sslmode=verify-full`. `schema` is the one
    /// schema in which the views are looked for; without it the role's own search path counts.
    ///
    /// # Errors
    /// [`UrlError`], which quotes nothing of the URL.
    pub fn parse(url: &str, schema: Option<&str>) -> Result<Self, UrlError> {
        let (options, place) = url::parse(url)?;
        let schema = schema.map(url::schema).transpose()?;
        Ok(Self { options, schema, place })
    }

    /// The server and database, without role and password, to show to a person.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Connects and begins a transaction in which nothing can be written and all tables are seen at one moment.
    pub(crate) async fn moment(&self) -> Result<Moment, SourceError> {
        let mut connection = self.connect().await?;
        let failed = |error| SourceError::statement(&self.place, "beginning to read", &error);
        sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            .execute(&mut connection)
            .await
            .map_err(failed)?;
        Ok(Moment::new(connection, self.place.clone()))
    }

    /// How many patients live in one of these municipalities now.
    pub(crate) async fn count_patients(&self, members: &[u16]) -> Result<u64, SourceError> {
        let members: Vec<i64> = members.iter().map(|code| i64::from(*code)).collect();
        let mut moment = self.moment().await?;
        let sql = "SELECT count(*) FROM patients WHERE CAST(kommune AS bigint) = ANY($1)";
        let row = moment.fetch_one("counting the patients", sqlx::query(sql).bind(members)).await?;
        let n = row.try_get::<i64, _>(0).map_err(|error| moment.failed("counting the patients", &error))?;
        moment.end().await;
        Ok(n.unsigned_abs())
    }

    async fn connect(&self) -> Result<PgConnection, SourceError> {
        let refused = |error: &sqlx::Error| SourceError::connect(&self.place, error);
        let mut connection = match timeout(CONNECT_TIME, self.options.connect()).await {
            Ok(connected) => connected.map_err(|error| refused(&error))?,
            Err(_) => return Err(SourceError::silent(&self.place, CONNECT_TIME)),
        };
        let failed = |error| SourceError::statement(&self.place, "setting the connection up", &error);
        sqlx::raw_sql(SETTINGS).execute(&mut connection).await.map_err(failed)?;
        // The catalogue of the server itself is always looked through first, so no schema can put itself before it.
        if let Some(schema) = &self.schema {
            let set = sqlx::query("SELECT set_config('search_path', quote_ident($1), false)").bind(schema);
            set.execute(&mut connection).await.map_err(failed)?;
        }
        let version = "SELECT CAST(current_setting('server_version_num') AS integer)";
        let found: i32 = sqlx::query_scalar(version).fetch_one(&mut connection).await.map_err(failed)?;
        if found < VERSION_MIN {
            // Nothing is lost where the server is not told.
            let _ = connection.close().await;
            let place = self.place.clone();
            return Err(SourceError::Version {
                place,
                found: found / 10_000,
                expected: VERSION_MIN / 10_000,
            });
        }
        // A statement that nobody waits for any more is to end; a server on a system that cannot tell goes on.
        let _ = sqlx::raw_sql("SET client_connection_check_interval = '30s'").execute(&mut connection).await;
        Ok(connection)
    }
}
