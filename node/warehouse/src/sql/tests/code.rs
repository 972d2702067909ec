//! Codes: diagnoses and medicines by prefix, benefits by the ISO week and by ranges.

use tvaers_protocol::id::Sector;

use super::*;

#[tokio::test]
async fn a_diagnosis_counts_by_its_first_letters_as_action_or_secondary() {
    let cases = [
        (Some("DF430"), None, 1),
        (Some("DF43"), None, 1),
        (Some("DF438A"), None, 1),
        (Some("DF32"), None, 1),
        (Some("DF419"), None, 1),
        (Some("DF42"), None, 0),
        (Some("DF429"), None, 0),
        (Some("DF31"), None, 0),
        (Some("DZ032"), None, 0),
        (Some("DI210"), Some("DF339"), 1),
        (Some("DI210"), Some("DE119|DF339"), 1),
        (Some("DI210"), Some("DF339|DE119"), 1),
        (None, Some("DE119|DF400|DI10"), 1),
        (Some("DI210"), Some("DE119|DF42"), 0),
        (Some("DI210"), Some("DXDF32"), 0),
        (None, None, 0),
    ];
    let mut region = Database::with_persons(Sector::Region, 16).await;
    for (n, (dx, secondary, _)) in (1..).zip(cases) {
        region.hospital(n, "2010-05-01T08:00", dx, secondary).await;
    }
    let answer = region.answer(AS_OF, Grain::Counts).await;
    for (n, (dx, secondary, known)) in (1..).zip(cases) {
        assert_eq!(answer.value(n, "known"), known, "{dx:?} with {secondary:?}");
    }
}

#[tokio::test]
async fn a_medicine_counts_by_its_group_and_a_speciality_by_its_whole_code() {
    let mut region = Database::with_persons(Sector::Region, 6).await;
    for (n, atc) in (1..).zip(["N05AH03", "N05BA01", "N05CF01", "N06A", "N06BA04", "N06DA02"]) {
        region.medicine(n, "2025-06-01", atc).await;
    }
    for (n, speciale) in (1..).zip(["63", "24", "26", "36", "64", "06"]) {
        region.visit(n, "2025-06-01", speciale, "1").await;
        region.visit(n, "2025-06-01", "63", "0").await;
    }
    let answer = region.answer(AS_OF, Grain::Counts).await;
    assert_eq!(answer.column(6, "psychotropic"), [1, 1, 1, 1, 0, 0]);
    assert_eq!(answer.column(6, "psychologist"), [1, 0, 0, 0, 0, 0]);
}

#[tokio::test]
async fn a_benefit_counts_in_the_iso_week_of_the_reference_date() {
    // A reference date, the week that it lies in, and a week of the same number or year that it does not lie in.
    let cases = [
        (date(2024, 12, 30), ("2025", "1"), ("2024", "1")),
        (date(2024, 12, 29), ("2024", "52"), ("2025", "1")),
        (date(2026, 12, 31), ("2026", "53"), ("2026", "52")),
        (date(2027, 1, 3), ("2026", "53"), ("2027", "1")),
        (date(2027, 1, 4), ("2027", "1"), ("2026", "53")),
        (date(2026, 2, 28), ("2026", "9"), ("2025", "9")),
    ];
    for (as_of, (year, week), (other_year, other_week)) in cases {
        let mut municipality = Database::with_persons(Sector::Municipality, 2).await;
        municipality.benefit(1, year, week, "111").await;
        municipality.benefit(2, other_year, other_week, "111").await;
        let answer = municipality.answer(as_of, Grain::Counts).await;
        assert_eq!(answer.column(2, "unemployed"), [1, 0], "at {as_of}");
    }
}

#[tokio::test]
async fn a_range_of_codes_holds_both_its_ends_and_each_rule_looks_for_its_own() {
    let cases = [
        (&["110"][..], 0, 0),
        (&["111"], 1, 0),
        (&["113"], 1, 0),
        (&["114"], 0, 0),
        (&["780"], 0, 0),
        (&["781"], 0, 1),
        (&["783"], 0, 1),
        (&["784"], 0, 0),
        (&["130", "112"], 1, 0),
        (&["112", "782", "112"], 1, 1),
        (&["130"], 0, 0),
    ];
    let mut municipality = Database::with_persons(Sector::Municipality, 11).await;
    for (n, (codes, ..)) in (1..).zip(cases) {
        for code in codes {
            municipality.benefit(n, "2026", "9", code).await;
        }
    }
    for grain in [Grain::Points, Grain::Counts] {
        let answer = municipality.answer(AS_OF, grain).await;
        for (n, (codes, unemployed, retired)) in (1..).zip(cases) {
            assert_eq!(answer.value(n, "unemployed"), unemployed, "{codes:?}");
            assert_eq!(answer.value(n, "early_retirement"), retired, "{codes:?}");
        }
    }
}
