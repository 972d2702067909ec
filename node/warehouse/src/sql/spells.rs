//! Merged spells: records of a person that overlap or follow day on day become one.
//!
//! In steps: the records that can matter, their days as numbers and their ends no later than the reference date; the
//! spells that they merge to; one row a person. Events take the spells themselves.

use jiff::civil::Date;
use sea_query::{
    CaseStatement, CommonTableExpression, Expr, ExprTrait as _, Func, IntoIden as _, Query, SelectStatement,
};
use tvaers_definitions::feature::{Feature, Measure, Spells};
use tvaers_definitions::layout::RECENCY_NONE;
use tvaers_definitions::schema::PERSON;

use super::condition::flag;
use super::dialect::day_number;
use super::islands::{self, BEGINS, ENDS, Merge, TOUCH, table};
use super::{Scope, SqlError};

/// Spells of the same records, seen from the same window.
pub(super) struct SpellsPass<'a> {
    /// Prefix of its common tables.
    name: String,
    feature: &'a Feature,
    spells: &'a Spells,
    measures: Vec<Measured>,
}

/// What is told of the spells, and the names of the columns.
struct Measured {
    measure: Measure,
    column: String,
    /// The column for the recency of the latest spell, where there is one.
    recency: Option<String>,
}

impl<'a> SpellsPass<'a> {
    pub(super) const fn new(name: String, feature: &'a Feature, spells: &'a Spells) -> Self {
        Self { name, feature, spells, measures: Vec::new() }
    }

    /// Whether the feature is told of the same merged spells.
    pub(super) fn serves(&self, feature: &Feature, spells: &Spells) -> bool {
        let records = |spells: &Spells| (spells.table, spells.first, spells.last);
        let days = |feature: &Feature| (feature.window, feature.earlier);
        records(self.spells) == records(spells) && days(self.feature) == days(feature)
    }

    /// The name of the last of [`SpellsPass::tables`].
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Has the measure told in the columns.
    pub(super) fn add(&mut self, measure: Measure, column: String, recency: Option<String>) {
        self.measures.push(Measured { measure, column, recency });
    }

    /// The steps as common tables, the last with one row a person: `person_id`, [`TOUCH`] and the columns.
    pub(super) fn tables(&self, scope: &Scope<'_>) -> Result<Vec<CommonTableExpression>, SqlError> {
        let scope = &scope.seen_by(self.feature)?;
        let mut tables = self.merged(scope)?;
        tables.push(table(self.name.clone(), self.measured(scope)?));
        Ok(tables)
    }

    /// The steps up to `<name>_merged`, which has the spells. The scope is that from which the feature is seen.
    pub(super) fn merged(&self, scope: &Scope<'_>) -> Result<Vec<CommonTableExpression>, SqlError> {
        let merge = Merge { name: &self.name, gap: 1, carried: &[], ties: None };
        let mut tables = vec![table(format!("{}_records", self.name), self.records(scope)?)];
        tables.extend(islands::steps(&merge));
        Ok(tables)
    }

    /// The last day before the window.
    pub(super) fn opens(&self, scope: &Scope<'_>) -> Result<Date, SqlError> {
        scope.opens_on(self.feature)
    }

    /// A record that ends before the day that the window opens on is left out: whatever it is merged with begins no
    /// later than that day, and so outside the window, with or without it.
    fn records(&self, scope: &Scope<'_>) -> Result<SelectStatement, SqlError> {
        let Spells { table, first, last, .. } = self.spells;
        let after = scope.dialect.date(scope.after(scope.as_of, &self.feature.name)?);
        let opens = scope.dialect.date(self.opens(scope)?);
        let (first, last) = (|| Expr::col(first.name), || Expr::col(last.name));
        let goes_on = last().is_null().or(last().gte(after.clone()));
        let end =
            CaseStatement::new().case(goes_on, day_number(scope.as_of)).finally(scope.dialect.day(last()));
        Ok(Query::select()
            .column(PERSON)
            .expr_as(scope.dialect.day(first()), BEGINS)
            .expr_as(end, ENDS)
            .from(table.name)
            .and_where(first().lt(after))
            .and_where(last().is_null().or(last().gte(opens)))
            .take())
    }

    fn measured(&self, scope: &Scope<'_>) -> Result<SelectStatement, SqlError> {
        let opens = day_number(self.opens(scope)?);
        let in_window = || Expr::col(BEGINS).gt(opens);
        // Merged spells do not overlap, so the latest first day and the latest last day are of one spell.
        let latest =
            |column| Expr::from(Func::max(CaseStatement::new().case(in_window(), Expr::col(column))));
        let mut select = Query::select();
        // Touched is who has a spell that reaches into the window or ends the day before it.
        select.column(PERSON).expr_as(Func::max(flag(Expr::col(ENDS).gte(opens))), TOUCH);
        for Measured { measure, column, recency } in &self.measures {
            let value = match measure {
                Measure::Count { longer_than_days } => {
                    let days = Expr::col(ENDS).sub(Expr::col(BEGINS)).add(1_i64);
                    let counts = in_window().and(days.gt(i64::from(*longer_than_days)));
                    Func::count(CaseStatement::new().case(counts, 1_i64)).into()
                }
                Measure::LengthOfLatest => latest(ENDS).sub(latest(BEGINS)).add(1_i64),
            };
            select.expr_as(value, column.clone());
            if let Some(recency) = recency {
                let days = Expr::val(day_number(scope.as_of)).sub(latest(BEGINS));
                // The greatest number is taken: it says that there is none.
                let most = i64::from(RECENCY_NONE - 1);
                let far = days.clone().gt(most);
                select.expr_as(CaseStatement::new().case(far, most).finally(days), recency.clone());
            }
        }
        Ok(select.from(format!("{}_merged", self.name).into_iden()).group_by_col(PERSON).take())
    }
}
