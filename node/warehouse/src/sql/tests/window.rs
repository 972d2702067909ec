//! The edges of windows, and 29 February at them.

use tvaers_protocol::id::Sector;

use super::*;

#[tokio::test]
async fn a_window_leaves_out_the_day_it_opens_on_and_takes_in_the_reference_date() {
    let days = [
        // The reference date less two years, the day after, the reference date, the day after.
        (date(2026, 2, 28), ["2024-02-28", "2024-02-29", "2026-02-28", "2026-03-01"]),
        (date(2024, 2, 29), ["2022-02-28", "2022-03-01", "2024-02-29", "2024-03-01"]),
        (date(2026, 3, 31), ["2024-03-31", "2024-04-01", "2026-03-31", "2026-04-01"]),
        (date(2026, 1, 1), ["2024-01-01", "2024-01-02", "2026-01-01", "2026-01-02"]),
    ];
    for (as_of, days) in days {
        let mut region = Database::with_persons(Sector::Region, 4).await;
        for (n, day) in (1..).zip(days) {
            region.visit(n, day, "80", "1").await;
            region.visit(n, day, "63", "1").await;
            region.visit(n, day, "26", "1").await;
            region.medicine(n, day, "N06AB04").await;
            region.hospital(n, &format!("{day}T23:59"), Some("DF330"), None).await;
        }
        let answer = region.answer(as_of, Grain::Counts).await;
        for component in ["gp", "psychologist", "psychotropic"] {
            assert_eq!(answer.column(4, component), [0, 1, 1, 0], "{component} at {as_of}");
        }
        // Known has no beginning, and a contact late on the reference date is of that day.
        assert_eq!(answer.column(4, "known"), [1, 1, 1, 0], "at {as_of}");
    }
}

#[tokio::test]
async fn contacts_are_counted_clamped_and_made_points_by_the_bands() {
    let mut region = Database::with_persons(Sector::Region, 6).await;
    for (n, contacts) in (1..).zip([0, 14, 15, 20, 21, 130]) {
        for _ in 0..contacts {
            region.visit(n, "2025-06-01", "80", "1").await;
        }
        // A supplement is no contact, and another speciality no contact with the practice.
        region.visit(n, "2025-06-01", "80", "0").await;
        region.visit(n, "2025-06-01", "51", "1").await;
    }
    let counts = region.answer(AS_OF, Grain::Counts).await;
    assert_eq!(counts.column(6, "gp"), [0, 14, 15, 20, 21, 100]);
    assert!((1..=6).all(|n| counts.row(n).touches == 0), "counts add up, so nothing is said of touching");
    let points = region.answer(AS_OF, Grain::Points).await;
    assert_eq!(points.column(6, "gp"), [0, 0, 1, 1, 2, 2]);
    assert_eq!(
        (1..=6).map(|n| points.touched(n, "gp")).collect::<Vec<_>>(),
        [false, true, true, true, true, true]
    );
}

#[tokio::test]
async fn known_gives_three_points_and_a_psychiatrist_is_not_told_of() {
    let mut region = Database::with_persons(Sector::Region, 2).await;
    region.hospital(1, "1999-01-01T08:00", Some("DF410"), None).await;
    region.visit(2, "2025-06-01", "24", "1").await;
    let points = region.answer(AS_OF, Grain::Points).await;
    assert_eq!(points.value(1, "known"), 3);
    assert!(points.row(2).values.iter().all(|value| *value == 0));
}
