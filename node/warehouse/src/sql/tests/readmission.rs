//! Index admissions and readmissions: what each edge decides, in one region and over several, against rows by hand and
//! against a second way that knows nothing of the first.

use jiff::ToSpan as _;
use jiff::civil::DateTime;
use proptest::prelude::*;
use tvaers_definitions::model::Combine;
use tvaers_protocol::id::Sector;

use super::fixture::{Contact, OWN, Visit, model_of};
use super::property::{DAYS, about_hours, check, joined, runtime};
use super::*;
use Visit::{Acute, Planned, Virtual};

const NAMES: [&str; 2] = ["index_admissions_1y", "readmissions_30d_1y"];

const MEDICAL: [&str; 2] = ["somatik", "medicin"];
const SURGICAL: [&str; 2] = ["somatik", "kirurgi"];
const PSYCHIATRIC: [&str; 2] = ["psykiatri", "psykiatri"];

/// A contact with its sector and group of specialties, and the region that holds it, of two.
type Held = (Contact<'static>, [&'static str; 2], usize);

/// When the person died; the contacts; index admissions and readmissions by 28 February 2026. The person was born on
/// 1 June 1960, and is 65 on 1 June 2025.
type Case = (&'static str, Option<&'static str>, &'static [Held], i64, i64);

const fn medical(start: &'static str, end: &'static str, visit: Visit, region: usize) -> Held {
    ((start, Some(end), visit), MEDICAL, region)
}

/// An index admission of 1 to 5 July.
const INDEX: Held = medical("2025-07-01T10:00", "2025-07-05T10:00", Planned, 0);
/// The same, held by the second region.
const ELSEWHERE: Held = medical("2025-07-01T10:00", "2025-07-05T10:00", Planned, 1);

const CASES: &[Case] = &[
    ("none", None, &[], 0, 0),
    ("one", None, &[INDEX], 1, 0),
    ("held by both, and one", None, &[INDEX, ELSEWHERE], 1, 0),
    ("a minute under 12 hours", None, &[medical("2025-07-01T10:00", "2025-07-01T21:59", Acute, 0)], 0, 0),
    ("surgical", None, &[(INDEX.0, SURGICAL, 0)], 0, 0),
    ("psychiatric", None, &[(INDEX.0, PSYCHIATRIC, 0)], 0, 0),
    ("medical, but not somatic", None, &[(INDEX.0, ["psykiatri", "medicin"], 0)], 0, 0),
    ("at a distance", None, &[medical("2025-07-01T10:00", "2025-07-05T10:00", Virtual, 0)], 0, 0),
    // Age at admission, not at discharge.
    ("the day before 65", None, &[medical("2025-05-31T23:00", "2025-06-05T10:00", Acute, 0)], 0, 0),
    ("the day of 65", None, &[medical("2025-06-01T00:00", "2025-06-05T10:00", Acute, 0)], 1, 0),
    // The window of the discharge: after 28 February 2025, and no later than 29 January 2026.
    ("a last day outside", None, &[medical("2025-02-20T10:00", "2025-02-28T23:59", Acute, 0)], 0, 0),
    ("last days of the window", None, &[medical("2026-01-20T10:00", "2026-01-29T23:59", Acute, 0)], 1, 0),
    ("a day too late", None, &[medical("2026-01-20T10:00", "2026-01-30T00:00", Acute, 0)], 0, 0),
    ("open", None, &[(("2025-07-01T10:00", None, Acute), MEDICAL, 0)], 0, 0),
    (
        "ends after the reference date",
        None,
        &[medical("2025-07-01T10:00", "2026-03-01T10:00", Acute, 0)],
        0,
        0,
    ),
    // Alive.
    ("died on the day", Some("2025-07-05"), &[INDEX], 0, 0),
    ("died the day after", Some("2025-07-06"), &[INDEX], 1, 0),
    ("died the day before", Some("2025-07-04"), &[INDEX], 0, 0),
    // The next admission.
    ("day 30", None, &[INDEX, medical("2025-08-04T23:00", "2025-08-06T10:00", Acute, 0)], 2, 1),
    ("day 31", None, &[INDEX, medical("2025-08-05T00:00", "2025-08-06T10:00", Acute, 0)], 2, 0),
    ("day 30 elsewhere", None, &[INDEX, medical("2025-08-04T23:00", "2025-08-06T10:00", Acute, 1)], 2, 1),
    ("day 31 elsewhere", None, &[INDEX, medical("2025-08-05T00:00", "2025-08-06T10:00", Acute, 1)], 2, 0),
    (
        "day 30, surgical",
        None,
        &[INDEX, (("2025-08-04T10:00", Some("2025-08-06T10:00"), Acute), SURGICAL, 1)],
        1,
        1,
    ),
    ("planned", None, &[INDEX, medical("2025-07-20T10:00", "2025-07-22T10:00", Planned, 1)], 2, 0),
    (
        "planned, then acute within the days: of the second",
        None,
        &[
            INDEX,
            (("2025-07-10T10:00", Some("2025-07-12T10:00"), Planned), SURGICAL, 1),
            medical("2025-07-20T10:00", "2025-07-22T10:00", Acute, 0),
        ],
        2,
        0,
    ),
    (
        "a short planned contact between is no admission",
        None,
        &[
            INDEX,
            medical("2025-07-10T10:00", "2025-07-10T12:00", Planned, 1),
            medical("2025-07-20T10:00", "2025-07-22T10:00", Acute, 0),
        ],
        2,
        1,
    ),
    (
        "a short acute one is no readmission",
        None,
        &[INDEX, medical("2025-07-10T10:00", "2025-07-10T12:00", Acute, 1)],
        1,
        0,
    ),
    (
        "a chain, each an index",
        None,
        &[
            INDEX,
            medical("2025-07-20T10:00", "2025-07-22T10:00", Acute, 1),
            medical("2025-08-10T10:00", "2025-08-12T10:00", Acute, 0),
        ],
        3,
        2,
    ),
    (
        "readmitted in the last days, which are no index",
        None,
        &[
            medical("2026-01-10T10:00", "2026-01-12T10:00", Acute, 0),
            medical("2026-02-01T10:00", "2026-02-03T10:00", Acute, 1),
        ],
        1,
        1,
    ),
    ("readmitted and still there", None, &[INDEX, (("2025-07-20T10:00", None, Acute), SURGICAL, 1)], 1, 1),
    // Transfers.
    (
        "transfer, exactly 4 hours",
        None,
        &[INDEX, (("2025-07-05T14:00", Some("2025-07-09T10:00"), Acute), SURGICAL, 1)],
        1,
        0,
    ),
    (
        "a minute beyond 4 hours is an acute admission of the same day",
        None,
        &[INDEX, (("2025-07-05T14:01", Some("2025-07-09T10:00"), Acute), SURGICAL, 1)],
        1,
        1,
    ),
    (
        "a transfer makes the discharge too late",
        None,
        &[
            medical("2026-01-20T10:00", "2026-01-29T22:00", Acute, 0),
            (("2026-01-30T01:00", Some("2026-01-30T08:00"), Acute), SURGICAL, 1),
        ],
        0,
        0,
    ),
    (
        "a transfer brings the discharge into the window",
        None,
        &[
            ((("2025-02-26T10:00"), Some("2025-02-28T22:00"), Acute), MEDICAL, 1),
            medical("2025-03-01T01:00", "2025-06-04T10:00", Acute, 0),
        ],
        0,
        0,
    ),
    (
        "two parts of 6 hours are an admission",
        None,
        &[
            medical("2025-07-01T10:00", "2025-07-01T16:00", Acute, 0),
            (("2025-07-01T20:00", Some("2025-07-02T02:00"), Planned), SURGICAL, 1),
        ],
        1,
        0,
    ),
    (
        "surgical first, elsewhere",
        None,
        &[INDEX, (("2025-07-01T09:00", Some("2025-07-01T09:30"), Acute), SURGICAL, 1)],
        0,
        0,
    ),
    (
        "within another region's, which is surgical",
        None,
        &[INDEX, (("2025-06-30T10:00", Some("2025-07-09T10:00"), Acute), SURGICAL, 1)],
        0,
        0,
    ),
    (
        "around another region's, which is surgical",
        None,
        &[INDEX, (("2025-07-02T10:00", Some("2025-07-03T10:00"), Acute), SURGICAL, 1)],
        1,
        0,
    ),
    (
        "one that goes on elsewhere is no discharge",
        None,
        &[INDEX, (("2025-07-05T10:00", None, Acute), SURGICAL, 1)],
        0,
        0,
    ),
    (
        "an open one elsewhere, of before",
        None,
        &[INDEX, (("2019-07-05T10:00", None, Acute), MEDICAL, 1)],
        0,
        0,
    ),
    (
        "too young where it began, a year before at the other",
        None,
        &[
            medical("2023-07-01T10:00", "2025-06-20T10:00", Planned, 1),
            medical("2025-06-20T12:00", "2025-07-05T10:00", Planned, 0),
        ],
        0,
        0,
    ),
    (
        "the next one is acute by its first contact, elsewhere",
        None,
        &[
            INDEX,
            medical("2025-07-20T10:00", "2025-07-22T10:00", Planned, 0),
            (("2025-07-20T08:00", Some("2025-07-20T09:00"), Acute), SURGICAL, 1),
        ],
        1,
        1,
    ),
    (
        "the next one is planned by its first contact, elsewhere",
        None,
        &[
            INDEX,
            medical("2025-07-20T10:00", "2025-07-22T10:00", Acute, 0),
            (("2025-07-20T08:00", Some("2025-07-20T09:00"), Planned), SURGICAL, 1),
        ],
        1,
        0,
    ),
    (
        "died on the day of the last part",
        Some("2025-07-09"),
        &[INDEX, (("2025-07-05T12:00", Some("2025-07-09T10:00"), Acute), SURGICAL, 1)],
        0,
        0,
    ),
];

/// A region's database with the persons of the cases, and those of the contacts that it holds.
async fn region(held: impl Fn(usize) -> bool) -> Database {
    let mut region = Database::of(Sector::Region).await;
    for (n, (_, death, contacts, ..)) in (1..).zip(CASES) {
        region.patient(n, "1960-06-01", *death, Some(OWN)).await;
        for (nth, (contact, care, at)) in contacts.iter().enumerate() {
            // One that both hold is one contact.
            let id = if *contact == INDEX.0 { format!("{n}-index") } else { format!("{n}-{nth}") };
            let is_copy = held(0) && held(1) && *at == 1 && *contact == INDEX.0;
            if held(*at) && !is_copy {
                region.contact_in(n, *contact, Some(&id), *care).await;
            }
        }
    }
    region
}

#[tokio::test]
async fn each_edge_of_an_index_admission_and_of_a_readmission_is_on_its_side() {
    let found = region(|_| true).await.features(&NAMES, AS_OF).await;
    for (n, (case, .., index, readmitted)) in (1..).zip(CASES) {
        assert_eq!(found.row(n).values, [Some(*index), Some(*readmitted)], "{case}");
    }
}

#[tokio::test]
async fn two_regions_say_together_what_one_would() {
    let model = model_of(&[("index", Combine::Sum, &NAMES)]);
    let mut nodes = Vec::new();
    for number in [0, 1] {
        let mut region = region(|at| at == number).await;
        let answer = region.answer_to(&model, AS_OF, Grain::Events).await;
        nodes.push((answer, region.events(&model, AS_OF, u16::MAX).await));
    }
    for (n, (case, .., index, readmitted)) in (1..).zip(CASES) {
        let found: Vec<i64> = joined(&model, "index", n, &nodes).iter().map(|(_, v)| i64::from(*v)).collect();
        assert_eq!(found, [*index, *readmitted], "{case}");
    }
}

#[tokio::test]
async fn one_born_on_29_february_is_65_on_1_march() {
    for (birth, start, index) in [
        ("1960-02-29", "2025-02-28T23:59", 0),
        ("1960-02-29", "2025-03-01T00:00", 1),
        ("1960-03-01", "2025-02-28T23:59", 0),
        ("1960-03-01", "2025-03-01T00:00", 1),
        ("1960-02-28", "2025-02-28T00:00", 1),
    ] {
        let mut region = Database::of(Sector::Region).await;
        region.patient(1, birth, None, Some(OWN)).await;
        region.contact(1, (start, Some("2025-03-05T10:00"), Acute), None).await;
        let found = region.features(&NAMES, AS_OF).await;
        assert_eq!(found.value(1, NAMES[0]), Some(index), "born {birth}, from {start}");
    }
}

#[derive(Clone, Debug)]
struct MadeUp {
    start: DateTime,
    end: Option<DateTime>,
    visit: Visit,
    care: [&'static str; 2],
    id: String,
    /// Which of three regions hold it: one bit each, at least one.
    regions: u8,
}

#[derive(Clone, Debug)]
struct Patient {
    birth: Date,
    death: Option<Date>,
    contacts: Vec<MadeUp>,
}

/// Contacts so near to each other that some merge, and some follow 30 days on, of one who turns 65 around the first, and
/// dies around the end of some.
fn patient(as_of: Date) -> impl Strategy<Value = Patient> {
    let step = prop_oneof![5 => about_hours(6), 2 => about_hours(24 * 33), 1 => (28..32_i64, about_hours(24)).prop_map(|(days, minutes)| days * 1_440 + minutes)];
    let length = prop_oneof![4 => about_hours(13).prop_map(Some), 4 => about_hours(24 * 9).prop_map(Some), 1 => Just(None)];
    let visit = prop_oneof![5 => Just(Acute), 3 => Just(Planned), 1 => Just(Virtual)];
    let care = prop_oneof![5 => Just(MEDICAL), 1 => Just(SURGICAL), 1 => Just(PSYCHIATRIC)];
    let one = (step, length, visit, care, 0..50_u32, 1..8_u8);
    let days_before = prop_oneof![28..70_i32, 360..372, 0..420, 400..900];
    let birth = prop_oneof![3 => Just(Some(0)), 2 => (-40..5_i32).prop_map(Some), 1 => Just(None)];
    let death = prop_oneof![3 => Just(None), 2 => (0..9_usize, -1..3_i32).prop_map(Some)];
    (days_before, about_hours(24), prop::collection::vec(one, 0..9), birth, death).prop_map(
        move |(days, first, steps, birth, death)| {
            let mut start = (as_of - days.days()).at(0, 0, 0, 0) + first.minutes();
            let mut contacts: Vec<MadeUp> = Vec::new();
            for (index, (step, length, visit, care, id, regions)) in steps.into_iter().enumerate() {
                start += step.minutes();
                let end = length.map(|minutes| start + minutes.minutes());
                // Most are held by one region alone.
                let regions = if id % 4 == 0 { regions } else { 1 << (regions % 3) };
                contacts.push(MadeUp { start, end, visit, care, id: format!("{id}-{index}"), regions });
            }
            let begun = contacts.first().map_or(as_of, |contact| contact.start.date());
            let birth = birth.map_or(as_of - 80.years(), |days| begun - 65.years() + days.days());
            let death = death.and_then(|(nth, days): (usize, i32)| {
                let end = contacts.get(nth)?.end?.date() + days.days();
                (end <= as_of).then_some(end)
            });
            Patient { birth, death, contacts }
        },
    )
}

fn patients() -> impl Strategy<Value = (Date, Vec<Patient>)> {
    prop::sample::select(&DAYS[..])
        .prop_flat_map(|as_of| (Just(as_of), prop::collection::vec(patient(as_of), 24)))
}

/// Index admissions and readmissions by a second way: stays grow by whatever contact is near enough, and each day is
/// one of the calendar.
fn counted(patient: &Patient, as_of: Date) -> [u32; 2] {
    let end = |contact: &MadeUp| contact.end.unwrap_or_else(|| as_of.at(23, 59, 0, 0));
    let physical = |contact: &&MadeUp| contact.visit != Virtual && contact.start.date() <= as_of;
    let mut stays: Vec<Vec<&MadeUp>> = Vec::new();
    for contact in patient.contacts.iter().filter(physical) {
        let near = |other: &&MadeUp| {
            contact.start <= end(other) + 4.hours() && other.start <= end(contact) + 4.hours()
        };
        let (mut together, apart): (Vec<_>, Vec<_>) =
            stays.into_iter().partition(|stay| stay.iter().any(&near));
        together.push(vec![contact]);
        stays = apart;
        stays.push(together.concat());
    }
    let first = |stay: &Vec<&MadeUp>| {
        (*stay.iter().min_by_key(|contact| (contact.start, end(contact), &contact.id)).unwrap()).clone()
    };
    let last = |stay: &Vec<&MadeUp>| stay.iter().map(|contact| end(contact)).max().unwrap();
    stays.retain(|stay| last(stay).duration_since(first(stay).start).as_mins() >= 12 * 60);
    stays.sort_by_key(|stay| first(stay).start);
    let mut found = [0, 0];
    for (nth, stay) in stays.iter().enumerate() {
        let (first_contact, discharge) = (first(stay), last(stay).date());
        let admitted = first_contact.start.date();
        let birthday = (patient.birth.month(), patient.birth.day());
        let years =
            admitted.year() - patient.birth.year() - i16::from((admitted.month(), admitted.day()) < birthday);
        let is_index = first_contact.care == MEDICAL
            && years >= 65
            && patient.death.is_none_or(|death| death > discharge)
            && discharge > as_of - 12.months()
            && discharge <= as_of - 30.days();
        let is_next = stays
            .get(nth + 1)
            .map(first)
            .is_some_and(|next| next.visit == Acute && next.start.date() <= discharge + 30.days());
        found[0] += u32::from(is_index);
        found[1] += u32::from(is_index && is_next);
    }
    found
}

/// A region's database with the contacts that it holds of those that are given.
async fn holding(patients: &[Patient], held: impl Fn(&MadeUp) -> bool) -> Database {
    let mut region = Database::of(Sector::Region).await;
    for (n, Patient { birth, death, contacts }) in (1..).zip(patients) {
        region.patient(n, &birth.to_string(), death.map(|day| day.to_string()).as_deref(), Some(OWN)).await;
        for MadeUp { start, end, visit, care, id, .. } in contacts.iter().filter(|contact| held(contact)) {
            let text = |time: DateTime| time.strftime("%Y-%m-%dT%H:%M").to_string();
            let (start, end) = (text(*start), end.map(text));
            let contact = (start.as_str(), end.as_deref(), *visit);
            region.contact_in(n, contact, Some(&format!("{id}-{n}")), *care).await;
        }
    }
    region
}

#[test]
fn one_region_counts_as_the_second_way_does() {
    check(40, patients(), |(as_of, patients)| {
        runtime().block_on(async {
            let found = holding(patients, |_| true).await.features(&NAMES, *as_of).await;
            for (n, patient) in (1..).zip(patients) {
                let expected = counted(patient, *as_of).map(|count| Some(i64::from(count)));
                assert_eq!(found.row(n).values, expected, "at {as_of}: {patient:?}");
            }
        });
    });
}

#[test]
fn three_regions_events_put_together_say_what_one_database_would() {
    let model = model_of(&[("index", Combine::Sum, &NAMES)]);
    let (met, over_nodes) = (std::cell::Cell::new([0_u32; 2]), std::cell::Cell::new(0_u32));
    check(60, patients(), |(as_of, patients)| {
        runtime().block_on(async {
            let mut nodes = Vec::new();
            for number in 0..3 {
                let mut region = holding(patients, |contact| contact.regions >> number & 1 == 1).await;
                let answer = region.answer_to(&model, *as_of, Grain::Events).await;
                nodes.push((answer, region.events(&model, *as_of, u16::MAX).await));
            }
            for (n, patient) in (1..).zip(patients) {
                let expected = counted(patient, *as_of);
                let found: Vec<u32> =
                    joined(&model, "index", n, &nodes).iter().map(|(_, value)| *value).collect();
                assert_eq!(found, expected, "at {as_of}: {patient:?}");
                let [index, readmitted] = met.get();
                met.set([index + expected[0], readmitted + expected[1]]);
                let own: u32 = nodes.iter().map(|(answer, _)| answer.value(n, NAMES[1])).sum();
                over_nodes.set(over_nodes.get() + u32::from(own != expected[1]));
            }
        });
    });
    // What is drawn has readmissions, and many that no region sees alone.
    let ([index, readmitted], over_nodes) = (met.get(), over_nodes.get());
    assert!(index > 100 && readmitted > 50 && over_nodes > 20, "{index}, {readmitted}, {over_nodes}");
}
