//! Which data a request reads, against what its permit allows.

use tvaers_definitions::feature::{Feature, Kind};
use tvaers_protocol::id::Sector;
use tvaers_query::Query;
use tvaers_query::query::{Category, Kind as Measure};

use super::Refusals;
use crate::permit::{Allowed, Data};
use crate::reach;
use crate::refusal::Refusal;

pub(super) fn check_query(data: &Data, query: &Query, refusals: &mut Refusals) {
    check_persons(data, query.sector(), refusals);
    let by = query.by().iter().map(|grouping| &grouping.category);
    // A set of flags is allowed by its own name, and each flag's tables are looked at with the other features.
    for name in by.map(Category::name).filter(|name| !data.categories.allows(*name)) {
        refusals.push(Refusal::Category { name: name.to_owned(), allowed: listed(&data.categories) });
    }
    for feature in query.features() {
        let name = feature.name.as_str();
        let is_condition = query.conditions().iter().any(|condition| condition.feature.name == name);
        let is_measure = query.kind().feature().is_some_and(|feature| feature.name == name);
        // A condition on a category tells no more than the table's cells would.
        let is_free = !is_measure && data.categories.allows(name);
        if (is_condition || is_measure) && !is_free && !data.features.allows(name) {
            refusals.push(Refusal::Feature { name: name.to_owned() });
        }
        check_feature(data, feature, query.sector(), refusals);
    }
    // What is counted in bins changes by one however large it is.
    if let Measure::Sum { feature } | Measure::Mean { feature } = query.kind() {
        check_clamp(data, feature, refusals);
    }
}

/// The categories of joined tables are worked out by the coordinator, from what nodes contribute.
pub(super) fn check_categories(data: &Data, categories: &[&str], refusals: &mut Refusals) {
    for name in categories.iter().filter(|name| !data.categories.allows(**name)) {
        refusals.push(Refusal::Category { name: (*name).to_owned(), allowed: listed(&data.categories) });
    }
}

/// The tables that say who is counted.
pub(super) fn check_persons(data: &Data, sector: Sector, refusals: &mut Refusals) {
    for table in reach::tables_of_persons(sector).iter().filter(|table| !data.tables.allows(**table)) {
        refusals.push(Refusal::Table { name: (*table).to_owned(), feature: String::new() });
    }
}

/// The tables that a feature reads, and whether it is sensitive.
pub(super) fn check_feature(data: &Data, feature: &Feature, sector: Sector, refusals: &mut Refusals) {
    let persons = reach::tables_of_persons(sector);
    let tables = reach::tables(feature, sector).into_iter().filter(|table| !persons.contains(table));
    for table in tables.filter(|table| !data.tables.allows(*table)) {
        refusals.push(Refusal::Table { name: table.to_owned(), feature: feature.name.clone() });
    }
    if reach::is_sensitive(feature) && !data.sensitive.allows(feature.name.as_str()) {
        refusals.push(Refusal::Sensitive { name: feature.name.clone() });
    }
}

fn check_clamp(data: &Data, feature: &Feature, refusals: &mut Refusals) {
    let Allowed::Only(clamps) = &data.clamps else { return };
    let name = feature.name.clone();
    let Some(clamp) = clamps.iter().find(|clamp| clamp.feature == feature.name) else {
        refusals.push(Refusal::Sum { name });
        return;
    };
    let is_within =
        matches!(feature.kind, Kind::Integer { from, to, .. } if clamp.from <= from && to <= clamp.to);
    if !is_within {
        refusals.push(Refusal::Clamp { name, from: clamp.from, to: clamp.to });
    }
}

fn listed(names: &Allowed<String>) -> Vec<String> {
    match names {
        Allowed::All => Vec::new(),
        Allowed::Only(names) => names.clone(),
    }
}
