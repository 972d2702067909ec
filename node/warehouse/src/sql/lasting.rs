//! Features over rows that last from one day to another, both included.

use jiff::civil::Date;
use sea_query::{CaseStatement, Expr, ExprTrait as _, Func};
use tvaers_definitions::feature::{Feature, Lasting};
use tvaers_definitions::schema::Column;

use super::aggregate::{Aggregate, Over};
use super::condition::all;
use super::dialect::day_number;
use super::{Scope, SqlError};

/// Whether a row lasts over the reference date.
pub(super) fn active(scope: &Scope<'_>, feature: &Feature, lasting: &Lasting) -> Result<Aggregate, SqlError> {
    let within = overlaps(scope, feature, lasting, scope.as_of)?;
    Ok(Aggregate { within, meets: all(scope.dialect, &lasting.conditions), over: Over::Any })
}

/// The amount of a day for each day of the window over which a row lasts.
pub(super) fn daily_sum(
    scope: &Scope<'_>,
    feature: &Feature,
    lasting: &Lasting,
    amount: &Column,
) -> Result<Aggregate, SqlError> {
    let first_of_window = scope.after(scope.opens_on(feature)?, &feature.name)?;
    let day = |column: &Column| scope.dialect.day(Expr::col(column.name));
    let first = Func::greatest([day(lasting.from), Expr::val(day_number(first_of_window))]);
    let goes_on = Expr::col(lasting.to.name)
        .is_null()
        .or(Expr::col(lasting.to.name).gte(scope.dialect.date(scope.as_of)));
    let last: Expr =
        CaseStatement::new().case(goes_on, day_number(scope.as_of)).finally(day(lasting.to)).into();
    let days = last.sub(first).add(1_i64);
    Ok(Aggregate {
        within: overlaps(scope, feature, lasting, first_of_window)?,
        meets: all(scope.dialect, &lasting.conditions),
        over: Over::Sum(days.mul(Expr::col(amount.name))),
    })
}

/// Whether a row lasts over a day from `first` to the reference date.
fn overlaps(scope: &Scope<'_>, feature: &Feature, lasting: &Lasting, first: Date) -> Result<Expr, SqlError> {
    let after = scope.dialect.date(scope.after(scope.as_of, &feature.name)?);
    let to = || Expr::col(lasting.to.name);
    let begun = Expr::col(lasting.from.name).lt(after);
    Ok(begun.and(to().is_null().or(to().gte(scope.dialect.date(first)))))
}
