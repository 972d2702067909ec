//! Indicators end to end: those of queries and those of a join, against the oracle's database of everyone.

use std::collections::BTreeMap;

use tvaers_coordinator::answer::{Answer, Mode};
use tvaers_tests::federation::Federation;
use tvaers_tests::oracle::feature::{self, Features, Value};
use tvaers_tests::oracle::{read, resident};

use super::{laboratory, spent};

/// A million of rho, in thousand-millionths: noise of counts is next to nothing.
const MILLION: u64 = 1_000_000_000_000_000;

type Key = BTreeMap<String, String>;

/// The value of each cell by its key, with the standard error.
fn cells(answer: &Answer) -> BTreeMap<Key, (Option<f64>, f64)> {
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let cell = |cell: &tvaers_coordinator::answer::Cell| {
        let key = cell.key.iter().map(|(name, label)| (name.clone(), text(label))).collect();
        (key, (cell.value.map(|value| value.real()), cell.standard_error.unwrap_or(0.0)))
    };
    answer.cells.iter().chain(&answer.totals).map(cell).collect()
}

fn key(parts: &[(&str, &str)]) -> Key {
    parts.iter().map(|(name, label)| ((*name).to_owned(), (*label).to_owned())).collect()
}

fn number(features: &Features, name: &str) -> i64 {
    match features.get(name) {
        Some(Some(Value::Number(number))) => *number,
        _ => 0,
    }
}

fn real(whole: impl TryInto<i32>) -> f64 {
    f64::from(whole.try_into().unwrap_or_else(|_| panic!("a number that a test has no room for")))
}

fn age_band(features: &Features) -> String {
    match features.get("age_band") {
        Some(Some(Value::Label(label))) => label.clone(),
        _ => String::new(),
    }
}

/// The residents of every municipality, by the oracle.
fn residents(federation: &Federation) -> Vec<(String, Features)> {
    let mut residents = Vec::new();
    for id in federation.municipalities() {
        let kommune = id.as_str().trim_start_matches('k').to_owned();
        let all = feature::of_node(&federation.data().join(id.as_str()), federation.as_of()).unwrap();
        let here = all.into_values().filter(|features| number(features, "resident") == 1);
        residents.extend(here.map(|features| (kommune.clone(), features)));
    }
    residents
}

#[tokio::test]
async fn counts_and_shares_of_queries_are_those_of_one_database() {
    let federation = laboratory().await;
    let answer = federation.indicator("benefits", MILLION).await.unwrap();
    let words = answer.indicator.as_ref().unwrap();
    assert_eq!((words.name.as_str(), words.mode, words.measures.len()), ("benefits", Mode::Aggregate, 3));
    let request = answer.request.as_ref().unwrap();
    assert_eq!(request.permit, "laboratory-aggregates");
    assert!(!request.by.is_empty());
    let found = cells(&answer);
    let adults: Vec<_> =
        residents(&federation).into_iter().filter(|(_, features)| number(features, "age") >= 18).collect();
    let mut seen = 0;
    let kommuner: Vec<String> =
        federation.municipalities().iter().map(|id| id.as_str().trim_start_matches('k').to_owned()).collect();
    for kommune in &kommuner {
        for band in ["18-29", "30-39", "40-49", "50-59", "60-64", "65-69", "70-74", "75-79", "80-84", "85+"] {
            let here = || adults.iter().filter(|(k, features)| k == kommune && age_band(features) == band);
            let persons = real(here().count());
            let at = [("kommune", kommune.as_str()), ("age_band", band)];
            let of = |more: &[(&str, &str)]| found[&key(&[&at[..], more].concat())].0;
            assert_eq!(of(&[("measure", "persons")]), Some(persons), "{at:?}");
            for benefit in ["early_retirement", "unemployed", "cash_benefit", "social_service"] {
                let has = real(here().filter(|(_, features)| number(features, benefit) == 1).count());
                let own = |measure| of(&[("benefit", benefit), ("measure", measure)]);
                assert_eq!(own("recipients"), Some(has), "{at:?} {benefit}");
                assert!((own("share").unwrap() - has / persons.max(1.0)).abs() < 1e-9, "{at:?} {benefit}");
                seen += usize::from(has > 0.0);
            }
        }
        // Totals have their shares too.
        let total = |measure, more: &[(&str, &str)]| {
            found[&key(&[&[("kommune", kommune.as_str()), ("measure", measure)], more].concat())].0.unwrap()
        };
        let benefit = [("benefit", "social_service")];
        let share = total("recipients", &benefit) / total("persons", &[]);
        assert!((total("share", &benefit) - share).abs() < 1e-9);
    }
    assert!(seen >= 5, "worth the question: {seen}");
}

