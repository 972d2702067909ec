//! Made-up contacts and records, merged by the database and by a second way that knows nothing of the first: whoever
//! holds them, one node or two.

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use jiff::civil::DateTime;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use tvaers_protocol::event::Event;
use tvaers_protocol::id::Sector;

use super::event::event;
use super::fixture::{Answer, Visit, person};
use super::*;

/// What every run draws from; a failure names it.
const SEED: u64 = 20_260_228;
/// Reference dates: before, on and after the leap day, at ends of long and short months.
pub(super) const DAYS: [Date; 6] = [
    date(2026, 2, 28),
    date(2024, 2, 29),
    date(2024, 3, 1),
    date(2025, 8, 31),
    date(2025, 9, 30),
    date(2026, 1, 1),
];

/// Runs a test on inputs drawn from [`SEED`].
pub(super) fn check<T: std::fmt::Debug>(cases: u32, inputs: impl Strategy<Value = T>, test: impl Fn(&T)) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&SEED.to_be_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let test = |input| {
        test(&input);
        Ok(())
    };
    runner.run(&inputs, test).unwrap_or_else(|error| panic!("seed {SEED}: {error}"));
}

pub(super) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

#[derive(Clone, Debug)]
struct MadeUp {
    start: DateTime,
    end: Option<DateTime>,
    visit: Visit,
    id: String,
    /// Which of two nodes holds it.
    elsewhere: bool,
}

/// Hours, or a minute more or less: what lies at an edge.
pub(super) fn about_hours(max: i64) -> impl Strategy<Value = i64> {
    (0..=max, -1..=1_i64).prop_map(|(hours, more)| (hours * 60 + more).max(0))
}

/// Contacts of one person, so near to each other that some merge, from some day before the reference date on.
fn contacts(as_of: Date) -> impl Strategy<Value = Vec<MadeUp>> {
    let step = prop_oneof![4 => about_hours(6), 1 => about_hours(24 * 40)];
    let length = prop_oneof![4 => about_hours(13).prop_map(Some), 2 => about_hours(24 * 9).prop_map(Some), 1 => Just(None)];
    let visit = prop_oneof![5 => Just(Visit::Acute), 3 => Just(Visit::Planned), 1 => Just(Visit::Virtual)];
    let one = (step, length, visit, 0..50_u32, any::<bool>());
    let days_before = prop_oneof![0..3_i32, 360..370, 0..400];
    (days_before, about_hours(24), prop::collection::vec(one, 0..9)).prop_map(move |(days, first, steps)| {
        let mut start = (as_of - days.days()).at(0, 0, 0, 0) + first.minutes();
        let mut contacts = Vec::new();
        for (index, (step, length, visit, id, elsewhere)) in steps.into_iter().enumerate() {
            start += step.minutes();
            let end = length.map(|minutes| start + minutes.minutes());
            contacts.push(MadeUp { start, end, visit, id: format!("{id}-{index}"), elsewhere });
        }
        contacts
    })
}

/// A stay by the second way: the contacts that can be reached from each other over gaps of at most 4 hours.
struct Stay {
    start: DateTime,
    end: DateTime,
    acute: bool,
}

fn stays(contacts: &[MadeUp], as_of: Date) -> Vec<Stay> {
    let physical = |contact: &&MadeUp| contact.visit != Visit::Virtual && contact.start.date() <= as_of;
    let mut left: Vec<&MadeUp> = contacts.iter().filter(physical).collect();
    let end = |contact: &MadeUp| contact.end.unwrap_or_else(|| as_of.at(23, 59, 0, 0));
    let near = |one: &MadeUp, other: &MadeUp| {
        one.start <= end(other) + 4.hours() && other.start <= end(one) + 4.hours()
    };
    let mut stays = Vec::new();
    while let Some(one) = left.pop() {
        let mut together = vec![one];
        loop {
            let (joins, rest): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|other| together.iter().any(|one| near(one, other)));
            left = rest;
            if joins.is_empty() {
                break;
            }
            together.extend(joins);
        }
        let first = together.iter().min_by_key(|contact| (contact.start, end(contact), &contact.id)).unwrap();
        let last = together.iter().map(|contact| end(contact)).max().unwrap();
        stays.push(Stay { start: first.start, end: last, acute: first.visit == Visit::Acute });
    }
    stays.sort_by_key(|stay| stay.start);
    stays
}

