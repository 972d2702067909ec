//! Schema, reference, records, and what explains, compares and simulates.

use std::process::Output;

use serde_json::Value;

use super::{code, err, example, out, performed, pilot, run, stated_in_rho, written};

#[test]
fn schema_and_reference_are_written() {
    let schema: Value = serde_json::from_str(out(&run(&["schema"]))).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let danish = run(&["reference"]);
    assert!(out(&danish).contains("permit.pseudonyms.evaluations-per-study"), "{}", out(&danish));
    assert!(out(&danish).contains("Retsgrundlag") || out(&danish).contains("retsgrundlag"));
    let english = run(&["reference", "--lang", "en"]);
    assert!(out(&english).contains("Purpose and legal basis"));
}

#[test]
fn records_are_written_as_text_page_and_object() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (example("municipality"), example("region"));
    let text = run(&["records", &one, &two]);
    assert_eq!(code(&text), 0, "{}", err(&text));
    for said in
        ["GDPR artikel 30", "Eksempel Kommune (k360)", "Region Eksempel (region_1085)", "g) Sikkerhed"]
    {
        assert!(out(&text).contains(said), "{said}: {}", out(&text));
    }
    assert!(out(&text).lines().all(|line| line.chars().count() <= 100));
    let object: Value =
        serde_json::from_str(out(&run(&["records", &one, "--format", "json", "--lang", "en"]))).unwrap();
    assert_eq!(
        (object["lang"].as_str(), object["title"].as_str()),
        (Some("en"), Some("Record of processing activities (GDPR Article 30)"))
    );
    let page = dir.path().join("records.html");
    let file = page.to_str().unwrap();
    performed(&["records", &one, "--format", "html", "--out", file, "--both"]).unwrap();
    let html = std::fs::read_to_string(&page).unwrap();
    let parsed = scraper::Html::parse_document(&html);
    assert!(parsed.errors.is_empty(), "{:?}", parsed.errors);
    let select = |what: &str| parsed.select(&scraper::Selector::parse(what).unwrap()).count();
    assert_eq!(select("html[lang=da] article[lang=da]"), 1);
    assert_eq!(select("article[lang=en]"), 1);
    assert_eq!(
        select("script, link, img, iframe, [src], [onload], [style]"),
        0,
        "nothing runs and nothing is loaded"
    );
    assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("url("));
    performed(&["records", &one, "--format", "html", "--out", file, "--lang", "en"]).unwrap();
    let english = std::fs::read_to_string(&page).unwrap();
    assert!(english.contains("<html lang=\"en\">") && !english.contains("lang=\"da\""));
    // What stands in a policy stays text.
    let policy = pilot().replace("name = \"Eksempel Kommune\"", "name = \"<script>alert(1)</script>\"");
    performed(&["records", &written(&dir, "p.toml", &policy), "--format", "html", "--out", file]).unwrap();
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(html.contains("&lt;script&gt;") && !html.contains("<script>"));
}

#[test]
fn a_wrong_policy_is_in_no_record() {
    let dir = tempfile::tempdir().unwrap();
    let policy = written(&dir, "policy.toml", &pilot().replace("rounding = 5", "rounding = 0"));
    assert_eq!(performed(&["records", &policy]), Err(("policy.faults".to_owned(), 2)));
}

#[test]
fn both_languages_are_written_one_after_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let file = written(&dir, "policy.toml", &stated_in_rho());
    let next = written(&dir, "next.toml", &stated_in_rho().replace("smallest = 5", "smallest = 6"));
    let commands: &[&[&str]] = &[&["explain", &file], &["records", &file], &["diff", &file, &next]];
    for command in commands {
        let in_one = |lang: &str| out(&run(&[*command, &["--lang", lang]].concat())).trim_end().to_owned();
        let (da, en) = (in_one("da"), in_one("en"));
        assert_ne!(da, en);
        let told =
            |lang: &str| out(&run(&[*command, &["--both", "--lang", lang]].concat())).trim_end().to_owned();
        assert_eq!(told("da"), format!("{da}\n\n\n{en}"));
        assert_eq!(told("en"), format!("{en}\n\n\n{da}"));
        let page = run(&[*command, &["--both", "--format", "html"]].concat());
        assert!(out(&page).contains("lang=\"da\"") && out(&page).contains("lang=\"en\""));
        // An object has one language.
        let refused = performed(&[*command, &["--both", "--format", "json"]].concat());
        assert_eq!(refused, Err(("usage".to_owned(), 2)));
    }
}

