//! The explanation says all that is in the file: every key at every place of every example is set to another value and
//! taken out, and looked for in both languages. And nothing that is not: its numbers are traced to where they stem from.

mod shown;

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};
use tvaers_definitions::library::{CATALOGUE, MODELS};
use tvaers_definitions::schema::TABLES;
use tvaers_protocol::id::Digest;

use self::shown::{ONE_VALUE, others, rendered};
use super::every_key::{ROWS, parsed, split, tables, value};
use super::*;
use crate::document::{Block, Document};
use crate::explain::{Conversion, Explaining, explain, words};
use crate::keys::{KEYS, Needed};
use crate::text::Text;

fn examples() -> [(&'static str, &'static str); 4] {
    [("municipality", municipality()), ("region", REGION), ("pilot", PILOT), ("laboratory", LABORATORY)]
}

/// Both languages of a document as running text.
pub(super) fn plain(document: &Document) -> [String; 2] {
    let mut texts = vec![&document.title];
    for block in &document.blocks {
        match block {
            Block::Heading { text, .. } | Block::Paragraph(text) => texts.push(text),
            Block::List(points) => texts.extend(points),
            Block::Table { head, rows } => {
                assert!(rows.iter().all(|row| row.len() == head.len()), "{head:?}");
                texts.extend(head.iter().chain(rows.iter().flatten()));
            }
        }
    }
    let of = |language: fn(&Text) -> &str| {
        texts.iter().map(|text| format!("\n{}\n", language(text))).collect::<String>()
    };
    [of(|text| &text.da), of(|text| &text.en)]
}

/// The explanation without the file's own digest, which any change changes.
fn explained(policy: &Policy) -> [String; 2] {
    let document = explain(policy, &Explaining { library: library(), conversion: None });
    plain(&document).map(|text| text.replace(&policy.digest().to_string(), ""))
}

/// What two policies must agree in to mean the same.
pub(super) fn meaning(policy: &Policy) -> Policy {
    Policy { digest: Digest::NONE, epsilons: Vec::new(), ..policy.clone() }
}

#[test]
fn danish_has_danish_numbers_and_days() {
    let mut swept = 0;
    for text in [municipality(), REGION, PILOT, LABORATORY] {
        let policy = read_right(text);
        let spent = Spent { life: 1_990_000_000, ..Spent::default() };
        let sum = query(SUM);
        let asked = crate::simulate::Asked::Query { query: &sum, nano_rho: Some(60_000_000) };
        let refused = crate::simulate::simulate(
            &policy,
            &asked,
            date(2026, 10, 1),
            &spent,
            &crate::simulate::Simulating::default(),
        );
        let documents = [
            explain(&policy, &Explaining { library: library(), conversion: None }),
            crate::records::records(&[("p.toml".to_owned(), policy.clone())]),
            crate::diff::to_document(
                &read_right(PILOT),
                &policy,
                &crate::diff::diff(&read_right(PILOT), &policy),
            ),
            crate::simulate::to_document(&refused),
        ];
        for document in documents {
            let [da, _] = plain(&document);
            for word in da.split_whitespace() {
                let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
                let is_day = word.len() == 10 && word.parse::<Date>().is_ok();
                // What the file itself says in words, such as the day of an agreement, stays as it is.
                assert!(!is_day || text.contains(&format!("af {word}")), "{word}: {da}");
                let is_number = word.contains('.') && word.chars().all(|c| c.is_ascii_digit() || c == '.');
                let groups: Vec<&str> = word.split('.').skip(1).collect();
                let of_thousands = groups.iter().all(|group| group.len() == 3);
                assert!(
                    !is_number
                        || of_thousands
                        || [text, PILOT].iter().any(|text| text.contains(&format!("\"{word}\""))),
                    "{word}: {da}"
                );
                swept += 1;
            }
            for english in [" permit", " from ", " up to ", "rho = ", "epsilon = ", " days", "(aggregates)"] {
                assert!(!da.contains(english), "{english}: {da}");
            }
        }
    }
    assert!(swept > 1000, "{swept}");
}

