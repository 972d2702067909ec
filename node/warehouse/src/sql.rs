//! Persons' features as set-based statements over the canonical tables: a model's components for one sector, a
//! node's events, features by themselves, and the cells that persons fall into by them.
//!
//! Way of the data: a model and a reference date → [`Extraction::statement`] → one row per contributed person
//! ([`Statement::rows`]) → the node's contribution. [`EventExtraction`] gives the merged spells and stays behind it,
//! [`FeatureExtraction`] features by themselves, and [`CellExtraction`] what an aggregate query counts. Each table is
//! read once for all that looks at its rows one by one and once for each way in which they are merged, and grouped by
//! person; nothing is asked person by person, so the database does the work, and one row a person leaves it, or one a
//! cell. Calendar arithmetic is done here, in Rust, unless it starts from a row. Identifiers come from
//! `tvaers_definitions::schema` alone, every other text and number is a bound parameter.

mod aggregate;
mod answer;
mod assemble;
mod cell;
mod columns;
mod components;
mod condition;
mod dialect;
mod events;
mod features;
mod fetch;
mod islands;
mod lasting;
mod pass;
mod person;
mod rows;
mod scope;
mod spells;
mod stays;
#[cfg(test)]
mod tests;
mod value;
pub(crate) mod view;
mod week;

use jiff::civil::Date;
use sea_query::{SelectStatement, Values};
use tvaers_definitions::feature::Feature;
use tvaers_definitions::layout::{Grain, Layout};
use tvaers_definitions::model::Model;
use tvaers_protocol::id::Sector;

pub use cell::{Bins, CellExtraction, CellRow, CellStatement, Test};
pub use dialect::Dialect;
pub use events::{ContactId, EventRow};
pub use features::FeatureRow;
pub(crate) use fetch::At;
pub use fetch::{FetchError, PersonRow};
use scope::Scope;

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

/// The node's merged spells and stays behind a model's components.
#[derive(Clone, Copy, Debug)]
pub struct EventExtraction<'a> {
    /// The model whose touch groups are meant.
    pub model: &'a Model,
    /// Whose database it is.
    pub holding: Holding<'a>,
    /// The reference date.
    pub as_of: Date,
    /// The groups, one bit each. Those without events, or of the other sector, give none.
    pub groups: u16,
}

/// Features of a node's persons by themselves.
#[derive(Clone, Copy, Debug)]
pub struct FeatureExtraction<'a> {
    /// The features, each held by the node's sector.
    pub features: &'a [&'a Feature],
    /// The feature that tells who is resident; of the rule `resident`.
    pub resident: &'a Feature,
    /// The feature that tells the municipality of residence; of the rule `kommune`.
    pub kommune: &'a Feature,
    /// Whose database it is.
    pub holding: Holding<'a>,
    /// The reference date.
    pub as_of: Date,
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
    /// A feature of a rule that gives no value where it stands; a checked model has none.
    #[error("feature `{feature}` cannot be a component")]
    NoComponent {
        /// The feature.
        feature: String,
    },
    /// A feature whose values are not clamped to bounds, and so cannot be added up.
    #[error("feature `{feature}` is no number that can be added up")]
    NoNumber {
        /// The feature.
        feature: String,
    },
    /// A feature that makes no cells: its values are not a public list.
    #[error("feature `{feature}` is no category that can make cells")]
    NoCategory {
        /// The feature.
        feature: String,
    },
    /// A feature that nodes of the other sector work out.
    #[error("feature `{feature}` is not held by nodes of this sector")]
    OtherSector {
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
    query: SelectStatement,
    sql: String,
    values: Values,
}

/// A statement for a node's events. One row each spell or stay, of the persons that a [`Statement`] gives, in order of
/// `person_id`, then touch group, then beginning. No column is ever NULL.
#[derive(Clone, Debug)]
pub struct EventStatement {
    query: SelectStatement,
    sql: String,
    values: Values,
}

/// A statement for features by themselves, with its parameters.
///
/// The columns: `person_id`; `resident` (0 or 1: at a municipality alive and resident, at a region alive); `f0`, `f1`,
/// … one per feature, NULL where the person has none. Rows come in order of `person_id`: a municipality's of everyone
/// in its `persons`, a region's of the patients of member municipalities.
#[derive(Clone, Debug)]
pub struct FeatureStatement {
    n_features: usize,
    query: SelectStatement,
    sql: String,
    values: Values,
}

impl Extraction<'_> {
    /// Compiles the statement.
    ///
    /// # Errors
    /// [`SqlError::Calendar`] where a window leaves the calendar; another [`SqlError`] never for a checked model.
    pub fn statement(&self, dialect: Dialect) -> Result<Statement, SqlError> {
        let scope = Scope { holding: self.holding, as_of: self.as_of, dialect };
        let layout = self.model.layout(self.holding.sector(), self.grain);
        let query = components::query(self, &layout, &scope)?;
        let (sql, values) = dialect.build(&query);
        Ok(Statement { layout, query, sql, values })
    }
}

impl EventExtraction<'_> {
    /// Compiles the statement; `None` where none of the groups has events at nodes of the sector.
    ///
    /// # Errors
    /// [`SqlError::Calendar`] where a window leaves the calendar; another [`SqlError`] never for a checked model.
    pub fn statement(&self, dialect: Dialect) -> Result<Option<EventStatement>, SqlError> {
        let scope = Scope { holding: self.holding, as_of: self.as_of, dialect };
        let Some(query) = events::query(self, &scope)? else { return Ok(None) };
        let (sql, values) = dialect.build(&query);
        Ok(Some(EventStatement { query, sql, values }))
    }
}

impl FeatureExtraction<'_> {
    /// Compiles the statement.
    ///
    /// # Errors
    /// [`SqlError::OtherSector`] where a feature is not held by the node's sector; [`SqlError::Calendar`] where a
    /// window leaves the calendar; [`SqlError::NoComponent`] where `resident` or `kommune` is of another rule.
    pub fn statement(&self, dialect: Dialect) -> Result<FeatureStatement, SqlError> {
        let scope = Scope { holding: self.holding, as_of: self.as_of, dialect };
        let query = features::query(self, &scope)?;
        let (sql, values) = dialect.build(&query);
        Ok(FeatureStatement { n_features: self.features.len(), query, sql, values })
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

impl EventStatement {
    /// The statement's text, with placeholders.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The statement's text with its parameters in place, to show to a person.
    #[must_use]
    pub fn explain(&self, dialect: Dialect) -> String {
        dialect.explain(&self.query)
    }
}

impl FeatureStatement {
    /// The statement's text, with placeholders.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The statement's text with its parameters in place, to show to a person.
    #[must_use]
    pub fn explain(&self, dialect: Dialect) -> String {
        dialect.explain(&self.query)
    }

    /// How many features a row has.
    #[must_use]
    pub const fn n_features(&self) -> usize {
        self.n_features
    }
}
