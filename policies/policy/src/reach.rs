//! What a feature reads: the tables a policy must allow, and the columns that are sensitive.

use tvaers_definitions::feature::{Condition, Feature, Rule};
use tvaers_definitions::schema::{Column, Table};
use tvaers_protocol::id::Sector;

/// Columns whose use must be approved by name, whatever feature reads them: citizenship scores risk indirect
/// discrimination, and membership of an unemployment fund is close to that of a trade union (GDPR Article 9(1)).
pub const SENSITIVE_COLUMNS: &[&str] = &["citizenship", "a_kasse"];

/// The tables that say who a node's persons are: every answer reads them.
#[must_use]
pub fn tables_of_persons(sector: Sector) -> &'static [&'static str] {
    match sector {
        Sector::Region => &["patients"],
        Sector::Municipality => &["persons", "residence"],
    }
}

/// The tables that a node of `sector` reads to work the feature out.
#[must_use]
pub fn tables(feature: &Feature, sector: Sector) -> Vec<&'static str> {
    let persons = Table::of_persons(sector).name;
    match &feature.rule {
        Rule::AnyRow(rows) | Rule::CountRows(rows) | Rule::SumRows { rows, .. } => vec![rows.table.name],
        Rule::ActiveRow(rows) | Rule::DailySum { rows, .. } => vec![rows.table.name],
        Rule::Spells(spells) => vec![spells.table.name],
        // Ages and deaths are in the register.
        Rule::Stays(stays) if stays.index().is_some() => vec![stays.table.name, persons],
        Rule::Stays(stays) => vec![stays.table.name],
        Rule::Answer(answer) => vec![answer.table.name],
        Rule::WeekCode(week) => vec![week.table.name],
        Rule::Person(_) | Rule::Age { .. } | Rule::AgeBand { .. } => vec![persons],
        Rule::Resident(residence) => vec![residence.table.name, persons],
        // A municipality's own code is in its configuration, and that someone lives there in `residence`.
        Rule::Kommune { .. } => tables_of_persons(sector).to_vec(),
    }
}

/// Whether the feature reads a column of [`SENSITIVE_COLUMNS`].
#[must_use]
pub fn is_sensitive(feature: &Feature) -> bool {
    columns(feature).iter().any(|column| SENSITIVE_COLUMNS.contains(&column.name))
}

/// The columns whose content decides the feature's value, beside days.
#[must_use]
pub fn columns(feature: &Feature) -> Vec<&'static Column> {
    let of_conditions = |conditions: &[Condition]| -> Vec<&'static Column> {
        conditions.iter().flat_map(|condition| condition.columns.iter().copied()).collect()
    };
    match &feature.rule {
        Rule::AnyRow(rows) | Rule::CountRows(rows) => of_conditions(&rows.conditions),
        Rule::SumRows { rows, amount, .. } => [of_conditions(&rows.conditions), vec![*amount]].concat(),
        Rule::ActiveRow(rows) => of_conditions(&rows.conditions),
        Rule::DailySum { rows, amount } => [of_conditions(&rows.conditions), vec![*amount]].concat(),
        Rule::Stays(stays) => {
            let index = stays.index().map_or_else(Vec::new, |index| of_conditions(&index.conditions));
            [stays.contact.columns.clone(), stays.acute.columns.clone(), index].concat()
        }
        Rule::Answer(answer) => vec![answer.item],
        Rule::WeekCode(week) => vec![week.code],
        Rule::Person(person) => vec![person.column],
        Rule::Kommune { column } => vec![*column],
        Rule::Spells(_) | Rule::Age { .. } | Rule::AgeBand { .. } | Rule::Resident(_) => Vec::new(),
    }
}
