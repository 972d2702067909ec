//! Sick-leave spells: merging, lengths, the window, the latest, and whether the person is touched.

use tvaers_protocol::id::Sector;

use super::*;

/// Records, how many long spells, the length of the latest, its recency, and whether the window is touched.
type Case = (&'static str, &'static [(&'static str, Option<&'static str>)], u32, u32, u16, bool);

const CASES: &[Case] = &[
    ("14 days", &[("2025-06-01", Some("2025-06-14"))], 0, 14, 272, true),
    ("15 days", &[("2025-06-01", Some("2025-06-15"))], 1, 15, 272, true),
    ("one day", &[("2026-02-28", Some("2026-02-28"))], 0, 1, 0, true),
    ("open", &[("2026-02-14", None)], 1, 15, 14, true),
    ("open since the day before", &[("2026-02-15", None)], 0, 14, 13, true),
    ("recorded to end later", &[("2026-02-14", Some("2026-12-31"))], 1, 15, 14, true),
    ("starts the day after", &[("2026-03-01", Some("2026-04-30"))], 0, 0, RECENCY_NONE, false),
    (
        "overlapping",
        &[("2025-06-01", Some("2025-06-10")), ("2025-06-08", Some("2025-06-15"))],
        1,
        15,
        272,
        true,
    ),
    ("adjacent", &[("2025-06-01", Some("2025-06-07")), ("2025-06-08", Some("2025-06-15"))], 1, 15, 272, true),
    (
        "a day between",
        &[("2025-06-01", Some("2025-06-07")), ("2025-06-09", Some("2025-06-15"))],
        0,
        7,
        264,
        true,
    ),
    (
        "one within a long one, and one after both",
        &[
            ("2025-06-01", Some("2025-06-20")),
            ("2025-06-03", Some("2025-06-04")),
            ("2025-06-21", Some("2025-06-25")),
        ],
        1,
        25,
        272,
        true,
    ),
    (
        "the same twice",
        &[("2025-06-01", Some("2025-06-15")), ("2025-06-01", Some("2025-06-15"))],
        1,
        15,
        272,
        true,
    ),
    ("open, then another", &[("2026-02-01", None), ("2026-02-20", Some("2026-02-22"))], 1, 28, 27, true),
    (
        "starts on the day the window opens on",
        &[("2024-02-28", Some("2024-06-01"))],
        0,
        0,
        RECENCY_NONE,
        true,
    ),
    ("starts the day after", &[("2024-02-29", Some("2024-06-01"))], 1, 94, 730, true),
    ("ends on the day the window opens on", &[("2024-01-01", Some("2024-02-28"))], 0, 0, RECENCY_NONE, true),
    ("ends the day before that", &[("2024-01-01", Some("2024-02-27"))], 0, 0, RECENCY_NONE, false),
    // Merged with one before the window, a record in the window is no spell of its own.
    (
        "across the edge",
        &[("2024-02-20", Some("2024-02-28")), ("2024-02-29", Some("2024-04-01"))],
        0,
        0,
        RECENCY_NONE,
        true,
    ),
    (
        "up to the edge",
        &[("2024-02-20", Some("2024-02-27")), ("2024-02-29", Some("2024-04-01"))],
        1,
        33,
        730,
        true,
    ),
    // The first record ends before the day that the window opens on, and still what it is merged with begins then.
    (
        "chained across",
        &[("2024-02-01", Some("2024-02-27")), ("2024-02-28", Some("2024-04-01"))],
        0,
        0,
        RECENCY_NONE,
        true,
    ),
    ("open all the time", &[("2020-01-01", None)], 0, 0, RECENCY_NONE, true),
    ("two years, clamped", &[("2024-02-29", None)], 1, 730, 730, true),
    (
        "an older long one, a later short one",
        &[("2025-01-01", Some("2025-03-31")), ("2025-06-01", Some("2025-06-05"))],
        1,
        5,
        272,
        true,
    ),
    (
        "four long ones and a short one",
        &[
            ("2024-05-01", Some("2024-05-20")),
            ("2024-07-01", Some("2024-07-20")),
            ("2024-09-01", Some("2024-09-20")),
            ("2024-11-01", Some("2024-11-20")),
            ("2025-01-01", Some("2025-01-03")),
        ],
        4,
        3,
        423,
        true,
    ),
];

#[tokio::test]
async fn spells_are_merged_measured_and_counted_by_their_first_day() {
    let n = u16::try_from(CASES.len()).unwrap();
    let mut municipality = Database::with_persons(Sector::Municipality, n).await;
    for (n, (_, records, ..)) in (1..).zip(CASES) {
        for (first, last) in *records {
            municipality.leave(n, first, *last).await;
        }
    }
    let counts = municipality.answer(AS_OF, Grain::Counts).await;
    let points = municipality.answer(AS_OF, Grain::Points).await;
    for (n, (case, _, long, latest, recency, touched)) in (1..).zip(CASES) {
        assert_eq!(counts.value(n, "long_spells"), *long, "long spells: {case}");
        assert_eq!(counts.value(n, "last_spell"), *latest, "length of the latest: {case}");
        assert_eq!(counts.recency(n, "last_spell"), *recency, "recency: {case}");
        for answer in [&counts, &points] {
            assert_eq!(answer.touched(n, "spells"), *touched, "touches: {case}");
            assert!(!answer.touched(n, "gp"));
        }
        assert_eq!(points.value(n, "long_spells"), if *long > 3 { 5 } else { 0 }, "points: {case}");
        assert_eq!(points.value(n, "last_spell"), u32::from(*latest > 14), "points: {case}");
        assert!(points.row(n).recencies.is_empty());
    }
}

#[tokio::test]
async fn on_29_february_two_years_reach_back_to_the_28th() {
    let mut municipality = Database::with_persons(Sector::Municipality, 2).await;
    municipality.leave(1, "2022-02-28", Some("2022-03-31")).await;
    municipality.leave(2, "2022-03-01", Some("2022-03-31")).await;
    let answer = municipality.answer(date(2024, 2, 29), Grain::Counts).await;
    assert_eq!(answer.column(2, "long_spells"), [0, 1]);
}
