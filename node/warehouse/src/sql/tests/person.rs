//! Who is contributed, who is resident, who is of age, and what the person's own row says.

use tvaers_protocol::id::Sector;

use super::fixture::OWN;
use super::*;

/// Municipality, first and last day.
type Residences = &'static [(&'static str, &'static str, Option<&'static str>)];

#[tokio::test]
async fn a_resident_lives_and_has_a_residence_that_holds_the_reference_date() {
    let cases: [(&str, Option<&str>, Residences, bool); 11] = [
        ("open residence", None, &[("360", "2015-01-01", None)], true),
        ("moves out on the day", None, &[("360", "2015-01-01", Some("2026-02-28"))], true),
        ("moved out the day before", None, &[("360", "2015-01-01", Some("2026-02-27"))], false),
        ("moves in on the day", None, &[("360", "2026-02-28", None)], true),
        ("moves in the day after", None, &[("360", "2026-03-01", None)], false),
        ("another municipality", None, &[("376", "2015-01-01", None)], false),
        (
            "two rows that hold the day",
            None,
            &[("360", "2015-01-01", Some("2026-02-28")), ("360", "2026-02-28", None)],
            true,
        ),
        (
            "one past, one present",
            None,
            &[("360", "2010-01-01", Some("2012-01-01")), ("360", "2026-01-01", None)],
            true,
        ),
        ("dies on the day", Some("2026-02-28"), &[("360", "2015-01-01", None)], false),
        ("dies the day after", Some("2026-03-01"), &[("360", "2015-01-01", None)], true),
        ("never lived there", None, &[], false),
    ];
    let mut municipality = Database::of(Sector::Municipality).await;
    for (n, (_, death, rows, _)) in (1..).zip(cases) {
        municipality.person(n, "1980-01-01", death).await;
        for (kommune, from, to) in rows {
            municipality.residence(n, kommune, from, *to).await;
        }
    }
    let answer = municipality.answer(AS_OF, Grain::Points).await;
    for (n, (case, .., resident)) in (1..).zip(cases) {
        assert_eq!(answer.row(n).resident, resident, "{case}");
        assert_eq!(answer.row(n).kommune, OWN);
    }
}

#[tokio::test]
async fn the_age_range_is_18_to_65_in_completed_years() {
    let cases = [
        (date(2026, 2, 28), "2008-02-28", true),
        (date(2026, 2, 28), "2008-03-01", false),
        (date(2026, 2, 28), "1960-03-01", true),
        (date(2026, 2, 28), "1960-02-28", false),
        // Born on 29 February: a year older on 1 March in other years.
        (date(2026, 2, 28), "2008-02-29", false),
        (date(2026, 3, 1), "2008-02-29", true),
        (date(2026, 2, 28), "1960-02-29", true),
        (date(2026, 3, 1), "1960-02-29", false),
        // The reference date is 29 February.
        (date(2024, 2, 29), "2006-02-28", true),
        (date(2024, 2, 29), "2006-03-01", false),
        (date(2024, 2, 29), "1958-02-28", false),
        (date(2024, 2, 29), "1958-03-01", true),
        (date(2028, 2, 29), "1962-02-28", false),
        (date(2028, 2, 29), "2010-02-28", true),
    ];
    for (as_of, birth, eligible) in cases {
        let mut municipality = Database::of(Sector::Municipality).await;
        municipality.person(1, birth, None).await;
        let answer = municipality.answer(as_of, Grain::Points).await;
        assert_eq!(answer.row(1).eligible, eligible, "born {birth}, at {as_of}");
        let mut region = Database::of(Sector::Region).await;
        region.patient(1, birth, None, Some(OWN)).await;
        assert_eq!(region.answer(as_of, Grain::Points).await.row(1).eligible, eligible);
    }
}

