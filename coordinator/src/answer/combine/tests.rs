use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::release::{Mechanism, Noise, PartNoise, PartOf, Release, Showing};

use super::*;
use crate::answer::{Amount, Cell, Expected, Fault, Refused};
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

/// Value and what is shown of each cell.
fn numbers(cells: &[Cell]) -> Vec<(Option<i64>, Option<i64>)> {
    let whole = |amount: Option<Amount>| amount.and_then(Amount::whole);
    cells.iter().map(|cell| (whole(cell.value), whole(cell.shown))).collect()
}

fn scaled(release: &Release, scale: f64) -> Noise {
    let parts = release.noise.parts.iter().map(|part| PartNoise { scale, ..*part });
    Noise { parts: parts.collect(), ..release.noise.clone() }
}

#[test]
fn values_and_variances_of_nodes_add_up_cell_by_cell() {
    let query = query(BY_SEX);
    let with = |name, cells, scale| {
        let honest = release(name, &query, 0);
        let noise = scaled(&honest, scale);
        received(name, &query, Release { cells: vec![cells], noise, ..honest })
    };
    let (first, second) = (with("k360", vec![10, -4], 3.0), with("k376", vec![5, 1], 4.0));
    let answer = combined(&query, &[&first, &second]);
    // What is clipped off one cell is taken off the others: the total is still 12.
    assert_eq!(numbers(&answer.cells), [(Some(15), Some(12)), (Some(-3), Some(0))]);
    assert_eq!(numbers(&answer.totals), [(Some(12), Some(12))]);
    assert!(answer.cells.iter().all(|cell| (cell.standard_error.unwrap() - 5.0).abs() < 1e-6));
    assert_eq!(answer.cells[0].ci95, Some([(15 - 11).into(), (15 + 11).into()]));
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
        numbers(&combined(&query, answers).cells).into_iter().map(|(value, _)| value).collect()
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
        received(name, &query, Release { cells: vec![cells], showing, ..release(name, &query, 0) })
    };
    let (first, second) = (with("k360", vec![4, 8], 0, 1), with("k376", vec![0, 0], 5, 5));
    let answer = combined(&query, &[&first, &second]);
    assert_eq!(numbers(&answer.cells), [(Some(4), None), (Some(8), Some(10))]);
    // Of a total that is shown and the other cell the hidden one could be worked out.
    assert_eq!(numbers(&answer.totals), [(Some(12), None)]);
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
        assert_eq!(read(&sealed("k360", Release { cells: vec![cells], ..by_sex(1) })), Some(Fault::Cells));
    }
    for value in [i64::MAX, i64::MIN, i64::MAX / 127] {
        assert_eq!(read(&sealed("k360", by_sex(value))), Some(Fault::Value), "{value}");
    }
    for scale in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e308] {
        let noise = scaled(&by_sex(1), scale);
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
    assert!(combined(&query, &all).cells[0].value.unwrap().whole().unwrap() > i64::MAX - 128);
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
        [
            "as_of",
            "cells",
            "coverage",
            "data",
            "definitions",
            "laboratory",
            "notes",
            "privacy",
            "query",
            "totals"
        ]
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

fn of(kind: &str) -> Query {
    query(&format!(
        "name = \"a\"\n{kind}\nas_of = 2026-02-28\n[privacy]\nrho = 0.5\n[nodes]\nsector = \"municipality\"\n"
    ))
}

/// An answer with these parts, each with its scale and its cells.
fn in_parts(name: &str, query: &Query, parts: &[(PartOf, f64, &[i64])], smallest: u32) -> Received {
    let honest = release(name, query, 0);
    let noise = |(of, scale, _): &(PartOf, f64, &[i64])| PartNoise {
        of: *of,
        scale: *scale,
        sensitivity_l1: 1,
        sensitivity_l2: 1.0,
    };
    let noise = Noise { parts: parts.iter().map(noise).collect(), ..honest.noise.clone() };
    let cells = parts.iter().map(|(_, _, cells)| cells.to_vec()).collect();
    let showing = Showing { smallest, rounding: 1 };
    received(name, query, Release { cells, noise, showing, ..honest })
}

#[test]
fn a_mean_is_the_noisy_sum_over_the_noisy_persons_of_all_nodes() {
    let query = of("kind = \"mean\"\nfeature = \"age\"\nby = [\"sex\"]");
    use PartOf::{CentredSum, Persons};
    // The middle of 0 to 120 is 60.
    let parts =
        |sums: &'static [i64], persons: &'static [i64]| [(CentredSum, 30.0, sums), (Persons, 2.0, persons)];
    let (first, second) = (
        in_parts("k360", &query, &parts(&[-1_500, 900], &[100, 3]), 5),
        in_parts("k376", &query, &parts(&[-500, 10], &[100, 1]), 5),
    );
    let answer = combined(&query, &[&first, &second]);
    let [women, men] = &answer.cells[..] else { panic!("two") };
    assert_eq!((women.value, women.shown, women.persons), (Some(50.0.into()), Some(50.0.into()), Some(200)));
    // √(2·30² + 10²·2·2²) over 200 persons.
    let error = (2.0_f64 * 900.0 + 100.0 * 8.0).sqrt() / 200.0;
    assert!((women.standard_error.unwrap() - error).abs() < 1e-3, "{:?}", women.standard_error);
    let [low, high] = women.ci95.unwrap().map(Amount::real);
    assert!(low < 50.0 - 1.9 * error && 50.0 + 1.9 * error < high, "{low} {high}");
    // Four persons are too few to show, and their raw mean lies where no age is.
    assert_eq!((men.value, men.shown, men.persons), (Some((60.0 + 910.0 / 4.0).into()), None, Some(4)));
    assert!(answer.totals.is_empty());
    let [node, _] = &answer.privacy.nodes[..] else { panic!("two") };
    let names: Vec<&str> = node.parts.iter().map(|part| part.of.as_str()).collect();
    assert_eq!((names, node.scale), (vec!["centred_sum", "persons"], 30.0));
}

#[test]
fn a_sum_is_hidden_by_the_noisy_persons_that_come_with_it() {
    let query = of("kind = \"sum\"\nfeature = \"last_spell_days\"\nby = [\"sex\"]");
    use PartOf::{Persons, Sum};
    let with = in_parts("k360", &query, &[(Sum, 10.0, &[900, 70]), (Persons, 2.0, &[40, 4])], 5);
    let answer = combined(&query, &[&with]);
    assert_eq!(numbers(&answer.cells), [(Some(900), Some(900)), (Some(70), None)]);
    assert_eq!(numbers(&answer.totals), [(Some(970), None)]);
    assert_eq!(answer.cells[0].persons, Some(40));
    let without = in_parts("k360", &query, &[(Sum, 10.0, &[900, -70])], 0);
    let answer = combined(&query, &[&without]);
    assert_eq!(answer.cells[0].persons, None);
}

#[test]
fn a_histogram_has_its_bins_under_the_name_of_the_number_and_totals_by_each_side() {
    let query = of("kind = \"histogram\"\nfeature = \"age\"\nbins = [0, 18, 65]\nby = [\"sex\"]");
    let one = in_parts("k360", &query, &[(PartOf::Persons, 2.0, &[10, 20, 30, 40, 50, 60])], 0);
    let answer = combined(&query, &[&one]);
    assert_eq!(answer.cells[1].key, *serde_json::json!({ "sex": "F", "age": "18-64" }).as_object().unwrap());
    let total = |key: Value| {
        let found = answer.totals.iter().find(|cell| Value::Object(cell.key.clone()) == key).unwrap();
        (found.value.and_then(Amount::whole), found.standard_error.unwrap())
    };
    assert_eq!(total(serde_json::json!({})).0, Some(210));
    assert_eq!(total(serde_json::json!({ "sex": "M" })).0, Some(150));
    let (value, error) = total(serde_json::json!({ "age": "65-120" }));
    assert_eq!(value, Some(30 + 60));
    assert!((error - 8.0_f64.sqrt()).abs() < 1e-3, "{error}");
    assert_eq!(answer.totals.len(), 1 + 2 + 3);
}

#[test]
fn quantiles_are_read_from_the_bins_of_all_nodes() {
    let query = of(
        "kind = \"quantiles\"\nfeature = \"age\"\nbins = [0, 20, 40, 60]\nprobabilities = [0.25, 0.5]\nby = [\"sex\"]",
    );
    let cells = &[100, 100, 100, 100, 1, 0, 0, 0][..];
    let (first, second) = (
        in_parts("k360", &query, &[(PartOf::Persons, 1.0, cells)], 5),
        in_parts("k376", &query, &[(PartOf::Persons, 1.0, cells)], 0),
    );
    let answer = combined(&query, &[&first, &second]);
    let values: Vec<_> = answer.cells.iter().map(|cell| (cell.value.unwrap().real(), cell.persons)).collect();
    assert_eq!(values[..2], [(20.0, Some(800)), (40.0, Some(800))]);
    assert_eq!(
        answer.cells[0].key,
        *serde_json::json!({ "sex": "F", "probability": 0.25 }).as_object().unwrap()
    );
    assert_eq!((answer.cells.len(), answer.cells[2].shown, answer.cells[2].persons), (4, None, Some(2)));
    assert!(answer.cells[0].ci95.unwrap()[0].real() < 20.0 && answer.cells[0].standard_error.unwrap() > 0.0);
}

#[test]
fn one_who_is_in_several_cells_is_in_no_total() {
    let query = of("kind = \"count\"\nby = [\"support\"]");
    let one = in_parts("k360", &query, &[(PartOf::Persons, 2.0, &[10, -20, 30, 40])], 0);
    let answer = combined(&query, &[&one]);
    assert_eq!(numbers(&answer.cells)[..2], [(Some(10), Some(10)), (Some(-20), Some(0))]);
    assert!(answer.totals.is_empty() && answer.notes.iter().any(|note| note.contains("several cells")));
    assert!(answer.definitions.iter().any(|definition| definition.feature == "support"));
}

#[test]
fn parts_or_noise_of_another_kind_are_a_fault() {
    let count = of("kind = \"count\"");
    let sum = of("kind = \"sum\"\nfeature = \"age\"");
    let part = |of| PartNoise { of, scale: 1.0, sensitivity_l1: 1, sensitivity_l2: 1.0 };
    let answer = |query: &Query, parts: &[PartOf], mechanism| {
        let honest = release("k360", query, 0);
        let noise =
            Noise { parts: parts.iter().map(|of| part(*of)).collect(), mechanism, ..honest.noise.clone() };
        let cells = vec![vec![0]; parts.len()];
        read("k360", query, &sealed("k360", Release { cells, noise, ..honest })).err()
    };
    use Mechanism::{DiscreteGaussian, DiscreteLaplace};
    use PartOf::{CentredSum, Persons, Sum};
    assert_eq!(answer(&count, &[Persons], DiscreteGaussian), None);
    assert_eq!(answer(&sum, &[Sum], DiscreteGaussian), None);
    assert_eq!(answer(&sum, &[Sum, Persons], DiscreteGaussian), None);
    for parts in [&[][..], &[Sum], &[Persons, Persons], &[Sum, Persons]] {
        assert_eq!(answer(&count, parts, DiscreteGaussian), Some(Fault::Parts), "{parts:?}");
    }
    for parts in [&[][..], &[Persons], &[CentredSum], &[Persons, Sum]] {
        assert_eq!(answer(&sum, parts, DiscreteGaussian), Some(Fault::Parts), "{parts:?}");
    }
    assert_eq!(answer(&count, &[Persons], DiscreteLaplace), Some(Fault::Parts));
}

#[test]
fn sums_that_cannot_be_negative_add_up_to_a_total_that_clipping_does_not_raise() {
    let query = of("kind = \"sum\"\nfeature = \"last_spell_days\"\nby = [\"sex\"]");
    let one = in_parts("k360", &query, &[(PartOf::Sum, 10.0, &[900, -70])], 0);
    let answer = combined(&query, &[&one]);
    assert_eq!(numbers(&answer.cells), [(Some(900), Some(830)), (Some(-70), Some(0))]);
    assert_eq!(numbers(&answer.totals), [(Some(830), Some(830))]);
    // One who can add less than 0 makes a cell that can be less.
    let query = of("kind = \"sum\"\nfeature = \"self_rated_health_change\"\nby = [\"sex\"]");
    let one = in_parts("k360", &query, &[(PartOf::Sum, 10.0, &[90, -70])], 0);
    let answer = combined(&query, &[&one]);
    assert_eq!(numbers(&answer.cells), [(Some(90), Some(90)), (Some(-70), Some(-70))]);
    assert_eq!(numbers(&answer.totals), [(Some(20), Some(20))]);
}

#[test]
fn a_total_of_which_a_cell_was_not_answered_is_none() {
    let query = of("kind = \"count\"\nby = [\"kommune\", \"sex\"]");
    let one = in_parts("k360", &query, &[(PartOf::Persons, 2.0, &[10, 20])], 0);
    let answer = combined(&query, &[&one]);
    let keys: Vec<_> = answer.totals.iter().map(|cell| Value::Object(cell.key.clone())).collect();
    assert_eq!(keys, [serde_json::json!({ "kommune": "360" })]);
}

#[test]
fn counts_that_do_not_add_up_spoil_their_own_group_alone() {
    let edges: Vec<String> = (0..=120).map(|age| age.to_string()).collect();
    let query = of(&format!(
        "kind = \"quantiles\"\nfeature = \"age\"\nbins = [{}]\nby = [\"sex\"]",
        edges.join(", ")
    ));
    let most = i64::MAX / i64::try_from(tvaers_protocol::limit::MEMBERS_MAX).unwrap();
    let made_up = |name| {
        let cells: Vec<i64> = [vec![most; 121], vec![5; 121]].concat();
        in_parts(name, &query, &[(PartOf::Persons, 2.0, &cells)], 0)
    };
    let (first, second) = (made_up("k360"), made_up("k376"));
    let answer = combined(&query, &[&first, &second]);
    assert!(answer.cells[..3].iter().all(|cell| cell.value.is_none()));
    assert!(answer.cells[3..].iter().all(|cell| cell.persons == Some(1_210)));
}
