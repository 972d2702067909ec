//! Indicators through `tvaers-local run`: the files it writes, files of one's own, and how it ends.

use std::fs;

use serde_json::Value;

use crate::{AS_OF, Place, json, problem, text};

/// An indicator of one's own that is answered by a join.
const MINE: &str = r#"
name = "elderly"
version = 1
rho = 0.2
source = "a test"
title = { da = "Ældre", en = "Elderly" }
question = { da = "Hvor mange?", en = "How many?" }
numerator = { da = "Ældre", en = "Elderly" }
denominator = { da = "Borgere", en = "Residents" }
measure = [{ name = "persons", unit = "count", da = "Borgere", en = "Residents" }]
[joined.population]
resident = "resident"
kommune = "kommune"
age = "age"
from = 65
to = 150
[[joined.component]]
name = "sex"
feature = "sex"
combine = "responsible"
[[joined.table]]
by = ["kommune", "sex"]
[[joined.table.row]]
measures = [{ name = "persons", of = "persons" }]
"#;

fn sum(result: &Value, measure: &str) -> i64 {
    let cells = result["cells"].as_array().unwrap().iter();
    let own = cells.filter(|cell| cell["key"]["measure"] == measure);
    own.map(|cell| cell["value"].as_i64().unwrap()).sum()
}

#[test]
fn a_name_and_a_file_of_ones_own_are_answered_and_a_series_has_a_file_for_each_date() {
    let place = Place::with_population(250, 5);
    let file = place.data().join("../whatever.toml");
    fs::write(&file, MINE).unwrap();
    let mine = file.to_str().unwrap();
    let wanted = ["--indicator", "residents", "--indicator", mine, "--series", "2025-08-31", "--rho", "1e6"];
    let output = place.run_well(&wanted);
    let results = place.out().join("results");
    let (residents, elderly) = (json(&results.join("residents.json")), json(&results.join("elderly.json")));
    assert_eq!(
        (&residents["indicator"]["mode"], &elderly["indicator"]["mode"]),
        (&"aggregate".into(), &"joined".into())
    );
    // Everyone of 65 and over, counted by a query of both municipalities and by the join.
    let old = |cell: &&Value| {
        let band = cell["key"]["age_band"].as_str().unwrap();
        band >= "65" && cell["key"].as_object().unwrap().len() == 4
    };
    let cells = residents["cells"].as_array().unwrap().iter();
    let counted: i64 = cells.filter(old).map(|cell| cell["value"].as_i64().unwrap()).sum();
    assert!(counted > 0, "worth the question");
    assert_eq!(sum(&elderly, "persons"), counted);
    for (name, date) in [("residents", "2025-08-31"), ("elderly", "2025-08-31")] {
        let earlier = json(&results.join(format!("{name}-{date}.json")));
        assert_eq!((&earlier["as_of"], &earlier["indicator"]["name"]), (&date.into(), &name.into()));
    }
    assert_eq!(residents["as_of"], AS_OF.to_string());
    assert!(text(&output.stdout).contains("results/elderly.json"));
    // No model was asked for, so that there are no lists.
    assert!(!place.node("k360").join("worklist-sad.csv").exists());
    let page = fs::read_to_string(place.out().join("report.html")).unwrap();
    assert!(page.contains("Elderly") && page.contains("Borgere"));

    // Without the file the next run knows it no more, and what it wrote of its own is taken away.
    let output = place.run(&["--indicator", "elderly", "--format", "json"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(problem(&output)["code"], "run.indicator");
    place.run_well(&["--indicator", "residents", "--rho", "1e6"]);
    assert!(!place.node("k360").join("indicators").exists());
}

#[test]
fn what_was_released_stands_where_another_date_cannot_be_asked() {
    let place = Place::with_population(60, 7);
    let file = place.data().join("../mine.toml");
    fs::write(&file, MINE).unwrap();
    let mine = file.to_str().unwrap();
    // A day later than the data: the nodes say no. The date after it is asked all the same.
    let late = AS_OF.checked_add(jiff::Span::new().days(1)).unwrap().to_string();
    let series = ["--series", &late, "--series", "2025-08-31", "--rho", "1e6", "--format", "json"];
    let output = place.run(&[&["--indicator", mine][..], &series].concat());
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    let errors = text(&output.stderr);
    let problem: Value = serde_json::from_str(errors.lines().last().unwrap()).unwrap();
    assert_eq!(problem["code"], "node.cannot-answer");
    for key in ["where", "expected", "next"] {
        assert!(!problem[key].as_str().unwrap().is_empty(), "{problem}");
    }
    assert!(problem["next"].as_str().unwrap().contains("an earlier date"), "{problem}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let files: Vec<usize> = told["indicators"]
        .as_array()
        .unwrap()
        .iter()
        .map(|done| done["files"].as_array().unwrap().len())
        .collect();
    assert_eq!(files, [1, 0, 1]);
    let page = fs::read_to_string(place.out().join("report.html")).unwrap();
    assert!(page.contains("Elderly") && page.contains("later than the day"));
    assert!(place.out().join("results/elderly-2025-08-31.json").exists());
}

#[test]
fn what_is_wrong_with_an_indicator_is_told_before_anything_is_made() {
    let place = Place::with_population(40, 6);
    let file = place.data().join("../mine.toml");
    for (from, to, code, told) in [
        ("feature = \"sex\"", "feature = \"sects\"", "definitions", "there is no feature `sects`"),
        (
            "name = \"elderly\"",
            "name = \"residents\"",
            "definitions",
            "an indicator called `residents` already",
        ),
        ("to = 150", "to = 150\nfrm = 3", "definitions", "frm"),
        ("rho = 0.2", "rho = 0,2", "definitions", "decimal comma"),
    ] {
        fs::write(&file, MINE.replace(from, to)).unwrap();
        let output = place.run(&["--indicator", file.to_str().unwrap(), "--format", "json"]);
        assert_eq!(output.status.code(), Some(2), "{told}");
        let problem = problem(&output);
        assert_eq!(problem["code"], code);
        assert!(problem["what"].as_str().unwrap().contains(told), "{problem}");
        assert!(problem["where"].as_str().unwrap().starts_with(&format!("{}:", file.display())), "{problem}");
        assert!(!problem["next"].as_str().unwrap().contains("folder"), "{problem}");
        assert!(!place.out().exists(), "nothing is made");
    }
    let output = place.run(&["--indicator", "./none.toml", "--format", "json"]);
    assert_eq!(problem(&output)["code"], "indicator.file");
}
