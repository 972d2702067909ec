//! Features over the codes of the ISO week that contains the reference date.

use sea_query::{Expr, ExprTrait as _};
use tvaers_definitions::feature::WeekCode;

use super::Scope;
use super::aggregate::{Aggregate, Over};

/// 1 where the week has one of the rule's codes. A person can have several in a week; each rule looks for its own.
pub(super) fn aggregate(scope: &Scope<'_>, rule: &WeekCode) -> Aggregate {
    // The week's own year: 2024-12-30 lies in week 1 of 2025.
    let week = scope.as_of.iso_week_date();
    let of_year = Expr::col(rule.year.name).eq(i64::from(week.year()));
    let codes = rule.codes.iter().flat_map(|range| range.codes());
    Aggregate {
        within: of_year.and(Expr::col(rule.week.name).eq(i64::from(week.week()))),
        meets: Expr::col(rule.code.name).is_in(codes),
        over: Over::Any,
    }
}
