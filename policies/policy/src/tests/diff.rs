//! What is said to change is what changes: generated requests are asked of generated pairs of policies, and every
//! verdict that differs is explained by a change of a key that its refusals are about.

mod mutation;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, Hasher as _};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use toml::Value;

use self::mutation::{Mutation, SETS, mutate, mutation, set};
use super::every_key::{ROWS, parsed};
use super::explain::{meaning, plain};
use super::tighten::{Asked, Step, WAYS, asked, base, step, tighten};
use super::*;
use crate::diff::{Change, Direction, Risk, What, diff, explains, refused, to_document};
use crate::keys::KEYS;
use crate::permit::{Allowed, Mode};

/// What two policies must agree in to mean the same, with all lists in one order.
fn normal(policy: &Policy) -> Policy {
    let mut policy = meaning(policy);
    policy.budget.raised_by.sort();
    if let Some(controller) = &mut policy.controller {
        controller.processors.sort_by_key(|one| format!("{one:?}"));
    }
    policy.permits.sort_by(|a, b| a.id.cmp(&b.id));
    for permit in &mut policy.permits {
        if let Allowed::Only(askers) = &mut permit.askers {
            askers.sort_by_key(|asker| asker.key.0);
        }
        permit.second_signatures.sort_by_key(|person| person.key.0);
        permit.approvals.sort_by(|a, b| a.name.cmp(&b.name));
        let data = &mut permit.data;
        for names in [&mut data.tables, &mut data.features, &mut data.categories, &mut data.sensitive] {
            if let Allowed::Only(names) = names {
                names.sort();
            }
        }
        if let Allowed::Only(clamps) = &mut data.clamps {
            clamps.sort_by(|a, b| a.feature.cmp(&b.feature));
        }
        if let Some(kommuner) = &mut permit.population.kommuner {
            kommuner.sort_unstable();
        }
        permit.models.sort_by_key(|model| format!("{:?}", model.of));
        if let Some(list) = &mut permit.work_list {
            list.to.sort();
        }
    }
    policy
}

/// The changes without their words, as they would be told on the way back.
fn outline(changes: &[Change], back: bool) -> Vec<(Direction, Risk, Option<String>, &'static str, What)> {
    let mut outline: Vec<_> = changes
        .iter()
        .map(|change| {
            let (direction, what) = match back {
                true => (change.direction.back(), change.what.back()),
                false => (change.direction, change.what),
            };
            (direction, change.risk, change.permit.clone(), change.key, what)
        })
        .collect();
    outline.sort();
    outline
}

/// How the three modes refuse the request; none where it is permitted.
fn refusals(policy: &Policy, asked: Asked) -> [BTreeSet<&'static str>; 3] {
    let grain = asked.wish(asked.grain);
    let codes = |codes: Vec<&'static str>| codes.into_iter().collect();
    [
        codes(asked.aggregate(policy, asked.nano_rho).codes()),
        codes(asked.joined(policy, asked.nano_rho, grain).codes()),
        codes(asked.contribution(policy, grain, asked.wish(asked.disclosure), asked.recipients()).codes()),
    ]
}

/// What was met, so that the property cannot hold for want of cases.
#[derive(Debug, Default)]
struct Met {
    pairs: usize,
    permitted: [usize; 3],
    refused: [usize; 3],
    codes: BTreeMap<&'static str, usize>,
    keys: BTreeSet<&'static str>,
}

impl Met {
    /// Ten times in each mode from refused to permitted and back, and most rules and keys.
    fn enough(&self) -> bool {
        self.permitted.iter().chain(&self.refused).all(|flips| *flips >= 10)
            && self.codes.len() >= 28
            && self.keys.len() >= 55
    }
}

fn check_pair(old: &Policy, new: &Policy, requests: &[Asked], met: &mut Met) -> Result<(), String> {
    let changes = diff(old, new);
    met.pairs += 1;
    met.keys.extend(changes.iter().map(|change| change.key));
    if changes.is_empty() != (normal(old) == normal(new)) {
        return Err(format!("{} changes, and the policies are not so", changes.len()));
    }
    if outline(&changes, true) != outline(&diff(new, old), false) {
        return Err("the way back is another".to_owned());
    }
    for asked in requests {
        let (before, after) = (refusals(old, *asked), refusals(new, *asked));
        let permit = asked.ask().0.permit;
        let of = |code: &str, direction: Option<Direction>| {
            changes.iter().any(|change| {
                change.concerns(permit)
                    && explains(change.key, code)
                    && direction.map_or(change.direction != Direction::Neutral, |of| change.direction == of)
            })
        };
        for mode in 0..3 {
            let (before, after) = (&before[mode], &after[mode]);
            // A flip has its direction; where both refuse, one rule can hide another.
            let (came, went) = match (before.is_empty(), after.is_empty()) {
                (false, true) => {
                    met.permitted[mode] += 1;
                    (None, Some(Direction::Loosens))
                }
                (true, false) => {
                    met.refused[mode] += 1;
                    (Some(Direction::Tightens), None)
                }
                _ => (None, None),
            };
            for (codes, direction) in [(after - before, came), (before - after, went)] {
                for code in codes {
                    *met.codes.entry(code).or_default() += 1;
                    if !of(code, direction) {
                        let told = changes.iter().map(Change::code).collect::<Vec<_>>();
                        return Err(format!("{permit}: {code} is not explained ({direction:?}) by {told:?}"));
                    }
                }
            }
        }
    }
    Ok(())
}

