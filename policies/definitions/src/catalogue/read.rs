//! From the form of a catalogue file to checked features.

use std::ops::Range;

use toml::Spanned;
use tvaers_protocol::id::Sector;

use super::condition::{Tests, check_sector, code_ranges, column, condition, person_column, table};
use super::raw;
use crate::error::{DefinitionError, Reason};
use crate::feature::{Feature, Holder, Kind, Measure, PersonColumn, Residence, Rows, Rule, Spells, WeekCode};
use crate::schema::ColumnKind;
use crate::source::{Source, check_name};
use crate::window::Window;

type Result<T> = std::result::Result<T, DefinitionError>;

/// The most labels that a category has.
const LABELS_MAX: usize = 100;

const DATE: &[ColumnKind] = &[ColumnKind::Date];
const DATE_OR_TIME: &[ColumnKind] = &[ColumnKind::Date, ColumnKind::Time];
const INTEGER: &[ColumnKind] = &[ColumnKind::Integer];
const TEXT: &[ColumnKind] = &[ColumnKind::Text];

pub(super) fn feature(source: &Source<'_>, raw: raw::Feature) -> Result<Feature> {
    let name = check_name(source, &raw.name)?;
    let window: Window = raw
        .window
        .get_ref()
        .parse()
        .map_err(|error| source.refuse(raw.window.span(), Reason::Window(error)))?;
    let kind_span = raw.kind.span();
    let kind = kind(source, raw.kind)?;
    for description in [&raw.da, &raw.en] {
        if description.get_ref().trim().is_empty() {
            return Err(source.refuse(description.span(), Reason::NoDescription));
        }
    }
    let rule = rule(source, raw.rule, raw.sector, &raw.name)?;
    check_window(source, window, raw.window.span(), &rule)?;
    check_kind(source, &kind, kind_span, &rule)?;
    Ok(Feature {
        name,
        holder: raw.sector,
        window,
        kind,
        rule,
        da: raw.da.into_inner(),
        en: raw.en.into_inner(),
    })
}

fn kind(source: &Source<'_>, raw: Spanned<raw::Kind>) -> Result<Kind> {
    let span = raw.span();
    match raw.into_inner() {
        raw::Kind::Flag => Ok(Kind::Flag),
        raw::Kind::Municipality => Ok(Kind::Municipality),
        raw::Kind::Integer(raw::Clamp { from, to }) if from < to => Ok(Kind::Integer { from, to }),
        raw::Kind::Integer(raw::Clamp { from, to }) => Err(source.refuse(span, Reason::Clamp { from, to })),
        raw::Kind::Category(raw) if raw.is_empty() => {
            Err(source.refuse(span, Reason::Empty { what: "category" }))
        }
        raw::Kind::Category(raw) if raw.len() > LABELS_MAX => {
            Err(source.refuse(span, Reason::TooMany { what: "labels", max: LABELS_MAX }))
        }
        raw::Kind::Category(raw) => {
            let mut labels: Vec<String> = Vec::new();
            for label in raw {
                if labels.contains(label.get_ref()) {
                    let name = label.get_ref().clone();
                    return Err(source.refuse(label.span(), Reason::Duplicate { what: "label", name }));
                }
                labels.push(label.into_inner());
            }
            Ok(Kind::Category(labels))
        }
    }
}

fn rule(source: &Source<'_>, raw: raw::Rule, holder: Holder, name: &Spanned<String>) -> Result<Rule> {
    Ok(match raw {
        raw::Rule::AnyRow(raw) => Rule::AnyRow(rows(source, raw, holder)?),
        raw::Rule::CountRows(raw) => Rule::CountRows(rows(source, raw, holder)?),
        raw::Rule::Spells(raw) => Rule::Spells(spells(source, raw, holder)?),
        raw::Rule::WeekCode(raw) => Rule::WeekCode(week_code(source, raw, holder)?),
        raw::Rule::Person(raw) => Rule::Person(person(source, raw, holder)?),
        raw::Rule::Age(raw) => {
            Rule::Age { birth: person_column(source, &raw.birth, holder, DATE, "a date")? }
        }
        raw::Rule::Resident(raw) => {
            check_sector(source, name, holder, Sector::Municipality)?;
            let table = table(source, &raw.table, holder)?;
            Rule::Resident(Residence {
                table,
                kommune: column(source, &raw.kommune, table, INTEGER, "a whole number")?,
                from: column(source, &raw.from, table, DATE, "a date")?,
                to: column(source, &raw.to, table, DATE, "a date")?,
                death: person_column(source, &raw.death, holder, DATE, "a date")?,
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
    let conditions =
        raw.r#where.into_iter().map(|raw| condition(source, raw, table)).collect::<Result<Vec<_>>>()?;
    Ok(Rows { table, date, conditions })
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
        any_of: raw.any_of,
        none_of: raw.none_of,
        at_least: raw.at_least,
    };
    let column = person_column(source, &raw.column, holder, tests.kinds(), tests.expected())?;
    Ok(PersonColumn { column, test: tests.test(source, &[column])? })
}

fn check_window(source: &Source<'_>, window: Window, span: Range<usize>, rule: &Rule) -> Result<()> {
    let (fits, expected) = match rule {
        Rule::AnyRow(_) | Rule::CountRows(_) => (window != Window::OnDay, "`ever` or a length"),
        Rule::Spells(_) => (matches!(window, Window::Last(_)), "of a length"),
        Rule::WeekCode(_) | Rule::Person(_) | Rule::Age { .. } | Rule::Resident(_) | Rule::Kommune { .. } => {
            (window == Window::OnDay, "`on-day`")
        }
    };
    if fits { Ok(()) } else { Err(source.refuse(span, Reason::WindowOfRule { rule: rule.name(), expected })) }
}

fn check_kind(source: &Source<'_>, kind: &Kind, span: Range<usize>, rule: &Rule) -> Result<()> {
    let flag = (matches!(kind, Kind::Flag), "a flag");
    let integer = (matches!(kind, Kind::Integer { .. }), "a whole number");
    let (fits, expected) = match rule {
        Rule::AnyRow(_) | Rule::WeekCode(_) | Rule::Resident(_) => flag,
        Rule::CountRows(_) | Rule::Spells(_) | Rule::Age { .. } => integer,
        Rule::Person(PersonColumn { test: Some(_), .. }) => flag,
        Rule::Person(PersonColumn { column, test: None }) if column.kind == ColumnKind::Integer => integer,
        Rule::Person(_) => (matches!(kind, Kind::Category(_)), "a category"),
        Rule::Kommune { .. } => (matches!(kind, Kind::Municipality), "a municipality"),
    };
    if fits { Ok(()) } else { Err(source.refuse(span, Reason::KindOfRule { rule: rule.name(), expected })) }
}
