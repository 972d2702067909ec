//! The test of a column, as an expression. A missing value passes none: the expression is then NULL or false.

use sea_query::{Expr, ExprTrait as _, Func};
use tvaers_definitions::feature::{Condition, Literal, Test};
use tvaers_definitions::schema::ColumnKind;

use super::dialect::{Dialect, joined};

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
        Test::StartsWith(prefixes) if kind == ColumnKind::List => {
            let list = bracketed(column);
            any(prefixes.iter().map(|prefix| dialect.contains(list.clone(), format!("|{prefix}"))))
        }
        Test::StartsWith(prefixes) => starts_with(&column, prefixes),
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
        let start = Func::cust("substr").arg(column.clone()).arg(1_i64).arg(length as i64);
        Expr::from(start).is_in(prefixes.iter().filter(|prefix| prefix.len() == length).cloned())
    }))
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
