//! Index admissions and what follows them: each stay with what the register of persons says of its first and its last
//! day, the admission after it, and one row a person.
//!
//! The window holds discharges, so a stay may have begun long before it, and every physical contact up to the reference
//! date is looked at.

use jiff::ToSpan as _;
use sea_query::{
    CaseStatement, CommonTableExpression, Expr, ExprTrait as _, Func, IntoIden as _, JoinType, Order,
    OverStatement as _, Query, SelectStatement, WindowStatement,
};
use tvaers_definitions::schema::{PERSON, Table};

use super::super::condition::flag;
use super::super::dialect::{MINUTES_PER_HOUR, day_number, day_of_minute};
use super::super::islands::{BEGINS, ENDS, table};
use super::super::{Scope, SqlError};
use super::{ACUTE, ADMISSION, FIRST_DAY, KIND, LAST_DAY, StaysPass};

/// The alias of the register of persons, beside the stays.
const REGISTER: &str = "register";
/// The column that is 1 where an admission is an index admission.
const INDEX_ADMISSION: &str = "index_admission";
/// The columns with the first day of the next admission, and whether it is acute.
const NEXT_DAY: &str = "next_day";
const NEXT_ACUTE: &str = "next_acute";

const MONTHS_PER_YEAR: i32 = 12;

/// What makes a stay an index admission, if it is long enough; asked of the stays beside the register of persons.
pub(in super::super) struct IndexTests {
    stays: String,
    register: &'static str,
    /// Of the first contact and the age on its day.
    pub(in super::super) index: Expr,
    /// Of the end: it is a discharge, alive and within the days that count.
    pub(in super::super) discharged: Expr,
}

impl IndexTests {
    /// A select of nothing yet from the stays, each beside its person in the register.
    pub(in super::super) fn select(&self) -> SelectStatement {
        let same = self.person().equals((REGISTER, PERSON));
        let mut select = Query::select();
        select.from(self.stays.clone().into_iden());
        select.join_as(JoinType::InnerJoin, self.register, REGISTER, same).take()
    }

    /// Whose stay it is.
    pub(in super::super) fn person(&self) -> Expr {
        Expr::col((self.stays.clone().into_iden(), PERSON))
    }
}

impl StaysPass<'_> {
    /// The tests, where what is told is told of index admissions. The scope is that from which the feature is seen.
    pub(in super::super) fn index_tests(&self, scope: &Scope<'_>) -> Result<Option<IndexTests>, SqlError> {
        let Some(index) = self.stays.index() else { return Ok(None) };
        let last = scope.as_of.checked_sub(i64::from(index.days_ago).days());
        let last = last.map_err(|_| scope.off_calendar(&self.feature.name))?;
        let own = |name: &'static str| scope.dialect.day(Expr::col((REGISTER, name)));
        // So many years before the first day, clamped to the end of the month: one born on 29 February is a year older
        // on 1 March in other years.
        let months = i32::from(index.least_age) * MONTHS_PER_YEAR;
        let born_by = scope.dialect.months_later(day_of_minute(Expr::col(BEGINS)), -months);
        let discharge = || day_of_minute(Expr::col(ENDS));
        let death = Expr::col((REGISTER, index.death.name));
        let alive = death.is_null().or(own(index.death.name).gt(discharge()));
        let in_time = discharge().gt(day_number(self.opens(scope)?)).and(discharge().lte(day_number(last)));
        Ok(Some(IndexTests {
            stays: format!("{}_merged", self.name),
            register: Table::of_persons(scope.holding.sector()).name,
            index: Expr::col(KIND).eq(1_i64).and(own(index.birth.name).lte(born_by)),
            discharged: in_time.and(alive),
        }))
    }

    /// The steps from the stays to one row a person.
    pub(super) fn of_index(&self, scope: &Scope<'_>, tests: &IndexTests) -> Vec<CommonTableExpression> {
        let (admissions, next) = (format!("{}_admissions", self.name), format!("{}_next", self.name));
        vec![
            table(admissions.clone(), self.index_admissions(tests)),
            table(next.clone(), followed(admissions)),
            table(self.name.clone(), self.measured(scope, next)),
        ]
    }

    fn index_admissions(&self, tests: &IndexTests) -> SelectStatement {
        let minutes = i64::from(self.stays.admission_hours) * MINUTES_PER_HOUR;
        let long_enough = Expr::col(ENDS).sub(Expr::col(BEGINS)).gte(minutes);
        let is_index = long_enough.clone().and(tests.index.clone()).and(tests.discharged.clone());
        tests
            .select()
            .expr_as(tests.person(), PERSON)
            .columns([BEGINS, ACUTE])
            .expr_as(day_of_minute(Expr::col(BEGINS)), FIRST_DAY)
            .expr_as(day_of_minute(Expr::col(ENDS)), LAST_DAY)
            .expr_as(flag(long_enough), ADMISSION)
            .expr_as(flag(is_index), INDEX_ADMISSION)
            .take()
    }
}

/// For each admission, what is asked of the person's next one. Partitioned by whether it is an admission, so that no
/// shorter stay lies between.
fn followed(admissions: String) -> SelectStatement {
    let mut select = Query::select();
    select.columns([PERSON, LAST_DAY, INDEX_ADMISSION]).from(admissions.into_iden());
    for (column, of_next) in [(FIRST_DAY, NEXT_DAY), (ACUTE, NEXT_ACUTE)] {
        let mut admissions = WindowStatement::partition_by(PERSON);
        admissions.partition_by(ADMISSION).order_by(BEGINS, Order::Asc);
        select.expr_window_as(Func::cust("LEAD").arg(Expr::col(column)), admissions, of_next);
    }
    select.take()
}

/// How many index admissions there are; how many whose next admission is acute and begins within so many days.
pub(super) fn counted(days: Option<u16>) -> Expr {
    let mut counts = Expr::col(INDEX_ADMISSION).eq(1_i64);
    if let Some(days) = days {
        let near = Expr::col(NEXT_DAY).lte(Expr::col(LAST_DAY).add(i64::from(days)));
        counts = counts.and(Expr::col(NEXT_ACUTE).eq(1_i64)).and(near);
    }
    Func::count(CaseStatement::new().case(counts, 1_i64)).into()
}
