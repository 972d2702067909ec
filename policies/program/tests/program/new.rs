//! A first policy, question by question.

use serde_json::Value;

use super::{code, err, out, performed, run_with};

/// Right answers to all questions; what is empty takes the default.
const ANSWERS: &[&str] = &[
    "k360",
    "",
    "Lolland Kommune",
    "29190658",
    "Projektkontoret",
    "dpo@lolland.example",
    "",
    "",
    "ESDH 2026-1",
    "",
    "2020-01-01",
    "",
    "",
    "",
    "",
    "",
    "",
    "Kommunaldirektøren",
    "Databeskyttelsesrådgiveren",
    "",
    "",
    "",
    "",
    "Direktionen",
    "",
    "Optælling",
    "Counting",
    "",
    "",
    "",
    "",
    "Anna Analytiker",
    "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
    "Databeskyttelsesrådgiveren",
    "Kommunaldirektøren",
    "",
    "",
];

fn lines(answers: &[&str]) -> String {
    answers.iter().map(|answer| format!("{answer}\n")).collect()
}

#[test]
fn new_writes_a_policy_that_passes_check_and_permits_counts_alone() {
    let dir = tempfile::tempdir().unwrap();
    for lang in ["da", "en"] {
        let file = dir.path().join(format!("{lang}.toml"));
        let file = file.to_str().unwrap();
        let made = run_with(&["new", "--out", file, "--lang", lang], &lines(ANSWERS));
        assert_eq!(code(&made), 0, "{}", err(&made));
        assert_eq!(performed(&["check", file]), Ok(()));
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains("cvr = \"29190658\"") && text.matches("\n# ").count() > 8, "{text}");
        assert!(!text.contains('@') || text.contains("dpo@lolland.example"));
        assert_eq!(text.matches("[[permit]]").count(), 1);
        assert!(text.contains("mode = \"aggregates\"") && !text.contains("laboratory"));
        for closed in ["person-contributions", "joined-statistics", "clamp", "sensitive", "[permit.model]"] {
            assert!(!text.contains(closed), "{closed}");
        }
    }
    // What is there is left alone.
    let file = dir.path().join("da.toml");
    let before = std::fs::read_to_string(&file).unwrap();
    let again = run_with(&["new", "--out", file.to_str().unwrap()], &lines(ANSWERS));
    assert!(code(&again) == 2 && err(&again).contains("file.write"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
}

#[test]
fn new_asks_again_with_the_reason_where_an_answer_is_wrong() {
    let mut answers = ANSWERS.to_vec();
    // A number with a wrong check digit, the same person twice, too fine a cell, a date that no calendar has.
    answers.splice(3..4, ["29190659", "29190658"]);
    answers.splice(11..12, ["2020-02-31", "2020-01-01"]);
    let cell = answers.iter().position(|answer| *answer == "Kommunaldirektøren").unwrap() - 3;
    answers.splice(cell..=cell, ["2", "many", "3"]);
    let second = answers.iter().position(|answer| *answer == "Databeskyttelsesrådgiveren").unwrap();
    answers.insert(second, "Kommunaldirektøren");
    let made = run_with(&["new", "--lang", "en"], &lines(&answers));
    assert_eq!(code(&made), 0, "{}", err(&made));
    assert_eq!(err(&made).matches("  ! ").count(), 5, "{}", err(&made));
    for reason in ["CVR", "at least 3", "Write a whole number.", "Write a date"] {
        assert!(err(&made).contains(reason), "{reason}: {}", err(&made));
    }
    assert!(
        out(&made).contains("smallest = 3") && out(&made).contains("date = 2020-01-01"),
        "{}",
        out(&made)
    );
}

#[test]
fn new_says_beforehand_what_it_will_ask() {
    let help = run_with(&["new", "--help"], "");
    let started = run_with(&["new", "--lang", "en"], "");
    let danish = run_with(&["new"], "");
    // As many as there are questions, in help and at the start.
    let questions = ANSWERS.len();
    for told in [out(&help), err(&started), err(&danish)] {
        assert_eq!(told.lines().filter(|line| line.starts_with("  - ")).count(), questions, "{told}");
    }
    for said in [
        "Have ready:",
        "- The controller's CVR number: eight digits.",
        "- Where the impact assessment (GDPR Article 35) is kept.",
        "It is for a lawyer to say. [e]",
        "- The policy's first day. [today]",
    ] {
        // Help is broken into lines of the terminal's width.
        let help = out(&help).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains(said) && err(&started).contains(said), "{said}: {help}");
    }
    assert!(err(&danish).starts_with("Hav dette klar:\n"), "{}", err(&danish));
    assert!(err(&danish).contains("Det afgør en jurist. [e]"), "{}", err(&danish));
}

#[test]
fn new_writes_nothing_where_the_answers_end() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("policy.toml");
    for count in [0, 1, ANSWERS.len() - 1] {
        let ended =
            run_with(&["new", "--out", file.to_str().unwrap()], &lines(ANSWERS.get(..count).unwrap()));
        assert!(code(&ended) == 2 && err(&ended).contains("new.ended"), "{count}: {}", err(&ended));
        assert!(!file.exists(), "{count}");
    }
    let told = run_with(&["new", "--out", file.to_str().unwrap(), "--format", "json"], "");
    let problem: Value =
        serde_json::from_str(err(&told).lines().last().unwrap().rsplit("> ").next().unwrap()).unwrap();
    assert_eq!(problem["code"], "new.ended");
}

#[test]
fn new_can_leave_everything_closed() {
    let closed = ANSWERS.iter().position(|answer| *answer == "Direktionen").unwrap() - 2;
    let mut answers = ANSWERS.get(..closed).unwrap().to_vec();
    answers.push("none");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("policy.toml");
    let made = run_with(&["new", "--out", file.to_str().unwrap()], &lines(&answers));
    assert_eq!(code(&made), 0, "{}", err(&made));
    assert!(!std::fs::read_to_string(&file).unwrap().contains("permit"));
    assert_eq!(performed(&["check", file.to_str().unwrap()]), Ok(()));
}
