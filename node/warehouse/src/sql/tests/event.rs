//! The rows that a node's events are made of, and what the model makes of them.

use tvaers_protocol::event::{Event, ORDER_BYTES, OrderTag};
use tvaers_protocol::id::Sector;

use super::super::dialect::day_number;
use super::fixture::{Visit, person};
use super::*;
use Visit::{Acute, Planned};

/// Minutes since 1970, as a day and a time of day.
fn minutes(day: Date, hour: i64, minute: i64) -> i64 {
    day_number(day) * 1_440 + hour * 60 + minute
}

/// Everything but the person and the identifier, so that a test can print it.
fn numbers(row: &EventRow) -> [i64; 9] {
    [
        i64::from(row.group),
        i64::from(row.in_window),
        i64::from(row.acute),
        row.first_day.into(),
        row.last_day.into(),
        row.begins.into(),
        row.ends.into(),
        row.first_ends.into(),
        row.reach.into(),
    ]
}

fn of(row: &EventRow, n: u16) -> bool {
    row.person.expose() == person(n)
}

#[tokio::test]
async fn stays_are_told_one_by_one_with_the_days_that_the_calendar_decides() {
    let mut region = Database::with_persons(Sector::Region, 3).await;
    region.patient(4, "1980-01-01", None, Some(461)).await;
    let contacts = [
        (3, ("2025-08-31T08:00", Some("2025-08-31T10:00"), Acute), "X2"),
        (3, ("2025-08-31T08:00", Some("2025-08-31T10:00"), Planned), "X3"),
        (3, ("2025-08-31T12:00", Some("2025-09-02T06:00"), Planned), "X1"),
        // Of before the window, and short: it may be part of a stay with another node's.
        (3, ("2025-02-28T18:00", Some("2025-02-28T20:00"), Planned), "X4"),
        (3, ("2025-02-28T10:00", Some("2025-02-28T12:00"), Planned), "X5"),
        (1, ("2026-02-28T09:00", Some("2026-03-05T09:00"), Planned), "X6"),
        (1, ("2026-02-20T09:00", None, Planned), "X7"),
        (1, ("2025-12-24T09:30", Some("2025-12-24T10:15"), Planned), "X8"),
        (1, ("2026-03-01T00:00", None, Acute), "X9"),
        (4, ("2025-12-24T09:30", Some("2025-12-24T10:15"), Planned), "Y1"),
    ];
    for (n, contact, id) in contacts {
        region.contact(n, contact, Some(id)).await;
    }
    let library = Library::embedded().unwrap();
    let model = library.model("somv").unwrap();
    let rows = region.events(model, AS_OF, u16::MAX).await;
    let day = |year, month, d| day_number(date(year, month, d));
    let at = |year, month, d, hour, minute| minutes(date(year, month, d), hour, minute);
    let expected = [
        // 24 December and six months is 24 June: 182 days.
        (
            1,
            "X8",
            [
                0,
                1,
                0,
                day(2025, 12, 24),
                day(2025, 12, 24),
                at(2025, 12, 24, 9, 30),
                at(2025, 12, 24, 10, 15),
                at(2025, 12, 24, 10, 15),
                182,
            ],
        ),
        // The known end of the second is later than that of the first, which has none.
        (
            1,
            "X7",
            [
                0,
                1,
                0,
                day(2026, 2, 20),
                day(2026, 2, 28),
                at(2026, 2, 20, 9, 0),
                at(2026, 3, 5, 9, 0),
                at(2026, 2, 28, 23, 59),
                181,
            ],
        ),
        (
            3,
            "X4",
            [
                0,
                0,
                0,
                day(2025, 2, 28),
                day(2025, 2, 28),
                at(2025, 2, 28, 18, 0),
                at(2025, 2, 28, 20, 0),
                at(2025, 2, 28, 20, 0),
                181,
            ],
        ),
        // 31 August and six months is 28 February: 181 days, and not 3 March.
        (
            3,
            "X2",
            [
                0,
                1,
                1,
                day(2025, 8, 31),
                day(2025, 9, 2),
                at(2025, 8, 31, 8, 0),
                at(2025, 9, 2, 6, 0),
                at(2025, 8, 31, 10, 0),
                181,
            ],
        ),
    ];
    assert_eq!(rows.len(), expected.len());
    for (row, (n, id, expected)) in rows.iter().zip(expected) {
        assert!(of(row, n) && row.id.expose() == id, "{id}");
        assert_eq!(numbers(row), expected, "{id}");
    }
}

