//! Features by themselves: sums, rows that last, answers, bands of age, labels, and whose rows there are.

use tvaers_definitions::feature::{Kind, Rule};
use tvaers_protocol::id::Sector;

use super::fixture::OWN;
use super::*;

#[tokio::test]
async fn amounts_of_the_rows_in_the_window_are_added_up_and_clamped() {
    let mut region = Database::with_persons(Sector::Region, 5).await;
    for (n, start, sector, oere) in [
        (1, "2025-02-28T23:59", "somatik", Some("10000")),
        (1, "2025-03-01T00:00", "somatik", Some("2050")),
        (1, "2026-02-28T23:59", "somatik", Some("101")),
        (1, "2026-03-01T00:00", "somatik", Some("70000")),
        (1, "2025-06-01T08:00", "psykiatri", Some("33")),
        // One that goes on has no price yet.
        (1, "2026-02-27T08:00", "somatik", None),
        (2, "2026-02-27T08:00", "psykiatri", None),
        (3, "2025-06-01T08:00", "somatik", Some("60000000")),
        (3, "2025-07-01T08:00", "somatik", Some("39999999")),
        (4, "2025-06-01T08:00", "somatik", Some("60000000")),
        (4, "2025-07-01T08:00", "somatik", Some("9000000000")),
    ] {
        region.priced(n, start, sector, oere).await;
    }
    for n in [1, 1, 3] {
        // Identical rows are separate events, and supplements are paid for too.
        region.visit(n, "2025-06-01", "80", "1").await;
        region.visit(n, "2025-06-01", "80", "0").await;
        region.visit(n, "2025-06-01", "51", "1").await;
        region.medicine(n, "2025-06-01", "C10AA01").await;
    }
    let names = [
        "cost_hospital_somatic_1y",
        "cost_hospital_psychiatric_1y",
        "cost_gp_1y",
        "cost_specialist_1y",
        "cost_medicine_1y",
        "cost_transport_acute_1y",
    ];
    let found = region.features(&names, AS_OF).await;
    let expected = [
        [2_151, 33, 400, 200, 200, 0],
        [0, 0, 0, 0, 0, 0],
        [99_999_999, 0, 200, 100, 100, 0],
        [100_000_000, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
    ];
    for (n, expected) in (1..).zip(expected) {
        assert_eq!(found.row(n).values, expected.map(Some), "person {n}");
    }
}

/// A service's section, first and last day; whether it is active, and the social and the health cost at 100 øre a day.
type Service = (&'static str, &'static str, Option<&'static str>, i64, i64, i64);

#[tokio::test]
async fn a_service_is_active_on_its_last_day_and_costs_for_each_of_its_days_in_the_window() {
    // The window is 1 March 2025 to 28 February 2026: 365 days.
    let cases: [Service; 17] = [
        ("SEL_85", "2020-01-01", None, 1, 36_500, 0),
        ("SEL_85", "2026-02-28", None, 1, 100, 0),
        ("SEL_85", "2026-03-01", None, 0, 0, 0),
        ("SEL_85", "2026-02-28", Some("2026-02-28"), 1, 100, 0),
        ("SEL_85", "2026-02-27", Some("2026-02-27"), 0, 100, 0),
        ("SEL_85", "2025-06-01", Some("2025-06-01"), 0, 100, 0),
        ("SEL_85", "2025-06-01", Some("2025-06-10"), 0, 1_000, 0),
        ("SEL_85", "2026-02-01", Some("2026-12-31"), 1, 2_800, 0),
        ("SEL_85", "2025-02-01", Some("2025-02-28"), 0, 0, 0),
        ("SEL_85", "2025-02-01", Some("2025-03-01"), 0, 100, 0),
        ("SEL_85", "2025-03-01", Some("2025-03-01"), 0, 100, 0),
        ("SEL_85", "2025-03-01", Some("2026-02-28"), 1, 36_500, 0),
        ("SEL_99", "2025-06-01", None, 1, 27_300, 0),
        ("SEL_83", "2026-02-01", None, 1, 0, 2_800),
        ("SUL_138", "2026-02-01", None, 0, 0, 2_800),
        ("SEL_95", "2026-02-01", None, 0, 0, 0),
        ("SEL_853", "2026-02-01", None, 0, 0, 0),
    ];
    let mut municipality = Database::with_persons(Sector::Municipality, 19).await;
    for (n, (law, from, to, ..)) in (1..).zip(cases) {
        municipality.service(n, law, from, to, "100").await;
    }
    // Rows that overlap all count, each with its own amount.
    municipality.service(18, "SEL_85", "2026-02-01", None, "100").await;
    municipality.service(18, "SEL_85", "2026-02-01", None, "100").await;
    municipality.service(18, "SEL_99", "2026-02-27", Some("2026-12-31"), "5").await;
    municipality.service(18, "SUL_138", "2025-01-01", Some("2025-03-02"), "7").await;
    let names = ["social_service", "cost_municipal_social_1y", "cost_municipal_health_1y"];
    let found = municipality.features(&names, AS_OF).await;
    for (n, (law, from, to, active, social, health)) in (1..).zip(cases) {
        assert_eq!(found.row(n).values, [active, social, health].map(Some), "{law} {from} {to:?}");
    }
    assert_eq!(found.row(18).values, [1, 5_610, 14].map(Some));
    assert_eq!(found.row(19).values, [0, 0, 0].map(Some));
}

/// Rows of a survey: the day, the round, the answer. Then the baseline, the follow-up and the change.
type Survey = (&'static [(&'static str, &'static str, Option<&'static str>)], [Option<i64>; 3]);

