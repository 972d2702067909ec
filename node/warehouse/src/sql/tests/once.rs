//! Amounts of rows that two nodes can hold, and answers over a move: what the nodes' events become.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use proptest::prelude::*;
use tvaers_definitions::model::{Coding, Combine};
use tvaers_protocol::id::Sector;

use super::fixture::model_of;
use super::property::{DAYS, check, joined, runtime};
use super::*;

const COST: &str = "cost_hospital_somatic_1y";
const ITEM: [&str; 3] =
    ["self_rated_health_baseline", "self_rated_health_followup", "self_rated_health_change"];

#[tokio::test]
async fn a_contact_that_two_regions_hold_costs_once_and_the_greater_price_counts() {
    // Number, day, price in øre at the one and at the other region; the cost of both together.
    type Row = (&'static str, &'static str, Option<&'static str>, Option<&'static str>);
    let cases: [(&[Row], u32); 7] = [
        (&[("A", "2025-06-01T08:00", Some("100"), Some("100"))], 100),
        (&[("A", "2025-06-01T08:00", Some("100"), Some("250"))], 250),
        (&[("A", "2025-06-01T08:00", Some("100"), None)], 100),
        (&[("A", "2025-06-01T08:00", Some("100"), None), ("B", "2025-06-01T08:00", None, Some("30"))], 130),
        (
            &[
                ("A", "2025-02-28T23:59", Some("7"), Some("7")),
                ("B", "2025-03-01T00:00", Some("5"), Some("5")),
            ],
            5,
        ),
        (
            &[
                ("A", "2025-06-01T08:00", Some("60000000"), None),
                ("B", "2025-06-01T08:00", None, Some("60000000")),
            ],
            100_000_000,
        ),
        (&[], 0),
    ];
    let model = model_of(&[("cost", Combine::Sum, &[COST])]);
    let mut nodes = Vec::new();
    for number in [0, 1] {
        let mut region = Database::with_persons(Sector::Region, 7).await;
        for (n, (rows, _)) in (1..).zip(cases) {
            for (id, start, one, other) in rows {
                // Where only one region has a price, the other holds the contact without one.
                let oere = if number == 0 { one } else { other };
                region.paid(n, &format!("{id}-{n}"), start, *oere).await;
            }
        }
        let answer = region.answer_to(&model, AS_OF, Grain::Events).await;
        nodes.push((answer, region.events(&model, AS_OF, u16::MAX).await));
    }
    for (n, (rows, expected)) in (1..).zip(cases) {
        assert_eq!(nodes[0].0.touched(n, "cost"), !rows.is_empty(), "person {n}");
        assert_eq!(joined(&model, "cost", n, &nodes), [(COST.to_owned(), expected)], "person {n}");
    }
    // An amount has no day, and no time.
    let (_, events) = &nodes[0];
    assert!(events.iter().all(|row| (row.first_day, row.last_day, row.begins, row.ends) == (0, 0, 0, 0)));
}

/// A contact's day, price and number, and the regions that hold it.
type Paid = (Date, u32, u8, u8);

#[test]
fn three_regions_cost_together_what_one_database_would() {
    let persons = prop::sample::select(&DAYS[..]).prop_flat_map(|as_of| {
        let day = prop_oneof![-2..3_i32, 360..370, 0..400].prop_map(move |days| as_of - days.days());
        let price = prop_oneof![0..500_u32, 40_000_000..60_000_000_u32];
        let paid = (day, price, 0..30_u8, 1..8_u8);
        (Just(as_of), prop::collection::vec(prop::collection::vec(paid, 0..6), 16))
    });
    let model = model_of(&[("cost", Combine::Sum, &[COST])]);
    check(30, persons, |(as_of, persons): &(Date, Vec<Vec<Paid>>)| {
        runtime().block_on(async {
            let mut nodes = Vec::new();
            for number in 0..3 {
                let mut region = Database::with_persons(Sector::Region, 16).await;
                for (n, contacts) in (1..).zip(persons) {
                    for (nth, (day, price, id, regions)) in contacts.iter().enumerate() {
                        if regions >> number & 1 == 1 {
                            let (start, price) = (format!("{day}T08:00"), price.to_string());
                            region.paid(n, &format!("{id}-{nth}-{n}"), &start, Some(&price)).await;
                        }
                    }
                }
                let answer = region.answer_to(&model, *as_of, Grain::Events).await;
                nodes.push((answer, region.events(&model, *as_of, u16::MAX).await));
            }
            for (n, contacts) in (1..).zip(persons) {
                let counts = |(day, ..): &&Paid| *day > *as_of - 12.months() && day <= as_of;
                let sum: u32 = contacts.iter().filter(counts).map(|(_, price, ..)| price).sum();
                let expected = sum.min(100_000_000);
                let found = joined(&model, "cost", n, &nodes);
                assert_eq!(found, [(COST.to_owned(), expected)], "at {as_of}: {contacts:?}");
            }
        });
    });
}

