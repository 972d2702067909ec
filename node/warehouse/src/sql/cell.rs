//! The statement for an aggregate query: how many persons there are in each cell, or what they add up to.
//!
//! The features are those of `features`, as a common table, so that what a feature means stands in one place. The
//! database tests, groups and adds; of a person nothing leaves it. What does leave it is exact, and is noised by
//! whoever asked.

use std::fmt;

use jiff::civil::Date;
use sea_query::{CaseStatement, Expr, ExprTrait as _, Func, Query, SelectStatement, Values};
use tvaers_definitions::feature::{Feature, Kind};

use super::aggregate::whole_sum;
use super::columns::Columns;
use super::features::{self, RESIDENT, column_of};
use super::{Dialect, FeatureExtraction, FetchError, Holding, Scope, SqlError};

/// The common table with one row a person.
const FEATURES: &str = "features";

/// What an aggregate query counts, or adds up, of a node's residents; at a region, of its living patients of member
/// municipalities. Each of them is in one cell, or in none.
#[derive(Clone, Copy, Debug)]
pub struct CellExtraction<'a> {
    /// The number that is added up in each cell; `None` counts persons. One who has none adds nothing.
    pub sum: Option<&'a Feature>,
    /// Whether those who have that number are counted as well.
    pub counted: bool,
    /// The categories that make the cells. One to whom a category does not apply is in no cell.
    pub by: &'a [&'a Feature],
    /// A number whose bin makes the cells too, after the categories. One who has none, or is in no bin, is in no cell.
    pub bins: Option<Bins<'a>>,
    /// What is asked of those who count: all must hold.
    pub conditions: &'a [(&'a Feature, Test)],
    /// The feature that tells who is resident; of the rule `resident`.
    pub resident: &'a Feature,
    /// The feature that tells the municipality of residence; of the rule `kommune`.
    pub kommune: &'a Feature,
    /// Whose database it is.
    pub holding: Holding<'a>,
    /// The reference date.
    pub as_of: Date,
}

/// Bins of a number: the first and the last number of each, both included, which do not overlap.
#[derive(Clone, Copy, Debug)]
pub struct Bins<'a> {
    /// The number.
    pub feature: &'a Feature,
    /// The bins; the key has the place of one among them, from 0.
    pub ranges: &'a [(i64, i64)],
}

/// What is asked of a feature's number, which is the one that a [`FeatureRow`](super::FeatureRow) has. A person who has
/// none meets no test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// A number from one bound to another, both included.
    Range {
        /// The least.
        from: i64,
        /// The greatest.
        to: i64,
    },
    /// One of these.
    Among(Vec<i64>),
}

/// A statement for the cells of an aggregate query, with its parameters.
///
/// The columns: `k0`, `k1`, … one per category, one for the bin; `value`; `persons` where they are counted too. No column is ever NULL. One row each cell that somebody is in,
/// in no order. Without a category it is one row, whether there is anybody or not.
#[derive(Clone)]
pub struct CellStatement {
    pub(super) n_categories: usize,
    pub(super) is_counted: bool,
    query: SelectStatement,
    pub(super) sql: String,
    pub(super) values: Values,
}

/// One cell and its exact value, which has no `Debug`, no `Display` and no `Serialize`, and cannot be compared or
/// copied:
///
/// ```compile_fail,E0277
/// fn print(cell: &tvaers_warehouse::sql::CellRow) -> String {
///     format!("{cell:?}")
/// }
/// ```
/// ```compile_fail,E0616
/// fn read(cell: &tvaers_warehouse::sql::CellRow) -> i64 {
///     cell.value
/// }
/// ```
/// The key can be shown: which cells there are is public, though not which of them a node has.
/// ```
/// fn print(cell: &tvaers_warehouse::sql::CellRow) -> String {
///     format!("{:?}", cell.key)
/// }
/// ```
pub struct CellRow {
    /// One number per category, in the order asked: 0 or 1, the index of a label, the code of a municipality, or last
    /// the place of a bin.
    pub key: Vec<i64>,
    value: i64,
    persons: i64,
}

impl CellRow {
    /// How many persons are in the cell, or what they add up to. Call it only to put it where noise is added.
    #[must_use]
    pub const fn expose(&self) -> i64 {
        self.value
    }

    /// How many persons with that number are in the cell, where they were counted too; else 0. Call it only to put it
    /// where noise is added.
    #[must_use]
    pub const fn expose_persons(&self) -> i64 {
        self.persons
    }

    pub(super) fn read(row: &impl Columns, n: usize, is_counted: bool) -> Result<Self, FetchError> {
        let key = (0..n).map(|position| row.whole(position, "k…"));
        Ok(Self {
            key: key.collect::<Result<_, _>>()?,
            value: row.whole(n, "value")?,
            persons: if is_counted { row.whole(n + 1, "persons")? } else { 0 },
        })
    }
}

