//! The cells of an aggregate query: who counts, what is added up, what leaves the database, and what is refused.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tvaers_definitions::feature::{Holder, Kind, Rows, Rule};
use tvaers_definitions::schema::TABLES;
use tvaers_definitions::window::Window;
use tvaers_protocol::id::Sector;

use super::fixture::OWN;
use super::property::{check, runtime};
use super::*;

const FLAG: Test = Test::Range { from: 1, to: 1 };

/// A region with living patients of two members, and four who are no part of any answer.
async fn region() -> Database {
    let mut region = Database::of(Sector::Region).await;
    for (n, birth, death, kommune) in [
        (1, "1980-01-01", None, Some(360)),
        (2, "1980-01-01", None, Some(360)),
        (3, "1980-01-01", Some("2026-03-01"), Some(376)),
        (4, "1941-02-28", None, Some(376)),
        (5, "1980-01-01", Some("2026-02-28"), Some(360)),
        (6, "1980-01-01", None, Some(461)),
        (7, "1980-01-01", None, None),
        // Not born yet: in no band of age.
        (8, "2026-03-01", None, Some(360)),
    ] {
        region.patient(n, birth, death, kommune).await;
        region.medicine(n, "2025-06-01", "N05A").await;
    }
    for n in [1, 4, 5] {
        region.visit(n, "2025-06-01", "63", "1").await;
    }
    region
}

#[tokio::test]
async fn the_living_patients_of_members_are_counted_by_category() {
    let mut region = region().await;
    assert_eq!(region.cells(None, &["kommune"], &[]).await, [(vec![360], 3), (vec![376], 2)].into());
    let expected = [(vec![3, 360], 2), (vec![3, 376], 1), (vec![10, 376], 1)];
    assert_eq!(region.cells(None, &["age_band", "kommune"], &[]).await, expected.into());
    assert_eq!(region.cells(None, &["psychologist_2y"], &[]).await, [(vec![0], 3), (vec![1], 2)].into());
    assert_eq!(region.cells(None, &[], &[]).await, [(vec![], 5)].into());
}

#[tokio::test]
async fn a_municipality_counts_its_residents() {
    let mut municipality = Database::with_persons(Sector::Municipality, 4).await;
    for (n, from, to) in
        [(1, "2015-01-01", None), (2, "2015-01-01", Some("2026-02-27")), (3, "2026-02-28", None)]
    {
        municipality.residence(n, "360", from, to).await;
    }
    // Two rows that hold the day are one resident.
    municipality.residence(1, "360", "2026-01-01", None).await;
    municipality.residence(4, "376", "2015-01-01", None).await;
    let own = i64::from(OWN);
    assert_eq!(municipality.cells(None, &["kommune", "resident"], &[]).await, [(vec![own, 1], 2)].into());
    let elsewhere = [("kommune", Test::Among(vec![376, 461]))];
    assert_eq!(municipality.cells(None, &["sex"], &elsewhere).await, BTreeMap::new());
}

#[tokio::test]
async fn all_conditions_must_hold_and_both_bounds_are_included() {
    let mut region = region().await;
    for (conditions, expected) in [
        (vec![("psychologist_2y", FLAG)], 2),
        (vec![("psychologist_2y", FLAG), ("kommune", Test::Among(vec![376]))], 1),
        (vec![("age", Test::Range { from: 46, to: 85 })], 4),
        (vec![("age", Test::Range { from: 46, to: 84 })], 3),
        (vec![("age", Test::Range { from: 47, to: 85 })], 1),
        (vec![("age", Test::Range { from: 1, to: 0 })], 0),
        (vec![("age", Test::Among(vec![46, 85, 99]))], 4),
        (vec![("age", Test::Among(vec![]))], 0),
        (vec![("age_band", Test::Range { from: 0, to: 10 })], 4),
        (vec![("age", Test::Range { from: 1, to: 99 }), ("age", Test::Range { from: 47, to: 120 })], 1),
    ] {
        let found = region.cells(None, &[], &conditions).await;
        assert_eq!(found, [(vec![], expected)].into(), "{conditions:?}");
        // With a category, a cell that nobody is in has no row.
        let found = region.cells(None, &["sex"], &conditions).await;
        assert_eq!(
            found.values().copied().collect::<Vec<_>>(),
            Vec::from_iter((expected > 0).then_some(expected))
        );
    }
}

#[tokio::test]
async fn a_number_is_clamped_for_each_person_before_it_is_added_up() {
    let mut region = Database::with_persons(Sector::Region, 4).await;
    for (n, oere) in [(1, "99999999"), (2, "9000000000"), (2, "9000000000"), (3, "7")] {
        region.priced(n, "2025-06-01T08:00", "somatik", Some(oere)).await;
    }
    let cost = "cost_hospital_somatic_1y";
    assert_eq!(region.cells(Some(cost), &["sex"], &[]).await, [(vec![0], 200_000_006)].into());
    // The number may be asked about too; it is worked out once.
    let conditions = [(cost, Test::Range { from: 1, to: 99_999_999 })];
    assert_eq!(region.cells(Some(cost), &["sex"], &conditions).await, [(vec![0], 100_000_006)].into());
}