#[tokio::test]
async fn the_first_answer_of_the_baseline_and_the_last_of_the_follow_up_are_told() {
    let cases: &[Survey] = &[
        (&[], [None, None, None]),
        (&[("2025-01-01", "baseline", Some("3"))], [Some(3), None, None]),
        (&[("2025-01-01", "followup", Some("3"))], [None, Some(3), None]),
        (
            &[("2025-01-01", "baseline", Some("3")), ("2025-06-01", "followup", Some("5"))],
            [Some(3), Some(5), Some(2)],
        ),
        (
            &[("2025-01-01", "baseline", Some("4")), ("2025-06-01", "followup", Some("1"))],
            [Some(4), Some(1), Some(-3)],
        ),
        // Whatever their order.
        (
            &[("2025-06-01", "baseline", Some("4")), ("2025-01-01", "followup", Some("5"))],
            [Some(4), Some(5), Some(1)],
        ),
        // Of several the first baseline and the last follow-up.
        (
            &[
                ("2024-05-01", "baseline", Some("2")),
                ("2025-01-01", "followup", Some("3")),
                ("2024-01-01", "baseline", Some("5")),
                ("2025-09-01", "followup", Some("4")),
                ("2024-09-01", "baseline", Some("1")),
                ("2025-05-01", "followup", Some("1")),
            ],
            [Some(5), Some(4), Some(-1)],
        ),
        // An item left empty is no answer, on the first day and on the last.
        (
            &[
                ("2024-01-01", "baseline", None),
                ("2024-05-01", "baseline", Some("2")),
                ("2025-01-01", "followup", Some("3")),
                ("2025-09-01", "followup", None),
            ],
            [Some(2), Some(3), Some(1)],
        ),
        (&[("2024-01-01", "baseline", None), ("2025-01-01", "followup", Some("3"))], [None, Some(3), None]),
        // Of several on one day the lowest.
        (
            &[
                ("2024-01-01", "baseline", Some("4")),
                ("2024-01-01", "baseline", Some("2")),
                ("2024-01-01", "baseline", Some("3")),
                ("2025-01-01", "followup", Some("5")),
                ("2025-01-01", "followup", Some("3")),
                ("2025-01-01", "followup", Some("4")),
            ],
            [Some(2), Some(3), Some(1)],
        ),
        // Up to the reference date.
        (
            &[
                ("2026-02-28", "baseline", Some("4")),
                ("2026-02-28", "followup", Some("3")),
                ("2026-03-01", "followup", Some("5")),
            ],
            [Some(4), Some(3), Some(-1)],
        ),
        (&[("2026-03-01", "baseline", Some("4"))], [None, None, None]),
        // Days before 1970 count down.
        (
            &[
                ("1969-12-31", "baseline", Some("4")),
                ("1960-01-01", "baseline", Some("2")),
                ("1955-05-05", "followup", Some("5")),
                ("1969-12-31", "followup", Some("3")),
            ],
            [Some(2), Some(3), Some(1)],
        ),
    ];
    let n = u16::try_from(cases.len()).unwrap();
    let mut municipality = Database::with_persons(Sector::Municipality, n).await;
    for (n, (rows, _)) in (1..).zip(cases) {
        for (day, round, health) in *rows {
            municipality.survey(n, day, round, *health).await;
        }
    }
    let names = ["self_rated_health_baseline", "self_rated_health_followup", "self_rated_health_change"];
    let found = municipality.features(&names, AS_OF).await;
    for (n, (rows, expected)) in (1..).zip(cases) {
        assert_eq!(found.row(n).values, *expected, "{rows:?}");
    }
    // An item that nobody answers is missing for everyone, and not 0.
    let other = municipality.features(&["coherence_baseline", "coherence_change"], AS_OF).await;
    assert!((1..=n).all(|n| other.row(n).values == [None, None]));
}