/// An answer: its day, whether it is a follow-up, what was answered, and which of two municipalities holds it.
type Given = (Date, bool, Option<i64>, bool);

/// The first baseline, the last follow-up and what lies between, by a second way: days with all their answers.
fn told(answers: &[Given], as_of: Date) -> [Option<i64>; 3] {
    let of = |followup: bool| {
        let mut days: BTreeMap<Date, Vec<i64>> = BTreeMap::new();
        for (day, round, value, _) in answers {
            if *round == followup && *day <= as_of {
                days.entry(*day).or_default().extend(value);
            }
        }
        days.retain(|_, values| !values.is_empty());
        days
    };
    let lowest = |values: &Vec<i64>| *values.iter().min().unwrap();
    let first = of(false).first_key_value().map(|(_, values)| lowest(values));
    let last = of(true).last_key_value().map(|(_, values)| lowest(values));
    [first, last, last.zip(first).map(|(last, first)| last - first)]
}

#[test]
fn answers_over_a_move_are_the_first_and_the_last_of_both_municipalities() {
    let persons = prop::sample::select(&DAYS[..]).prop_flat_map(|as_of| {
        let day = prop_oneof![-2..3_i32, 0..6, 0..800].prop_map(move |days| as_of - days.days());
        let value = prop_oneof![5 => (1..=5_i64).prop_map(Some), 1 => Just(None)];
        let given = (day, any::<bool>(), value, any::<bool>());
        (Just(as_of), prop::collection::vec(prop::collection::vec(given, 0..7), 24))
    });
    let model = model_of(&[("health", Combine::Max, &ITEM)]);
    let over_nodes = std::cell::Cell::new(0_u32);
    check(40, persons, |(as_of, persons): &(Date, Vec<Vec<Given>>)| {
        runtime().block_on(async {
            let mut nodes = Vec::new();
            for elsewhere in [false, true] {
                let mut municipality = Database::with_persons(Sector::Municipality, 24).await;
                for (n, answers) in (1..).zip(persons) {
                    for (day, followup, value, _) in answers.iter().filter(|given| given.3 == elsewhere) {
                        let (day, value) = (day.to_string(), value.map(|value| value.to_string()));
                        let round = if *followup { "followup" } else { "baseline" };
                        municipality.survey(n, &day, round, value.as_deref()).await;
                    }
                }
                let answer = municipality.answer_to(&model, *as_of, Grain::Events).await;
                nodes.push((answer, municipality.events(&model, *as_of, u16::MAX).await));
            }
            for (n, answers) in (1..).zip(persons) {
                let found: Vec<Option<i64>> = joined(&model, "health", n, &nodes)
                    .iter()
                    .zip(&model.components)
                    .map(|((_, value), component)| component.coding.number(*value))
                    .collect();
                let expected = told(answers, *as_of);
                assert_eq!(found, expected, "at {as_of}: {answers:?}");
                let both = nodes.iter().all(|(answer, _)| answer.touched(n, "health"));
                over_nodes.set(over_nodes.get() + u32::from(both && expected[2].is_some()));
                for (answer, events) in &nodes {
                    let own = events.iter().filter(|row| row.person.expose() == super::fixture::person(n));
                    assert_eq!(answer.touched(n, "health"), own.count() > 0);
                }
            }
        });
    });
    assert!(over_nodes.get() > 100, "{}", over_nodes.get());
    assert_eq!(model.components[2].coding, Coding::Optional { from: -4 });
}