#[tokio::test]
async fn sums_a_person_are_within_their_noise() {
    let federation = laboratory().await;
    let answer = federation.indicator("sick_leave", MILLION).await.unwrap();
    let found = cells(&answer);
    let of_age = |features: &Features| (18..=65).contains(&number(features, "age"));
    let workers: Vec<_> =
        residents(&federation).into_iter().filter(|(_, features)| of_age(features)).collect();
    let sum: i64 = workers.iter().map(|(_, features)| number(features, "sick_spells_2y")).sum();
    assert!(sum > 0, "worth the question");
    let (persons, spells) = (found[&key(&[("measure", "persons")])], found[&key(&[("measure", "spells")])]);
    assert_eq!(persons.0, Some(real(workers.len())));
    assert!((spells.0.unwrap() - real(sum)).abs() <= 6.0 * spells.1 + 1e-9, "{spells:?} for {sum}");
    let (mean, error) = found[&key(&[("measure", "spells_per_person")])];
    let right = real(sum) / real(workers.len());
    assert!((mean.unwrap() - right).abs() <= 6.0 * error + 1e-9, "{mean:?} for {right}");
}

#[tokio::test]
async fn an_indicator_of_queries_costs_its_budget_once_at_each_node_and_again_nothing() {
    let federation = laboratory().await;
    let before = spent(&federation, "k360").await;
    let answer = federation.indicator("benefits", 200_000_000).await.unwrap();
    let after = spent(&federation, "k360").await;
    assert_eq!(after.1 - before.1, 200_000_000);
    assert!(answer.privacy.nodes.iter().all(|node| (node.charged_rho - 0.2).abs() < 1e-9));
    assert_eq!(answer.privacy.nodes[0].parts.len(), 5);
    let again = federation.indicator("benefits", 200_000_000).await.unwrap();
    let spent_again = spent(&federation, "k360").await.1;
    assert_eq!(spent_again, after.1, "the same questions over the same data are not charged");
    assert_eq!(again.cells, answer.cells);
    let region = spent(&federation, "region_1085").await;
    assert_eq!(region.1, 0, "a region has no part in it");
}

