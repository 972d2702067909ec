//! Content that an import of files would refuse is refused at a server too: counted by table and column, all at once,
//! with no value in any message.

use jiff::civil::date;
use tvaers_protocol::id::Sector;
use tvaers_warehouse::import::What;
use tvaers_warehouse::source::{Count, Registration, SourceError};

use super::offer::Types;
use super::sample::{Sample, person};
use super::served::{Served, told};

const N_PERSONS: u32 = 30;

async fn served(sector: Sector) -> Served {
    Served::of(&Sample::draw(sector, 7, date(2026, 2, 28), N_PERSONS), Types::Plain).await
}

/// What is found where the first row of a table has another value.
async fn found_with(served: &mut Served, table: &str, column: &str, value: &str) -> Vec<Count> {
    let name = format!("stored.{table}");
    served
        .run(format!(
            "CREATE TABLE stored.before AS SELECT * FROM {name}; \
             UPDATE {name} SET \"{column}\" = {value} WHERE ctid = (SELECT ctid FROM {name} LIMIT 1)"
        ))
        .await;
    let error = served.register().await.err();
    served
        .run(format!(
            "TRUNCATE {name}; INSERT INTO {name} SELECT * FROM stored.before; DROP TABLE stored.before"
        ))
        .await;
    match error {
        None => Vec::new(),
        Some(SourceError::Content { counts, place }) => {
            let value = value.trim_matches('\'');
            let shown = told(SourceError::Content { counts: counts.clone(), place });
            assert!(value.len() < 4 || !shown.contains(value), "{value} is quoted: {shown}");
            counts
        }
        Some(error) => panic!("{table}.{column} = {value}: {error}"),
    }
}

async fn check(sector: Sector, cases: &[(&str, &str, &str, What)]) {
    let mut served = served(sector).await;
    served.register().await.unwrap_or_else(|error| panic!("{}", told(error)));
    for (table, column, value, what) in cases {
        let found = found_with(&mut served, table, column, value).await;
        let named =
            found.iter().find(|count| (count.table, count.column, count.what) == (table, column, *what));
        let named = named.unwrap_or_else(|| panic!("{table}.{column} = {value}: {found:?}"));
        assert_eq!(named.rows, 1);
        // One spoilt person leaves rows of a stranger behind; nothing else is at fault.
        let others = found.iter().filter(|count| count.what != What::PersonUnknown && *count != named);
        assert_eq!(others.count(), 0, "{table}.{column} = {value}: {found:?}");
    }
    assert_eq!(std::fs::read_dir(served.home.path()).unwrap().count(), 1, "the good one alone is kept");
}

