//! What a person's own row says: residence, the population, municipality, age, columns as they are or tested.

use jiff::ToSpan as _;
use jiff::civil::Date;
use sea_query::{CaseStatement, CommonTableExpression, Expr, ExprTrait as _, Func, IntoIden as _, Query};
use tvaers_definitions::feature::{Feature, Kind, PersonColumn, Residence, Rule};
use tvaers_definitions::model::Population;
use tvaers_definitions::schema::{Column, ColumnKind, PERSON, Table};

use super::condition::{flag, test};
use super::dialect::Dialect;
use super::islands::table;
use super::{Holding, Scope, SqlError};

/// The alias of the person table.
pub(super) const ALIAS: &str = "p";
/// The common table of those at [`home`], for the feature that tells who is resident.
pub(super) const HOME: &str = "home";

/// Those whom the municipality's register of residence has on the reference date, or, where the dead count, had on the
/// day of their death; once each where they are joined.
pub(super) fn home(scope: &Scope<'_>, residence: &Residence, own: u16, name: &str) -> CommonTableExpression {
    let as_of = scope.dialect.date(scope.as_of);
    let to = || Expr::col(residence.to.name);
    let same = |column| Expr::col((residence.table.name, column));
    let mut select = Query::select();
    if scope.dialect == Dialect::Postgres {
        select.distinct();
    }
    select.expr_as(same(PERSON), PERSON).from(residence.table.name);
    let day: Expr = if residence.died {
        let register = Table::of_persons(scope.holding.sector()).name;
        select.inner_join(register, same(PERSON).equals((register, PERSON)));
        let death = || Expr::col((register, residence.death.name));
        CaseStatement::new().case(death().lte(as_of.clone()), death()).finally(as_of).into()
    } else {
        as_of
    };
    let select = select
        .and_where(Expr::col(residence.kommune.name).eq(i64::from(own)))
        .and_where(Expr::col(residence.from.name).lte(day.clone()))
        .and_where(to().is_null().or(to().gte(day)))
        .take();
    table(name.to_owned(), select)
}

/// Whether [`resident`] looks at a joined table.
pub(super) fn joins_home(scope: &Scope<'_>) -> bool {
    scope.dialect == Dialect::Postgres
}

/// 1 for those at [`home`], in the common table of that name, who live beyond the reference date, or for all of them
/// where the dead count.
///
/// SQLite looks a set up faster than it joins it. PostgreSQL would search a set that it takes for larger than its
/// working memory anew for each person, and so joins it.
pub(super) fn resident(scope: &Scope<'_>, residence: &Residence, home: &str) -> Expr {
    let home = home.to_owned().into_iden();
    let at_home = match scope.dialect {
        Dialect::Sqlite => {
            Expr::col((ALIAS, PERSON)).in_subquery(Query::select().column(PERSON).from(home).take())
        }
        Dialect::Postgres => Expr::col((home, PERSON)).is_not_null(),
    };
    flag(if residence.died { at_home } else { lives(scope, residence.death).and(at_home) })
}

/// 1 for those of a region's register who live beyond the reference date, or for all where the dead count. The day of
/// death has the same name in both registers.
pub(super) fn alive(scope: &Scope<'_>, residence: &Residence) -> Result<Expr, SqlError> {
    if residence.died {
        return Ok(Expr::val(1_i64));
    }
    let register = Table::of_persons(scope.holding.sector());
    let death = register.column(residence.death.name);
    Ok(flag(lives(scope, death.ok_or_else(|| no_value(residence.death.name))?)))
}

/// One who dies on the reference date is no longer resident.
fn lives(scope: &Scope<'_>, death: &Column) -> Expr {
    own(death).is_null().or(own(death).gt(scope.dialect.date(scope.as_of)))
}

/// 1 for those whose age on the reference date is in the population's range, and who belong to a municipality that
/// is meant: a municipality's own persons to it, whoever else may be meant, and a region's to that of residence.
pub(super) fn eligible(scope: &Scope<'_>, population: &Population) -> Result<Expr, SqlError> {
    let age = &population.age;
    let Rule::Age { birth } = age.rule else { return Err(no_value(&age.name)) };
    let old_enough = reached(scope, birth, population.from, age)?;
    let too_old = reached(scope, birth, population.to.saturating_add(1), age)?;
    let mut eligible = old_enough.and(too_old.not());
    if !population.kommuner.is_empty() {
        let codes = population.kommuner.iter().map(|code| i64::from(*code));
        eligible = eligible.and(kommune(scope, &population.kommune)?.is_in(codes));
    }
    Ok(flag(eligible))
}

/// Whether someone is so many years old: born on or before the reference date less the years. Calendar arithmetic
/// clamps 29 February to the 28th, and so one born on the 29th comes of age on 1 March.
fn reached(scope: &Scope<'_>, birth: &Column, years: u16, feature: &Feature) -> Result<Expr, SqlError> {
    let years = i64::from(years).years();
    let born: Date = scope.as_of.checked_sub(years).map_err(|_| scope.off_calendar(&feature.name))?;
    Ok(own(birth).lte(scope.dialect.date(born)))
}

/// Age in completed years: the difference of the years, less one before the birthday.
pub(super) fn age(scope: &Scope<'_>, birth: &Column) -> Expr {
    let as_of = scope.as_of;
    let part = |from: i32, length: i32| {
        Func::cust("substr").arg(scope.dialect.text(own(birth))).arg(from).arg(length)
    };
    let year = Expr::from(part(1, 4)).cast_as("integer");
    let today = format!("{:02}-{:02}", as_of.month(), as_of.day());
    let before_birthday = flag(Expr::from(part(6, 5)).gt(today));
    Expr::val(i64::from(as_of.year())).sub(year).sub(before_birthday)
}

/// The index of the last band whose first year of age is reached; NULL for one who is not born yet.
pub(super) fn age_band(
    scope: &Scope<'_>,
    birth: &Column,
    from: &[u16],
    feature: &Feature,
) -> Result<Expr, SqlError> {
    let mut band = CaseStatement::new();
    for (index, years) in from.iter().enumerate().rev() {
        band = band.case(reached(scope, birth, *years, feature)?, index as i64);
    }
    Ok(band.into())
}

/// A column's value, the index of its label, or whether it passes the rule's test.
pub(super) fn value(scope: &Scope<'_>, rule: &PersonColumn, feature: &Feature) -> Expr {
    let column = || own(rule.column);
    match (&rule.test, &feature.kind) {
        (Some(one), _) => flag(test(scope.dialect, column(), rule.column.kind, one)),
        (None, Kind::Category(labels)) => {
            let mut index = CaseStatement::new();
            for (number, label) in (0_i64..).zip(labels) {
                index = index.case(column().eq(label.as_str()), number);
            }
            index.into()
        }
        (None, _) if rule.column.kind == ColumnKind::Integer => {
            Func::coalesce([column(), Expr::val(0_i64)]).into()
        }
        (None, _) => column(),
    }
}

/// The code of the municipality: a municipality's own, or what the region's register has.
pub(super) fn kommune(scope: &Scope<'_>, feature: &Feature) -> Result<Expr, SqlError> {
    match (scope.holding, &feature.rule) {
        (Holding::Municipality { own }, _) => Ok(Expr::val(i64::from(own))),
        (Holding::Region { .. }, Rule::Kommune { column }) => Ok(own(column)),
        _ => Err(no_value(&feature.name)),
    }
}

fn own(column: &Column) -> Expr {
    Expr::col((ALIAS, column.name))
}

fn no_value(feature: &str) -> SqlError {
    SqlError::NoComponent { feature: feature.to_owned() }
}
