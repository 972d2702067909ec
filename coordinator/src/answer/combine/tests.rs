use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::release::{Noise, Release, Showing};

use super::*;
use crate::answer::{Expected, Fault, Refused};
use crate::testing::{member, node, query, release, roster, rule, sealed};

const BY_SEX: &str = "name = \"by-sex\"\nkind = \"count\"\nby = [\"sex\"]\nas_of = 2026-02-28\n[privacy]\nrho = 0.5\n[nodes]\nsector = \"municipality\"\n";

const BY_KOMMUNE: &str = "name = \"by-kommune\"\nkind = \"count\"\nby = [\"kommune\"]\nas_of = 2026-02-28\n[privacy]\nrho = 0.5\n[nodes]\nsector = \"municipality\"\n";

fn read(name: &str, query: &Query, body: &[u8]) -> Result<Received, Fault> {
    Expected::of(query, &member(name)).read(body)
}

fn received(name: &str, query: &Query, release: Release) -> Received {
    read(name, query, &sealed(name, release)).unwrap()
}

fn coverage() -> Coverage {
    let nodes = |names: &[&str]| names.iter().map(|name| node(name)).collect::<Vec<NodeId>>();
    Coverage {
        asked: nodes(&["k360", "k376"]),
        answered: nodes(&["k360"]),
        refused: vec![Refused { node: node("k376"), rules: vec![rule("budget.permit")] }],
        missing: Vec::new(),
        population_share: 0.5,
    }
}

fn combined(query: &Query, answers: &[&Received]) -> Answer {
    Combiner::new(query, &roster()).unwrap().combine(coverage(), answers).unwrap()
}

#[test]
fn values_and_variances_of_nodes_add_up_cell_by_cell() {
    let query = query(BY_SEX);
    let with = |name, cells, scale| {
        let honest = release(name, &query, 0);
        let noise = Noise { scale, ..honest.noise };
        received(name, &query, Release { cells, noise, ..honest })
    };
    let (first, second) = (with("k360", vec![10, -4], 3.0), with("k376", vec![5, 1], 4.0));
    let answer = combined(&query, &[&first, &second]);
    let values: Vec<_> = answer.cells.iter().map(|cell| (cell.value, cell.shown)).collect();
    assert_eq!(values, [(Some(15), Some(15)), (Some(-3), Some(0))]);
    assert!(answer.cells.iter().all(|cell| (cell.standard_error.unwrap() - 5.0).abs() < 1e-6));
    assert_eq!(answer.cells[0].ci95, Some([15 - 11, 15 + 11]));
    assert!((answer.privacy.rho - 0.5).abs() < 1e-12, "at one node");
    assert!((answer.privacy.rho_person_max - 1.0).abs() < 1e-12, "at both");
    assert!(answer.notes.iter().any(|note| note.contains("added up")));
}

#[test]
fn a_municipality_answers_for_its_own_cell_and_one_that_nobody_answered_is_null() {
    let query = query(BY_KOMMUNE);
    let (first, second) = (
        received("k360", &query, release("k360", &query, 7)),
        received("k376", &query, release("k376", &query, 9)),
    );
    let values = |answers: &[&Received]| -> Vec<Option<i64>> {
        combined(&query, answers).cells.iter().map(|cell| cell.value).collect()
    };
    assert_eq!(values(&[&first, &second]), [Some(7), Some(9)]);
    assert_eq!(values(&[&second]), [None, Some(9)]);
    let empty = combined(&query, &[&second]).cells.remove(0);
    assert_eq!((empty.shown, empty.standard_error, empty.ci95), (None, None, None));
    assert_eq!(empty.key["kommune"], "360");
}

#[test]
fn what_is_hidden_is_judged_on_the_noisy_value_by_the_strictest_node() {
    let query = query(BY_SEX);
    let with = |name, cells, smallest, rounding| {
        let showing = Showing { smallest, rounding };
        received(name, &query, Release { cells, showing, ..release(name, &query, 0) })
    };
    let (first, second) = (with("k360", vec![4, 8], 0, 1), with("k376", vec![0, 0], 5, 5));
    let answer = combined(&query, &[&first, &second]);
    let shown: Vec<_> = answer.cells.iter().map(|cell| (cell.value, cell.shown)).collect();
    assert_eq!(shown, [(Some(4), None), (Some(8), Some(10))]);
}

