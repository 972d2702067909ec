//! Rows of a statement, read from an embedded database one by one.
//!
//! This is the one place that tells sqlx that a text made at run time is safe to run: it has placeholders for every
//! value, and its identifiers are constants of `tvaers_definitions::schema` or checked names of components.

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use sea_query_sqlx::SqlxValues;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};
use tvaers_protocol::id::PersonId;

use super::Statement;

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
    pub values: Vec<u16>,
    /// One recency in days per entry of the layout's `recencies`.
    pub recencies: Vec<u16>,
}

/// A row that cannot be read. It says which column, never what stood there.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The database did not answer.
    #[error("the data database cannot be read")]
    Database(#[from] sqlx::Error),
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

impl Statement {
    /// Runs the statement and reads its rows as they come, in order of `person_id`.
    ///
    /// The statement must have been made for SQLite. The stream ends after the first error.
    #[must_use]
    pub fn rows<'c>(
        &self,
        connection: &'c mut SqliteConnection,
    ) -> BoxStream<'c, Result<PersonRow, FetchError>> {
        let (n_values, n_recencies) = (self.layout().components.len(), self.layout().recencies.len());
        let values = SqlxValues(self.values.clone());
        sqlx::query_with(AssertSqlSafe(self.sql.clone()), values)
            .fetch(connection)
            .map(move |row| person_row(&row?, n_values, n_recencies))
            .boxed()
    }
}

fn person_row(row: &SqliteRow, n_values: usize, n_recencies: usize) -> Result<PersonRow, FetchError> {
    let person = row.try_get::<&str, _>("person_id")?;
    // The first five columns come before the values: person_id, resident, eligible, kommune, touches.
    let values = (0..n_values).map(|i| number(row, 5 + i, || format!("v{i}")));
    let recencies = (0..n_recencies).map(|i| number(row, 5 + n_values + i, || format!("r{i}")));
    Ok(PersonRow {
        person: PersonId::parse(person).map_err(|_| FetchError::Person)?,
        resident: number(row, 1, || "resident".to_owned())? == 1,
        eligible: number(row, 2, || "eligible".to_owned())? == 1,
        kommune: number(row, 3, || "kommune".to_owned())?,
        touches: number(row, 4, || "touches".to_owned())?,
        values: values.collect::<Result<_, _>>()?,
        recencies: recencies.collect::<Result<_, _>>()?,
    })
}

fn number(row: &SqliteRow, index: usize, column: impl Fn() -> String) -> Result<u16, FetchError> {
    let value: i64 = row.try_get(index)?;
    u16::try_from(value).map_err(|_| FetchError::Range { column: column() })
}
