//! The conditions of a query.

use std::sync::Arc;

use tvaers_definitions::feature::{Feature, Kind};

use super::{Named, Reader, wrong_type};
use crate::fault::Reason;
use crate::label::{Label, labels_of_feature};
use crate::limit;
use crate::query::{Condition, Test};
use crate::strict::{Placed, Scalar, Table};

/// All conditions of the file, and where each names its feature.
pub(super) fn conditions(reader: &Reader<'_, '_>, kommuner: &[u16]) -> (Vec<Condition>, Vec<Named>) {
    let tables = reader.root.tables("where");
    if tables.len() > limit::CONDITIONS_MAX {
        let reason = Reason::TooMany { what: "conditions", max: limit::CONDITIONS_MAX };
        reader.root.refuse("where", reason);
    }
    let mut conditions = Vec::new();
    let mut names = Vec::new();
    for table in tables.iter().take(limit::CONDITIONS_MAX) {
        let name = table.required::<String>("feature").and_then(|name| reader.feature(&name));
        let tests = Tests::of(table);
        table.close();
        let Some(name) = name else { continue };
        if let Some(test) = tests.and_then(|tests| tests.fit(table, &name.value, kommuner)) {
            conditions.push(Condition { feature: Arc::clone(&name.value), test });
        }
        names.push(name);
    }
    (conditions, names)
}

/// One order for all ways to write them; the same condition twice is one.
pub(super) fn sorted(mut conditions: Vec<Condition>, position: impl Fn(&Feature) -> usize) -> Vec<Condition> {
    conditions.sort_by(|a, b| (position(&a.feature), &a.test).cmp(&(position(&b.feature), &b.test)));
    conditions.dedup();
    conditions
}

/// The tests of one condition, as they are written.
enum Tests {
    Bounds { least: Option<Placed<i64>>, greatest: Option<Placed<i64>> },
    Values(Placed<Vec<Placed<Scalar>>>),
}

impl Tests {
    fn of(table: &Table<'_, Reason>) -> Option<Self> {
        const KEYS: [&str; 6] = ["from", "above", "to", "below", "is", "any_of"];
        let there: Vec<&'static str> = KEYS.into_iter().filter(|key| table.has(key)).collect();
        let Some(&first) = there.first() else {
            table.faults().refuse(table.at(), Reason::NoTest);
            return None;
        };
        let side = |key: &str| match key {
            "from" | "above" => 0,
            "to" | "below" => 1,
            _ => 2,
        };
        for (index, &second) in there.iter().enumerate() {
            let earlier = there.get(..index).unwrap_or_default();
            // A lower and an upper bound go together; nothing else does.
            let clashes =
                |other: &&&str| side(other) == side(second) || side(second) == 2 || side(other) == 2;
            if let Some(&first) = earlier.iter().find(clashes) {
                table.refuse(second, Reason::Tests { first, second });
            }
        }
        if side(first) == 2 {
            return values(table, first).map(Self::Values);
        }
        let bound = |inclusive, exclusive, step: i64| {
            let one_further = |bound: Placed<i64>| bound.map(|number| number.saturating_add(step));
            table.optional::<i64>(inclusive).or_else(|| table.optional::<i64>(exclusive).map(one_further))
        };
        Some(Self::Bounds { least: bound("from", "above", 1), greatest: bound("to", "below", -1) })
    }

    fn fit(self, table: &Table<'_, Reason>, feature: &Feature, kommuner: &[u16]) -> Option<Test> {
        match (&feature.kind, self) {
            (Kind::Integer { from, to, .. }, Self::Bounds { least, greatest }) => {
                let (low, high) = (least.map_or(*from, |b| b.value), greatest.map_or(*to, |b| b.value));
                if low > high || low > *to || high < *from {
                    let nobody = Reason::Nobody { feature: feature.name.clone(), from: *from, to: *to };
                    table.faults().refuse(table.at(), nobody);
                    return None;
                }
                // Values are clamped, so that a bound beyond the clamp is the clamp.
                Some(Test::Range { from: low.max(*from), to: high.min(*to) })
            }
            (Kind::Integer { from, to, .. }, Self::Values(values)) => {
                numbers(table, feature, &values, *from, *to)
            }
            (kind, Self::Bounds { .. }) => {
                let kind = match kind {
                    Kind::Flag => "a flag",
                    Kind::Category(_) => "a category",
                    _ => "the municipality",
                };
                let reason = Reason::TestOfKind {
                    feature: feature.name.clone(),
                    kind: kind.to_owned(),
                    expected: "`is` or `any_of`",
                };
                table.faults().refuse(table.at(), reason);
                None
            }
            (_, Self::Values(values)) => labels(table, feature, &values, kommuner),
        }
    }
}

