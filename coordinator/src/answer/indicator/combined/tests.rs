use jiff::civil::date;
use tvaers_definitions::library::{CATALOGUE, Library, MODELS};
use tvaers_definitions::source::Source;

use super::*;

const HEAD: &str = r#"
name = "mine"
version = 3
rho = 1.0
source = "a test"
title = { da = "T", en = "T" }
question = { da = "Q", en = "Q" }
numerator = { da = "N", en = "N" }
denominator = { da = "D", en = "D" }
measure = [
    { name = "persons", unit = "count", da = "P", en = "P" },
    { name = "cost", unit = "dkk", da = "C", en = "C" },
    { name = "per_person", unit = "dkk", da = "CP", en = "CP" },
    { name = "share", unit = "share", da = "S", en = "S" },
]
query = [
    { measure = "persons", kind = "count", by = ["sex"] },
    { measure = "cost", key = { component = "gp" }, kind = "sum", feature = "cost_gp_1y", by = ["sex"] },
]
ratio = [
    { name = "per_person", of = "cost", per = "persons" },
    { name = "share", of = "persons", per = "all" },
]
"#;

fn indicator() -> Indicator {
    let own = [Source { file: "mine.toml", text: HEAD }];
    Library::read(CATALOGUE, MODELS, &own).unwrap().indicator("mine").unwrap().clone()
}

/// An answer by sex with these values and standard errors; what is `None` is hidden.
fn answer(cells: [(i64, bool); 2], error: f64) -> Answer {
    let half = Spread::told(error, (2.0 * error).ceil() as i64).half_width();
    let cell = |sex: &str, (value, is_shown): (i64, bool)| Cell {
        key: json!({ "sex": sex }).as_object().unwrap().clone(),
        value: Some(value.into()),
        shown: is_shown.then(|| value.into()),
        standard_error: Some(error),
        ci95: Some([(value - half).into(), (value + half).into()]),
        persons: None,
    };
    let node = json!({
        "node": "k360", "scale": error, "sensitivity": { "l1": 1, "l2": 1.0 }, "charged_rho": 0.1,
        "charged_epsilon": 1.0, "left": { "permit_rho": 1.0, "period_rho": 1.0, "life_rho": 1.0 },
        "smallest_cell": 0, "rounding": 1, "policy": null,
    });
    let [women, men] = cells;
    let empty: Answer = serde_json::from_value(json!({
        "query": { "name": "mine-1" }, "as_of": "2026-02-28", "laboratory": false, "cells": [],
        "privacy": { "mechanism": "discrete_gaussian", "epsilon": 1.0, "delta": 1e-6, "rho": 0.1,
                     "rho_person_max": 0.1, "nodes": [node] },
        "coverage": coverage(), "definitions": [], "data": [], "notes": ["as ever"],
    }))
    .unwrap();
    Answer { cells: vec![cell("F", women), cell("M", men)], ..empty }
}

fn coverage() -> Coverage {
    let k360 = || vec![NodeId::new("k360").unwrap()];
    Coverage { asked: k360(), answered: k360(), refused: vec![], missing: vec![], population_share: 1.0 }
}

fn of(persons: Option<Answer>, cost: Option<Answer>) -> Option<Answer> {
    let indicator = indicator();
    let aggregate = indicator.aggregate().unwrap().clone();
    let parts: Vec<Part<'_>> =
        aggregate.queries.iter().zip([persons, cost]).map(|(query, answer)| Part { query, answer }).collect();
    combined(&indicator, &aggregate, &parts, coverage(), "0.000001".parse().unwrap()).unwrap()
}

fn at<'a>(answer: &'a Answer, sex: &str, measure: &str) -> &'a Cell {
    let is_it = |cell: &&Cell| cell.key["sex"] == sex && cell.key["measure"] == measure;
    let mut found = answer.cells.iter().filter(is_it);
    let cell = found.next().unwrap();
    assert!(found.next().is_none(), "{sex} {measure} stands once");
    cell
}

fn real(amount: Option<Amount>) -> f64 {
    amount.unwrap().real()
}