/// What contacts cost, within a clamp wider than the catalogue may state.
fn wide() -> Feature {
    let table = TABLES.iter().find(|table| table.name == "hospital_contacts").unwrap();
    let column = |name: &str| table.column(name).unwrap();
    Feature {
        name: "wide".to_owned(),
        holder: Holder::Region,
        window: Window::Ever,
        earlier: None,
        kind: Kind::Integer { from: 0, to: i64::MAX, missing: false },
        rule: Rule::SumRows {
            rows: Rows { table, date: column("start"), conditions: Vec::new() },
            amount: column("drg_dkk"),
            id: None,
        },
        da: String::new(),
        en: String::new(),
    }
}

#[tokio::test]
async fn a_sum_is_a_whole_number_beyond_what_a_float_can_tell() {
    let mut region = Database::with_persons(Sector::Region, 4).await;
    for (n, oere) in [(1, "9007199254740993"), (2, "9007199254740994")] {
        region.priced(n, "2025-06-01T08:00", "somatik", Some(oere)).await;
    }
    let Ok(found) = region.cells_of(Some(&wide()), &[], &[]).await else { panic!("no answer") };
    assert_eq!(found, [(vec![], 18_014_398_509_481_987)].into());
    // What does not fit fails, and never becomes another number.
    for n in [3, 4] {
        region.priced(n, "2025-06-01T08:00", "somatik", Some("9000000000000000000")).await;
    }
    let Err(error) = region.cells_of(Some(&wide()), &[], &[]).await else { panic!("an answer") };
    assert!(matches!(error, FetchError::Database(_)), "{error}");
}

#[tokio::test]
async fn a_number_that_is_missing_adds_nothing_and_meets_no_condition() {
    let mut municipality = Database::with_persons(Sector::Municipality, 3).await;
    for (n, followup) in [(1, "1"), (2, "5")] {
        municipality.residence(n, "360", "2015-01-01", None).await;
        municipality.survey(n, "2025-01-01", "baseline", Some("3")).await;
        municipality.survey(n, "2025-06-01", "followup", Some(followup)).await;
    }
    municipality.residence(3, "360", "2015-01-01", None).await;
    let change = "self_rated_health_change";
    assert_eq!(municipality.cells(Some(change), &["sex"], &[]).await, [(vec![0], 0)].into());
    let fell = [(change, Test::Range { from: -4, to: -1 })];
    assert_eq!(municipality.cells(Some(change), &["sex"], &fell).await, [(vec![0], -2)].into());
    let any = [(change, Test::Range { from: -4, to: 4 })];
    assert_eq!(municipality.cells(None, &["sex"], &any).await, [(vec![0], 2)].into());
    // Where nobody has a number the cell is there, and its sum is 0.
    assert_eq!(municipality.cells(Some("coherence_change"), &["sex"], &[]).await, [(vec![0], 0)].into());
    let nobody = [("coherence_change", Test::Range { from: -4, to: 4 })];
    assert_eq!(municipality.cells(Some("coherence_change"), &[], &nobody).await, [(vec![], 0)].into());
}

fn feature<'a>(library: &'a Library, name: &str) -> &'a Feature {
    library.catalogue().feature(name).unwrap()
}

fn refusal(sum: Option<&str>, by: &[&str], conditions: &[&str]) -> SqlError {
    let library = Library::embedded().unwrap();
    let feature = |name: &str| feature(&library, name);
    let extraction = CellExtraction {
        sum: sum.map(feature),
        counted: false,
        bins: None,
        by: &by.iter().map(|name| feature(name)).collect::<Vec<_>>(),
        conditions: &conditions.iter().map(|name| (feature(name), FLAG)).collect::<Vec<_>>(),
        resident: feature("resident"),
        kommune: feature("kommune"),
        holding: Holding::Region { members: &[OWN] },
        as_of: AS_OF,
    };
    extraction.statement(Dialect::Sqlite).unwrap_err()
}

#[test]
fn what_cannot_be_counted_is_refused() {
    let other = |feature: &str| SqlError::OtherSector { feature: feature.to_owned() };
    assert_eq!(refusal(None, &["civil_status"], &[]), other("civil_status"));
    assert_eq!(refusal(None, &[], &["unemployed"]), other("unemployed"));
    assert_eq!(refusal(Some("sick_spells_2y"), &[], &[]), other("sick_spells_2y"));
    // The cells would be those of the data, and what one person adds would have no bound.
    assert_eq!(refusal(None, &["sex", "age"], &[]), SqlError::NoCategory { feature: "age".to_owned() });
    for name in ["kommune", "age_band"] {
        assert_eq!(refusal(Some(name), &[], &[]), SqlError::NoNumber { feature: name.to_owned() });
    }
}

