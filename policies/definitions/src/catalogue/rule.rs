//! The rules of a catalogue file: which tables and columns each one names, and its parameters.

mod answer;
mod stays;

use toml::Spanned;
use tvaers_protocol::id::Sector;

use super::condition::{Tests, check_sector, code_ranges, column, condition, person_column, table};
use super::raw;
use crate::error::{DefinitionError, Reason};
use crate::feature::{
    Condition, Holder, Lasting, Measure, PersonColumn, Residence, Rows, Rule, Spells, WeekCode,
};
use crate::schema::{ColumnKind, Table};
use crate::source::Source;

type Result<T> = std::result::Result<T, DefinitionError>;

const DATE: &[ColumnKind] = &[ColumnKind::Date];
const DATE_OR_TIME: &[ColumnKind] = &[ColumnKind::Date, ColumnKind::Time];
const TIME: &[ColumnKind] = &[ColumnKind::Time];
const INTEGER: &[ColumnKind] = &[ColumnKind::Integer];
const MONEY: &[ColumnKind] = &[ColumnKind::Money];
const MONEY_OR_INTEGER: &[ColumnKind] = &[ColumnKind::Money, ColumnKind::Integer];
const TEXT: &[ColumnKind] = &[ColumnKind::Text];

/// The greatest age at which a band of age begins.
const AGE_MAX: u16 = 150;

