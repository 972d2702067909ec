//! What a person's own row says: residence, the age range, municipality, columns as they are or tested.

use jiff::ToSpan as _;
use sea_query::{CaseStatement, CommonTableExpression, Expr, ExprTrait as _, Func, Query};
use tvaers_definitions::feature::{Feature, Kind, Literal, PersonColumn, Residence, Rule, Test};
use tvaers_definitions::model::{Component, Population};
use tvaers_definitions::schema::{Column, ColumnKind, PERSON};

use super::condition::{flag, test};
use super::dialect::Dialect;
use super::{Extraction, SqlError};

/// The alias of the person table.
pub(super) const ALIAS: &str = "p";
/// The common table of those with a residence row that contains the reference date.
pub(super) const HOME: &str = "home";

/// Those whom the municipality's register of residence has on the reference date, once each.
pub(super) fn home(
    extraction: &Extraction<'_>,
    dialect: Dialect,
    residence: &Residence,
    own: u16,
) -> CommonTableExpression {
    let as_of = dialect.date(extraction.as_of);
    let to = || Expr::col(residence.to.name);
    let select = Query::select()
        .distinct()
        .column(PERSON)
        .from(residence.table.name)
        .and_where(Expr::col(residence.kommune.name).eq(i64::from(own)))
        .and_where(Expr::col(residence.from.name).lte(as_of.clone()))
        .and_where(to().is_null().or(to().gte(as_of)))
        .take();
    let mut home = CommonTableExpression::new();
    home.table_name(HOME).query(select);
    home
}

/// 1 for those at [`HOME`] who live beyond the reference date: one who dies on it is no longer resident.
pub(super) fn resident(extraction: &Extraction<'_>, dialect: Dialect, residence: &Residence) -> Expr {
    let death = own(residence.death);
    let alive = death.clone().is_null().or(death.gt(dialect.date(extraction.as_of)));
    flag(alive.and(Expr::col((HOME, PERSON)).is_not_null()))
}

/// 1 for those whose age on the reference date is in the population's range.
///
/// Someone is a years old or more if born on or before the reference date less a years. Calendar arithmetic clamps
/// 29 February to the 28th, and so one born on the 29th comes of age on 1 March.
pub(super) fn eligible(
    extraction: &Extraction<'_>,
    dialect: Dialect,
    population: &Population,
) -> Result<Expr, SqlError> {
    let name = &population.age.name;
    let Rule::Age { birth } = population.age.rule else {
        return Err(SqlError::NoComponent { feature: name.clone() });
    };
    let born = |years: u16| {
        let years = i64::from(years).years();
        extraction.as_of.checked_sub(years).map_err(|_| extraction.off_calendar(name))
    };
    let old_enough = own(birth).lte(dialect.date(born(population.from)?));
    let too_old = dialect.date(born(population.to.saturating_add(1))?);
    Ok(flag(old_enough.and(own(birth).gt(too_old))))
}

/// Age in completed years: the difference of the years, less one before the birthday.
pub(super) fn age(extraction: &Extraction<'_>, dialect: Dialect, birth: &Column) -> Expr {
    let as_of = extraction.as_of;
    let part =
        |from: i64, length: i64| Func::cust("substr").arg(dialect.text(own(birth))).arg(from).arg(length);
    let year = Expr::from(part(1, 4)).cast_as("integer");
    let today = format!("{:02}-{:02}", as_of.month(), as_of.day());
    let before_birthday = flag(Expr::from(part(6, 5)).gt(today));
    Expr::val(i64::from(as_of.year())).sub(year).sub(before_birthday)
}

/// A column's value, or whether it passes the rule's test or has one of the component's labels.
pub(super) fn value(dialect: Dialect, rule: &PersonColumn, component: &Component) -> Expr {
    let column = own(rule.column);
    match &rule.test {
        Some(one) => flag(test(dialect, column, rule.column.kind, one)),
        None if rule.column.kind == ColumnKind::Integer => Func::coalesce([column, Expr::val(0_i64)]).into(),
        None => {
            let labels = component.is.iter().cloned().map(Literal::Text).collect();
            flag(test(dialect, column, rule.column.kind, &Test::AnyOf(labels)))
        }
    }
}

/// The region's column for the municipality of residence.
pub(super) fn kommune(feature: &Feature) -> Result<Expr, SqlError> {
    match feature.rule {
        Rule::Kommune { column } => Ok(own(column)),
        _ => Err(SqlError::NoComponent { feature: feature.name.clone() }),
    }
}

fn own(column: &Column) -> Expr {
    Expr::col((ALIAS, column.name))
}

/// The value within the component's clamp; a flag needs none.
pub(super) fn clamped(value: Expr, component: &Component) -> Expr {
    if !matches!(component.feature.kind, Kind::Integer { .. }) {
        return value;
    }
    let (min, max) = (i64::from(component.value_min), i64::from(component.value_max));
    let capped: Expr = Func::least([value, Expr::val(max)]).into();
    if min == 0 { capped } else { Func::greatest([capped, Expr::val(min)]).into() }
}

/// The points of a clamped value. A component that excludes has its value for points.
pub(super) fn points(value: Expr, component: &Component) -> Expr {
    if component.bands.is_empty() {
        return value;
    }
    let mut case = CaseStatement::new();
    for band in component.bands.iter().rev() {
        case = case.case(value.clone().gte(i64::from(band.from)), i64::from(band.points));
    }
    case.finally(0_i64).into()
}
