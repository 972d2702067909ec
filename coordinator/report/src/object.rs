//! A result object as it is read: the documented fields, each of them optional but its cells.

use serde::Deserialize;
use serde_json::{Map, Value};

/// Why a text is no result object.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// It is no JSON, or a member has another type than the documented one.
    #[error("it is no result object: {0}")]
    Form(#[from] serde_json::Error),
    /// It is JSON, and no object.
    #[error("it is no result object: it is not an object at all")]
    NoObject,
}

/// A result object.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Object {
    pub(crate) query: Value,
    pub(crate) indicator: Option<Indicator>,
    pub(crate) request: Option<Request>,
    pub(crate) as_of: String,
    pub(crate) laboratory: bool,
    pub(crate) cells: Vec<Cell>,
    pub(crate) totals: Vec<Cell>,
    pub(crate) privacy: Privacy,
    pub(crate) coverage: Coverage,
    pub(crate) definitions: Vec<Definition>,
    pub(crate) data: Vec<Data>,
    pub(crate) notes: Vec<String>,
}

/// A text in both languages.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Both {
    pub(crate) da: String,
    pub(crate) en: String,
}

/// What an indicator is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Indicator {
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) mode: String,
    pub(crate) title: Both,
    pub(crate) question: Both,
    pub(crate) numerator: Both,
    pub(crate) denominator: Both,
    pub(crate) source: String,
    pub(crate) measures: Vec<Measure>,
    pub(crate) keys: Vec<Key>,
}

/// One of an indicator's numbers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Measure {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) da: String,
    pub(crate) en: String,
}

/// One of an indicator's groupings.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) da: String,
    pub(crate) en: String,
    pub(crate) labels: Vec<Label>,
}

/// A label in words.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Label {
    pub(crate) label: String,
    pub(crate) da: String,
    pub(crate) en: String,
}

/// Who asked, why and under which permit.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Request {
    pub(crate) permit: String,
    pub(crate) purpose: String,
    pub(crate) by: String,
    pub(crate) at: String,
}

/// A released number. What is hidden is read to be told from what nobody answered, and for nothing else.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Cell {
    pub(crate) key: Map<String, Value>,
    value: Option<f64>,
    shown: Option<f64>,
    ci95: Option<[f64; 2]>,
    /// Whether all who were asked answered.
    #[serde(skip)]
    is_answered: bool,
}

impl std::fmt::Debug for Cell {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "Cell({:?})", self.key)
    }
}

/// What a reader may see of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Seen {
    /// The number, with its interval where there is one.
    Shown(f64, Option<[f64; 2]>),
    /// There is a number, which is too small to be shown, or nothing can be said, as of a share of nobody.
    Hidden,
    /// No node that could have anyone in it answered.
    Unanswered,
}

impl Cell {
    pub(crate) fn seen(&self) -> Seen {
        match (self.shown, self.value) {
            (Some(shown), _) => Seen::Shown(shown, self.ci95),
            (None, None) if !self.is_answered => Seen::Unanswered,
            (None, _) => Seen::Hidden,
        }
    }
}

/// What it cost.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Privacy {
    pub(crate) mechanism: String,
    pub(crate) epsilon: Option<f64>,
    pub(crate) delta: Option<f64>,
    pub(crate) rho: Option<f64>,
    pub(crate) rho_person_max: Option<f64>,
    pub(crate) nodes: Vec<NodePrivacy>,
}

/// What it cost at a node.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NodePrivacy {
    pub(crate) node: String,
    pub(crate) scale: Option<f64>,
    pub(crate) charged_rho: Option<f64>,
    pub(crate) charged_epsilon: Option<f64>,
    pub(crate) left: Left,
    pub(crate) smallest_cell: Option<f64>,
    pub(crate) rounding: Option<f64>,
}

/// What is left of a node's budgets, in rho.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Left {
    pub(crate) permit_rho: Option<f64>,
    pub(crate) period_rho: Option<f64>,
    pub(crate) life_rho: Option<f64>,
}

