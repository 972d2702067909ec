//! Identical results, person by person and column by column, for every model and feature at every grain, and cell by
//! cell for aggregate queries.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use jiff::civil::{Date, date};
use tvaers_definitions::feature::{Feature, Kind};
use tvaers_definitions::layout::Grain;
use tvaers_definitions::library::Library;
use tvaers_definitions::model::{Coding, Combine, Component, Model, Touch};
use tvaers_protocol::id::Sector;
use tvaers_warehouse::data::{Reading, Warehouse};
use tvaers_warehouse::import::{Options, import};
use tvaers_warehouse::sql::{
    Bins, CellExtraction, CellRow, EventExtraction, Extraction, FeatureExtraction, Holding, Test,
};

use super::offer::Types;
use super::sample::Sample;
use super::served::{EXTRACTED_ON, Served};

const MEMBERS: &[u16] = &[360, 376];
const OWN: u16 = 360;
const N_PERSONS: u32 = 500;

/// Leap days, ends of months, weeks of two years.
const AS_OF: [Date; 4] = [date(2026, 2, 28), date(2024, 2, 29), date(2021, 1, 3), date(2025, 10, 31)];

const fn holding(sector: Sector) -> Holding<'static> {
    match sector {
        Sector::Region => Holding::Region { members: MEMBERS },
        Sector::Municipality => Holding::Municipality { own: OWN },
    }
}

/// The same rows imported from files, and registered at a server.
async fn both(sample: &Sample, types: Types) -> (Warehouse, Served, Warehouse) {
    let served = Served::of(sample, types).await;
    let folder = tempfile::tempdir().unwrap();
    sample.write(folder.path());
    let registration = served.registration();
    let options = Options {
        extracted_on: EXTRACTED_ON,
        made_up: true,
        member: registration.member,
        rejects: None,
        salt: registration.salt,
    };
    let imported =
        import(folder.path(), sample.sector, served.home.path(), &options, &mut |_| {}).await.unwrap();
    let embedded = Warehouse::open(&imported.file, 1).await.unwrap();
    let server = served.open().await;
    (embedded, served, server)
}

/// Fails with the numbers of the first row that differs: all persons are made up.
fn assert_same(what: &str, embedded: &[Vec<i64>], server: &[Vec<i64>]) {
    for (left, right) in embedded.iter().zip(server) {
        assert_eq!(left, right, "{what}: embedded, server");
    }
    assert_eq!(embedded.len(), server.len(), "{what}: rows");
}

/// The touch groups whose rules no embedded model has: index admissions, identified amounts, and answers.
const GROUPS: [(&str, Sector, &[&str]); 5] = [
    ("index", Sector::Region, &["index_admissions_1y", "readmissions_30d_1y"]),
    ("cost", Sector::Region, &["cost_hospital_somatic_1y"]),
    ("before", Sector::Region, &["cost_hospital_somatic_1y_before"]),
    ("stays", Sector::Region, &["admissions_1y_before", "acute_admissions_1y_before"]),
    ("survey", Sector::Municipality, &["coherence_baseline", "coherence_followup", "coherence_change"]),
];

/// A model of these groups of one sector.
fn joined(library: &Library, sector: Sector) -> Model {
    let mut model = library.model("somv").unwrap().clone();
    let (touch, stays) = (model.touches[0].clone(), model.components.last().unwrap().clone());
    model.name = "joined".to_owned();
    (model.touches, model.components, model.criteria) = (Vec::new(), Vec::new(), Vec::new());
    for (number, (group, sector, names)) in GROUPS.into_iter().filter(|group| group.1 == sector).enumerate() {
        model.touches.push(Touch { group: group.to_owned(), sector, ..touch.clone() });
        for name in names {
            let feature = Arc::clone(library.catalogue().feature(name).unwrap());
            let Kind::Integer { from, to, missing } = feature.kind else { panic!("{name} is no number") };
            let coding = if missing { Coding::Optional { from } } else { Coding::Plain };
            model.components.push(Component {
                name: (*name).to_owned(),
                feature,
                coding,
                sector,
                value_min: 0,
                value_max: coding.coded(to),
                combine: if missing { Combine::Max } else { Combine::Sum },
                touch: Some(number),
                bands: Vec::new(),
                ..stays.clone()
            });
        }
    }
    model
}

