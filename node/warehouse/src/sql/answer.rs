//! The first or the last answer of a round, or how much the one differs from the other.
//!
//! An answer is found in the same pass as all others of the table: its day and its value are made one number, of
//! which the least is of the first day, and the greatest of the last. The upper bits are the day, the lower 32 the
//! value.

use sea_query::{Expr, ExprTrait as _, Func};
use tvaers_definitions::feature::{Answer, Feature};

use super::aggregate::{Aggregate, Over};
use super::condition::any;
use super::{Scope, SqlError, rows};

const VALUES: i64 = 1 << 32;
const VALUE_MIN: i64 = -(1 << 31);
const VALUE_MAX: i64 = (1 << 31) - 1;

/// The value of the answer that the rule picks, NULL where there is none, and whether there is any answer of its
/// rounds. `put` has a number worked out, under a name that says which end it is of, and gives the expression for it.
pub(super) fn picked(
    scope: &Scope<'_>,
    feature: &Feature,
    answer: &Answer,
    mut put: impl FnMut(&str, Aggregate) -> Expr,
) -> Result<(Expr, Expr), SqlError> {
    let (first, last) = answer.pick.rounds();
    let first = first.map(|round| first_of(scope, feature, answer, round)).transpose()?;
    let last = last.map(|round| last_of(scope, feature, answer, round)).transpose()?;
    let first = first.map(|number| put("first", number));
    let last = last.map(|number| put("last", number));
    let given = any(first.iter().chain(&last).map(|number| number.clone().is_not_null()));
    let (first, last) = (first.map(first_value), last.map(last_value));
    let value = match (first, last) {
        (Some(first), Some(last)) => last.sub(first),
        (first, last) => first.or(last).ok_or_else(|| no_round(feature))?,
    };
    Ok((value, given))
}

fn no_round(feature: &Feature) -> SqlError {
    SqlError::NoComponent { feature: feature.name.clone() }
}

/// The least day and, on it, the least value.
fn first_of(
    scope: &Scope<'_>,
    feature: &Feature,
    answer: &Answer,
    round: &str,
) -> Result<Aggregate, SqlError> {
    let value = value(answer).sub(VALUE_MIN);
    aggregate(scope, feature, answer, round, |day| Over::Least(day.mul(VALUES).add(value)))
}

fn first_value(number: Expr) -> Expr {
    number.bit_and(VALUES - 1).add(VALUE_MIN)
}

/// The greatest day and, on it, the least value.
fn last_of(
    scope: &Scope<'_>,
    feature: &Feature,
    answer: &Answer,
    round: &str,
) -> Result<Aggregate, SqlError> {
    let value = Expr::val(VALUE_MAX).sub(value(answer));
    aggregate(scope, feature, answer, round, |day| Over::Greatest(day.mul(VALUES).add(value)))
}

fn last_value(number: Expr) -> Expr {
    Expr::val(VALUE_MAX).sub(number.bit_and(VALUES - 1))
}

/// The column, kept within the bits that are there for it; no answer reaches so far.
pub(super) fn value(answer: &Answer) -> Expr {
    let least = Func::greatest([Expr::col(answer.item.name), Expr::val(VALUE_MIN)]);
    Func::least([least.into(), Expr::val(VALUE_MAX)]).into()
}

fn aggregate(
    scope: &Scope<'_>,
    feature: &Feature,
    answer: &Answer,
    round: &str,
    over: impl FnOnce(Expr) -> Over,
) -> Result<Aggregate, SqlError> {
    let of_round = Expr::col(answer.round.name).eq(round);
    Ok(Aggregate {
        within: rows::in_window(scope, feature, answer.date)?,
        meets: of_round.and(Expr::col(answer.item.name).is_not_null()),
        over: over(scope.dialect.day(Expr::col(answer.date.name))),
    })
}