/// Admissions, acute ones, bed days, two in 30 days, three in six months.
fn measures(contacts: &[MadeUp], as_of: Date) -> [i64; 5] {
    let opens = as_of - 12.months();
    let stays = stays(contacts, as_of);
    let admissions: Vec<&Stay> = stays
        .iter()
        .filter(|stay| stay.end.duration_since(stay.start).as_mins() >= 12 * 60 && stay.start.date() > opens)
        .collect();
    let days = |from: Date, to: Date| i64::from((to - from).get_days());
    let bed_days =
        admissions.iter().map(|stay| days(stay.start.date(), stay.end.date().min(as_of)).max(1)).sum();
    let acute: Vec<Date> =
        admissions.iter().filter(|stay| stay.acute).map(|stay| stay.start.date()).collect();
    let two = acute.windows(2).any(|pair| days(pair[0], pair[1]) <= 30);
    let three = acute.windows(3).any(|three| three[2] <= three[0] + 6.months());
    [admissions.len() as i64, acute.len() as i64, bed_days, i64::from(two), i64::from(three)]
}

const MEASURES: [&str; 5] = [
    "admissions_1y",
    "acute_admissions_1y",
    "bed_days_1y",
    "acute_two_in_30_days_1y",
    "acute_three_in_6_months_1y",
];

fn persons() -> impl Strategy<Value = (Date, Vec<Vec<MadeUp>>)> {
    prop::sample::select(&DAYS[..])
        .prop_flat_map(|as_of| (Just(as_of), prop::collection::vec(contacts(as_of), 24)))
}

/// A region's database with those of the contacts that pass.
async fn region(persons: &[Vec<MadeUp>], held: impl Fn(&MadeUp) -> bool) -> Database {
    let mut region = Database::with_persons(Sector::Region, u16::try_from(persons.len()).unwrap()).await;
    for (n, contacts) in (1..).zip(persons) {
        for MadeUp { start, end, visit, id, .. } in contacts.iter().filter(|contact| held(contact)) {
            let text = |time: DateTime| time.strftime("%Y-%m-%dT%H:%M").to_string();
            let (start, end) = (text(*start), end.map(text));
            region.contact(n, (&start, end.as_deref(), *visit), Some(&format!("{id}-{n}"))).await;
        }
    }
    region
}

#[test]
fn stays_are_those_that_contacts_make_that_reach_each_other() {
    check(40, persons(), |(as_of, persons)| {
        runtime().block_on(async {
            let found = region(persons, |_| true).await.features(&MEASURES, *as_of).await;
            for (n, contacts) in (1..).zip(persons) {
                let expected = measures(contacts, *as_of).map(Some);
                assert_eq!(found.row(n).values, expected, "at {as_of}: {contacts:?}");
            }
        });
    });
}

/// The values of the components of a group, for a person whom two nodes know: put together from the events where both
/// touch, else those of the one that touches.
pub(super) fn joined(
    model: &Model,
    group: &str,
    n: u16,
    nodes: &[(Answer, Vec<EventRow>)],
) -> Vec<(String, u32)> {
    let index = model.touches.iter().position(|touch| touch.group == group).unwrap();
    let touching: Vec<&(Answer, Vec<EventRow>)> =
        nodes.iter().filter(|(answer, _)| answer.touched(n, group)).collect();
    let of_person = |row: &&EventRow| row.person.expose() == person(n);
    let events: Vec<Event> =
        nodes.iter().flat_map(|(_, events)| events.iter().filter(of_person).map(event)).collect();
    let name = |component: usize| model.components[component].name.clone();
    match touching.as_slice() {
        [_, _, ..] => model.resolve(index, &events).into_iter().map(|(i, value)| (name(i), value)).collect(),
        _ => {
            let (answer, _) = touching.first().copied().unwrap_or(&nodes[0]);
            model.components_of(index).map(|(i, _)| (name(i), answer.value(n, &name(i)))).collect()
        }
    }
}