impl CellExtraction<'_> {
    /// Compiles the statement.
    ///
    /// # Errors
    /// [`SqlError::NoNumber`] where what is added up is not clamped to bounds, [`SqlError::NoCategory`] where the cells
    /// would be those of a number; those of [`FeatureExtraction::statement`].
    pub fn statement(&self, dialect: Dialect) -> Result<CellStatement, SqlError> {
        let scope = Scope { holding: self.holding, as_of: self.as_of, dialect };
        let query = query(self, &scope)?;
        let (sql, values) = dialect.build(&query);
        let n_categories = self.by.len() + usize::from(self.bins.is_some());
        let is_counted = self.counted && self.sum.is_some();
        Ok(CellStatement { n_categories, is_counted, query, sql, values })
    }
}

impl CellStatement {
    /// The statement's text, with placeholders.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The statement's text with its parameters in place, to show to a person. The bounds of conditions are among them.
    #[must_use]
    pub fn explain(&self, dialect: Dialect) -> String {
        dialect.explain(&self.query)
    }
}

/// The text with placeholders alone: the literals of a filter do not belong in logs.
impl fmt::Debug for CellStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CellStatement").field("sql", &self.sql).finish_non_exhaustive()
    }
}

impl Test {
    fn holds(&self, number: Expr) -> Expr {
        match self {
            Self::Range { from, to } => number.between(*from, *to),
            Self::Among(numbers) => number.is_in(numbers.iter().copied()),
        }
    }
}

/// The features of the common table, each once however often it is asked for.
#[derive(Default)]
struct Used<'a>(Vec<&'a Feature>);

impl<'a> Used<'a> {
    fn number(&mut self, feature: &'a Feature) -> Expr {
        let known = self.0.iter().position(|other| *other == feature);
        let position = known.unwrap_or_else(|| {
            self.0.push(feature);
            self.0.len() - 1
        });
        Expr::col((FEATURES, column_of(position)))
    }
}

fn count() -> Expr {
    Func::count(Expr::cust("*")).into()
}

/// The place of the bin that a number lies in; NULL for one that lies in none, or is missing. The bounds are public and
/// stand in the text: PostgreSQL takes two expressions with parameters of their own for different ones, and there are
/// more bounds than a statement may have parameters.
fn bin(number: &Expr, ranges: &[(i64, i64)]) -> Expr {
    let constant = |whole: i64| Expr::Constant(whole.into());
    let place = |place: usize| constant(i64::try_from(place).unwrap_or(i64::MAX));
    let case = ranges.iter().enumerate().fold(CaseStatement::new(), |case, (index, (from, to))| {
        case.case(number.clone().between(constant(*from), constant(*to)), place(index))
    });
    let case: Expr = case.into();
    case.cast_as("bigint")
}

/// The whole statement.
fn query(extraction: &CellExtraction<'_>, scope: &Scope<'_>) -> Result<SelectStatement, SqlError> {
    let (mut used, mut labels) = (Used::default(), Vec::new());
    let mut cells = Query::select();
    cells.from(FEATURES).and_where(Expr::col((FEATURES, RESIDENT)).eq(1_i64));
    for (position, feature) in extraction.by.iter().copied().enumerate() {
        if matches!(feature.kind, Kind::Integer { .. }) {
            return Err(SqlError::NoCategory { feature: feature.name.clone() });
        }
        labels.push((position, used.number(feature)));
    }
    if let Some(Bins { feature, ranges }) = extraction.bins {
        let Kind::Integer { .. } = feature.kind else {
            return Err(SqlError::NoNumber { feature: feature.name.clone() });
        };
        labels.push((labels.len(), bin(&used.number(feature), ranges)));
    }
    for (position, label) in &labels {
        cells.expr_as(label.clone(), format!("k{position}")).add_group_by([label.clone()]);
    }
    let labels = labels.into_iter().map(|(_, label)| label.is_not_null());
    if let Some(is_cell) = labels.reduce(|left, right| left.and(right)) {
        // Asked of the group and not of each person: SQLite would move a test without a count in front of the
        // grouping, and work the labels out twice.
        let counted: Expr = CaseStatement::new().case(is_cell, count()).into();
        cells.and_having(counted.gt(0_i64));
    }
    let value: Expr = match extraction.sum {
        None => count(),
        Some(feature) if matches!(feature.kind, Kind::Integer { .. } | Kind::Flag) => {
            // Where nobody has a number the sum is missing.
            Func::coalesce([whole_sum(used.number(feature)), Expr::val(0_i64)]).into()
        }
        Some(feature) => return Err(SqlError::NoNumber { feature: feature.name.clone() }),
    };
    cells.expr_as(value, "value");
    if let Some(feature) = extraction.sum.filter(|_| extraction.counted) {
        cells.expr_as(Func::count(used.number(feature)), "persons");
    }
    for (feature, test) in extraction.conditions {
        cells.and_where(test.holds(used.number(feature)));
    }
    let features = FeatureExtraction {
        features: &used.0,
        resident: extraction.resident,
        kommune: extraction.kommune,
        holding: extraction.holding,
        as_of: extraction.as_of,
    };
    Ok(features::of_persons(&features, scope)?.within(scope, FEATURES, cells))
}
