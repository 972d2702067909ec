//! Codes: diagnoses and medicines by prefix, benefits by the ISO week and by ranges.

use tvaers_definitions::source::Source;
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
async fn a_problem_area_leaves_codes_out_wherever_they_stand_in_a_list() {
    // Action and secondary diagnoses, and whether they make a somatic, a psychiatric and a substance problem.
    let cases = [
        (Some("DI10"), None, [1, 0, 0]),
        (Some("DF32"), None, [0, 1, 0]),
        (Some("DF10"), None, [0, 0, 1]),
        (Some("DF102"), None, [0, 0, 1]),
        (Some("DF17"), None, [0, 0, 0]),
        (Some("DF172"), None, [0, 0, 0]),
        (Some("DF19"), None, [0, 0, 1]),
        (Some("DF20"), None, [0, 1, 0]),
        (Some("DF1"), None, [0, 1, 0]),
        (Some("DZ03"), None, [0, 0, 0]),
        (None, None, [0, 0, 0]),
        (None, Some("DI10"), [1, 0, 0]),
        (None, Some("DF32|DI10"), [1, 1, 0]),
        (None, Some("DI10|DF32"), [1, 1, 0]),
        (None, Some("DZ03|DI10|DF32"), [1, 1, 0]),
        (None, Some("DZ03|DF10|DZ04"), [0, 0, 1]),
        (None, Some("DF17|DF32|DF10"), [0, 1, 1]),
        (None, Some("DF10|DF11|DF12"), [0, 0, 1]),
        (None, Some("DF17|DZ03|DZ03"), [0, 0, 0]),
        // As many exceptions as codes that pass.
        (None, Some("DZ03|DI10"), [1, 0, 0]),
        (None, Some("DF10|DF32"), [0, 1, 1]),
        (None, Some("DF32|DF10"), [0, 1, 1]),
        (Some("DF17"), Some("DZ03|DF17"), [0, 0, 0]),
        (Some("DF17"), Some("DZ03|DE11"), [1, 0, 0]),
        (Some("DZ03"), Some("DF17|DF99"), [0, 1, 0]),
        (Some("DI10"), Some("DF17"), [1, 0, 0]),
        // A code begins at a bar or at the beginning, and nowhere else.
        (None, Some("DZDI|DFDI"), [0, 1, 0]),
        (None, Some("DXDF10"), [1, 0, 0]),
    ];
    let n = u16::try_from(cases.len()).unwrap();
    let mut region = Database::with_persons(Sector::Region, n + 1).await;
    for (n, (dx, secondary, _)) in (1..).zip(cases) {
        region.hospital(n, "2025-05-01T08:00", dx, secondary).await;
    }
    // Two contacts, of which each has one of the areas.
    region.hospital(n + 1, "2025-05-01T08:00", Some("DZ03"), Some("DF32")).await;
    region.hospital(n + 1, "2025-06-01T08:00", Some("DI10"), Some("DF17")).await;
    let found = region.features(&["somatic_2y", "psychiatric_2y", "substance_2y"], AS_OF).await;
    for (n, (dx, secondary, expected)) in (1..).zip(cases) {
        let found = &found.row(n).values;
        assert_eq!(*found, expected.map(Some), "{dx:?} with {secondary:?}");
    }
    assert_eq!(found.row(n + 1).values, [1, 1, 0].map(Some));
}

#[tokio::test]
async fn prefixes_within_prefixes_change_nothing() {
    let text = "[[feature]]\nname = \"nested\"\nsector = \"region\"\nwindow = \"ever\"\nkind = \"flag\"\n\
                da = \"x\"\nen = \"x\"\n[feature.rule.any-row]\ntable = \"hospital_contacts\"\ndate = \"start\"\n\
                [[feature.rule.any-row.where]]\ncolumns = [\"dx\", \"dx_secondary\"]\n\
                starts-with = [\"DF\", \"DF2\", \"DI\"]\nexcept = [\"DF10\", \"DF1\", \"DF102\"]\n";
    let mut catalogue = tvaers_definitions::library::CATALOGUE.to_vec();
    catalogue.push(Source { file: "extra.toml", text });
    let library = Library::read(&catalogue, &[], &[]).unwrap();
    let cases = [
        ("DF10", 0),
        ("DF102", 0),
        ("DF20", 1),
        ("DI10", 1),
        ("DF102|DF20", 1),
        ("DF20|DF102", 1),
        ("DF102|DF10|DF11", 0),
        ("DF102|DI10|DF11", 1),
        ("DE10", 0),
    ];
    let mut region = Database::with_persons(Sector::Region, 9).await;
    for (n, (codes, _)) in (1..).zip(cases) {
        region.hospital(n, "2025-05-01T08:00", None, Some(codes)).await;
    }
    let found = region.features_of(&library, &["nested"], AS_OF).await;
    for (n, (codes, expected)) in (1..).zip(cases) {
        assert_eq!(found.value(n, "nested"), Some(expected), "{codes}");
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