#[test]
fn a_feature_that_is_asked_for_twice_is_worked_out_once() {
    let library = Library::embedded().unwrap();
    let feature = |name: &str| feature(&library, name);
    let conditions = [(feature("known_sad"), FLAG), (feature("bed_days_1y"), FLAG), (feature("sex"), FLAG)];
    let extraction = CellExtraction {
        sum: Some(feature("bed_days_1y")),
        counted: false,
        bins: None,
        by: &[feature("known_sad"), feature("sex")],
        conditions: &conditions,
        resident: feature("resident"),
        kommune: feature("kommune"),
        holding: Holding::Region { members: &[OWN] },
        as_of: AS_OF,
    };
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let statement = extraction.statement(dialect).unwrap();
        assert_eq!(
            [0, 1, 2, 3].map(|n| statement.sql().matches(&format!(" AS \"f{n}\"")).count()),
            [1, 1, 1, 0]
        );
        // One row a cell leaves the database, and the common table keeps no order.
        let grouped = "GROUP BY \"features\".\"f0\", \"features\".\"f1\" HAVING";
        assert!(statement.sql().contains(grouped) && !statement.sql().contains("ORDER BY \"p\""));
        assert!(!statement.sql().contains('\''), "a value stands in the text");
    }
}

/// What is asked of a made-up municipality: positions in lists of features.
#[derive(Clone, Debug)]
struct Asked {
    sum: Option<usize>,
    /// A number, where its bins begin, and where the last ends.
    bins: Option<(usize, BTreeSet<i64>)>,
    by: Vec<usize>,
    conditions: Vec<(usize, Test)>,
}

const NUMBERS: [&str; 5] =
    ["sick_spells_2y", "last_spell_days", "self_rated_health_change", "cost_municipal_social_1y", "age"];
const CATEGORIES: [&str; 5] = ["age_band", "sex", "civil_status", "social_service", "kommune"];

fn asked() -> impl Strategy<Value = Asked> {
    let test = prop_oneof![
        (-3..60_i64, 0..400_i64).prop_map(|(from, length)| Test::Range { from, to: from + length }),
        prop::collection::vec(-2..5_i64, 0..4).prop_map(Test::Among),
    ];
    let of = 0..NUMBERS.len() + CATEGORIES.len();
    (
        prop::option::of(0..NUMBERS.len()),
        prop::option::of((0..NUMBERS.len(), prop::collection::btree_set(-4..60_i64, 1..6))),
        prop::sample::subsequence((0..CATEGORIES.len()).collect::<Vec<_>>(), 0..4),
        prop::collection::vec((of, test), 0..3),
    )
        .prop_map(|(sum, bins, by, conditions)| Asked { sum, bins, by, conditions })
}

/// Each begins a bin that ends before the next; the last has a thousand numbers.
fn ranges(starts: &BTreeSet<i64>) -> Vec<(i64, i64)> {
    let ends = starts.iter().skip(1).map(|next| next - 1).chain(starts.last().map(|last| last + 999));
    starts.iter().copied().zip(ends).collect()
}

/// A person's year of birth, whether dead, civil status, residence, days of leave, a service, two answers.
type MadeUp = (u16, bool, usize, Option<bool>, Vec<(u8, u8)>, Option<u8>, [Option<u8>; 2]);

fn made_up() -> impl Strategy<Value = Vec<MadeUp>> {
    let answer = || prop::option::of(1..=5_u8);
    let one = (
        prop_oneof![9 => 1930..2026_u16, 1 => Just(2027)],
        prop::bool::weighted(0.1),
        0..3_usize,
        prop::option::weighted(0.9, prop::bool::weighted(0.9)),
        prop::collection::vec((1..12_u8, 1..28_u8), 0..4),
        prop::option::of(1..200_u8),
        [answer(), answer()],
    );
    prop::collection::vec(one, 0..40)
}

async fn municipality(persons: &[MadeUp]) -> Database {
    let mut municipality = Database::of(Sector::Municipality).await;
    for (n, (born, dead, civil, home, leaves, service, [before, after])) in (1..).zip(persons) {
        let death = dead.then_some("2026-01-01");
        municipality
            .inhabitant(n, &format!("{born}-06-15"), death, ["gift", "samboende", "enlig"][*civil])
            .await;
        if let Some(own) = home {
            municipality.residence(n, if *own { "360" } else { "376" }, "2015-01-01", None).await;
        }
        for (month, day) in leaves {
            let days = [format!("2025-{month:02}-{day:02}"), format!("2025-{:02}-28", month.max(&6))];
            let [first, last] = days;
            municipality.leave(n, &first, (last >= first).then_some(&*last)).await;
        }
        if let Some(oere) = service {
            municipality.service(n, "SEL_85", "2025-01-01", None, &format!("{oere}000")).await;
        }
        for (round, day, value) in [("baseline", "2025-01-01", before), ("followup", "2025-06-01", after)] {
            if let Some(value) = value {
                municipality.survey(n, day, round, Some(&value.to_string())).await;
            }
        }
    }
    municipality
}

