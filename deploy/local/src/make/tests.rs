use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use jiff::civil::{DateTime, date};
use tvaers_protocol::id::PersonId;

use super::{measure::measure, *};

fn options(persons: u32, seed: u64, out: &Path) -> MakeOptions {
    MakeOptions {
        persons,
        seed,
        as_of: date(2026, 2, 28),
        regions: vec![1083, 1085],
        municipalities: vec![360, 376, 461],
        out: out.to_owned(),
    }
}

fn made(persons: u32, seed: u64) -> tempfile::TempDir {
    let out = tempfile::tempdir().unwrap();
    make(&options(persons, seed, out.path()), |_, _| ()).unwrap();
    out
}

/// Rows of a node's table, each by column name.
fn rows(out: &Path, node: &str, table: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(out.join(node).join(format!("{table}.csv"))).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

const REGIONS: [&str; 2] = ["region_1083", "region_1085"];
const MUNICIPALITIES: [&str; 3] = ["k360", "k376", "k461"];
const REGIONAL: [&str; 4] = ["hospital_contacts", "gp_contacts", "prescriptions", "transport"];
const MUNICIPAL: [&str; 6] =
    ["residence", "sick_leave", "benefits_weeks", "social_services", "survey", "frontline_flags"];

#[test]
fn the_same_seed_writes_the_same_bytes_and_another_seed_other_ones() {
    let bytes = |seed| {
        let out = made(1500, seed);
        let mut files = BTreeMap::new();
        for node in REGIONS.iter().chain(&MUNICIPALITIES) {
            for entry in fs::read_dir(out.path().join(node)).unwrap() {
                let path = entry.unwrap().path();
                let name = (*node, path.file_name().unwrap().to_owned());
                files.insert(name, fs::read(path).unwrap());
            }
        }
        assert_eq!(files.len(), 2 * 5 + 3 * 7);
        files
    };
    let first = bytes(1);
    assert!(first == bytes(1));
    assert!(first != bytes(2));
}

#[test]
fn every_number_is_made_up_unique_and_tells_birth_and_sex() {
    let out = made(3000, 3);
    let mut people: BTreeMap<String, (String, String)> = BTreeMap::new();
    for (nodes, table) in [(&REGIONS[..], "patients"), (&MUNICIPALITIES[..], "persons")] {
        for node in nodes {
            let mut here = BTreeSet::new();
            for row in rows(out.path(), node, table) {
                let id = PersonId::parse(&row["person_id"]).unwrap();
                assert!(id.is_made_up());
                assert_eq!(id.birth_date().unwrap().to_string(), row["birth_date"]);
                let odd = (id.expose().as_bytes()[9] - b'0') % 2 == 1;
                assert_eq!(odd, row["sex"] == "M");
                assert!(here.insert(row["person_id"].clone()), "a person twice in one register");
                // One number is one person at all nodes.
                let person = (row["birth_date"].clone(), row["sex"].clone());
                let known = people.entry(row["person_id"].clone()).or_insert(person.clone());
                assert!(*known == person);
            }
        }
    }
    assert_eq!(people.len(), 3000);
}

#[test]
fn all_rows_are_clean_enough_for_an_import() {
    for (persons, seed, as_of) in
        [(3000, 4, date(2026, 2, 28)), (400, 5, date(2024, 2, 29)), (1, 6, date(2010, 1, 1))]
    {
        let out = tempfile::tempdir().unwrap();
        make(&MakeOptions { as_of, ..options(persons, seed, out.path()) }, |_, _| ()).unwrap();
        let mut contacts = BTreeSet::new();
        let places =
            [(&REGIONS[..], "patients", &REGIONAL[..]), (&MUNICIPALITIES[..], "persons", &MUNICIPAL[..])];
        for (nodes, register, tables) in places {
            for node in nodes {
                let births: BTreeMap<String, Date> = rows(out.path(), node, register)
                    .into_iter()
                    .map(|row| (row["person_id"].clone(), row["birth_date"].parse().unwrap()))
                    .collect();
                for table in tables {
                    for row in rows(out.path(), node, table) {
                        clean(table, &row, &births, as_of);
                        if let Some(id) = row.get("contact_id") {
                            assert!(contacts.insert(id.clone()), "{id} twice");
                        }
                    }
                }
            }
        }
    }
}

fn clean(table: &str, row: &BTreeMap<String, String>, births: &BTreeMap<String, Date>, as_of: Date) {
    let birth =
        births.get(&row["person_id"]).unwrap_or_else(|| panic!("a person of {table} is in no register"));
    let mut beginnings = Vec::new();
    for (from, to) in [("from_date", "to_date"), ("first_day", "last_day")] {
        if let Some(from) = row.get(from) {
            let from: Date = from.parse().unwrap();
            assert!(
                row[to].is_empty() || row[to].parse::<Date>().unwrap() >= from,
                "{table}: `to` before `from`"
            );
            beginnings.push(from);
        }
    }
    if let Some(start) = row.get("start") {
        let start: DateTime = start.parse().unwrap();
        assert!(row["end"].is_empty() || row["end"].parse::<DateTime>().unwrap() > start, "{table}: end");
        beginnings.push(start.date());
    }
    for column in ["date", "survey_date", "flag_date"] {
        beginnings.extend(row.get(column).map(|day| day.parse::<Date>().unwrap()));
    }
    for day in beginnings {
        assert!(*birth <= day && day <= as_of, "{table}: {day} lies outside the person's time");
    }
    if let Some(week) = row.get("iso_week") {
        assert!((1..=53).contains(&week.parse::<i8>().unwrap()));
    }
}

#[test]
fn the_base_rates_come_near_their_targets() {
    // A sixth of the population that the tolerances are meant for: sampling errors are two and a half times as large.
    let out = made(16_000, 1);
    let rates = measure(out.path(), date(2026, 2, 28)).unwrap();
    let far: Vec<_> = rates.rates.iter().filter(|rate| !rate.within(2.5)).collect();
    assert!(far.is_empty(), "seed 1: {far:#?}");
    assert!(rates.rates.iter().all(|rate| rate.achieved.is_some()), "every rate can be measured");
}

#[test]
fn the_awkward_persons_are_there() {
    let out = made(8000, 7);
    let read = |nodes: &[&str], table| -> Vec<BTreeMap<String, String>> {
        nodes.iter().flat_map(|node| rows(out.path(), node, table)).collect()
    };
    let ids = |rows: &[BTreeMap<String, String>]| -> Vec<String> {
        rows.iter().map(|row| row["person_id"].clone()).collect()
    };
    let persons = ids(&read(&MUNICIPALITIES, "persons"));
    let patients = read(&REGIONS, "patients");
    let distinct = |ids: &[String]| ids.iter().cloned().collect::<BTreeSet<_>>();
    assert!(persons.len() > distinct(&persons).len() + 150, "movers are known to two municipalities");
    let in_regions = distinct(&ids(&patients));
    assert!(patients.len() > in_regions.len() + 200, "some are treated in the other region");
    assert!(distinct(&persons).difference(&in_regions).count() > 10, "some are known to a municipality only");
    assert!(in_regions.difference(&distinct(&persons)).count() > 50, "some are known to a region only");
    let elsewhere = patients.iter().filter(|row| row["kommune"].is_empty()).count();
    let strangers =
        patients.iter().filter(|row| !["", "360", "376", "461"].contains(&row["kommune"].as_str())).count();
    assert!(elsewhere > 20 && strangers > 20, "some patients live in no member municipality");

    let mut spells: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for node in MUNICIPALITIES {
        for row in rows(out.path(), node, "sick_leave") {
            spells.entry(row["person_id"].clone()).or_default().insert(node);
        }
    }
    assert!(spells.values().filter(|nodes| nodes.len() > 1).count() > 5, "some spells cross a move");
    assert!(transfers(out.path()) > 5, "some stays go on in the other region within four hours");
}

/// Stays of one person that begin in one region at most four hours after an end in the other.
fn transfers(out: &Path) -> usize {
    let mut ends: BTreeMap<String, Vec<DateTime>> = BTreeMap::new();
    for row in rows(out, REGIONS[0], "hospital_contacts").iter().filter(|row| row["contact_type"] == "ALCA00")
    {
        ends.entry(row["person_id"].clone()).or_default().extend(row["end"].parse::<DateTime>());
    }
    let found = rows(out, REGIONS[1], "hospital_contacts").into_iter().filter(|row| {
        let start: DateTime = row["start"].parse().unwrap();
        let ends = ends.get(&row["person_id"]);
        ends.is_some_and(|ends| {
            ends.iter().any(|end| (0..=240).contains(&end.duration_until(start).as_mins()))
        })
    });
    found.count()
}

#[test]
fn even_a_single_person_is_written() {
    for seed in 0..40 {
        let out = made(1, seed);
        let nodes = MUNICIPALITIES.iter();
        let n: usize = nodes.map(|node| rows(out.path(), node, "persons").len()).max().unwrap();
        assert_eq!(n, 1, "seed {seed}");
    }
}

#[test]
fn places_share_the_persons_by_size_and_progress_tells_all() {
    let out = tempfile::tempdir().unwrap();
    let mut heard = Vec::new();
    let made = make(&options(9000, 1, out.path()), |done, total| heard.push((done, total))).unwrap();
    assert_eq!(heard.last(), Some(&(9000, 9000)));
    assert!(heard.is_sorted());
    assert_eq!(made.persons, 9000);
    let n = |node| rows(out.path(), node, "persons").len();
    let odense = n("k461") as f64 / (n("k360") + n("k376") + n("k461")) as f64;
    assert!((odense - 210.0 / 308.0).abs() < 0.02, "{odense}");
}

#[test]
fn options_that_make_no_federation_are_refused_before_anything_is_written() {
    let out = tempfile::tempdir().unwrap();
    let with = |change: fn(&mut MakeOptions)| {
        let mut options = options(100, 1, out.path());
        change(&mut options);
        make(&options, |_, _| ()).unwrap_err()
    };
    assert!(matches!(with(|o| o.persons = 0), MakeError::Persons { persons: 0 }));
    assert!(matches!(with(|o| o.as_of = date(2037, 1, 1)), MakeError::AsOf { .. }));
    assert!(matches!(with(|o| o.regions.clear()), MakeError::NoRegion));
    assert!(matches!(with(|o| o.municipalities.clear()), MakeError::NoMunicipality));
    assert!(matches!(with(|o| o.regions.push(1086)), MakeError::UnknownRegion { code: 1086 }));
    assert!(matches!(with(|o| o.municipalities.push(411)), MakeError::UnknownMunicipality { code: 411 }));
    assert!(matches!(with(|o| o.municipalities.push(360)), MakeError::Twice { code: 360 }));
    let missing = with(|o| o.municipalities.push(101));
    assert!(matches!(missing, MakeError::RegionMissing { municipality: 101, region: 1084 }));
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);

    fs::create_dir(out.path().join("k370")).unwrap();
    assert!(matches!(with(|_| ()), MakeError::ForeignNode { .. }));
}

#[tokio::test]
async fn an_import_takes_every_row() {
    use tvaers_protocol::id::Sector;
    use tvaers_warehouse::import::{Options, import};
    let out = tempfile::tempdir().unwrap();
    let made = make(&options(4000, 9, out.path()), |_, _| ()).unwrap();
    for folder in made.folders {
        let name = folder.file_name().unwrap().to_str().unwrap();
        let (sector, code) = match name.strip_prefix("region_") {
            Some(code) => (Sector::Region, code),
            None => (Sector::Municipality, name.strip_prefix('k').unwrap()),
        };
        let options = Options {
            extracted_on: date(2026, 2, 28),
            made_up: true,
            member: code.parse().unwrap(),
            rejects: None,
            salt: tvaers_warehouse::data::Salt::new([7; 32]),
        };
        let imported = import(&folder, sector, out.path(), &options, &mut |_| ()).await;
        assert!(imported.is_ok(), "{name}, seed 9: {:?}", imported.err());
    }
}