#[test]
fn every_value_of_every_example_is_shown_and_so_is_another_in_its_place() {
    let (mut swept, mut seen) = (0, BTreeSet::new());
    let (mut wrong, mut alone) = (Vec::new(), Vec::new());
    for (example, text) in examples() {
        let old = read_right(text);
        let before = explained(&old);
        for key in leaves().filter(|key| !ONE_VALUE.contains(key)) {
            let (path, last) = key.rsplit_once('.').unwrap_or(("", key));
            let path = if path.is_empty() { Vec::new() } else { split(path) };
            for place in 0..tables(&mut parsed(text), &path).len() {
                let mut base = parsed(text);
                let table = tables(&mut base, &path).swap_remove(place);
                let Some(now) = table.get(last).cloned() else { continue };
                if matches!(now, Value::Array(_) | Value::Table(_)) {
                    continue;
                }
                let of_model = key.starts_with("permit.model.") && last != "grain";
                if of_model && now.as_str() == Some("all") {
                    continue;
                }
                let shown = rendered(key, &now);
                let found = others(key, &now).into_iter().find_map(|other| {
                    let mut base = base.clone();
                    let table = tables(&mut base, &path).swap_remove(place);
                    if of_model {
                        // Another version or file of an installed model is one that is not installed.
                        table.insert("version".to_owned(), Value::Integer(9));
                        table.insert("digest".to_owned(), Value::String("3c".repeat(32)));
                    }
                    let other = match last {
                        "version" if of_model => Value::Integer(9),
                        "name" if of_model => Value::String("somv_with_frontline".to_owned()),
                        _ => other,
                    };
                    table.insert(last.to_owned(), other.clone());
                    // A key in capitals is the same key.
                    let policy =
                        read(&base.to_string()).ok().filter(|policy| meaning(policy) != meaning(&old))?;
                    Some((policy, other))
                });
                let Some((policy, other)) = found else {
                    alone.push(format!("{example}: {key}"));
                    continue;
                };
                let after = explained(&policy);
                for language in 0..2 {
                    if before[language] == after[language] {
                        wrong.push(format!("{example}: {key} = {other} changes nothing"));
                    }
                    if let Some(shown) = &shown
                        && !before[language].contains(&shown[language])
                    {
                        wrong.push(format!("{example}: {key} = {now} is not told"));
                    }
                    // Shown once more than before: it may stand elsewhere too.
                    let Some(shown) = rendered(key, &other) else { continue };
                    let count = |text: &str| text.matches(shown[language].as_str()).count();
                    if count(&after[language]) <= count(&before[language]) {
                        wrong.push(format!("{example}: {key} = {other} is not told: {}", shown[language]));
                    }
                }
                swept += 1;
                seen.insert(key);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // What cannot change alone: a second version has a predecessor, a list without items has no basis for them, and a
    // laboratory has much that others must not have.
    let together = [
        "municipality: permit.work-list.persons",
        "region: policy.version",
        "region: permit.work-list.disclosure",
        "region: permit.work-list.persons",
        "pilot: policy.version",
        "laboratory: laboratory",
    ];
    assert_eq!(alone, together);
    let missing: Vec<&str> = leaves().filter(|key| !seen.contains(key)).collect();
    // Those that no example has, that are lists, or that have one value.
    let expected = [
        "laboratory",
        "budget.calendar.at-most.epsilon",
        "budget.raised-by",
        "permit.budget.default-query.epsilon",
        "permit.data.clamp.feature",
        "permit.mode",
        "permit.model.component",
        "permit.population.kommuner",
        "permit.pseudonyms.key",
        "permit.revoked",
        "permit.work-list.to",
        "budget.unit",
    ];
    let expected: BTreeSet<&str> = expected.into_iter().collect();
    assert_eq!(missing.into_iter().collect::<BTreeSet<_>>(), expected);
    assert!(swept >= 300, "{swept}");
}

/// Keys that are no tables.
fn leaves() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|row| row.0)
}

#[test]
fn every_element_of_every_list_is_shown_and_gone_when_it_is_taken_out() {
    let (mut swept, mut added, mut seen) = (0, 0, BTreeSet::new());
    for (example, text) in examples() {
        let before = explained(&read_right(text));
        for key in leaves() {
            let (path, last) = key.rsplit_once('.').unwrap_or(("", key));
            let path = if path.is_empty() { Vec::new() } else { split(path) };
            for place in 0..tables(&mut parsed(text), &path).len() {
                let mut base = parsed(text);
                let table = tables(&mut base, &path).swap_remove(place);
                let Some(Value::Array(list)) = table.get(last).cloned() else { continue };
                // A table is needed by what reads it: one is put in instead.
                let more: &[&str] = match last {
                    "tables" => &["survey", "frontline_flags"],
                    _ => &[],
                };
                for name in more.iter().filter(|name| !list.iter().any(|one| one.as_str() == Some(**name))) {
                    let mut base = base.clone();
                    let table = tables(&mut base, &path).swap_remove(place);
                    let list = table.get_mut(last).and_then(Value::as_array_mut);
                    list.unwrap().push(Value::String((*name).to_owned()));
                    let Ok(policy) = read(&base.to_string()) else { continue };
                    let count = |text: &str| text.matches(&format!("\n{name}\n")).count();
                    for (after, before) in explained(&policy).iter().zip(&before) {
                        assert!(count(after) > count(before), "{example}: {key} does not show {name}");
                    }
                    added += 1;
                    seen.insert(key);
                }
                for (index, element) in list.iter().enumerate() {
                    let name = element.as_str().map_or_else(|| element.to_string(), str::to_owned);
                    let name = match name.as_str() {
                        "municipality" => "bopælskommune".to_owned(),
                        "gp-practice" => "praktiserende læge".to_owned(),
                        _ => name,
                    };
                    assert!(before[0].contains(&name), "{example}: {key} does not show {name}");
                    let mut base = base.clone();
                    let table = tables(&mut base, &path).swap_remove(place);
                    let Some(list) = table.get_mut(last).and_then(Value::as_array_mut) else {
                        unreachable!()
                    };
                    list.remove(index);
                    // Not every element can go alone: a table is needed by what reads it.
                    let Ok(policy) = read(&base.to_string()) else { continue };
                    let after = explained(&policy);
                    assert!(
                        (0..2).all(|language| before[language] != after[language]),
                        "{example}: {key} {name}"
                    );
                    swept += 1;
                    seen.insert(key);
                }
            }
        }
    }
    let lists: Vec<&str> = seen.into_iter().collect();
    assert!(added >= 5, "{added}");
    assert_eq!(
        lists,
        [
            "permit.data.categories",
            "permit.data.features",
            "permit.data.tables",
            "permit.population.kommuner",
            "permit.work-list.to"
        ]
    );
    assert!(swept >= 60, "{swept}");
}

#[test]
fn a_key_that_is_left_out_is_no_longer_told() {
    let mut swept: BTreeMap<&str, usize> = BTreeMap::new();
    for (example, text) in examples() {
        let before = (read_right(text), explained(&read_right(text)));
        for key in KEYS.iter().filter(|key| key.needed != Needed::Always).map(|key| key.path) {
            let (path, last) = key.rsplit_once('.').unwrap_or(("", key));
            let path = if path.is_empty() { Vec::new() } else { split(path) };
            for place in 0..tables(&mut parsed(text), &path).len() {
                let mut base = parsed(text);
                let Some(now) = tables(&mut base, &path).swap_remove(place).remove(last) else { continue };
                let Ok(policy) = read(&base.to_string()) else { continue };
                let after = explained(&policy);
                if meaning(&policy) == meaning(&before.0) {
                    // What is left out holds all the same.
                    assert!(after == before.1, "{example}: {key}");
                    continue;
                }
                for language in 0..2 {
                    assert!(before.1[language] != after[language], "{example}: {key}");
                    let Some(shown) = rendered(key, &now) else { continue };
                    let count = |text: &str| text.matches(shown[language].as_str()).count();
                    let [less, more] = [count(&after[language]), count(&before.1[language])];
                    assert!(more > less, "{example}: {key} = {now} is still told");
                }
                *swept.entry(key).or_default() += 1;
            }
        }
    }
    let expected = [
        "budget.calendar",
        "cells.smallest",
        "controller.processor",
        "permit",
        "permit.budget.default-query",
        "permit.data.clamp",
        "permit.follow-up",
        "permit.model.component",
        "permit.population",
        "permit.population.age-from",
        "permit.population.age-to",
        "permit.population.kommuner",
        "permit.purpose.ehds-53",
        "permit.safeguards.joint-controllers",
        "permit.safeguards.processor-agreement",
        "release.witnesses",
    ];
    let missing: Vec<_> = expected.iter().filter(|key| !swept.contains_key(*key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(swept.values().sum::<usize>() >= 40, "{swept:?}");
}

#[test]
fn what_no_example_has_is_told_too() {
    let told = |text: &str| explained(&read_right(text));
    let with = |key: &str, new: &str| {
        let mut base = parsed(municipality());
        let (path, last) = key.rsplit_once('.').unwrap();
        tables(&mut base, &split(path)).swap_remove(0).insert(last.to_owned(), value(new));
        told(&base.to_string())
    };
    let cases: [(&str, &str, [&str; 2]); 9] = [
        (
            "permit.data.sensitive",
            "[\"foreign_citizen\"]",
            [
                "Under monitoring-2026 er disse særligt følsomme egenskaber ikke godkendt: akasse_listed.",
                "Under monitoring-2026 these especially sensitive features are not approved: akasse_listed.",
            ],
        ),
        (
            "permit.revoked",
            "2027-02-03",
            ["fra og med 3. februar 2027 gælder den ikke", "from 3 February 2027 on it does not hold"],
        ),
        (
            "budget.calendar",
            "{ each = \"month\", at-most = { epsilon = 3 } }",
            ["epsilon 3 (regnes som rho 0,1125)", "epsilon 3 (counted as rho 0.1125)"],
        ),
        (
            "permit.budget.default-query",
            "{ epsilon = 0.5 }",
            ["epsilon 0,5 (regnes som", "epsilon 0.5 (counted as"],
        ),
        (
            "budget.raised-by",
            "[\"Kommunaldirektøren\", \"Borgmesteren\"]",
            ["Kommunaldirektøren og Borgmesteren", "Kommunaldirektøren and Borgmesteren"],
        ),
        (
            "permit.population",
            "{ kommuner = [376] }",
            ["bosat i kommune 376", "residents of municipality 376"],
        ),
        (
            "permit.single-approval",
            "\"Bemyndiget\"",
            ["én godkendelse nok: Bemyndiget", "one approval is enough: Bemyndiget"],
        ),
        ("release.witnesses", "4", ["det kræver 4 af dem", "4 of them must have"]),
        ("permit.asker", "[]", ["Ingen må spørge", "Nobody may ask"]),
    ];
    for (key, new, expected) in cases {
        let texts = with(key, new);
        for (text, expected) in texts.iter().zip(expected) {
            assert!(text.contains(expected), "{key}: {expected}");
        }
    }
    let made_up = told(&format!("laboratory = true\n{PILOT}"));
    assert!(
        made_up[0].contains("Det er en laboratoriepolitik")
            && made_up[1].contains("This is a laboratory's policy")
    );
    // A component's grain.
    let counts = told(&edit(
        municipality(),
        "[permit.model.component]",
        "long_spells = \"counts\"",
        "long_spells = \"events\"",
    ));
    assert!(
        counts[0].contains("\nlong_spells\n\nhændelser\n") && counts[1].contains("\nlong_spells\n\nevents\n")
    );
}

/// The ten questions that somebody asks who signs without having read the file; the answers as they stand.
#[test]
fn a_reader_who_has_not_seen_the_file_finds_what_there_is_to_know() {
    let [da, en] = explained(&read_right(municipality()));
    let questions = [
        (
            "Dataansvarlig er Eksempel Kommune med CVR-nummer 10000009.",
            "The controller is Eksempel Kommune with CVR number 10000009.",
        ),
        (
            "Den gælder fra og med 1. december 2026 til og med 30. november 2027",
            "It holds from 1 December 2026 up to and including 30 November 2027",
        ),
        (
            "Listen må gå til borgerens bopælskommune.",
            "The list may go to the citizen's municipality of residence.",
        ),
        (
            "Under sad-list-2026 må listen ikke gå til borgerens praktiserende læge, gennem regionen.",
            "Under sad-list-2026 the list may not go to the citizen's GP practice, through the region.",
        ),
        (
            "Celler med færre end 5 personer, talt med støj, skjules.",
            "Cells of fewer than 5 persons, counted with noise, are hidden.",
        ),
        ("Hver kørsel kræver to underskrifter", "Each run takes two signatures"),
        ("\nArbejdslister\n\nhøjst 90 dage\n", "\nWork lists\n\nat most 90 days\n"),
        (
            "Borgere, der har sagt nej til at indgå, holdes ude. De står i filen «opt-outs.csv» hos noden.",
            "They stand in the file \"opt-outs.csv\" at the node.",
        ),
        ("\nFor livet\n\nrho 2\n", "\nFor life\n\nrho 2\n"),
        (
            "kun af disse i fællesskab: Kommunaldirektøren og Databeskyttelsesrådgiveren.",
            "only by these together: Kommunaldirektøren and Databeskyttelsesrådgiveren.",
        ),
        ("\nforeign_citizen\n", "\nforeign_citizen\n"),
        (
            "Kørsler må fortsætte under samme nøgle til og med 31. marts 2027; indtil nøglen er lukket, kan koordinatoren kæde deres pseudonymer sammen",
            "Runs may go on under one key up to and including 31 March 2027; until the key is closed, the coordinator can link their pseudonyms",
        ),
        (
            "Begrundelsen er: Tilbuddet følges op efter tre måneder.",
            "The reason is: Tilbuddet følges op efter tre måneder.",
        ),
        (
            "Tallene er uden støj og trækker ikke på budgettet",
            "The numbers are without noise and cost nothing of the budget",
        ),
    ];
    for (danish, english) in questions {
        assert!(da.contains(danish), "{danish}");
        assert!(en.contains(english), "{english}");
    }
    // What is told of one key for each run holds where nothing is followed up, and nowhere else.
    let own = "Each run has a key of its own, so that nobody can follow a citizen";
    let times = |text: &str| text.matches(own).count();
    let without = explained(&read_right(&municipality().replacen(FOLLOW_UP, "", 1)));
    assert_eq!((times(&en), times(&without[1])), (1, 2));
    assert_eq!(without[1].matches("that holds for this one run").count(), 2);
    assert_eq!(en.matches("that holds for this one run").count(), 1);
    let [da, en] = explained(&read_right(PILOT));
    for text in [
        "Ingen tilladelse er til arbejdslister over navngivne borgere",
        "Ingen tal må lægges sammen",
        "Under pilot-2026 afvises et spørgsmål, der ikke siger, hvad det må koste.",
    ] {
        assert!(da.contains(text), "{text}");
    }
    assert!(en.contains("No permit is for work lists of named citizens"));
    let [da, _] = explained(&read_right(LABORATORY));
    assert!(
        da.contains("den gælder kun for opdigtede data") && da.contains("Uden grænse er der intet løfte")
    );
    // Without any permit nothing is.
    let mut none = parsed(PILOT);
    none.remove("permit");
    assert!(explained(&read_right(&none.to_string()))[0].contains("Derfor er intet tilladt."));
}

#[test]
fn a_loss_is_told_in_epsilon_and_in_words_where_it_can_be() {
    let epsilon = |nano: u64| Some((80.0 * nano as f64 / 1e9).sqrt());
    let conversion = Conversion { delta: "1e-8", epsilon_of_rho: &epsilon };
    let with = Explaining { library: library(), conversion: Some(conversion) };
    let [da, en] = plain(&explain(&read_right(PILOT), &with));
    // e / (1 + e) is 0.7311; with other values the odds change twice, and e² / (1 + e²) is 0.8808.
    assert!(
        da.contains("højst blive 74 % sikker på, om borgeren overhovedet er med i data (epsilon 1)"),
        "{da}"
    );
    assert!(
        da.contains("højst 89 % sikker på svaret på et ja/nej-spørgsmål om borgeren (epsilon 2)"),
        "{da}"
    );
    assert!(
        en.contains("at most 74 % sure")
            && en.contains("at most 89 % sure")
            && en.contains("of the order of 1e-8")
    );
    let [da, en] = plain(&explain(&read_right(municipality()), &with));
    assert!(da.contains("rho 0,05 (svarer til epsilon 2)") && en.contains("rho 0.05 (worth epsilon 2)"));
    // A conversion that knows nothing says nothing.
    let nothing = |_| Some(f64::NAN);
    let conversion = Conversion { delta: "1e-8", epsilon_of_rho: &nothing };
    let [da, _] =
        plain(&explain(&read_right(municipality()), &Explaining { conversion: Some(conversion), ..with }));
    assert!(!da.contains("svarer til epsilon") && !da.contains("NaN"));
}

#[test]
fn every_number_stems_from_the_file_the_catalogue_or_a_rule() {
    // Articles, parts, defaults, floors and percentages that stand in the program's own sentences.
    const RULES: [&str; 20] = [
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "21", "22", "26",
        "28", "35",
    ];
    const LAWS: [&str; 4] = ["53", "256", "180", "16"];
    let runs = |text: &str| -> BTreeSet<String> {
        let digits = text.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty());
        digits
            .map(|run| run.trim_start_matches('0').to_owned())
            .map(|run| if run.is_empty() { "0".to_owned() } else { run })
            .collect()
    };
    for (example, text) in examples() {
        let policy = read_right(text);
        let mut known = runs(&text.replace('_', ""));
        for source in CATALOGUE.iter().chain(MODELS) {
            known.extend(runs(&source.text.replace('_', "")));
            known.extend(runs(source.text));
        }
        known.extend(runs(text));
        known.extend(library().models().iter().flat_map(|model| runs(&model.digest.to_string())));
        known.extend(
            policy
                .permits()
                .iter()
                .filter_map(|permit| permit.budget)
                .flat_map(|budget| [budget.per_query, budget.in_all].map(|limit| limit.nano_rho.to_string())),
        );
        known.insert("125".to_owned());
        known.extend(RULES.iter().chain(&LAWS).map(|number| (*number).to_owned()));
        let [da, en] = explained(&policy);
        let groups = |text: &str, separator: char| -> String {
            let all: Vec<char> = text.chars().collect();
            let is_digit = |index: usize| all.get(index).is_some_and(char::is_ascii_digit);
            let keeps = |index: &usize| {
                let within = *index > 0 && all[*index] == separator && is_digit(*index - 1);
                !(within && (1..=3).all(|after| is_digit(*index + after)))
            };
            (0..all.len()).filter(keeps).map(|index| all[index]).collect()
        };
        for found in [runs(&groups(&da, '.')), runs(&groups(&en, ','))] {
            let unknown: Vec<_> = found.difference(&known).collect();
            assert!(unknown.is_empty(), "{example}: {unknown:?}");
        }
    }
}

#[test]
fn every_table_and_every_feature_has_words() {
    assert_eq!(TABLES.len(), 12);
    for table in TABLES {
        let text = words::table(table.name).unwrap_or_else(|| panic!("{}", table.name));
        assert!(!text.da.is_empty() && text.da != text.en);
    }
    assert!(words::table("cpr").is_none());
    for (example, text) in examples() {
        let document = explain(&read_right(text), &Explaining { library: library(), conversion: None });
        for block in &document.blocks {
            let Block::Table { rows, .. } = block else { continue };
            assert!(
                rows.iter().flatten().all(|cell| !cell.da.is_empty() && !cell.en.is_empty()),
                "{example}: {rows:?}"
            );
        }
    }
}

#[test]
fn the_explanation_is_the_same_however_the_file_is_laid_out() {
    let table: Table = parsed(municipality());
    assert_eq!(explained(&read_right(&table.to_string())), explained(&read_right(municipality())));
}
