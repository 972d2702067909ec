use tvaers_protocol::event::{Event, ORDER_BYTES, OrderTag};
use tvaers_protocol::study::Grain;

use crate::library::Library;
use crate::model::Model;

/// A shift near the end of the numbers, so that what is compared wraps.
const SHIFT: u32 = u32::MAX - 10;

fn tag(rank: u16) -> OrderTag {
    OrderTag([rank; ORDER_BYTES])
}

/// What an event says before it is of any kind.
fn empty() -> Event {
    Event {
        group: 0,
        in_window: true,
        acute: false,
        index: false,
        discharged: false,
        first_round: false,
        last_round: false,
        first_day: 0,
        last_day: 0,
        begins: 0,
        ends: 0,
        first_ends: 0,
        reach: 0,
        amount: 0,
        order: tag(0),
    }
}

fn spell(first: u32, last: u32, in_window: bool) -> Event {
    let (first_day, last_day) = (SHIFT.wrapping_add(first), SHIFT.wrapping_add(last));
    Event { in_window, first_day, last_day, ..empty() }
}

/// A stay of so many hours from an hour counted from day 0, acute and in the window.
fn stay(from_hour: u32, hours: u32) -> Event {
    let minute = |hour: u32| SHIFT.wrapping_add(hour * 60);
    Event {
        acute: true,
        first_day: SHIFT.wrapping_add(from_hour / 24),
        last_day: SHIFT.wrapping_add((from_hour + hours) / 24),
        begins: minute(from_hour),
        ends: minute(from_hour + hours),
        first_ends: minute(from_hour + hours),
        reach: 184,
        order: tag(1),
        ..empty()
    }
}

fn model(name: &str) -> Model {
    Library::embedded().unwrap().model(name).unwrap().clone()
}

fn values(model: &Model, events: &[Event]) -> Vec<u32> {
    model.resolve(0, events).into_iter().map(|(_, value)| value).collect()
}

#[test]
fn spells_of_two_nodes_that_follow_day_on_day_are_one() {
    let sad = model("sad");
    assert_eq!(sad.joined_groups(Grain::Events) & 1, 1);
    // How many longer than 14 days; the length of the latest.
    let cases = [
        (vec![spell(0, 9, true), spell(10, 19, true)], vec![1, 20]),
        (vec![spell(0, 9, true), spell(11, 20, true)], vec![0, 10]),
        (vec![spell(10, 19, true), spell(0, 30, true)], vec![1, 31]),
        // One that begins before the window swallows what follows it.
        (vec![spell(0, 9, false), spell(10, 40, true), spell(50, 65, true)], vec![1, 16]),
        (vec![spell(0, 9, false)], vec![0, 0]),
        (vec![], vec![0, 0]),
    ];
    for (number, (events, expected)) in cases.into_iter().enumerate() {
        assert_eq!(values(&sad, &events), expected, "case {number}");
    }
}

#[test]
fn stays_of_two_nodes_merge_within_four_hours_and_count_from_twelve() {
    let somv = model("somv");
    // Two within 30 days; three within six months.
    let day = 24;
    let cases = [
        // Two of 6 hours, 4 hours apart, are one of 16; with another they are two.
        (vec![stay(0, 6), stay(10, 6), stay(20 * day, 12)], vec![1, 0]),
        (vec![stay(0, 6), stay(11, 6), stay(20 * day, 12)], vec![0, 0]),
        (vec![stay(0, 12), stay(30 * day, 12)], vec![1, 0]),
        (vec![stay(0, 12), stay(31 * day, 12)], vec![0, 0]),
        (vec![stay(0, 12), stay(100 * day, 12), stay(184 * day, 12)], vec![0, 1]),
        (vec![stay(0, 12), stay(100 * day, 12), stay(185 * day, 12)], vec![0, 0]),
        // Nested: the gap is measured from the latest end.
        (vec![stay(0, 48), stay(1, 2), stay(51, 12), stay(10 * day, 12)], vec![1, 0]),
    ];
    for (number, (events, expected)) in cases.into_iter().enumerate() {
        assert_eq!(values(&somv, &events), expected, "case {number}");
        let backwards: Vec<Event> = events.into_iter().rev().collect();
        assert_eq!(values(&somv, &backwards), expected, "case {number}, backwards");
    }
}

#[test]
fn a_stay_is_acute_and_in_the_window_by_its_first_contact() {
    let somv = model("somv");
    let later = stay(20 * 24, 12);
    let planned = |mut event: Event| {
        event.acute = false;
        event
    };
    assert_eq!(values(&somv, &[planned(stay(0, 12)), stay(13, 12), later.clone()])[0], 0);
    assert_eq!(values(&somv, &[stay(0, 12), planned(stay(13, 12)), later.clone()])[0], 1);
    // Equal beginnings: the one whose first contact ends first, then the lower identifier.
    let mut short = planned(stay(0, 13));
    short.first_ends = SHIFT.wrapping_add(60);
    assert_eq!(values(&somv, &[stay(0, 12), short, later.clone()])[0], 0);
    let mut lower = planned(stay(0, 12));
    lower.order = tag(0);
    for order in [[stay(0, 12), lower.clone()], [lower, stay(0, 12)]] {
        let [one, other] = order;
        assert_eq!(values(&somv, &[one, other, later.clone()])[0], 0);
    }
    let mut before = stay(0, 12);
    before.in_window = false;
    assert_eq!(values(&somv, &[before, later])[0], 0);
}
