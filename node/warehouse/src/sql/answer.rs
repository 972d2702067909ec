//! The first or the last answer of a round, or how much the one differs from the other.
//!
//! An answer is found in the same pass as all others of the table: its day and its value are made one number, of
//! which the least is of the first day, and the greatest of the last. The upper bits are the day, the lower 32 the
//! value.

use sea_query::{Expr, ExprTrait as _, Func};
use tvaers_definitions::feature::{Answer, Feature, Pick};

use super::aggregate::{Aggregate, Over};
use super::{Scope, SqlError, rows};

const VALUES: i64 = 1 << 32;
const VALUE_MIN: i64 = -(1 << 31);
const VALUE_MAX: i64 = (1 << 31) - 1;

/// The value of the answer that the rule picks, NULL where there is none. `put` has a number worked out, under a
/// name that says which end it is of, and gives the expression for it.
pub(super) fn picked(
    scope: &Scope<'_>,
    feature: &Feature,
    answer: &Answer,
    mut put: impl FnMut(&str, Aggregate) -> Expr,
) -> Result<Expr, SqlError> {
    let mut first = |round: &str| Ok(first_value(put("first", first_of(scope, feature, answer, round)?)));
    Ok(match &answer.pick {
        Pick::First(round) => first(round)?,
        Pick::Last(round) => last_value(put("last", last_of(scope, feature, answer, round)?)),
        Pick::Change { first: before, last: after } => {
            let before = first(before)?;
            last_value(put("last", last_of(scope, feature, answer, after)?)).sub(before)
        }
    })
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
fn value(answer: &Answer) -> Expr {
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