async fn compare(sector: Sector, seed: u64, as_of: Date, types: Types) {
    let sample = Sample::draw(sector, seed, as_of, N_PERSONS);
    let (embedded, _served, server) = both(&sample, types).await;
    let case = format!("{sector}, seed {seed}, {as_of}, {types:?}");
    assert_eq!(server.meta().persons, embedded.meta().persons);
    assert_eq!(server.meta().made_up_persons, embedded.meta().made_up_persons);
    let contributors = embedded.count_contributors(holding(sector)).await.unwrap();
    assert_eq!(server.count_contributors(holding(sector)).await.unwrap(), contributors);
    let (left, right) = (embedded.reading().await.unwrap(), server.reading().await.unwrap());
    let mut readings = [(embedded, left), (server, right)];

    let library = Library::embedded().unwrap();
    let holding = holding(sector);
    let joined = joined(&library, sector);
    for model in library.models().iter().chain([&joined]) {
        for grain in [Grain::Points, Grain::Counts, Grain::Events] {
            let mut found = Vec::new();
            for (warehouse, reading) in &mut readings {
                let extraction = Extraction { model, holding, as_of, grain };
                let statement = extraction.statement(warehouse.dialect()).unwrap();
                found.push(components(reading, &statement).await);
            }
            assert_eq!(found[0].len() as u64, contributors, "{case}");
            assert_same(&format!("{case}, {} at {grain}", model.name), &found[0], &found[1]);
        }
        let mut found = Vec::new();
        for (warehouse, reading) in &mut readings {
            let extraction = EventExtraction { model, holding, as_of, groups: u16::MAX };
            let statement = extraction.statement(warehouse.dialect()).unwrap();
            let Some(statement) = statement else { continue };
            found.push(events(reading, &statement).await);
        }
        if let [embedded, server] = &found[..] {
            let told = |group: usize| embedded.iter().any(|row| row[1] == group as i64);
            let of_sector =
                |group: &usize| model.touches[*group].has_events && model.touches[*group].sector == sector;
            let groups = (0..model.touches.len()).filter(of_sector);
            assert!(groups.into_iter().all(told), "{case}: no events of some group");
            assert_same(&format!("{case}, events of {}", model.name), embedded, server);
        }
    }
    let features: Vec<&Feature> = library
        .catalogue()
        .features()
        .iter()
        .map(|feature| &**feature)
        .filter(|feature| feature.holder.is(sector))
        .collect();
    let (resident, kommune) =
        (library.catalogue().feature("resident").unwrap(), library.catalogue().feature("kommune").unwrap());
    let mut found = Vec::new();
    for (warehouse, reading) in &mut readings {
        let extraction = FeatureExtraction { features: &features, resident, kommune, holding, as_of };
        let statement = extraction.statement(warehouse.dialect()).unwrap();
        let rows: Vec<_> = reading.features(&statement).try_collect().await.unwrap();
        found.push(
            rows.iter()
                .map(|row| {
                    let values = row.values.iter().map(|value| value.unwrap_or(i64::MIN));
                    [number(row.person.expose()), i64::from(row.resident)].into_iter().chain(values).collect()
                })
                .collect::<Vec<Vec<i64>>>(),
        );
    }
    assert_same(&format!("{case}, features"), &found[0], &found[1]);
    let n_told = |at: usize| found[0].iter().filter(|row| ![0, i64::MIN].contains(&row[2 + at])).count();
    for (position, feature) in features.iter().enumerate() {
        assert!(n_told(position) > 0, "{case}: nobody has `{}`, so nothing was compared", feature.name);
    }
    compare_cells(&mut readings, sector, as_of, &case).await;
}

/// Bins that every number of the catalogue can be in.
const RANGES: [(i64, i64); 3] = [(i64::MIN, 0), (1, 4), (5, i64::MAX)];

