//! At a rho of a million counts are the truth, and sums and means are within their own noise.

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
    /// A number, and where its bins begin; the last ends with its clamp.
    bins: Option<(&'static str, &'static [i64], i64)>,
}

impl Case {
    const NONE: Self = Self { text: "", sector: "k", by: &[], counts: |_| true, amount: None, bins: None };
}

/// The sets of flags, the flags that come first first, and under how many a person counts.
const SETS: &[(&str, &[&str], usize)] = &[
    ("support", &["early_retirement", "social_service", "cash_benefit", "unemployed"], 2),
    ("problem_areas_2y", &["somatic_2y", "psychiatric_2y", "substance_2y"], 3),
];

const CASES: &[Case] = &[
    Case {
        text: "kind = \"count\"\nby = [\"kommune\", \"sex\", \"age_band\"]",
        sector: "k",
        by: &["kommune", "sex", "age_band"],
        ..Case::NONE
    },
    Case { text: "kind = \"count\"", ..Case::NONE },
    Case { text: "kind = \"count\"\nby = [\"support\", \"sex\"]", by: &["sex", "support"], ..Case::NONE },
    Case {
        text: "kind = \"mean\"\nfeature = \"gp_contacts_2y\"\nby = [\"problem_areas_2y\"]",
        sector: "r",
        by: &["problem_areas_2y"],
        amount: Some("gp_contacts_2y"),
        ..Case::NONE
    },
    Case {
        text: "kind = \"mean\"\nfeature = \"self_rated_health_baseline\"\nby = [\"sex\"]",
        by: &["sex"],
        amount: Some("self_rated_health_baseline"),
        ..Case::NONE
    },
    Case {
        text: "kind = \"histogram\"\nfeature = \"age\"\nbins = [18, 40, 65]\nby = [\"kommune\"]",
        by: &["kommune"],
        bins: Some(("age", &[0, 18, 40, 65], 120)),
        ..Case::NONE
    },
    Case {
        text: "kind = \"histogram\"\nfeature = \"self_rated_health_change\"\nbins = [-4, -1, 0, 1]",
        bins: Some(("self_rated_health_change", &[-4, -1, 0, 1], 4)),
        ..Case::NONE
    },
    Case {
        text: "kind = \"count\"\nby = [\"civil_status\"]\n[[where]]\nfeature = \"age\"\nfrom = 18\nbelow = 66\n[[where]]\nfeature = \"sick_spells_2y\"\nfrom = 1",
        sector: "k",
        by: &["civil_status"],
        counts: |features| {
            number(features, "age").is_some_and(|age| (18..66).contains(&age))
                && number(features, "sick_spells_2y") >= Some(1)
        },
        ..Case::NONE
    },
    Case {
        text: "kind = \"count\"\nby = [\"known_sad\", \"sex\"]\n[[where]]\nfeature = \"gp_contacts_2y\"\nabove = 3",
        sector: "r",
        by: &["known_sad", "sex"],
        counts: |features| number(features, "gp_contacts_2y") > Some(3),
        ..Case::NONE
    },
    Case {
        text: "kind = \"sum\"\nfeature = \"gp_contacts_2y\"\nby = [\"age_band\"]",
        sector: "r",
        by: &["age_band"],
        amount: Some("gp_contacts_2y"),
        ..Case::NONE
    },
    Case {
        text: "kind = \"sum\"\nfeature = \"self_rated_health_change\"\nby = [\"sex\"]",
        sector: "k",
        by: &["sex"],
        amount: Some("self_rated_health_change"),
        ..Case::NONE
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

/// The labels of a category that a person counts under.
fn labels(features: &Features, name: &str) -> Vec<String> {
    match SETS.iter().find(|(set, ..)| *set == name) {
        None => label(features, name).into_iter().collect(),
        Some((_, flags, at_most)) => {
            let own = flags.iter().filter(|flag| number(features, flag) == Some(1)).take(*at_most);
            own.map(|flag| (*flag).to_owned()).collect()
        }
    }
}

/// The label of the bin that a person's number lies in.
fn bin(features: &Features, bins: (&str, &[i64], i64)) -> Option<String> {
    let (name, starts, to) = bins;
    let number = number(features, name)?;
    let place = starts.iter().rposition(|start| *start <= number)?;
    let end = starts.get(place + 1).map_or(to, |next| next - 1);
    Some(match starts[place] {
        start if start == end => start.to_string(),
        start if start < 0 => format!("{start} to {end}"),
        start => format!("{start}-{end}"),
    })
}

/// The cells of a person: every combination of the labels that it counts under.
fn keys(features: &Features, case: &Case) -> Vec<Vec<String>> {
    let by = case.by.iter().map(|name| labels(features, name));
    let bins = case.bins.map(|bins| bin(features, bins).into_iter().collect());
    by.chain(bins).fold(vec![Vec::new()], |keys, labels: Vec<String>| {
        let with = |key: &Vec<String>| {
            labels.iter().map(|label| [key.clone(), vec![label.clone()]].concat()).collect::<Vec<_>>()
        };
        keys.iter().flat_map(with).collect()
    })
}

/// The answer of one database of everyone, by the oracle: a sum, or persons, and the persons who have the number.
fn expected(federation: &Federation, case: &Case) -> BTreeMap<Vec<String>, (i64, i64)> {
    let members: Vec<String> =
        federation.municipalities().iter().map(|id| id.as_str().trim_start_matches('k').to_owned()).collect();
    let mut cells: BTreeMap<Vec<String>, (i64, i64)> = BTreeMap::new();
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
            if !(counts && (case.counts)(&features)) {
                continue;
            }
            let amount = case.amount.map_or(Some(1), |name| number(&features, name));
            for key in keys(&features, case) {
                let cell = cells.entry(key).or_default();
                *cell = (cell.0 + amount.unwrap_or(0), cell.1 + i64::from(amount.is_some()));
            }
        }
    }
    cells
}

