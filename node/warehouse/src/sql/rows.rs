//! Features over the rows of one table: whether any, or how many, meet conditions within a window.
//!
//! All features of a table are worked out in one pass over it.

use jiff::civil::Date;
use sea_query::{CaseStatement, Expr, ExprTrait as _, Func, Query, SelectStatement};
use tvaers_definitions::feature::{Feature, Rows};
use tvaers_definitions::schema::PERSON;
use tvaers_definitions::window::Window;

use super::condition::{any, condition, flag};
use super::dialect::Dialect;
use super::{Extraction, SqlError};

/// One feature over a table's rows, and the name of its column.
pub(super) struct RowsFeature<'a> {
    pub(super) feature: &'a Feature,
    pub(super) rows: &'a Rows,
    /// Whether rows are counted; otherwise it is 1 if there is any.
    pub(super) counted: bool,
    pub(super) column: String,
}

/// A select with `person_id` and one column per feature. Persons without a row that counts are not in it.
pub(super) fn select(
    extraction: &Extraction<'_>,
    dialect: Dialect,
    features: &[RowsFeature<'_>],
) -> Result<SelectStatement, SqlError> {
    let mut select = Query::select();
    select.column(PERSON).group_by_col(PERSON);
    let shared = shares_window(features);
    let mut tests = Vec::new();
    for entry in features {
        let mut test = meets(dialect, entry.rows);
        if shared.is_none() {
            test = in_window(extraction, dialect, entry)?.and(test);
        }
        let value = if entry.counted {
            Func::count(CaseStatement::new().case(test.clone(), 1_i64))
        } else {
            Func::max(flag(test.clone()))
        };
        select.expr_as(value, entry.column.clone());
        select.from_clear().from(entry.rows.table.name);
        tests.push(test);
    }
    if let Some(entry) = shared {
        select.and_where(in_window(extraction, dialect, entry)?);
    }
    select.and_where(any(tests));
    Ok(select)
}

/// A feature whose window all the others have too: the window is then asked once.
fn shares_window<'f, 'a>(features: &'f [RowsFeature<'a>]) -> Option<&'f RowsFeature<'a>> {
    let first = features.first()?;
    let same = |other: &RowsFeature<'_>| {
        (other.rows.date, other.feature.window) == (first.rows.date, first.feature.window)
    };
    features.iter().all(same).then_some(first)
}

/// Whether a row lies in the feature's window.
fn in_window(
    extraction: &Extraction<'_>,
    dialect: Dialect,
    entry: &RowsFeature<'_>,
) -> Result<Expr, SqlError> {
    let name = &entry.feature.name;
    let date = || Expr::col(entry.rows.date.name);
    let after = extraction.day_after(extraction.as_of, name)?;
    let until = date().lt(dialect.date(after));
    Ok(match opens(extraction, entry.feature)? {
        None => until,
        Some(opens) => date().gte(dialect.date(extraction.day_after(opens, name)?)).and(until),
    })
}

/// Whether a row meets all the conditions.
fn meets(dialect: Dialect, rows: &Rows) -> Expr {
    let conditions = rows.conditions.iter().map(|one| condition(dialect, one));
    conditions.reduce(|left, right| left.and(right)).unwrap_or_else(|| Expr::val(true))
}

/// The last day before the feature's window; `None` where the window has no beginning.
fn opens(extraction: &Extraction<'_>, feature: &Feature) -> Result<Option<Date>, SqlError> {
    match (feature.window, feature.window.opens(extraction.as_of)) {
        (Window::Ever, _) => Ok(None),
        (_, Some(day)) => Ok(Some(day)),
        (_, None) => Err(extraction.off_calendar(&feature.name)),
    }
}
