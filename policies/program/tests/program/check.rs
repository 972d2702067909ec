//! What is wrong with a policy, or unwise, as people and scripts are told it.

use serde_json::Value;

use super::{code, err, example, out, performed, pilot, run, stated_in_rho, written};

#[test]
fn check_underlines_what_is_wrong_and_says_what_mends_it_in_both_languages() {
    let dir = tempfile::tempdir().unwrap();
    let text =
        pilot().replace("cvr = \"10000009\"", "cvr = \"10000008\"").replace("rounding = 5", "rounding = 0");
    let file = written(&dir, "policy.toml", &text);
    let found = run(&["check", &file]);
    assert_eq!(code(&found), 2, "{}", err(&found));
    for said in [
        "fejl[policy.cvr]",
        "policy.toml:16:7",
        "cvr = \"10000008\"",
        "^^^^^^^^^^ controller.cvr",
        "fejl[policy.bounds]",
        "råd: ",
        "2 fejl; der ledes først efter advarsler, når der ingen fejl er",
    ] {
        assert!(out(&found).contains(said), "{said}: {}", out(&found));
    }
    assert!(err(&found).starts_with("fejl[policy.faults]: 2 fejl"), "{}", err(&found));
    let found = run(&["check", &file, "--lang", "en"]);
    for said in ["error[policy.cvr]", "help: ", "2 errors; warnings are looked for once there are no errors"]
    {
        assert!(out(&found).contains(said), "{said}: {}", out(&found));
    }
    assert!(!out(&found).contains('\u{1b}'), "no colour where nobody looks");
}

#[test]
fn what_hides_the_rest_is_not_taken_for_all_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let wrong = pilot().replace("rounding = 5", "rounding = 0");
    let file = written(&dir, "policy.toml", &wrong.replace("version = 1\n", "version 1\n"));
    let found = run(&["check", &file]);
    let rest = "én fejl; resten af filen kunne ikke læses, så der kan være flere fejl";
    assert!(out(&found).contains(rest) && err(&found).contains(rest), "{}{}", out(&found), err(&found));
    assert!(!out(&found).contains("expected") && !out(&found).contains("ingen advarsler"), "{}", out(&found));
    assert!(out(&found).contains("Linje 10 kan ikke læses som TOML: efter en nøgle"), "{}", out(&found));
    let english = run(&["check", &file, "--lang", "en"]);
    assert!(out(&english).contains("Line 10 is no TOML: ") && out(&english).contains("may be more errors"));
    // A slip hides nothing.
    let file = written(&dir, "policy.toml", &wrong.replace("version = 1\n", "version = 1\nversion = 2\n"));
    let found = run(&["check", &file]);
    for said in ["policy.duplicate", "policy.bounds", "2 fejl; der ledes først"] {
        assert!(out(&found).contains(said), "{said}: {}", out(&found));
    }
    // So is a revocation.
    let revocation = "[revocation]\nnode = \"k376\"\nnode = \"k376\"\n";
    let found = run(&["check", &written(&dir, "stop.toml", revocation)]);
    assert!(out(&found).contains("`revocation.policy` mangler"), "{}", out(&found));
    assert!(!out(&found).contains("controller"), "{}", out(&found));
}

