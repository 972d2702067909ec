use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::library::{CATALOGUE, INDICATORS, Library, MODELS};
use crate::regions::REGIONS;

const MINIMAL: &str = r#"
name = "mine"
version = 1
rho = 0.5
source = "a test"
[title]
da = "Titel"
en = "Title"
[question]
da = "Hvad?"
en = "What?"
[numerator]
da = "Over"
en = "Above"
[denominator]
da = "Under"
en = "Below"
[[measure]]
name = "persons"
unit = "count"
da = "Borgere"
en = "Residents"
[[measure]]
name = "share"
unit = "share"
da = "Andel"
en = "Share"
[[query]]
measure = "persons"
key = { sex = "all" }
kind = "count"
by = ["kommune"]
[[query.where]]
feature = "age"
from = 65
[[ratio]]
name = "share"
of = "persons"
per = "all"
"#;

fn read(text: &str) -> Result<Indicator, DefinitionError> {
    let catalogue = Catalogue::read(CATALOGUE).unwrap();
    let regions = Regions::read(&REGIONS).unwrap();
    Indicator::read(&Source { file: "mine.toml", text }, MODELS, &catalogue, &regions)
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../indicators")
}

#[test]
fn every_embedded_indicator_is_right_and_has_a_file_of_its_name() {
    let library = Library::embedded().unwrap();
    let names: Vec<String> =
        library.indicators().iter().map(|indicator| format!("indicators/{}.toml", indicator.name)).collect();
    assert_eq!(names, INDICATORS.iter().map(|source| source.file).collect::<Vec<_>>());
    let promised = [
        "cost_per_capita",
        "readmission_30d",
        "residents",
        "sad_histogram",
        "somv_diagram",
        "triple_aim_survey",
    ];
    assert!(promised.iter().all(|name| library.indicator(name).is_some()));
}

#[test]
fn every_file_of_the_folder_is_embedded() {
    let files: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| {
            entry.unwrap().file_name().to_str().unwrap().strip_suffix(".toml").map(String::from)
        })
        .collect();
    let library = Library::embedded().unwrap();
    let embedded: BTreeSet<String> =
        library.indicators().iter().map(|indicator| indicator.name.clone()).collect();
    assert_eq!(files, embedded);
}

#[test]
fn every_text_of_an_embedded_indicator_stands_in_danish_and_english() {
    for indicator in Library::embedded().unwrap().indicators() {
        let Indicator { title, question, numerator, denominator, keys, measures, .. } = indicator;
        let own = [title, question, numerator, denominator].map(|words| (&words.da, &words.en));
        let keys_words = keys.iter().map(|key| (&key.da, &key.en));
        let labels = keys.iter().flat_map(|key| &key.labels).map(|label| (&label.da, &label.en));
        let measures = measures.iter().map(|measure| (&measure.da, &measure.en));
        for (da, en) in own.into_iter().chain(keys_words).chain(labels).chain(measures) {
            assert!(!da.trim().is_empty() && !en.trim().is_empty(), "{}: {da}, {en}", indicator.name);
        }
        assert!(!indicator.source.is_empty(), "{}", indicator.name);
    }
}

#[test]
fn queries_have_their_measure_their_key_and_what_a_person_adds() {
    let indicator = read(MINIMAL).unwrap();
    let Aggregate { queries, ratios } = indicator.aggregate().unwrap();
    let [query] = queries.as_slice() else { panic!("{queries:?}") };
    assert_eq!((query.measure.as_str(), query.scale, query.bounds, query.line), ("persons", 1, [0, 1], 28));
    assert_eq!(query.key, [("sex".to_owned(), "all".to_owned())]);
    let mut keys: Vec<&str> = query.query.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["by", "kind", "where"]);
    let share = Ratio { name: "share".into(), of: "persons".into(), per: PerMeasure::All };
    assert_eq!(ratios, &[share]);
    // An amount of money, told in kroner.
    let money = MINIMAL
        .replace("kind = \"count\"", "kind = \"sum\"\nfeature = \"cost_gp_1y\"")
        .replace("unit = \"count\"", "unit = \"dkk\"");
    let query = &read(&money).unwrap().aggregate().unwrap().queries[0].clone();
    assert_eq!((query.scale, query.bounds), (100, [0, 100_000_000]));
}