#[tokio::test]
async fn only_persons_of_the_municipalities_that_are_meant_are_eligible() {
    let library = Library::embedded().unwrap();
    let mut model = library.model("somv").unwrap().clone();
    // The municipalities meant, and who of those in 360 and of those in 376 is eligible.
    for (kommuner, eligible) in [
        (&[][..], [true, true]),
        (&[360], [true, false]),
        (&[376], [false, true]),
        (&[376, 360], [true, true]),
        (&[461], [false, false]),
    ] {
        model.population.kommuner = kommuner.to_vec();
        let mut municipality = Database::of(Sector::Municipality).await;
        municipality.person(1, "1980-01-01", None).await;
        municipality.person(2, "2010-01-01", None).await;
        municipality.residence(1, "360", "2000-01-01", None).await;
        let answer = municipality.answer_to(&model, AS_OF, Grain::Counts).await;
        assert_eq!((answer.row(1).eligible, answer.row(1).resident), (eligible[0], true), "{kommuner:?}");
        assert!(!answer.row(2).eligible, "too young");
        let mut region = Database::of(Sector::Region).await;
        region.patient(1, "1980-01-01", None, Some(360)).await;
        region.patient(2, "1980-01-01", None, Some(376)).await;
        region.patient(3, "1950-01-01", None, Some(376)).await;
        let answer = region.answer_to(&model, AS_OF, Grain::Counts).await;
        let found = [answer.row(1).eligible, answer.row(2).eligible];
        assert_eq!(found, eligible, "{kommuner:?}");
        assert!(!answer.row(3).eligible, "too old");
    }
}

#[tokio::test]
async fn a_region_contributes_the_patients_of_member_municipalities_the_dead_too() {
    let mut region = Database::of(Sector::Region).await;
    region.patient(1, "1980-01-01", None, Some(360)).await;
    region.patient(2, "1980-01-01", None, Some(376)).await;
    region.patient(3, "1980-01-01", None, Some(461)).await;
    region.patient(4, "1980-01-01", None, None).await;
    region.patient(5, "1980-01-01", Some("2020-01-01"), Some(376)).await;
    for n in 1..=5 {
        region.visit(n, "2025-06-01", "63", "1").await;
    }
    let answer = region.answer(AS_OF, Grain::Points).await;
    assert_eq!((1..=5).map(|n| answer.holds(n)).collect::<Vec<_>>(), [true, true, false, false, true]);
    assert_eq!((answer.row(1).kommune, answer.row(2).kommune), (360, 376));
    assert!(!answer.row(1).resident, "who is resident is the municipality's to say");
    assert_eq!(answer.value(5, "psychologist"), 1);
}

#[tokio::test]
async fn the_row_of_the_person_gives_civil_status_children_citizenship_and_fund() {
    let mut municipality = Database::of(Sector::Municipality).await;
    let cases = [
        (Some("DK"), "gift", "0", None, [0, 0, 0, 0]),
        (Some("DK"), "samboende", "1", Some("3F"), [0, 1, 0, 0]),
        (Some("SE"), "enlig", "3", Some("FTF"), [1, 1, 1, 1]),
        (None, "enlig", "0", Some("BUPL"), [1, 0, 0, 1]),
        (Some("DK"), "gift", "0", Some("LAERERNES"), [0, 0, 0, 1]),
        (Some("DK"), "gift", "0", Some("DSA"), [0, 0, 0, 1]),
        (Some("DK"), "gift", "0", Some("FTFA"), [0, 0, 0, 0]),
    ];
    for (n, (citizenship, civil, children, a_kasse, _)) in (1..).zip(cases) {
        municipality.citizen(n, citizenship, civil, children, a_kasse).await;
    }
    for grain in [Grain::Points, Grain::Counts] {
        let answer = municipality.answer(AS_OF, grain).await;
        for (n, (.., expected)) in (1..).zip(cases) {
            let found = ["single", "preschool", "citizen", "akasse"].map(|name| answer.value(n, name));
            assert_eq!(found, expected, "case {n}");
        }
    }
}

#[tokio::test]
async fn a_person_without_any_row_elsewhere_is_contributed_with_zeros() {
    let mut municipality = Database::with_persons(Sector::Municipality, 1).await;
    let answer = municipality.answer(AS_OF, Grain::Counts).await;
    let row = answer.row(1);
    assert!(row.values.iter().all(|value| *value == 0));
    assert_eq!((row.touches, answer.recency(1, "last_spell")), (0, RECENCY_NONE));
}
