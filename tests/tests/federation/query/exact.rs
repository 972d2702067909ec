//! At a rho of a million counts are the truth, and sums are within their own noise.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::civil::Date;
use tvaers_protocol::id::PersonId;
use tvaers_tests::federation::Federation;
use tvaers_tests::oracle::feature::{self, Features, Value};

use super::laboratory;

/// A query, and what it is by the features of one person: whether the person counts, in which cell, and for how much.
struct Case {
    text: &'static str,
    sector: &'static str,
    by: &'static [&'static str],
    counts: fn(&Features) -> bool,
    amount: Option<&'static str>,
}

const CASES: &[Case] = &[
    Case {
        text: "kind = \"count\"\nby = [\"kommune\", \"sex\", \"age_band\"]",
        sector: "k",
        by: &["kommune", "sex", "age_band"],
        counts: |_| true,
        amount: None,
    },
    Case { text: "kind = \"count\"", sector: "k", by: &[], counts: |_| true, amount: None },
    Case {
        text: "kind = \"count\"\nby = [\"civil_status\"]\n[[where]]\nfeature = \"age\"\nfrom = 18\nbelow = 66\n[[where]]\nfeature = \"sick_spells_2y\"\nfrom = 1",
        sector: "k",
        by: &["civil_status"],
        counts: |features| {
            number(features, "age").is_some_and(|age| (18..66).contains(&age))
                && number(features, "sick_spells_2y") >= Some(1)
        },
        amount: None,
    },
    Case {
        text: "kind = \"count\"\nby = [\"known_sad\", \"sex\"]\n[[where]]\nfeature = \"gp_contacts_2y\"\nabove = 3",
        sector: "r",
        by: &["known_sad", "sex"],
        counts: |features| number(features, "gp_contacts_2y") > Some(3),
        amount: None,
    },
    Case {
        text: "kind = \"sum\"\nfeature = \"gp_contacts_2y\"\nby = [\"age_band\"]",
        sector: "r",
        by: &["age_band"],
        counts: |_| true,
        amount: Some("gp_contacts_2y"),
    },
    Case {
        text: "kind = \"sum\"\nfeature = \"self_rated_health_change\"\nby = [\"sex\"]",
        sector: "k",
        by: &["sex"],
        counts: |_| true,
        amount: Some("self_rated_health_change"),
    },
];

fn number(features: &Features, name: &str) -> Option<i64> {
    match features.get(name) {
        Some(Some(Value::Number(number))) => Some(*number),
        _ => None,
    }
}

fn label(features: &Features, name: &str) -> Option<String> {
    match features.get(name)?.as_ref()? {
        Value::Number(number) => Some(number.to_string()),
        Value::Label(label) => Some(label.clone()),
    }
}

/// Persons who have died by then: the oracle has the features of every patient, and a region answers about the living.
fn dead(folder: &Path, as_of: Date) -> BTreeSet<PersonId> {
    let Ok(mut patients) = csv::Reader::from_path(folder.join("patients.csv")) else {
        return BTreeSet::new();
    };
    let columns = patients.headers().unwrap().clone();
    let column = |name: &str| columns.iter().position(|column| column == name).unwrap();
    let (id, death) = (column("person_id"), column("death_date"));
    let is_dead = |record: &csv::StringRecord| record[death].parse::<Date>().is_ok_and(|day| day <= as_of);
    let dead = patients.records().map(Result::unwrap).filter(is_dead);
    dead.map(|record| PersonId::parse(&record[id]).unwrap()).collect()
}

/// The answer of one database of everyone, by the oracle.
fn expected(federation: &Federation, case: &Case) -> BTreeMap<Vec<String>, i64> {
    let members: Vec<String> =
        federation.municipalities().iter().map(|id| id.as_str().trim_start_matches('k').to_owned()).collect();
    let mut cells = BTreeMap::new();
    for id in federation.names().into_iter().filter(|id| id.as_str().starts_with(case.sector)) {
        let folder = federation.data().join(id.as_str());
        let dead = dead(&folder, federation.as_of());
        for (person, features) in feature::of_node(&folder, federation.as_of()).unwrap() {
            let counts = match case.sector {
                "k" => number(&features, "resident") == Some(1),
                _ => {
                    label(&features, "kommune").is_some_and(|code| members.contains(&code))
                        && !dead.contains(&person)
                }
            };
            let key: Option<Vec<String>> = case.by.iter().map(|name| label(&features, name)).collect();
            if let (true, Some(key)) = (counts && (case.counts)(&features), key) {
                let amount = case.amount.map_or(Some(1), |name| number(&features, name));
                *cells.entry(key).or_default() += amount.unwrap_or(0);
            }
        }
    }
    cells
}

#[tokio::test]
async fn counts_and_sums_are_those_of_one_database_where_noise_is_next_to_nothing() {
    let federation = laboratory().await;
    for case in CASES {
        let (head, conditions) = case.text.split_at(case.text.find("[[where]]").unwrap_or(case.text.len()));
        let as_of = federation.as_of();
        let text = format!("name = \"q\"\nas_of = {as_of}\n{head}\n{conditions}\n[privacy]\nrho = 1e6\n");
        let (answered, results) = federation.query(&text).await.unwrap();
        assert!(answered.coverage.refused.is_empty() && answered.coverage.missing.is_empty(), "{text}");
        let expected = expected(&federation, case);
        assert!(expected.values().any(|value| *value != 0), "{text}: worth the question");
        let mut seen = 0;
        for cell in &results[0].cells {
            let key: Vec<String> =
                case.by.iter().map(|name| cell.key[*name].as_str().unwrap().to_owned()).collect();
            let right = expected.get(&key).copied().unwrap_or(0);
            let (found, error) = (cell.value.unwrap(), cell.standard_error.unwrap());
            let off = f64::from(i32::try_from((found - right).abs()).unwrap());
            assert!(off <= 6.0 * error, "{text}{key:?}: {found} for {right}, standard error {error}");
            seen += usize::from(expected.contains_key(&key));
        }
        assert_eq!(seen, expected.len(), "{text}: every cell with anyone in it is public");
    }
}