#[test]
fn a_denominator_has_the_labels_of_its_numerator() {
    let second = |by: &str, key: &str| {
        let measure = "name = \"share\"\nunit = \"share\"";
        let another =
            format!("name = \"everyone\"\nunit = \"count\"\nda = \"a\"\nen = \"a\"\n[[measure]]\n{measure}");
        let query =
            format!("[[query]]\nmeasure = \"everyone\"\nkey = {key}\nkind = \"count\"\nby = {by}\n[[ratio]]");
        let text = MINIMAL.replace(measure, &another).replace("[[ratio]]", &query);
        read(&text.replace("per = \"all\"", "per = \"everyone\""))
    };
    assert!(second("[\"kommune\"]", "{}").is_ok());
    assert!(second("[\"kommune\"]", "{ sex = \"all\" }").is_ok());
    for (by, key) in [("[]", "{}"), ("[\"kommune\", \"sex\"]", "{}"), ("[\"kommune\"]", "{ sex = \"F\" }")] {
        let error = second(by, key).unwrap_err().to_string();
        assert!(error.contains("there is no query with the same `by`"), "{by} {key}: {error}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let cases: &[(&str, &str, usize, &str)] = &[
        ("name = \"mine\"", "name = \"Mine\"", 2, "`Mine` is no name"),
        ("rho = 0.5", "rho = 0", 4, "`rho` must be more than 0"),
        ("da = \"Hvad?\"", "da = \" \"", 9, "the description is empty"),
        ("name = \"share\"\nunit", "name = \"persons\"\nunit", 23, "measure `persons` stands twice"),
        ("measure = \"persons\"", "measure = \"people\"", 29, "there is no measure `people`"),
        ("kind = \"count\"", "kind = \"count\"\nas_of = 2026-02-28", 28, "`as_of` cannot stand in a query"),
        ("key = { sex = \"all\" }", "key = { measure = \"x\" }", 28, "`measure` says it"),
        ("kind = \"count\"", "kind = \"sum\"\nfeature = \"cost_gp_1y\"", 29, "has the unit `dkk`"),
        ("name = \"share\"\nof", "name = \"part\"\nof", 37, "there is no measure `part`"),
        ("name = \"share\"\nof", "name = \"persons\"\nof", 37, "measure `persons` stands twice"),
        ("of = \"persons\"", "of = \"share\"", 38, "there is no query of the measure `share`"),
        ("per = \"all\"", "per = \"everybody\"", 39, "there is no query of the measure `everybody`"),
        (
            "kind = \"count\"",
            "kind = \"mean\"\nfeature = \"gp_contacts_1y\"",
            39,
            "are divided by one another",
        ),
        (
            "[[ratio]]",
            "[joined]\nmodel = \"sad\"\n[[joined.table]]\n[[joined.table.row]]\nmeasures = []\n[[ratio]]",
            2,
            "exactly one of `[joined]` and `[[query]]`",
        ),
        ("per = \"all\"", "per = \"all\"\nmost = 3", 40, "unknown field `most`"),
        // The query's own slips come before what they do to a ratio.
        ("kind = \"count\"", "kind = \"cuont\"", 31, "there is no kind `cuont`"),
        ("by = [\"kommune\"]", "by = [\n\"komune\"]", 33, "there is no feature `komune`"),
        ("feature = \"age\"", "feature = \"aeg\"", 34, "there is no feature `aeg`"),
    ];
    for (from, to, line, told) in cases {
        assert_eq!(MINIMAL.matches(from).count(), 1, "{from}");
        let error = read(&MINIMAL.replace(from, to)).unwrap_err();
        assert!(error.to_string().contains(told), "{to}: {error}");
        assert_eq!((error.file.as_str(), error.line), ("mine.toml", *line), "{to}: {error}");
    }
}

#[test]
fn what_was_expected_follows_from_what_is_wrong() {
    let cases = [
        ("rho = 0.5", "rho = 0,5", "a decimal point", "write `0.5`"),
        ("da = \"Hvad?\"\n", "", "in Danish (`da`) and in English (`en`)", "add `da`"),
        ("kind = \"count\"", "kind = \"cuont\"", "`count`, `sum`", "did you mean `count`?"),
        ("by = [\"kommune\"]", "by = [\"komune\"]", "policies/catalogue", "did you mean `kommune`?"),
        ("measure = \"persons\"", "measure = \"person\"", "`persons`, `share`", "did you mean `persons`?"),
        ("unit = \"share\"", "unit = \"kroner\"", "`dkk`, `share`", "mend it"),
        ("per = \"all\"", "per = \"all\"\noff = 3", "`name`, `of`, `per`", "did you mean `of`?"),
        ("name = \"share\"\nunit", "name = \"persons\"\nunit", "each measure once", "rename one"),
        ("name = \"mine\"", "name = \"Mine\"", "a-z, 0-9 and _", "choose such a name"),
    ];
    for (from, to, expected, next) in cases {
        assert_eq!(MINIMAL.matches(from).count(), 1, "{from}");
        let error = read(&MINIMAL.replace(from, to)).unwrap_err();
        let problem = error.problem_of_file();
        assert!(problem.expected.contains(expected), "{to}: {problem}");
        assert!(problem.next.contains(next) && !problem.next.contains("folder"), "{to}: {problem}");
        assert_eq!(problem.place, format!("mine.toml:{}", error.line));
        let in_folder = error.problem("home/indicators");
        assert!(in_folder.next.ends_with("or take the file out of the folder"), "{in_folder}");
        assert_eq!(in_folder.place, format!("home/indicators/mine.toml:{}", error.line));
    }
    // The names of one's own file, and of the model that it builds on.
    let (head, _) = MINIMAL.split_at(MINIMAL.find("[[query]]").unwrap());
    let joined = |component: &str, of: &str| {
        let text = format!(
            "{head}[joined]\nmodel = \"somv\"\n[[joined.component]]\n{component}\n[[joined.table]]\n[[joined.table.row]]\nmeasures = [{{ name = \"persons\", of = \"{of}\" }}]\n"
        );
        read(&text).unwrap_err().problem_of_file()
    };
    let age = "name = \"band\"\nfeature = \"age_band\"\ncombine = \"or\"";
    let of_own = joined(&age.replace("\"or\"", "\"or\"\nis = [\"18-39\"]"), "persons");
    assert!(of_own.expected.contains("`18-29`"), "{of_own}");
    let of_model = joined(&age.replace("\"or\"", "\"or\"\nis = [\"18-29\"]"), "number somatc");
    assert!(of_model.next.contains("did you mean `somatic`?"), "{of_model}");
}

#[test]
fn a_name_that_the_program_has_is_told_with_its_line() {
    for (name, what) in [("residents", "an indicator"), ("sad", "a model")] {
        let text = MINIMAL.replace("\"mine\"", &format!("\"{name}\""));
        let error = Library::with_own(&[(format!("{name}.toml"), text)]).unwrap_err();
        assert_eq!((error.line, &error.reason), (2, &Reason::Taken { what, name: name.to_owned() }));
        assert!(error.problem_of_file().next.contains("another name"));
    }
}

#[test]
fn there_are_no_more_queries_than_a_budget_is_divided_by() {
    let (head, rest) = MINIMAL.split_at(MINIMAL.find("[[query]]").unwrap());
    let (query, ratio) = rest.split_at(rest.find("[[ratio]]").unwrap());
    let with = |queries: usize| read(&format!("{head}{}{ratio}", query.repeat(queries)));
    assert_eq!(with(QUERIES_MAX).unwrap().aggregate().unwrap().queries.len(), QUERIES_MAX);
    assert!(with(QUERIES_MAX + 1).unwrap_err().to_string().contains("at most 32 queries"));
}

/// Each row of the guide's table "What combines how" is a component that is right, and one that is wrong without the group
/// that the row says it needs.
#[test]
fn the_table_of_the_guide_says_what_combines_how() {
    let guide = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let (_, table) = guide.split_once("### What combines how").unwrap();
    let (table, _) = table.split_once("### ").unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`') && !line.contains("`combine`"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), 10);
    let catalogue = Catalogue::read(CATALOGUE).unwrap();
    let (head, _) = MINIMAL.split_at(MINIMAL.find("[[measure]]\nname = \"share\"").unwrap());
    let population = "[joined.population]\nresident = \"resident\"\nkommune = \"kommune\"\nage = \"age\"\nfrom = 18\nto = 65\n";
    for row in rows {
        let [kind, examples, combine, group, at, fall_back] = row.as_slice() else { panic!("{row:?}") };
        let has_bands = kind.contains("`bands`");
        for name in examples.split(", ").map(|name| name.trim_matches('`')) {
            let feature = catalogue.feature(name).unwrap_or_else(|| panic!("{name}"));
            let sector = feature.holder.sector();
            let unquoted = |cell: &str| cell.trim_matches('`').to_owned();
            let component = |touch: &str| {
                let combine = unquoted(combine);
                let bands = if has_bands { "bands = [{ from = 2, points = 1 }]\n" } else { "" };
                let criterion = if has_bands {
                    "[[joined.criterion]]\nname = \"met\"\ncomponents = [\"c\"]\n"
                } else {
                    ""
                };
                format!(
                    "[[joined.component]]\nname = \"c\"\nfeature = \"{name}\"\ncombine = \"{combine}\"\n{touch}{bands}{criterion}"
                )
            };
            let (by, of) = match feature.kind {
                crate::feature::Kind::Category(_) => ("by = [\"c\"]\n", "persons"),
                _ => ("", "number c"),
            };
            let table = format!(
                "[[joined.table]]\n{by}[[joined.table.row]]\nmeasures = [{{ name = \"persons\", of = \"{of}\" }}]\n"
            );
            let alone = read(&format!("{head}{population}{}{table}", component("")));
            if *group == "none" {
                alone.unwrap_or_else(|error| panic!("{name}: {error}"));
                continue;
            }
            let needs = matches!(&alone, Err(error) if matches!(error.reason, Reason::NeedsTouch { .. }));
            assert!(needs, "{name} without a group: {alone:?}");
            let touch = format!(
                "[[joined.touch]]\ngroup = \"g\"\nsector = \"{sector}\"\nat = {}\nfall-back = {}\n",
                unquoted(at),
                unquoted(fall_back)
            );
            let with = format!("{head}{population}{touch}{}{table}", component("touch = \"g\"\n"));
            read(&with).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}

/// What the guide shows is what someone copies first.
#[test]
fn the_examples_of_the_guide_are_indicators() {
    let guide = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let blocks = guide.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let whole: Vec<&str> =
        blocks.filter(|block| block.starts_with("name = ") && !block.contains("...")).collect();
    let read: Vec<Indicator> = whole.iter().map(|text| read(text).unwrap()).collect();
    let joined = read.iter().filter(|indicator| indicator.model().is_some()).count();
    assert_eq!((read.len(), joined), (2, 1), "one of each mode");
}
