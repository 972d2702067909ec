//! Joined statistics: at a rho of a million every number is what one database of all rows would have said.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::Value;
use tvaers_coordinator::answer::{Answer, Cell};
use tvaers_protocol::problem::Exit;
use tvaers_protocol::study::Grain;
use tvaers_tests::federation::Federation;
use tvaers_tests::oracle::{self, sad, somv, survey};

/// A million, at which noise is far below one.
pub(super) const EXACT: u64 = 1_000_000_000_000_000;

/// What a person's cost of one component is clamped to, in øre.
const COST_MAX: i64 = 100_000_000;

/// Cells by what their keys say, in order of the names.
pub(super) type Told = BTreeMap<String, f64>;

pub(super) async fn asked(federation: &Federation, indicator: &str, nano_rho: u64) -> Answer {
    let mut wish = federation.wish(indicator, federation.as_of(), Grain::Events);
    wish.list = None;
    wish.tables.as_mut().unwrap().nano_rho = Some(nano_rho);
    federation.ask(&federation.signed_wish(wish)).await.unwrap().tables.unwrap()
}

fn name<'a>(labels: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let labels: BTreeMap<&str, String> = labels.into_iter().collect();
    let labels: Vec<String> = labels.into_iter().map(|(name, label)| format!("{name}={label}")).collect();
    labels.join(" ")
}

fn key(cell: &Cell) -> String {
    let label = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    name(cell.key.iter().map(|(name, value)| (name.as_str(), label(value))))
}

fn told(answer: &Answer) -> Told {
    answer.cells.iter().map(|cell| (key(cell), cell.value.unwrap().real())).collect()
}

/// Every number that is expected is told, counts exactly and others within five of their own standard errors, and what
/// is told beside them is nothing.
pub(super) fn assert_same(answer: &Answer, expected: &Told) {
    let mut missing: Vec<&String> = expected.keys().collect();
    for cell in &answer.cells {
        let (key, value, error) = (key(cell), cell.value.unwrap(), cell.standard_error.unwrap());
        let truth = expected.get(&key).copied().unwrap_or(0.0);
        let is_sum = key.contains("dkk");
        assert!(is_sum || error < 1e-3, "{key}: an error of {error}");
        let allowed = if is_sum { 5.0 * error } else { 1e-6 };
        assert!((value.real() - truth).abs() <= allowed, "{key}: {value}, {truth}, {error}");
        missing.retain(|other| **other != key);
    }
    assert!(missing.is_empty(), "{missing:?}");
}

async fn federation(cases: Option<u64>) -> (Federation, oracle::Federation, Date) {
    let builder = Federation::builder();
    let builder = match cases {
        Some(seed) => builder.cases(seed),
        None => builder.made(1_500, 5),
    };
    let mut federation = builder.build().await.unwrap();
    federation.connect_all().await.unwrap();
    let (pooled, as_of) = (oracle::read::federation(&federation.data()).unwrap(), federation.as_of());
    (federation, pooled, as_of)
}

fn add(told: &mut Told, labels: &[(&str, &str)], amount: f64) {
    *told.entry(name(labels.iter().map(|(name, label)| (*name, (*label).to_owned())))).or_default() += amount;
}

#[expect(clippy::cast_precision_loss, reason = "amounts of a small population")]
fn real(whole: i64) -> f64 {
    whole as f64
}

/// Where a person counts: whom two municipalities claim counts nowhere.
fn home(person: &sad::Answer) -> Option<u16> {
    person.kommune.filter(|_| !person.several_residences)
}

pub(super) fn cost(pooled: &oracle::Federation, as_of: Date) -> Told {
    let mut costs = pooled.cost(as_of).unwrap();
    let mut expected = Told::new();
    for (id, person) in pooled.sad(as_of).unwrap() {
        let (Some(kommune), Some(cost)) = (home(&person), costs.remove(&id)) else { continue };
        for (component, ore) in cost.components() {
            let labels = [("kommune", kommune.to_string()), ("component", component.to_owned())];
            let labels: Vec<(&str, &str)> =
                labels.iter().map(|(name, label)| (*name, label.as_str())).collect();
            let within = real(ore.min(COST_MAX)) / 100.0;
            add(&mut expected, &[&labels[..], &[("measure", "total_dkk")]].concat(), within);
            add(&mut expected, &[&labels[..], &[("measure", "persons")]].concat(), 1.0);
        }
    }
    let per_capita = expected.iter().filter(|(key, _)| key.ends_with("total_dkk")).map(|(key, total)| {
        let of = |measure| key.replace("measure=total_dkk", &format!("measure={measure}"));
        (key.replace("total_dkk", "per_capita_dkk"), total / expected[&of("persons")])
    });
    let per_capita: Told = per_capita.collect();
    expected.into_iter().chain(per_capita).collect()
}