/// Counts by every category and by bins of every number, and sums of every number, under a condition on each feature too.
async fn compare_cells(readings: &mut [(Warehouse, Reading)], sector: Sector, as_of: Date, case: &str) {
    let library = Library::embedded().unwrap();
    let feature = |name: &str| &**library.catalogue().feature(name).unwrap();
    let held = || {
        let features = library.catalogue().features().iter().map(|feature| &**feature);
        features.filter(move |feature| feature.holder.is(sector))
    };
    let of_kind = |is_number: bool| {
        held().filter(move |feature| matches!(feature.kind, Kind::Integer { .. }) == is_number)
    };
    let mut queries = Vec::new();
    for number in of_kind(true) {
        let test = Test::Range { from: 1, to: i64::MAX };
        queries.push((Some(number), None, vec![feature("age_band")], Vec::new()));
        queries.push((None, None, vec![feature("sex")], vec![(number, test.clone())]));
        queries.push((Some(number), None, Vec::new(), vec![(number, test)]));
        queries.push((Some(number), Some(number), vec![feature("sex")], Vec::new()));
        queries.push((None, Some(number), Vec::new(), Vec::new()));
    }
    for category in of_kind(false) {
        queries.push((None, None, vec![category], Vec::new()));
        queries.push((Some(feature("age")), None, vec![category, feature("age_band")], Vec::new()));
        queries.push((None, None, Vec::new(), vec![(category, Test::Among(vec![1, 360]))]));
    }
    for (sum, binned, by, conditions) in queries {
        let mut found = Vec::new();
        for (warehouse, reading) in &mut *readings {
            let extraction = CellExtraction {
                sum,
                counted: true,
                bins: binned.map(|feature| Bins { feature, ranges: &RANGES }),
                by: &by,
                conditions: &conditions,
                resident: feature("resident"),
                kommune: feature("kommune"),
                holding: holding(sector),
                as_of,
            };
            let statement = extraction.statement(warehouse.dialect()).unwrap();
            let cells: Vec<_> = reading.cells(&statement).try_collect().await.unwrap();
            let exact = |cell: &CellRow| vec![cell.expose(), cell.expose_persons()];
            let mut cells: Vec<Vec<i64>> =
                cells.iter().map(|cell| [cell.key.clone(), exact(cell)].concat()).collect();
            cells.sort_unstable();
            found.push(cells);
        }
        let names = |features: &[&Feature]| features.iter().map(|f| f.name.clone()).collect::<Vec<_>>();
        let asked = conditions.iter().map(|(feature, _)| *feature).collect::<Vec<_>>();
        let sum = sum.map_or("count", |feature| &feature.name);
        let bins = binned.map_or("no bins", |feature| &feature.name);
        let what = format!("{case}, {sum} by {:?} and {bins} if {:?}", names(&by), names(&asked));
        assert_same(&what, &found[0], &found[1]);
        assert!(!by.is_empty() || binned.is_some() || found[0].len() == 1, "{what}: no cell");
    }
}

async fn components(reading: &mut Reading, statement: &tvaers_warehouse::sql::Statement) -> Vec<Vec<i64>> {
    let rows: Vec<_> = reading.rows(statement).try_collect().await.unwrap();
    let numbers = rows.iter().map(|row| {
        let first = [
            number(row.person.expose()),
            row.resident.into(),
            row.eligible.into(),
            row.kommune.into(),
            row.touches.into(),
        ];
        let values = row.values.iter().map(|value| i64::from(*value));
        let recencies = row.recencies.iter().map(|days| i64::from(*days));
        first.into_iter().chain(values).chain(recencies).collect()
    });
    numbers.collect()
}

async fn events(reading: &mut Reading, statement: &tvaers_warehouse::sql::EventStatement) -> Vec<Vec<i64>> {
    let rows: Vec<_> = reading.events(statement).try_collect().await.unwrap();
    let numbers = rows.iter().map(|row| {
        // The identifier as numbers: it has no other form to be shown in.
        let id = row.id.expose().bytes().map(i64::from);
        let first = [
            number(row.person.expose()),
            row.group.into(),
            row.in_window.into(),
            row.acute.into(),
            row.index.into(),
            row.discharged.into(),
            row.first_round.into(),
            row.last_round.into(),
            row.amount.into(),
            row.first_day.into(),
            row.last_day.into(),
            row.begins.into(),
            row.ends.into(),
            row.first_ends.into(),
            row.reach.into(),
        ];
        first.into_iter().chain(id).collect()
    });
    numbers.collect()
}

fn number(person: &str) -> i64 {
    person.parse().unwrap()
}

#[tokio::test]
async fn a_region_at_a_server_gives_what_its_files_give() {
    for (seed, as_of) in (1..).zip(AS_OF) {
        compare(Sector::Region, seed, as_of, Types::Plain).await;
    }
}

#[tokio::test]
async fn a_municipality_at_a_server_gives_what_its_files_give() {
    for (seed, as_of) in (1..).zip(AS_OF) {
        compare(Sector::Municipality, seed, as_of, Types::Plain).await;
    }
}

#[tokio::test]
async fn columns_of_other_types_and_another_language_change_nothing() {
    for sector in [Sector::Region, Sector::Municipality] {
        compare(sector, 9, AS_OF[0], Types::Other).await;
    }
}
