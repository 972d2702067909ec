//! The examples are complete policies, and the keys' table has every key that they have.

use std::collections::BTreeSet;

use tvaers_query::strict::Faults;

use super::*;
use crate::keys::{KEYS, Needed};
use crate::permit::Mode;

#[test]
fn every_example_is_a_policy() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
    let mut read = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let policy = Policy::read(&text, &path.display().to_string(), library(), &rho_of_epsilon);
        // Where a model's digest is refused, the model has changed and so must the example.
        policy.unwrap_or_else(|faults| panic!("{}", shown(&faults)));
        read += 1;
    }
    assert_eq!(read, 4);
}

#[test]
fn the_examples_say_what_they_say_they_say() {
    let modes = |text: &str| {
        let policy = read_right(text);
        policy.permits().iter().map(|permit| permit.mode).collect::<Vec<_>>()
    };
    use Mode::{Aggregates, JoinedStatistics, PersonContributions};
    assert_eq!(modes(PILOT), [Aggregates]);
    assert_eq!(modes(REGION), [Aggregates, PersonContributions]);
    for all in [municipality(), LABORATORY] {
        assert_eq!(modes(all), [Aggregates, JoinedStatistics, PersonContributions]);
    }
    assert!(read_right(LABORATORY).is_laboratory());
    let pilot = read_right(PILOT);
    assert!(!pilot.is_laboratory());
    assert_eq!((pilot.witnesses(2), pilot.witnesses(3)), (0, 0));
    let silent = read_right(&PILOT.replace("\nwitnesses = 0\n", "\n"));
    assert_eq!((silent.witnesses(2), silent.witnesses(3)), (0, 1), "one where nothing is said");
    assert_eq!(pilot.edition().unwrap().node.as_str(), "k376");
    assert_eq!(pilot.retention().logs_days, 400);
    assert_eq!(pilot.exclusions().opt_outs, None);
    assert_eq!(pilot.exclusions().protected_addresses.as_deref(), Some("protected-addresses.csv"));
    let municipality = read_right(municipality());
    assert_eq!(municipality.controller().unwrap().processors.len(), 1);
    assert_eq!(municipality.assessment().unwrap().version, "2.1");
    assert_eq!(municipality.witnesses(2), 0);
    assert_eq!(municipality.budget().raised_by.len(), 2);
}

#[test]
fn the_digest_is_what_sha256sum_says() {
    // Of the file as it is, so that a data-protection officer can check it with a public tool.
    let policy = read_right(&format!("{LABORATORY}#"));
    assert_ne!(policy.digest(), read_right(LABORATORY).digest());
    use sha2::Digest as _;
    assert_eq!(policy.digest().0, <[u8; 32]>::from(sha2::Sha256::digest(format!("{LABORATORY}#"))));
}

#[test]
fn the_table_of_keys_has_every_key_that_the_reader_asks_for_and_no_other() {
    let mut asked = BTreeSet::new();
    for text in [municipality(), REGION, PILOT, LABORATORY] {
        // What a mode refuses is asked for as well; all keys of a part only where it stands.
        let faults = Faults::new(100);
        assert!(crate::read::read(text, library(), &rho_of_epsilon, &faults).is_some());
        asked.extend(faults.asked());
    }
    let listed: BTreeSet<String> = KEYS.iter().map(|key| key.path.to_owned()).collect();
    assert_eq!(asked.difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new(), "not in the table");
    assert_eq!(listed.difference(&asked).collect::<Vec<_>>(), Vec::<&String>::new(), "only in the table");
    assert_eq!(KEYS.len(), listed.len());
    let parts: BTreeSet<u8> = KEYS.iter().map(|key| key.part).collect();
    assert_eq!(parts, (0..=12).collect());
    let always: Vec<_> = KEYS.iter().filter(|key| key.needed == Needed::Always).map(|key| key.path).collect();
    assert_eq!(always, ["population", "cells", "budget", "release", "retention"]);
}

#[test]
fn our_own_examples_are_wise_but_where_they_say_why_not() {
    // The conversion is another crate's: rho that is worth no more than epsilon 1 at delta 1e-8.
    let epsilon_of = |nano_rho: u64| if nano_rho <= 17_205_318 { 1.0 } else { 1.01 };
    let of = |text: &str| {
        let policy = read_right(text);
        let found = crate::warning::warnings(&policy, date(2026, 12, 1), &epsilon_of);
        found.into_iter().map(|warning| (warning.code, warning.key)).collect::<Vec<_>>()
    };
    let municipality = include_str!("../../../examples/municipality.toml");
    assert_eq!(of(municipality), []);
    for (text, expected) in [
        (REGION, [("warn.single-approval", "permit[2].approval".to_owned())]),
        (PILOT, [("warn.witnesses", "release.witnesses".to_owned())]),
    ] {
        assert_eq!(of(text), expected);
        assert!(text.contains(&format!("({})", expected[0].0)), "a comment says why");
    }
    assert!(of(LABORATORY).iter().all(|(code, _)| {
        ["warn.assessment-missing", "warn.evaluations", "warn.work-list-everyone", "warn.reviewer"]
            .contains(code)
    }));
    assert!(LABORATORY.contains("`tvaers-policy check` warns of what a policy over real data would need"));
}
