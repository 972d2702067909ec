//! A model's components for one sector, as one set-based statement over the canonical tables.
//!
//! Way of the data: a model and a reference date → [`Extraction::statement`] → one row per contributed person
//! ([`Statement::rows`]) → the node's contribution. Each table is read once and grouped by person; nothing is asked
//! person by person, so the database does the work and one row a person leaves it. Calendar arithmetic is done here,
//! in Rust: the database only compares days. Identifiers come from `tvaers_definitions::schema` alone, every other
//! text and number is a bound parameter.

mod assemble;
mod condition;
mod dialect;
mod fetch;
mod pass;
mod person;
mod rows;
mod spells;
#[cfg(test)]
mod tests;
mod week;

use jiff::ToSpan as _;
use jiff::civil::Date;
use sea_query::{Values, WithQuery};
use tvaers_definitions::layout::{Grain, Layout};
use tvaers_definitions::model::Model;
use tvaers_protocol::id::Sector;

pub use dialect::Dialect;
pub use fetch::{FetchError, PersonRow};

/// What is asked of a node's database.
#[derive(Clone, Copy, Debug)]
pub struct Extraction<'a> {
    /// The model whose components are worked out.
    pub model: &'a Model,
    /// Whose database it is.
    pub holding: Holding<'a>,
    /// The reference date.
    pub as_of: Date,
    /// The grain of the values.
    pub grain: Grain,
}

/// Whose database it is, and so who is in it.
#[derive(Clone, Copy, Debug)]
pub enum Holding<'a> {
    /// A region's: it contributes the patients whose municipality is one of these, the dead too.
    Region {
        /// The codes of the member municipalities.
        members: &'a [u16],
    },
    /// A municipality's: it contributes everyone in its `persons`.
    Municipality {
        /// Its own code.
        own: u16,
    },
}

impl Holding<'_> {
    /// The sector of the node.
    #[must_use]
    pub const fn sector(&self) -> Sector {
        match self {
            Self::Region { .. } => Sector::Region,
            Self::Municipality { .. } => Sector::Municipality,
        }
    }
}

/// A statement that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    /// The reference date is so near an end of the calendar that a window leaves it.
    #[error("the window of `{feature}` leaves the calendar at the reference date {as_of}")]
    Calendar {
        /// The feature or part of the population.
        feature: String,
        /// The reference date.
        as_of: Date,
    },
    /// A component of a rule that gives no value of its own; a checked model has none.
    #[error("feature `{feature}` cannot be a component")]
    NoComponent {
        /// The feature.
        feature: String,
    },
}

/// A statement with its parameters and the meaning of its columns.
///
/// The columns: `person_id`; `resident` and `eligible` (0 or 1; a region's `resident` is 0, for it does not know);
/// `kommune`; `touches` (bit i is group i of the model); `v0`, `v1`, … one per entry of [`Layout::components`];
/// `r0`, `r1`, … one per entry of [`Layout::recencies`]. No column is ever NULL. Rows come in order of `person_id`.
#[derive(Clone, Debug)]
pub struct Statement {
    layout: Layout,
    query: WithQuery,
    sql: String,
    values: Values,
}

impl Extraction<'_> {
    /// Compiles the statement.
    ///
    /// # Errors
    /// [`SqlError::Calendar`] where a window leaves the calendar; [`SqlError::NoComponent`] never for a checked model.
    pub fn statement(&self, dialect: Dialect) -> Result<Statement, SqlError> {
        let layout = self.model.layout(self.holding.sector(), self.grain);
        let query = assemble::query(self, &layout, dialect)?;
        let (sql, values) = dialect.build(&query);
        Ok(Statement { layout, query, sql, values })
    }

    /// The first day after the reference date. Comparing with it, rather than with the reference date itself, puts a
    /// time of day on the right side too.
    fn day_after(&self, day: Date, feature: &str) -> Result<Date, SqlError> {
        day.checked_add(1.day()).map_err(|_| self.off_calendar(feature))
    }

    fn off_calendar(&self, feature: &str) -> SqlError {
        SqlError::Calendar { feature: feature.to_owned(), as_of: self.as_of }
    }
}

impl Statement {
    /// The statement's text, with placeholders.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The statement's text with its parameters in place, to show to a person. They are cut-offs, codes and dates
    /// out of public definitions, never a row's.
    #[must_use]
    pub fn explain(&self, dialect: Dialect) -> String {
        dialect.explain(&self.query)
    }

    /// What the columns `v…`, `r…` and `touches` stand for.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }
}
