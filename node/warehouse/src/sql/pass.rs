//! The passes over tables: each is read once for all features that look at its rows one by one, and once more for
//! each way in which they are merged.

use std::collections::BTreeMap;

use sea_query::{CommonTableExpression, Expr, ExprTrait as _, Func, IntoIden as _};
use tvaers_definitions::feature::{Feature, Kind, Measure, Rows, Rule, Spells, Stays};
use tvaers_definitions::schema::Table;

use super::aggregate::{Aggregate, Over, TablePass};
use super::islands::{TOUCH, table};
use super::spells::SpellsPass;
use super::stays::StaysPass;
use super::{Holding, Scope, SqlError, answer, lasting, person, rows, week};

/// A feature in the last select.
pub(super) struct Part {
    /// The number that the rule works out, or the index of the label; not yet within the clamp. NULL only where the
    /// feature's kind has missing values.
    pub(super) value: Expr,
    /// Whether the rule touches the person. Never NULL.
    pub(super) touch: Option<Expr>,
    /// Days since the event's first day, NULL where there is none.
    pub(super) recency: Option<Expr>,
}

/// What has to be read: one entry per pass, with what is worked out in it.
#[derive(Default)]
pub(super) struct Passes<'a> {
    tables: BTreeMap<&'static str, TablePass>,
    spells: Vec<SpellsPass<'a>>,
    stays: Vec<StaysPass<'a>>,
    homes: Vec<(CommonTableExpression, String)>,
}

impl<'a> Passes<'a> {
    /// Puts a feature into the pass over its table, and says how the last select refers to it. `name` tells its
    /// columns apart from those of others.
    pub(super) fn add(
        &mut self,
        scope: &Scope<'_>,
        name: &str,
        feature: &'a Feature,
    ) -> Result<Part, SqlError> {
        let scope = &scope.seen_by(feature)?;
        let plain = |value| Ok(Part { value, touch: None, recency: None });
        match &feature.rule {
            Rule::AnyRow(rows) => self.add_rows(scope, name, feature, rows, Over::Any),
            Rule::CountRows(rows) => self.add_rows(scope, name, feature, rows, Over::Count),
            Rule::SumRows { rows, amount, id } => {
                let sum = Over::Sum(Expr::col(amount.name));
                let sum = rows::aggregate(scope, feature, rows, sum)?;
                let value = or_zero(self.put(rows.table, format!("c_{name}"), sum));
                let touch = match id {
                    None => None,
                    Some(_) => {
                        let any = rows::aggregate(scope, feature, rows, Over::Any)?;
                        Some(or_zero(self.put(rows.table, format!("t_{name}"), any)).gt(0_i64))
                    }
                };
                Ok(Part { value, touch, recency: None })
            }
            Rule::ActiveRow(rows) => {
                let active = lasting::active(scope, feature, rows)?;
                plain(or_zero(self.put(rows.table, format!("c_{name}"), active)))
            }
            Rule::DailySum { rows, amount } => {
                let sum = lasting::daily_sum(scope, feature, rows, amount)?;
                plain(or_zero(self.put(rows.table, format!("c_{name}"), sum)))
            }
            Rule::WeekCode(rule) => {
                let coded = week::aggregate(scope, rule);
                plain(or_zero(self.put(rule.table, format!("c_{name}"), coded)))
            }
            Rule::Answer(rule) => {
                let put = |end: &str, number| self.put(rule.table, format!("{end}_{name}"), number);
                let (value, given) = answer::picked(scope, feature, rule, put)?;
                let missing = matches!(feature.kind, Kind::Integer { missing: true, .. });
                let value = if missing { value } else { or_zero(value) };
                Ok(Part { value, touch: Some(given), recency: None })
            }
            Rule::Spells(spells) => Ok(self.add_spells(name, feature, spells)),
            Rule::Stays(stays) => Ok(self.add_stays(name, feature, stays)),
            Rule::Person(rule) => plain(person::value(scope, rule, feature)),
            Rule::Age { birth } => plain(person::age(scope, birth)),
            Rule::AgeBand { birth, from } => plain(person::age_band(scope, birth, from, feature)?),
            Rule::Kommune { .. } => plain(person::kommune(scope, feature)?),
            Rule::Resident(residence) => {
                let Holding::Municipality { own } = scope.holding else {
                    return Err(SqlError::NoComponent { feature: feature.name.clone() });
                };
                let home = format!("{}_{name}", person::HOME);
                let value = person::resident(scope, residence, &home);
                self.homes.push((person::home(scope, residence, own, &home), home));
                plain(value)
            }
        }
    }