#[tokio::test]
async fn a_regions_rows_are_held_to_what_files_are_held_to() {
    check(
        Sector::Region,
        &[
            ("patients", "person_id", "'610165300'", What::PersonForm),
            ("patients", "person_id", "'610165-3001'", What::PersonForm),
            ("patients", "person_id", "'9913653001'", What::PersonForm),
            ("patients", "person_id", "'0101653001'", What::PersonNotMadeUp),
            ("patients", "birth_date", "NULL", What::Empty),
            ("patients", "birth_date", "'1849-12-31'", What::Range),
            ("patients", "death_date", "'infinity'", What::Range),
            ("patients", "death_date", "birth_date - 1", What::EndBeforeStart),
            ("patients", "sex", "'m'", What::UnknownCode),
            ("patients", "sex", "''", What::Empty),
            ("patients", "kommune", "36", What::UnknownCode),
            ("patients", "ydernr", "'100 001'", What::UnknownCode),
            ("hospital_contacts", "contact_id", "''", What::Empty),
            ("hospital_contacts", "contact_id", "' C1'", What::Spaces),
            ("hospital_contacts", "contact_id", "E'C1\\nC2'", What::Type),
            ("hospital_contacts", "contact_id", "repeat('C', 65)", What::Type),
            ("hospital_contacts", "start", "'1849-12-31 10:00'", What::Range),
            ("hospital_contacts", "end", "'2101-01-01 00:00'", What::Range),
            ("hospital_contacts", "end", "start + interval '90 seconds'", What::Type),
            ("hospital_contacts", "end", "start - interval '1 minute'", What::EndBeforeStart),
            ("hospital_contacts", "contact_type", "'ALCX00'", What::UnknownCode),
            ("hospital_contacts", "priority", "'ATA2'", What::UnknownCode),
            ("hospital_contacts", "specialty_group", "NULL", What::Empty),
            ("hospital_contacts", "dx", "'F329'", What::UnknownCode),
            ("hospital_contacts", "dx_secondary", "'DI10|'", What::UnknownCode),
            ("hospital_contacts", "drg_dkk", "-0.01", What::Range),
            ("hospital_contacts", "drg_dkk", "'NaN'", What::Range),
            ("hospital_contacts", "drg_dkk", "100000000.01", What::Range),
            ("hospital_contacts", "drg_dkk", "1.005", What::Type),
            ("gp_contacts", "person_id", "'6101659999'", What::PersonUnknown),
            ("gp_contacts", "person_id", "NULL", What::Empty),
            ("gp_contacts", "speciale", "'8'", What::UnknownCode),
            ("gp_contacts", "kontakt", "2", What::Range),
            ("prescriptions", "ddd", "'NaN'", What::Range),
            ("prescriptions", "ddd", "-1", What::Range),
            ("prescriptions", "atc", "'n06ab04'", What::UnknownCode),
            ("transport", "kind", "'taxi'", What::UnknownCode),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_municipalitys_rows_are_held_to_what_files_are_held_to() {
    check(
        Sector::Municipality,
        &[
            ("persons", "citizenship", "'dk'", What::UnknownCode),
            ("persons", "civil_status", "'single'", What::UnknownCode),
            ("persons", "preschool_children", "21", What::Range),
            ("persons", "a_kasse", "'FTF '", What::Spaces),
            ("residence", "kommune", "1000", What::UnknownCode),
            ("residence", "to_date", "from_date - 1", What::EndBeforeStart),
            ("sick_leave", "last_day", "first_day - 1", What::EndBeforeStart),
            ("benefits_weeks", "iso_week", "54", What::Range),
            ("benefits_weeks", "iso_year", "1849", What::Range),
            ("benefits_weeks", "dream_code", "'11'", What::UnknownCode),
            ("social_services", "law", "'SEL85'", What::UnknownCode),
            ("survey", "round", "'third'", What::UnknownCode),
            ("survey", "self_rated_health", "0", What::Range),
            ("survey", "life_satisfaction", "11", What::Range),
            ("frontline_flags", "flag_date", "'2101-01-01'", What::Range),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_week_that_its_year_does_not_have_is_counted() {
    let mut served = served(Sector::Municipality).await;
    let insert = "INSERT INTO stored.benefits_weeks VALUES";
    served.run(format!("{insert} ('{0}', 2020, 53, '111'), ('{0}', 2026, 53, '111')", person(1))).await;
    served.register().await.unwrap_or_else(|error| panic!("{}", told(error)));
    served.run(format!("{insert} ('{0}', 2025, 53, '111'), ('{0}', 2021, 53, '111')", person(1))).await;
    let Err(SourceError::Content { counts, .. }) = served.register().await else {
        panic!("it was registered")
    };
    assert_eq!(counts.len(), 1);
    assert_eq!((counts[0].column, counts[0].what, counts[0].rows), ("iso_week", What::Range, 2));
}

#[tokio::test]
async fn a_key_that_stands_twice_is_counted_and_identical_events_are_not() {
    let mut served = served(Sector::Region).await;
    for table in ["gp_contacts", "prescriptions", "transport"] {
        served.run(format!("INSERT INTO stored.{table} SELECT * FROM stored.{table}")).await;
    }
    served.register().await.unwrap_or_else(|error| panic!("{}", told(error)));
    for table in ["patients", "hospital_contacts"] {
        served.run(format!("INSERT INTO stored.{table} SELECT * FROM stored.{table} LIMIT 3")).await;
    }
    let Err(SourceError::Content { counts, .. }) = served.register().await else {
        panic!("it was registered")
    };
    let found: Vec<_> =
        counts.iter().map(|count| (count.table, count.column, count.what, count.rows)).collect();
    assert_eq!(
        found,
        [
            ("patients", "person_id", What::DifferentTwice, 3),
            ("hospital_contacts", "contact_id", What::DifferentTwice, 3)
        ]
    );
}

#[tokio::test]
async fn replacement_numbers_are_counted_where_the_data_are_not_made_up() {
    let mut served = served(Sector::Municipality).await;
    served.run("INSERT INTO stored.persons VALUES ('0101653001', '1965-01-01', 'F')").await;
    let made_up = served.register().await;
    assert!(matches!(made_up, Err(SourceError::Content { .. })));
    let real = Registration { made_up: false, ..served.registration() };
    let imported = served.source.register(&real, served.home.path(), &mut |_| {}).await.unwrap();
    assert_eq!(
        (imported.meta.persons, imported.meta.made_up_persons),
        (u64::from(N_PERSONS) + 1, N_PERSONS.into())
    );
    assert!(!imported.meta.made_up);
}