#[tokio::test]
async fn the_bands_of_age_begin_on_birthdays() {
    let cases = [
        (date(2026, 2, 28), "2026-02-28", Some(0), 0),
        (date(2026, 2, 28), "2008-03-01", Some(0), 17),
        (date(2026, 2, 28), "2008-02-28", Some(1), 18),
        (date(2026, 2, 28), "1996-03-01", Some(1), 29),
        (date(2026, 2, 28), "1996-02-28", Some(2), 30),
        (date(2026, 2, 28), "1966-02-28", Some(5), 60),
        (date(2026, 2, 28), "1961-02-28", Some(6), 65),
        (date(2026, 2, 28), "1941-03-01", Some(9), 84),
        (date(2026, 2, 28), "1941-02-28", Some(10), 85),
        (date(2026, 2, 28), "1900-01-01", Some(10), 120),
        // Born on 29 February: a year older on 1 March in other years.
        (date(2026, 2, 28), "2008-02-29", Some(0), 17),
        (date(2026, 3, 1), "2008-02-29", Some(1), 18),
        (date(2024, 2, 28), "1964-02-29", Some(4), 59),
        (date(2024, 2, 29), "1964-02-29", Some(5), 60),
        (date(2024, 2, 29), "1994-02-28", Some(2), 30),
        (date(2024, 2, 29), "1994-03-01", Some(1), 29),
        // Not born yet.
        (date(2026, 2, 28), "2026-03-01", None, 0),
        (date(2026, 2, 28), "2028-01-01", None, 0),
    ];
    for (as_of, birth, band, age) in cases {
        for sector in [Sector::Region, Sector::Municipality] {
            let mut database = Database::of(sector).await;
            match sector {
                Sector::Region => database.patient(1, birth, None, Some(OWN)).await,
                Sector::Municipality => database.person(1, birth, None).await,
            }
            let found = database.features(&["age_band", "age"], as_of).await;
            assert_eq!(found.row(1).values, [band, Some(age)], "born {birth}, at {as_of}");
        }
    }
}

#[tokio::test]
async fn labels_are_told_by_their_index_and_flags_and_counts_are_never_missing() {
    let mut municipality = Database::of(Sector::Municipality).await;
    municipality.citizen(1, Some("DK"), "samboende", "2", Some("FTF")).await;
    municipality.citizen(2, None, "enlig", "0", None).await;
    municipality.person(3, "1980-01-01", None).await;
    municipality.benefit(1, "2026", "9", "130").await;
    municipality.benefit(1, "2026", "9", "111").await;
    municipality.benefit(2, "2026", "9", "738").await;
    municipality.benefit(3, "2026", "9", "139").await;
    municipality.leave(3, "2026-02-01", Some("2026-02-20")).await;
    municipality.pointed_out(1, "2026-02-28").await;
    municipality.pointed_out(2, "2026-03-01").await;
    let names = [
        "sex",
        "civil_status",
        "kommune",
        "preschool_children",
        "foreign_citizen",
        "cash_benefit",
        "unemployed",
        "frontline_flag",
        "last_spell_days",
        "sick_spells_2y",
        "resident",
    ];
    let found = municipality.features(&names, AS_OF).await;
    let own = i64::from(OWN);
    for (n, expected) in [
        (1, [0, 1, own, 1, 0, 1, 1, 1, 0, 0, 0]),
        (2, [0, 2, own, 0, 0, 1, 0, 0, 0, 0, 0]),
        (3, [0, 0, own, 0, 0, 0, 0, 0, 20, 1, 0]),
    ] {
        assert_eq!(found.row(n).values, expected.map(Some), "person {n}");
    }
}

