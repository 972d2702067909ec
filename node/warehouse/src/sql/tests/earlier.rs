//! Features seen from a day before the reference date, the dead among those who were resident, and a few by their file.

use jiff::ToSpan as _;
use tvaers_protocol::id::Sector;

use super::fixture::{OWN, Visit};
use super::*;

#[tokio::test]
async fn what_is_seen_from_an_earlier_day_is_what_that_day_would_have_said() {
    let pairs = [
        ("admissions_1y", "admissions_1y_before"),
        ("acute_admissions_1y", "acute_admissions_1y_before"),
        ("gp_contacts_1y", "gp_contacts_1y_before"),
        ("cost_hospital_somatic_1y", "cost_hospital_somatic_1y_before"),
    ];
    for as_of in [AS_OF, date(2024, 2, 29), date(2025, 2, 28)] {
        let earlier = as_of - 12.months();
        let mut region = Database::with_persons(Sector::Region, 40).await;
        for (n, days) in (1..=40_i32).enumerate() {
            let n = u16::try_from(n).unwrap() + 1;
            // Around the reference date, the earlier one, and the one before that.
            for years in 0..4_i64 {
                let day = as_of - years.years() + (days - 20).days();
                let (start, end) = (format!("{day}T08:00"), format!("{}T20:00", day + 1.days()));
                let visit = if n % 2 == 0 { Visit::Acute } else { Visit::Planned };
                let id = format!("{n}-{years}");
                region.contact(n, (&start, Some(&end), visit), Some(&id)).await;
                region.paid(n, &format!("{id}-paid"), &start, Some("100")).await;
                region.visit(n, &day.to_string(), "80", "1").await;
            }
        }
        let (now, before): (Vec<&str>, Vec<&str>) = pairs.into_iter().unzip();
        let expected = region.features(&now, earlier).await;
        let both: Vec<&str> = now.iter().chain(&before).copied().collect();
        let found = region.features(&both, as_of).await;
        for n in 1..=40 {
            assert_eq!(found.row(n).values[pairs.len()..], expected.row(n).values, "person {n} at {as_of}");
        }
        let told = |name| found.column(40, name).into_iter().flatten().sum::<i64>();
        for (now, before) in pairs {
            assert!(told(now) > 0 && told(before) > 0, "{before} at {as_of}");
        }
    }
}

#[tokio::test]
async fn a_stay_that_goes_on_today_is_seen_from_the_earlier_day_as_of_then() {
    let mut region = Database::with_persons(Sector::Region, 3).await;
    // 12 hours to the end of 28 February 2025, and a minute less; one of after that day.
    region.contact(1, ("2025-02-28T11:59", None, Visit::Acute), None).await;
    region.contact(2, ("2025-02-28T12:00", None, Visit::Acute), None).await;
    region.contact(3, ("2025-03-01T00:00", None, Visit::Acute), None).await;
    let found = region.features(&["admissions_1y_before", "admissions_1y"], AS_OF).await;
    assert_eq!(found.column(3, "admissions_1y_before"), [Some(1), Some(0), Some(0)]);
    assert_eq!(found.column(3, "admissions_1y"), [Some(0), Some(0), Some(1)]);
}

#[tokio::test]
async fn a_municipality_sees_the_year_before_too() {
    let mut municipality = Database::with_persons(Sector::Municipality, 1).await;
    // 365 days of each of the two windows, and one of before them.
    municipality.service(1, "SUL_138", "2024-02-28", None, "100").await;
    municipality.service(1, "SEL_83", "2024-02-28", Some("2024-02-29"), "7").await;
    let names = ["cost_municipal_health_1y_before", "cost_municipal_health_1y"];
    let found = municipality.features(&names, AS_OF).await;
    assert_eq!(found.row(1).values, [Some(36_607), Some(36_500)]);
}