/// The value of `is`, or the list of `any_of`.
fn values(table: &Table<'_, Reason>, key: &'static str) -> Option<Placed<Vec<Placed<Scalar>>>> {
    if key == "is" {
        let value = table.optional::<Scalar>(key)?;
        return Some(value.at().map(|()| vec![value]));
    }
    let values = table.optional_list::<Scalar>(key)?;
    if values.value.is_empty() {
        table.faults().refuse(&values, Reason::EmptyList);
        return None;
    }
    if values.value.len() > limit::VALUES_MAX {
        let reason = Reason::TooMany { what: "values", max: limit::VALUES_MAX };
        table.faults().refuse(&values, reason);
        return None;
    }
    Some(values)
}

fn numbers(
    table: &Table<'_, Reason>,
    feature: &Feature,
    values: &Placed<Vec<Placed<Scalar>>>,
    from: i64,
    to: i64,
) -> Option<Test> {
    let mut numbers = Vec::new();
    for value in &values.value {
        match value.value {
            Scalar::Integer(number) if !(from..=to).contains(&number) => {
                let (found, known) = (number.to_string(), format!("a whole number of {from} to {to}"));
                let reason = Reason::Value { feature: feature.name.clone(), found, known };
                table.faults().refuse(value, reason);
            }
            Scalar::Integer(number) if numbers.contains(&number) => {
                let reason = Reason::Twice { what: "value", name: number.to_string() };
                table.faults().refuse(value, reason);
            }
            Scalar::Integer(number) => numbers.push(number),
            Scalar::Text(_) => table.faults().refuse(value, wrong_type("a text", "a whole number")),
        }
    }
    numbers.sort_unstable();
    match numbers.as_slice() {
        [] => None,
        [one] => Some(Test::Range { from: *one, to: *one }),
        _ => Some(Test::Numbers(numbers)),
    }
}

fn labels(
    table: &Table<'_, Reason>,
    feature: &Feature,
    values: &Placed<Vec<Placed<Scalar>>>,
    kommuner: &[u16],
) -> Option<Test> {
    let known = labels_of_feature(feature, kommuner)?;
    let is_text = matches!(feature.kind, Kind::Category(_));
    // Results have codes as texts, so a person may copy one from there.
    let is_code = matches!(feature.kind, Kind::Municipality);
    let mut labels: Vec<Label> = Vec::new();
    for value in &values.value {
        let found = match &value.value {
            Scalar::Text(_) if !is_text && !is_code => {
                table.faults().refuse(value, wrong_type("a text", "a whole number"));
                continue;
            }
            Scalar::Integer(_) if is_text => {
                table.faults().refuse(value, wrong_type("a whole number", "a text in quotation marks"));
                continue;
            }
            Scalar::Text(text) => text.clone(),
            Scalar::Integer(number) => number.to_string(),
        };
        match known.iter().find(|label| label.to_string() == found) {
            None => {
                let known = known.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                let known = format!("one of {known}");
                let reason = Reason::Value { feature: feature.name.clone(), found, known };
                table.faults().refuse(value, reason);
            }
            Some(label) if labels.contains(label) => {
                table.faults().refuse(value, Reason::Twice { what: "value", name: found });
            }
            Some(label) => labels.push(label.clone()),
        }
    }
    // In the order of the catalogue, however they are written.
    let position = |label: &Label| known.iter().position(|other| other == label);
    labels.sort_by_key(position);
    (!labels.is_empty()).then_some(Test::Labels(labels))
}
