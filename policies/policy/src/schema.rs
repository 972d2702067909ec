//! The form of a policy file as a JSON schema (draft 2020-12), for editors: generated from [`KEYS`], so that it says
//! what is read. Pure.
//!
//! It says less than reading does: what compares two keys, looks into the catalogue or weighs digits is for
//! `tvaers-policy check`. Dates are texts in it, as editors hand them over.

use serde_json::{Map, Value, json};

use crate::keys::{KEYS, Key, Needed, Takes};
use crate::limit;

/// Keys of a permit that its modes need or must not have; where a mode is in neither list, it may.
struct OfMode {
    key: &'static [&'static str],
    needed_by: &'static [&'static str],
    refused_by: &'static [&'static str],
    /// Whether a laboratory may leave it out.
    is_formal: bool,
}

const STATISTICS: &[&str] = &["aggregates", "joined-statistics"];
const WITH_PSEUDONYMS: &[&str] = &["joined-statistics", "person-contributions"];
const LISTS: &[&str] = &["person-contributions"];
const AGGREGATES: &[&str] = &["aggregates"];

const fn of_mode(
    key: &'static [&'static str],
    needed_by: &'static [&'static str],
    refused_by: &'static [&'static str],
    is_formal: bool,
) -> OfMode {
    OfMode { key, needed_by, refused_by, is_formal }
}

const OF_MODE: &[OfMode] = &[
    of_mode(&["budget"], STATISTICS, LISTS, false),
    of_mode(&["model"], WITH_PSEUDONYMS, AGGREGATES, false),
    of_mode(&["pseudonyms"], WITH_PSEUDONYMS, AGGREGATES, false),
    of_mode(&["work-list"], LISTS, STATISTICS, false),
    of_mode(&["safeguards"], LISTS, STATISTICS, true),
    of_mode(&["follow-up"], &[], STATISTICS, false),
    of_mode(&["second-signature"], LISTS, AGGREGATES, true),
    of_mode(&["data", "categories"], STATISTICS, LISTS, false),
    of_mode(&["data", "clamp"], &[], WITH_PSEUDONYMS, false),
    of_mode(&["purpose", "ehds-53"], &[], LISTS, false),
    // What the list tells and to whom says whether these are needed.
    of_mode(&["basis", "disclose-items"], &[], STATISTICS, false),
    of_mode(&["basis", "hand-to-practice"], &[], STATISTICS, false),
];

/// Keys that a laboratory may leave out in their place: beside a model's name "all", and of a follow-up without end.
const FREE_IN_A_LABORATORY: &[&str] =
    &["permit.model.version", "permit.model.digest", "permit.follow-up.until"];

/// The schema.
#[must_use]
pub fn schema() -> Value {
    let is_laboratory =
        json!({ "properties": { "laboratory": { "const": true } }, "required": ["laboratory"] });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tvaers policy",
        "description": "What a node permits. `tvaers-policy check` says all that is wrong with one.",
        "if": is_laboratory,
        "then": { "$ref": "#/$defs/laboratory" },
        "else": { "$ref": "#/$defs/real-data" },
        "$defs": {
            "real-data": object("", false),
            "laboratory": object("", true),
        },
    })
}

/// The table at a path, with all that can stand in it.
fn object(path: &str, laboratory: bool) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, key) in children(path) {
        properties.insert(name.to_owned(), described(key, laboratory));
        let is_needed = match key.needed {
            Needed::Always => true,
            Needed::UnlessLaboratory => !laboratory && !is_of_mode(key.path),
            Needed::InItsPlace => {
                let is_free = laboratory && FREE_IN_A_LABORATORY.contains(&key.path);
                !(is_of_mode(key.path) || is_free)
            }
            Needed::Optional => false,
        };
        if is_needed {
            required.push(name);
        }
    }
    let mut object = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "required": required,
    });
    if path == "permit"
        && let Some(object) = object.as_object_mut()
    {
        object.insert("allOf".to_owned(), modes(laboratory));
    }
    object
}

/// The keys directly below a path, with their names there.
fn children(path: &str) -> impl Iterator<Item = (&'static str, &'static Key)> {
    let prefix = if path.is_empty() { String::new() } else { format!("{path}.") };
    KEYS.iter().filter_map(move |key| {
        let name = key.path.strip_prefix(prefix.as_str())?;
        (!name.contains('.')).then_some((name, key))
    })
}