#[test]
fn every_verdict_that_differs_is_explained_by_a_change() {
    const PAIRS: usize = 250;
    const PAIRS_MAX: usize = 10_000;
    const REQUESTS: usize = 6;
    // Another one at each run, told so that a failure can be had again.
    let mut seed = [0; 32];
    for part in seed.chunks_mut(8) {
        part.copy_from_slice(&std::hash::RandomState::new().build_hasher().finish().to_be_bytes());
    }
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mutations = prop::collection::vec(mutation(), 0..4);
    let mut met = Met::default();
    // On until enough was met, so that no run passes for want of cases and none fails for bad luck.
    while met.pairs < PAIRS || (!met.enough() && met.pairs < PAIRS_MAX) {
        let mut new = || asked().new_tree(&mut runner).unwrap().current();
        let first = new();
        let requests: Vec<Asked> = std::iter::once(first)
            .chain(std::iter::repeat_with(new).filter(|asked| (asked.permit < 3) == (first.permit < 3)))
            .take(REQUESTS)
            .collect();
        let [old, new] = [0, 1].map(|_| {
            let mut policy = base(first.permit);
            let mutations: Vec<Mutation> = mutations.new_tree(&mut runner).unwrap().current();
            mutations.into_iter().for_each(|mutation| mutate(&mut policy, mutation));
            read(&policy.to_string()).ok()
        });
        let (Some(old), Some(new)) = (old, new) else { continue };
        if let Err(wrong) = check_pair(&old, &new, &requests, &mut met) {
            panic!("seed {}, pair {}: {wrong}", hex::encode(seed), met.pairs);
        }
    }
    assert!(met.enough(), "seed {}: {met:?}", hex::encode(seed));
}

/// Every code with which a request or a policy can be refused, out of the table of their words.
fn codes() -> BTreeSet<&'static str> {
    let words = include_str!("../refusal/words.rs");
    let literals = words.split('"').skip(1).step_by(2);
    let is_code = |text: &&str| {
        let parts: Vec<&str> = text.split('.').collect();
        let is_word =
            |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        parts.len() == 2 && parts.iter().all(is_word)
    };
    literals.filter(is_code).collect()
}

#[test]
fn every_refusal_is_about_keys_that_there_are() {
    let codes = codes();
    assert!(codes.len() >= 44, "{} {codes:?}", codes.len());
    for code in &codes {
        let keys: Vec<&str> = KEYS.iter().map(|key| key.path).filter(|key| explains(key, code)).collect();
        let own = keys.iter().filter(|key| !["permit", "permit.mode"].contains(*key)).count();
        let of_permits = ["permit.unknown", "permit.mode"].contains(code);
        // A revocation is a file of its own.
        let of_no_key = *code == "policy.revoked";
        assert!(own > 0 || of_permits || of_no_key, "{code} is about no key");
        // Nothing is about everything.
        assert!(keys.len() <= 6, "{code}: {keys:?}");
    }
    assert!(!explains("budget.for-life", "data.table") && !explains("permit", "policy.expired"));
    assert!(!explains("permit", "no.such-code"));
}

/// Whether a change is of the key, of one in it, or of the table that it stands in.
fn is_of(change: &Change, key: &str) -> bool {
    let parent = |path: &'_ str| path.rsplit_once('.').map(|(parent, _)| parent.to_owned());
    // A budget is one value however it is stated.
    let key = key.strip_suffix(".rho").or_else(|| key.strip_suffix(".epsilon")).unwrap_or(key);
    let within = change.key.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
    change.key == key || within || parent(key).is_some_and(|parent| change.key == parent)
}

