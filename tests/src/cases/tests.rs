mod somv;

use std::collections::BTreeSet;

use super::*;
use crate::oracle::{
    read,
    sad::{Answer, Stratum},
};

fn answered(seed: u64, as_of: Date) -> Vec<(String, Answer)> {
    let out = tempfile::tempdir().unwrap();
    cases(seed, as_of, out.path()).unwrap();
    let mut stories = stories(seed, as_of).unwrap();
    let answers = read::federation(out.path()).unwrap().sad(as_of).unwrap();
    answers.into_iter().map(|(id, answer)| (stories.remove(&id).unwrap(), answer)).collect()
}

/// The answer of the pure person whose story has every one of `parts` and is otherwise plain.
fn pure<'a, T>(all: &'a [(String, T)], parts: &[&str]) -> &'a T {
    let plain = [
        "age: plain;",
        "home: in 360 always;",
        "master: DK/gift/0/INGEN;",
        "spells: none;",
        "benefits: none;",
        "patient: own region;",
        "diagnoses: none;",
        "practice: none;",
        "stays: none;",
        "services: none;",
        "flags: none;",
    ];
    let kinds: Vec<_> = parts.iter().map(|part| part.split(':').next().unwrap()).collect();
    let wanted = plain.iter().filter(|part| !kinds.contains(&part.split(':').next().unwrap()));
    let wanted: Vec<_> = wanted.chain(parts).collect();
    let found = all.iter().find(|(story, _)| wanted.iter().all(|part| format!("{story};").contains(**part)));
    &found.unwrap_or_else(|| panic!("no person is {parts:?}")).1
}

const MOVED_HOME: &str = "home: moved from 461 a year ago;";
const BOTH: &str = "patient: both regions;";

#[test]
fn the_oracle_answers_the_spell_edges_as_worked_out_by_hand() {
    // pattern, home, repeat, last, touches cross
    let expected = [
        ("four of 15 days", "home: in 360 always;", 5, 1, false),
        ("four, the last of 14 days", "home: in 360 always;", 0, 0, false),
        ("four, the first on the last day outside", "home: in 360 always;", 0, 1, false),
        ("four, the first on the first day inside", "home: in 360 always;", 5, 1, false),
        ("four, one after the day", "home: in 360 always;", 0, 1, false),
        ("open since the day", "home: in 360 always;", 0, 0, false),
        ("open on its 14th day", "home: in 360 always;", 0, 0, false),
        ("open on its 15th day", "home: in 360 always;", 0, 1, false),
        ("14th day, recorded to go on", "home: in 360 always;", 0, 0, false),
        ("15th day, recorded to go on", "home: in 360 always;", 0, 1, false),
        ("only after the day", "home: in 360 always;", 0, 0, false),
        ("overlapping, 15 in all", MOVED_HOME, 0, 1, true),
        ("adjacent, 15 in all", MOVED_HOME, 0, 1, true),
        ("a day between, 7 and 8", MOVED_HOME, 0, 0, true),
        ("nested, then adjacent to the outer", "home: in 360 always;", 0, 1, false),
        ("recorded twice", "home: in 360 always;", 0, 0, false),
        ("over the move, 8 and 12", MOVED_HOME, 0, 1, true),
        ("two long with each", MOVED_HOME, 5, 1, true),
        ("two long of two halves each, and two whole", MOVED_HOME, 5, 1, true),
        ("four with one, two of them joined by the other", MOVED_HOME, 0, 1, true),
        ("four with one, two of them joined by the other", "home: in 360 always;", 0, 1, false),
        ("joined at the edge from outside", MOVED_HOME, 0, 0, true),
        ("ending a day too early to join at the edge", MOVED_HOME, 0, 1, false),
        ("the other's ended before reach", MOVED_HOME, 0, 1, false),
        ("the other's begins after the day", MOVED_HOME, 0, 1, false),
        ("open since five years", MOVED_HOME, 0, 0, false),
        ("open since five years, with others inside", MOVED_HOME, 0, 0, true),
        ("long, then short", MOVED_HOME, 0, 0, true),
        ("short, then long", MOVED_HOME, 0, 1, true),
        ("begun before the window, over the move", MOVED_HOME, 0, 0, true),
        ("begun before the window, a day between at the move", MOVED_HOME, 0, 1, true),
        ("adjacent at the move, 7 and 8", MOVED_HOME, 0, 1, true),
        ("a day between at the move, 7 and 8", MOVED_HOME, 0, 0, true),
        ("open at both, the 15th day at one", MOVED_HOME, 0, 1, true),
        ("open at both, the 14th day at one", MOVED_HOME, 0, 0, true),
        ("open at both, since before the window at one", MOVED_HOME, 0, 0, true),
        ("open at one, ended at the other on the day before it began", MOVED_HOME, 0, 0, true),
        ("a chain from one to the other and back, from outside", MOVED_HOME, 0, 0, true),
        ("begins outside, long inside", "home: in 360 always;", 0, 0, false),
        ("the whole window", "home: in 360 always;", 0, 1, false),
    ];
    for as_of in REFERENCE_DATES {
        let all = answered(1, as_of);
        for (name, home, repeat, last, cross) in expected {
            let answer = pure(&all, &[home, &format!("spells: {name};")]);
            assert_eq!(
                (answer.repeat, answer.last, answer.spells_cross),
                (repeat, last, cross),
                "{name} on {as_of}"
            );
        }
    }
}