#[test]
fn two_regions_events_put_together_say_what_one_database_would() {
    let library = Library::embedded().unwrap();
    let model = library.model("somv").unwrap();
    check(40, persons(), |(as_of, persons)| {
        runtime().block_on(async {
            let mut nodes = Vec::new();
            for elsewhere in [false, true] {
                let mut region = region(persons, |contact| contact.elsewhere == elsewhere).await;
                let answer = region.answer_to(model, *as_of, Grain::Events).await;
                nodes.push((answer, region.events(model, *as_of, u16::MAX).await));
            }
            let nodes: [_; 2] = nodes.try_into().ok().unwrap();
            for (n, contacts) in (1..).zip(persons) {
                let [.., two, three] = measures(contacts, *as_of);
                let found = joined(model, "stays", n, &nodes);
                for (component, expected) in [("two_in_30", two), ("three_in_6m", three)] {
                    let (_, value) = found.iter().find(|(name, _)| name == component).unwrap();
                    assert_eq!(i64::from(*value), expected, "{component} at {as_of}: {contacts:?}");
                }
            }
        });
    });
}

#[test]
fn the_events_of_one_node_say_what_it_says_itself() {
    let library = Library::embedded().unwrap();
    let model = library.model("somv").unwrap();
    let group = model.touches.iter().position(|touch| touch.group == "stays").unwrap();
    check(20, persons(), |(as_of, persons)| {
        runtime().block_on(async {
            let mut region = region(persons, |_| true).await;
            let answer = region.answer_to(model, *as_of, Grain::Counts).await;
            let rows = region.events(model, *as_of, u16::MAX).await;
            for n in (1..).take(persons.len()) {
                let own = rows.iter().filter(|row| row.person.expose() == person(n));
                let events: Vec<Event> = own.map(event).collect();
                assert_eq!(answer.touched(n, "stays"), !events.is_empty(), "at {as_of}");
                for (component, value) in model.resolve(group, &events) {
                    let name = &model.components[component].name;
                    assert_eq!(
                        value,
                        answer.value(n, name),
                        "{name} at {as_of}: {:?}",
                        persons[usize::from(n) - 1]
                    );
                }
            }
        });
    });
}

/// A record of sick leave, and which of two municipalities holds it.
type Leave = (Date, Option<Date>, bool);

fn leaves() -> impl Strategy<Value = (Date, Vec<Vec<Leave>>)> {
    let one = |as_of: Date| {
        let days_before = prop_oneof![-2..3_i32, 725..740, 0..900];
        let length = prop_oneof![9 => (0..40_i32).prop_map(Some), 1 => Just(None)];
        (days_before, length, any::<bool>()).prop_map(move |(days, length, elsewhere)| {
            let first = as_of - days.days();
            (first, length.map(|length| first + length.days()), elsewhere)
        })
    };
    prop::sample::select(&DAYS[..]).prop_flat_map(move |as_of| {
        let of_person = prop::collection::vec(one(as_of), 0..10);
        (Just(as_of), prop::collection::vec(of_person, 24))
    })
}