    /// Puts a number into the pass over a table, and gives the column that will have it.
    fn put(&mut self, table: &'static Table, column: String, number: Aggregate) -> Expr {
        let pass = self.tables.entry(table.name).or_insert_with(|| TablePass::over(table));
        column_of(&table_name(table.name), &pass.add(column, number))
    }

    fn add_rows(
        &mut self,
        scope: &Scope<'_>,
        name: &str,
        feature: &Feature,
        rows: &Rows,
        over: Over,
    ) -> Result<Part, SqlError> {
        let number = rows::aggregate(scope, feature, rows, over)?;
        let value = or_zero(self.put(rows.table, format!("c_{name}"), number));
        Ok(Part { touch: Some(value.clone().gt(0_i64)), value, recency: None })
    }

    /// Features of the same records and window are told of the same merged spells.
    fn add_spells(&mut self, name: &str, feature: &'a Feature, spells: &'a Spells) -> Part {
        let known = self.spells.iter().position(|pass| pass.serves(feature, spells));
        let index = known.unwrap_or_else(|| {
            self.spells.push(SpellsPass::new(format!("spells{}", self.spells.len()), feature, spells));
            self.spells.len() - 1
        });
        let (pass, column) = (format!("spells{index}"), format!("c_{name}"));
        let recency = (spells.measure == Measure::LengthOfLatest).then(|| format!("r_{name}"));
        let part = Part {
            value: or_zero(column_of(&pass, &column)),
            touch: Some(or_zero(column_of(&pass, TOUCH)).gt(0_i64)),
            recency: recency.as_ref().map(|recency| column_of(&pass, recency)),
        };
        if let Some(pass) = self.spells.get_mut(index) {
            pass.add(spells.measure, column, recency);
        }
        part
    }

    /// Features of the same contacts and window are told of the same merged stays.
    fn add_stays(&mut self, name: &str, feature: &'a Feature, stays: &'a Stays) -> Part {
        let known = self.stays.iter().position(|pass| pass.serves(feature, stays));
        let index = known.unwrap_or_else(|| {
            self.stays.push(StaysPass::new(format!("stays{}", self.stays.len()), feature, stays));
            self.stays.len() - 1
        });
        let (pass, column) = (format!("stays{index}"), format!("c_{name}"));
        let part = Part {
            value: or_zero(column_of(&pass, &column)),
            touch: Some(or_zero(column_of(&pass, TOUCH)).gt(0_i64)),
            recency: None,
        };
        if let Some(pass) = self.stays.get_mut(index) {
            pass.add(stays, column);
        }
        part
    }

    /// The common tables, and the names of those that the last select joins.
    pub(super) fn tables(
        &self,
        scope: &Scope<'_>,
    ) -> Result<(Vec<CommonTableExpression>, Vec<String>), SqlError> {
        let (mut tables, mut joined) = (Vec::new(), Vec::new());
        for (name, pass) in &self.tables {
            tables.push(table(table_name(name), pass.select()));
            joined.push(table_name(name));
        }
        for pass in &self.spells {
            tables.extend(pass.tables(scope)?);
            joined.push(pass.name().to_owned());
        }
        for pass in &self.stays {
            tables.extend(pass.tables(scope)?);
            joined.push(pass.name().to_owned());
        }
        for (home, name) in &self.homes {
            tables.push(home.clone());
            joined.extend(person::joins_home(scope).then(|| name.clone()));
        }
        Ok((tables, joined))
    }
}

/// A person without a row in a pass is not in it.
fn or_zero(column: Expr) -> Expr {
    Func::coalesce([column, Expr::val(0_i64)]).into()
}

fn column_of(table: &str, column: &str) -> Expr {
    Expr::col((table.to_owned().into_iden(), column.to_owned().into_iden()))
}

fn table_name(table: &str) -> String {
    format!("{table}_of_person")
}