#[tokio::test]
async fn joined_costs_and_readmissions_are_those_of_one_database() {
    let mut federation = Federation::builder().made(600, 11).build().await.unwrap();
    federation.connect_all().await.unwrap();
    let as_of = federation.as_of();
    let everyone = read::federation(&federation.data()).unwrap();

    let found = cells(&federation.indicator("readmission_30d", MILLION).await.unwrap());
    let counted = everyone.readmission(as_of).unwrap();
    let counted = counted.values().filter(|answer| answer.resident);
    let (index, readmitted) = counted.fold((0, 0), |(index, readmitted), answer| {
        (index + u32::from(answer.index), readmitted + u32::from(answer.readmitted))
    });
    assert!(index > 0 && readmitted > 0, "worth the question: {index}, {readmitted}");
    for (measure, right) in [("index", f64::from(index)), ("readmitted", f64::from(readmitted))] {
        let (value, error) = found[&key(&[("measure", measure)])];
        assert!((value.unwrap() - right).abs() <= 6.0 * error + 1e-9, "{measure}: {value:?} for {right}");
    }
    let share = found[&key(&[("measure", "share")])].0.unwrap();
    assert!((share - f64::from(readmitted) / f64::from(index)).abs() < 0.01, "{share}");

    let found = cells(&federation.indicator("cost_per_capita", MILLION).await.unwrap());
    let mut right: BTreeMap<&str, i64> = BTreeMap::new();
    let residents = real(residents(&federation).len());
    for (person, cost) in &everyone.cost(as_of).unwrap() {
        let is_member = |kommune: &u16| everyone.members.contains(kommune);
        if !resident::homes(&everyone.citizens[person], as_of).iter().any(is_member) {
            continue;
        }
        for (component, ore) in cost.components() {
            // The clamp: a million kroner a person.
            *right.entry(component).or_default() += ore.min(100_000_000);
        }
    }
    let mut persons = 0.0;
    for (component, ore) in &right {
        let of = |measure: &str| {
            let own =
                found.iter().filter(|(key, _)| key["component"] == *component && key["measure"] == measure);
            own.map(|(_, (value, error))| (value.unwrap(), error * error)).collect::<Vec<_>>()
        };
        let sum: f64 = of("total_dkk").iter().map(|(value, _)| value).sum();
        let error = of("total_dkk").iter().map(|(_, variance)| variance).sum::<f64>().sqrt();
        let right = real(*ore) / 100.0;
        assert!((sum - right).abs() <= 6.0 * error + 0.01, "{component}: {sum} for {right}, {error}");
        persons = of("persons").iter().map(|(value, _)| value).sum();
    }
    assert!((persons - residents).abs() < 0.5, "{persons} for {residents}");
}

/// For every number of the indicators of queries: the mean of 200 releases, each of a question of its own because it
/// states a budget of its own, is within 6 of its standard errors, which noise exceeds with a probability below 2·10⁻⁹,
/// and 165 or more of the 200 intervals cover, which 95 % miss with a probability below 10⁻¹⁰. Some hundred numbers are
/// looked at; of those that are divided only what is clear of the noise, as the mean of a ratio is not the ratio.
#[tokio::test]
async fn two_hundred_answers_lie_around_the_truth_and_intervals_cover() {
    const ANSWERS: u64 = 200;
    let federation = laboratory().await;
    // The others have counts and shares of the same kinds, and take minutes.
    let every = std::env::var_os("TVAERS_EVERY_INDICATOR").is_some();
    let names = ["sick_leave", "residents", "benefits"];
    for name in names.into_iter().take(if every { names.len() } else { 1 }) {
        let truth = federation.indicator(name, MILLION).await.unwrap();
        let (mut sums, mut covered) = (vec![0.0; truth.cells.len()], vec![0_u32; truth.cells.len()]);
        let mut errors = vec![0.0; truth.cells.len()];
        for answer in 0..ANSWERS {
            let answer = federation.indicator(name, 2_000_000_000 + 1_000 * answer).await.unwrap();
            for (at, (cell, truth)) in answer.cells.iter().zip(&truth.cells).enumerate() {
                assert_eq!(cell.key, truth.key);
                let (Some(value), Some(right), Some(interval)) = (cell.value, truth.value, cell.ci95) else {
                    continue;
                };
                let [low, high] = interval.map(tvaers_coordinator::answer::Amount::real);
                sums[at] += value.real();
                errors[at] += cell.standard_error.unwrap();
                covered[at] += u32::from((low - 1e-6..=high + 1e-6).contains(&right.real()));
            }
        }
        let mut looked_at = 0;
        for (at, cell) in truth.cells.iter().enumerate() {
            let right = cell.value.unwrap();
            let (mean, error) = (sums[at] / real(ANSWERS), errors[at] / real(ANSWERS));
            if right.whole().is_none() && error > 0.02 * right.real().abs() {
                continue;
            }
            looked_at += 1;
            let what = (name, &cell.key, right.real(), mean, error, covered[at]);
            // A sum's own noise at a rho of a million comes on top.
            let own = 6.0 * cell.standard_error.unwrap();
            assert!(
                (mean - right.real()).abs() <= 6.0 * error / real(ANSWERS).sqrt() + own + 1e-6,
                "{what:?}"
            );
            assert!(covered[at] >= 165, "{what:?}");
        }
        assert!(looked_at > 0, "{name}");
    }
}
