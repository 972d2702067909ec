//! The words of a result: the query as asked, its features, and how to read the numbers. Public, every word of it.

use serde_json::{Map, Value};
use tvaers_definitions::feature::{Feature, Kind as FeatureKind};
use tvaers_protocol::id::Sector;
use tvaers_query::Query;

use super::{Definition, NOTE_INTERVALS, NOTE_SHOWN, denominator};

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
    let names: Vec<&str> = query.by().iter().map(|grouping| grouping.feature.name.as_str()).collect();
    let key = |labels: Vec<tvaers_query::label::Label>| {
        let labels = labels.iter().map(|label| Value::String(label.to_string()));
        names.iter().map(ToString::to_string).zip(labels).collect()
    };
    query.cells().into_iter().map(key).collect()
}

/// Every feature that the query uses, in words.
pub(super) fn definitions(query: &Query) -> Vec<Definition> {
    query.features().into_iter().map(|feature| definition(feature, query.sector())).collect()
}

fn definition(feature: &Feature, sector: Sector) -> Definition {
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
    let by_kommune = query.by().iter().any(|grouping| grouping.feature.name == "kommune");
    // A cell of one municipality has the number of that municipality alone.
    if query.sector() == Sector::Region || !by_kommune {
        notes.push("Numbers of several nodes are added up, each with its own noise.".to_owned());
    }
    notes
}
