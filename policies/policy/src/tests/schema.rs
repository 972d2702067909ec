//! The schema for editors refuses what reading refuses by form, and takes what it takes.

use jsonschema::Validator;
use serde_json::json;
use toml::{Table, Value};

use super::every_key::{ROWS, bases, parsed, place, split, tables, value, with};
use super::*;
use crate::keys::{KEYS, Needed};

fn validator() -> Validator {
    jsonschema::draft202012::new(&crate::schema::schema()).unwrap()
}

/// A policy as an editor hands it to a validator: dates as texts.
fn json(text: &str) -> serde_json::Value {
    fn of(value: &Value) -> serde_json::Value {
        match value {
            Value::String(text) => json!(text),
            Value::Integer(number) => json!(number),
            Value::Float(number) => json!(number),
            Value::Boolean(flag) => json!(flag),
            Value::Datetime(day) => json!(day.to_string()),
            Value::Array(items) => items.iter().map(of).collect(),
            Value::Table(table) => table.iter().map(|(key, value)| (key.clone(), of(value))).collect(),
        }
    }
    of(&Value::Table(parsed(text)))
}

fn assert_takes(validator: &Validator, name: &str, text: &str) {
    let json = json(text);
    let errors: Vec<String> = validator
        .iter_errors(&json)
        .map(|error| format!("{}: {error:.300}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}");
}

#[test]
fn the_schema_is_one_and_takes_all_examples() {
    jsonschema::draft202012::meta::validate(&crate::schema::schema()).unwrap();
    let validator = validator();
    for (name, text) in
        [("municipality", municipality()), ("region", REGION), ("pilot", PILOT), ("laboratory", LABORATORY)]
    {
        assert_takes(&validator, name, text);
    }
}

#[test]
fn the_schema_refuses_the_values_that_reading_refuses_by_form() {
    // Of these the form of one key decides. NaN is no JSON at all, and a checksum or a name of the catalogue no form.
    let by_form = [
        "policy.type",
        "policy.node-id",
        "policy.bounds",
        "policy.floor",
        "policy.hex",
        "policy.text",
        "policy.file",
        "policy.word",
        "policy.persons",
        "policy.budget",
    ];
    let validator = validator();
    let mut refused = 0;
    for (key, set, bad, code, good) in ROWS {
        let path = if set.is_empty() { key } else { set };
        assert_takes(&validator, key, &with(path, good).0);
        if by_form.contains(code) {
            assert!(!validator.is_valid(&json(&with(path, bad).0)), "{key} = {bad}");
            refused += 1;
        }
    }
    assert!(refused > 50, "{refused}");
}

#[test]
fn the_schema_refuses_what_lacks_a_key_has_a_wrong_type_or_an_unknown_key() {
    let validator = validator();
    let mut swept = 0;
    for key in KEYS {
        for (base, _) in bases() {
            let steps = split(key.path);
            let mut without = base.clone();
            let Some((table, last)) = place(&mut without, &steps) else { continue };
            table.remove(&last);
            // Two approvals or one and a reason: whether one is missing takes both to say, and which steps are taken
            // stands elsewhere. Of tables that may be left out altogether only reading says what an empty one is.
            let elsewhere = ["permit.basis.disclose-items", "permit.basis.hand-to-practice"];
            if key.needed != Needed::Optional && !elsewhere.contains(&key.path) {
                assert!(!validator.is_valid(&json(&without.to_string())), "without {}", key.path);
                swept += 1;
            }
            if key.path == "laboratory" {
                continue;
            }
            let mut mistyped = base.clone();
            let (table, last) = place(&mut mistyped, &steps).unwrap();
            table.insert(last, value("true"));
            assert!(!validator.is_valid(&json(&mistyped.to_string())), "{} = true", key.path);
            swept += 1;
        }
    }
    let parents = KEYS.iter().filter_map(|key| key.path.rsplit_once('.')).map(|(table, _)| table);
    for path in parents.chain([""]) {
        let steps = if path.is_empty() { Vec::new() } else { split(path) };
        for (base, _) in bases() {
            let mut unknown: Table = base;
            let Some(table) = tables(&mut unknown, &steps).into_iter().next() else { continue };
            table.insert("zz-unknown".to_owned(), value("1"));
            assert!(!validator.is_valid(&json(&unknown.to_string())), "{path}.zz-unknown");
            swept += 1;
        }
    }
    assert!(swept > 400, "{swept}");
}

#[test]
fn the_schema_keeps_the_modes_apart_and_the_laboratory_to_itself() {
    let validator = validator();
    for (mode, part) in [
        (
            AGGREGATES,
            "[permit.work-list]\ndisclosure = \"items\"\npersons = \"selected\"\nto = [\"municipality\"]",
        ),
        (
            AGGREGATES,
            "[permit.pseudonyms]\ndomain = \"a\"\nkey = \"per-run\"\nevaluations-per-study = 1\nevaluations-per-peer = 1",
        ),
        (AGGREGATES, FOLLOW_UP),
        (JOINED, FOLLOW_UP),
        (LIST, "[permit.budget]\nper-query = { rho = 1 }\nin-all = { rho = 1 }"),
    ] {
        let id = format!("id = \"{mode}\"");
        let text = edit(municipality(), &id, "[permit.data]", &format!("{part}\n[permit.data]"));
        assert!(!validator.is_valid(&json(&text)), "{mode}: {part}");
    }
    let unlimited = LABORATORY.to_owned();
    assert!(unlimited.contains("\"unlimited\"") && validator.is_valid(&json(&unlimited)));
    assert!(!validator.is_valid(&json(&unlimited.replace("laboratory = true", "laboratory = false"))));
}
