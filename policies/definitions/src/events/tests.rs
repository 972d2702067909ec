use std::sync::Arc;

use tvaers_protocol::event::{ANSWER_ZERO, Event, ORDER_BYTES, OrderTag};
use tvaers_protocol::study::Grain;

use crate::feature::Kind;
use crate::library::Library;
use crate::model::{Coding, Component, Model};

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

/// A model whose first touch group has these features.
fn model_of(names: &[&str]) -> Model {
    let library = Library::embedded().unwrap();
    let mut model = library.model("somv").unwrap().clone();
    let grown = model.components[5].clone();
    model.components = names
        .iter()
        .map(|name| {
            let feature = Arc::clone(library.catalogue().feature(name).unwrap());
            let Kind::Integer { from, to, missing } = feature.kind else { panic!("{name} is no number") };
            let coding = if missing { Coding::Optional { from } } else { Coding::Plain };
            let value_min = if missing { 0 } else { coding.coded(from) };
            Component {
                feature,
                coding,
                value_min,
                value_max: coding.coded(to),
                touch: Some(0),
                ..grown.clone()
            }
        })
        .collect();
    model
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

/// A stay of the index kind that ends in a discharge that counts.
fn index(from_hour: u32, hours: u32) -> Event {
    Event { index: true, discharged: true, ..stay(from_hour, hours) }
}

#[test]
fn an_index_admission_is_one_by_its_first_part_and_discharged_by_the_part_that_ends_last() {
    let model = model_of(&["index_admissions_1y", "readmissions_30d_1y"]);
    let day = 24;
    let planned = |event: Event| Event { acute: false, ..event };
    let other = |event: Event| Event { index: false, ..event };
    let stays = |event: Event| Event { discharged: false, ..event };
    let cases = [
        (vec![index(0, 12)], [1, 0]),
        (vec![index(0, 11)], [0, 0]),
        // Index admissions follow each other; the last has no next one.
        (vec![index(0, 12), index(30 * day, 12), index(61 * day, 12)], [3, 1]),
        (vec![index(0, 12), planned(index(10 * day, 12)), stay(20 * day, 12)], [2, 1]),
        (vec![index(0, 12), stay(10 * day, 11), planned(stay(20 * day, 12))], [1, 0]),
        // Parts of one stay.
        (vec![index(0, 12), other(stays(stay(14, 12)))], [0, 0]),
        (vec![index(0, 12), other(index(14, 12))], [1, 0]),
        (vec![other(index(0, 12)), index(14, 12)], [0, 0]),
        (vec![stays(index(0, 40)), index(14, 12)], [0, 0]),
        (vec![index(0, 40), stays(index(14, 12))], [1, 0]),
        // They end together: one register knows that the person died.
        (vec![index(0, 26), stays(index(14, 12))], [0, 0]),
        // The discharge is that of the last part: day 31 of the first is day 30 of the second.
        (vec![index(0, 12), index(14, 12), stay(31 * day, 12)], [1, 1]),
        (vec![index(0, 12), stay(31 * day, 12)], [1, 0]),
        (vec![], [0, 0]),
    ];
    for (number, (events, expected)) in cases.into_iter().enumerate() {
        assert_eq!(values(&model, &events), expected, "case {number}");
        let backwards: Vec<Event> = events.into_iter().rev().collect();
        assert_eq!(values(&model, &backwards), expected, "case {number}, backwards");
    }
}

#[test]
fn an_amount_counts_once_for_each_identifier_and_the_sum_is_clamped() {
    let model = model_of(&["cost_hospital_somatic_1y"]);
    let amount = |rank, amount| Event { amount, order: tag(rank), ..empty() };
    let cases = [
        (vec![amount(1, 5), amount(2, 7)], 12),
        (vec![amount(1, 5), amount(1, 5)], 5),
        (vec![amount(1, 5), amount(2, 7), amount(1, 9)], 16),
        (vec![amount(1, u32::MAX), amount(2, u32::MAX)], 100_000_000),
        (vec![amount(1, 0)], 0),
        (vec![], 0),
    ];
    for (events, expected) in cases {
        assert_eq!(values(&model, &events), [expected]);
    }
}

#[test]
fn of_answers_the_first_of_one_round_and_the_last_of_the_other_are_told_and_the_lowest_of_a_day() {
    let item = ["self_rated_health_baseline", "self_rated_health_followup", "self_rated_health_change"];
    let model = model_of(&item);
    let answer = |day: u32, is_followup: bool, number: i32| Event {
        first_round: !is_followup,
        last_round: is_followup,
        first_day: SHIFT.wrapping_add(day),
        last_day: SHIFT.wrapping_add(day),
        amount: ANSWER_ZERO.wrapping_add_signed(number),
        ..empty()
    };
    let cases = [
        (vec![], [None, None, None]),
        (vec![answer(5, false, 3)], [Some(3), None, None]),
        (vec![answer(5, true, 3)], [None, Some(3), None]),
        (vec![answer(5, false, 1), answer(9, true, 5)], [Some(1), Some(5), Some(4)]),
        // Whatever their order; the shift wraps between day 9 and day 20.
        (vec![answer(20, false, 4), answer(9, true, 2)], [Some(4), Some(2), Some(-2)]),
        (
            vec![answer(20, false, 4), answer(9, false, 2), answer(9, false, 3), answer(9, true, 1)],
            [Some(2), Some(1), Some(-1)],
        ),
        (
            vec![answer(20, true, 4), answer(20, true, 3), answer(9, true, 1), answer(9, false, 1)],
            [Some(1), Some(3), Some(2)],
        ),
        // Beyond the scale each is clamped, and the change to what the scale allows.
        (vec![answer(5, false, -7), answer(9, true, 9)], [Some(1), Some(5), Some(4)]),
    ];
    for (number, (events, expected)) in cases.into_iter().enumerate() {
        for events in [events.clone(), events.into_iter().rev().collect()] {
            let resolved = model.resolve(0, &events);
            let found: Vec<Option<i64>> = resolved
                .iter()
                .map(|(component, value)| model.components[*component].coding.number(*value))
                .collect();
            assert_eq!(found, expected, "case {number}");
        }
    }
}
