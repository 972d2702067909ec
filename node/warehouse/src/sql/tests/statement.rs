//! The statement itself: what it asks of the database, in which words, and when it cannot be made.

use tvaers_definitions::schema::{ColumnKind, TABLES};
use tvaers_definitions::source::Source;

use super::*;
use crate::table::{self, Storage};

fn statement(holding: Holding<'_>, grain: Grain, dialect: Dialect) -> Statement {
    let library = Library::embedded().unwrap();
    let model = library.model("sad").unwrap();
    Extraction { model, holding, as_of: AS_OF, grain }.statement(dialect).unwrap()
}

const REGION: Holding<'static> = Holding::Region { members: &[360, 376] };
const MUNICIPALITY: Holding<'static> = Holding::Municipality { own: 360 };

#[test]
fn the_tables_that_rules_may_name_are_the_tables_of_the_database() {
    for known in TABLES {
        let table = table::table(known.name).unwrap();
        assert_eq!(table.sector, known.sector);
        let names = |name: &str| table.column(name).map(|column| column.kind.storage());
        for column in known.columns {
            let storage = match column.kind {
                ColumnKind::Text | ColumnKind::List | ColumnKind::Date | ColumnKind::Time => Storage::Text,
                ColumnKind::Integer => Storage::Integer,
                ColumnKind::Decimal => Storage::Real,
            };
            assert_eq!(names(column.name), Some(storage), "{}.{}", known.name, column.name);
        }
        assert_eq!(table.columns.len(), known.columns.len());
    }
}

#[test]
fn each_table_is_read_once() {
    for (holding, tables) in [
        (REGION, &["patients", "hospital_contacts", "gp_contacts", "prescriptions"][..]),
        (MUNICIPALITY, &["persons", "residence", "sick_leave", "benefits_weeks"]),
    ] {
        for grain in [Grain::Points, Grain::Counts] {
            let statement = statement(holding, grain, Dialect::Sqlite);
            for table in tables {
                let reads = statement.sql().matches(&format!("FROM \"{table}\" ")).count();
                assert_eq!(reads, 1, "{table} at {grain}");
            }
        }
    }
}

#[test]
fn no_value_stands_in_the_text_and_every_value_in_the_explanation() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let region = statement(REGION, Grain::Points, dialect);
        for value in ["DF43", "2024", "'80'", "360"] {
            assert!(!region.sql().contains(value), "{value}");
            assert!(region.explain(dialect).contains(value), "{value}");
        }
    }
}

#[test]
fn the_two_databases_are_asked_for_days_in_their_own_words() {
    let sqlite = statement(MUNICIPALITY, Grain::Counts, Dialect::Sqlite).explain(Dialect::Sqlite);
    assert!(sqlite.contains("unixepoch(\"first_day\") / 86400"));
    assert!(sqlite.contains("\"first_day\" < '2026-03-01'"));
    let postgres = statement(MUNICIPALITY, Grain::Counts, Dialect::Postgres).explain(Dialect::Postgres);
    assert!(postgres.contains("\"first_day\" - CAST('1970-01-01' AS date)"));
    assert!(postgres.contains("\"first_day\" < CAST('2026-03-01' AS date)"));
    assert!(postgres.contains("LEAST(") && !postgres.contains("unixepoch"));
    let postgres = statement(REGION, Grain::Counts, Dialect::Postgres).explain(Dialect::Postgres);
    assert!(postgres.contains("strpos(") && !postgres.contains("instr("));
}

#[test]
fn a_reference_date_at_the_end_of_the_calendar_is_refused() {
    let library = Library::embedded().unwrap();
    let model = library.model("sad").unwrap();
    for as_of in [Date::MAX, Date::MIN] {
        for holding in [REGION, MUNICIPALITY] {
            let extraction = Extraction { model, holding, as_of, grain: Grain::Counts };
            let error = extraction.statement(Dialect::Sqlite).unwrap_err();
            assert!(matches!(error, SqlError::Calendar { .. }), "{error}");
        }
    }
}

/// Rules that SAD does not use: age as a component, two windows over one table, lists compared as wholes.
#[tokio::test]
async fn rules_that_sad_does_not_use_are_compiled_too() {
    use tvaers_protocol::id::Sector;

    let feature = |name: &str, window: &str, kind: &str, rule: &str| {
        format!(
            "[[feature]]\nname = \"{name}\"\nsector = \"region\"\nwindow = \"{window}\"\nkind = {kind}\n\
             da = \"x\"\nen = \"x\"\n{rule}\n"
        )
    };
    let count = "[feature.rule.count-rows]\ntable = \"hospital_contacts\"\ndate = \"start\"";
    let listed = format!(
        "{count}\n[[feature.rule.count-rows.where]]\ncolumns = [\"dx_secondary\"]\nany-of = [\"DE119\"]"
    );
    let many = "{ integer = { from = 1, to = 9 } }";
    let extra = [
        feature("all", "ever", many, count),
        feature("month", "1 month", many, count),
        feature("listed", "ever", many, &listed),
        feature(
            "old",
            "on-day",
            "{ integer = { from = 0, to = 120 } }",
            "[feature.rule.age]\nbirth = \"birth_date\"",
        ),
        feature(
            "not_women",
            "on-day",
            "\"flag\"",
            "[feature.rule.person]\ncolumn = \"sex\"\nnone-of = [\"F\"]",
        ),
    ]
    .concat();
    let names = ["all", "month", "listed", "old", "not_women"];
    let components: String = names
        .map(|name| {
            format!(
                "[[component]]\nname = \"{name}\"\nfeature = \"{name}\"\ncombine = \"max\"\n\
                 bands = [{{ from = 1, points = 1 }}]\n[[criterion]]\nname = \"{name}\"\ncomponents = [\"{name}\"]\n"
            )
        })
        .concat();
    let model = format!(
        "name = \"other\"\nversion = 1\nda = \"x\"\nen = \"x\"\n[population]\nresident = \"resident\"\n\
         kommune = \"kommune\"\nage = \"age\"\nfrom = 0\nto = 120\n{components}\
         [result]\ntotal = \"sum-of-criteria\"\nincluded = [\"any\"]\n[[stratum]]\nname = \"any\"\nfrom = 0\nto = 5\n"
    );
    let mut catalogue = tvaers_definitions::library::CATALOGUE.to_vec();
    catalogue.push(Source { file: "extra.toml", text: &extra });
    let library = Library::read(&catalogue, &[Source { file: "other.toml", text: &model }]).unwrap();

    let mut region = Database::of(Sector::Region).await;
    region.patient(1, "1980-02-28", None, Some(360)).await;
    region.patient(2, "1980-03-01", None, Some(360)).await;
    region.hospital(1, "2026-01-28T10:00", Some("DI10"), Some("DE1190|DF32")).await;
    region.hospital(1, "2026-01-29T00:00", Some("DI10"), Some("DF32|DE119")).await;
    region.hospital(1, "2026-02-28T23:59", Some("DI10"), None).await;
    let rows = region.rows(library.model("other").unwrap(), AS_OF, Grain::Counts).await;
    let values: Vec<Vec<u16>> = rows.into_iter().map(|row| row.values).collect();
    // The least value of a clamp holds for one who has nothing.
    assert_eq!(values, [[3, 2, 1, 46, 0], [1, 1, 1, 45, 0]]);
}