fn real(whole: i64) -> f64 {
    f64::from(i32::try_from(whole).unwrap())
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
        assert!(expected.values().any(|(value, _)| *value != 0), "{text}: worth the question");
        let mut seen = 0;
        for cell in &results[0].cells {
            let names = case.by.iter().copied().chain(case.bins.map(|(name, ..)| name));
            let key: Vec<String> = names.map(|name| cell.key[name].as_str().unwrap().to_owned()).collect();
            let (sum, persons) = expected.get(&key).copied().unwrap_or_default();
            let is_mean = case.text.contains("\"mean\"");
            if is_mean {
                // Bounds of 12 σ² at a rho of a million are less than one person.
                assert_eq!(cell.persons, Some(persons), "{text}{key:?}");
            }
            let right = match is_mean {
                true if persons == 0 => continue,
                true => real(sum) / real(persons),
                false => real(sum),
            };
            let (found, error) = (cell.value.unwrap().real(), cell.standard_error.unwrap());
            let off = (found - right).abs();
            assert!(off <= 6.0 * error + 1e-9, "{text}{key:?}: {found} for {right}, standard error {error}");
            seen += usize::from(expected.contains_key(&key));
        }
        assert_eq!(seen, expected.len(), "{text}: every cell with anyone in it is public");
    }
}

#[tokio::test]
async fn a_quantile_lies_in_the_bin_where_the_share_of_persons_is_passed() {
    let federation = laboratory().await;
    let bins: &[i64] = &[0, 10, 20, 30, 40, 50, 60, 70, 80];
    let case = Case { bins: Some(("age", bins, 120)), ..Case::NONE };
    let counts = expected(&federation, &case);
    let persons: i64 = counts.values().map(|(persons, _)| persons).sum();
    for mechanism in ["discrete_gaussian", "discrete_laplace"] {
        let text = format!(
            "name = \"q\"\nkind = \"quantiles\"\nfeature = \"age\"\nbins = {bins:?}\nprobabilities = [0.1, 0.5, 0.9]\nas_of = {}\n[privacy]\nrho = 1e6\nmechanism = \"{mechanism}\"\n",
            federation.as_of()
        );
        let (_, results) = federation.query(&text).await.unwrap();
        assert_eq!(results[0].cells.len(), 3);
        for cell in &results[0].cells {
            let (share, value) = (cell.key["probability"].as_f64().unwrap(), cell.value.unwrap().real());
            let up_to = |edge: f64| {
                let below = bins.iter().filter(|start| real(**start) < edge);
                let label = |start: &i64| format!("{start}-{}", if *start == 80 { 120 } else { start + 9 });
                below.map(|start| counts.get(&vec![label(start)]).map_or(0, |(n, _)| *n)).sum::<i64>()
            };
            let from = real(*bins.iter().rev().find(|start| real(**start) <= value).unwrap());
            let (below, within) = (real(up_to(from)), real(up_to(from + 1.0)));
            let wanted = share * real(persons);
            // One person's room for where exactly a share of a whole number lies.
            assert!(below - 1.0 <= wanted && wanted <= within + 1.0, "{mechanism} {share}: {value}");
            assert_eq!(cell.persons, Some(persons));
        }
    }
}
