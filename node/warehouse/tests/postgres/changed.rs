//! A study reads the very rows that were registered, of one moment, and writes none.

use futures_util::TryStreamExt as _;
use jiff::civil::date;
use tvaers_definitions::layout::Grain;
use tvaers_definitions::library::Library;
use tvaers_protocol::id::Sector;
use tvaers_warehouse::data::{OpenError, Reading, Warehouse};
use tvaers_warehouse::source::{Registration, Source, SourceError};
use tvaers_warehouse::sql::{Dialect, Extraction, FetchError, Holding};
use tvaers_warehouse::table::tables;

use super::offer::{SCHEMA, Types};
use super::sample::Sample;
use super::served::Served;

const AS_OF: jiff::civil::Date = date(2026, 2, 28);

async fn served(sector: Sector) -> Served {
    Served::of(&Sample::draw(sector, 3, AS_OF, 40), Types::Plain).await
}

async fn is_changed(warehouse: &Warehouse) -> bool {
    match warehouse.reading().await {
        Ok(reading) => {
            reading.end().await;
            false
        }
        Err(FetchError::Source(SourceError::Changed { .. })) => true,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn any_row_that_is_added_changed_or_taken_away_is_noticed_and_no_rearrangement_is() {
    for sector in [Sector::Region, Sector::Municipality] {
        let mut served = served(sector).await;
        let warehouse = served.open().await;
        for table in tables(sector) {
            let name = table.name;
            let one = format!("(SELECT ctid FROM stored.{name} LIMIT 1)");
            let last = table.columns.last().unwrap().name;
            served.run(format!("CREATE TABLE stored.before AS SELECT * FROM stored.{name}")).await;
            for sql in [
                format!("DELETE FROM stored.{name} WHERE ctid = {one}"),
                format!("INSERT INTO stored.{name} SELECT * FROM stored.{name} WHERE ctid = {one}"),
                format!(
                    "UPDATE stored.{name} SET \"{last}\" = CASE WHEN \"{last}\" IS NULL THEN (SELECT max(\"{last}\") \
                     FROM stored.{name}) END WHERE ctid = {one}"
                ),
            ] {
                served.run(sql.as_str()).await;
                assert!(is_changed(&warehouse).await, "{sql}");
                let restore = "TRUNCATE stored.TABLE; INSERT INTO stored.TABLE SELECT * FROM stored.before ORDER BY 1, 2";
                served.run(restore.replace("TABLE", name)).await;
                assert!(!is_changed(&warehouse).await, "{name} is as it was, in another order");
            }
            served.run("DROP TABLE stored.before").await;
            served.run(format!("VACUUM FULL stored.{name}")).await;
        }
        let name = tables(sector)[0].name;
        served
            .run(format!(
                "CREATE OR REPLACE VIEW {SCHEMA}.{name} AS SELECT * FROM stored.{name} ORDER BY birth_date; \
                 ALTER TABLE stored.{name} ADD COLUMN remark text"
            ))
            .await;
        assert!(!is_changed(&warehouse).await, "a view that is written anew says the same");
    }
}

#[tokio::test]
async fn the_digest_is_of_what_was_told_too() {
    let served = served(Sector::Municipality).await;
    let first = served.register().await.unwrap();
    let again = served.register().await.unwrap();
    assert_eq!((&first.file, &first.meta), (&again.file, &again.meta));
    let told = served.registration();
    for other in [
        Registration { member: 376, ..told },
        Registration { extracted_on: date(2026, 12, 31), ..told },
        Registration { made_up: false, ..told },
    ] {
        let other = served.source.register(&other, served.home.path(), &mut |_| {}).await.unwrap();
        assert_ne!(other.meta.digest, first.meta.digest);
    }
}

#[tokio::test]
async fn what_was_registered_needs_its_source_and_says_what_it_is() {
    let served = served(Sector::Region).await;
    let imported = served.register().await.unwrap();
    let opened = Warehouse::open(&imported.file, 1).await;
    assert!(matches!(opened, Err(OpenError::NoSource(_))));
    let warehouse = Warehouse::open_with(&imported.file, Some(&served.source), 1).await.unwrap();
    assert_eq!(warehouse.meta(), &imported.meta);
    assert_eq!(warehouse.dialect(), Dialect::Postgres);
    assert_eq!(warehouse.meta().persons, 40);
    assert_eq!(warehouse.meta().made_up_persons, 40);
    let held = std::fs::metadata(&imported.file).unwrap().len();
    assert!(held < 100_000, "no row is in the file");
}

async fn persons(reading: &mut Reading) -> usize {
    let library = Library::embedded().unwrap();
    let extraction = Extraction {
        model: library.model("sad").unwrap(),
        holding: Holding::Municipality { own: 360 },
        as_of: AS_OF,
        grain: Grain::Points,
    };
    let statement = extraction.statement(Dialect::Postgres).unwrap();
    reading.rows(&statement).try_collect::<Vec<_>>().await.unwrap().len()
}

#[tokio::test]
async fn all_that_is_read_is_of_one_moment() {
    let mut served = served(Sector::Municipality).await;
    let warehouse = served.open().await;
    let mut reading = warehouse.reading().await.unwrap();
    served.run("DELETE FROM stored.persons").await;
    assert_eq!(persons(&mut reading).await, 40);
    assert_eq!(persons(&mut reading).await, 40);
    reading.end().await;
    assert!(is_changed(&warehouse).await);
}

#[tokio::test]
async fn nothing_is_written_even_by_a_role_that_may() {
    let mut served = served(Sector::Municipality).await;
    let warehouse = served.open().await;
    // A view that writes when it is read, with its owner's rights.
    served
        .run(format!(
            "CREATE TABLE stored.notes (at timestamptz); GRANT ALL ON stored.notes TO PUBLIC;
             CREATE FUNCTION {SCHEMA}.note() RETURNS boolean LANGUAGE sql VOLATILE SECURITY DEFINER AS
                 'INSERT INTO stored.notes VALUES (now()) RETURNING true';
             CREATE OR REPLACE VIEW {SCHEMA}.frontline_flags AS SELECT * FROM stored.frontline_flags
                 WHERE {SCHEMA}.note()"
        ))
        .await;
    let Err(error) = warehouse.reading().await else { panic!("the view was read") };
    assert!(error.to_string().contains("SQLSTATE 25006"), "{error}");
    let n: i64 = sqlx::query_scalar("SELECT count(*) FROM stored.notes")
        .fetch_one(&mut served.database.owner)
        .await
        .unwrap();
    assert_eq!(n, 0);
}

#[tokio::test]
async fn a_schema_that_is_not_named_is_that_of_the_roles_own_search_path() {
    let mut served = served(Sector::Region).await;
    let role = format!("{}_reader", served.database.name);
    let Ok(source) = Source::parse(&served.url, None) else { panic!("the URL is refused") };
    assert!(!source.look(Sector::Region).await.unwrap().problems.is_empty());
    served.run(format!("ALTER ROLE {role} SET search_path = {SCHEMA}")).await;
    assert!(source.look(Sector::Region).await.unwrap().problems.is_empty());
}
