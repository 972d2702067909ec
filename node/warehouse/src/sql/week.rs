//! Features over the codes of the ISO week that contains the reference date.

use sea_query::{Expr, ExprTrait as _, Func, Query, SelectStatement};
use tvaers_definitions::feature::WeekCode;
use tvaers_definitions::schema::PERSON;

use super::Extraction;
use super::condition::{any, flag};

/// A select with `person_id` and one column per rule, 1 where the week has one of its codes. The rules are of the
/// same table and columns. A person can have several codes in a week; each rule looks for its own.
pub(super) fn select(extraction: &Extraction<'_>, rules: &[(&WeekCode, String)]) -> SelectStatement {
    // The week's own year: 2024-12-30 lies in week 1 of 2025.
    let week = extraction.as_of.iso_week_date();
    let mut select = Query::select();
    select.column(PERSON).group_by_col(PERSON);
    let mut tests = Vec::new();
    for (rule, column) in rules {
        let codes = rule.codes.iter().flat_map(|range| range.codes());
        let test = Expr::col(rule.code.name).is_in(codes);
        select.expr_as(Func::max(flag(test.clone())), column.clone());
        tests.push(test);
    }
    if let Some((rule, _)) = rules.first() {
        select
            .from(rule.table.name)
            .and_where(Expr::col(rule.year.name).eq(i64::from(week.year())))
            .and_where(Expr::col(rule.week.name).eq(i64::from(week.week())));
    }
    select.and_where(any(tests)).take()
}
