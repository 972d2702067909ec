//! The columns of a row, of either database.

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use tvaers_protocol::id::PersonId;

use super::FetchError;

/// A row whose columns are texts and whole numbers of 64 bits.
pub(super) trait Columns {
    /// The text of a column that is never NULL.
    fn text(&self, index: usize) -> Result<&str, sqlx::Error>;
    /// The number of a column.
    fn number(&self, index: usize) -> Result<Option<i64>, sqlx::Error>;

    /// The person of a row that begins with `person_id`.
    fn person(&self) -> Result<PersonId, FetchError> {
        PersonId::parse(self.text(0)?).map_err(|_| FetchError::Person)
    }

    /// The number of a column that is never NULL, in the range of a narrower type.
    fn whole<T: TryFrom<i64>>(&self, index: usize, column: &str) -> Result<T, FetchError> {
        let number = self.number(index)?.and_then(|number| number.try_into().ok());
        number.ok_or_else(|| FetchError::Range { column: column.to_owned() })
    }
}

impl Columns for SqliteRow {
    fn text(&self, index: usize) -> Result<&str, sqlx::Error> {
        self.try_get(index)
    }

    fn number(&self, index: usize) -> Result<Option<i64>, sqlx::Error> {
        self.try_get(index)
    }
}

impl Columns for PgRow {
    fn text(&self, index: usize) -> Result<&str, sqlx::Error> {
        self.try_get(index)
    }

    fn number(&self, index: usize) -> Result<Option<i64>, sqlx::Error> {
        self.try_get(index)
    }
}
