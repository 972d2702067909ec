//! What is legal and unwise: each warning where it is due, and none where it is not.

use super::*;
use crate::warning::{Warning, warnings};

/// A stand-in for the conversion at the roster's delta: rho 0.02 is worth epsilon 1, and epsilon grows with rho.
fn epsilon_of(nano_rho: u64) -> f64 {
    nano_rho as f64 / 20_000_000.0
}

fn of(text: &str, today: Date) -> Vec<Warning> {
    warnings(&read_right(text), today, &epsilon_of)
}

fn told(text: &str, today: Date) -> Vec<(&'static str, String)> {
    of(text, today).into_iter().map(|warning| (warning.code, warning.key)).collect()
}

/// The municipality's policy as nobody could warn of it.
fn wise() -> String {
    let text = municipality().replace("per-query = { rho = 0.05 }", "per-query = { rho = 0.02 }");
    let text = text.replace("per-query = { rho = 0.1 }", "per-query = { rho = 0.02 }");
    let text = text.replace("default-query = { rho = 0.05 }", "default-query = { rho = 0.01 }");
    text.replace("\nwitnesses = 0", "\nwitnesses = 1")
}

#[test]
fn a_wise_policy_has_no_warning() {
    assert_eq!(told(&wise(), TODAY), []);
}

#[test]
fn each_warning_comes_where_it_is_due_and_alone() {
    let text = wise();
    let cases: &[(&str, String, &str, &str)] = &[
        (
            "epsilon",
            text.replacen("rho = 0.02 }", "rho = 0.021 }", 1),
            "warn.epsilon",
            "permit[1].budget.per-query",
        ),
        (
            "old assessment",
            text.replace("date = 2026-11-12", "date = 2024-12-14"),
            "warn.assessment-old",
            "dpia.date",
        ),
        ("small cells", text.replace("smallest = 5", "smallest = 4"), "warn.cells-small", "cells.smallest"),
        ("rounding", text.replace("rounding = 5", "rounding = 1"), "warn.rounding", "cells.rounding"),
        ("witnesses", text.replace("witnesses = 1", "witnesses = 0"), "warn.witnesses", "release.witnesses"),
        (
            "policy too long",
            text.replacen("valid-to = 2027-11-30", "valid-to = 2027-12-01", 1),
            "warn.validity",
            "policy.valid-to",
        ),
        (
            "permit too long",
            edit(&text, "id = \"sizing-2026\"", "valid-to = 2027-05-31", "valid-to = 2027-12-01"),
            "warn.validity",
            "permit[2].valid-to",
        ),
        (
            "permit ends",
            edit(&text, "id = \"sizing-2026\"", "valid-to = 2027-05-31", "valid-to = 2027-01-13"),
            "warn.expiring",
            "permit[2].valid-to",
        ),
        (
            "permit ended",
            edit(&text, "id = \"sizing-2026\"", "valid-to = 2027-05-31", "valid-to = 2026-12-14"),
            "warn.expired",
            "permit[2].valid-to",
        ),
        (
            "one approval",
            edit(
                &edit(
                    &text,
                    "id = \"monitoring-2026\"",
                    "mode =",
                    "single-approval = \"Delegation\"\nmode =",
                ),
                "id = \"monitoring-2026\"",
                "[[permit.approval]]\nname = \"Databeskyttelsesrådgiveren\"\ndate = 2026-11-21\n",
                "",
            ),
            "warn.single-approval",
            "permit[1].approval",
        ),
        (
            "approved by who asks",
            edit(
                &text,
                "id = \"sizing-2026\"",
                "name = \"Kommunaldirektøren\"",
                "name = \"anna analytiker \"",
            ),
            "warn.approval-by-asker",
            "permit[2].approval[1].name",
        ),
        (
            "no second person",
            edit(
                &text,
                "[[permit.second-signature]]",
                "\"d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0\"",
                "\"b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2\"",
            ),
            "warn.second-signature",
            "permit[3].second-signature",
        ),
        (
            "a list of anyone",
            edit(
                &text,
                "[permit.population]",
                "[permit.population]\nkommuner = [360]\nage-from = 18\nage-to = 65\n",
                "",
            ),
            "warn.work-list-everyone",
            "permit[3].population",
        ),
        (
            "followed up too long",
            edit(
                &edit(
                    &edit(
                        &text,
                        "id = \"sad-list-2026\"",
                        "valid-from = 2026-12-01",
                        "valid-from = 2026-12-15",
                    ),
                    "id = \"sad-list-2026\"",
                    "valid-to = 2027-05-31",
                    "valid-to = 2027-12-14",
                ),
                "[permit.follow-up]",
                "until = 2027-03-31",
                "until = 2027-12-01",
            ),
            "warn.follow-up",
            "permit[3].follow-up.until",
        ),
        (
            "evaluations",
            text.replacen("evaluations-per-study = 60000", "evaluations-per-study = 3000001", 1),
            "warn.evaluations",
            "permit[2].pseudonyms.evaluations-per-study",
        ),
    ];
    for (name, text, code, key) in cases {
        assert_eq!(told(text, TODAY), [(*code, (*key).to_owned())], "{name}");
    }
}