#[tokio::test]
async fn the_dead_count_where_they_were_resident_when_they_died() {
    /// Municipality, first and last day.
    type Residences = &'static [(&'static str, &'static str, Option<&'static str>)];
    let cases: [(&str, Option<&str>, Residences, i64, i64); 12] = [
        ("alive, resident", None, &[("360", "2015-01-01", None)], 1, 1),
        ("alive, moved out", None, &[("360", "2015-01-01", Some("2026-02-27"))], 0, 0),
        ("dies after the day", Some("2026-03-01"), &[("360", "2015-01-01", None)], 1, 1),
        (
            "dies after the day, moved out",
            Some("2026-03-01"),
            &[("360", "2015-01-01", Some("2026-02-27"))],
            0,
            0,
        ),
        ("dies on the day", Some("2026-02-28"), &[("360", "2015-01-01", None)], 0, 1),
        ("residence ends with death", Some("2020-05-05"), &[("360", "2015-01-01", Some("2020-05-05"))], 0, 1),
        ("residence goes on after death", Some("2020-05-05"), &[("360", "2015-01-01", None)], 0, 1),
        ("residence ends before", Some("2020-05-05"), &[("360", "2015-01-01", Some("2020-05-04"))], 0, 0),
        ("moves in on the day of death", Some("2020-05-05"), &[("360", "2020-05-05", None)], 0, 1),
        ("a row of after death only", Some("2020-05-05"), &[("360", "2020-05-06", None)], 0, 0),
        ("died elsewhere", Some("2020-05-05"), &[("376", "2015-01-01", None)], 0, 0),
        (
            "two rows that hold the day of death",
            Some("2020-05-05"),
            &[("360", "2015-01-01", Some("2020-05-05")), ("360", "2020-05-05", None)],
            0,
            1,
        ),
    ];
    let mut municipality = Database::of(Sector::Municipality).await;
    for (n, (_, death, rows, ..)) in (1..).zip(cases) {
        municipality.person(n, "1980-01-01", death).await;
        for (kommune, from, to) in rows {
            municipality.residence(n, kommune, from, *to).await;
        }
    }
    let found = municipality.features(&["resident", "resident_or_died"], AS_OF).await;
    let library = Library::embedded().unwrap();
    let mut model = library.model("sad").unwrap().clone();
    model.population.resident = library.catalogue().feature("resident_or_died").unwrap().clone();
    let answer = municipality.answer_to(&model, AS_OF, Grain::Counts).await;
    for (n, (case, .., resident, or_died)) in (1..).zip(cases) {
        assert_eq!(found.row(n).values, [Some(resident), Some(or_died)], "{case}");
        assert_eq!(found.row(n).resident, resident == 1, "{case}");
        assert_eq!(i64::from(answer.row(n).resident), or_died, "{case}");
    }
}

#[tokio::test]
async fn benefits_services_and_half_a_year_of_general_practice_are_told() {
    let mut municipality = Database::with_persons(Sector::Municipality, 4).await;
    for (n, code) in [(1, "890"), (2, "899"), (3, "651"), (4, "652"), (4, "889")] {
        municipality.benefit(n, "2026", "9", code).await;
    }
    municipality.benefit(3, "2026", "8", "890").await;
    municipality.benefit(2, "2026", "9", "653").await;
    municipality.service(1, "SUL_138", "2026-01-01", None, "100").await;
    municipality.service(2, "SEL_83", "2026-01-01", Some("2026-02-28"), "100").await;
    municipality.service(3, "SUL_138", "2026-01-01", Some("2026-02-27"), "100").await;
    let names = ["sickness_benefit", "education_grant", "home_nursing", "home_care"];
    let found = municipality.features(&names, AS_OF).await;
    let expected = [[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 0, 0], [0, 1, 0, 0]];
    for (n, expected) in (1..).zip(expected) {
        assert_eq!(found.row(n).values, expected.map(Some), "person {n}");
    }
    let mut region = Database::of(Sector::Region).await;
    region.patient(1, "1980-01-01", None, Some(OWN)).await;
    for day in ["2025-08-28", "2025-08-29", "2026-02-28", "2026-03-01"] {
        region.visit(1, day, "80", "1").await;
    }
    assert_eq!(region.features(&["gp_contacts_6m"], AS_OF).await.row(1).values, [Some(2)]);
}
