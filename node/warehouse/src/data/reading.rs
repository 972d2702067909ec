//! One moment's view of the data, from which the rows of statements are read.

use futures_util::stream::BoxStream;
use sqlx::Sqlite;
use sqlx::pool::PoolConnection;

use crate::source::Moment;
use crate::sql::{
    At, CellRow, CellStatement, EventRow, EventStatement, FeatureRow, FeatureStatement, FetchError,
    PersonRow, Statement,
};

/// A view of the data that does not change while it is read.
pub struct Reading(Held);

enum Held {
    File(PoolConnection<Sqlite>),
    Server(Box<Moment>),
}

impl Reading {
    pub(super) const fn of_file(connection: PoolConnection<Sqlite>) -> Self {
        Self(Held::File(connection))
    }

    pub(super) fn of_moment(moment: Moment) -> Self {
        Self(Held::Server(Box::new(moment)))
    }

    /// Runs a statement and reads its rows as they come, in order of `person_id`. The stream ends after the first
    /// error.
    ///
    /// The statement must have been made for the [`dialect`](super::Warehouse::dialect) of the data.
    #[must_use]
    pub fn rows(&mut self, statement: &Statement) -> BoxStream<'_, Result<PersonRow, FetchError>> {
        statement.rows_at(self.at())
    }

    /// The same for events: in order of `person_id`, then touch group, then beginning.
    #[must_use]
    pub fn events(&mut self, statement: &EventStatement) -> BoxStream<'_, Result<EventRow, FetchError>> {
        statement.rows_at(self.at())
    }

    /// The same for features by themselves.
    #[must_use]
    pub fn features(
        &mut self,
        statement: &FeatureStatement,
    ) -> BoxStream<'_, Result<FeatureRow, FetchError>> {
        statement.rows_at(self.at())
    }

    /// The same for the cells of an aggregate query, in no order.
    #[must_use]
    pub fn cells(&mut self, statement: &CellStatement) -> BoxStream<'_, Result<CellRow, FetchError>> {
        statement.rows_at(self.at())
    }

    fn at(&mut self) -> At<'_> {
        match &mut self.0 {
            Held::File(connection) => At::Sqlite(connection),
            Held::Server(moment) => At::Postgres(moment),
        }
    }

    /// Ends the view. One that is dropped ends too, but a server then notes a connection that broke.
    pub async fn end(self) {
        if let Held::Server(moment) = self.0 {
            moment.end().await;
        }
    }
}