#[test]
fn every_command_tells_the_faults_of_a_policy_as_check_does() {
    let dir = tempfile::tempdir().unwrap();
    let wrong =
        stated_in_rho().replace("cvr = \"10000009\"", "cvr = \"1\"").replace("rounding = 5", "rounding = 0");
    let (wrong, right) = (written(&dir, "wrong.toml", &wrong), written(&dir, "right.toml", &stated_in_rho()));
    let query = written(&dir, "q.toml", "name = \"q\"\nkind = \"count\"\nas_of = 2026-11-30\n");
    let stop = dir.path().join("stop.toml");
    let commands: &[&[&str]] = &[
        &["explain", &wrong],
        &["records", &right, &wrong],
        &["diff", &right, &wrong],
        &["diff", &wrong, &right],
        &["simulate", &wrong, &query],
        &["revoke", &wrong, "--reason", "x", "--out", stop.to_str().unwrap()],
        &["sign", &wrong, "--role", "dpo", "--key", "dpo.key"],
    ];
    let checked = run(&["check", &wrong]);
    let found: Vec<&str> = out(&checked).split("\n\n").take(2).collect();
    assert!(found[0].contains("fejl[policy.cvr]") && found[1].contains("fejl[policy.bounds]"));
    for command in commands {
        let refused = run(command);
        assert_eq!(code(&refused), 2, "{command:?}");
        assert!(out(&refused).is_empty(), "{command:?}: {}", out(&refused));
        for finding in &found {
            assert!(err(&refused).contains(finding), "{command:?}: {}", err(&refused));
        }
        assert!(
            err(&refused).contains("\nfejl[policy.faults]: 2 fejl; der ledes først"),
            "{}",
            err(&refused)
        );
        assert!(err(&refused).contains("\n  sted: ") && err(&refused).contains("\n  råd: "));
        for english in ["error[", "where: ", "next: ", "Mend", "must be"] {
            assert!(!err(&refused).contains(english), "{command:?}: {}", err(&refused));
        }
        let english = run(&[*command, &["--lang", "en"]].concat());
        assert!(err(&english).contains("error[policy.cvr]") && err(&english).contains("\n  where: "));
        // A script reads the findings, and the problem under the same names in both languages.
        let object = run(&[*command, &["--format", "json"]].concat());
        let findings: Value = serde_json::from_str(out(&object)).unwrap();
        assert_eq!(
            (&findings[0]["code"], &findings[1]["code"]),
            (&"policy.cvr".into(), &"policy.bounds".into())
        );
        let problem: Value = serde_json::from_str(err(&object)).unwrap();
        assert_eq!(problem["code"], "policy.faults");
        assert!(problem["where"].as_str().unwrap().ends_with("wrong.toml"));
    }
    assert!(!stop.exists());
}

#[test]
fn what_the_system_says_of_files_is_said_in_the_language_chosen() {
    for command in [["check", "nowhere.toml"], ["explain", "nowhere.toml"], ["records", "nowhere.toml"]] {
        let (da, en) = (run(&command), run(&[command.as_slice(), &["--lang", "en"]].concat()));
        assert!(err(&da).starts_with("fejl[file.read]: filen eller mappen findes ikke"), "{}", err(&da));
        assert!(err(&en).starts_with("error[file.read]: there is no such file"), "{}", err(&en));
        assert!(!err(&da).contains("os error"), "{}", err(&da));
    }
}

#[test]
fn check_tells_each_slip_by_a_code_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    for (from, to, code) in [
        ("version = 1\n", "version = 1\nversion = 2\n", "policy.duplicate"),
        ("valid-to = 2027-01-31", "valid-to = 2027-02-31", "policy.date"),
        ("version = 1\n", "version 1\n", "policy.syntax"),
        ("version = 1\n", "version = 1\nverzion = 1\n", "policy.unknown-key"),
        ("cvr = \"10000009\"\n", "", "policy.missing"),
    ] {
        let file = written(&dir, "policy.toml", &pilot().replacen(from, to, 1));
        for lang in ["da", "en"] {
            let found = run(&["check", &file, "--format", "json", "--lang", lang]);
            let findings: Value = serde_json::from_str(out(&found)).unwrap();
            let codes: Vec<&str> = findings
                .as_array()
                .unwrap()
                .iter()
                .map(|finding| finding["code"].as_str().unwrap())
                .collect();
            assert_eq!(codes, [code], "{to}");
        }
        assert_eq!(performed(&["check", &file]), Err(("policy.faults".to_owned(), 2)));
    }
}

