//! Merged stays: contacts of a person that overlap or follow each other after a short gap become one.
//!
//! In steps: the contacts that can matter, their times in minutes; the stays that they merge to, each with what its
//! first contact says; which stays are admissions that begin in the window; where a measure asks how near admissions
//! are, for each the first day of the one so many before it; one row a person. Events take the stays themselves. What
//! is told of index admissions goes its own way from the stays on: see [`index`].

mod index;

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime};
use sea_query::{
    CaseStatement, CommonTableExpression, Expr, ExprTrait as _, Func, IntoIden as _, Order,
    OverStatement as _, Query, SelectStatement, WindowStatement,
};
use tvaers_definitions::feature::{Feature, StayMeasure, Stays};
use tvaers_definitions::schema::PERSON;

use super::aggregate::whole_sum;
use super::condition::{all, condition, flag};
use super::dialect::{MINUTES_PER_DAY, MINUTES_PER_HOUR, day_number, day_of_minute};
use super::islands::{self, BEGINS, ENDS, Merge, TOUCH, table};
use super::{Scope, SqlError};

/// The column with the identifier of a stay's first contact.
pub(super) const ID: &str = "first_id";
/// The column that is 1 where the first contact is acute.
pub(super) const ACUTE: &str = "acute";
/// The column with the end of the first contact.
pub(super) const FIRST_ENDS: &str = "first_ends";

/// The column that is 1 where the first contact is of the kind that makes an index admission.
const KIND: &str = "kind";
const FIRST_DAY: &str = "first_day";
const LAST_DAY: &str = "last_day";
/// The columns that are 1 where a stay counts: where it is an admission, and where it is an acute one.
const ADMISSION: &str = "admission";
const ACUTE_ADMISSION: &str = "acute_admission";

/// Stays of the same contacts, seen from the same window.
pub(super) struct StaysPass<'a> {
    /// Prefix of its common tables.
    name: String,
    feature: &'a Feature,
    stays: &'a Stays,
    measures: Vec<Measured>,
}

/// What is told of the stays, and the name of its column.
struct Measured {
    measure: StayMeasure,
    only_acute: bool,
    column: String,
}

impl<'a> StaysPass<'a> {
    pub(super) const fn new(name: String, feature: &'a Feature, stays: &'a Stays) -> Self {
        Self { name, feature, stays, measures: Vec::new() }
    }

    /// Whether the feature is told of the same merged stays.
    pub(super) fn serves(&self, feature: &Feature, stays: &Stays) -> bool {
        let days = |feature: &Feature| (feature.window, feature.earlier);
        self.stays.merges_like(stays) && days(self.feature) == days(feature)
    }

    /// The name of the last of [`StaysPass::tables`].
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Has the measure told in a column.
    pub(super) fn add(&mut self, stays: &Stays, column: String) {
        let measure = stays.measure.clone();
        self.measures.push(Measured { measure, only_acute: stays.only_acute, column });
    }

    /// The steps as common tables, the last with one row a person: `person_id`, [`TOUCH`] and the columns.
    pub(super) fn tables(&self, scope: &Scope<'_>) -> Result<Vec<CommonTableExpression>, SqlError> {
        let scope = &scope.seen_by(self.feature)?;
        let mut tables = self.merged(scope)?;
        if let Some(tests) = self.index_tests(scope)? {
            tables.extend(self.of_index(scope, &tests));
            return Ok(tables);
        }
        let mut last = format!("{}_admissions", self.name);
        tables.push(table(last.clone(), self.admissions(scope)?));
        if self.measures.iter().any(|measured| measured.before().is_some()) {
            let before = self.before(last);
            last = format!("{}_before", self.name);
            tables.push(table(last.clone(), before));
        }
        tables.push(table(self.name.clone(), self.measured(scope, last)));
        Ok(tables)
    }

    /// The steps up to `<name>_merged`, which has the stays. The scope is that from which the feature is seen.
    pub(super) fn merged(&self, scope: &Scope<'_>) -> Result<Vec<CommonTableExpression>, SqlError> {
        let carried: &[&str] = match self.stays.index() {
            None => &[ID, FIRST_ENDS, ACUTE],
            Some(_) => &[ID, FIRST_ENDS, ACUTE, KIND],
        };
        let gap = i64::from(self.stays.gap_hours) * MINUTES_PER_HOUR;
        let merge = Merge { name: &self.name, gap, carried, ties: Some(ID) };
        let mut tables = vec![table(format!("{}_records", self.name), self.contacts(scope)?)];
        tables.extend(islands::steps(&merge));
        Ok(tables)
    }

    /// The last day before the window.
    pub(super) fn opens(&self, scope: &Scope<'_>) -> Result<Date, SqlError> {
        scope.opens_on(self.feature)
    }

    /// The earliest end that matters: a gap before the window's first minute. What ends earlier begins before the
    /// window, and so does everything that it is merged with directly; a stay that it belongs to begins before the
    /// window with or without it.
    fn reaches_from(&self, scope: &Scope<'_>) -> Result<DateTime, SqlError> {
        let name = &self.feature.name;
        let first_minute = scope.after(self.opens(scope)?, name)?.at(0, 0, 0, 0);
        first_minute
            .checked_sub(i64::from(self.stays.gap_hours).hours())
            .map_err(|_| scope.off_calendar(name))
    }