/// Spells as the runs of days on leave: a second way to the same answer, that knows no merging.
fn runs(records: &[Leave], as_of: Date) -> Vec<(Date, Date)> {
    let mut days = BTreeSet::new();
    for (first, last, _) in records.iter().filter(|(first, ..)| *first <= as_of) {
        let last = last.map_or(as_of, |last| last.min(as_of));
        days.extend(first.series(1.day()).take_while(|day| *day <= last));
    }
    let mut runs: Vec<(Date, Date)> = Vec::new();
    for day in days {
        match runs.last_mut() {
            Some((_, last)) if *last == day.yesterday().unwrap() => *last = day,
            _ => runs.push((day, day)),
        }
    }
    runs
}

/// How many spells of more than 14 days begin in the last two years, and the days of the latest that begins then.
fn spells(records: &[Leave], as_of: Date) -> (u32, Option<(Date, u32)>) {
    let opens = as_of - 2.years();
    let days = |(first, last): (Date, Date)| u32::try_from((last - first).get_days() + 1).unwrap();
    let inside: Vec<_> = runs(records, as_of).into_iter().filter(|(first, _)| *first > opens).collect();
    let long = inside.iter().filter(|run| days(**run) > 14).count();
    (u32::try_from(long).unwrap(), inside.last().map(|run| (run.0, days(*run))))
}

async fn municipality(persons: &[Vec<Leave>], held: impl Fn(&Leave) -> bool) -> Database {
    let n = u16::try_from(persons.len()).unwrap();
    let mut municipality = Database::with_persons(Sector::Municipality, n).await;
    for (n, records) in (1..).zip(persons) {
        for (first, last, _) in records.iter().filter(|record| held(record)) {
            let last = last.map(|last| last.to_string());
            municipality.leave(n, &first.to_string(), last.as_deref()).await;
        }
    }
    municipality
}

#[test]
fn spells_are_the_runs_of_days_on_leave() {
    check(40, leaves(), |(as_of, persons)| {
        runtime().block_on(async {
            let answer = municipality(persons, |_| true).await.answer(*as_of, Grain::Counts).await;
            let opens = *as_of - 2.years();
            for (n, records) in (1..).zip(persons) {
                let (long, latest) = spells(records, *as_of);
                let why = format!("at {as_of}: {records:?}");
                assert_eq!(answer.value(n, "long_spells"), long, "{why}");
                assert_eq!(
                    answer.value(n, "last_spell"),
                    latest.map_or(0, |(_, days)| days.min(730)),
                    "{why}"
                );
                let ago = |(first, _): (Date, u32)| u16::try_from((*as_of - first).get_days()).unwrap();
                assert_eq!(answer.recency(n, "last_spell"), latest.map_or(RECENCY_NONE, ago), "{why}");
                let touched = runs(records, *as_of).iter().any(|(_, last)| *last >= opens);
                assert_eq!(answer.touched(n, "spells"), touched, "{why}");
            }
        });
    });
}

#[test]
fn two_municipalities_events_put_together_say_what_one_database_would() {
    let library = Library::embedded().unwrap();
    let model = library.model("sad").unwrap();
    check(40, leaves(), |(as_of, persons)| {
        runtime().block_on(async {
            let mut nodes = Vec::new();
            for elsewhere in [false, true] {
                let mut municipality = municipality(persons, |record| record.2 == elsewhere).await;
                let answer = municipality.answer_to(model, *as_of, Grain::Events).await;
                nodes.push((answer, municipality.events(model, *as_of, u16::MAX).await));
            }
            let nodes: [_; 2] = nodes.try_into().ok().unwrap();
            for (n, records) in (1..).zip(persons) {
                let (long, latest) = spells(records, *as_of);
                let latest = latest.map_or(0, |(_, days)| days.min(730));
                let found = joined(model, "spells", n, &nodes);
                for (component, expected) in [("long_spells", long), ("last_spell", latest)] {
                    let (_, value) = found.iter().find(|(name, _)| name == component).unwrap();
                    assert_eq!(*value, expected, "{component} at {as_of}: {records:?}");
                }
            }
        });
    });
}
