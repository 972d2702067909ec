//! One moment of a server: a read-only transaction, whose statements all see the tables as they were at its begin.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::query::Query;
use sqlx::{Connection as _, Postgres};
use tokio::time::timeout;

use super::SourceError;

/// How long nothing may come: a little longer than the server itself lets a statement run, for a server that is gone
/// does not say so.
const SILENCE_MAX: Duration = Duration::from_mins(4 * 60 + 5);

type Asked = Query<'static, Postgres, PgArguments>;

/// A transaction at a server.
pub(crate) struct Moment {
    connection: PgConnection,
    place: String,
}

impl Moment {
    pub(super) const fn new(connection: PgConnection, place: String) -> Self {
        Self { connection, place }
    }

    /// The server and database.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// The rows of a query as they come. The stream ends after the first error.
    pub(crate) fn fetch(
        &mut self,
        doing: &'static str,
        query: Asked,
    ) -> BoxStream<'_, Result<PgRow, SourceError>> {
        let Self { connection, place } = self;
        let place = &**place;
        let rows = Some(query.fetch(connection));
        stream::unfold(rows, move |rows| async move {
            let mut rows = rows?;
            match timeout(SILENCE_MAX, rows.next()).await {
                Ok(None) => None,
                Ok(Some(Ok(row))) => Some((Ok(row), Some(rows))),
                Ok(Some(Err(error))) => Some((Err(SourceError::statement(place, doing, &error)), None)),
                Err(_) => Some((Err(SourceError::silent(place, SILENCE_MAX)), None)),
            }
        })
        .boxed()
    }

    /// The one row of a query.
    pub(crate) async fn fetch_one(
        &mut self,
        doing: &'static str,
        query: Asked,
    ) -> Result<PgRow, SourceError> {
        let first = self.fetch(doing, query).next().await;
        first.unwrap_or_else(|| Err(SourceError::statement(&self.place, doing, &sqlx::Error::RowNotFound)))
    }

    /// An error of reading a row.
    pub(crate) fn failed(&self, doing: &'static str, error: &sqlx::Error) -> SourceError {
        SourceError::statement(&self.place, doing, error)
    }

    /// Ends the transaction and the connection.
    pub(crate) async fn end(self) {
        // Nothing was written, so nothing is lost where the server does not hear of it.
        let _ = self.connection.close().await;
    }
}