#[test]
fn every_key_that_changes_is_told() {
    let mut told = BTreeSet::new();
    let rows =
        ROWS.iter().map(|(key, path, _, _, good)| (*key, if path.is_empty() { *key } else { *path }, *good));
    let sets = SETS.iter().flat_map(|(key, values)| values.iter().map(|value| (*key, *key, *value)));
    for (key, path, good) in rows.chain(sets) {
        for text in [municipality(), REGION] {
            for place in 0..3 {
                let mut changed = parsed(text);
                set(&mut changed, path, place, good);
                let Ok(new) = read(&changed.to_string()) else { continue };
                let old = read_right(text);
                let changes = diff(&old, &new);
                assert_eq!(changes.is_empty(), normal(&old) == normal(&new), "{key} = {good}");
                for change in &changes {
                    assert!(KEYS.iter().any(|key| key.path == change.key), "{}", change.key);
                    for text in [&change.sentence.da, &change.sentence.en] {
                        assert!(text.ends_with('.') && !text.contains('%'), "{text}");
                    }
                }
                if !changes.is_empty() {
                    assert!(changes.iter().any(|change| is_of(change, key)), "{key} = {good}: {changes:?}");
                    told.insert(key);
                }
            }
        }
    }
    let untold: Vec<&str> = ROWS.iter().map(|row| row.0).filter(|key| !told.contains(key)).collect();
    // One value alone, or none of the rows' values makes a policy where the key stands.
    // One value alone, or none that can change alone; a file of a model is told as another model.
    let expected = [
        "budget.unit",
        "permit.mode",
        "permit.data.clamp.feature",
        "permit.model.name",
        "permit.model.version",
        "permit.model.digest",
        "permit.work-list.persons",
        "permit.pseudonyms.key",
    ];
    assert!(untold.iter().all(|key| expected.contains(key)), "{untold:?}");
}

#[test]
fn every_tightening_is_told_as_one_and_its_undoing_as_a_loosening() {
    let mut runner = TestRunner::deterministic();
    for (way, (path, _)) in WAYS.iter().enumerate() {
        let key = path.strip_suffix(".rho").unwrap_or(path);
        let key = if path.starts_with("permit.model.component.") { "permit.model.component" } else { key };
        let mut told = 0;
        for permit in (0..60).map(|round| [0, 3][round % 2]) {
            let mut policy = base(permit);
            if *path == "permit.approval" {
                // So that one can go.
                (0..3).for_each(|place| set(&mut policy, "permit.single-approval", place, "\"Alene\""));
            }
            let loose = read_right(&policy.to_string());
            tighten(&mut policy, Step { way, ..step().new_tree(&mut runner).unwrap().current() });
            let Ok(tight) = read(&policy.to_string()) else { continue };
            let changes = diff(&loose, &tight);
            let of_key = |change: &&Change| change.key == key;
            if normal(&loose) == normal(&tight) {
                continue;
            }
            // Fewer approvals are fewer persons who looked, though no request is the better for it.
            let (there, back) = match *path {
                "permit.approval" => (Direction::Loosens, Direction::Tightens),
                _ => (Direction::Tightens, Direction::Loosens),
            };
            assert!(
                changes.iter().filter(of_key).any(|change| change.direction == there),
                "{path}: {changes:?}"
            );
            let undone = diff(&tight, &loose);
            assert!(
                undone.iter().filter(of_key).any(|change| change.direction == back),
                "{path}: {undone:?}"
            );
            told += 1;
        }
        // The examples name no table and approve no feature that nothing uses, and no bounds but the catalogue's.
        let tight =
            ["permit.data.tables", "permit.data.sensitive", "permit.data.clamp.from", "permit.data.clamp.to"];
        let needed = tight.contains(path);
        assert!(told > 0 || needed, "{path} was never tightened");
    }
    for (key, more) in [
        (
            "permit.data.tables",
            "[\"patients\", \"hospital_contacts\", \"gp_contacts\", \"prescriptions\", \"transport\", \"survey\"]",
        ),
        ("permit.data.sensitive", "[\"foreign_citizen\"]"),
        ("permit.data.clamp.from", "-5"),
        ("permit.data.clamp.to", "200000000"),
    ] {
        let mut policy = parsed(REGION);
        set(&mut policy, key, 0, more);
        let (old, new) = (read_right(REGION), read_right(&policy.to_string()));
        let told =
            |changes: Vec<Change>| changes.iter().map(|one| (one.direction, one.key)).collect::<Vec<_>>();
        assert_eq!(told(diff(&old, &new)), [(Direction::Loosens, key)]);
        assert_eq!(told(diff(&new, &old)), [(Direction::Tightens, key)]);
    }
}

