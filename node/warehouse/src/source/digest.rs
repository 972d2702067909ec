//! A digest of a source's content: whether the rows are still those that were registered.
//!
//! The server adds up a hash of each row, so that neither the order of rows nor where they are stored matters, and
//! counts them. A row is hashed in its canonical form, so a view may be written anew as long as it says the same. The
//! hash is PostgreSQL's own, which may differ between its major versions: then a source is registered again. It tells
//! a change; it does not withstand someone who makes rows for it, who could change the answer openly as well.

use jiff::civil::Date;
use sqlx::{AssertSqlSafe, Row as _};
use tvaers_protocol::id::{Digest, Sector};

use super::{Moment, SourceError};
use crate::sql::view::canonical;
use crate::table::{Table, tables};

const DOING: &str = "working out the digest of the content";

/// The rows of all tables of a sector, as counts and sums.
pub(crate) struct Content {
    sector: Sector,
    pub(super) tables: Vec<(&'static str, u64, String)>,
}

impl Content {
    /// The digest, with what the registration was told.
    pub(crate) fn digest(&self, member: u16, extracted_on: Date, made_up: bool) -> Digest {
        let told = format!("{} {member} {extracted_on} {made_up}", self.sector);
        let tables = self.tables.iter().map(|(name, rows, sum)| format!("{name} {rows} {sum}"));
        let parts: Vec<String> = std::iter::once(told).chain(tables).collect();
        let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
        Digest::of("tvaers source 1", &parts)
    }
}

impl Moment {
    /// Counts and adds up the rows of all tables.
    pub(crate) async fn content(&mut self, sector: Sector) -> Result<Content, SourceError> {
        let mut summed = Vec::new();
        for table in tables(sector) {
            let row = self.fetch_one(DOING, sqlx::query(AssertSqlSafe(sum_sql(table)))).await?;
            let read = || Ok((row.try_get::<i64, _>(0)?.unsigned_abs(), row.try_get::<String, _>(1)?));
            let (rows, sum) = read().map_err(|error: sqlx::Error| self.failed(DOING, &error))?;
            summed.push((table.name, rows, sum));
        }
        Ok(Content { sector, tables: summed })
    }
}

fn sum_sql(table: &Table) -> String {
    let columns: Vec<String> = table.columns.iter().map(canonical).collect();
    format!(
        "SELECT count(*), CAST(coalesce(sum(CAST(hashtextextended(CAST(ROW({}) AS text) COLLATE \"C\", 0) AS numeric)), \
         0) AS text) FROM \"{}\"",
        columns.join(", "),
        table.name
    )
}