/// Who answered.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Coverage {
    pub(crate) asked: Vec<String>,
    pub(crate) answered: Vec<String>,
    pub(crate) refused: Vec<Refused>,
    pub(crate) missing: Vec<String>,
    pub(crate) population_share: Option<f64>,
}

impl Coverage {
    fn is_complete(&self) -> bool {
        !self.answered.is_empty() && self.asked.iter().all(|node| self.answered.contains(node))
    }
}

/// Who refused, and why.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Refused {
    pub(crate) node: String,
    pub(crate) rules: Vec<Rule>,
}

/// A rule that was broken.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Rule {
    pub(crate) code: String,
    pub(crate) what: String,
}

/// A feature in words.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Definition {
    pub(crate) feature: String,
    pub(crate) da: String,
    pub(crate) en: String,
    pub(crate) values: String,
    pub(crate) denominator: String,
}

/// Which data a node answered from.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Data {
    pub(crate) node: String,
    pub(crate) extracted_on: String,
    pub(crate) import: Option<u64>,
    pub(crate) rejected_rows: Option<u64>,
    pub(crate) software: Option<String>,
}

impl Object {
    /// Reads one. A member that is null is one that is left out; another type than the documented one is a fault, for
    /// a report that leaves out what it cannot read would be a wrong one.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub(crate) fn parse(json: &str) -> Result<Self, ObjectError> {
        let value: Value = serde_json::from_str(json)?;
        // Serde would also fill the members from an array, in order.
        if !value.is_object() {
            return Err(ObjectError::NoObject);
        }
        let mut object: Self = serde_json::from_value(without_nulls(value))?;
        // A join has numbers of all its tables or of none.
        let is_joined = object.indicator.as_ref().is_some_and(|indicator| indicator.mode == "joined");
        let is_answered = is_joined || object.coverage.is_complete();
        object.cells.iter_mut().chain(&mut object.totals).for_each(|cell| cell.is_answered = is_answered);
        Ok(object)
    }

    /// A text of the query.
    pub(crate) fn asked(&self, name: &str) -> &str {
        self.query.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The name by which people asked for it.
    pub(crate) fn name(&self) -> &str {
        let indicator = self.indicator.as_ref().map(|indicator| indicator.name.as_str());
        indicator.filter(|name| !name.is_empty()).unwrap_or_else(|| self.asked("name"))
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name, without_nulls(value))).collect())
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{Object, Seen};

    #[test]
    fn what_is_missing_or_null_is_left_out() {
        let object =
            Object::parse(r#"{"query": null, "cells": [{"key": {"a": "b"}, "shown": null}], "new": 1}"#);
        assert_eq!(object.unwrap().cells[0].seen(), Seen::Unanswered);
    }

    #[test]
    fn what_has_another_type_is_a_fault() {
        assert!(Object::parse(r#"{"cells": [{"key": {}, "shown": "12"}]}"#).is_err());
        assert!(Object::parse("[]").is_err());
        assert!(Object::parse("7").is_err());
    }

    #[test]
    fn a_number_of_nobody_is_hidden_and_not_unanswered() {
        let seen = |answered: &str| {
            let json = format!(
                r#"{{"coverage": {{"asked": ["a", "b"], "answered": {answered}}}, "cells": [{{"key": {{}}}}]}}"#
            );
            Object::parse(&json).unwrap().cells[0].seen()
        };
        assert_eq!(seen(r#"["a", "b"]"#), Seen::Hidden);
        assert_eq!(seen(r#"["a"]"#), Seen::Unanswered);
        let joined = r#"{"indicator": {"mode": "joined"}, "cells": [{"key": {}, "value": null}]}"#;
        assert_eq!(Object::parse(joined).unwrap().cells[0].seen(), Seen::Hidden);
    }

    #[test]
    fn a_hidden_cell_has_neither_number_nor_interval() {
        let json = r#"{"cells": [{"key": {}, "value": 3, "shown": null, "ci95": [1, 5]}]}"#;
        assert_eq!(Object::parse(json).unwrap().cells[0].seen(), Seen::Hidden);
    }
}