#[tokio::test]
async fn a_municipality_tells_of_all_its_persons_and_a_region_of_the_patients_of_members() {
    let mut municipality = Database::with_persons(Sector::Municipality, 3).await;
    municipality.residence(1, "360", "2015-01-01", None).await;
    municipality.residence(2, "360", "2015-01-01", Some("2026-02-27")).await;
    municipality.person(4, "1980-01-01", Some("2026-02-28")).await;
    municipality.residence(4, "360", "2015-01-01", None).await;
    let found = municipality.features(&["resident"], AS_OF).await;
    let residents = (1..=4).map(|n| found.row(n).resident);
    assert_eq!(residents.collect::<Vec<_>>(), [true, false, false, false]);
    assert_eq!(found.column(4, "resident"), [1, 0, 0, 0].map(Some));

    let mut region = Database::of(Sector::Region).await;
    region.patient(1, "1980-01-01", None, Some(360)).await;
    region.patient(2, "1980-01-01", Some("2026-02-28"), Some(376)).await;
    region.patient(3, "1980-01-01", Some("2026-03-01"), Some(376)).await;
    region.patient(4, "1980-01-01", None, Some(461)).await;
    region.patient(5, "1980-01-01", None, None).await;
    let found = region.features(&["kommune"], AS_OF).await;
    assert_eq!((1..=5).map(|n| found.holds(n)).collect::<Vec<_>>(), [true, true, true, false, false]);
    assert_eq!((1..=3).map(|n| found.row(n).resident).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(found.column(3, "kommune"), [360, 376, 376].map(Some));
}

#[tokio::test]
async fn every_feature_of_the_catalogue_is_told_in_one_statement_within_its_bounds() {
    let library = Library::embedded().unwrap();
    for sector in [Sector::Region, Sector::Municipality] {
        let features = library.catalogue().features();
        let held: Vec<&str> =
            features.iter().filter(|f| f.holder.is(sector)).map(|f| f.name.as_str()).collect();
        let mut database = Database::with_persons(sector, 2).await;
        let found = database.features(&held, AS_OF).await;
        for name in held {
            let feature = library.catalogue().feature(name).unwrap();
            let value = found.value(1, name);
            match &feature.kind {
                Kind::Integer { missing: true, .. } => assert_eq!(value, None, "{name}"),
                // A person who has nothing has 0, or the nearest to it that the clamp allows.
                Kind::Integer { from, to, .. } if !matches!(feature.rule, Rule::Age { .. }) => {
                    assert_eq!(value, Some(0.clamp(*from, *to)), "{name}");
                }
                _ => assert!(value.is_some(), "{name}"),
            }
        }
    }
}

#[test]
fn a_feature_of_the_other_sector_is_refused() {
    let library = Library::embedded().unwrap();
    let feature = |name: &str| &**library.catalogue().feature(name).unwrap();
    let (resident, kommune) = (feature("resident"), feature("kommune"));
    let members = &[360];
    for (holding, name) in [
        (Holding::Region { members }, "civil_status"),
        (Holding::Region { members }, "resident"),
        (Holding::Municipality { own: 360 }, "admissions_1y"),
    ] {
        let features = [feature(name)];
        let extraction = FeatureExtraction { features: &features, resident, kommune, holding, as_of: AS_OF };
        let error = extraction.statement(Dialect::Sqlite).unwrap_err();
        assert_eq!(error, SqlError::OtherSector { feature: name.to_owned() });
    }
    let wrong = FeatureExtraction {
        features: &[],
        resident: kommune,
        kommune: resident,
        holding: Holding::Region { members },
        as_of: AS_OF,
    };
    assert!(matches!(wrong.statement(Dialect::Sqlite), Err(SqlError::NoComponent { .. })));
}