#[test]
fn the_oracle_answers_the_regional_edges_as_worked_out_by_hand() {
    // kind and pattern, known, treatment, gp, contacts in two regions
    let expected = [
        ("diagnoses: DF31", 0, 0, 0, false),
        ("diagnoses: DF319", 0, 0, 0, false),
        ("diagnoses: DF32", 3, 0, 0, false),
        ("diagnoses: DF34", 0, 0, 0, false),
        ("diagnoses: DF42", 0, 0, 0, false),
        ("diagnoses: DF438A", 3, 0, 0, false),
        ("diagnoses: DF44", 0, 0, 0, false),
        ("diagnoses: only F3", 0, 0, 0, false),
        ("diagnoses: secondary, second of two", 3, 0, 0, false),
        ("diagnoses: secondary, near misses", 0, 0, 0, false),
        ("diagnoses: secondary without an action diagnosis", 3, 0, 0, false),
        ("diagnoses: the last minute of the day", 3, 0, 0, false),
        ("diagnoses: midnight after the day", 0, 0, 0, false),
        ("diagnoses: thirty years ago", 3, 0, 0, false),
        ("diagnoses: virtual", 3, 0, 0, false),
        ("practice: 14", 0, 0, 0, false),
        ("practice: 15", 0, 0, 1, false),
        ("practice: 20", 0, 0, 1, false),
        ("practice: 21", 0, 0, 2, false),
        ("practice: 7 and 7", 0, 0, 0, true),
        ("practice: 7 and 8", 0, 0, 1, true),
        ("practice: 10 and 11", 0, 0, 2, true),
        ("practice: 14 and supplements elsewhere", 0, 0, 0, false),
        ("practice: 14 and the last day outside", 0, 0, 0, false),
        ("practice: 14 and the first day inside", 0, 0, 1, false),
        ("practice: 20 and the day itself", 0, 0, 2, false),
        ("practice: 20 and the day after", 0, 0, 1, false),
        ("practice: 10, elsewhere outside the window", 0, 0, 0, false),
        ("practice: psychologist in both", 0, 1, 0, false),
        ("practice: psychologist's supplement", 0, 0, 0, false),
        ("practice: psychologist outside", 0, 0, 0, false),
        ("practice: psychiatrists", 0, 0, 0, false),
        ("medicine: hypnotic", 0, 1, 0, false),
        ("medicine: dementia", 0, 0, 0, false),
        ("medicine: near misses", 0, 0, 0, false),
        ("medicine: two kinds", 0, 1, 0, false),
        ("medicine: last day outside", 0, 0, 0, false),
        ("medicine: first day inside", 0, 1, 0, false),
        ("medicine: the day itself", 0, 1, 0, false),
        ("medicine: the day after", 0, 0, 0, false),
    ];
    for as_of in REFERENCE_DATES {
        let all = answered(1, as_of);
        for (name, known, treatment, gp, cross) in expected {
            let answer = pure(&all, &[BOTH, &format!("{name};")]);
            assert_eq!(
                (answer.known, answer.treatment, answer.gp, answer.gp_cross),
                (known, treatment, gp, cross),
                "{name} on {as_of}"
            );
        }
    }
}

#[test]
fn the_oracle_answers_residence_and_benefit_edges_as_worked_out_by_hand() {
    let homes = [
        ("moves the day after", Some(360)),
        ("moved in on the day", Some(376)),
        ("leaves on the day", Some(360)),
        ("left the day before", None),
        ("arrives the day after", None),
        ("back after a gap", Some(376)),
        ("in a gap on the day", None),
        ("dead on the day", None),
        ("dead the day after", Some(360)),
        ("dead the day before, residence open", None),
        ("known to no municipality", None),
        ("in persons, without residence", None),
        ("here for one day only", Some(461)),
        ("dead by the old municipality's record only", Some(360)),
    ];
    // pattern, labour, in the population
    let benefits = [
        ("110", 0, true),
        ("111", 1, true),
        ("112 elsewhere", 1, true),
        ("114", 0, true),
        ("130", 0, true),
        ("780", 0, true),
        ("781", 0, false),
        ("782 elsewhere", 0, false),
        ("784", 0, true),
        ("the week before", 0, true),
        ("the week after", 0, true),
        ("the same week a year before", 0, true),
        ("unemployed and cash benefit", 1, true),
        ("unemployed and pension", 1, false),
    ];
    for as_of in REFERENCE_DATES {
        let all = answered(1, as_of);
        for (name, kommune) in homes {
            let answer = pure(&all, &[&format!("home: {name};")]);
            assert_eq!(answer.kommune, kommune, "{name} on {as_of}");
        }
        for (name, labour, eligible) in benefits {
            let answer = pure(&all, &[MOVED_HOME, &format!("benefits: {name};")]);
            assert_eq!((answer.labour, answer.eligible), (labour, eligible), "{name} on {as_of}");
        }
    }
}