pub(super) fn rule(
    source: &Source<'_>,
    raw: raw::Rule,
    holder: Holder,
    name: &Spanned<String>,
) -> Result<Rule> {
    Ok(match raw {
        raw::Rule::AnyRow(raw) => Rule::AnyRow(rows(source, raw, holder)?),
        raw::Rule::CountRows(raw) => Rule::CountRows(rows(source, raw, holder)?),
        raw::Rule::SumRows(raw) => {
            let raw::SumRows { table, date, amount, id, r#where } = raw;
            let rows = rows(source, raw::Rows { table, date, r#where }, holder)?;
            let amount = column(source, &amount, rows.table, MONEY_OR_INTEGER, "money or a whole number")?;
            let id = id.map(|id| column(source, &id, rows.table, TEXT, "text")).transpose()?;
            Rule::SumRows { rows, amount, id }
        }
        raw::Rule::ActiveRow(raw) => Rule::ActiveRow(lasting(source, raw, holder)?),
        raw::Rule::DailySum(raw) => {
            let raw::DailySum { table, from, to, amount, r#where } = raw;
            let rows = lasting(source, raw::ActiveRow { table, from, to, r#where }, holder)?;
            let amount = column(source, &amount, rows.table, MONEY, "money")?;
            Rule::DailySum { rows, amount }
        }
        raw::Rule::Spells(raw) => Rule::Spells(spells(source, raw, holder)?),
        raw::Rule::Stays(raw) => Rule::Stays(stays::stays(source, *raw, holder)?),
        raw::Rule::Answer(raw) => Rule::Answer(answer::answer(source, raw, holder)?),
        raw::Rule::WeekCode(raw) => Rule::WeekCode(week_code(source, raw, holder)?),
        raw::Rule::Person(raw) => Rule::Person(person(source, raw, holder)?),
        raw::Rule::Age(raw) => {
            Rule::Age { birth: person_column(source, &raw.birth, holder, DATE, "a date")? }
        }
        raw::Rule::AgeBand(raw) => Rule::AgeBand {
            birth: person_column(source, &raw.birth, holder, DATE, "a date")?,
            from: ages(source, raw.from)?,
        },
        raw::Rule::Resident(raw) => {
            check_sector(source, name, holder, Sector::Municipality)?;
            let table = table(source, &raw.table, holder)?;
            Rule::Resident(Residence {
                table,
                kommune: column(source, &raw.kommune, table, INTEGER, "a whole number")?,
                from: column(source, &raw.from, table, DATE, "a date")?,
                to: column(source, &raw.to, table, DATE, "a date")?,
                death: person_column(source, &raw.death, holder, DATE, "a date")?,
                died: raw.died,
            })
        }
        raw::Rule::Kommune(raw) => {
            // The municipality's own code is configuration; only the region looks it up.
            let region = Holder::Region;
            Rule::Kommune { column: person_column(source, &raw.column, region, INTEGER, "a whole number")? }
        }
    })
}

fn rows(source: &Source<'_>, raw: raw::Rows, holder: Holder) -> Result<Rows> {
    let table = table(source, &raw.table, holder)?;
    let date = column(source, &raw.date, table, DATE_OR_TIME, "a date or a time")?;
    Ok(Rows { table, date, conditions: conditions(source, raw.r#where, table)? })
}

fn lasting(source: &Source<'_>, raw: raw::ActiveRow, holder: Holder) -> Result<Lasting> {
    let table = table(source, &raw.table, holder)?;
    Ok(Lasting {
        table,
        from: column(source, &raw.from, table, DATE, "a date")?,
        to: column(source, &raw.to, table, DATE, "a date")?,
        conditions: conditions(source, raw.r#where, table)?,
    })
}

fn conditions(
    source: &Source<'_>,
    raw: Vec<raw::Condition>,
    table: &'static Table,
) -> Result<Vec<Condition>> {
    raw.into_iter().map(|raw| condition(source, raw, table)).collect()
}

fn spells(source: &Source<'_>, raw: raw::Spells, holder: Holder) -> Result<Spells> {
    let table = table(source, &raw.table, holder)?;
    let first = column(source, &raw.first, table, DATE, "a date")?;
    let last = column(source, &raw.last, table, DATE, "a date")?;
    let measure = match (raw.measure, raw.longer_than_days) {
        (raw::Measure::Count, days) => {
            Measure::Count { longer_than_days: days.map_or(0, Spanned::into_inner) }
        }
        (raw::Measure::LengthOfLatest, None) => Measure::LengthOfLatest,
        (raw::Measure::LengthOfLatest, Some(days)) => {
            let choice = "`measure = \"length-of-latest\"` and `longer-than-days`";
            return Err(source.refuse(days.span(), Reason::OneOf { choice }));
        }
    };
    Ok(Spells { table, first, last, measure })
}

fn week_code(source: &Source<'_>, raw: raw::WeekCode, holder: Holder) -> Result<WeekCode> {
    let table = table(source, &raw.table, holder)?;
    Ok(WeekCode {
        table,
        year: column(source, &raw.year, table, INTEGER, "a whole number")?,
        week: column(source, &raw.week, table, INTEGER, "a whole number")?,
        code: column(source, &raw.code, table, TEXT, "text")?,
        codes: code_ranges(source, raw.codes)?,
    })
}

fn person(source: &Source<'_>, raw: raw::Person, holder: Holder) -> Result<PersonColumn> {
    let tests = Tests {
        starts_with: raw.starts_with,
        except: raw.except,
        any_of: raw.any_of,
        none_of: raw.none_of,
        at_least: raw.at_least,
    };
    let column = person_column(source, &raw.column, holder, tests.kinds(), tests.expected())?;
    Ok(PersonColumn { column, test: tests.test(source, &[column])? })
}

/// The first years of age of bands; that there is one for each label is for [`super::fit`] to say.
fn ages(source: &Source<'_>, raw: Spanned<Vec<Spanned<u16>>>) -> Result<Vec<u16>> {
    if raw.get_ref().is_empty() {
        return Err(source.refuse(raw.span(), Reason::Empty { what: "`from`" }));
    }
    let mut ages: Vec<u16> = Vec::new();
    for age in raw.into_inner() {
        let (span, found) = (age.span(), age.into_inner());
        let rises = ages.last().map_or(found == 0, |last| *last < found);
        if !rises || found > AGE_MAX {
            return Err(source.refuse(span, Reason::AgeBandFrom { found, max: AGE_MAX }));
        }
        ages.push(found);
    }
    Ok(ages)
}
