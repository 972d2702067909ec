//! The passes over tables: each table is read once for all components that ask for it.

use std::collections::BTreeMap;

use sea_query::{CommonTableExpression, Expr, ExprTrait as _, Func, IntoIden as _, SelectStatement};
use tvaers_definitions::feature::{Measure, Rule, Spells, WeekCode};
use tvaers_definitions::model::Component;
use tvaers_definitions::window::Window;

use super::dialect::Dialect;
use super::rows::{self, RowsFeature};
use super::spells::{self, SpellsFeature, TOUCH};
use super::{Extraction, SqlError, person, week};

/// A component in the last select. None of the expressions but `recency` is ever NULL.
pub(super) struct Part {
    /// The value, not yet within the clamp.
    pub(super) value: Expr,
    /// Whether the rule touches the person.
    pub(super) touch: Option<Expr>,
    /// Days since the event's first day, NULL where there is none.
    pub(super) recency: Option<Expr>,
}

/// What has to be read: one entry per pass over a table, with what is worked out in it.
#[derive(Default)]
pub(super) struct Passes<'a> {
    rows: BTreeMap<&'static str, Vec<RowsFeature<'a>>>,
    spells: Vec<(&'a Spells, Window, &'a str, Vec<SpellsFeature>)>,
    weeks: Vec<Vec<(&'a WeekCode, String)>>,
}

impl<'a> Passes<'a> {
    /// Puts a component into the pass over its table, and says how the last select refers to it.
    pub(super) fn add(
        &mut self,
        extraction: &Extraction<'_>,
        dialect: Dialect,
        component: &'a Component,
    ) -> Result<Part, SqlError> {
        let feature = &*component.feature;
        let column = column_name(component);
        let plain = |value| Part { value, touch: None, recency: None };
        Ok(match &feature.rule {
            Rule::AnyRow(rows) | Rule::CountRows(rows) => {
                let counted = matches!(feature.rule, Rule::CountRows(_));
                let value = or_zero(&rows_name(rows.table.name), &column);
                self.rows.entry(rows.table.name).or_default().push(RowsFeature {
                    feature,
                    rows,
                    counted,
                    column,
                });
                Part { touch: Some(value.clone().gt(0_i64)), value, recency: None }
            }
            Rule::Spells(spells) => self.add_spells(spells, component),
            Rule::WeekCode(rule) => plain(self.add_week(rule, column)),
            Rule::Person(rule) => plain(person::value(dialect, rule, component)),
            Rule::Age { birth } => plain(person::age(extraction, dialect, birth)),
            Rule::Resident(_) | Rule::Kommune { .. } => {
                return Err(SqlError::NoComponent { feature: feature.name.clone() });
            }
        })
    }

    /// Rules over the same columns share a pass, whatever their codes.
    fn add_week(&mut self, rule: &'a WeekCode, column: String) -> Expr {
        let columns = |rule: &WeekCode| (rule.table, rule.year, rule.week, rule.code);
        let same =
            |pass: &Vec<(&WeekCode, String)>| pass.iter().all(|(other, _)| columns(other) == columns(rule));
        let index = self.weeks.iter().position(same).unwrap_or_else(|| {
            self.weeks.push(Vec::new());
            self.weeks.len() - 1
        });
        let value = or_zero(&week_name(index), &column);
        if let Some(pass) = self.weeks.get_mut(index) {
            pass.push((rule, column));
        }
        value
    }

    /// Features of the same records and window are told of the same merged spells.
    fn add_spells(&mut self, spells: &'a Spells, component: &'a Component) -> Part {
        let window = component.feature.window;
        let same = |(other, other_window, ..): &(&Spells, Window, &str, _)| {
            (other.table, other.first, other.last, *other_window)
                == (spells.table, spells.first, spells.last, window)
        };
        let index = self.spells.iter().position(same).unwrap_or_else(|| {
            self.spells.push((spells, window, &component.feature.name, Vec::new()));
            self.spells.len() - 1
        });
        let name = spells_name(index);
        let column = column_name(component);
        let latest = spells.measure == Measure::LengthOfLatest;
        let recency = latest.then(|| format!("{column}_recency"));
        let part = Part {
            value: or_zero(&name, &column),
            touch: Some(or_zero(&name, TOUCH).gt(0_i64)),
            recency: recency.clone().map(|recency| Expr::col((name.into_iden(), recency.into_iden()))),
        };
        if let Some((.., features)) = self.spells.get_mut(index) {
            features.push(SpellsFeature { measure: spells.measure, column, recency });
        }
        part
    }

    /// The common tables, and the names of those that the last select joins.
    pub(super) fn tables(
        &self,
        extraction: &Extraction<'_>,
        dialect: Dialect,
        tables: &mut Vec<CommonTableExpression>,
        joined: &mut Vec<String>,
    ) -> Result<(), SqlError> {
        for (table, features) in &self.rows {
            tables.push(named(rows_name(table), rows::select(extraction, dialect, features)?));
            joined.push(rows_name(table));
        }
        for (index, (spells, window, feature, features)) in self.spells.iter().enumerate() {
            let opens = window.opens(extraction.as_of).ok_or_else(|| extraction.off_calendar(feature))?;
            let name = spells_name(index);
            tables.extend(spells::steps(extraction, dialect, &name, spells, opens, features)?);
            joined.push(name);
        }
        for (index, rules) in self.weeks.iter().enumerate() {
            tables.push(named(week_name(index), week::select(extraction, rules)));
            joined.push(week_name(index));
        }
        Ok(())
    }
}

fn named(name: String, select: SelectStatement) -> CommonTableExpression {
    let mut table = CommonTableExpression::new();
    table.table_name(name).query(select);
    table
}

fn or_zero(table: &str, column: &str) -> Expr {
    let column = Expr::col((table.to_owned().into_iden(), column.to_owned().into_iden()));
    Func::coalesce([column, Expr::val(0_i64)]).into()
}

/// A prefix keeps a component's name apart from the columns that every pass has.
fn column_name(component: &Component) -> String {
    format!("c_{}", component.name)
}

fn rows_name(table: &str) -> String {
    format!("{table}_of_person")
}

fn week_name(index: usize) -> String {
    format!("week{index}")
}

fn spells_name(index: usize) -> String {
    format!("spells{index}")
}