#[tokio::test]
async fn spells_are_told_from_the_day_that_the_window_opens_on() {
    let mut municipality = Database::with_persons(Sector::Municipality, 3).await;
    municipality.leave(2, "2024-01-10", Some("2024-02-28")).await;
    municipality.leave(2, "2026-02-01", None).await;
    municipality.leave(2, "2024-06-01", Some("2024-06-10")).await;
    municipality.leave(2, "2024-06-11", Some("2024-06-20")).await;
    municipality.leave(1, "2024-01-10", Some("2024-02-27")).await;
    municipality.leave(1, "2024-02-29", Some("2026-12-31")).await;
    municipality.leave(3, "2026-03-01", None).await;
    let library = Library::embedded().unwrap();
    let model = library.model("sad").unwrap();
    let group = model.touches.iter().position(|touch| touch.group == "spells").unwrap();
    let rows = municipality.events(model, AS_OF, 1 << group).await;
    let expected = [
        (1, true, date(2024, 2, 29), AS_OF),
        (2, false, date(2024, 1, 10), date(2024, 2, 28)),
        (2, true, date(2024, 6, 1), date(2024, 6, 20)),
        (2, true, date(2026, 2, 1), AS_OF),
    ];
    assert_eq!(rows.len(), expected.len());
    for (row, (n, in_window, first, last)) in rows.iter().zip(expected) {
        let (group, in_window) = (group as i64, i64::from(in_window));
        assert!(of(row, n) && row.id.expose().is_empty());
        let expected = [group, in_window, 0, day_number(first), day_number(last), 0, 0, 0, 0];
        assert_eq!(numbers(row), expected, "person {n} from {first}");
    }
}

#[tokio::test]
async fn groups_that_are_not_asked_for_or_have_no_events_give_none() {
    let library = Library::embedded().unwrap();
    let (sad, somv) = (library.model("sad").unwrap(), library.model("somv").unwrap());
    let members = &[360];
    let (region, municipality) = (Holding::Region { members }, Holding::Municipality { own: 360 });
    let bits = |model: &Model, group: &str| {
        1_u16 << model.touches.iter().position(|touch| touch.group == group).unwrap()
    };
    let cases = [
        (sad, municipality, u16::MAX, true),
        (sad, municipality, bits(sad, "spells"), true),
        (sad, municipality, !bits(sad, "spells"), false),
        (sad, municipality, 0, false),
        (sad, region, u16::MAX, false),
        (somv, region, bits(somv, "stays"), true),
        (somv, region, !bits(somv, "stays"), false),
        (somv, municipality, u16::MAX, false),
    ];
    for (model, holding, groups, has_events) in cases {
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            let extraction = EventExtraction { model, holding, as_of: AS_OF, groups };
            let statement = extraction.statement(dialect).unwrap();
            assert_eq!(statement.is_some(), has_events, "{} {groups:b}", model.name);
        }
    }
}

#[tokio::test]
async fn events_of_several_groups_come_by_person_then_group_then_beginning() {
    let mut region = Database::with_persons(Sector::Region, 2).await;
    for n in [2, 1] {
        for day in [20, 10] {
            let (start, end) = (format!("2025-06-{day}T08:00"), format!("2025-06-{day}T20:00"));
            region.contact(n, (&start, Some(&end), Acute), None).await;
        }
    }
    let library = Library::embedded().unwrap();
    let mut model = library.model("somv").unwrap().clone();
    // The same group once more, as the third, with rules that do not count months.
    let stays = model.touches.iter().position(|touch| touch.group == "stays").unwrap();
    let again = model.components_of(stays).find(|(_, component)| component.name == "two_in_30").unwrap().1;
    let again = tvaers_definitions::model::Component { touch: Some(stays + 2), ..again.clone() };
    let mut other = model.touches[stays].clone();
    other.has_events = false;
    model.touches.push(other.clone());
    model.touches.push(tvaers_definitions::model::Touch { has_events: true, ..other });
    model.components.push(again);
    let rows = region.events(&model, AS_OF, u16::MAX).await;
    let found: Vec<_> = rows.iter().map(|row| (of(row, 1), row.group, row.first_day, row.reach)).collect();
    let (tenth, twentieth) =
        [10, 20].map(|day| i32::try_from(day_number(date(2025, 6, day))).unwrap()).into();
    let (first, third) = (stays as u8, stays as u8 + 2);
    let of_one = [(first, tenth, 183), (first, twentieth, 183), (third, tenth, 0), (third, twentieth, 0)];
    let expected: Vec<_> = [true, false]
        .into_iter()
        .flat_map(|one| of_one.map(|(group, day, reach)| (one, group, day, reach)))
        .collect();
    assert_eq!(found, expected);
}

/// An event as it would travel without any shift. Tags are of the identifier's bytes.
pub(super) fn event(row: &EventRow) -> Event {
    let mut tag = [0; ORDER_BYTES];
    for (to, from) in tag.iter_mut().zip(row.id.expose().bytes()) {
        *to = u16::from(from);
    }
    Event {
        group: row.group,
        in_window: row.in_window,
        acute: row.acute,
        index: row.index,
        discharged: row.discharged,
        first_round: row.first_round,
        last_round: row.last_round,
        first_day: row.first_day.cast_unsigned(),
        last_day: row.last_day.cast_unsigned(),
        begins: row.begins.cast_unsigned(),
        ends: row.ends.cast_unsigned(),
        first_ends: row.first_ends.cast_unsigned(),
        reach: row.reach,
        amount: row.amount,
        order: OrderTag(tag),
    }
}