fn region(kommune: u16) -> &'static str {
    if kommune == 461 { "1083" } else { "1085" }
}

/// Index admissions and readmissions, of all regions joined and by region of residence. Whether someone was discharged
/// alive the regions' registers say; the cases have deaths that a municipality alone knows of.
pub(super) fn readmission(pooled: &oracle::Federation, as_of: Date) -> Told {
    let discharges = oracle::readmission::discharges(as_of).unwrap();
    let mut admissions = pooled.admissions(as_of);
    let mut expected = Told::new();
    for (id, citizen) in &pooled.citizens {
        let died =
            citizen.persons.iter().filter_map(|held| held.row.death_date).find(|death| *death <= as_of);
        let homes = oracle::resident::registered(citizen, died.unwrap_or(as_of));
        let ([home], Some(admissions)) = (homes.as_slice(), admissions.remove(id)) else { continue };
        let birth = oracle::resident::master(citizen, Some(*home)).unwrap().birth_date;
        let death = citizen.patients.iter().filter_map(|held| held.row.death_date).min();
        let (index, readmitted) = oracle::readmission::counts(&admissions, birth, death, &discharges);
        for (measure, amount) in [("index", index), ("readmitted", readmitted)] {
            let amount = f64::from(amount);
            add(&mut expected, &[("measure", measure)], amount);
            add(&mut expected, &[("region", region(*home)), ("measure", measure)], amount);
        }
    }
    for labels in [vec![], vec![("region", "1083")], vec![("region", "1085")]] {
        let of = |measure| {
            let labels = labels.iter().copied().chain([("measure", measure)]);
            let name = name(labels.map(|(name, label)| (name, label.to_owned())));
            (expected.get(&name).copied().unwrap_or(0.0), name)
        };
        let ((index, _), (readmitted, _), (_, share)) = (of("index"), of("readmitted"), of("share"));
        if index > 0.0 {
            expected.insert(share, readmitted / index);
        }
    }
    expected
}

fn of_survey(pooled: &oracle::Federation, as_of: Date) -> Told {
    let mut expected = Told::new();
    let residents = pooled.sad(as_of).unwrap();
    for (item, read) in survey::ITEMS {
        let living = pooled.citizens.iter().filter(|(id, _)| home(&residents[*id]).is_some());
        let pairs: Vec<survey::Pair> =
            living.map(|(_, citizen)| survey::pair(citizen, read, as_of)).collect();
        let mean = |values: Vec<i64>| {
            (real(values.iter().sum()) / real(i64::try_from(values.len()).unwrap()).max(1.0), values.len())
        };
        let (baseline, _) = mean(pairs.iter().filter_map(|pair| pair.baseline).collect());
        let (followup, _) = mean(pairs.iter().filter_map(|pair| pair.followup).collect());
        let (change, n) = mean(pairs.iter().filter_map(survey::Pair::change).collect());
        let pairs = real(i64::try_from(n).unwrap());
        let measures = [
            ("baseline_mean", baseline),
            ("followup_mean", followup),
            ("pairs", pairs),
            ("mean_change", change),
        ];
        for (measure, number) in measures {
            add(&mut expected, &[("item", item), ("measure", measure)], number);
        }
    }
    expected
}

fn diagram(pooled: &oracle::Federation, as_of: Date) -> Told {
    let mut expected = Told::new();
    let mut all = 0.0;
    for (id, person) in pooled.somv(as_of, &somv::MUNICIPALITIES.into()).unwrap() {
        if person.kommune.is_none() || person.several_residences || !person.included {
            continue;
        }
        let areas =
            [("psychiatry", person.psychiatric), ("somatic", person.somatic), ("abuse", person.substance)];
        let names: Vec<&str> = areas.iter().filter(|area| area.1).map(|area| area.0).collect();
        let group = if names.is_empty() { "none".to_owned() } else { names.join("+") };
        let citizen = &pooled.citizens[&id];
        let birth = oracle::resident::master(citizen, person.kommune).unwrap().birth_date;
        let band = band(oracle::calendar::age(birth, as_of));
        add(&mut expected, &[("groups", &group), ("age_band", band), ("measure", "persons")], 1.0);
        all += 1.0;
    }
    let shares: Told =
        expected.iter().map(|(key, persons)| (key.replace("persons", "share"), persons / all)).collect();
    expected.into_iter().chain(shares).collect()
}

