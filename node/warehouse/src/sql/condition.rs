//! The test of a column, as an expression. A missing value passes none: the expression is then NULL or false.
//!
//! A list of codes passes if one of its codes does.

use sea_query::{Expr, ExprTrait as _, Func};
use tvaers_definitions::feature::{Condition, Literal, Test};
use tvaers_definitions::schema::ColumnKind;

use super::dialect::{Dialect, joined};

/// Whether a row meets all conditions. Columns are of the statement's only table.
pub(super) fn all(dialect: Dialect, conditions: &[Condition]) -> Expr {
    let conditions = conditions.iter().map(|one| condition(dialect, one));
    conditions.reduce(|left, right| left.and(right)).unwrap_or_else(|| Expr::val(true))
}

/// Whether at least one of the condition's columns passes. Columns are of the statement's only table.
pub(super) fn condition(dialect: Dialect, condition: &Condition) -> Expr {
    any(condition
        .columns
        .iter()
        .map(|column| test(dialect, Expr::col(column.name), column.kind, &condition.test)))
}

/// Whether `column` passes.
pub(super) fn test(dialect: Dialect, column: Expr, kind: ColumnKind, test: &Test) -> Expr {
    match test {
        Test::StartsWith { any_of, except } if kind == ColumnKind::List => {
            let list = bracketed(column);
            let starts = |list: Expr| {
                any(any_of.iter().map(|prefix| dialect.contains(list.clone(), format!("|{prefix}"))))
            };
            if except.is_empty() {
                return starts(list);
            }
            // Asked of the list as it is first: it spares most rows the work.
            starts(list.clone()).and(starts(without(list, except)))
        }
        Test::StartsWith { any_of, except } if except.is_empty() => starts_with(&column, any_of),
        Test::StartsWith { any_of, except } => {
            starts_with(&column, any_of).and(starts_with(&column, except).not())
        }
        Test::AnyOf(values) if kind == ColumnKind::List => {
            let list = bracketed(column);
            any(values.iter().map(|value| match value {
                Literal::Text(code) => dialect.contains(list.clone(), format!("|{code}|")),
                Literal::Integer(code) => dialect.contains(list.clone(), format!("|{code}|")),
            }))
        }
        Test::AnyOf(values) => column.is_in(values.iter().map(literal)),
        Test::NoneOf(values) => column.is_not_in(values.iter().map(literal)),
        Test::AtLeast(least) => column.gte(*least),
    }
}

/// 1 where the expression is true, else 0.
pub(super) fn flag(condition: Expr) -> Expr {
    Expr::case(condition, 1_i64).finally(0_i64).into()
}

/// Whether any is true; false where there is none.
pub(super) fn any(conditions: impl IntoIterator<Item = Expr>) -> Expr {
    conditions.into_iter().reduce(|left, right| left.or(right)).unwrap_or_else(|| Expr::val(false))
}

/// Prefixes of one length are compared as one set with the first letters of the column.
fn starts_with(column: &Expr, prefixes: &[String]) -> Expr {
    let mut lengths: Vec<usize> = prefixes.iter().map(String::len).collect();
    lengths.sort_unstable();
    lengths.dedup();
    any(lengths.into_iter().map(|length| {
        let letters = i32::try_from(length).unwrap_or(i32::MAX);
        // PostgreSQL's `substr` takes 32-bit numbers only.
        let start = Func::cust("substr").arg(column.clone()).arg(1_i32).arg(letters);
        Expr::from(start).is_in(prefixes.iter().filter(|prefix| prefix.len() == length).cloned())
    }))
}

/// A list of codes in which those that start with one of the prefixes have lost the `|` before them, and so start
/// nowhere.
fn without(list: Expr, prefixes: &[String]) -> Expr {
    prefixes
        .iter()
        .fold(list, |list, prefix| Func::cust("replace").arg(list).arg(format!("|{prefix}")).arg(" ").into())
}

/// A list of codes with a `|` before each and after the last.
fn bracketed(column: Expr) -> Expr {
    joined(joined(Expr::val("|"), column), Expr::val("|"))
}

fn literal(literal: &Literal) -> Expr {
    match literal {
        Literal::Text(text) => Expr::val(text.clone()),
        Literal::Integer(number) => Expr::val(*number),
    }
}
