//! What could have stood where an indicator's file is wrong: it is looked up only then.

use toml::{Table, Value};

use crate::catalogue::Catalogue;
use crate::error::{DefinitionError, Reason};
use crate::feature::Kind;
use crate::source::Source;

/// The kinds of queries.
pub(super) const KINDS: [&str; 5] = ["count", "sum", "mean", "histogram", "quantiles"];

/// What a table is by, beside components and dimensions.
const BY: [&str; 5] = ["kommune", "region", "stratum", "included", "total"];

/// The error with the names that may stand at its place, and with what a decimal comma is.
pub(super) fn told(
    error: DefinitionError,
    source: &Source<'_>,
    models: &[Source<'_>],
    catalogue: &Catalogue,
) -> DefinitionError {
    match &error.reason {
        Reason::Syntax(_) => match comma(source, error.line) {
            Some(found) => DefinitionError { reason: Reason::DecimalComma { found }, ..error },
            None => error,
        },
        Reason::Unknown { what, name } => {
            let known = known(what, name, source, models, catalogue);
            DefinitionError { known, ..error }
        }
        _ => error,
    }
}

/// A value of the line that is two whole numbers with a comma between, and nothing else.
fn comma(source: &Source<'_>, line: usize) -> Option<String> {
    let (_, value) = source.text.lines().nth(line.checked_sub(1)?)?.split_once('=')?;
    let value = value.split('#').next().unwrap_or_default().trim();
    let (whole, part) = value.split_once(',')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(whole) && is_number(part)).then(|| value.to_owned())
}

fn known(
    what: &str,
    name: &str,
    source: &Source<'_>,
    models: &[Source<'_>],
    catalogue: &Catalogue,
) -> Vec<String> {
    let Ok(root) = source.text.parse::<Table>() else { return Vec::new() };
    let joined = root.get("joined").and_then(Value::as_table).cloned().unwrap_or_default();
    let stem =
        |model: &Source<'_>| model.file.trim_start_matches("models/").trim_end_matches(".toml").to_owned();
    let base = joined.get("model").and_then(Value::as_str);
    let base = models.iter().find(|model| Some(stem(model).as_str()) == base);
    let base = base.and_then(|model| model.text.parse::<Table>().ok()).unwrap_or_default();
    let of_both = |list: &str, key: &str| [texts(&base, list, key), texts(&joined, list, key)].concat();
    match what {
        "kind" => KINDS.map(str::to_owned).to_vec(),
        "feature" => {
            let sets = catalogue.sets().iter().map(|set| set.name.clone());
            catalogue.features().iter().map(|feature| feature.name.clone()).chain(sets).collect()
        }
        "model" => models.iter().map(stem).collect(),
        "measure" => texts(&root, "measure", "name"),
        "query of the measure" => texts(&root, "query", "measure"),
        "touch group" => of_both("touch", "group"),
        "component" => of_both("component", "name"),
        "criterion" => of_both("criterion", "name"),
        "component or criterion" => {
            [of_both("component", "name"), of_both("criterion", "name"), vec!["included".to_owned()]].concat()
        }
        "category" => {
            // Of components those that a table can be by.
            let is_one =
                |component: &&Table| component.get("combine").and_then(Value::as_str) == Some("responsible");
            let components = tables(&joined, "component").filter(is_one);
            let components = components.filter_map(|component| component.get("name")?.as_str());
            let dimensions = texts(&joined, "dimension", "name");
            let own = dimensions.into_iter().chain(components.map(str::to_owned));
            BY.iter().map(|&name| name.to_owned()).chain(own).collect()
        }
        "label" => labels(name, &joined, catalogue),
        _ => Vec::new(),
    }
}

/// The labels of the category of which one is wanted by that name; those of dimensions where none is.
fn labels(name: &str, joined: &Table, catalogue: &Catalogue) -> Vec<String> {
    let wants = |component: &&Table| {
        let is = component.get("is").and_then(Value::as_array);
        is.into_iter().flatten().any(|label| label.as_str() == Some(name))
    };
    for component in tables(joined, "component").filter(wants) {
        let feature = component.get("feature").and_then(Value::as_str);
        if let Some(Kind::Category(labels)) =
            feature.and_then(|feature| catalogue.feature(feature)).map(|feature| &feature.kind)
            && !labels.iter().any(|label| label == name)
        {
            return labels.clone();
        }
    }
    let flags = tables(joined, "dimension").flat_map(|dimension| texts(dimension, "flags", "label"));
    texts(joined, "dimension", "none").into_iter().chain(flags).collect()
}

fn tables<'t>(table: &'t Table, list: &str) -> impl Iterator<Item = &'t Table> {
    table.get(list).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table)
}

fn texts(table: &Table, list: &str, key: &str) -> Vec<String> {
    tables(table, list).filter_map(|entry| entry.get(key)?.as_str()).map(str::to_owned).collect()
}