#[test]
fn money_is_told_in_kroner_and_divided_by_the_persons_of_the_same_labels() {
    let answer = of(
        Some(answer([(40, true), (10, true)], 1.0)),
        Some(answer([(400_000, true), (50_000, true)], 300.0)),
    );
    let answer = answer.unwrap();
    let cost = at(&answer, "F", "cost");
    assert_eq!((real(cost.value), cost.standard_error), (4_000.0, Some(3.0)));
    assert_eq!(cost.key["component"], "gp");
    assert_eq!(real(at(&answer, "F", "per_person").value), 100.0);
    assert_eq!(real(at(&answer, "M", "per_person").shown), 50.0);
    assert_eq!(at(&answer, "F", "per_person").key["component"], "gp");
    // √(300² + 10,000²·1²)/40 øre, by the delta method.
    let error = at(&answer, "F", "per_person").standard_error.unwrap();
    assert!((error - 100_090_000_f64.sqrt() / 40.0 / 100.0).abs() < 1e-9, "{error}");
    assert_eq!((answer.indicator.unwrap().version, answer.as_of), (3, date(2026, 2, 28)));
    assert_eq!(answer.notes, ["as ever", NOTE_RATIO]);
    let told = json!({ "notes": [NOTE_RATIO] }).to_string();
    assert!(tvaers_report::untold(&told).unwrap().is_empty(), "the report has it in Danish");
    let node = &answer.privacy.nodes[0];
    assert!((node.charged_rho - 0.2).abs() < 1e-12 && node.charged_epsilon > 1.0);
    let parts: Vec<&str> = node.parts.iter().map(|part| part.of.as_str()).collect();
    assert_eq!(parts, ["persons: numbers", "cost, gp: numbers"]);
}

#[test]
fn shares_of_all_are_of_all_cells_and_a_hidden_number_hides_its_ratios() {
    let cost = answer([(400_000, true), (50_000, true)], 1.0);
    let answer = of(Some(answer([(30, true), (10, false)], 1.0)), Some(cost)).unwrap();
    // A share of all would tell how many are hidden.
    assert_eq!(["F", "M"].map(|sex| at(&answer, sex, "share").shown), [None, None]);
    let whole = of(Some(self::answer([(30, true), (10, true)], 1.0)), None).unwrap();
    assert_eq!(real(at(&whole, "F", "share").shown), 0.75);
    assert_eq!(at(&answer, "M", "per_person").shown, None);
    assert_eq!(real(at(&answer, "M", "per_person").value), 50.0, "the raw number stands as ever");
    assert!(at(&answer, "M", "cost").shown.is_some());
}

#[test]
fn where_one_query_has_no_answer_the_rest_stands_without_what_is_worked_out_of_it() {
    let cost = || answer([(400_000, true), (50_000, true)], 1.0);
    let alone = of(None, Some(cost())).unwrap();
    assert_eq!(real(at(&alone, "F", "cost").value), 4_000.0);
    assert_eq!((at(&alone, "F", "per_person").value, at(&alone, "F", "per_person").shown), (None, None));
    assert_eq!(of(None, None), None);
}

#[test]
fn a_total_is_divided_by_the_total_of_the_same_labels_and_a_bin_by_its_group() {
    let by = |cells: &[(Value, i64)]| {
        let cell = |(key, value): &(Value, i64)| Cell {
            key: key.as_object().unwrap().clone(),
            ..answer([(*value, true); 2], 1.0).cells[0].clone()
        };
        cells.iter().map(cell).collect::<Vec<_>>()
    };
    let totals = by(&[(json!({}), 100), (json!({ "sex": "F" }), 20)]);
    let persons = Answer { totals, ..answer([(20, true), (80, true)], 1.0) };
    let totals = by(&[(json!({}), 1_000_000), (json!({ "sex": "F" }), 400_000)]);
    let cost = Answer { totals, ..answer([(400_000, true), (600_000, true)], 1.0) };
    let found = of(Some(persons), Some(cost)).unwrap();
    let per_person = found.totals.iter().filter(|cell| cell.key["measure"] == "per_person");
    let numbers: Vec<f64> = per_person.map(|cell| real(cell.value)).collect();
    assert_eq!(numbers, [100.0, 200.0]);

    let indicator = indicator();
    let query = |kind: &str| {
        let mut query = indicator.aggregate().unwrap().queries[1].clone();
        query.query.insert("kind".to_owned(), kind.into());
        query
    };
    let key = json!({ "sex": "F", "cost_gp_1y": "0-9" }).as_object().unwrap().clone();
    assert_eq!(without_bin(&key, &query("histogram")), *json!({ "sex": "F" }).as_object().unwrap());
    assert_eq!(without_bin(&key, &query("sum")), key);
}