    fn contacts(&self, scope: &Scope<'_>) -> Result<SelectStatement, SqlError> {
        let Stays { table, id, start, end, contact, acute, .. } = self.stays;
        let after = scope.dialect.date(scope.after(scope.as_of, &self.feature.name)?);
        let end = || Expr::col(end.name);
        let last_minute = (day_number(scope.as_of) + 1) * MINUTES_PER_DAY - 1;
        let ends =
            CaseStatement::new().case(end().is_null(), last_minute).finally(scope.dialect.minute(end()));
        let mut select = Query::select();
        select
            .column(PERSON)
            .expr_as(scope.dialect.minute(Expr::col(start.name)), BEGINS)
            .expr_as(ends.clone(), ENDS)
            .expr_as(Expr::col(id.name), ID)
            .expr_as(ends, FIRST_ENDS)
            .expr_as(flag(condition(scope.dialect, acute)), ACUTE)
            .from(table.name)
            .and_where(condition(scope.dialect, contact))
            .and_where(Expr::col(start.name).lt(after));
        match self.stays.index() {
            None => {
                let from = scope.dialect.time(self.reaches_from(scope)?);
                select.and_where(end().is_null().or(end().gte(from)));
            }
            // The window holds discharges: what a stay began with may lie any time before it.
            Some(index) => {
                select.expr_as(flag(all(scope.dialect, &index.conditions)), KIND);
            }
        }
        Ok(select)
    }

    /// The stays with their days, and whether each counts.
    fn admissions(&self, scope: &Scope<'_>) -> Result<SelectStatement, SqlError> {
        let minutes = i64::from(self.stays.admission_hours) * MINUTES_PER_HOUR;
        let long_enough = Expr::col(ENDS).sub(Expr::col(BEGINS)).gte(minutes);
        let first_day = day_of_minute(Expr::col(BEGINS));
        let admission = first_day.clone().gt(day_number(self.opens(scope)?)).and(long_enough);
        let acute = admission.clone().and(Expr::col(ACUTE).eq(1_i64));
        Ok(Query::select()
            .columns([PERSON, BEGINS])
            .expr_as(first_day, FIRST_DAY)
            .expr_as(last_day(scope), LAST_DAY)
            .expr_as(flag(admission), ADMISSION)
            .expr_as(flag(acute), ACUTE_ADMISSION)
            .from(format!("{}_merged", self.name).into_iden())
            .take())
    }

    /// For each stay that counts, the first day of the stay that counts and lies so many before it.
    fn before(&self, admissions: String) -> SelectStatement {
        let mut select = Query::select();
        select
            .columns([PERSON, FIRST_DAY, LAST_DAY, ADMISSION, ACUTE_ADMISSION])
            .from(admissions.into_iden());
        for measured in &self.measures {
            let Some(before) = measured.before() else { continue };
            // Partitioned by whether they count, so that no other lies between.
            let mut counting = WindowStatement::partition_by(PERSON);
            counting.partition_by(measured.counts()).order_by(BEGINS, Order::Asc);
            // PostgreSQL wants a 32-bit number.
            let lag = Func::cust("LAG").arg(Expr::col(FIRST_DAY)).arg(i32::from(before));
            select.expr_window_as(lag, counting, measured.day_before());
        }
        select.take()
    }

    fn measured(&self, scope: &Scope<'_>, from: String) -> SelectStatement {
        let mut select = Query::select();
        // Touched is who has any of the contacts that were kept.
        select.column(PERSON).expr_as(Func::max(Expr::val(1_i64)), TOUCH);
        for measured in &self.measures {
            select.expr_as(measured.value(scope), measured.column.clone());
        }
        select.from(from.into_iden()).group_by_col(PERSON).take()
    }
}

/// The day of a stay's end, no further than the reference date: a known end after it is kept in minutes only.
pub(super) fn last_day(scope: &Scope<'_>) -> Expr {
    let as_of = Expr::val(day_number(scope.as_of));
    Func::least([day_of_minute(Expr::col(ENDS)), as_of]).into()
}

impl Measured {
    const fn counts(&self) -> &'static str {
        if self.only_acute { ACUTE_ADMISSION } else { ADMISSION }
    }

    /// How many before an admission the one lies that it must be near to.
    const fn before(&self) -> Option<u16> {
        match self.measure {
            StayMeasure::Count
            | StayMeasure::BedDays
            | StayMeasure::Index(_)
            | StayMeasure::Readmitted { .. } => None,
            StayMeasure::WithinDays { count, .. } | StayMeasure::WithinMonths { count, .. } => {
                Some(count.saturating_sub(1))
            }
        }
    }

    /// The column with the first day of that one.
    fn day_before(&self) -> String {
        format!("before_{}", self.column)
    }

    fn value(&self, scope: &Scope<'_>) -> Expr {
        let counts = Expr::col(self.counts()).eq(1_i64);
        let first_day = || Expr::col(FIRST_DAY);
        let before = || Expr::col(self.day_before());
        let near = |last: Expr| Func::max(flag(counts.clone().and(first_day().lte(last)))).into();
        match &self.measure {
            StayMeasure::Count => Func::count(CaseStatement::new().case(counts, 1_i64)).into(),
            StayMeasure::BedDays => {
                let days = Func::greatest([Expr::col(LAST_DAY).sub(first_day()), Expr::val(1_i64)]);
                whole_sum(CaseStatement::new().case(counts, days))
            }
            StayMeasure::WithinDays { days, .. } => near(before().add(i64::from(*days))),
            StayMeasure::WithinMonths { months, .. } => {
                near(scope.dialect.months_later(before(), i32::from(*months)))
            }
            StayMeasure::Index(_) => index::counted(None),
            StayMeasure::Readmitted { days, .. } => index::counted(Some(*days)),
        }
    }
}
