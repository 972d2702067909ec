//! Rows of a statement, read from a database one by one.
//!
//! This is the one place that tells sqlx that a text made at run time from definitions is safe to run: it has
//! placeholders for every value, and its identifiers are constants of `tvaers_definitions::schema` or checked names of
//! components.

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use sea_query::Values;
use sea_query_sqlx::SqlxValues;
use sqlx::postgres::PgArguments;
use sqlx::{AssertSqlSafe, IntoArguments, Postgres, SqliteConnection};
use tvaers_protocol::id::PersonId;

use super::columns::Columns;
use super::{CellRow, CellStatement, EventRow, EventStatement, FeatureRow, FeatureStatement, Statement};
use crate::source::{Moment, SourceError};

/// What a node knows of one person for a model. It has no `Debug`: it is a row of personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// The person.
    pub person: PersonId,
    /// Alive and resident in the node's municipality on the reference date; false at a region.
    pub resident: bool,
    /// Of an age in the population's range on the reference date.
    pub eligible: bool,
    /// A municipality's own code, or the municipality of residence as the region's register has it.
    pub kommune: u16,
    /// Bit i: the person is touched in group i of the model.
    pub touches: u16,
    /// One value per entry of the layout's `components`.
    pub values: Vec<u32>,
    /// One recency in days per entry of the layout's `recencies`.
    pub recencies: Vec<u16>,
}

/// A row that cannot be read. It says which column, never what stood there.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The database did not answer.
    #[error("the data database cannot be read")]
    Database(#[from] sqlx::Error),
    /// The server that holds the rows did not answer, or holds other rows now.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A person_id that is no CPR number; the import lets none in.
    #[error("a row's `person_id` is no CPR number")]
    Person,
    /// A value outside its range; the statement clamps all.
    #[error("a row's `{column}` is out of range")]
    Range {
        /// The column of the statement.
        column: String,
    },
}

/// A connection to the database that a statement was made for.
pub(crate) enum At<'c> {
    /// An embedded database.
    Sqlite(&'c mut SqliteConnection),
    /// A server.
    Postgres(&'c mut Moment),
}

/// The rows of a statement as they come; the stream ends after the first error.
pub(crate) type Rows<'c, T> = BoxStream<'c, Result<T, FetchError>>;

impl Statement {
    /// Runs the statement and reads its rows as they come, in order of `person_id`.
    ///
    /// The statement must have been made for SQLite. The stream ends after the first error.
    #[must_use]
    pub fn rows<'c>(
        &self,
        connection: &'c mut SqliteConnection,
    ) -> BoxStream<'c, Result<PersonRow, FetchError>> {
        self.rows_at(At::Sqlite(connection))
    }

    pub(crate) fn rows_at<'c>(&self, at: At<'c>) -> Rows<'c, PersonRow> {
        let shape =
            Persons { n_values: self.layout.components.len(), n_recencies: self.layout.recencies.len() };
        rows(at, &self.sql, &self.values, shape)
    }
}

impl EventStatement {
    pub(crate) fn rows_at<'c>(&self, at: At<'c>) -> Rows<'c, EventRow> {
        rows(at, &self.sql, &self.values, Events)
    }
}

impl FeatureStatement {
    pub(crate) fn rows_at<'c>(&self, at: At<'c>) -> Rows<'c, FeatureRow> {
        rows(at, &self.sql, &self.values, Features { n_features: self.n_features })
    }
}

impl CellStatement {
    pub(crate) fn rows_at<'c>(&self, at: At<'c>) -> Rows<'c, CellRow> {
        rows(
            at,
            &self.sql,
            &self.values,
            InCells { n_categories: self.n_categories, is_counted: self.is_counted },
        )
    }
}

/// How a row of one statement is read, from either database.
trait Shape: Send + 'static {
    type Row;
    fn read(&self, row: &impl Columns) -> Result<Self::Row, FetchError>;
}

struct Persons {
    n_values: usize,
    n_recencies: usize,
}

impl Shape for Persons {
    type Row = PersonRow;

    fn read(&self, row: &impl Columns) -> Result<PersonRow, FetchError> {
        // The first five columns come before the values: person_id, resident, eligible, kommune, touches.
        let values = (0..self.n_values).map(|i| row.whole(5 + i, "v…"));
        let recencies = (0..self.n_recencies).map(|i| row.whole(5 + self.n_values + i, "r…"));
        Ok(PersonRow {
            person: row.person()?,
            resident: row.whole::<u8>(1, "resident")? == 1,
            eligible: row.whole::<u8>(2, "eligible")? == 1,
            kommune: row.whole(3, "kommune")?,
            touches: row.whole(4, "touches")?,
            values: values.collect::<Result<_, _>>()?,
            recencies: recencies.collect::<Result<_, _>>()?,
        })
    }
}

struct Events;

impl Shape for Events {
    type Row = EventRow;

    fn read(&self, row: &impl Columns) -> Result<EventRow, FetchError> {
        EventRow::read(row)
    }
}

struct Features {
    n_features: usize,
}

impl Shape for Features {
    type Row = FeatureRow;

    fn read(&self, row: &impl Columns) -> Result<FeatureRow, FetchError> {
        FeatureRow::read(row, self.n_features)
    }
}

struct InCells {
    n_categories: usize,
    is_counted: bool,
}

impl Shape for InCells {
    type Row = CellRow;

    fn read(&self, row: &impl Columns) -> Result<CellRow, FetchError> {
        CellRow::read(row, self.n_categories, self.is_counted)
    }
}

fn rows<'c, S: Shape>(at: At<'c>, sql: &str, values: &Values, shape: S) -> Rows<'c, S::Row> {
    let (sql, values) = (AssertSqlSafe(sql.to_owned()), SqlxValues(values.clone()));
    // No statement is kept prepared: its plan is needed once.
    match at {
        At::Sqlite(connection) => sqlx::query_with(sql, values)
            .persistent(false)
            .fetch(connection)
            .map(move |row| shape.read(&row?))
            .boxed(),
        At::Postgres(moment) => {
            let values: PgArguments = IntoArguments::<Postgres>::into_arguments(values);
            let query = sqlx::query_with(sql, values).persistent(false);
            moment.fetch("reading the persons", query).map(move |row| shape.read(&row?)).boxed()
        }
    }
}
