//! Features over the rows of one table that lie in a window and meet conditions.

use sea_query::{Expr, ExprTrait as _};
use tvaers_definitions::feature::{Feature, Rows};
use tvaers_definitions::schema::Column;

use super::aggregate::{Aggregate, Over};
use super::condition::all;
use super::{Scope, SqlError};

/// What becomes of the rows.
pub(super) fn aggregate(
    scope: &Scope<'_>,
    feature: &Feature,
    rows: &Rows,
    over: Over,
) -> Result<Aggregate, SqlError> {
    let within = in_window(scope, feature, rows.date)?;
    Ok(Aggregate { within, meets: all(scope.dialect, &rows.conditions), over })
}

/// Whether a row lies in the feature's window.
pub(super) fn in_window(scope: &Scope<'_>, feature: &Feature, date: &Column) -> Result<Expr, SqlError> {
    let date = || Expr::col(date.name);
    let until = date().lt(scope.dialect.date(scope.after(scope.as_of, &feature.name)?));
    Ok(match scope.opens(feature)? {
        None => until,
        Some(opens) => {
            let from = scope.after(opens, &feature.name)?;
            date().gte(scope.dialect.date(from)).and(until)
        }
    })
}