#[test]
fn what_is_no_answer_of_the_node_to_the_question_is_a_fault() {
    let query_by_sex = query(BY_SEX);
    let by_sex = |value| release("k360", &query_by_sex, value);
    let read = |body: &[u8]| read("k360", &query_by_sex, body).err();
    assert_eq!(read(&sealed("k360", by_sex(1))), None);
    let mut changed = sealed("k360", by_sex(1));
    let last = changed.len() - 1;
    changed[last] ^= 1;
    assert_eq!(read(&changed), Some(Fault::Unsigned));
    assert_eq!(read(&sealed("k376", by_sex(1))), Some(Fault::Unsigned), "by another node's key");
    assert_eq!(read(b"nothing"), Some(Fault::Unsigned));
    let other = release("k360", &query(BY_KOMMUNE), 1);
    assert_eq!(read(&sealed("k360", other)), Some(Fault::OtherQuestion));
    let in_anothers_name = Release { node: node("k376"), ..by_sex(1) };
    assert_eq!(read(&sealed("k360", in_anothers_name)), Some(Fault::OtherQuestion));
    for cells in [vec![], vec![1], vec![1, 2, 3]] {
        assert_eq!(read(&sealed("k360", Release { cells, ..by_sex(1) })), Some(Fault::Cells));
    }
    for value in [i64::MAX, i64::MIN, i64::MAX / 127] {
        assert_eq!(read(&sealed("k360", by_sex(value))), Some(Fault::Value), "{value}");
    }
    for scale in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e308] {
        let noise = Noise { scale, ..by_sex(1).noise };
        let found = read(&sealed("k360", Release { noise, ..by_sex(1) }));
        assert!(matches!(found, Some(Fault::Noise(_))), "{scale}");
    }
    let other_roster_question = Release { question: Digest([9; 32]), ..by_sex(1) };
    assert_eq!(read(&sealed("k360", other_roster_question)), Some(Fault::OtherQuestion));
}

#[test]
fn the_greatest_values_of_a_whole_federation_still_add_up() {
    let query = query(BY_SEX);
    let most = i64::MAX / i64::try_from(tvaers_protocol::limit::MEMBERS_MAX).unwrap();
    let one = received("k360", &query, release("k360", &query, most));
    let all = vec![&one; tvaers_protocol::limit::MEMBERS_MAX];
    assert!(combined(&query, &all).cells[0].value.unwrap() > i64::MAX - 128);
}

#[test]
fn a_result_object_has_the_keys_that_people_build_on() {
    let query = query(BY_SEX);
    let one = received("k360", &query, release("k360", &query, 7));
    let json = serde_json::to_value(combined(&query, &[&one])).unwrap();
    let keys = |value: &Value| -> Vec<String> {
        let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    assert_eq!(
        keys(&json),
        ["as_of", "cells", "coverage", "data", "definitions", "laboratory", "notes", "privacy", "query"]
    );
    assert_eq!(keys(&json["cells"][0]), ["ci95", "key", "shown", "standard_error", "value"]);
    assert_eq!(keys(&json["privacy"]), ["delta", "epsilon", "mechanism", "nodes", "rho", "rho_person_max"]);
    let of_node = keys(&json["privacy"]["nodes"][0]);
    for key in ["node", "scale", "sensitivity", "charged_rho", "left"] {
        assert!(of_node.iter().any(|found| found == key), "{key}");
    }
    assert_eq!(keys(&json["coverage"]), ["answered", "asked", "missing", "population_share", "refused"]);
    assert_eq!(json["coverage"]["refused"][0]["rules"][0]["code"], "budget.permit");
    assert_eq!(json["query"]["name"], "by-sex");
    assert_eq!((&json["query"]["as_of"], &json["as_of"]), (&"2026-02-28".into(), &"2026-02-28".into()));
    assert_eq!(json["cells"][0]["key"], serde_json::json!({ "sex": "F" }));
    assert_eq!(json["definitions"][0]["feature"], "sex");
    for key in ["node", "extracted_on", "import", "rejected_rows"] {
        assert!(json["data"][0].get(key).is_some(), "{key}");
    }
    let back: Answer = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(back).unwrap(), json);
}