#[test]
fn the_population_begins_and_ends_on_birthdays() {
    // reference date, birth date, in the population
    let expected = [
        (date(2026, 2, 28), date(2008, 2, 28), true),
        (date(2026, 2, 28), date(2008, 2, 29), false),
        (date(2026, 2, 28), date(2008, 3, 1), false),
        (date(2026, 2, 28), date(1960, 2, 28), false),
        (date(2026, 2, 28), date(1960, 2, 29), true),
        (date(2026, 2, 28), date(1960, 3, 1), true),
        (date(2024, 2, 29), date(2006, 2, 28), true),
        (date(2024, 2, 29), date(2006, 3, 1), false),
        (date(2024, 2, 29), date(1958, 2, 28), false),
        (date(2024, 2, 29), date(1958, 3, 1), true),
        (date(2025, 3, 1), date(2007, 3, 1), true),
        (date(2025, 3, 1), date(2007, 3, 2), false),
        (date(2025, 3, 1), date(1959, 3, 1), false),
    ];
    for (as_of, birth, eligible) in expected {
        let all = answered(1, as_of);
        let answer = pure(&all, &["age: edge;", &format!("born {birth};")]);
        assert_eq!(answer.eligible, eligible, "born {birth}, asked on {as_of}");
    }
}

#[test]
fn every_value_of_every_item_and_every_stratum_occurs_in_the_population() {
    for seed in [1, 2] {
        let as_of = date(2024, 2, 29);
        let all = answered(seed, as_of);
        let eligible: Vec<_> = all.iter().map(|a| &a.1).filter(|a| a.eligible).collect();
        assert!(eligible.len() > 200, "{} in the population of seed {seed}", eligible.len());
        let values = |item: fn(&Answer) -> u16| eligible.iter().map(|a| item(a)).collect::<BTreeSet<_>>();
        assert_eq!(values(|a| a.known), [0, 3].into(), "seed {seed}");
        assert_eq!(values(|a| a.repeat), [0, 5].into(), "seed {seed}");
        assert_eq!(values(|a| a.last), [0, 1].into(), "seed {seed}");
        assert_eq!(values(|a| a.labour), [0, 1].into(), "seed {seed}");
        assert_eq!(values(|a| a.treatment), [0, 1, 2].into(), "seed {seed}");
        assert_eq!(values(|a| a.gp), [0, 1, 2].into(), "seed {seed}");
        assert_eq!(values(|a| a.civil), [0, 1, 2].into(), "seed {seed}");
        assert_eq!(values(|a| a.citizen), [0, 1].into(), "seed {seed}");
        assert_eq!(values(|a| a.akasse), [0, 1].into(), "seed {seed}");
        let strata: BTreeSet<_> = eligible.iter().map(|a| a.stratum).collect();
        assert_eq!(strata, [Stratum::Low, Stratum::Middle, Stratum::High].into(), "seed {seed}");
        let crossing = eligible.iter().filter(|a| a.spells_cross).count();
        assert!(crossing > 20, "{crossing} with spells of two municipalities, seed {seed}");
        assert!(all.iter().all(|a| !a.1.several_residences), "seed {seed}");
    }
}

#[test]
fn the_same_seed_writes_the_same_bytes() {
    let bytes = |seed| -> Vec<Vec<u8>> {
        let out = tempfile::tempdir().unwrap();
        let folders = cases(seed, date(2024, 2, 29), out.path()).unwrap();
        let mut files: Vec<_> = folders
            .iter()
            .flat_map(|folder| std::fs::read_dir(folder).unwrap())
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        assert_eq!(files.len(), 2 * 5 + 3 * 7);
        // No import, and nothing that reads a table, meets only empty files.
        let n_lines = |file: &PathBuf| std::fs::read_to_string(file).unwrap().lines().count();
        assert!(files.iter().all(|file| n_lines(file) > 1), "seed {seed}");
        files.iter().map(|file| std::fs::read(file).unwrap()).collect()
    };
    assert!(bytes(7) == bytes(7));
    assert!(bytes(7) != bytes(8));
}

#[tokio::test]
async fn every_case_is_good_input_to_an_import() {
    use tvaers_protocol::id::Sector;
    use tvaers_warehouse::import::{Options, import};
    for (seed, as_of) in (1..).zip(REFERENCE_DATES) {
        let out = tempfile::tempdir().unwrap();
        for folder in cases(seed, as_of, out.path()).unwrap() {
            let name = folder.file_name().unwrap().to_str().unwrap();
            let (sector, code) = match name.strip_prefix("region_") {
                Some(code) => (Sector::Region, code),
                None => (Sector::Municipality, name.strip_prefix('k').unwrap()),
            };
            let options = Options {
                extracted_on: as_of,
                made_up: true,
                member: code.parse().unwrap(),
                rejects: None,
                salt: tvaers_warehouse::data::Salt::new([7; 32]),
            };
            let imported = import(&folder, sector, out.path(), &options, &mut |_| ()).await;
            assert!(imported.is_ok(), "{name}, seed {seed}, {as_of}: {:?}", imported.err());
        }
    }
}