#[test]
fn what_a_node_would_refuse_is_told_by_diff_first() {
    let dir = tempfile::tempdir().unwrap();
    let old = written(&dir, "old.toml", &pilot());
    let new = written(&dir, "new.toml", &pilot().replace("smallest = 8", "smallest = 6"));
    let told = run(&["diff", &old, &new]);
    assert_eq!(code(&told), 0, "{}", err(&told));
    let place = |said: &str| out(&told).find(said).unwrap_or_else(|| panic!("{said}: {}", out(&told)));
    assert!(place("Noden afviser den nye politik") < place("policy.replaced"));
    assert!(place("policy.replaced") < place("Hvad der bliver tilladt"));
    let object: Value = serde_json::from_str(out(&run(&["diff", &old, &new, "--format", "json"]))).unwrap();
    assert_eq!(object["refused"][0]["code"], "policy.replaced");
}

#[test]
fn questions_are_simulated_on_one_page_in_one_language() {
    let dir = tempfile::tempdir().unwrap();
    let policy = example("municipality");
    let query = written(
        &dir,
        "q.toml",
        "name = \"q\"\nkind = \"sum\"\nfeature = \"cost_gp_1y\"\nas_of = 2026-11-30\n[privacy]\nrho = 3\n",
    );
    let page = dir.path().join("page.html");
    let arguments = ["simulate", &policy, &query, "--model", "sad", "--as-of", "2026-11-30"];
    let arguments = [arguments.as_slice(), &["--today", "2026-12-15"]].concat();
    let told = run(&arguments);
    assert_eq!(code(&told), 3);
    for said in ["\nq\n", "\nsad: arbejdsliste\n", "\nsad: tabeller\n", " long_spells "] {
        assert!(out(&told).contains(said), "{said}: {}", out(&told));
    }
    assert!(err(&told).contains("«q» ville blive afvist"), "{}", err(&told));
    for english in [": list", ": tables", "rho = ", "would be", "next: "] {
        assert!(!out(&told).contains(english) && !err(&told).contains(english), "{english}: {}", out(&told));
    }
    let written = [arguments.as_slice(), &["--format", "html", "--out", page.to_str().unwrap()]].concat();
    assert_eq!(code(&run(&written)), 3);
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(html.contains(">q<") && html.contains(">sad: tabeller<"), "{html}");
}

#[test]
fn a_policy_is_explained_compared_and_simulated() {
    let dir = tempfile::tempdir().unwrap();
    let old = written(&dir, "old.toml", &pilot());
    let new = written(&dir, "new.toml", &pilot().replace("smallest = 8", "smallest = 6"));
    let explained = run(&["explain", &old, "--lang", "en"]);
    assert!(code(&explained) == 0 && out(&explained).contains("fewer than 8 persons"), "{}", out(&explained));
    let page = dir.path().join("page.html");
    performed(&["explain", &old, "--format", "html", "--out", page.to_str().unwrap()]).unwrap();
    assert!(std::fs::read_to_string(&page).unwrap().contains("lang=\"da\""));

    let compared: Value = serde_json::from_str(out(&run(&["diff", &old, &new, "--format", "json"]))).unwrap();
    let changes = compared["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1, "{compared}");
    assert_eq!((&changes[0]["direction"], &changes[0]["key"]), (&"loosens".into(), &"cells.smallest".into()));

    let ask = |name: &str, rho: &str| {
        let text =
            format!("name = \"{name}\"\nkind = \"count\"\nas_of = 2026-11-30\n[privacy]\nrho = {rho}\n");
        written(&dir, &format!("{name}.toml"), &text)
    };
    let (cheap, dear) = (ask("cheap", "0.0001"), ask("dear", "5"));
    let simulate = |query: &str| run(&["simulate", &old, query, "--today", "2026-12-24", "--format", "json"]);
    let verdict =
        |output: &Output| serde_json::from_str::<Value>(out(output)).unwrap()["questions"][0].clone();
    let permitted = simulate(&cheap);
    assert!(
        code(&permitted) == 0 && verdict(&permitted)["under"][0]["permitted"] == true,
        "{}",
        err(&permitted)
    );
    assert_eq!(verdict(&permitted)["under"][0]["nano_rho"], 100_000);
    let refused = simulate(&dear);
    assert_eq!((code(&refused), &verdict(&refused)["under"][0]["permitted"]), (3, &false.into()));
    assert_eq!(verdict(&refused)["under"][0]["rules"][0]["code"], "budget.query");
}