fn is_of_mode(path: &str) -> bool {
    let of = |one: &OfMode| path.strip_prefix("permit.").is_some_and(|rest| rest == one.key.join("."));
    OF_MODE.iter().any(of)
}

/// What each mode needs and refuses.
fn modes(laboratory: bool) -> Value {
    let mode = |mode: &str| {
        let rules = OF_MODE.iter().filter_map(|one| {
            let needed = one.needed_by.contains(&mode) && !(one.is_formal && laboratory);
            let refused = one.refused_by.contains(&mode);
            (needed || refused).then(|| at(one.key, refused))
        });
        json!({
            "if": { "properties": { "mode": { "const": mode } }, "required": ["mode"] },
            "then": { "allOf": rules.collect::<Vec<_>>() },
        })
    };
    STATISTICS.iter().chain(LISTS).map(|name| mode(name)).collect()
}

/// That a key below a permit is there, or is not.
fn at(path: &[&str], refused: bool) -> Value {
    match path {
        [name] if refused => json!({ "properties": { *name: false } }),
        [name] => json!({ "required": [name] }),
        [name, rest @ ..] => json!({ "properties": { *name: at(rest, refused) } }),
        [] => json!(true),
    }
}

fn described(key: &Key, laboratory: bool) -> Value {
    let mut value = of(key, laboratory);
    if let Some(value) = value.as_object_mut() {
        value.insert("description".to_owned(), json!(key.says().en));
    }
    value
}

/// What a key takes.
fn of(key: &Key, laboratory: bool) -> Value {
    let text = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    let id = limit::ID_CHARACTERS_MAX;
    match key.takes {
        Takes::Flag => json!({ "type": "boolean" }),
        Takes::Date => {
            json!({ "type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" })
        }
        Takes::Text => json!({
            "type": "string", "pattern": "\\S", "minLength": 1, "maxLength": limit::TEXT_CHARACTERS_MAX,
        }),
        Takes::Id => text(&format!("^[a-z0-9-]{{1,{id}}}$")),
        Takes::NodeName => text("^[a-z0-9_]{1,32}$"),
        Takes::Cvr => text("^[1-9][0-9]{7}$"),
        Takes::File => text(&format!("^[A-Za-z0-9_-][A-Za-z0-9._-]{{0,{}}}$", id - 1)),
        Takes::Hex => text("^[0-9A-Fa-f]{64}$"),
        Takes::Decimal => json!({ "type": "number", "exclusiveMinimum": 0, "maximum": 1_000_000_000 }),
        Takes::Integer => json!({ "type": "integer" }),
        Takes::Whole { from, to, laboratory_from } => {
            let from = if laboratory { laboratory_from } else { from };
            json!({ "type": "integer", "minimum": from, "maximum": to })
        }
        Takes::Word(words) => json!({ "enum": words }),
        Takes::WordOr { words, laboratory: other } => {
            let other = laboratory.then_some(&other);
            json!({ "enum": words.iter().chain(other).collect::<Vec<_>>() })
        }
        Takes::Letter(last) => json!({ "enum": ('a'..=last).map(String::from).collect::<Vec<_>>() }),
        Takes::Words(words) => list(&json!({ "enum": words }), 1),
        Takes::Name => json!({ "type": "string" }),
        Takes::Names => or(list(&json!({ "type": "string" }), 0), "all", laboratory),
        Takes::Persons => list(&json!({ "type": "string" }), if laboratory { 0 } else { 2 }),
        Takes::Municipalities => list(&json!({ "type": "integer", "minimum": 100, "maximum": 999 }), 1),
        Takes::Budget { unlimited } => or(budget(key.path, laboratory), "unlimited", laboratory && unlimited),
        Takes::Table => object(key.path, laboratory),
        Takes::Tables => json!({ "type": "array", "items": object(key.path, laboratory) }),
        Takes::Each(words) => json!({ "type": "object", "additionalProperties": { "enum": words } }),
    }
}

/// Either rho or epsilon.
fn budget(path: &str, laboratory: bool) -> Value {
    let mut budget = object(path, laboratory);
    if let Some(budget) = budget.as_object_mut() {
        budget.insert("minProperties".to_owned(), json!(1));
        budget.insert("maxProperties".to_owned(), json!(1));
    }
    budget
}

fn list(item: &Value, least: usize) -> Value {
    json!({ "type": "array", "items": item, "uniqueItems": true, "minItems": least })
}

fn or(value: Value, word: &str, allowed: bool) -> Value {
    if allowed { json!({ "anyOf": [value, { "const": word }] }) } else { value }
}