/// The second way: every person's features, counted here.
fn counted(rows: &super::fixture::Features, n: u16, asked: &Asked) -> BTreeMap<Vec<i64>, (i64, i64)> {
    let names: Vec<&str> = NUMBERS.into_iter().chain(CATEGORIES).collect();
    let mut cells: BTreeMap<Vec<i64>, (i64, i64)> = BTreeMap::new();
    if asked.by.is_empty() && asked.bins.is_none() {
        cells.insert(Vec::new(), (0, 0));
    }
    for person in (1..=n).filter(|n| rows.row(*n).resident) {
        let holds = |(feature, test): &(usize, Test)| match (rows.value(person, names[*feature]), test) {
            (None, _) => false,
            (Some(value), Test::Range { from, to }) => (*from..=*to).contains(&value),
            (Some(value), Test::Among(numbers)) => numbers.contains(&value),
        };
        let key: Option<Vec<i64>> = asked.by.iter().map(|at| rows.value(person, CATEGORIES[*at])).collect();
        let Some(mut key) = key.filter(|_| asked.conditions.iter().all(holds)) else { continue };
        if let Some((at, starts)) = &asked.bins {
            let number = rows.value(person, NUMBERS[*at]);
            let bin = number.and_then(|number| {
                ranges(starts).iter().position(|(from, to)| (*from..=*to).contains(&number))
            });
            let Some(bin) = bin else { continue };
            key.push(i64::try_from(bin).unwrap());
        }
        let cell = cells.entry(key).or_default();
        match asked.sum.map(|at| rows.value(person, NUMBERS[at])) {
            None => cell.0 += 1,
            Some(Some(value)) => *cell = (cell.0 + value, cell.1 + 1),
            Some(None) => {}
        }
    }
    cells
}

#[test]
fn the_database_counts_what_counting_the_rows_of_features_gives() {
    let inputs = (made_up(), prop::collection::vec(asked(), 1..8));
    check(40, inputs, |(persons, queries)| {
        runtime().block_on(async {
            let names: Vec<&str> = NUMBERS.into_iter().chain(CATEGORIES).collect();
            let mut municipality = municipality(persons).await;
            let rows = municipality.features(&names, AS_OF).await;
            for asked in queries {
                let sum = asked.sum.map(|at| NUMBERS[at]);
                let by: Vec<&str> = asked.by.iter().map(|at| CATEGORIES[*at]).collect();
                let conditions: Vec<_> =
                    asked.conditions.iter().map(|(at, test)| (names[*at], test.clone())).collect();
                let library = Library::embedded().unwrap();
                let sum = sum.map(|name| feature(&library, name));
                let ranges = asked.bins.as_ref().map(|(at, starts)| (NUMBERS[*at], ranges(starts)));
                let bins = ranges.as_ref().map(|(name, ranges)| (*name, ranges.as_slice()));
                let found = municipality.counted_cells_of(sum, bins, &by, &conditions).await;
                let Ok(found) = found else { panic!("no answer") };
                assert_eq!(found, counted(&rows, u16::try_from(persons.len()).unwrap(), asked), "{asked:?}");
            }
        });
    });
}

#[test]
fn the_features_that_are_drawn_are_numbers_and_categories() {
    let library = Library::embedded().unwrap();
    let is_number = |name: &str| matches!(feature(&library, name).kind, Kind::Integer { .. });
    assert!(NUMBERS.into_iter().all(is_number) && !CATEGORIES.into_iter().any(is_number));
}

#[test]
fn a_statement_prints_without_the_literals_of_its_filter() {
    let library = Library::embedded().unwrap();
    let age = feature(&library, "age");
    let conditions = [(age, Test::Range { from: 4711, to: 4712 })];
    let extraction = CellExtraction {
        sum: None,
        counted: false,
        bins: None,
        by: &[],
        conditions: &conditions,
        resident: feature(&library, "resident"),
        kommune: feature(&library, "kommune"),
        holding: Holding::Municipality { own: 360 },
        as_of: jiff::civil::date(2026, 2, 28),
    };
    let statement = extraction.statement(Dialect::Sqlite).unwrap();
    assert!(statement.explain(Dialect::Sqlite).contains("4711"));
    assert!(!format!("{statement:?}").contains("4711"));
}