#[test]
fn bounds_are_where_they_are_said_to_be() {
    let text = wise();
    // Two years to the day, thirty days left, and as many citizens as a region can have.
    let two_years = text.replace("date = 2026-11-12", "date = 2024-12-15");
    assert_eq!(told(&two_years, TODAY), []);
    let month = edit(&text, "id = \"sizing-2026\"", "valid-to = 2027-05-31", "valid-to = 2027-01-14");
    assert_eq!(told(&month, TODAY), []);
    let all = text.replacen("evaluations-per-study = 60000", "evaluations-per-study = 3000000", 1);
    assert_eq!(told(&all, TODAY), []);
    // A year of follow-up to its last day.
    let year = edit(&text, "id = \"sad-list-2026\"", "valid-to = 2027-05-31", "valid-to = 2027-11-30");
    let year = edit(&year, "[permit.follow-up]", "until = 2027-03-31", "until = 2027-11-30");
    assert_eq!(told(&year, TODAY), []);
    // The last day is not over.
    let today = edit(&text, "id = \"sizing-2026\"", "valid-to = 2027-05-31", "valid-to = 2026-12-15");
    assert_eq!(told(&today, TODAY), [("warn.expiring", "permit[2].valid-to".to_owned())]);
}

#[test]
fn a_laboratory_is_warned_of_what_it_lacks_and_not_of_made_up_people() {
    let codes: Vec<_> = told(LABORATORY, TODAY).into_iter().map(|(code, _)| code).collect();
    assert!(codes.contains(&"warn.assessment-missing") && codes.contains(&"warn.reviewer"), "{codes:?}");
    for code in [
        "warn.follow-up",
        "warn.epsilon",
        "warn.witnesses",
        "warn.cells-small",
        "warn.rounding",
        "warn.single-approval",
    ] {
        assert!(!codes.contains(&code), "{code}");
    }
}

#[test]
fn warnings_are_sentences_in_both_languages() {
    let unwise =
        municipality().replace("smallest = 5", "smallest = 3").replace("rounding = 5", "rounding = 1");
    let all: Vec<Warning> =
        [&unwise, REGION, PILOT, LABORATORY].into_iter().flat_map(|text| of(text, TODAY)).collect();
    assert!(all.len() > 8, "{all:?}");
    for warning in all {
        for text in [&warning.sentence, &warning.mend] {
            assert!(text.da.ends_with('.') && text.en.ends_with('.') && text.da != text.en, "{text:?}");
        }
    }
    let last = edit(&wise(), "id = \"sizing-2026\"", "valid-to = 2027-05-31", "valid-to = 2026-12-16");
    let last = &of(&last, TODAY)[0].sentence;
    assert_eq!(
        (last.da.as_str(), last.en.as_str()),
        ("Den udløber den 16. december 2026: om 1 dag.", "It ends on 16 December 2026: in 1 day.")
    );
    let epsilon = &of(&wise().replacen("rho = 0.02 }", "rho = 0.03 }", 1), TODAY)[0];
    assert!(epsilon.sentence.da.contains("epsilon 1,50") && epsilon.sentence.en.contains("epsilon 1.50"));
}