fn band(age: i16) -> &'static str {
    let bands = [
        (85, "85+"),
        (80, "80-84"),
        (75, "75-79"),
        (70, "70-74"),
        (65, "65-69"),
        (60, "60-64"),
        (50, "50-59"),
        (40, "40-49"),
        (30, "30-39"),
        (18, "18-29"),
    ];
    bands.iter().find(|(from, _)| age >= *from).map_or("0-17", |(_, band)| band)
}

pub(super) fn histogram(pooled: &oracle::Federation, as_of: Date) -> Told {
    let mut expected = Told::new();
    for person in pooled.sad(as_of).unwrap().into_values() {
        let Some(kommune) = home(&person).filter(|_| person.eligible) else { continue };
        let (kommune, total) = (kommune.to_string(), person.total.to_string());
        add(&mut expected, &[("kommune", &kommune), ("total", &total), ("measure", "persons")], 1.0);
    }
    expected
}

fn strata(pooled: &oracle::Federation, as_of: Date) -> Told {
    let mut expected = Told::new();
    for (id, person) in pooled.sad(as_of).unwrap() {
        let Some(kommune) = home(&person).filter(|_| person.eligible) else { continue };
        let birth = oracle::resident::master(&pooled.citizens[&id], person.kommune).unwrap().birth_date;
        let stratum: sad::Stratum = person.stratum;
        let labels = [
            ("kommune", kommune.to_string()),
            ("age_band", band(oracle::calendar::age(birth, as_of)).to_owned()),
            ("stratum", stratum.as_str().to_owned()),
        ];
        let labels: Vec<(&str, &str)> = labels.iter().map(|(name, label)| (*name, label.as_str())).collect();
        add(&mut expected, &[&labels[..], &[("measure", "persons")]].concat(), 1.0);
    }
    expected
}

#[tokio::test]
async fn every_number_is_that_of_one_database() {
    for cases in [Some(3), Some(8), None] {
        let (federation, pooled, as_of) = federation(cases).await;
        assert_same(&asked(&federation, "cost_per_capita", EXACT).await, &cost(&pooled, as_of));
        assert_same(&asked(&federation, "triple_aim_survey", EXACT).await, &of_survey(&pooled, as_of));
        assert_same(&asked(&federation, "somv_diagram", EXACT).await, &diagram(&pooled, as_of));
        assert_same(&asked(&federation, "sad_histogram", EXACT).await, &histogram(&pooled, as_of));
        let told = told(&asked(&federation, "sad_strata", EXACT).await);
        for (key, persons) in strata(&pooled, as_of) {
            assert!(told.get(&key).is_some_and(|found| (found - persons).abs() < 1e-9), "{key}");
        }
    }
}

#[tokio::test]
async fn readmission_joins_regions_and_is_not_the_sum_of_their_own_answers() {
    let mut differs = 0;
    for cases in [Some(3), Some(8), None] {
        let (federation, pooled, as_of) = federation(cases).await;
        let expected = readmission(&pooled, as_of);
        assert!(expected["measure=index"] > 0.0);
        let joined = asked(&federation, "readmission_30d", EXACT).await;
        assert_same(&joined, &expected);
        let joined = told(&joined);
        // What each region would have said of its own contacts, added up.
        for (measure, feature) in [("index", "index_admissions_1y"), ("readmitted", "readmissions_30d_1y")] {
            let query = format!(
                "name = \"own-{measure}\"\nkind = \"sum\"\nfeature = \"{feature}\"\nas_of = {as_of}\n\
                 [privacy]\nrho = 1000000\n[nodes]\nsector = \"region\"\n"
            );
            let (_, answers) = federation.query(&query).await.unwrap();
            let own = answers[0].cells[0].value.unwrap().real();
            differs += u32::from((own - joined[&format!("measure={measure}")]).abs() > 0.5);
        }
    }
    assert!(differs > 0, "in no population does it matter that a person has been at two regions' hospitals");
}

#[tokio::test]
async fn an_indicator_makes_no_list_and_needs_more_than_points() {
    let (federation, ..) = federation(Some(3)).await;
    let wish = federation.wish("cost_per_capita", federation.as_of(), Grain::Events);
    let problem = federation.ask(&federation.signed_wish(wish)).await.unwrap_err();
    assert!(problem.exit == Exit::Refused && problem.what.contains("mode.indicator"), "{problem}");
    let mut wish = federation.wish("cost_per_capita", federation.as_of(), Grain::Points);
    wish.list = None;
    let problem = federation.ask(&federation.signed_wish(wish)).await.unwrap_err();
    assert!(problem.exit == Exit::Refused && problem.what.contains("grain.indicator"), "{problem}");
}
