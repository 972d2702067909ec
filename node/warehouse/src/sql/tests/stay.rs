//! Stays: merging by minutes, admissions by hours, the window by days, how near admissions are, and touching.

use tvaers_protocol::id::Sector;

use super::fixture::{Contact, Visit};
use super::*;
use Visit::{Acute, Planned, Virtual};

/// Contacts; how many admissions, acute ones and bed days; whether the window is touched.
type Case = (&'static str, &'static [Contact<'static>], i64, i64, i64, bool);

const CASES: &[Case] = &[
    ("none", &[], 0, 0, 0, false),
    ("12 hours", &[("2025-06-01T08:00", Some("2025-06-01T20:00"), Acute)], 1, 1, 1, true),
    ("a minute less", &[("2025-06-01T08:00", Some("2025-06-01T19:59"), Acute)], 0, 0, 0, true),
    ("over midnight", &[("2025-06-01T18:00", Some("2025-06-02T06:00"), Planned)], 1, 0, 1, true),
    (
        "4 hours between",
        &[
            ("2025-06-01T08:00", Some("2025-06-01T10:00"), Acute),
            ("2025-06-01T14:00", Some("2025-06-01T20:00"), Planned),
        ],
        1,
        1,
        1,
        true,
    ),
    (
        "a minute more",
        &[
            ("2025-06-01T08:00", Some("2025-06-01T10:00"), Acute),
            ("2025-06-01T14:01", Some("2025-06-01T20:00"), Planned),
        ],
        0,
        0,
        0,
        true,
    ),
    (
        "planned first, then acute",
        &[
            ("2025-06-01T08:00", Some("2025-06-01T10:00"), Planned),
            ("2025-06-01T12:00", Some("2025-06-03T08:00"), Acute),
        ],
        1,
        0,
        2,
        true,
    ),
    // The gap is measured from the end of the first, not of the short one within it.
    (
        "one within a long one, and one after both",
        &[
            ("2025-06-01T08:00", Some("2025-06-03T08:00"), Acute),
            ("2025-06-01T09:00", Some("2025-06-01T10:00"), Planned),
            ("2025-06-03T12:00", Some("2025-06-05T12:00"), Planned),
        ],
        1,
        1,
        4,
        true,
    ),
    (
        "a transfer between hospitals",
        &[
            ("2025-06-01T08:00", Some("2025-06-01T15:00"), Acute),
            ("2025-06-01T15:00", Some("2025-06-01T21:00"), Acute),
        ],
        1,
        1,
        1,
        true,
    ),
    (
        "together, the one that ends first is acute",
        &[
            ("2025-06-01T08:00", Some("2025-06-01T22:00"), Planned),
            ("2025-06-01T08:00", Some("2025-06-01T09:00"), Acute),
        ],
        1,
        1,
        1,
        true,
    ),
    (
        "together, the one that ends first is planned",
        &[
            ("2025-06-01T08:00", Some("2025-06-01T22:00"), Acute),
            ("2025-06-01T08:00", Some("2025-06-01T09:00"), Planned),
        ],
        1,
        0,
        1,
        true,
    ),
    (
        "alike, the lower number is acute",
        &[
            ("2025-06-01T08:00", Some("2025-06-01T22:00"), Acute),
            ("2025-06-01T08:00", Some("2025-06-01T22:00"), Planned),
        ],
        1,
        1,
        1,
        true,
    ),
    (
        "alike, the lower number is planned",
        &[
            ("2025-06-01T08:00", Some("2025-06-01T22:00"), Planned),
            ("2025-06-01T08:00", Some("2025-06-01T22:00"), Acute),
        ],
        1,
        0,
        1,
        true,
    ),
    ("still there, 12 hours by 23:59", &[("2026-02-28T11:59", None, Acute)], 1, 1, 1, true),
    ("still there, a minute less", &[("2026-02-28T12:00", None, Acute)], 0, 0, 0, true),
    ("still there since the day before", &[("2026-02-25T12:00", None, Acute)], 1, 1, 3, true),
    (
        "still there, and others meanwhile",
        &[
            ("2026-02-20T12:00", None, Planned),
            ("2026-02-21T08:00", Some("2026-02-21T09:00"), Acute),
            ("2026-02-27T08:00", Some("2026-02-28T23:00"), Acute),
        ],
        1,
        0,
        8,
        true,
    ),
    // A known end after the reference date is kept for the length, and bed days end with that date.
    ("ends later", &[("2026-02-28T20:00", Some("2026-03-02T08:00"), Acute)], 1, 1, 1, true),
    ("began before, ends later", &[("2026-02-26T20:00", Some("2026-03-09T08:00"), Acute)], 1, 1, 2, true),
    ("begins the day after", &[("2026-03-01T00:00", Some("2026-03-02T08:00"), Acute)], 0, 0, 0, false),
    ("begins the day after, no end", &[("2026-03-01T00:00", None, Acute)], 0, 0, 0, false),
    ("begins late on the day", &[("2026-02-28T23:59", Some("2026-03-01T11:59"), Acute)], 1, 1, 1, true),
    (
        "the one that begins after does not lengthen",
        &[
            ("2026-02-28T20:00", Some("2026-02-28T22:00"), Acute),
            ("2026-03-01T00:00", Some("2026-03-03T08:00"), Acute),
        ],
        0,
        0,
        0,
        true,
    ),
    (
        "a virtual contact does not bridge",
        &[
            ("2025-06-01T08:00", Some("2025-06-01T10:00"), Acute),
            ("2025-06-01T10:00", Some("2025-06-01T16:00"), Virtual),
            ("2025-06-01T16:00", Some("2025-06-01T22:00"), Acute),
        ],
        0,
        0,
        0,
        true,
    ),
    (
        "a virtual contact is not the first",
        &[
            ("2025-06-01T07:00", Some("2025-06-01T10:00"), Virtual),
            ("2025-06-01T08:00", Some("2025-06-01T22:00"), Planned),
        ],
        1,
        0,
        1,
        true,
    ),
    ("virtual alone", &[("2025-06-01T08:00", Some("2025-06-03T22:00"), Virtual)], 0, 0, 0, false),
    (
        "begins late on the day the window opens on",
        &[("2025-02-28T23:59", Some("2025-03-04T12:00"), Acute)],
        0,
        0,
        0,
        true,
    ),
    ("begins early the day after", &[("2025-03-01T00:00", Some("2025-03-01T12:00"), Acute)], 1, 1, 1, true),
    // Merged with one from before the window, a contact in the window begins no stay of its own.
    (
        "across the edge",
        &[
            ("2025-02-28T10:00", Some("2025-03-01T06:00"), Acute),
            ("2025-03-01T10:00", Some("2025-03-02T10:00"), Acute),
        ],
        0,
        0,
        0,
        true,
    ),
    (
        "a minute more than across",
        &[
            ("2025-02-28T10:00", Some("2025-03-01T06:00"), Acute),
            ("2025-03-01T10:01", Some("2025-03-02T10:01"), Acute),
        ],
        1,
        1,
        1,
        true,
    ),
    ("ends 4 hours before", &[("2025-02-28T10:00", Some("2025-02-28T20:00"), Planned)], 0, 0, 0, true),
    ("a minute more before", &[("2025-02-28T10:00", Some("2025-02-28T19:59"), Planned)], 0, 0, 0, false),
    (
        "ends 4 hours before the first minute of another",
        &[
            ("2025-02-28T10:00", Some("2025-02-28T20:00"), Planned),
            ("2025-03-01T00:00", Some("2025-03-02T00:00"), Acute),
        ],
        0,
        0,
        0,
        true,
    ),
    (
        "a minute more before another",
        &[
            ("2025-02-28T10:00", Some("2025-02-28T19:59"), Planned),
            ("2025-03-01T00:00", Some("2025-03-02T00:00"), Acute),
        ],
        1,
        1,
        1,
        true,
    ),
    // The first ends too early to matter, and still what it is merged with begins before the window.
    (
        "chained across",
        &[
            ("2025-02-27T00:00", Some("2025-02-28T19:00"), Acute),
            ("2025-02-28T22:00", Some("2025-02-28T23:00"), Acute),
            ("2025-03-01T02:00", Some("2025-03-03T02:00"), Acute),
        ],
        0,
        0,
        0,
        true,
    ),
    ("there all the time", &[("2024-01-01T00:00", None, Acute)], 0, 0, 0, true),
    ("there a year", &[("2025-03-01T08:00", None, Acute)], 1, 1, 364, true),
    (
        "two on one day",
        &[
            ("2025-06-01T00:00", Some("2025-06-01T12:00"), Acute),
            ("2025-06-01T16:01", Some("2025-06-02T16:00"), Planned),
        ],
        2,
        1,
        2,
        true,
    ),
];

#[tokio::test]
async fn contacts_are_merged_to_stays_and_long_ones_are_admissions() {
    let n = u16::try_from(CASES.len()).unwrap();
    let mut region = Database::with_persons(Sector::Region, n).await;
    region.contacts(CASES.iter().map(|(_, contacts, ..)| *contacts)).await;
    let names = ["admissions_1y", "acute_admissions_1y", "bed_days_1y"];
    let found = region.features(&names, AS_OF).await;
    let library = Library::embedded().unwrap();
    let model = library.model("somv").unwrap();
    for grain in [Grain::Points, Grain::Counts, Grain::Events] {
        let answer = region.answer_to(model, AS_OF, grain).await;
        for (n, (case, .., touched)) in (1..).zip(CASES) {
            assert_eq!(answer.touched(n, "stays"), *touched, "touches at {grain}: {case}");
        }
    }
    for (n, (case, _, admissions, acute, bed_days, _)) in (1..).zip(CASES) {
        let expected = [admissions, acute, bed_days];
        for (name, expected) in names.iter().zip(expected) {
            assert_eq!(found.value(n, name), Some(*expected), "{name}: {case}");
        }
    }
}

#[tokio::test]
async fn of_contacts_alike_the_first_is_the_one_with_the_identifier_of_lower_bytes() {
    // Identifiers of the acute and of the planned one, and whether the acute one is the first.
    let cases =
        [("A", "B", true), ("B", "A", false), ("a", "B", false), ("C10", "C9", true), ("å", "z", false)];
    let mut region = Database::with_persons(Sector::Region, 5).await;
    for (n, (acute, planned, _)) in (1..).zip(cases) {
        // Unique by a letter behind.
        let (acute, planned) = (format!("{acute}-{n}"), format!("{planned}-{n}"));
        let times = ("2025-06-01T08:00", Some("2025-06-01T22:00"));
        region.contact(n, (times.0, times.1, Planned), Some(&planned)).await;
        region.contact(n, (times.0, times.1, Acute), Some(&acute)).await;
    }
    let found = region.features(&["acute_admissions_1y"], AS_OF).await;
    for (n, (acute, planned, first)) in (1..).zip(cases) {
        assert_eq!(found.value(n, "acute_admissions_1y"), Some(i64::from(first)), "{acute} and {planned}");
    }
}

/// Acute admissions of a day each, from a late hour of these days.
async fn admitted(region: &mut Database, n: u16, days: &[&str]) {
    for (index, day) in days.iter().enumerate() {
        let start: Date = day.parse().unwrap();
        // The hour must not matter.
        let hour = if index % 2 == 0 { "23:00" } else { "01:00" };
        let end = format!("{}T23:30", start.tomorrow().unwrap());
        region.contact(n, (&format!("{day}T{hour}"), Some(&end), Acute), None).await;
    }
}

#[tokio::test]
async fn two_are_within_30_days_by_their_first_days() {
    let cases: &[(&[&str], bool)] = &[
        (&["2025-06-01"], false),
        (&["2025-06-01", "2025-07-01"], true),
        (&["2025-06-01", "2025-07-02"], false),
        (&["2025-06-01", "2025-06-10"], true),
        (&["2025-06-01", "2025-08-01", "2025-08-31"], true),
        (&["2025-06-01", "2025-08-01", "2025-10-01"], false),
        // The first lies before the window.
        (&["2025-02-28", "2025-03-05"], false),
        (&["2025-03-01", "2025-03-31"], true),
        (&["2026-01-29", "2026-02-28"], true),
        (&["2026-02-20", "2026-03-01"], false),
    ];
    let n = u16::try_from(cases.len()).unwrap();
    let mut region = Database::with_persons(Sector::Region, n + 2).await;
    for (n, (days, _)) in (1..).zip(cases) {
        admitted(&mut region, n, days).await;
    }
    // A planned admission between is passed over, and so is one that is too short.
    let between = [
        ("2025-06-01T08:00", Some("2025-06-02T08:00"), Acute),
        ("2025-06-10T08:00", Some("2025-06-12T08:00"), Planned),
        ("2025-06-20T08:00", Some("2025-06-20T19:00"), Acute),
        ("2025-07-01T08:00", Some("2025-07-02T08:00"), Acute),
    ];
    for contact in between {
        region.contact(n + 1, contact, None).await;
    }
    for contact in &between[..3] {
        region.contact(n + 2, *contact, None).await;
    }
    let found = region.features(&["acute_two_in_30_days_1y"], AS_OF).await;
    for (n, (days, within)) in (1..).zip(cases) {
        assert_eq!(found.value(n, "acute_two_in_30_days_1y"), Some(i64::from(*within)), "{days:?}");
    }
    assert_eq!(found.value(n + 1, "acute_two_in_30_days_1y"), Some(1));
    assert_eq!(found.value(n + 2, "acute_two_in_30_days_1y"), Some(0));
}

#[tokio::test]
async fn the_third_is_within_six_months_of_the_first_clamped_to_the_end_of_the_month() {
    let cases: &[(Date, &[&str], bool)] = &[
        (AS_OF, &["2025-08-31", "2025-10-01", "2026-02-28"], true),
        (AS_OF, &["2025-08-31", "2026-02-28"], false),
        (date(2026, 6, 30), &["2025-08-31", "2025-10-01", "2026-03-01"], false),
        (date(2026, 6, 30), &["2025-08-30", "2025-10-01", "2026-02-28"], true),
        (date(2026, 6, 30), &["2025-08-28", "2025-10-01", "2026-03-01"], false),
        (date(2026, 6, 30), &["2025-08-01", "2025-09-01", "2026-02-01"], true),
        (date(2026, 6, 30), &["2025-08-01", "2025-09-01", "2026-02-02"], false),
        // A leap year.
        (date(2024, 6, 30), &["2023-08-31", "2023-10-01", "2024-02-29"], true),
        (date(2024, 6, 30), &["2023-08-29", "2023-10-01", "2024-02-29"], true),
        (date(2024, 6, 30), &["2023-08-28", "2023-10-01", "2024-02-29"], false),
        (date(2024, 6, 30), &["2023-08-31", "2023-10-01", "2024-03-01"], false),
        (date(2024, 12, 31), &["2024-02-29", "2024-03-10", "2024-08-29"], true),
        (date(2024, 12, 31), &["2024-02-29", "2024-03-10", "2024-08-30"], false),
        // From a long month to a short one, and back.
        (date(2025, 12, 31), &["2025-03-31", "2025-04-20", "2025-09-30"], true),
        (date(2025, 12, 31), &["2025-03-31", "2025-04-20", "2025-10-01"], false),
        (date(2025, 12, 31), &["2025-04-30", "2025-05-20", "2025-10-30"], true),
        (date(2025, 12, 31), &["2025-04-30", "2025-05-20", "2025-10-31"], false),
        // Of four the last three.
        (date(2025, 12, 31), &["2025-01-10", "2025-06-01", "2025-09-01", "2025-12-01"], true),
        (date(2025, 12, 31), &["2025-01-10", "2025-05-31", "2025-09-01", "2025-12-01"], false),
    ];
    for (as_of, days, within) in cases {
        let mut region = Database::with_persons(Sector::Region, 1).await;
        admitted(&mut region, 1, days).await;
        let found = region.features(&["acute_three_in_6_months_1y"], *as_of).await;
        let found = found.value(1, "acute_three_in_6_months_1y");
        assert_eq!(found, Some(i64::from(*within)), "{days:?} at {as_of}");
    }
}

#[tokio::test]
async fn months_later_is_as_the_calendar_has_it_for_every_day_of_five_years() {
    use jiff::ToSpan as _;
    use sea_query::{Expr, Query};

    use super::super::dialect::day_number;

    let mut region = Database::of(Sector::Region).await;
    for months in [1_i32, 6, 11, 12, 25, -1, -6, -780, -900] {
        for day in date(1967, 1, 1).series(1.day()).take(5 * 366) {
            let later = Dialect::Sqlite.months_later(Expr::val(day_number(day)), months);
            let found = region.number(Query::select().expr(later).take()).await;
            let expected = day.checked_add(i64::from(months).months()).unwrap();
            assert_eq!(found, day_number(expected), "{day} and {months} months");
        }
    }
}