#[test]
fn what_harms_citizens_most_stands_first() {
    let mut table = parsed(municipality());
    let list = parsed(municipality())["permit"][2].clone();
    table["permit"].as_array_mut().unwrap().remove(2);
    let old = read_right(&table.to_string());
    table["permit"].as_array_mut().unwrap().push(list);
    set(&mut table, "controller.contact", 0, "\"post@eksempel.example\"");
    set(&mut table, "permit.valid-to", 0, "2027-12-31");
    set(&mut table, "permit.budget.per-query", 0, "{ rho = 0.1 }");
    set(&mut table, "population.opt-outs", 0, "\"none\"");
    set(&mut table, "cells.smallest", 0, "8");
    let new = read_right(&table.to_string());
    let changes = diff(&old, &new);
    let codes: Vec<String> = changes.iter().map(Change::code).collect();
    assert_eq!(
        codes,
        [
            "permit.added",
            "population.opt-outs.removed",
            "permit.budget.per-query.raised",
            "permit.valid-to.raised",
            "cells.smallest.raised",
            "controller.contact.changed",
        ]
    );
    let permits: Vec<Option<&str>> = changes.iter().map(|change| change.permit.as_deref()).collect();
    assert_eq!(permits, [Some(LIST), None, Some(AGGREGATES), Some(AGGREGATES), None, None]);
    let [da, en] = plain(&to_document(&old, &new, &changes));
    for sentence in [
        "Under monitoring-2026: Ét svar må nu koste rho 0,1; før rho 0,05.",
        "Borgere, der har sagt nej til at indgå, holdes ikke længere ude (før filen «opt-outs.csv»).",
        "Celler med færre end 8 personer, talt med støj, skjules; før færre end 5 personer.",
        "Under monitoring-2026: Tilladelsen gælder nu til og med 31. december 2027; før 30. november 2027.",
    ] {
        assert!(da.contains(sentence), "{sentence}\n{da}");
    }
    assert!(en.contains("Under monitoring-2026: One answer may now cost rho 0.1; before rho 0.05."));
    let order = ["What becomes allowed", "What becomes forbidden", "What changes otherwise"];
    let places: Vec<usize> = order.iter().map(|heading| en.find(heading).unwrap()).collect();
    assert!(places.is_sorted());
    let [da, _] = plain(&to_document(&old, &old, &diff(&old, &old)));
    assert!(da.contains("De to politikker siger det samme."));
}

#[test]
fn what_a_node_would_refuse_is_said_before_all_changes() {
    let old = read_right(municipality());
    let next = |version: u64, predecessor: &str| {
        let mut table = parsed(municipality());
        table["policy"]["version"] = Value::Integer(i64::try_from(version).unwrap());
        let policy = table["policy"].as_table_mut().unwrap();
        policy.remove("predecessor");
        if version > 1 {
            policy.insert("predecessor".to_owned(), Value::String(predecessor.to_owned()));
        }
        table["retention"]["results-days"] = Value::Integer(1);
        read_right(&table.to_string())
    };
    let own = old.digest().to_string();
    let codes = |new: &Policy| refused(&old, new).iter().map(|one| one.code).collect::<Vec<_>>();
    let other = "5f".repeat(32);
    assert_eq!(codes(&next(3, &own)), Vec::<&str>::new());
    // Of versions in between nobody here knows the digests.
    assert_eq!(codes(&next(4, &other)), Vec::<&str>::new());
    assert_eq!(codes(&old), Vec::<&str>::new());
    for (new, code) in [
        (next(3, &other), "policy.predecessor"),
        (next(2, &own), "policy.replaced"),
        (next(1, &own), "policy.superseded"),
    ] {
        assert_eq!(codes(&new), [code]);
        let [da, en] = plain(&to_document(&old, &new, &diff(&old, &new)));
        for (text, first, then) in [
            (&da, "Noden afviser den nye politik", "Hvad der bliver forbudt"),
            (&en, "The node refuses the new policy", "What becomes forbidden"),
        ] {
            let (first, then) = (text.find(first).unwrap(), text.find(then).unwrap());
            assert!(first < text.find(code).unwrap() && text.find(code).unwrap() < then, "{text}");
        }
        assert!(da.contains("gemmes i højst 1 dag; før 1.825 dage."), "{da}");
    }
    let [da, _] = plain(&to_document(&old, &next(3, &own), &diff(&old, &next(3, &own))));
    assert!(!da.contains("afviser") && !da.contains("hævet"), "{da}");
    // Who must sign a larger budget.
    let raised = municipality().replacen("for-life = { rho = 2 }", "for-life = { rho = 3 }", 1);
    let [da, _] = plain(&to_document(&old, &read_right(&raised), &diff(&old, &read_right(&raised))));
    assert!(da.contains("skrevet under: Kommunaldirektøren og Databeskyttelsesrådgiveren."), "{da}");
}

