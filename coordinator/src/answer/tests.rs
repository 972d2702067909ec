use tvaers_definitions::library::Library;
use tvaers_protocol::codec;
use tvaers_protocol::hello::Software;
use tvaers_protocol::message::{DataStatement, Signed};
use tvaers_protocol::release::{BudgetLeft, Mechanism, Noise, Release, Showing};
use tvaers_protocol::roster::VerifiedRoster;
use tvaers_protocol::sign::{Purpose, SigningKey};
use tvaers_query::Query;
use tvaers_query::query::Party;

use super::combine::{Fault, Received, combine, received};
use super::*;
use crate::testing::{node, roster};

fn query(text: &str) -> Query {
    let members = roster();
    let parties: Vec<Party> = members.roster().members.iter().map(Party::from).collect();
    let text = format!("name = \"q\"\nkind = \"count\"\nas_of = 2026-02-28\n{text}\n");
    Query::parse(&text, "q.toml", Library::embedded().unwrap().catalogue(), &parties).unwrap()
}

/// What a node released; k360's key is the first, and so on.
fn release(query: &Query, name: &str, cells: &[i64], scale: f64) -> Release {
    Release {
        node: node(name),
        request: Digest([1; 32]),
        question: query.question_digest(),
        policy: Digest([2; 32]),
        laboratory: false,
        data: DataStatement {
            import: 3,
            digest: Digest([3; 32]),
            extracted_on: jiff::civil::date(2026, 2, 28),
            rejected_rows: 4,
        },
        cells: cells.to_vec(),
        noise: Noise {
            mechanism: Mechanism::DiscreteGaussian,
            scale,
            sensitivity_l1: 1,
            sensitivity_l2: 1.0,
            nano_rho: 20_000_000,
        },
        left: BudgetLeft { permit: 1_000_000_000, period: 2_000_000_000, life: 3_000_000_000 },
        showing: Showing { smallest: 5, rounding: 5 },
        software: Software::new("tvaers-node 0.1.0").unwrap(),
    }
}

fn body(query: &Query, release: Release, key: u8) -> Vec<u8> {
    let key = SigningKey::from_seed(&[key; 32]);
    codec::encode(&Signed::new(release, Purpose::Release, query.question_digest(), &key)).unwrap()
}

fn taken(query: &Query, name: &str, body: &[u8]) -> Result<Received, Fault> {
    received(query, roster().member(&node(name)).unwrap(), body)
}

fn combined(query: &Query, roster: &VerifiedRoster, answers: &[Received]) -> Answer {
    let coverage = Coverage {
        asked: Vec::new(),
        answered: Vec::new(),
        refused: Vec::new(),
        missing: Vec::new(),
        population_share: 1.0,
    };
    combine(Combined { query, roster, coverage, answers: answers.iter().collect() }).unwrap()
}

#[test]
fn noisy_values_and_variances_of_nodes_add_up_and_small_ones_are_hidden() {
    let query = query("by = [\"sex\"]");
    let one = taken(&query, "k360", &body(&query, release(&query, "k360", &[10, -7], 3.0), 1)).ok().unwrap();
    let two = taken(&query, "k376", &body(&query, release(&query, "k376", &[23, 4], 4.0), 2)).ok().unwrap();
    let answer = combined(&query, &roster(), &[one, two]);
    let cells: Vec<_> = answer.cells.iter().map(|cell| (cell.value, cell.shown)).collect();
    assert_eq!(cells, [(Some(33), Some(35)), (Some(-3), None)], "raw, and rounded to fives or hidden");
    assert!(answer.cells.iter().all(|cell| (cell.standard_error.unwrap() - 5.0).abs() < 1e-6));
    assert!(
        (answer.privacy.rho_person_max - 0.04).abs() < 1e-12 && (answer.privacy.rho - 0.02).abs() < 1e-12
    );
    assert_eq!(answer.privacy.nodes[0].left, Left { permit_rho: 1.0, period_rho: 2.0, life_rho: 3.0 });
}

#[test]
fn a_municipality_answers_for_its_own_cells_and_one_that_did_not_leaves_them_open() {
    let query = query("by = [\"kommune\", \"sex\"]");
    let own = release(&query, "k376", &[50, 60], 2.0);
    let answer = combined(&query, &roster(), &[taken(&query, "k376", &body(&query, own, 2)).ok().unwrap()]);
    let found: Vec<_> = answer.cells.iter().map(|cell| (cell.key["kommune"].clone(), cell.value)).collect();
    let expected: Vec<(Value, Option<i64>)> =
        vec![("360".into(), None), ("376".into(), Some(50)), ("360".into(), None), ("376".into(), Some(60))];
    assert_eq!(found, expected);
    assert!(answer.cells[0].ci95.is_none() && answer.cells[0].shown.is_none());
}

#[test]
fn an_answer_that_is_not_the_nodes_own_to_this_question_is_not_used() {
    let asked = query("by = [\"sex\"]");
    let fault = |name: &str, body: &[u8]| taken(&asked, name, body).err();
    let honest = release(&asked, "k360", &[1, 2], 3.0);
    assert!(fault("k360", &body(&asked, honest.clone(), 1)).is_none());
    assert_eq!(fault("k360", &body(&asked, honest.clone(), 2)), Some(Fault::Unsigned), "another node's key");
    assert_eq!(fault("k360", b"something else"), Some(Fault::Unsigned));
    let mut other = body(&asked, honest.clone(), 1);
    let middle = other.len() / 2;
    other[middle] ^= 1;
    assert!(fault("k360", &other).is_some(), "a flipped bit");
    let elsewhere = query("by = [\"age_band\"]");
    let answer = body(&elsewhere, release(&elsewhere, "k360", &[1; 11], 3.0), 1);
    assert_eq!(fault("k360", &answer), Some(Fault::OtherQuestion));
    let renamed = Release { node: node("k376"), ..honest.clone() };
    assert_eq!(fault("k360", &body(&asked, renamed, 1)), Some(Fault::OtherQuestion));
    let short = Release { cells: vec![1], ..honest.clone() };
    assert_eq!(fault("k360", &body(&asked, short, 1)), Some(Fault::Cells));
    for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let noise = Noise { scale, ..honest.noise };
        let answer = body(&asked, Release { noise, ..honest.clone() }, 1);
        assert!(matches!(fault("k360", &answer), Some(Fault::Noise(_) | Fault::Unsigned)), "{scale}");
    }
}

#[test]
fn a_result_object_has_the_parts_that_others_build_on() {
    let query = query("by = [\"sex\"]\n[[where]]\nfeature = \"age\"\nfrom = 65");
    let own = release(&query, "k360", &[10, 20], 3.0);
    let answer = combined(&query, &roster(), &[taken(&query, "k360", &body(&query, own, 1)).ok().unwrap()]);
    let json = serde_json::to_value(&answer).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    for key in ["query", "as_of", "laboratory", "cells", "privacy", "coverage", "definitions", "data"] {
        assert!(keys(&json).iter().any(|found| found == key), "{key}");
    }
    assert_eq!(keys(&json["cells"][0]), ["ci95", "key", "shown", "standard_error", "value"]);
    assert_eq!(json["query"]["where"][0]["feature"], "age");
    assert_eq!(json["as_of"], "2026-02-28");
    let features: Vec<&str> =
        json["definitions"].as_array().unwrap().iter().map(|one| one["feature"].as_str().unwrap()).collect();
    assert_eq!(features, ["sex", "age"]);
    assert!(json["notes"][0].as_str().unwrap().contains("noise"), "what intervals cover is said");
}