#[test]
fn check_gives_objects_with_the_text_and_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let file = written(&dir, "policy.toml", &pilot().replace("smallest = 8", "smallest = 2"));
    let found = run(&["check", &file, "--format", "json"]);
    let finding = &serde_json::from_str::<Value>(out(&found)).unwrap()[0];
    for (key, expected) in [
        ("severity", "violation"),
        ("code", "policy.floor"),
        ("key", "cells.smallest"),
        ("text", "2"),
        ("sentence", "`cells.smallest` er 2; over virkelige data er det mindst 3."),
        ("mend", "Sæt det op."),
    ] {
        assert_eq!(finding[key], expected);
    }
    let place = (finding["line"].as_u64(), finding["column"].as_u64(), finding["length"].as_u64());
    assert_eq!(place, (Some(34), Some(12), Some(1)));
    let problem: Value = serde_json::from_str(err(&found)).unwrap();
    assert_eq!(problem["code"], "policy.faults");
}

#[test]
fn warnings_are_told_and_fail_under_strict_alone() {
    let file = example("pilot");
    let usual = ["check", file.as_str(), "--today", "2026-12-15"];
    let found = run(&usual);
    assert_eq!(code(&found), 0, "{}", err(&found));
    // The pilot's node alone has no witness.
    assert!(out(&found).contains("advarsel[warn.witnesses]"), "{}", out(&found));
    assert!(
        out(&found).contains("witnesses = 0") && out(&found).contains("ingen fejl, én advarsel"),
        "{}",
        out(&found)
    );
    assert_eq!(
        performed(&[usual.as_slice(), &["--strict"]].concat()),
        Err(("policy.warnings".to_owned(), 2))
    );
    // Its last day is 31 January.
    let late = run(&["check", &file, "--today", "2027-01-20", "--lang", "en"]);
    assert!(
        out(&late).contains("warning[warn.expiring]: It ends on 31 January 2027: in 11 days."),
        "{}",
        out(&late)
    );
}

#[test]
fn all_examples_pass_check_and_several_files_are_told_together() {
    let files = ["municipality", "region", "pilot", "laboratory"].map(example);
    let mut arguments = vec!["check", "--today", "2026-12-01"];
    arguments.extend(files.iter().map(String::as_str));
    let found = run(&arguments);
    assert_eq!(code(&found), 0, "{}{}", out(&found), err(&found));
    assert_eq!(out(&found).matches("ingen fejl").count(), 4, "{}", out(&found));
}

#[test]
fn a_hostile_text_steers_no_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let text = pilot()
        .replace("id = \"try-tvaers\"", "id = \"\\u001b[31mred\"")
        .replace("version = 1", "version = \u{7}1");
    let found = run(&["check", &written(&dir, "policy.toml", &text)]);
    assert_eq!(code(&found), 2);
    assert!(!out(&found).chars().any(|c| c.is_control() && c != '\n'), "{:?}", out(&found));
    let titled = pilot().replace("da = \"Afprøvning", "da = \"\\u001b[31mAfprøvning");
    let record = run(&["records", &written(&dir, "policy.toml", &titled)]);
    assert_eq!(code(&record), 0, "{}", err(&record));
    assert!(!out(&record).contains('\u{1b}') && out(&record).contains("Afprøvning"));
}

#[test]
fn what_is_no_file_or_no_command_ends_with_2() {
    assert_eq!(performed(&["check", "no-such-file.toml"]), Err(("file.read".to_owned(), 2)));
    assert_eq!(performed(&["chekc"]), Err(("usage".to_owned(), 2)));
    assert_eq!(code(&run(&["check"])), 2);
    let help = run(&["--help"]);
    assert_eq!(code(&help), 0);
    for said in ["Examples:", "tvaers-policy sign policy.toml --role dpo --key dpo.key", "Exit codes:"] {
        assert!(out(&help).contains(said), "{said}");
    }
}