#[test]
fn a_permit_of_another_mode_under_the_same_id_is_both() {
    let old = read_right(municipality());
    let mut table = parsed(municipality());
    mutate(&mut table, Mutation::Replace { from: 2, to: 0 });
    let new = read_right(&table.to_string());
    assert_eq!(new.permit(AGGREGATES).unwrap().mode, Mode::PersonContributions);
    let changes = diff(&old, &new);
    let of_mode: Vec<_> = changes.iter().filter(|change| change.key == "permit.mode").collect();
    let told: Vec<_> = of_mode.iter().map(|change| (change.direction, change.what, change.risk)).collect();
    assert_eq!(
        told,
        [
            (Direction::Loosens, What::Added, Risk::NamedCitizens),
            (Direction::Tightens, What::Removed, Risk::Data)
        ]
    );
    assert!(changes[0].sentence.da.starts_with("Under monitoring-2026: Ny tilladelse: arbejdslister"));
}

#[test]
fn follow_up_is_told_by_how_long_runs_can_be_linked() {
    let with = |until: &str| edit(municipality(), "[permit.follow-up]", "2027-03-31", until);
    let without = municipality().replacen(FOLLOW_UP, "", 1);
    let told = |old: &str, new: &str| {
        let changes = diff(&read_right(old), &read_right(new));
        let [change] = changes.as_slice() else { panic!("{changes:?}") };
        (change.direction, change.code(), change.sentence.en.clone())
    };
    let (direction, code, sentence) = told(&without, municipality());
    assert_eq!((direction, code.as_str()), (Direction::Loosens, "permit.follow-up.added"));
    assert_eq!(
        sentence,
        "Under sad-list-2026: Runs may now go on under one key (up to and including 31 March 2027), so that the coordinator can link their pseudonyms."
    );
    let (direction, code, _) = told(municipality(), &without);
    assert_eq!((direction, code.as_str()), (Direction::Tightens, "permit.follow-up.removed"));
    let (direction, code, sentence) = told(municipality(), &with("2027-04-30"));
    assert_eq!((direction, code.as_str()), (Direction::Loosens, "permit.follow-up.until.raised"));
    assert!(sentence.contains("30 April 2027; before up to and including 31 March 2027."), "{sentence}");
    let (direction, code, _) = told(municipality(), &with("2027-01-31"));
    assert_eq!((direction, code.as_str()), (Direction::Tightens, "permit.follow-up.until.lowered"));
    // In a laboratory no end is the latest.
    let ends = edit(LABORATORY, "[permit.follow-up]", "\n", "\nuntil = 9999-12-31\n");
    let (direction, code, _) = told(&ends, LABORATORY);
    assert_eq!((direction, code.as_str()), (Direction::Loosens, "permit.follow-up.until.raised"));
}

#[test]
fn comments_and_order_change_nothing() {
    let old = read_right(municipality());
    let new = read_right(&format!("{}# A comment.\n", municipality()));
    assert_ne!(old.digest(), new.digest());
    assert_eq!(diff(&old, &new), []);
    let mut table = parsed(municipality());
    table["permit"].as_array_mut().unwrap().reverse();
    assert_eq!(diff(&old, &read_right(&table.to_string())), []);
    // What is stated in another way is told, though it is worth the same.
    let same = edit(PILOT, "[budget]", "per-period = { epsilon = 1 }", "per-period = { rho = 0.0125 }");
    let changes = diff(&read_right(PILOT), &read_right(&same));
    let told: Vec<_> = changes.iter().map(|change| (change.direction, change.key)).collect();
    assert_eq!(told, [(Direction::Neutral, "budget.per-period")]);
}

#[test]
fn in_a_laboratory_the_order_of_models_counts() {
    let sad = library().model("sad").unwrap();
    let named = format!(
        "[[permit.model]]\nname = \"sad\"\nversion = 1\ndigest = \"{}\"\ngrain = \"points\"\n\n",
        sad.digest
    );
    let all = "[[permit.model]]\nname = \"all\"\ngrain = \"events\"\n";
    let first = LABORATORY.replace(all, &format!("{named}{all}"));
    let last = LABORATORY.replace(all, &format!("{all}\n{named}"));
    let changes = diff(&read_right(&first), &read_right(&last));
    let told: BTreeSet<_> = changes.iter().map(|change| (change.direction, change.key)).collect();
    assert_eq!(told, [(Direction::Loosens, "permit.model"), (Direction::Tightens, "permit.model")].into());
}
