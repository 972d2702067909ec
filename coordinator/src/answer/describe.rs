//! The words of a result: the query as asked, its features, and how to read the numbers. Public, every word of it.

use std::sync::Arc;

use serde_json::{Map, Value};
use tvaers_definitions::feature::{Feature, Kind as FeatureKind};
use tvaers_protocol::id::Sector;
use tvaers_query::Query;
use tvaers_query::query::{Category, Kind};

use super::{Definition, NOTE_INTERVALS, NOTE_SHOWN, denominator};

/// What a mean is.
const NOTE_MEAN: &str =
    "A mean is a noisy sum over the noisy number of persons who have a value; `persons` is that number.";
/// What a quantile is.
const NOTE_QUANTILES: &str = "Quantiles are read from a noisy histogram: within a bin persons are taken to be spread evenly, so wide bins make them coarse.";

/// The query's one form, as an object.
pub(super) fn as_asked(query: &Query) -> Value {
    let table: Option<toml::Table> = query.text().parse().ok();
    table.map_or(Value::Null, |table| plain(&toml::Value::Table(table)))
}

/// A value of TOML as one of JSON, where days are texts.
fn plain(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text.as_str()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) => Value::from(*number),
        toml::Value::Boolean(flag) => Value::from(*flag),
        toml::Value::Datetime(day) => Value::from(day.to_string()),
        toml::Value::Array(values) => values.iter().map(plain).collect(),
        toml::Value::Table(table) => {
            Value::Object(table.iter().map(|(key, value)| (key.clone(), plain(value))).collect())
        }
    }
}

/// The keys of all cells, in the query's order.
pub(super) fn keys(query: &Query) -> Vec<Map<String, Value>> {
    let by = query.by().iter().map(|grouping| grouping.category.name());
    // The label of a bin stands under the name of the number.
    let binned = query.kind().bins().and(query.kind().feature()).map(|feature| feature.name.as_str());
    let names: Vec<&str> = by.chain(binned).collect();
    let key = |labels: Vec<tvaers_query::label::Label>| {
        let labels = labels.iter().map(|label| Value::String(label.to_string()));
        names.iter().map(ToString::to_string).zip(labels).collect()
    };
    query.cells().into_iter().map(key).collect()
}

/// Every feature and set of flags that the query uses, in words.
pub(super) fn definitions(query: &Query) -> Vec<Definition> {
    let sets = query.by().iter().filter_map(|grouping| match &grouping.category {
        Category::One(_) => None,
        Category::Several(set) => Some(Definition {
            feature: set.name.clone(),
            da: set.da.clone(),
            en: set.en.clone(),
            values: format!("at most {} of: {}", set.at_most, names_of(&set.members)),
            denominator: denominator(query.sector()),
        }),
    });
    let features = query.features().into_iter().map(|feature| definition(feature, query.sector()));
    features.chain(sets).collect()
}

fn names_of(features: &[Arc<Feature>]) -> String {
    features.iter().map(|feature| feature.name.as_str()).collect::<Vec<_>>().join(", ")
}

pub(super) fn definition(feature: &Feature, sector: Sector) -> Definition {
    let values = match &feature.kind {
        FeatureKind::Integer { from, to, missing } => {
            let missing = if *missing { ", may be missing" } else { "" };
            format!("whole number, clamped to {from} to {to}{missing}")
        }
        FeatureKind::Flag => "0 or 1".to_owned(),
        FeatureKind::Category(labels) => labels.join(", "),
        FeatureKind::Municipality => "codes of member municipalities".to_owned(),
    };
    Definition {
        feature: feature.name.clone(),
        da: feature.da.clone(),
        en: feature.en.clone(),
        values,
        denominator: denominator(sector),
    }
}

/// How to read the numbers.
pub(super) fn notes(query: &Query) -> Vec<String> {
    let mut notes = vec![NOTE_INTERVALS.to_owned(), NOTE_SHOWN.to_owned()];
    let by_kommune = query.by().iter().any(|grouping| grouping.category.name() == "kommune");
    // A cell of one municipality has the number of that municipality alone.
    if query.sector() == Sector::Region || !by_kommune {
        notes.push("Numbers of several nodes are added up, each with its own noise.".to_owned());
    }
    match query.kind() {
        Kind::Count | Kind::Sum { .. } | Kind::Histogram { .. } => {}
        Kind::Mean { .. } => notes.push(NOTE_MEAN.to_owned()),
        Kind::Quantiles { .. } => notes.push(NOTE_QUANTILES.to_owned()),
    }
    if query.by().iter().any(|grouping| matches!(grouping.category, Category::Several(_))) {
        notes.push("A person can be in several cells, so cells do not add up to persons.".to_owned());
    }
    notes
}

#[cfg(test)]
mod tests;
