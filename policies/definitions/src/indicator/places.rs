//! Where in an indicator's file the parts of its queries stand, for what is found wrong with them when they are asked.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use crate::source::Source;

/// For each `[[query]]`, the offsets of its values by their paths, such as `where[2].from`; positions count from 1.
/// Empty where the file is no TOML, which is told elsewhere.
pub(super) fn of_queries(source: &Source<'_>) -> Vec<BTreeMap<String, usize>> {
    let Ok(root) = DeTable::parse(source.text) else { return Vec::new() };
    let queries = root.get_ref().iter().find(|(key, _)| key.get_ref() == "query");
    let Some(DeValue::Array(queries)) = queries.map(|(_, value)| value.get_ref()) else { return Vec::new() };
    let of_one = |value: &DeValue<'_>| {
        let mut places = BTreeMap::new();
        collect(value, "", &mut places);
        places
    };
    queries.iter().map(|query| of_one(query.get_ref())).collect()
}

fn collect(value: &DeValue<'_>, path: &str, places: &mut BTreeMap<String, usize>) {
    match value {
        DeValue::Table(table) => {
            for (key, value) in table {
                let name = key.get_ref();
                let path = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
                // A table of several lines is where its key first stands.
                let place = match value.get_ref() {
                    DeValue::Table(_) | DeValue::Array(_) => key.span().start,
                    _ => value.span().start,
                };
                places.insert(path.clone(), place);
                collect(value.get_ref(), &path, places);
            }
        }
        DeValue::Array(array) => {
            for (number, value) in (1..).zip(array) {
                let path = format!("{path}[{number}]");
                places.insert(path.clone(), value.span().start);
                collect(value.get_ref(), &path, places);
            }
        }
        _ => {}
    }
}
